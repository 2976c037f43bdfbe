"""What the mean gain of a table would be without the heads, and without the ranking.

Two null baselines, each through the same choice of k as the gains themselves:

* `random`: the sweeps of random rankings (role random). "The gradient finds the heads" is held
  against them. Under the null the ranking is one of n + 1 exchangeable ones, so p is exact.
* `noise`: unpruned runs with other seeds (role noise). "Pruning helps" is held against a choice
  among runs that differ in nothing but the seed (`run_pool`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

import numpy as np

from polyheads.analysis import resampling, run_pool, tidy
from polyheads.analysis.choices import CRITERIA, Choice, Score
from polyheads.analysis.groups import Group, group_of
from polyheads.analysis.run_pool import Runs

FOR_PERCENTILES = 40  # rankings; fewer have no 2.5th percentile but their smallest number
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class NullBaseline:
    """The mean gain of a table's pairs and model beside a null baseline, in percentage points."""

    experiment: str
    ranking: str  # kind of ranking
    task: str
    corpus: str
    model: str
    setting: str
    metric: str
    criterion: str  # of CRITERIA
    pairs: int  # of languages and seed, behind the gain
    gain: float
    null: str  # random | noise
    null_mean: float
    null_low: float
    null_high: float
    n: int  # random rankings; unpruned runs of a training beside its sweep's own (the fewest)
    p: float | None  # one-sided; None for too few runs

    @property
    def group(self) -> Group:
        """Whose gains they are."""
        return Group(
            experiment=self.experiment,
            kind=self.ranking,
            task=self.task,
            corpus=self.corpus,
            model=self.model,
            setting=self.setting,
            metric=self.metric,
        )


COLUMNS = tuple(field.name for field in fields(NullBaseline))


class Sweep(NamedTuple):
    """What a sweep and its null have in common beside their table."""

    source: str
    target: str
    mixture: str
    seed: int


_Sweeps = Mapping[Sweep, Choice]  # with both gains


class _Distribution(NamedTuple):
    """A null's mean gains, and what of the table they are of."""

    null: str
    sweeps: _Sweeps
    means: np.ndarray
    bounds: tuple[float, float]
    n: int
    p: float | None


def write(baselines: Iterable[NullBaseline], path: str | Path) -> None:
    """null_baselines.csv."""
    tidy.write(baselines, path, columns=COLUMNS, digits=DIGITS)


def read(path: str | Path) -> list[NullBaseline]:
    """The rows of null_baselines.csv."""
    return tidy.read(NullBaseline, path)


def rows(
    choices: Sequence[Choice], scores: Iterable[Score], *, draws: int = resampling.RESAMPLES
) -> list[NullBaseline]:
    """One for each table, kind of ranking, model, criterion and null that the study has.

    The gain is the mean over the pairs (and seeds) that have both gains and that the null has, too;
    null_low and null_high are where LEVEL percent of the null's means lie, of few random rankings
    their smallest and largest. One p for each mean.
    """
    main = tidy.grouped((row for row in choices if row.role == "main"), group_of)
    random = tidy.grouped((row for row in choices if row.role == "random"), _table)
    runs = Runs.of(scores)
    out = []
    for group, members in main.items():
        sweeps = _by_sweep(members)
        # A random ranking is no claim about rankings.
        scored = not group.kind.removeprefix("reversed-").startswith("random-")
        rankings = random.get(_table(members[0]), []) if scored else []
        for criterion in CRITERIA:
            nulls = (
                _against_random(sweeps, rankings, criterion),
                _against_noise(sweeps, runs, criterion, draws),
            )
            out += [_row(group, criterion, null) for null in nulls if null]
    return out


def _against_random(
    sweeps: _Sweeps, random: Iterable[Choice], criterion: str
) -> _Distribution | None:
    """The mean gains of those random rankings that have all sweeps; None without any."""
    rankings = [_by_sweep(rows) for rows in tidy.grouped(random, lambda r: r.ranking).values()]
    means = np.array(
        [
            np.mean([gains[sweep].by(criterion).gain for sweep in sweeps])
            for gains in rankings
            if sweeps and sweeps.keys() <= gains.keys()
        ]
    )
    if not len(means):
        return None
    bounds = (float(means.min()), float(means.max()))
    if len(means) >= FOR_PERCENTILES:
        bounds = resampling.interval(means)
    p = resampling.p_value(_gain(sweeps, criterion), means, two_sided=False)
    return _Distribution("random", sweeps, means, bounds, len(means), p)


def _against_noise(sweeps: _Sweeps, runs: Runs, criterion: str, draws: int) -> _Distribution | None:
    """The mean gains that choices among unpruned runs would give; None without such runs."""
    trained = filter(run_pool.trained, sweeps.values())
    trainings = tidy.grouped(trained, run_pool.training_of)
    nulls = {
        training: null
        for training, rows in trainings.items()
        if (null := run_pool.against_runs(runs, rows, criterion, draws=draws))
    }
    if not nulls:
        return None
    used = _by_sweep(row for training in nulls for row in trainings[training])
    # As gains over the sweeps' own unpruned runs, which our gain is over, too.
    means = np.sum([null.normal + null.shift for null in nulls.values()], axis=0) / len(used)
    further = min(null.further for null in nulls.values())
    p = run_pool.p_value(list(nulls.values()))
    return _Distribution("noise", used, means, resampling.interval(means), further, p)


def _row(group: Group, criterion: str, null: _Distribution) -> NullBaseline:
    return NullBaseline(
        experiment=group.experiment,
        ranking=group.kind,
        task=group.task,
        corpus=group.corpus,
        model=group.model,
        setting=group.setting,
        metric=group.metric,
        criterion=criterion,
        pairs=len(null.sweeps),
        gain=_gain(null.sweeps, criterion),
        null=null.null,
        null_mean=float(null.means.mean()),
        null_low=null.bounds[0],
        null_high=null.bounds[1],
        n=null.n,
        p=null.p,
    )


def _gain(sweeps: _Sweeps, criterion: str) -> float:
    return float(np.mean([row.by(criterion).gain for row in sweeps.values()]))


def _table(choice: Choice) -> Group:
    """The group that a choice is in, whatever its ranking."""
    return group_of(choice)._replace(kind="")


def _by_sweep(choices: Iterable[Choice]) -> dict[Sweep, Choice]:
    """Those that have both gains."""
    return {
        Sweep(row.source, row.target, row.mixture, row.seed): row for row in choices if row.whole
    }
