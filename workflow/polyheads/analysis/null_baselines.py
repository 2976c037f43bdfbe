"""What the mean gain of a table would be without the heads, and without the ranking.

Two nulls, each through the same choice of k as the gains themselves:

* `random`: the sweeps of random rankings (role random). "The gradient finds the heads" is held
  against them. Under the null the ranking is one of n + 1 exchangeable ones, so p is exact.
* `noise`: unpruned runs with other seeds (role noise). "Pruning helps" is held against a choice
  among runs that differ in nothing but the seed (`run_noise`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from polyheads.analysis import resampling, run_noise
from polyheads.analysis.rows import CRITERIA, Row
from polyheads.analysis.run_noise import Runs
from polyheads.study.rankings import ranking_kind

COLUMNS = (
    *("experiment", "ranking", "task", "corpus", "model", "setting", "metric", "criterion"),
    *("pairs", "gain", "null", "null_mean", "null_low", "null_high", "n", "p"),
)
FOR_PERCENTILES = 40  # rankings; fewer have no 2.5th percentile but their smallest number
_TABLE = ("experiment", "task", "corpus", "model", "setting", "metric")
_PAIR = ("source", "target", "mixture", "seed")


def rows(
    choices: Iterable[Mapping[str, Any]],
    scores: Iterable[Mapping[str, Any]],
    *,
    draws: int = resampling.RESAMPLES,
) -> list[Row]:
    """One row (COLUMNS) per table, kind of ranking, model, criterion and null that the study has.

    gain: the mean over the pairs (and seeds) that have both gains and that the null has, too;
    null_low, null_high: where LEVEL percent of the null's means lie, of few random rankings their
    smallest and largest. n: random rankings, or unpruned runs of a training beside its sweep's own
    (the fewest). p: one for each mean, one-sided; None where runs are too few. Percentage points.
    """
    choices, scores = list(choices), list(scores)
    tables: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in choices:
        if row["role"] == "main":
            kind = ranking_kind(row["ranking"], row["source"])
            tables.setdefault((*(row[name] for name in _TABLE), kind), []).append(row)
    random = _random_gains(choices)
    runs = Runs.of(scores)
    out = []
    for (*place, kind), members in tables.items():
        about = dict(zip(_TABLE, place, strict=True)) | {"ranking": kind}
        pairs = {
            _pair(row): row
            for row in members
            if row["dev_selected_gain"] is not None and row["test_oracle_gain"] is not None
        }
        for criterion in CRITERIA:
            for found in (
                _against_random(pairs, random.get(tuple(place), {}), kind, criterion),
                _against_noise(pairs, runs, criterion, draws),
            ):
                if found:
                    out.append({c: (about | {"criterion": criterion} | found)[c] for c in COLUMNS})
    return out


def _against_random(
    pairs: Mapping[tuple, Mapping[str, Any]],
    random: Mapping[str, Mapping[tuple, Mapping[str, Any]]],
    kind: str,
    criterion: str,
) -> Row | None:
    """The mean gain among those of the random rankings that have all pairs; None without any."""
    if not pairs or kind.removeprefix("reversed-").startswith("random-"):
        return None  # a random ranking is no claim about rankings
    means = np.array(
        [
            np.mean([gains[pair][f"{criterion}_gain"] for pair in pairs])
            for gains in random.values()
            if pairs.keys() <= gains.keys()
        ]
    )
    if not len(means):
        return None
    bounds = (float(means.min()), float(means.max()))
    if len(means) >= FOR_PERCENTILES:
        bounds = resampling.interval(means)
    return _row("random", pairs, criterion, means, bounds, len(means))


def _against_noise(
    pairs: Mapping[tuple, Mapping[str, Any]], runs: Runs, criterion: str, draws: int
) -> Row | None:
    """The mean gain among those that choices among unpruned runs would give."""
    trainings: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in filter(run_noise.trained, pairs.values()):
        trainings.setdefault(run_noise.training_of(row), []).append(row)
    used, found = {}, []
    for members in trainings.values():
        null = run_noise.against_runs(runs, members, criterion, draws=draws)
        if null:
            found.append(null)
            used |= {_pair(row): row for row in members}
    if not used:
        return None
    # As gains over the sweeps' own unpruned runs, which our gain is over, too.
    means = np.sum([null.normal + null.shift for null in found], axis=0) / len(used)
    further = min(null.further for null in found)
    row = _row("noise", used, criterion, means, resampling.interval(means), further)
    return row | {"p": run_noise.p_value(found)}


def _row(
    null: str,
    pairs: Mapping[tuple, Mapping[str, Any]],
    criterion: str,
    means: np.ndarray,
    bounds: tuple[float, float],
    n: int,
) -> Row:
    gain = float(np.mean([row[f"{criterion}_gain"] for row in pairs.values()]))
    p = resampling.p_value(gain, means, two_sided=False)
    out = {"pairs": len(pairs), "gain": gain, "null": null, "null_mean": float(means.mean())}
    return out | {"null_low": bounds[0], "null_high": bounds[1], "n": n, "p": p}


def _random_gains(
    choices: Iterable[Mapping[str, Any]],
) -> dict[tuple, dict[str, dict[tuple, Mapping[str, Any]]]]:
    """Table -> random ranking -> pair -> its row, of those that have both gains."""
    out: dict[tuple, dict[str, dict[tuple, Mapping[str, Any]]]] = {}
    for row in choices:
        if row["role"] == "random" and None not in (
            row["dev_selected_gain"],
            row["test_oracle_gain"],
        ):
            place = tuple(row[name] for name in _TABLE)
            out.setdefault(place, {}).setdefault(row["ranking"], {})[_pair(row)] = row
    return out


def _pair(row: Mapping[str, Any]) -> tuple:
    return tuple(row[name] for name in _PAIR)
