"""The noise of training: gains held against what the same choice gives among unpruned runs.

The unit of the noise is a training: the targets of a cross-lingual source are read from the same
runs and are drawn together. What is tested is how far the chosen run is above the mean of all
unpruned runs of its training, those of the sweeps' own k = 0 and the further ones. Two null
hypotheses; a gain must be more than either gives, so the larger p counts:

* Pruning only relabels runs: the roles of all runs, pruned or not, are drawn anew and the choice is
  made again. Exact whatever the distribution of the noise, but pruned runs that are alike for
  another reason than a gain (their seed, say) look like one.
* New runs are drawn from the normal distribution that fits the unpruned ones; how little so few
  say about their own spread is drawn, too (`_drawn`). Pruned runs may be alike as they like, but
  rare large outliers would be underrated. This one gives the band of the null. Runs are not drawn
  from the unpruned ones themselves: of 13 runs one is best on dev and one on test, which nearly
  every draw finds again, so such a band would be too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyheads.analysis import resampling

FEWEST = 2  # further runs of a training that say anything about its noise
FEWEST_FOR_P = 5  # with fewer there is no p

_TRAINING = ("experiment", "corpus", "recipe", "model", "setting", "mixture")

Choice = Mapping[str, Any]
Place = tuple[str, str, str, str]  # split, heads, language, metric
Run = dict[Place, float]  # percent


@dataclass(frozen=True)
class Runs:
    """The runs of a study's trainings. A training is `training_of` a row."""

    noise: Mapping[tuple, Mapping[str, Run]]  # training -> path of an unpruned run -> scores
    # (training, seed, ranking) -> k of the main sweep, 0 first -> path and scores
    sweeps: Mapping[tuple, Mapping[int, tuple[str, Run]]]

    @classmethod
    def of(cls, scores: Iterable[Mapping[str, Any]]) -> Runs:
        """From the rows of scores.csv."""
        noise: dict[tuple, dict[str, Run]] = {}
        sweeps: dict[tuple, dict[int, tuple[str, Run]]] = {}
        for row in scores:
            training = training_of(row)
            if row["role"] == "noise" and row["heads"] == "pruned":
                run = noise.setdefault(training, {}).setdefault(row["trial_path"], {})
                run |= _values(row, unpruned=True)
            elif row["role"] == "main":
                place = (*training, row["seed"], row["ranking"])
                found = sweeps.setdefault(place, {})
                _, run = found.setdefault(row["k"], (row["trial_path"], {}))
                run |= _values(row, unpruned=row["k"] == 0)
        return cls(noise, {place: dict(sorted(ks.items())) for place, ks in sweeps.items()})


@dataclass(frozen=True)
class Null:
    """The gains of some sweeps of one training, and what chance gives instead of them.

    Sums over the sweeps, in percentage points, over the mean of all unpruned runs; `shift` is what
    the sweeps' own unpruned runs lack to that mean.
    """

    gain: float
    shift: float
    exchanged: np.ndarray  # (draws,) roles of all runs drawn anew
    normal: np.ndarray  # (draws,) new runs like the unpruned ones
    further: int  # unpruned runs beside a sweep's own


def against_runs(
    runs: Runs,
    choices: Sequence[Choice],
    criterion: str,
    *,
    draws: int = resampling.RESAMPLES,
    key: str = "",
) -> Null | None:
    """The gains of choices that are read from the same training, held against its runs.

    choices: sweeps of its pairs and seeds, all of protocol prune. None without further unpruned
    runs (role noise) that have all their scores, or where they are fewer than FEWEST.
    """
    training = training_of(choices[0])
    unpruned = runs.noise.get(training)
    if not unpruned:
        return None
    seeds = list(dict.fromkeys((row["seed"], row["ranking"]) for row in choices))
    swept = [dict(runs.sweeps[*training, *seed].values()) for seed in seeds]
    own = set().union(*swept)
    further = {path: run for path, run in unpruned.items() if path not in own}
    # One row for each run: the sweeps one behind the other, k = 0 first, then the further ones.
    tables = [_table(side.values(), choices) for side in (*swept, further)]
    pool = np.concatenate(tables)
    ends = np.cumsum([0, *map(len, tables)])
    roles = _Roles(
        seeds={seed: slice(*ends[i : i + 2]) for i, seed in enumerate(seeds)},
        unpruned=np.array([*ends[: len(seeds)], *range(ends[-2], ends[-1])]),
    )
    if not len(tables[-1]) or len(roles.unpruned) <= FEWEST:
        return None
    key = " ".join([*training[1:], key])
    random = resampling.generator(f"{key} exchanged")
    order = np.argsort(random.random((draws, len(pool))), axis=1)
    parts, columns = _drawn(
        pool[roles.unpruned], draws, len(pool), resampling.generator(f"{key} noise")
    )
    exchanged, normal, gain, shift = np.zeros(draws), np.zeros(draws), 0.0, 0.0
    for i, row in enumerate(choices):
        place = (i, len(choices) + i)  # its dev and test scores
        seed = (row["seed"], row["ranking"])
        mine = float(roles.gains(*(pool[None, :, p] for p in place), seed, criterion)[0])
        gain += mine
        shift += row[f"{criterion}_gain"] - mine
        exchanged += roles.gains(*(pool[order, p] for p in place), seed, criterion)
        normal += roles.gains(*(parts @ columns[:, p] for p in place), seed, criterion)
    return Null(gain, shift, exchanged, normal, len(roles.unpruned) - 1)


def p_value(nulls: Sequence[Null]) -> float | None:
    """One-sided p of the sum of gains of some trainings; None where one has too few runs."""
    if min(null.further for null in nulls) < FEWEST_FOR_P:
        return None
    gain = sum(null.gain for null in nulls)
    sides = ([null.exchanged for null in nulls], [null.normal for null in nulls])
    return max(resampling.p_value(gain, np.sum(side, axis=0), two_sided=False) for side in sides)


def trained(choice: Choice) -> bool:
    """Whether its trials are trainings of their own: masked heads are taken from a model that was
    trained with all."""
    return choice["protocol"] == "prune"


def training_of(row: Mapping[str, Any]) -> tuple:
    """What the runs of one training have in common, of a row of choices or scores."""
    return tuple(row[name] for name in _TRAINING)


@dataclass(frozen=True)
class _Roles:
    """Which runs of a pool are what."""

    seeds: Mapping[tuple[int, str], slice]  # (seed, ranking) -> its sweep, k = 0 first
    unpruned: np.ndarray

    def gains(
        self, dev: np.ndarray, test: np.ndarray, seed: tuple[int, str], criterion: str
    ) -> np.ndarray:
        """(draws,) the chosen run of a seed's sweep less the mean of the unpruned ones.

        dev, test: (draws, runs of the pool).
        """
        sweep = test[:, self.seeds[seed]]
        if criterion == "test_oracle":
            chosen = sweep[:, 1:].max(1)
        else:  # the first of equal ones is k = 0
            best = dev[:, self.seeds[seed]].argmax(1)
            chosen = np.take_along_axis(sweep, best[:, None], axis=1)[:, 0]
        return chosen - test[:, self.unpruned].mean(1)


def _drawn(
    table: np.ndarray, draws: int, count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """New runs of a training, less their mean, from its unpruned ones (runs, columns).

    Returns (draws, count, rank) and (rank, columns), whose product is (draws, count, columns).

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
        return np.zeros((draws, count, 1)), np.zeros((1, table.shape[1]))
    freedom = len(table) - 1 + rank - 1
    normal = random.standard_normal((draws, freedom, rank))
    wishart = normal.transpose(0, 2, 1) @ normal
    root = np.linalg.cholesky(np.linalg.inv(wishart))
    parts = random.standard_normal((draws, count, rank)) @ root.transpose(0, 2, 1)
    return parts, sizes[:rank, None] * directions[:rank]


def _table(runs: Iterable[Run], members: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(runs, 2 x members): dev and test scores of the runs that have all of them.

    Of a pruned run's test scores those with the heads that the members read.
    """
    out = []
    for values in runs:
        dev = [
            [values.get(("dev", "pruned", code, row["metric"])) for code in row["dev"].split("+")]
            for row in members
        ]
        test = [values.get(("test", row["heads"], row["target"], row["metric"])) for row in members]
        if None not in test and not any(None in side for side in dev):
            out.append([*(float(np.mean(side)) for side in dev), *test])
    return np.array(out, float).reshape(len(out), 2 * len(members))


def _values(row: Mapping[str, Any], *, unpruned: bool) -> Run:
    """A row's score at its place; an unpruned run has the same with all heads at test."""
    heads = ("pruned", "all") if unpruned else (row["heads"],)
    return {(row["split"], on, row["language"], row["metric"]): row["value"] for on in heads}
