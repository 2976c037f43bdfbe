"""The choice of k among the trials of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from polyheads.study import trial_files


def chosen_k(
    trials: Sequence[str | Path], ks: Sequence[int], dev: Sequence[str], metric: str
) -> int:
    """The k that a sweep's trials (paths, in the order of `ks`) choose on dev, as `choose` does."""
    means = {}
    for k, path in zip(ks, trials, strict=True):
        rows = trial_files.scores(path, trial_files.read_trial(path), split="dev")
        found = {row["language"]: row["metrics"][metric] for row in rows}
        means[k] = sum(found[language] for language in dev) / len(dev)
    chosen = highest(means)
    assert chosen is not None, "a sweep has at least k = 0"
    return chosen


def highest(scores: Mapping[int, float]) -> int | None:
    """The k with the highest score, ties to the smaller k; None where there is none."""
    return max(scores, key=lambda k: (scores[k], -k), default=None)
