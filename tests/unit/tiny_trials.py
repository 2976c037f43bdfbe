"""A tiny encoder and encoded corpora on disk, and the trials that read them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import LABELS, make_layout, make_model, make_sentences

from polyheads.encoders import models
from polyheads.training import trials
from polyheads.validation import load_schema

NAMES = ["ADJ", "ADV", "NOUN", "PRON", "VERB"]
assert len(NAMES) == LABELS
LANGUAGES = ("en", "de", "fr")
SIZES = {"train": 13, "dev": 9, "test": 10}
REPEATED = (1, 4)  # sentences of every split that stand in another one, too


def recipe_keys() -> dict:
    """Key of a recipe -> its schema."""
    schema = load_schema("config")
    keys = schema["properties"]["recipes"]["items"]["properties"]
    return {key: content for key, content in keys.items() if key != "name"}


def make_recipe(**changes) -> dict:
    """The defaults, as a tiny encoder learns from a few sentences; all keys are there."""
    defaults = {key: content.get("default") for key, content in recipe_keys().items()}
    return defaults | {"epochs": 2, "batch_size": 4, "learning_rate": 1e-3} | changes


def write_encoding(directory: Path, kind: str, number: int) -> Path:
    """What `encode` leaves for one language, of random sentences."""
    directory.mkdir(parents=True)
    for at, (split, count) in enumerate(SIZES.items()):
        sentences = make_sentences(count, seed=10 * number + at)
        columns = {
            "subwords": pa.array([s.subwords for s in sentences], pa.list_(pa.int32())),
            "starts": pa.array([s.starts for s in sentences], pa.list_(pa.int32())),
            "labels": pa.array([s.labels for s in sentences], pa.list_(pa.int16())),
            "repeated": pa.array([i in REPEATED for i in range(count)]),
        }
        pq.write_table(pa.table(columns), directory / f"{split}.parquet")
    special = {"prefix": make_layout(kind).prefix, "suffix": make_layout(kind).suffix}
    info = {"task": "pos", "labels": NAMES, "special": special}
    (directory / "encoding.json").write_text(json.dumps(info))
    return directory


def make_setup(directory: Path, kind: str = "bert", **changes) -> trials.Setup:
    """Trained on English and German, tested on German and French."""
    model_dir = directory / "model"
    if not model_dir.exists():
        encoder = make_model(kind).base_model
        encoder.save_pretrained(model_dir)
        info = models.describe(encoder, name="tiny", source={})
        (model_dir / "model.json").write_text(json.dumps(info))
        for number, language in enumerate(LANGUAGES):
            write_encoding(directory / language, kind, number)
    made = trials.Setup(
        model_dir=model_dir,
        encodings={language: directory / language for language in LANGUAGES},
        recipe=make_recipe(),
        mixture=("en", "de"),
        evaluate_on=("de", "fr"),
        seed=3,
        device="cpu",
        threads=1,
        checkpoint_minutes=10,
        code="1",
    )
    return replace(made, **changes)


def make_trials(directory: Path, kind: str = "bert", *, recipe=None, **changes) -> trials.Trials:
    """Trials of `make_setup`; ``recipe`` has the keys that are not as in `make_recipe`."""
    recipe = make_recipe(**(recipe or {}))
    return trials.Trials(make_setup(directory, kind, recipe=recipe, **changes))


def fit(runner: trials.Trials, pruned=()):
    """(model, record) of a training without a checkpoint."""
    nowhere = runner.setup.model_dir.parent / "checkpoint.safetensors"
    return runner.fit(pruned=pruned, checkpoint_path=nowhere, name="test")


def sentences_on_disk(runner: trials.Trials, language: str, split: str) -> list[list[int]]:
    """Subwords of all sentences of a split."""
    table = pq.read_table(runner.setup.encodings[language] / f"{split}.parquet")
    return table.column("subwords").to_pylist()


def subwords_of(sentences) -> list[list[int]]:
    return [np.asarray(sentence.subwords).tolist() for sentence in sentences]
