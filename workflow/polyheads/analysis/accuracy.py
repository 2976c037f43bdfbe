"""Accuracy beside the F1 scores of part of speech: what the same trials have on the same test sets.

F1 of tags is read in several ways, of which none is common; accuracy has one. k stays the one that
the table's own metric chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice, Score
from polyheads.catalogue.tasks import METRICS

ACCURACY = "accuracy"
BESIDE = tuple(name for name in METRICS["pos"] if name != ACCURACY)
"""Metrics beside which accuracy is shown."""

Accuracies = Mapping[tuple[object, ...], float]  # sweep, k and the heads that are on -> percent


def accuracies(scores: Iterable[Score], metric: str) -> Accuracies:
    """Those of test sets; none beside a metric that needs no accuracy."""
    if metric not in BESIDE:
        return {}
    return {
        (row.sweep, row.k, row.heads): row.value
        for row in scores
        if row.split == "test" and row.metric == ACCURACY
    }


def mean_accuracy(
    known: Accuracies, choices: Iterable[Choice], criterion: str | None
) -> float | None:
    """Mean in percent over the sweeps that have one, at the k of a criterion; None for k = 0."""
    values = []
    for choice in choices:
        k = choice.by(criterion).k if criterion else 0
        # With no head pruned there are no others to put back.
        values.append(known.get((choice.sweep, k, choice.heads if k else "pruned")))
    return tidy.mean(values)
