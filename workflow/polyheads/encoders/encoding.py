"""What is written of an encoded corpus: `encoding.json` and a Parquet file for each split."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from polyheads import digests, origins
from polyheads.corpora.records import CorpusInfo
from polyheads.encoders import texts
from polyheads.encoders.records import ModelInfo
from polyheads.encoders.subwords import (
    SPLITS,
    EncodingInfo,
    SplitCounts,
    encode_sentences,
    load_tokenizer,
    special_tokens,
)
from polyheads.files import writing

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def encode(*, model_dir: Path, corpus_dir: Path, out_dir: Path, code: str = "") -> None:
    """Encode a prepared corpus: one Parquet file per split and ``encoding.json``.

    Columns: subwords list<int32>, starts list<int32> (first subword of each word), labels
    list<int16>, repeated bool (see corpora.prepare); of texts to classify second int32, too (see
    `batches.Sentence`). Empty where the corpus lacks the split. ``encoding.json`` holds label
    names, special tokens and, per split, counts of words without subwords, of sentences longer than
    the model's limit (they are windowed, but texts to classify are cut) and of single words longer
    than it (they are cut); digests of its files, and of what they are made of (code: hash of the
    code that does so).
    """
    from datasets import load_from_disk

    model_dir, corpus_dir, out_dir = Path(model_dir), Path(corpus_dir), Path(out_dir)
    model: ModelInfo = json.loads((model_dir / "model.json").read_text())
    corpus: CorpusInfo = json.loads((corpus_dir / "corpus.json").read_text())
    tokenizer = load_tokenizer(model_dir)
    data = load_from_disk(str(corpus_dir / "data"))
    around: texts.Around | None = None
    if corpus["task"] == "classification":
        pairs = any(len(split) and len(split[0]["tokens"]) > 1 for split in data.values())
        around = texts.around(tokenizer, model_dir, pairs=pairs)
    special = around.special(tokenizer) if around else special_tokens(tokenizer)
    room = model["max_length"] - len(special["prefix"]) - len(special["suffix"])
    report = {}
    out_dir.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        given: Mapping[str, Sequence[Any]] = {"tokens": [], "tags": [], "repeated": []}
        if split in data:  # a language only tested on may have no training set
            given = {name: list(data[split][name]) for name in given}
        if around:
            columns, counts = _texts(tokenizer, given["tokens"], around, room=room)
        else:
            columns, counts = _words(
                tokenizer, given["tokens"], unknown=special["unknown"], room=room
            )
        if split in data:
            report[split] = counts
        columns["labels"] = pa.array(given["tags"], type=pa.list_(pa.int16()))
        columns["repeated"] = pa.array(given["repeated"], type=pa.bool_())
        with writing(out_dir / f"{split}.parquet") as temporary:
            pq.write_table(pa.table(columns), temporary, compression="zstd")
    info: EncodingInfo = {
        "model": model["model"],
        "corpus": corpus["corpus"],
        "language": corpus["language"],
        "task": corpus["task"],
        "labels": corpus["labels"],
        "special": special,
        "max_length": model["max_length"],
        "splits": report,
        "files": digests.table(out_dir, [f"{split}.parquet" for split in SPLITS]),
        "made_of": origins.of_encoding(model_dir, corpus_dir, code),
    }
    if around:
        info["texts"] = around.texts()
    with writing(out_dir / "encoding.json") as temporary:
        temporary.write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n")


def _words(
    tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], *, unknown: int, room: int
) -> tuple[dict[str, pa.Array], SplitCounts]:
    """Columns and counts of sentences whose words have labels."""
    ids, starts, empty = encode_sentences(tokenizer, sentences, unknown=unknown)
    columns = {
        "subwords": pa.array(ids, type=pa.list_(pa.int32())),
        "starts": pa.array(starts, type=pa.list_(pa.int32())),
    }
    return columns, _counts(ids, starts, empty=empty, room=room)


def _texts(
    tokenizer: Tokenizer, given: Sequence[Sequence[str]], around: texts.Around, *, room: int
) -> tuple[dict[str, pa.Array], SplitCounts]:
    """Columns and counts of texts to classify."""
    encoded = texts.encode(tokenizer, given, around)
    columns = {
        "subwords": pa.array(encoded.subwords, type=pa.list_(pa.int32())),
        "starts": pa.array([[0]] * len(given), type=pa.list_(pa.int32())),
        "second": pa.array(encoded.second, type=pa.int32()),
    }
    return columns, texts.counts(encoded, given, around, room=room)


def _counts(
    ids: Sequence[np.ndarray], starts: Sequence[np.ndarray], *, empty: int, room: int
) -> SplitCounts:
    subwords = int(sum(map(len, ids)))
    words = int(sum(map(len, starts)))
    longest = [
        int(np.diff(np.append(s, len(i))).max()) if len(s) else 0
        for i, s in zip(ids, starts, strict=True)
    ]
    return {
        "sentences": len(ids),
        "words": words,
        "subwords": subwords,
        "subwords_per_word": round(subwords / max(words, 1), 3),
        "words_without_subwords": empty,
        "windowed_sentences": sum(len(i) > room for i in ids),
        "truncated_words": sum(n > room for n in longest),
        "longest_subwords": max(map(len, ids), default=0),
    }
