"""Texts and pairs of texts, from configuration to report and export."""

import csv
import json
import random

import pytest
from conftest import STUDY, make_project

PAIRS = {
    "name": "pairs",
    "task": "classification",
    "licence": "none",
    "format": "texts",
    "columns": {"text": "one", "second": "two", "label": "what", "header": True},
    "labels": ["same", "other"],
    "files": {"train": {}, "dev": {}, "test": {}},
    "languages": {"aa": {}, "bb": {}},
}
WORDS = ["book", "lamp", "Karim", "museum", "on", "Friday", "buys", "the", "."]


def write_pairs(directory, seed):
    chance = random.Random(seed)
    directory.mkdir(parents=True)
    for split, count in {"train": 24, "dev": 12, "test": 12}.items():
        lines = ["one\ttwo\twhat"]
        for number in range(count):
            sides = [" ".join(chance.choices(WORDS, k=chance.randint(2, 14))) for _ in range(2)]
            sides[1] = sides[number % 2]
            lines.append("\t".join([*sides, PAIRS["labels"][number % 2]]))
        (directory / f"{split}.tsv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    study = json.loads(json.dumps(STUDY))
    study["corpora"] = [PAIRS]
    study["trials_per_job"] = 2
    scratch = {"corpora": ["grammar-topics"], "languages": ["en"], "sentences": 100}
    study["models"][0]["scratch"] |= scratch
    limits = {"train_sentences": 24, "dev_sentences": 12, "test_sentences": 16}
    study["recipes"] = [{"name": "quick", "epochs": 2, "batch_size": 4, **limits}]
    study["recipes"][0]["learning_rate"] = 5e-3
    shared = {"models": ["mini"], "recipe": "quick"}
    study["experiments"] = [
        {
            **shared,
            "name": "topics",
            "corpus": "grammar-topics",
            "sources": ["en"],
            "targets": ["de"],
            "settings": ["cross-lingual", "multi-lingual"],
            "rankings": ["gradient", "fisher-predicted-on-target"],
            "k": [1, 2],
            "random_rankings": 1,
            "noise_seeds": [7],
            "fresh_seeds": [9],
        },
        {
            **shared,
            "name": "pairs",
            "corpus": "pairs",
            "sources": ["aa"],
            "targets": ["bb"],
            "settings": ["cross-lingual"],
            "metric": "macro_f1",
            "k": [1, 2],
        },
    ]
    study["exports"] = [
        {"experiment": "pairs"},
        {"setting": "cross-lingual", "experiment": "topics", "k": 2},
    ]
    made = make_project(tmp_path_factory.mktemp("classification") / "project", study)
    for seed, code in enumerate(("aa", "bb")):
        write_pairs(made.path / "mirror" / "pairs" / code, seed)
    made.succeed("report", "export")
    return made


def trial(project, *parts):
    path = project.path.joinpath("results/trials/mini", *parts)
    return json.loads(path.with_suffix(".json").read_text())


def test_a_finished_study_of_texts_has_its_report_and_nothing_to_do(project):
    assert project.planned("report", "export") == {}
    report = (project.path / "results/report.html").read_text(encoding="utf-8")
    for words in (
        "Sentence classification",
        "grammar-topics: labels (texts, all splits)",
        "Texts cut off",
    ):
        assert words in report
    found = trial(project, "grammar-topics/quick/en/seed-42/unpruned/k-00")
    assert found["trial"]["task"] == "classification"
    assert {row["words"] for row in found["scores"] if row["split"] == "test"} == {16}
    assert {*found["scores"][0]["metrics"]} == {"accuracy", "macro_f1"}


def test_texts_that_are_too_long_are_counted(project):
    """Encoders of 32 positions cut pairs of long texts."""
    found = trial(project, "pairs/quick/aa/seed-42/unpruned/k-00")
    assert found["training"]["cut_texts"] > 0
    assert all(row["cut_texts"] > 0 for row in found["scores"])
    encoding = project.path / "results/encodings/mini/pairs/aa/encoding.json"
    counts = json.loads(encoding.read_text())["splits"]
    assert counts["train"]["cut_texts"] == found["training"]["cut_texts"]


def test_every_table_has_its_numbers(project):
    results = project.path / "results/studies/tiny"
    choices, gains = (rows(results / name) for name in ("choices.csv", "statistics.csv"))
    shown = {(row["experiment"], row["metric"]) for row in choices if row["role"] == "main"}
    assert {("topics", "accuracy"), ("pairs", "macro_f1")} <= shown
    assert all(row["dev_selected_test"] for row in choices)
    pairs = [row for row in gains if (row["level"], row["criterion"]) == ("pair", "test_oracle")]
    assert pairs and all(row["low"] and row["p"] for row in pairs)


def test_exports_are_sequence_classifiers(project):
    made = sorted((project.path / "results/exports").rglob("pruned_heads.json"))
    records = {record["point"]["corpus"]: record for record in map(_read, made)}
    assert {name: record["pairs"] for name, record in records.items()} == {
        "pairs": True,
        "grammar-topics": False,
    }
    for path in made:
        config = _read(path.parent / "config.json")
        assert config["architectures"] == ["BertForSequenceClassification"]
        assert 'pipeline("text-classification"' in (path.parent / "README.md").read_text()


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _read(path):
    return json.loads(path.read_text())
