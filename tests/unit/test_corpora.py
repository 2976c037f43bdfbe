"""Prepared corpora: what is written, what is refused, and the real treebanks."""

import copy
import errno
import json
import os
from pathlib import Path

import pytest

from polyheads import catalogue, corpora, fetching
from polyheads.errors import UserError

ENTRY = {
    "name": "toy",
    "task": "pos",
    "licence": "CC0",
    "format": "columns",
    "columns": {"token": 1, "tag": 2},
    "labels": ["NOUN", "VERB", "X"],
    "languages": {
        "en": {
            "licence": "CC BY 4.0",
            "files": {
                "train": {"sentences": 2, "words": 3},
                "dev": {"url": "https://example.org/dev", "keep": [0, 1]},
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
    return corpora.prepare(entry=entry, language="en", files=files, out_dir=out_dir, **options)


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_prepared_corpus(tmp_path, files):
    out = tmp_path / "out"
    info = prepare(files, out)
    assert info == json.loads((out / "corpus.json").read_text())
    assert info == {
        "corpus": "toy",
        "language": "en",
        "task": "pos",
        "labels": ["NOUN", "VERB", "X"],
        "licence": "CC BY 4.0",
        "source": [
            "toy/en/train.tsv",
            "https://example.org/dev, sentences [0, 1)",
            "toy/en/test.tsv",
        ],
        "checksums": {split: fetching.checksums(path) for split, path in files.items()},
        "counts": {
            split: {
                "sentences": sentences,
                "words": words,
                "skipped_ranges": 0,
                "skipped_empty_nodes": 0,
                "repairs": {},
            }
            for split, sentences, words in (("train", 2, 3), ("dev", 1, 1), ("test", 1, 1))
        },
        "tag_counts": {
            "train": {"NOUN": 1, "VERB": 2, "X": 0},
            "dev": {"NOUN": 0, "VERB": 1, "X": 0},
            "test": {"NOUN": 0, "VERB": 0, "X": 1},
        },
    }
    data = corpora.load(out)
    assert list(data) == ["train", "dev", "test"]
    assert data["train"]["tokens"][:] == [["we", "run"], ["go"]]
    assert data["train"]["tags"][:] == [[0, 1], [1]]
    assert data["test"].features["tags"].feature.names == ["NOUN", "VERB", "X"]
    assert os.listdir(out / "data") and not [name for name in os.listdir(out) if "part" in name]


def test_same_input_same_bytes(tmp_path, files):
    prepare(files, tmp_path / "one")
    prepare(dict(reversed(files.items())), tmp_path / "two")
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
    assert list(corpora.load(tmp_path / "out")) == ["test"]


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
    assert info["source"] == "generated by polyheads.grammar, seed 7"
    assert info["checksums"] == {}
    assert info["counts"]["train"]["words"] == 4
    assert info["tag_counts"]["dev"] == {"O": 1, "B-PER": 1, "I-PER": 0}
    assert corpora.load(tmp_path / "out")["dev"]["tags"][:] == [[1, 0]]


def test_generated_tags_belong_to_the_entry(tmp_path):
    def generate(**options):
        return {split: [(["x"], ["B-LOC"])] for split in options["sizes"]}

    with pytest.raises(UserError, match="made: the grammar makes tags .* lacks: B-LOC"):
        prepare({}, tmp_path / "out", GRAMMAR, generate=generate)
    assert not (tmp_path / "out").exists()


def test_load_without_a_corpus(tmp_path):
    with pytest.raises(UserError, match="no prepared corpus here"):
        corpora.load(tmp_path)


MIRROR = os.environ.get("POLYHEADS_MIRROR")


@pytest.mark.skipif(not MIRROR, reason="real treebanks: set POLYHEADS_MIRROR to a mirror directory")
@pytest.mark.parametrize("name", ["ud-2.7", "ud-2.7-surface"])
def test_real_treebanks(tmp_path, name):
    """Every file of the mirror has the checksum and the counts that the catalogue states."""
    entry = catalogue.load()[name]
    seen = 0
    for code, item in entry["languages"].items():
        there = [
            split
            for split, file in item["files"].items()
            if (Path(MIRROR) / name / code / file["name"]).is_file()
        ]
        if not there:
            continue
        paths = fetching.fetch(
            entry=entry,
            language=code,
            mirror=MIRROR,
            out_dir=tmp_path / code,
            lock_path=tmp_path / f"{code}.json",
            splits=there,
        )
        info = corpora.prepare(
            entry=entry,
            language=code,
            files=dict(zip(there, paths, strict=True)),
            out_dir=tmp_path / "prepared" / code,
        )
        assert not any(counts["repairs"] for counts in info["counts"].values())
        seen += len(there)
    assert seen, f"{MIRROR} holds no file of {name}"
