"""What a study fetches, as paths and entries."""

import copy
from types import SimpleNamespace

import pytest

from polyheads import catalogue
from polyheads.errors import UserError
from polyheads.study import downloads

OWN = {
    "name": "toy",
    "title": "Toy corpus",
    "task": "ner",
    "licence": "CC0",
    "format": "columns",
    "columns": {"token": 1, "tag": 2},
    "labels": ["PER"],
    "archive": "https://example.invalid/all.zip",
    "members": ["{language}/{split}"],
    "languages": {
        code: {"files": {split: {"sentences": 3} for split in ("train", "test")}}
        for code in ("en", "de")
    },
}


def plan(own=OWN, models=()):
    entries = catalogue.load([copy.deepcopy(own)])
    return SimpleNamespace(
        catalogue=entries,
        needed={("toy", "en"): {}, ("toy", "de"): {}, ("grammar-pos", "en"): {}},
        models={model["name"]: model for model in models},
        splits=lambda corpus, language: catalogue.splits(entries[corpus], language),
    )


@pytest.mark.parametrize("key", ["mirror", "own_copies"])
def test_places_that_would_be_deleted(tmp_path, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results" / "downloads").mkdir(parents=True)
    (tmp_path / "link").symlink_to("results/downloads")
    for place in ("results/downloads", "./results/downloads/toy", "link", str(tmp_path / "link")):
        with pytest.raises(UserError, match=f"configuration, {key}: .*copy it to another"):
            downloads.check({"mirror": None, "own_copies": None, key: place})
    for place in ("mirror", "results/downloads2", "results", "~", None, ""):
        downloads.check({"mirror": None, "own_copies": None, key: place})


def test_another_way_of_reading_fetches_nothing():
    before = downloads.entry(plan().catalogue["toy"], "en")
    changed = {**OWN, "tags": {"X": "O"}, "scheme": "iob1", "labels": ["PER", "LOC"]}
    changed["languages"] = copy.deepcopy(OWN["languages"])
    changed["languages"]["en"]["files"]["train"]["sentences"] = 4
    changed["languages"]["de"]["licence"] = "another"
    changed["languages"]["en"] |= {"licence": "another", "obtain": "ask", "name": "Anglais"}
    changed["title"] = "Another"
    assert downloads.entry(plan(changed).catalogue["toy"], "en") == before
    moved = {**OWN, "members": ["data/{language}/{split}"]}
    assert downloads.entry(plan(moved).catalogue["toy"], "en") != before


def test_what_is_left_of_an_entry_is_enough_to_fetch():
    whole = copy.deepcopy(OWN)
    whole["languages"]["en"]["carve"] = {"dev": {"from": "train", "share": 0.1, "seed": 1}}
    whole = plan(whole).catalogue["toy"]
    entry = downloads.entry(whole, "en")
    splits = catalogue.splits(whole, "en")
    assert catalogue.splits(entry, "en") == splits == ["train", "dev", "test"]
    assert list(catalogue.files(entry, "en", splits)) == ["train.tsv", "test.tsv"]
    file = catalogue.file_of(entry, "en", "dev")
    for mirror in (None, "m"):
        places = [
            catalogue.local(e, "en", file, mirror=mirror, own_copies="o") for e in (whole, entry)
        ]
        assert places[0] == places[1]
    text = catalogue.missing(entry, "en", "dev", places[0])
    assert f"{places[0]} is missing: toy, en, dev set; put it into the mirror" in text


def test_archives():
    archive = {"url": "https://example.invalid/all.zip", "name": "all.zip"}
    assert downloads.archives(plan(), "toy", "en") == {"all.zip": archive}
    assert downloads.archives(plan(), "grammar-pos", "en") == {}
    assert downloads.all_archives(plan()) == {("toy", "all.zip"): archive}
    kept = ["results/downloads/.archives/toy/all.zip"]
    assert downloads.archive_paths(plan(), "toy", "en") == kept
    assert downloads.archive_paths(plan(), "grammar-pos", "en") == []


def test_directories():
    assert downloads.fetched(plan(), "toy", "en") == ["results/downloads/toy/en"]
    assert downloads.fetched(plan(), "grammar-pos", "en") == []


def test_files_of_an_encoder(tmp_path):
    for name in ("config.json", "model.safetensors", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "onnx").mkdir()
    found = [str(tmp_path / name) for name in ("config.json", "model.safetensors")]
    assert downloads.encoder_files({"path": str(tmp_path)}) == found
    (place,) = downloads.encoder_files({"hub": "some/model", "revision": "0" * 40})
    assert place == downloads.model("some/model", "0" * 40)


def test_two_archives_of_one_name():
    own = {**OWN, "archive": "https://example.invalid/{language}/all.zip"}
    with pytest.raises(
        UserError, match=r"toy: the archives .*/en/all\.zip and .*/de/all\.zip have"
    ):
        downloads.all_archives(plan(own))


def test_everything():
    revision = "0123456789" * 4
    hub = [{"name": n, "hub": "some/model", "revision": revision} for n in ("a", "b")]
    assert downloads.everything(plan(models=[*hub, {"name": "c", "path": "x"}])) == [
        "results/downloads/toy/de",
        "results/downloads/toy/en",
        f"results/downloads/models/some--model/{revision}",
    ]
