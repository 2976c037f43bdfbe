"""What the numbers of a trial or of a head's score were made of, as digests.

A training that goes on, and a report of an unfinished study, must know whether a file belongs to
what is there now. Both ask here: one comparison, one list of what numbers depend on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

from polyheads import digests

MODEL_FILES = ("model.safetensors", "config.json")  # what a training reads of an encoder
TOKENIZER = "tokenizer.json"


class OfCorpus(TypedDict):
    """What a prepared corpus was made of."""

    entry: str
    code: str


class OfEncoder(TypedDict):
    """What an encoder was made of."""

    spec: str
    code: str
    corpora: dict[str, str | None]


class OfEncoding(TypedDict):
    """What an encoding was made of."""

    tokenizer: str
    corpus: str
    code: str


class OfTraining(TypedDict):
    """What the numbers of a trial or of a head's score were made of; see `made_of`."""

    model: dict[str, str | int | None]
    data: dict[str, dict[str, str]]  # language -> labels and splits
    recipe: str
    code: str
    device: str
    threads: int


def of_corpus(entry: Mapping[str, object], code: str) -> OfCorpus:
    """For corpus.json; it has the checksums of the files that were read already."""
    return {"entry": digests.of(entry), "code": code}


def of_encoder(
    spec: Mapping[str, object], code: str, corpora: Mapping[str, str | None] | None = None
) -> OfEncoder:
    """For model.json: what an encoder was made of.

    spec: the model's block of the study. corpora: where it is trained here, CORPUS/LANGUAGE ->
    digest of corpus.json, None where there is none that could be its text.
    """
    return {"spec": digests.of(spec), "code": code, "corpora": dict(corpora or {})}


def files_of_encoder(directory: str | Path) -> dict[str, digests.FileDigest]:
    """For model.json, when all other files are there."""
    return digests.table(directory, [*MODEL_FILES, TOKENIZER])


def of_encoding(model_dir: str | Path, corpus_dir: str | Path, code: str) -> OfEncoding:
    """For encoding.json."""
    tokenizer = digests.current(Path(model_dir, "model.json"), [TOKENIZER])[TOKENIZER]
    corpus = digests.of_file(Path(corpus_dir, "corpus.json"))
    return {"tokenizer": tokenizer, "corpus": corpus, "code": code}


def splits_read(trained: Iterable[str], tested: Iterable[str] = ()) -> dict[str, list[str]]:
    """Language -> splits that a training reads.

    Train and dev of what it is trained on, test of what it is tested on.
    """
    found = {language: ["train", "dev"] for language in trained}
    for language in tested:
        found.setdefault(language, []).append("test")
    return found


def splits_scored(trained: str, text: str, recipe: Mapping[str, object]) -> dict[str, list[str]]:
    """The same for the scores, on text of one language, of the heads of a training on one."""
    found = {trained: {"train"}}
    found.setdefault(text, set()).add(str(recipe["ranking_split"]))
    return {language: sorted(splits) for language, splits in found.items()}


def of_model(directory: str | Path) -> dict[str, str | int | None]:
    """Weights and configuration of an encoder, and how sentences are laid out for it."""
    path = Path(directory, "model.json")
    info = json.loads(path.read_text(encoding="utf-8"))
    layout = {key: info[key] for key in ("position_offset", "max_length")}
    return {**digests.current(path, MODEL_FILES), **layout}


def of_data(directory: str | Path, splits: Iterable[str]) -> dict[str, str]:
    """The splits of an encoding, its label set and special tokens."""
    path = Path(directory, "encoding.json")
    info = json.loads(path.read_text(encoding="utf-8"))
    files = digests.current(path, [f"{split}.parquet" for split in splits])
    meaning = digests.of([info[key] for key in ("task", "labels", "special")])
    return {"labels": meaning, **{name.removesuffix(".parquet"): d for name, d in files.items()}}


def made_of(
    *,
    model_dir: str | Path,
    encodings: Mapping[str, str | Path],
    splits: Mapping[str, Iterable[str]],
    recipe: Mapping[str, object],
    code: str,
    device: str,
    threads: int,
) -> OfTraining:
    """All that the numbers of a training depend on besides mixture, seed and pruned heads.

    splits: language -> those that are read. recipe: without the keys that change nothing here.
    device: its type, `cpu` or `cuda`.
    """
    return {
        "model": of_model(model_dir),
        "data": {lang: of_data(encodings[lang], read) for lang, read in splits.items()},
        "recipe": digests.of(recipe),
        "code": code,
        "device": device,
        "threads": threads,
    }
