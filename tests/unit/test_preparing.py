"""Prepared corpora: what is written, what is refused, and the real treebanks."""

import copy
import errno
import itertools
import json
from pathlib import Path

import pytest

from polyheads import catalogue
from polyheads.corpora import fetching, preparing
from polyheads.errors import UserError

ENTRY = {
    "name": "toy",
    "task": "pos",
    "licence": "CC0",
    "format": "columns",
    "columns": {"token": 1, "tag": 2},
    "labels": ["NOUN", "VERB", "X"],
    "url": "https://example.org/{split}",
    "languages": {
        "en": {
            "licence": "CC BY 4.0",
            "files": {
                "train": {"sentences": 2, "words": 3},
                "dev": {"keep": [0, 1]},
                "test": {},
            },
        }
    },
}
TEXTS = {"train": "we\tNOUN\nrun\tVERB\n\ngo\tVERB\n\n", "dev": "go\tVERB\n\n", "test": "a\tX\n\n"}
GRAMMAR = {
    "name": "made",
    "task": "ner",
    "licence": "CC0",
    "format": "grammar",
    "labels": ["PER"],
    "seed": 7,
    "sizes": {"train": 2, "dev": 1, "test": 1},
    "languages": {"en": {}},
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "in").mkdir()
    paths = {split: tmp_path / "in" / f"{split}.tsv" for split in TEXTS}
    for split, path in paths.items():
        path.write_text(TEXTS[split])
    return paths


def prepare(files, out_dir, entry=ENTRY, **options):
    entry = catalogue.load([entry])[entry["name"]]
    splits = catalogue.splits(entry, "en")
    directory = next((path.parent for path in files.values()), None)
    return preparing.prepare(
        entry=entry, language="en", splits=splits, directory=directory, out_dir=out_dir, **options
    )


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_prepared_corpus(tmp_path, files):
    out = tmp_path / "out"
    info = prepare(files, out, code="c0de")
    assert info == json.loads((out / "corpus.json").read_text())
    made_of = info.pop("made_of")
    assert made_of["code"] == "c0de" and len(made_of["entry"]) == 64
    assert info == {
        "corpus": "toy",
        "language": "en",
        "task": "pos",
        "labels": ["NOUN", "VERB", "X"],
        "licence": "CC BY 4.0",
        "segmentation": "words",
        "source": [
            "https://example.org/train",
            "https://example.org/dev, sentences [0, 1)",
            "https://example.org/test",
        ],
        "checksums": {path.name: fetching.checksums(path) for path in files.values()},
        "counts": {
            split: {
                "sentences": sentences,
                "words": words,
                "longest": longest,
                "duplicates": 0,
                "also_in": also_in,
                "skipped": {},
                "repairs": {},
            }
            for split, sentences, words, longest, also_in in (
                ("train", 2, 3, 2, {"dev": 1, "test": 0}),
                ("dev", 1, 1, 1, {"test": 0}),
                ("test", 1, 1, 1, {}),
            )
        },
        "tag_counts": {
            "train": {"NOUN": 1, "VERB": 2, "X": 0},
            "dev": {"NOUN": 0, "VERB": 1, "X": 0},
            "test": {"NOUN": 0, "VERB": 0, "X": 1},
        },
    }
    data = preparing.load(out)
    assert list(data) == ["train", "dev", "test"]
    assert data["train"]["tokens"][:] == [["we", "run"], ["go"]]
    assert data["train"]["tags"][:] == [[0, 1], [1]]
    assert data["train"]["repeated"][:] == [False, True]  # "go" stands in dev
    assert data["test"].features["tags"].feature.names == ["NOUN", "VERB", "X"]
    assert any((out / "data").iterdir()) and not list(out.glob("*part*"))


def test_same_input_same_bytes(tmp_path, files):
    prepare(files, tmp_path / "one")
    prepare(files, tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two")
    prepare(files, tmp_path / "two")  # again over an earlier result
    assert content(tmp_path / "one") == content(tmp_path / "two")
    text = "".join(map(repr, content(tmp_path / "one").values()))
    assert str(tmp_path) not in text


def test_only_a_test_set(tmp_path, files):
    entry = copy.deepcopy(ENTRY)
    del entry["languages"]["en"]["files"]["train"], entry["languages"]["en"]["files"]["dev"]
    info = prepare({"test": files["test"]}, tmp_path / "out", entry)
    assert list(info["counts"]) == ["test"]
    assert list(preparing.load(tmp_path / "out")) == ["test"]


@pytest.mark.parametrize(
    ("split", "text", "message"),
    [
        ("dev", "", r"dev\.tsv: no sentence in the dev set"),
        ("test", "\n", r"test\.tsv: no sentence in the test set"),
        ("train", "go\tVERB\n\n", r"train\.tsv: 1 sentences, but .* toy says 2 for en train"),
        ("train", "a\tX\n\nb\tX\n\n", r"train\.tsv: 2 words, but .* toy says 3 for en train"),
        ("dev", "go\tVREB\n\n", r"dev\.tsv:1: the tag 'VREB'"),
    ],
)
def test_refused_and_earlier_result_untouched(tmp_path, files, split, text, message):
    out = tmp_path / "out"
    prepare(files, out)
    before = content(out)
    files[split].write_text(text)
    with pytest.raises(UserError, match=message):
        prepare(files, out)
    assert content(out) == before


def test_other_sizes_can_be_accepted(tmp_path, files):
    files["train"].write_text("go\tVERB\n\n")
    info = prepare(files, tmp_path / "out", check_sizes=False)
    assert info["counts"]["train"]["sentences"] == 1


CARVED = copy.deepcopy(ENTRY)
CARVED["languages"]["en"] |= {
    "files": {"train": {"sentences": 20}},
    "carve": {
        "dev": {"from": "train", "share": 0.1, "seed": 1},
        "test": {"from": "train", "share": 0.2, "seed": 2},
    },
}


def test_carved_splits_are_disjoint_and_seeded(tmp_path, files):
    sentences = [f"w{number}\tX\n\n" for number in range(20)]
    files["train"].write_text("\n" + "".join(sentences))
    info = prepare(files, tmp_path / "out", CARVED)
    sizes = {split: counts["sentences"] for split, counts in info["counts"].items()}
    assert sizes == {"train": 14, "dev": 2, "test": 4}
    assert [info["counts"][s].get("carved_from") for s in sizes] == [None, "train", "train"]
    assert info["counts"]["train"]["repairs"]["extra_empty_line"]["count"] == 1
    assert info["counts"]["dev"]["repairs"] == {}  # told once, with the file's own split
    assert info["source"][1] == "https://example.org/train, 0.1 of the sentences at random (seed 1)"
    data = preparing.load(tmp_path / "out")
    words = {split: [tokens[0] for tokens in data[split]["tokens"]] for split in data}
    assert sorted(itertools.chain(*words.values())) == sorted(f"w{number}" for number in range(20))
    assert words["train"] == sorted(words["train"], key=lambda word: int(word[1:]))  # file order
    prepare(files, tmp_path / "again", CARVED)
    assert content(tmp_path / "out") == content(tmp_path / "again")
    other = copy.deepcopy(CARVED)
    other["languages"]["en"]["carve"]["test"]["seed"] = 3
    prepare(files, tmp_path / "other", other)
    assert preparing.load(tmp_path / "other")["test"]["tokens"][:] != data["test"]["tokens"][:]
    assert preparing.load(tmp_path / "other")["dev"]["tokens"][:] == data["dev"]["tokens"][:]


def test_carving_too_little(tmp_path, files):
    files["train"].write_text("a\tX\n\nb\tX\n\n")
    with pytest.raises(UserError, match="0 of 2 sentences of train would be dev; change `share`"):
        prepare(files, tmp_path / "out", CARVED, check_sizes=False)
    assert content(tmp_path / "out") == {}


def test_full_disk(tmp_path, files, monkeypatch):
    import datasets

    def full(_, path):
        Path(path).mkdir()
        (Path(path) / "half").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(datasets.DatasetDict, "save_to_disk", full)
    with pytest.raises(UserError, match=r"out/data: the disk is full"):
        prepare(files, tmp_path / "out")
    assert content(tmp_path / "out") == {}


def test_generated_sentences(tmp_path):
    asked = {}

    def generate(**options):
        asked.update(options)
        sentence = (["Ada", "sings"], ["B-PER", "O"])
        return {split: [sentence] * size for split, size in options["sizes"].items()}

    info = prepare({}, tmp_path / "out", GRAMMAR, generate=generate)
    assert asked == {"task": "ner", "language": "en", "seed": 7, "sizes": GRAMMAR["sizes"]}
    assert info["source"] == ["generated by polyheads.corpora.grammar, seed 7"] * 3
    assert info["counts"]["train"]["duplicates"] == 1
    assert info["checksums"] == {}
    assert info["counts"]["train"]["words"] == 4
    assert info["tag_counts"]["dev"] == {"O": 1, "B-PER": 1, "I-PER": 0}
    assert preparing.load(tmp_path / "out")["dev"]["tags"][:] == [[1, 0]]


def test_generated_tags_belong_to_the_entry(tmp_path):
    def generate(**options):
        return {split: [(["x"], ["B-LOC"])] for split in options["sizes"]}

    with pytest.raises(UserError, match=r"made: the grammar makes tags .* lacks: B-LOC"):
        prepare({}, tmp_path / "out", GRAMMAR, generate=generate)
    assert content(tmp_path / "out") == {}


def test_load_without_a_corpus(tmp_path):
    with pytest.raises(UserError, match="no prepared corpus here"):
        preparing.load(tmp_path)


def test_messages_name_the_own_copy_and_not_ours(tmp_path, files):
    own = {key: value for key, value in ENTRY.items() if key != "url"}
    place = tmp_path / "data" / "toy" / "en"
    place.mkdir(parents=True)
    for path in files.values():
        (place / path.name).write_bytes(path.read_bytes())

    def message():
        with pytest.raises(UserError) as caught:
            prepare(files, tmp_path / "out", own, own_copies=tmp_path / "data")
        return str(caught.value)

    files["dev"].write_text("go\tVREB\n\n")
    assert message().startswith(f"{place / 'dev.tsv'}:1: the tag 'VREB'")
    files["dev"].write_text("")
    assert message().startswith(f"{place / 'dev.tsv'}: no sentence in the dev set")
    files["dev"].write_text(TEXTS["dev"])
    files["train"].write_text(TEXTS["train"] * 2)
    assert message().startswith(f"{place / 'train.tsv'}: 4 sentences, but")
    (place / "train.tsv").unlink()  # from a mirror then
    assert message().startswith(f"{files['train']}: 4 sentences, but")


def test_no_tag_is_ever_written_that_has_no_name(tmp_path, files, monkeypatch):
    sentences = [(["a", "b"], ["NOUN", "NUON"])]  # as if a reader let a tag through
    monkeypatch.setattr("polyheads.corpora.readers.read", lambda *_, **__: iter(sentences))
    with pytest.raises(KeyError, match="NUON"):
        prepare(files, tmp_path / "out")
    assert not (tmp_path / "out" / "data").exists()
