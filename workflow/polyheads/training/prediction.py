"""Predicted labels of every word of a split, windows rejoined, and how they are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from polyheads.encoders.batches import Layout, Sentence, chunks
from polyheads.encoders.forward import autocast
from polyheads.encoders.sharing import logits_of_gates
from polyheads.files import writing

BATCH = 32  # sentences; the numbers don't depend on it


@dataclass(frozen=True)
class Predictions:
    """The labels of one test or development set, ids for each sentence."""

    language: str
    split: str
    heads: str  # pruned | all: those that were on
    gold: Sequence[np.ndarray]
    predicted: Sequence[np.ndarray]


def predict(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    gate: torch.Tensor | None,
    device: torch.device,
    precision: str,
) -> list[np.ndarray]:
    """Most likely label id of every word: one (words,) array per sentence, dropout off."""
    (found,) = predict_each(
        model, sentences, layout=layout, gates=[gate], device=device, precision=precision
    )
    return found


@torch.no_grad()
def predict_each(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    gates: Sequence[torch.Tensor | None],
    device: torch.device,
    precision: str,
) -> list[list[np.ndarray]]:
    """What `predict` gives for each of several gates, sooner."""
    model.to(device).eval()
    # Sentences of like length side by side waste little in attention's padded grid.
    by_length = np.argsort([len(s.subwords) for s in sentences], kind="stable")
    found = [[np.empty(0, np.int64)] * len(sentences) for _ in gates]
    ordered = [sentences[i] for i in by_length]
    begin = 0
    batches = chunks(ordered, size=BATCH, layout=layout, device=device)
    with autocast(device, precision):
        for batch, passes in logits_of_gates(model, batches, gates):
            owner = batch.example.cpu().numpy()
            words = [np.flatnonzero(owner == example) for example in range(batch.size)]
            for number, logits in passes:
                best = logits.argmax(-1).cpu().numpy()
                for example, mine in enumerate(words):
                    labels = np.full(len(ordered[begin + example].starts), -1, np.int64)
                    labels[batch.word[mine]] = best[mine]
                    assert (labels >= 0).all(), "a word was not predicted"
                    found[number][by_length[begin + example]] = labels
            begin += batch.size
    return found


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
