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
from typing import NamedTuple

import numpy as np

from polyheads.analysis import resampling
from polyheads.analysis.choices import Choice, Score, SweepRow

FEWEST = 2  # further runs of a training that say anything about its noise
FEWEST_FOR_P = 5  # with fewer there is no p


class Training(NamedTuple):
    """What the runs of one training have in common."""

    experiment: str
    corpus: str
    recipe: str
    model: str
    setting: str
    mixture: str


class Place(NamedTuple):
    """What names a score inside a run."""

    split: str
    heads: str
    language: str
    metric: str


class Swept(NamedTuple):
    """What names a sweep of a training."""

    seed: int
    ranking: str


Run = Mapping[Place, float]  # percent


def training_of(row: SweepRow) -> Training:
    """The training that a sweep is read from."""
    return Training(
        experiment=row.experiment,
        corpus=row.corpus,
        recipe=row.recipe,
        model=row.model,
        setting=row.setting,
        mixture=row.mixture,
    )


@dataclass(frozen=True)
class Runs:
    """The runs of a study's trainings."""

    noise: Mapping[Training, Mapping[str, Run]]  # -> path of an unpruned run -> its scores
    # -> k of the main sweep, 0 first -> path and scores
    sweeps: Mapping[tuple[Training, Swept], Mapping[int, tuple[str, Run]]]

    @classmethod
    def of(cls, scores: Iterable[Score]) -> Runs:
        """From a study's scores."""
        noise: dict[Training, dict[str, dict[Place, float]]] = {}
        sweeps: dict[tuple[Training, Swept], dict[int, tuple[str, dict[Place, float]]]] = {}
        for row in scores:
            training = training_of(row)
            if row.role == "noise" and row.heads == "pruned":
                run = noise.setdefault(training, {}).setdefault(row.trial_path, {})
                run |= _values(row, unpruned=True)
            elif row.role == "main":
                ks = sweeps.setdefault((training, Swept(row.seed, row.ranking)), {})
                _, run = ks.setdefault(row.k, (row.trial_path, {}))
                run |= _values(row, unpruned=row.k == 0)
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

    choices: sweeps of its pairs and seeds, all of protocol prune, with gains. None without further
    unpruned runs (role noise) that have all their scores, or where they are fewer than FEWEST.
    """
    training = training_of(choices[0])
    pool = _pool(runs, training, choices)
    if pool is None:
        return None
    key = " ".join([*training[1:], key])
    random = resampling.generator(f"{key} exchanged")
    order = np.argsort(random.random((draws, len(pool.scores))), axis=1)
    parts, columns = _drawn(
        pool.scores[pool.unpruned], draws, len(pool.scores), resampling.generator(f"{key} noise")
    )
    exchanged, normal, gain, shift = np.zeros(draws), np.zeros(draws), 0.0, 0.0
    for i, row in enumerate(choices):
        dev, test = i, len(choices) + i  # columns of its scores
        sweep = Swept(row.seed, row.ranking)
        own = pool.scores[None]
        mine = float(pool.gains(own[..., dev], own[..., test], sweep, criterion)[0])
        selected = row.by(criterion).gain
        assert selected is not None
        gain += mine
        shift += selected - mine
        exchanged += pool.gains(pool.scores[order, dev], pool.scores[order, test], sweep, criterion)
        normal += pool.gains(parts @ columns[:, dev], parts @ columns[:, test], sweep, criterion)
    return Null(gain, shift, exchanged, normal, len(pool.unpruned) - 1)


def p_value(nulls: Sequence[Null]) -> float | None:
    """One-sided p of the sum of gains of some trainings; None where one has too few runs."""
    if min(null.further for null in nulls) < FEWEST_FOR_P:
        return None
    gain = sum(null.gain for null in nulls)
    sides = ([null.exchanged for null in nulls], [null.normal for null in nulls])
    return max(resampling.p_value(gain, np.sum(side, axis=0), two_sided=False) for side in sides)


def trained(choice: Choice) -> bool:
    """Whether its trials are trainings of their own.

    Masked heads are taken from a model that was trained with all.
    """
    return choice.protocol == "prune"


@dataclass(frozen=True)
class _Pool:
    """The runs of a training that some choices are read from, and which of them are what."""

    scores: np.ndarray  # (runs, 2 x choices): dev, then test, of the choices
    sweeps: Mapping[Swept, slice]  # -> its runs, k = 0 first
    unpruned: np.ndarray  # runs

    def gains(self, dev: np.ndarray, test: np.ndarray, sweep: Swept, criterion: str) -> np.ndarray:
        """(draws,) the chosen run of a sweep less the mean of the unpruned ones.

        dev, test: (draws, runs of the pool).
        """
        swept = test[:, self.sweeps[sweep]]
        if criterion == "test_oracle":
            chosen = swept[:, 1:].max(1)
        else:  # the first of equal ones is k = 0
            best = dev[:, self.sweeps[sweep]].argmax(1)
            chosen = np.take_along_axis(swept, best[:, None], axis=1)[:, 0]
        gains: np.ndarray = chosen - test[:, self.unpruned].mean(1)
        return gains


def _pool(runs: Runs, training: Training, choices: Sequence[Choice]) -> _Pool | None:
    """None where there are too few further runs."""
    unpruned = runs.noise.get(training)
    if not unpruned:
        return None
    names = list(dict.fromkeys(Swept(row.seed, row.ranking) for row in choices))
    swept = [dict(runs.sweeps[training, name].values()) for name in names]
    own = set().union(*swept)
    further = [run for path, run in unpruned.items() if path not in own]
    # One row for each run: the sweeps one behind the other, k = 0 first, then the further ones.
    tables = [_table(side, choices) for side in (*(one.values() for one in swept), further)]
    ends = np.cumsum([0, *map(len, tables)])
    pool = _Pool(
        scores=np.concatenate(tables),
        sweeps={name: slice(*ends[i : i + 2]) for i, name in enumerate(names)},
        unpruned=np.array([*ends[: len(names)], *range(ends[-2], ends[-1])]),
    )
    return pool if len(tables[-1]) and len(pool.unpruned) > FEWEST else None


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


def _table(runs: Iterable[Run], choices: Sequence[Choice]) -> np.ndarray:
    """(runs, 2 x choices): dev and test scores of the runs that have all of them.

    Of a pruned run's test scores those with the heads that the choices read.
    """
    dev = [
        [Place("dev", "pruned", code, row.metric) for code in row.dev.split("+")] for row in choices
    ]
    test = [Place("test", row.heads, row.target, row.metric) for row in choices]
    needed = {*test, *(place for places in dev for place in places)}
    out = [
        [
            *(float(np.mean([run[place] for place in places])) for places in dev),
            *(run[place] for place in test),
        ]
        for run in runs
        if needed <= run.keys()
    ]
    return np.array(out, float).reshape(len(out), 2 * len(choices))


def _values(row: Score, *, unpruned: bool) -> dict[Place, float]:
    """A score at its place; an unpruned run has the same with all heads at test."""
    heads = ("pruned", "all") if unpruned else (row.heads,)
    return {Place(row.split, on, row.language, row.metric): row.value for on in heads}
