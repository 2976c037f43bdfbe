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

from polyheads.encoders.batches import Batch, Layout, Sentence, cut_texts, pack
from polyheads.encoders.forward import autocast
from polyheads.encoders.sharing import logits_of_gates
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
    cut: int = 0  # texts to classify that are longer than the layout has room for


def packed(sentences: Sequence[Sentence], layout: Layout, device: torch.device) -> Packed:
    """What ``predict`` reads: sentences of like length together, so that hardly any is padded."""
    lengths = np.array([len(s.subwords) for s in sentences], np.int64)
    if layout.first:  # texts to classify have no windows
        lengths = np.minimum(lengths, layout.room)
    words = np.array([len(s.starts) for s in sentences], np.int64)
    first = np.cumsum(words) - words  # (sentences,) where the words of each begin
    batches, places = [], []
    for chosen in _cut(lengths, TOKENS[device.type], around=layout.max_length - layout.room):
        batch = pack([sentences[i] for i in chosen], layout, device)
        batches.append(batch)
        places.append(first[chosen][batch.example.cpu().numpy()] + batch.word)
    place = np.concatenate([*places, np.empty(0, np.int64)])
    assert np.array_equal(np.sort(place), np.arange(words.sum())), "a word is not predicted once"
    return Packed(batches, place, words, cut=cut_texts(sentences, layout))


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


def predict(
    model: torch.nn.Module, split: Packed, *, gate: torch.Tensor | None, precision: str
) -> list[np.ndarray]:
    """Most likely label id of every word: one (words,) array per sentence, dropout off."""
    (predicted,) = predict_each(model, split, gates=[gate], precision=precision)
    return predicted


@torch.no_grad()
def predict_each(
    model: torch.nn.Module,
    split: Packed,
    *,
    gates: Sequence[torch.Tensor | None],
    precision: str,
) -> list[list[np.ndarray]]:
    """What `predict` gives for each of several gates, sooner."""
    if not split.batches:
        return [[] for _ in gates]
    device = split.batches[0].labels.device
    model.to(device).eval()
    best: list[list[torch.Tensor]] = [[] for _ in gates]  # labels of the words of each batch
    with autocast(device, precision):
        for _, passes in logits_of_gates(model, split.batches, gates):
            for number, logits in passes:
                best[number].append(logits.argmax(-1))
    return [_by_sentence(split, torch.cat(found)) for found in best]


def _by_sentence(split: Packed, best: torch.Tensor) -> list[np.ndarray]:
    """(N,) labels of the words of all batches as one array for each sentence of the split."""
    labels = np.empty(len(split.place), np.int64)
    labels[split.place] = best.cpu().numpy()
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
