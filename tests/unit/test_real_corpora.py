"""Real corpora from a mirror (tests/fill_mirror.py): checksums, sizes, repairs."""

import csv
import itertools
import os
from pathlib import Path

import pytest

from polyheads import catalogue
from polyheads.corpora import fetching, preparing, readers

MIRROR = os.environ.get("POLYHEADS_MIRROR")
CATALOGUE = catalogue.load()
LOCKS = Path(__file__).parents[2] / "resources/locks"
LANGUAGES = [
    (name, code)
    for name, entry in CATALOGUE.items()
    if MIRROR and not catalogue.embedded(entry)
    for code in entry["languages"]
    if (Path(MIRROR) / name / code).is_dir()
]


def prepared(name, code, directory):
    """corpus.json of what the mirror holds of a language, checked against the catalogue."""
    entry = CATALOGUE[name]
    there = [
        split
        for split in catalogue.splits(entry, code)
        if (Path(MIRROR) / name / code / catalogue.file_of(entry, code, split)["name"]).is_file()
    ]
    fetching.fetch(
        entry=entry,
        language=code,
        splits=there,
        mirror=MIRROR,
        own_copies=directory / "none",
        out_dir=directory / "files",
        lock_path=_lock(name, code, directory / "lock.json"),
        archives={},
        partial_dir=directory / "partial",
    )
    return preparing.prepare(
        entry=entry,
        language=code,
        splits=there,
        directory=directory / "files",
        out_dir=directory / "prepared",
    )


def _lock(name, code, path):
    """The checksums that the project has of a language's files, in a copy."""
    if (LOCKS / name / f"{code}.json").is_file():
        path.write_bytes((LOCKS / name / f"{code}.json").read_bytes())
    return path


# What the readers repair in the real files; whatever isn't here has nothing to repair. AQMAR has 70
# I- tags that continue nothing, 5 of them behind malformed tags that are corrected first.
ONE_END = {("train", "no_empty_line_at_end"): 1, ("dev", "no_empty_line_at_end"): 1}
REPAIRS = {
    ("ma2021-ner", "ar"): {
        ("dev", "blank_token"): 1,
        ("dev", "malformed_tag"): 4,
        ("dev", "orphan_inside"): 12,
        ("test", "blank_token"): 32,
        ("test", "malformed_tag"): 9,
        ("test", "orphan_inside"): 53,
    },
    **{("panx", code): ONE_END for code in ("de", "en", "fa", "nl")},
    ("panx", "ar"): {**ONE_END, ("train", "blank_token"): 1},
    ("panx", "ja"): {
        **ONE_END,
        ("train", "orphan_inside"): 1014,
        ("dev", "orphan_inside"): 501,
        ("train", "blank_token"): 4,
    },
    ("panx", "zh"): {
        **ONE_END,
        ("train", "orphan_inside"): 896,
        ("dev", "orphan_inside"): 476,
        ("train", "blank_token"): 8,
        ("dev", "blank_token"): 2,
    },
    ("xsid-0.7", "en"): {("train", "malformed_tag"): 357, ("train", "orphan_inside"): 40},
    ("xsid-0.7", "zh"): {("dev", "blank_token"): 1, ("test", "blank_token"): 6},
    ("xsid-0.7", "nor"): {("dev", "blank_token"): 1, ("test", "control_character"): 2},
    ("uner-v1", "da"): {("train", "orphan_inside"): 6, ("test", "orphan_inside"): 1},
    **{
        ("masakhaner-2.0", code): {
            (split, "orphan_inside"): number
            for split, number in zip(("train", "dev", "test"), numbers, strict=True)
            if number
        }
        for code, numbers in {
            "fon": (6, 0, 0),
            "hau": (1, 0, 1),
            "kin": (14, 1, 1),
            "lug": (1, 0, 0),
            "luo": (3, 1, 0),
            "swa": (0, 0, 1),
            "yor": (1, 0, 1),
            "zul": (7, 0, 3),
        }.items()
    },
    ("masakhaner-2.0", "ewe"): {
        ("train", "control_character"): 2,
        ("test", "control_character"): 3,
    },
    ("masakhaner-2.0", "pcm"): {("train", "orphan_inside"): 1, ("train", "control_character"): 3},
    ("masakhaner-2.0", "xho"): {
        ("train", "orphan_inside"): 4,
        ("train", "blank_token"): 2,
        ("dev", "orphan_inside"): 1,
        ("test", "orphan_inside"): 4,
    },
    ("sib-200", "cat_Latn"): {
        ("train", "control_character"): 7,
        ("test", "control_character"): 2,
    },
    ("masakhapos", "ewe"): {("train", "control_character"): 2, ("test", "control_character"): 1},
}


@pytest.mark.skipif(not MIRROR, reason="real corpora: set POLYHEADS_MIRROR to a mirror directory")
@pytest.mark.parametrize(("name", "code"), LANGUAGES or [("", "")])
def test_every_file_of_the_mirror(tmp_path, name, code):
    info = prepared(name, code, tmp_path)
    repairs = {
        (split, kind): found["count"]
        for split, counts in info["counts"].items()
        for kind, found in counts["repairs"].items()
    }
    assert repairs == REPAIRS.get((name, code), {})


@pytest.mark.skipif(
    ("sib-200", "eng_Latn") not in LANGUAGES, reason="needs sib-200 in POLYHEADS_MIRROR"
)
def test_a_text_has_the_same_place_and_label_in_every_language_of_sib_200():
    """And what is read is what Python's csv module reads."""
    first: dict[str, list[tuple[str, str]]] = {}
    codes = [code for name, code in LANGUAGES if name == "sib-200"]
    for code, split in itertools.product(codes, catalogue.SPLITS):
        path = Path(MIRROR) / "sib-200" / code / f"{split}.tsv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        reading = catalogue.reading(CATALOGUE["sib-200"], code)
        found = list(readers.read(path, reading, split=split, counts=readers.new_counts()))
        assert found == [([row["text"]], [row["category"]]) for row in rows], path
        places = [(row["index_id"], row["category"]) for row in rows]
        assert first.setdefault(split, places) == places, path
