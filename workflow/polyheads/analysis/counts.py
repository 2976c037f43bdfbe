"""From kept predictions to counts per sentence, and from sums of counts to a metric.

A metric of `catalogue.metrics` is no mean over sentences, but a function of sums: the counts of
the sentences of any draw, added up, give the metric of that draw. Counts are kept as arrays
(sentences, width); what the columns are depends on the metric:

* accuracy: correct words, words
* span and run metrics: entities found (same place, end and type), predicted, in gold
* macro F1: the same three of every label, as words: (3 x labels)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from polyheads.catalogue.metrics import run_tags
from polyheads.errors import UserError
from polyheads.study.predictions import Predictions


def check_same(first: Predictions, other: Predictions, *, paths: Sequence[str | Path]) -> None:
    """UserError unless both are predictions for the same sentences with the same labels."""
    what = None
    if first.labels != other.labels:
        what = f"different label sets (of {len(first.labels)} and {len(other.labels)} labels)"
    elif len(first.lengths) != len(other.lengths):
        what = f"not the same number of sentences ({len(first.lengths)} and {len(other.lengths)})"
    elif not np.array_equal(first.lengths, other.lengths):
        what = "sentences of different lengths"
    elif not np.array_equal(first.gold, other.gold):
        what = "different gold labels"
    if what:
        raise UserError(
            f"{paths[0]} and {paths[1]} can't be compared: {what}; delete the older one's JSON"
            " file and run again"
        )


def count(found: Predictions, metric: str) -> np.ndarray:
    """(sentences, width) counts of one system for a metric of `catalogue.metrics`."""
    sentences, owner = len(found.lengths), found.owner
    if metric == "accuracy":
        correct = np.bincount(owner, found.gold == found.predicted, minlength=sentences)
        return np.stack([correct.astype(np.int64), found.lengths], axis=1)
    if metric == "macro_f1":
        return _per_label(found)
    ends, kinds = zip(
        *(_spans(found, side, metric) for side in (found.gold, found.predicted)), strict=True
    )
    same = (ends[0] >= 0) & (ends[0] == ends[1]) & (kinds[0] == kinds[1])
    columns = (same, ends[1] >= 0, ends[0] >= 0)
    return np.stack([np.bincount(owner[column], minlength=sentences) for column in columns], axis=1)


def _per_label(found: Predictions) -> np.ndarray:
    """(sentences, 3 x labels of gold): words found, predicted, in gold of every label.

    Labels that gold lacks are left out: the metric averages over those in gold, and a draw has
    no others.
    """
    sentences, owner = len(found.lengths), found.owner
    kept = np.unique(found.gold)
    place = np.full(len(found.labels), -1)
    place[kept] = np.arange(len(kept))
    columns = []
    same = found.gold == found.predicted
    for ids, words in ((found.gold, same), (found.predicted, True), (found.gold, True)):
        inside = (place[ids] >= 0) & words
        cell = owner[inside] * len(kept) + place[ids[inside]]
        table = np.bincount(cell, minlength=sentences * len(kept))
        columns.append(table.reshape(sentences, len(kept)))
    return np.concatenate(columns, axis=1)


def _spans(found: Predictions, ids: np.ndarray, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Entities of one side: ((words,) end of the entity that starts here or -1, (words,) type).

    The rules are those of `catalogue.metrics`: strict IOB2 (an entity needs its B-), lenient (an I-
    that continues nothing opens one too), or runs of equal tags.
    """
    opens, joins, kinds = _reading(found.labels, metric)
    before = np.concatenate([[-1], ids[:-1]])
    first = np.zeros(len(ids), bool)
    starts = np.cumsum(found.lengths) - found.lengths
    first[starts[found.lengths > 0]] = True
    linked = joins[ids] & (kinds[ids] == kinds[before]) & ~first
    # Runs of linked words: one begins wherever a word isn't linked to the one before it.
    begins = np.flatnonzero(~linked)
    ends = np.full(len(ids), -1)
    ends[begins] = np.append(begins[1:], len(ids))
    ends[linked | ~opens[ids]] = -1
    return ends, kinds[ids]


def _reading(labels: Sequence[str], metric: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every label: does it open an entity, can it continue one, and its type (-1: none)."""
    if metric == "f1_runs_as_published":
        twice = [run_tags([label, label]) for label in labels]
        inside = [one != "O" for one, _ in twice]
        joins = [two.startswith("I-") for _, two in twice]
        return np.array(inside), np.array(joins), np.arange(len(labels))
    names = {name: i for i, name in enumerate(sorted({label[2:] for label in labels} - {""}))}
    prefixes = [label[:1] for label in labels]
    opens = [p == "B" or (p == "I" and metric == "f1_lenient") for p in prefixes]
    kinds = [names.get(label[2:], -1) for label in labels]
    return np.array(opens), np.array([p == "I" for p in prefixes]), np.array(kinds)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide above by below, with 0 where below is 0, as seqeval does."""
    shares: np.ndarray = np.divide(above, below, out=np.zeros(np.shape(above)), where=below != 0)
    return shares


def _precision(sums: np.ndarray) -> np.ndarray:
    return 100 * _ratio(sums[..., 0], sums[..., 1])


def _recall(sums: np.ndarray) -> np.ndarray:
    return 100 * _ratio(sums[..., 0], sums[..., 2])


def _f1(sums: np.ndarray) -> np.ndarray:
    # By precision and recall, as seqeval, for the same last digit.
    p, r = (_ratio(sums[..., 0], sums[..., side]) for side in (1, 2))
    return 100 * _ratio(2 * p * r, p + r)


def _accuracy(sums: np.ndarray) -> np.ndarray:
    return _ratio(100 * sums[..., 0], sums[..., 1])


def _macro_f1(sums: np.ndarray) -> np.ndarray:
    found, predicted, gold = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, -1), -2, 0)
    f1 = np.where(gold > 0, _ratio(2 * found, gold + predicted), 0)
    return _ratio(100 * f1.sum(-1), (gold > 0).sum(-1))


Score = Callable[[np.ndarray], np.ndarray]
SCORES: dict[str, Score] = {
    "accuracy": _accuracy,
    "macro_f1": _macro_f1,
    "f1_runs_as_published": _f1,
    "f1_strict": _f1,
    "precision_strict": _precision,
    "recall_strict": _recall,
    "f1_lenient": _f1,
}
"""Metric -> function of sums of its counts (..., width), float64, to scores (...) in percent."""
