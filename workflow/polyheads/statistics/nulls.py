"""What the mean gain of a table would be without the heads, and without the ranking.

Two nulls, each through the same choice of k as the gains themselves:

* `random`: the sweeps of random rankings (role random). "The gradient finds the heads" is held
  against them. Under the null the ranking is one of n + 1 exchangeable ones, so p is exact.
* `noise`: unpruned runs with other seeds (role noise). "Pruning helps" is held against a choice
  among runs that differ in nothing but the seed.

The unit of the noise is a training: the targets of a cross-lingual source are read from the same
runs and are drawn together. Runs are drawn anew from the normal distribution that fits the n + 1
runs there are, not shuffled: a pool of 13 runs has one best run on dev and one on test, which
nearly every shuffle finds again, so that shuffled gains vary less than those of trials that were
really run anew, and noise is then claimed to be a gain in far more than 5 % of studies. How little
n + 1 runs say about their own spread is drawn, too (`_runs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from polyheads.selection import ranking_kind
from polyheads.statistics import resampling
from polyheads.statistics.rows import READINGS, Row

COLUMNS = (
    *("experiment", "ranking", "task", "corpus", "model", "setting", "metric", "reading"),
    *("pairs", "gain", "null", "null_mean", "null_low", "null_high", "n", "p"),
)
FOR_PERCENTILES = 40  # rankings; fewer have no 2.5th percentile but their smallest number
FEWEST = 2  # further runs of a training that say anything about run noise
FEWEST_FOR_P = 5  # below, p is too often small on noise alone (see tests/unit/test_nulls.py)

_TABLE = ("experiment", "task", "corpus", "model", "setting", "metric")
_PAIR = ("source", "target", "mixture", "seed")
_RUNS = ("experiment", "corpus", "recipe", "model", "setting")


def rows(
    choices: Iterable[Mapping[str, Any]],
    scores: Iterable[Mapping[str, Any]],
    *,
    draws: int = resampling.RESAMPLES,
) -> list[Row]:
    """One row (COLUMNS) per table, kind of ranking, model, reading and null that the study has.

    gain: the mean over the pairs (and seeds) that have both gains and that the null has, too;
    null_low, null_high: where LEVEL percent of the null's means lie, of few random rankings their
    smallest and largest. n: random rankings, or further runs of a training (the fewest). p: one
    for each mean, one-sided; None where runs are too few. Percentage points.
    """
    choices, scores = list(choices), list(scores)
    tables: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in choices:
        if row["role"] == "main":
            kind = ranking_kind(row["ranking"], row["source"])
            tables.setdefault((*(row[name] for name in _TABLE), kind), []).append(row)
    random = _random_gains(choices)
    runs = _noise_runs(scores)
    out = []
    for (*place, kind), members in tables.items():
        about = dict(zip(_TABLE, place, strict=True)) | {"ranking": kind}
        pairs = {
            _pair(row): row
            for row in members
            if row["sound_gain"] is not None and row["best_gain"] is not None
        }
        for reading in READINGS:
            for found in (
                _against_random(pairs, random.get(tuple(place), {}), kind, reading),
                _against_noise(pairs, runs, reading, draws),
            ):
                if found:
                    out.append({c: (about | {"reading": reading} | found)[c] for c in COLUMNS})
    return out


def _against_random(
    pairs: Mapping[tuple, Mapping[str, Any]],
    random: Mapping[str, Mapping[tuple, Mapping[str, Any]]],
    kind: str,
    reading: str,
) -> Row | None:
    """The mean gain among those of the random rankings that have all pairs; None without any."""
    if not pairs or kind.removeprefix("reversed-").startswith("random-"):
        return None  # a random ranking is no claim about rankings
    means = np.array(
        [
            np.mean([gains[pair][f"{reading}_gain"] for pair in pairs])
            for gains in random.values()
            if pairs.keys() <= gains.keys()
        ]
    )
    if not len(means):
        return None
    bounds = (float(means.min()), float(means.max()))
    if len(means) >= FOR_PERCENTILES:
        bounds = resampling.interval(means)
    return _row("random", pairs, reading, means, bounds, len(means), True)


def _against_noise(
    pairs: Mapping[tuple, Mapping[str, Any]],
    runs: Mapping[tuple, Mapping[str, Mapping[tuple, float]]],
    reading: str,
    draws: int,
) -> Row | None:
    """The mean gain among those that choices among unpruned runs would give."""
    # Masked heads are taken from a model that was trained with all: nothing is run anew.
    trained = [row for row in pairs.values() if row["protocol"] == "prune"]
    trainings: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in trained:
        trainings.setdefault((*(row[name] for name in _RUNS), row["mixture"]), []).append(row)
    total, used, n = np.zeros(draws), {}, []
    for training, members in trainings.items():
        table = _table(runs.get(training, {}), members)
        if len(table) <= FEWEST:
            continue
        total += _noise_gains(table, members, reading, draws, key=" ".join(training[1:]))
        used |= {_pair(row): row for row in members}
        n.append(len(table) - 1)
    if not used:
        return None
    null = total / len(used)
    enough = min(n) >= FEWEST_FOR_P
    return _row("noise", used, reading, null, resampling.interval(null), min(n), enough)


def _row(
    null: str,
    pairs: Mapping[tuple, Mapping[str, Any]],
    reading: str,
    means: np.ndarray,
    bounds: tuple[float, float],
    n: int,
    enough: bool,
) -> Row:
    gain = float(np.mean([row[f"{reading}_gain"] for row in pairs.values()]))
    p = resampling.p_value(gain, means, two_sided=False) if enough else None
    out = {"pairs": len(pairs), "gain": gain, "null": null, "null_mean": float(means.mean())}
    return out | {"null_low": bounds[0], "null_high": bounds[1], "n": n, "p": p}


def _noise_gains(
    table: np.ndarray,
    members: Sequence[Mapping[str, Any]],
    reading: str,
    draws: int,
    *,
    key: str,
) -> np.ndarray:
    """(draws,) sums of the members' gains under the noise of one training.

    table: (runs, 2 x members), dev scores of all members, then their test scores.
    """
    # One name for a training: the same runs in both readings.
    random = resampling.generator(f"{key} noise")
    seeds = list(dict.fromkeys(row["seed"] for row in members))
    most = max(row["trials"] for row in members)
    # All seeds of a study have the same unknown spread, so they are drawn at once.
    drawn = _runs(table, draws, len(seeds) * most, random)
    drawn = drawn.reshape(draws, len(seeds), most, 2, len(members))
    total = np.zeros(draws)
    for i, row in enumerate(members):
        of_seed = drawn[:, seeds.index(row["seed"]), : row["trials"], :, i]
        dev, test = of_seed[..., 0], of_seed[..., 1]
        if reading == "best":
            chosen = test[:, 1:].max(1)
        else:  # the first of equal ones is k = 0
            chosen = np.take_along_axis(test, dev.argmax(1)[:, None], axis=1)[:, 0]
        total += chosen - test[:, 0]
    return total


def _runs(table: np.ndarray, draws: int, count: int, random: np.random.Generator) -> np.ndarray:
    """New runs of a training, less their mean: (draws, count, columns) from (runs, columns).

    Normal, with a covariance that differs from draw to draw as the runs leave it open. With q + 1
    runs it is Y' W^-1 Y: Y'Y the runs' sums of squares, W from the Wishart distribution with
    q + rank(Y) - 1 degrees of freedom. Every single score is then Student's t with q degrees of
    freedom, and the covariance of any of them inverse Wishart, as where nothing is known before
    (Gelman et al. 2013, section 3.6), also with more columns than runs.
    """
    centred = table - table.mean(0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    rank = int(np.sum(sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-9)))
    if rank == 0:  # all runs are alike
        return np.zeros((draws, count, table.shape[1]))
    freedom = len(table) - 1 + rank - 1
    normal = random.standard_normal((draws, freedom, rank))
    wishart = normal.transpose(0, 2, 1) @ normal
    root = np.linalg.cholesky(np.linalg.inv(wishart))
    parts = random.standard_normal((draws, count, rank)) @ root.transpose(0, 2, 1)
    return parts @ (sizes[:rank, None] * directions[:rank])


def _table(
    runs: Mapping[str, Mapping[tuple, float]], members: Sequence[Mapping[str, Any]]
) -> np.ndarray:
    """(runs, 2 x members): dev and test scores of the unpruned runs that have all of them."""
    out = []
    for values in runs.values():
        dev = [
            [values.get(("dev", code, row["metric"])) for code in row["dev"].split("+")]
            for row in members
        ]
        test = [values.get(("test", row["target"], row["metric"])) for row in members]
        if None not in test and not any(None in side for side in dev):
            out.append([*(float(np.mean(side)) for side in dev), *test])
    return np.array(out, float).reshape(len(out), 2 * len(members))


def _noise_runs(
    scores: Iterable[Mapping[str, Any]],
) -> dict[tuple, dict[str, dict[tuple, float]]]:
    """Training -> path of an unpruned run -> (split, language, metric) -> percent."""
    out: dict[tuple, dict[str, dict[tuple, float]]] = {}
    for row in scores:
        if row["role"] == "noise" and row["heads"] == "pruned":
            training = (*(row[name] for name in _RUNS), row["mixture"])
            place = (row["split"], row["language"], row["metric"])
            run = out.setdefault(training, {}).setdefault(row["trial_path"], {})
            run[place] = row["value"]
    return out


def _random_gains(
    choices: Iterable[Mapping[str, Any]],
) -> dict[tuple, dict[str, dict[tuple, Mapping[str, Any]]]]:
    """Table -> random ranking -> pair -> its row, of those that have both gains."""
    out: dict[tuple, dict[str, dict[tuple, Mapping[str, Any]]]] = {}
    for row in choices:
        if row["role"] == "random" and None not in (row["sound_gain"], row["best_gain"]):
            place = tuple(row[name] for name in _TABLE)
            out.setdefault(place, {}).setdefault(row["ranking"], {})[_pair(row)] = row
    return out


def _pair(row: Mapping[str, Any]) -> tuple:
    return tuple(row[name] for name in _PAIR)
