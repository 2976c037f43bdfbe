"""A change of code changes the hash of what imports it; a change of words does not."""

import json
import os
import shutil
from pathlib import Path

import pytest

from polyheads import provenance

BEFORE_SELECT = ("baseline", "score_heads", "rank_heads", "trials", "chosen_trial", "mask")


@pytest.fixture
def package(tmp_path, monkeypatch):
    root = tmp_path / "polyheads"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "a.py").write_text(
        '"""A."""\nfrom polyheads import b\n\n\ndef f():\n    """F."""\n    return b.X\n'
    )
    (root / "b.py").write_text("X = 1\n")
    (root / "c.py").write_text("Y = 1\n")
    (tmp_path / "script.py").write_text(
        "def late():\n    from polyheads.a import f\n    return f\n"
    )
    monkeypatch.setattr(provenance, "PACKAGE", root)

    def now(*modules):
        provenance._tree.cache_clear()
        provenance.code_hash.cache_clear()
        return provenance.code_hash(tmp_path / "script.py", *modules)

    return root, now


def test_words_change_nothing(package):
    root, now = package
    before = now()
    (root / "a.py").write_text(
        '"""Other words."""\n# why\nfrom polyheads import b\n\ndef f():\n'
        '    """Others."""\n    return b.X  # here\n'
    )
    assert now() == before
    (root / "a.py").write_text("from polyheads import b\n\ndef f():\n    return b.X\n")
    assert now() == before


def test_code_of_imported_modules_counts(package):
    root, now = package
    before = now()
    (root / "c.py").write_text("Y = 2\n")  # nobody imports it
    assert now() == before
    (root / "b.py").write_text("X = 2\n")
    assert now() != before


def test_code_of_the_script_counts_and_its_words_do_not(package):
    root, now = package
    before, script = now(), root.parent / "script.py"
    text = script.read_text()
    script.write_text("# why\n" + text.replace("return f", "return  f  # here"))
    assert now() == before
    script.write_text(text.replace("return f", "return f, f"))
    assert now() != before


def test_files_count_by_name_and_content(tmp_path):
    def now(place):
        return provenance.content_hash((tmp_path / place).iterdir())

    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        for name in ("y", "x")[:: 1 if place == "a" else -1]:
            (tmp_path / place / name).write_text(name)
    os.utime(tmp_path / "b/x", (1, 1))
    before = now("a")
    assert now("b") == before
    (tmp_path / "b/x").write_text("z")
    assert now("b") != before
    (tmp_path / "a/x").rename(tmp_path / "a/z")
    assert now("a") != before


def test_modules_that_are_named_count(package):
    root, now = package
    without, before = now(), now("polyheads.c")
    assert without != before
    (root / "c.py").write_text("from polyheads import d\n")
    (root / "d.py").write_text("Z = 1\n")
    after = now("polyheads.c")
    (root / "d.py").write_text("Z = 2\n")
    assert len({before, after, now("polyheads.c")}) == 3
    assert now() == without


def test_a_method_is_code_of_its_own_scores_only(tmp_path, monkeypatch):
    """Of the real scripts: a new method reruns no training, a changed one only what it scored."""
    workflow = Path(provenance.__file__).parents[1]
    package = tmp_path / "polyheads"
    shutil.copytree(workflow / "polyheads", package)
    monkeypatch.setattr(provenance, "PACKAGE", package)
    scripts = [workflow / f"scripts/{name}.py" for name in BEFORE_SELECT]
    scorers = [f"polyheads.importance.{name}" for name in ("gradient", "lrp")]

    def hashes():
        provenance._tree.cache_clear()
        provenance.code_hash.cache_clear()
        found = {path.stem: provenance.code_hash(path) for path in scripts}
        score = next(path for path in scripts if path.stem == "score_heads")
        return found | {name: provenance.code_hash(score, name) for name in scorers}

    def changed(module):
        before = hashes()
        with (package / module).open("a") as file:
            file.write("\nNEW = 1\n")
        after = hashes()
        return {name for name in before if before[name] != after[name]}

    assert changed("catalogue/methods.py") == set()
    assert changed("importance/lrp.py") == {"polyheads.importance.lrp"}
    assert changed("importance/rankings.py") == {"rank_heads"}
    # Only the trial whose k is chosen by them.
    assert changed("catalogue/metrics.py") == {"chosen_trial"}
    assert {"trials", "mask", "score_heads"} < changed("training/loop.py")
    provenance._tree.cache_clear()
    provenance.code_hash.cache_clear()


def test_versions_of_trials(tmp_path):
    here = provenance.versions()
    assert set(here) == {"python", "numpy", "torch", "transformers"}
    paths = []
    for number, torch in enumerate(("2.1", "2.1", "2.2", None)):
        content = {"versions": {"torch": torch}} if torch else {}
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(content))
    names = ("package", "version", "trials")
    expected = [("torch", "2.1", 2), ("torch", "2.2", 1)]
    found = provenance.versions_of(paths)
    assert found == [dict(zip(names, row, strict=True)) for row in expected]
