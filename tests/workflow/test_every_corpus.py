"""Every corpus that can't be had here, hand-written in its exact format, through the whole chain.

tests/handmade/<entry>.<language>.txt is a few sentences of invented text in the format of a corpus.
They become the splits of a mirror; the copy of the catalogue in the test's project loses checksums
and sizes, which are those of the real files.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from conftest import ROOT, make_project

from polyheads import catalogue

HANDMADE = ROOT / "tests/handmade"
SEVEN = {  # MultiATIS: the seven columns of Hindi and Turkish, as an entry of one's own
    "name": "multiatis-seven",
    "task": "sf",
    "licence": "LDC2019T04",
    "format": "multiatis",
    "columns": {"utterance": 6, "tags": 7, "count": 7},
    "labels": ["fromloc.city_name", "toloc.city_name", "cost_relative"],
    "languages": {"hi": {"files": {"train": {}, "dev": {}, "test": {}}}},
}
WIKIANN = {
    "en": [(["Anna", "Berg", "in", "Oslo"], [1, 2, 0, 5]), (["Nordbank"], [3])],
    "de": [(["Bund", "in", "Köln"], [3, 0, 5]), (["Jana"], [1])],
}
REPAIRED = {  # corpus, language, split -> kinds that must have been counted
    ("ma2021-ner", "ar", "test"): {"malformed_tag", "orphan_inside", "blank_token"},
    ("ma2021-ner", "ja", "train"): {"orphan_inside", "blank_token"},
    ("ma2021-ner", "en", "train"): set(),
    ("multiatis-pp", "en", "dev"): {"unequal_row"},
    ("nemo", "he", "train"): {"separator_in_token"},
    ("germeval-2014", "de", "test"): {"blank_token"},
    ("uner-v1", "da", "test"): {"orphan_inside"},
    ("masakhaner-2.0", "xho", "train"): {"orphan_inside", "blank_token"},
    ("masakhapos", "ewe", "dev"): {"control_character"},
}


def languages() -> dict[str, list[str]]:
    """Entry -> languages that there is a hand-written file for."""
    found: dict[str, list[str]] = {"wikiann": list(WIKIANN)}
    for path in sorted(HANDMADE.glob("*.txt")):
        entry, language = path.stem.rsplit(".", 1)
        found.setdefault(entry, []).append(language)
    return found


def write_parquet(rows, path: Path) -> None:
    """Tokens and class numbers with the schema in the metadata, as the hub has them."""
    names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    features = {
        "tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
        "ner_tags": {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"},
    }
    table = pa.table({"tokens": [t for t, _ in rows], "ner_tags": [n for _, n in rows]})
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def make_mirror(project, entries, known) -> None:
    for entry, codes in known.items():
        for code in codes:
            for file in entries[entry]["languages"][code]["files"].values():
                path = project.path / "mirror" / entry / code / file["name"]
                path.parent.mkdir(parents=True, exist_ok=True)
                if entry == "wikiann":
                    write_parquet(WIKIANN[code] * 3, path)
                    continue
                text = (HANDMADE / f"{entry}.{code}.txt").read_text(encoding="utf-8")
                head = text.split("\n", 1)[0] + "\n" if text.startswith("id\t") else ""
                times = 1 if entry.startswith("massive") else 4
                encoding = catalogue.reading(entries[entry], code)["encoding"]
                path.write_text(head + text.removeprefix(head) * times, encoding=encoding)


def forget_real_files(directory: Path) -> None:
    """Take checksums and sizes out of the catalogue: the hand-written files have others."""
    for path in directory.glob("*.yaml"):
        entry = yaml.safe_load(path.read_text(encoding="utf-8"))
        for item in entry["languages"].values():
            for file in item.get("files", {}).values():
                for key in ("git_blob", "sha256", "sentences", "words"):
                    file.pop(key, None)
        path.write_text(yaml.safe_dump(entry, allow_unicode=True), encoding="utf-8")


def test_every_corpus_runs_to_the_report(tmp_path, study):
    known = languages()
    study["corpora"] = [SEVEN]
    scratch = {"corpora": ["grammar-ner"], "languages": ["en"], "sentences": 100}
    study["models"][0]["scratch"] |= scratch
    study["experiments"] = [
        {
            "name": entry,
            "corpus": entry,
            "models": ["mini"],
            "recipe": "quick",
            "sources": ["en" if "en" in codes else codes[0]],
            "targets": codes,
            "settings": ["mono-lingual", "cross-lingual"],
            "k": [1],
        }
        for entry, codes in known.items()
    ]
    project = make_project(tmp_path / "project", study)
    forget_real_files(project.path / "workflow/polyheads/resources/corpora")
    make_mirror(project, catalogue.load([SEVEN]), known)
    project.succeed("report")

    read = {
        (info["corpus"], info["language"]): info
        for path in (project.path / "results/corpora").glob("*/*/corpus.json")
        for info in [json.loads(path.read_text(encoding="utf-8"))]
    }
    assert {(e, c) for e, codes in known.items() for c in codes} <= read.keys()
    for info in read.values():
        labelled = sum(n for of in info["tag_counts"].values() for t, n in of.items() if t != "O")
        assert labelled, info["corpus"]
    for (corpus, language, split), kinds in REPAIRED.items():
        found = read[corpus, language]["counts"][split]["repairs"].keys()
        assert found == kinds, (corpus, language, found)
    report = (project.path / "results/report.html").read_text(encoding="utf-8")
    assert "rows with unequal numbers of words and tags dropped" in report
    for entry, codes in known.items():
        for code in codes:
            trial = f"results/trials/mini/{entry}/quick"
            assert any((project.path / trial).rglob("k-01.json")), (entry, code)
