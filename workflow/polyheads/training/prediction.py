"""Predicted labels of every word of a split, windows rejoined, and how they are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from polyheads.encoders.batches import Batch, Layout, Sentence, pack
from polyheads.encoders.forward import autocast, word_logits
from polyheads.files import writing

# Tokens of a batch, padding of attention's grid included; the numbers don't depend on it.
TOKENS = {"cpu": 2048, "cuda": 16384}


@dataclass(frozen=True)
class Predictions:
    """The labels of one test or development set, ids for each sentence."""

    language: str
    split: str
    heads: str  # pruned | all: those that were on
    gold: Sequence[np.ndarray]
    predicted: Sequence[np.ndarray]


@dataclass(frozen=True)
class Packed:
    """The sentences of a split in batches of like length, on a device."""

    batches: list[Batch]
    place: np.ndarray  # (N,) where the words of all batches, one after the other, lie in the split
    words: np.ndarray  # (sentences,) how many each has


def packed(sentences: Sequence[Sentence], layout: Layout, device: torch.device) -> Packed:
    """What ``predict`` reads: sentences of like length together, so that hardly any is padded."""
    lengths = np.array([len(s.subwords) for s in sentences], np.int64)
    words = np.array([len(s.starts) for s in sentences], np.int64)
    first = np.cumsum(words) - words  # (sentences,) where the words of each begin
    batches, places = [], []
    for chosen in _cut(lengths, TOKENS[device.type], around=layout.max_length - layout.room):
        batch = pack([sentences[i] for i in chosen], layout, device)
        batches.append(batch)
        places.append(first[chosen][batch.example.cpu().numpy()] + batch.word)
    place = np.concatenate([*places, np.empty(0, np.int64)])
    assert np.array_equal(np.sort(place), np.arange(words.sum())), "a word is not predicted once"
    return Packed(batches, place, words)


def _cut(lengths: np.ndarray, tokens: int, *, around: int) -> Iterator[np.ndarray]:
    """Indices of the sentences of each batch, from short to long, of at most so many ``tokens``.

    Each sentence has ``around`` special ones and counts as much as the longest beside it. One that
    is too long stands alone.
    """
    order = np.argsort(lengths, kind="stable")
    begin = 0
    while begin < len(order):
        sizes = (lengths[order[begin:]] + around) * np.arange(1, len(order) - begin + 1)
        count = max(1, int(np.searchsorted(sizes, tokens, side="right")))
        yield order[begin : begin + count]
        begin += count


@torch.no_grad()
def predict(
    model: torch.nn.Module, split: Packed, *, gate: torch.Tensor | None, precision: str
) -> list[np.ndarray]:
    """Most likely label id of every word: one (words,) array per sentence, dropout off."""
    if not split.batches:
        return []
    device = split.batches[0].labels.device
    model.to(device).eval()
    gate = None if gate is None else gate.to(device)
    with autocast(device, precision):
        best = [word_logits(model, batch, gate).argmax(-1) for batch in split.batches]
    labels = np.empty(len(split.place), np.int64)
    labels[split.place] = torch.cat(best).cpu().numpy()
    return np.split(labels, np.cumsum(split.words)[:-1])


def save(path: Path, rows: Sequence[Predictions], labels: Sequence[str]) -> None:
    """Keep predictions as Parquet: one row per (language, split, heads, sentence).

    Ids are those of ``labels``, which stand in the schema's metadata.
    """
    tables = []
    ids = pa.list_(pa.uint16())
    for row in rows:
        count = len(row.gold)
        tables.append(
            pa.table(
                {
                    "language": pa.array([row.language] * count).dictionary_encode(),
                    "split": pa.array([row.split] * count).dictionary_encode(),
                    "heads": pa.array([row.heads] * count).dictionary_encode(),
                    "sentence": pa.array(range(count), pa.int32()),
                    "gold": pa.array([np.asarray(x, np.uint16) for x in row.gold], ids),
                    "predicted": pa.array([np.asarray(x, np.uint16) for x in row.predicted], ids),
                }
            )
        )
    table = pa.concat_tables(tables).unify_dictionaries()
    table = table.replace_schema_metadata({"labels": json.dumps(list(labels), ensure_ascii=False)})
    with writing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
