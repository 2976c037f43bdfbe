"""Files that YAML reads otherwise than they look are refused, by file and line."""

import json
import re
from pathlib import Path

import pytest
import yaml

from polyheads import catalogue, strict_yaml
from polyheads.catalogue import language_facts, loading
from polyheads.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """The one line with which a text is refused."""
    monkeypatch.chdir(tmp_path)

    def refuse(text, read=strict_yaml.load):
        Path("study.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(UserError) as caught:
            read("study.yaml")
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  epochs: 3\n  x: 1\n  epochs: 1\n", ":5: the key 'epochs' stands twice"),
        ("recipes: [1]\nrecipes: [2]\n", ":2: the key 'recipes' stands twice in one block, first"),
        ("- {a: 1, a: 1}\n", ":1: the key 'a' stands twice in one block, first in line 1"),
        ("x: &a {q: 1}\nz: {<<: *a, <<: *a}\n", ":2: the key '<<' stands twice.*<<: .*one"),
        ('{"a": {"b": 1, "b": 2}}', ": the key 'b' stands twice"),
        ("a: 042", ':1: 042 is read as 34; write a decimal number, or "042" in quotes'),
        ("a: 007", ":1: 007 is read as 7"),
        ("a: -0x1f", ":1: -0x1f is read as -31"),
        ("a: 0b11", ":1: 0b11 is read as 3"),
        ("a: 1_000", ":1: 1_000 is read as 1000"),
        ("a:\n- 1:30", ":2: 1:30 is read as 90"),
        ("a: 1:30.5", ":1: 1:30.5 is read as 90.5"),
        ("a: 1_0.5", ":1: 1_0.5 is read as 10.5"),
        ("languages: [en, no]", ':1: no is read as false; write false, or "no" in quotes'),
        ("languages: {no: {}}", ":1: no is read as false"),
        ("a: On", ":1: On is read as true; write true"),
        ("a: 2020-01-01", ":1: 2020-01-01 is read as a date; put it into quotes"),
        ("a: .nan", ":1: .nan is no finite number"),
        ("a: -.Inf", ":1: -.Inf is no finite number"),
        ("a: 1.0e+999", r":1: 1.0e\+999 is no finite number"),
        ('{"a": NaN}', ": NaN is no number"),
        ("a: =", ":1: = has a meaning in YAML; put it into quotes"),
        ("a: !!python/name:os.system", ":1: the tag !!python/name:os.system is not used here"),
        ("a: !!set {x}", ":1: the tag !!set is not used here"),
        ("a: 1\nb: &b {c: *b}", ":2: a block that contains itself"),
        ("? [a]\n: 1", ":1: not valid YAML: found unhashable key"),
        ("a: *nothing", ":1: not valid YAML: found undefined alias"),
        ("a: 1\nb:\n\tc: 1", ":3: not valid YAML: .*indent with spaces"),
        ("a: b: c", ":1: not valid YAML: .*look at indentation, colons"),
        ("models: [\nrecipes: [", ":2: not valid YAML: .*look at"),
        ("a: 1\n---\nb: 1", ":2: not valid YAML"),
        ("a: \x01", ": not valid YAML: control characters"),
        (b"a: \xff\x00", r": no UTF-8 text \(byte 3\); save it as UTF-8"),
    ],
)
def test_what_is_refused(text, message, refused):
    said = refused(text)
    assert re.match("study.yaml" + message, said), said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "study.yaml: the file is empty; copy config.yaml"),
        ("{}", "study.yaml: the file is empty; copy config.yaml"),
        ("- a", "study.yaml: no keys at the top"),
        ("__use_yte__: true\na: ?1 + 1", "study.yaml: the key __use_yte__ lets .* run code"),
        ("__use_yte__: false", "study.yaml: the key __use_yte__"),
        ("x: &x {__use_yte__: true}\n<<: *x", "study.yaml: the key __use_yte__"),
    ],
)
def test_what_is_no_study(text, message, refused):
    said = refused(text, strict_yaml.check_study)
    assert re.match(message, said), said


def test_what_is_no_file(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.yaml: no such file"):
        strict_yaml.load(tmp_path / "nowhere.yaml")
    with pytest.raises(UserError, match=": this is a directory; name a YAML file in it"):
        strict_yaml.load(tmp_path)


def test_a_merge_that_is_overridden_is_no_second_key(tmp_path):
    text = """
    base: &base {epochs: 3, clip: 1.0}
    more: &more {order: random}
    one: {<<: *base, epochs: 1}
    two: {epochs: 2, <<: [*base, *more]}
    words: ["no", 'yes', "042", nope, true, 1e5, 1.5e-3, -3, ~, !!str 12]
    """
    path = tmp_path / "study.yaml"
    path.write_text("\ufeff" + text, encoding="utf-8")  # some editors begin files so
    content = strict_yaml.load(path)
    assert content["one"] == {"epochs": 1, "clip": 1.0}
    assert content["two"] == {"epochs": 2, "clip": 1.0, "order": "random"}
    assert content["words"] == ["no", "yes", "042", "nope", True, "1e5", 1.5e-3, -3, None, "12"]


def test_json_is_read_as_json(tmp_path):
    path = tmp_path / "study.json"
    path.write_text(json.dumps({"a": [1, 2e-3, None, True], "b": {"a": "no"}}))
    assert strict_yaml.load(path) == {"a": [1, 2e-3, None, True], "b": {"a": "no"}}


@pytest.mark.parametrize(
    "path",
    [
        path.relative_to(ROOT)
        for pattern in ("config*.yaml", "config/*.yaml", "workflow/polyheads/resources/**/*.yaml")
        for path in sorted(ROOT.glob(pattern))
    ],
    ids=str,
)
def test_the_files_of_the_project_are_what_they_look(path):
    assert strict_yaml.load(ROOT / path) == yaml.safe_load((ROOT / path).read_text("utf-8"))


def test_the_catalogue_is_read_strictly(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "_ENTRIES", tmp_path)
    (tmp_path / "mine.yaml").write_text("name: mine\ntask: pos\ntask: ner\n")
    with pytest.raises(UserError, match=r"mine\.yaml:3: the key 'task' stands twice"):
        catalogue.load()
    monkeypatch.setattr(language_facts, "_KNOWN", tmp_path / "known.yaml")
    (tmp_path / "known.yaml").write_text("codes:\n  no: {language: nob}\n")
    with pytest.raises(UserError, match=r"known\.yaml:2: no is read as false"):
        language_facts.languages()
