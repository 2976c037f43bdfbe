"""The catalogue: built-in entries, own entries, and mistakes named by their path."""

import copy

import pytest

from polyheads import catalogue
from polyheads.catalogue import language_facts
from polyheads.errors import UserError

OWN = {
    "name": "my-ner",
    "task": "ner",
    "licence": "CC0",
    "format": "columns",
    "columns": {"token": 1, "tag": 2},
    "labels": ["PER", "LOC"],
    "url": "https://example.org/{language}/{split}.txt",
    "languages": {"sw": {"name": "Swahili", "files": {"train": {}, "dev": {}, "test": {}}}},
}
GRAMMAR = {
    "name": "toy",
    "task": "pos",
    "licence": "CC0",
    "format": "grammar",
    "labels": ["NOUN", "VERB"],
    "seed": 1,
    "sizes": {"train": 6, "dev": 2, "test": 2},
    "languages": {"en": {}, "de": {}},
}


def changed(entry, *path, value=None):
    """A copy of ``entry`` with the value at ``path`` set, or removed when it is None."""
    entry = copy.deepcopy(entry)
    inner = entry
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return entry


def test_built_in_treebanks():
    entries = catalogue.load()
    words, surface = entries["ud-2.7"], entries["ud-2.7-surface"]
    assert list(words["languages"]) == ["en", "de", "nl", "ar", "he", "zh", "ja", "ur", "fa"]
    assert set(words["languages"]) - set(surface["languages"]) == {"de"}
    assert len(catalogue.tag_names(words)) == 17
    assert catalogue.tag_names(words) == catalogue.tag_names(surface)
    train = words["languages"]["en"]["files"]["train"]
    assert train == {
        "name": "train.conllu",
        "url": "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/r2.7/"
        "en_ewt-ud-train.conllu",
        "git_blob": "a722c07c425d7fca4b1e7be73d66996def93e925",
        "sentences": 12543,
        "words": 204585,
    }
    for item in words["languages"].values():
        assert all("git_blob" in file for file in item["files"].values())
    for item in surface["languages"].values():
        for file in item["files"].values():
            assert file["keep"][1] - file["keep"][0] == file["sentences"]
            assert "git_blob" not in file
    assert "boleima" in surface["languages"]["fa"]["files"]["dev"]["url"]
    assert surface["languages"]["zh"]["files"]["test"]["url"].endswith("/test-zh.tsv")


def test_sizes_of_the_two_views_agree():
    entries = catalogue.load()
    for code, item in entries["ud-2.7-surface"]["languages"].items():
        for split, file in item["files"].items():
            words = entries["ud-2.7"]["languages"][code]["files"][split]
            assert file["sentences"] == words["sentences"]
            assert file["words"] <= words["words"]


def test_own_entry_is_completed_and_left_alone():
    own = copy.deepcopy(OWN)
    entry = catalogue.load([own])["my-ner"]
    assert own == OWN
    assert entry["title"] == "my-ner"
    assert entry["languages"]["sw"]["licence"] == "CC0"
    assert entry["languages"]["sw"]["files"]["dev"] == {
        "name": "dev.tsv",
        "url": "https://example.org/sw/dev.txt",
    }
    assert catalogue.tag_names(entry) == ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    entry["languages"]["sw"]["name"] = "Kiswahili"
    named = language_facts.languages([entry])["sw"]
    assert (named["name"], named["family"]) == ("Kiswahili", "Atlantic-Congo")


def test_file_template_and_splits():
    own = changed(OWN, "file", value="{language}-{split}.txt")
    own["languages"]["sw"]["files"] = {"test": {}}
    entry = catalogue.load([own])["my-ner"]
    assert entry["languages"]["sw"]["files"]["test"]["name"] == "sw-test.txt"
    assert catalogue.splits(entry, "sw") == ["test"]


def test_grammar_entry_has_all_splits():
    entry = catalogue.load([GRAMMAR])["toy"]
    assert catalogue.splits(entry, "de") == ["train", "dev", "test"]
    assert catalogue.tag_names(entry) == ["NOUN", "VERB"]


def test_words_that_only_the_report_shows_prepare_nothing_again():
    said = copy.deepcopy(OWN) | {"title": "Mine", "notes": ["old"], "obtain": "ask"}
    said["languages"]["sw"] |= {"name": "Kiswahili", "family": "Bantu"}
    before, after = (catalogue.load([e])[OWN["name"]] for e in (copy.deepcopy(OWN), said))
    assert catalogue.narrowed(before, "sw") == catalogue.narrowed(after, "sw")
    assert after["title"] == "Mine" and after["languages"]["sw"]["family"] == "Bantu"


def test_narrowed_keeps_one_language():
    entry = catalogue.load()["ud-2.7"]
    assert list(catalogue.narrowed(entry, "zh")["languages"]) == ["zh"]
    assert len(entry["languages"]) == 9
    with pytest.raises(UserError, match=r"ud-2.7 has no language 'zhx'; did you mean 'zh'\?"):
        catalogue.narrowed(entry, "zhx")


def test_languages_of_the_catalogue_have_names():
    table = language_facts.languages()
    for entry in catalogue.load().values():
        assert set(entry["languages"]) <= set(table)
    known = {"name": "Urdu", "family": "Indo-European", "script": "Arab", "language": "urd"}
    assert table["ur"] == {**known, "uriel": "urd"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (changed(OWN, "task", value="nre"), r"corpora\[0\]\.task: .*did you mean 'ner'"),
        (changed(OWN, "lables", value=["A"]), r"corpora\[0\]\.lables: .*did you mean 'labels'"),
        (changed(OWN, "labels"), r"corpora\[0\].*'labels' is missing"),
        (changed(OWN, "labels", value=["PER", "PER"]), r"corpora\[0\]\.labels: "),
        (changed(OWN, "labels", value=["two words"]), r"corpora\[0\]\.labels\[0\]: "),
        (changed(OWN, "name", value="my ner"), r"corpora\[0\]\.name: "),
        (changed(OWN, "name", value="models"), r"corpora\[0\]\.name: models is where"),
        (changed(OWN, "name", value="ud-2.7"), r"corpora\[0\]\.name: there is already"),
        (changed(OWN, "url", value="ftp://x"), r"corpora\[0\]\.url: "),
        (changed(OWN, "url", value="https://x/{lang}"), r"files\.train: {lang}.*'language'"),
        (changed(OWN, "url", value="https://x/{"), r"files\.train: .*not a template"),
        (changed(OWN, "file", value="../{split}"), r"corpora\[0\]\.file: "),
        (changed(OWN, "file", value="all.txt"), r"languages\.sw\.files: two splits"),
        (changed(OWN, "seed", value=3), r"corpora\[0\]\.seed: only the format grammar uses it"),
        (changed(OWN, "columns"), r"corpora\[0\]\.columns: missing"),
        (changed(OWN, "columns", "count", value=1), r"corpora\[0\]\.columns\.count: 1 columns"),
        (changed(OWN, "languages", value={"EN": {}}), r"corpora\[0\]\.languages: "),
        (changed(OWN, "languages", value={"en": {}}), r"languages\.en: the key 'files' is missing"),
        (changed(OWN, "languages", value={False: {}}), r"languages: the key False .*quotes"),
        (
            changed(OWN, "languages", "sw", "files", "dev", value={"git_blob": "12"}),
            r"languages\.sw\.files\.dev\.git_blob: ",
        ),
        (
            changed(OWN, "languages", "sw", "files", "dev", value={"keep": [3, 3]}),
            r"languages\.sw\.files\.dev\.keep: \[3, 3\] keeps no sentence",
        ),
        (
            changed(OWN, "languages", "sw", "files", "tset", value={}),
            r"languages\.sw\.files\.tset: .*did you mean 'test'",
        ),
        (changed(OWN, "url", value="https://x/{language!r}"), r"write {language} and nothing"),
        (changed(OWN, "url", value="https://x/{language:>99}"), r"write {language} and nothing"),
        (changed(OWN, "url", value="https://x/{}"), r"files\.train: {} in .* is unknown"),
        (changed(OWN, "url", value="https://x y"), r"corpora\[0\]\.url: .* does not fit: Addr"),
        (changed(OWN, "url", value="https://x\n"), r"corpora\[0\]\.url: .* does not fit: Addr"),
        (changed(OWN, "name", value="my-ner\n"), r"\.name: 'my-ner\\n' does not fit: The corpus"),
        (changed(OWN, "name", value="n" * 101), r"\.name: 'n{59}… is longer than 100 char"),
        (changed(OWN, "labels", value=["PER\n"]), r"corpora\[0\]\.labels\[0\]: "),
        (
            changed(OWN, "languages", value={"sw\n": {}}),
            r"languages: 'sw\\n' does not fit: a code is two",
        ),
        (
            changed(OWN, "file", value="{split}-" + "x" * 240),
            r"languages\.sw\.files: the file name train-x{44}… has 246 characters; at most 240",
        ),
        (
            changed(OWN, "columns", "token_pattern", value="(["),
            r"corpora\[0\]\.columns\.token_pattern: '\(\[' is no regular expression: unterm",
        ),
        (
            changed(OWN, "columns", "token_pattern", value="(a{99999999999})"),
            r"columns\.token_pattern: .* is no regular expression",
        ),
        (changed(OWN, "columns", "token_pattern", value=r"\("), r"token_pattern: .* has no group"),
        (changed(OWN, "columns", "count", value=[3, 2]), r"count: \[3, 2\] fits no line; give"),
        (changed(OWN, "columns", "token", value=10**6), r"columns\.token: "),
        (changed(OWN, "languages", "sw", "name", value="</script>"), r"sw\.name: .*`--report`"),
        (changed(OWN, "languages", "sw", "family", value="a<!--"), r"sw\.family: .*`--report`"),
        (changed(GRAMMAR, "seed", value=2**32), r"corpora\[0\]\.seed: 4294967296 is greater than"),
        (changed(GRAMMAR, "seed"), r"corpora\[0\]\.seed: missing"),
        (changed(GRAMMAR, "url", value="https://x"), r"corpora\[0\]\.url: .*does not use it"),
        (
            changed(GRAMMAR, "languages", "en", value={"files": {"test": {}}}),
            r"languages\.en: the format grammar has no files",
        ),
        ("ud-2.7", r"corpora\[0\]: "),
    ],
)
def test_mistakes_name_the_config_path(entry, message):
    with pytest.raises(UserError, match=message) as caught:
        catalogue.load([entry])
    assert str(caught.value).startswith("configuration, corpora[0]")
    assert "\n" not in str(caught.value)


def test_second_own_entry_of_a_name_is_named():
    with pytest.raises(UserError, match=r"configuration, corpora\[1\]\.name: .*already"):
        catalogue.load([OWN, OWN])


FAMILY = {
    "name": "family",
    "task": "ner",
    "licence": "CC0",
    "labels": ["PER", "MISC"],
    "format": "columns",
    "columns": {"token": 1, "tag": -1, "count": 3},
    "scheme": "iob1",
    "split_names": {"dev": "validation"},
    "languages": {
        "en": {
            "files": {"train": {}, "test": {}},
            "carve": {"dev": {"from": "train", "share": 0.1, "seed": 1}},
        },
        "de": {
            "hub": {
                "dataset": "some/data",
                "revision": "a" * 40,
                "path": "{locale}/{split}.parquet",
            },
            "locale": "de-DE",
            "format": "parquet",
            "scheme": "iob2",
            "files": {"train": {}, "dev": {}, "test": {}},
        },
        "ar": {
            "archive": "https://example.org/ar-{split}.zip",
            "columns": {"token": 2, "tag": 1},
            "files": {
                "dev": {"members": ["a.txt", "b/{split}.txt"]},
                "test": {"url": "https://example.org/test"},
            },
        },
    },
}


def family(**language):
    entry = copy.deepcopy(FAMILY)
    entry["languages"]["en"] |= language
    return entry


def test_a_language_may_be_read_otherwise_than_the_others():
    entry = catalogue.load([family()])["family"]
    english, arabic = catalogue.reading(entry, "en"), catalogue.reading(entry, "ar")
    assert english["columns"] == {"token": 1, "tag": -1, "count": 3}
    assert (english["scheme"], english["encoding"], english["outside"]) == ("iob1", "utf-8", ["O"])
    assert arabic["columns"] == {"token": 2, "tag": 1}
    assert arabic["labels"] == ["PER", "MISC"] and arabic["language"] == "ar"
    german = catalogue.language(entry, "de")
    assert german["files"]["dev"] == {
        "name": "dev.parquet",
        "hub": {
            "dataset": "some/data",
            "revision": "a" * 40,
            "path": "de-DE/validation.parquet",
        },
    }
    files = catalogue.language(entry, "ar")["files"]
    assert files["dev"] == {
        "name": "dev.tsv",
        "archive": {"url": "https://example.org/ar-validation.zip", "name": "ar-validation.zip"},
        "members": ["a.txt", "b/validation.txt"],
    }
    assert files["test"] == {"name": "test.tsv", "url": "https://example.org/test"}


def test_carved_splits_lie_in_another_file():
    entry = catalogue.load([family()])["family"]
    assert catalogue.splits(entry, "en") == ["train", "dev", "test"]
    assert catalogue.file_of(entry, "en", "dev") is catalogue.file_of(entry, "en", "train")
    assert list(catalogue.files(entry, "en", ["train", "dev"])) == ["train.tsv"]


def test_where_files_must_lie(tmp_path):
    entry = catalogue.load([family()])["family"]
    file = catalogue.file_of(entry, "en", "train")
    assert [catalogue.language(entry, code)["access"] for code in ("en", "de", "ar")] == [
        *("own-copy", "open", "open"),
    ]

    def local(code, mirror):
        return catalogue.local(entry, code, file, mirror=mirror, own_copies=tmp_path)

    own = tmp_path / "family" / "en" / "train.tsv"
    assert local("en", None) == own and local("de", None) is None
    assert local("en", "m") == local("de", "m").parents[1] / "en" / "train.tsv"
    own.parent.mkdir(parents=True)
    own.touch()
    assert local("en", "m") == own  # own copies come first
    message = catalogue.missing(entry, "en", "train", own)
    assert (
        "train.tsv is missing: family, en, train set. It is not fetched (licence: CC0); put"
        in message
    )


def test_labels_of_part_of_speech_are_upos_unless_named():
    own = {key: value for key, value in OWN.items() if key != "labels"}
    entry = catalogue.load([{**own, "task": "pos"}])["my-ner"]
    assert catalogue.tag_names(entry) == catalogue.tag_names(catalogue.load()["ud-2.7"])


def test_yaml_anchors_share_nothing():
    files = {"train": {}, "dev": {}, "test": {}}
    languages = {code: {"files": files} for code in ("en", "de")}
    entry = catalogue.load([{**OWN, "languages": languages}])["my-ner"]
    assert entry["languages"]["de"]["files"]["train"]["url"] == "https://example.org/de/train.txt"


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ({"hub": {"dataset": "a/b", "path": "c"}}, r"en\.hub: the key 'revision' is missing"),
        (
            {"hub": {"dataset": "a/b", "revision": "main", "path": "c"}},
            r"en\.hub\.revision: 'main' does not fit: The commit on the hub, all 40 digits",
        ),
        (
            {"hub": {"dataset": "a/b", "revision": "a" * 40 + "\n", "path": "c"}},
            r"en\.hub\.revision: 'a{40}\\n' does not fit",
        ),
        ({"columns": {"token": 1}}, r"languages\.en\.columns: the key 'tag' is missing"),
        (
            {"format": "conllu", "columns": {"token": 1, "tag": 2}},
            r"languages\.en\.columns: the format conllu does not use it",
        ),
        ({"format": "grammar"}, r"en\.format: the format grammar stands for all languages"),
        ({"carve": {"train": {"from": "test", "share": 0.1, "seed": 1}}}, "a file for train"),
        ({"carve": {"dev": {"from": "dev", "share": 0.1, "seed": 1}}}, "no file for dev"),
        ({"access": "open"}, "neither url, archive nor hub"),
        ({"access": "own-copy", "url": "https://x"}, "an own copy is not fetched"),
        ({"archive": "https://x/y.zip"}, "say which `members`"),
        ({"archive": "https://x/y?z=1", "members": ["a"]}, "does not end in the archive's file"),
        ({"archive": "https://x/y.zip", "url": "https://x"}, "give one of url and archive"),
        ({"columns": {"token": 0, "tag": 1}}, r"languages\.en\.columns\.token: "),
        ({"scheme": "iob"}, r"languages\.en\.scheme: .*did you mean 'iob2'"),
        ({"other_types": "MSIC"}, r"languages\.en\.other_types: 'MSIC' is no label.*'MISC'"),
        ({"types": {"a.b": "PRE"}}, r"languages\.en\.types.* 'PRE' is no label.*'PER'"),
        ({"encoding": "latin-l"}, r"languages\.en\.encoding: Python knows no encoding 'latin-l'"),
        ({"encoding": "rot13"}, r"languages\.en\.encoding: Python knows no encoding 'rot13'"),
        (
            {"columns": {"token": 1, "tag": 2, "count": [5, 2]}},
            r"languages\.en\.columns\.count: \[5, 2\] fits no line; give",
        ),
        (
            {"columns": {"token": 1, "tag": 2, "separator": "csv", "joined_token": True}},
            r"languages\.en\.columns\.joined_token: CSV puts quotes",
        ),
        ({"view": "surface"}, r"languages\.en\.view: only the format conllu uses it"),
    ],
)
def test_mistakes_of_a_language(language, message):
    with pytest.raises(UserError, match=message) as caught:
        catalogue.load([family(**language)])
    assert str(caught.value).startswith("configuration, corpora[0]")


@pytest.mark.parametrize("labels", [["O", "PER"], ["B-PER"], ["PER", "E-PER"], ["PER", "Other"]])
def test_labels_are_types(labels):
    own = {**OWN, "labels": labels, "outside": ["Other"]}
    number = next(i for i, label in enumerate(labels) if label != "PER")
    with pytest.raises(UserError, match=rf"corpora\[0\]\.labels\[{number}\]: .* not a type"):
        catalogue.load([own])


def test_what_other_types_become_is_checked_for_the_whole_entry():
    with pytest.raises(UserError, match=r"corpora\[0\]\.other_types: 'MISC' is no label"):
        catalogue.load([{**OWN, "other_types": "MISC"}])
    assert catalogue.load([{**OWN, "other_types": "LOC"}])["my-ner"]["other_types"] == "LOC"


FRENCH = {
    "treebank": "UD_French-GSD",
    "prefix": "fr_gsd",
    "licence": "CC BY-SA 4.0",
    "files": {"dev": {}, "test": {}},
}


def test_a_language_is_added_to_a_built_in_entry():
    built_in = catalogue.load()["ud-2.7"]
    added = catalogue.load([{"extends": "ud-2.7", "languages": {"fr": FRENCH}}])
    assert "fr" in added["ud-2.7"]["languages"] and len(added) == len(catalogue.load())
    assert catalogue.file_of(added["ud-2.7"], "fr", "dev")["url"] == (
        "https://raw.githubusercontent.com/UniversalDependencies/UD_French-GSD/r2.7/"
        "fr_gsd-ud-dev.conllu"
    )
    for code in built_in["languages"]:  # what a rule about another language depends on is the same
        assert catalogue.narrowed(added["ud-2.7"], code) == catalogue.narrowed(built_in, code)


@pytest.mark.parametrize(
    ("extension", "message"),
    [
        ({"extends": "ud-2.8", "languages": {"fr": FRENCH}}, r"extends: unknown corpus.*'ud-2\.7'"),
        ({"extends": "ud-2.7"}, r"the key 'languages' is missing"),
        (
            {"extends": "ud-2.7", "labels": ["X"], "languages": {"fr": FRENCH}},
            r"labels: an entry that extends another one has `languages` only",
        ),
        ({"extends": "ud-2.7", "languages": {"de": FRENCH}}, r"languages\.de: ud-2\.7 has this"),
        (
            {"extends": "ud-2.7", "languages": {"fr": {**FRENCH, "scheme": "bare", "view": "x"}}},
            r"languages\.fr\.view: unknown value",
        ),
        (
            {"extends": "ud-2.7", "languages": {"fr": {"files": {"test": {}}}}},
            r"languages\.fr\.files\.test: {treebank} in .* is unknown",
        ),
    ],
)
def test_mistakes_of_an_added_language_name_its_own_place(extension, message):
    with pytest.raises(UserError, match=message) as caught:
        catalogue.load([extension])
    assert str(caught.value).startswith("configuration, corpora[0]")


def test_codes_with_scripts_and_varieties():
    files = {"files": {"test": {}}}
    codes = ("zh-Hant", "de-st", "sr-Latn-RS", "es-419", "hau", "eng_Latn")
    entry = catalogue.load([{**OWN, "languages": dict.fromkeys(codes, files)}])["my-ner"]
    assert list(entry["languages"]) == list(codes)
    for code in ("Zh", "zh_Hant", "eng_latn", "zh-", "zh+en", "zh@30", "../x"):
        with pytest.raises(UserError, match=r"corpora\[0\]\.languages"):
            catalogue.load([{**OWN, "languages": {code: files}}])
