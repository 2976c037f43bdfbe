"""How many pairs improved, counted by what pairs share.

The pairs of one source and model share trained models (the sweep of a source serves all its
targets) and one ranking: "88 of 96 improved" are not 96 independent observations. They are
counted for each source and model; over many of these a proportion gets an interval, over few none.
Pairs whose score stayed as it was (k = 0 was chosen) are no failures: the proportion is of those
that moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from polyheads.analysis import estimates as study_estimates
from polyheads.analysis import resampling, tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.analysis.estimates import Estimate
from polyheads.study.rankings import ranking_kind

FEW = 20  # clusters; below, their bootstrap is far too sure (Cameron, Gelbach and Miller 2008)
SOURCE, EXPERIMENT = "source", "experiment"  # levels of rows

Cluster = tuple[str, str]  # model and source


class Moved(NamedTuple):
    """Pairs by the sign of their gain."""

    up: int
    down: int
    same: int  # k = 0 was chosen, or no score changed: neither for pruning nor against it

    @property
    def share(self) -> float | None:
        """Of the pairs that moved, those that improved (0 to 1); None where nothing moved."""
        return self.up / (self.up + self.down) if self.up + self.down else None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Pairs of one criterion."""

    up: int
    down: int
    same: int
    above: int | None = None  # of those up, told apart from zero; of a source
    below: int | None = None
    low: float | None = None  # interval of the share of those up among those that moved, 0 to 1;
    high: float | None = None  # of an experiment with FEW clusters or more

    @property
    def pairs(self) -> int:
        """All of them."""
        return self.up + self.down + self.same


@dataclass(frozen=True, kw_only=True)
class Improved:
    """The pairs of one source and model in a setting, or all of an experiment's ranking."""

    level: str  # of SOURCE, EXPERIMENT
    task: str
    experiment: str
    ranking: str  # kind of ranking
    setting: str = ""  # "" of an experiment
    model: str = ""
    source: str = ""
    clusters: int = 1  # sources and models
    dev_selected: Counts
    test_oracle: Counts

    def by(self, criterion: str) -> Counts:
        """The counts by a criterion of CRITERIA."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle


def rows(choices: Iterable[Choice], estimates: Iterable[Estimate] = ()) -> list[Improved]:
    """A row for each source and model of every setting, then one for each experiment and ranking.

    choices: in the experiments' own metrics. Without estimates nothing is told apart from zero.
    """
    choices, estimates = list(choices), list(estimates)
    out = []
    groups = tidy.grouped(choices, lambda row: (*_ranking(row), row.setting, row.model, row.source))
    for (task, experiment, ranking, setting, model, source), sweeps in groups.items():
        mine = study_estimates.of_choices(estimates, sweeps)
        dev_selected, test_oracle = (_of_source(sweeps, mine, criterion) for criterion in CRITERIA)
        out.append(
            Improved(
                level=SOURCE,
                task=task,
                experiment=experiment,
                ranking=ranking,
                setting=setting,
                model=model,
                source=source,
                dev_selected=dev_selected,
                test_oracle=test_oracle,
            )
        )
    for (task, experiment, ranking), sweeps in tidy.grouped(choices, _ranking).items():
        clusters = [moved(sweeps, criterion) for criterion in CRITERIA]
        dev_selected, test_oracle = (_of_experiment(list(one.values())) for one in clusters)
        out.append(
            Improved(
                level=EXPERIMENT,
                task=task,
                experiment=experiment,
                ranking=ranking,
                clusters=len(clusters[0]),
                dev_selected=dev_selected,
                test_oracle=test_oracle,
            )
        )
    return out


def moved(choices: Iterable[Choice], criterion: str) -> dict[Cluster, Moved]:
    """(model, source) -> pairs that moved up, down or not; a pair's gain is its mean over seeds."""
    pairs = tidy.grouped(
        choices, lambda row: (row.model, row.source, row.target, row.setting, row.experiment)
    )
    signs = [
        ((model, source), count([gain] if gain is not None else []))
        for (model, source, *_), seeds in pairs.items()
        for gain in [tidy.mean(row.by(criterion).gain for row in seeds)]
    ]
    clusters = tidy.grouped(signs, lambda one: one[0])
    return {cluster: total(sign for _, sign in members) for cluster, members in clusters.items()}


def count(gains: Iterable[float]) -> Moved:
    """Gains by their sign."""
    signs = [(gain > 0) - (gain < 0) for gain in gains]
    return Moved(signs.count(1), signs.count(-1), signs.count(0))


def total(clusters: Iterable[Moved]) -> Moved:
    """The sum over clusters."""
    return Moved(*map(sum, zip(*clusters, strict=True)))


def share(
    clusters: Sequence[Moved], *, resamples: int = resampling.RESAMPLES
) -> tuple[float, float] | None:
    """Interval of the share of improved pairs among those that moved, whole clusters drawn.

    Clusters in which nothing moved have no share and are left out; None for few others.
    """
    table = np.array([(c.up, c.up + c.down) for c in clusters if c.up + c.down], float)
    if len(table) < FEW:
        return None
    random = resampling.generator(f"{len(table)} clusters")
    drawn = table[random.integers(0, len(table), (resamples, len(table)))].sum(1)
    return resampling.interval(drawn[:, 0] / drawn[:, 1])


def _ranking(row: Choice) -> tuple[str, str, str]:
    """Task, experiment and kind of ranking."""
    return row.task, row.experiment, ranking_kind(row.ranking, row.source)


def _of_source(sweeps: Sequence[Choice], estimates: Iterable[Estimate], criterion: str) -> Counts:
    """The pairs of one source and model, and how many of them are told apart from zero."""
    pairs = total(moved(sweeps, criterion).values())
    apart = [
        row.gain > 0
        for row in estimates
        if row.criterion == criterion and row.told_apart and row.gain is not None
    ]
    return Counts(**pairs._asdict(), above=apart.count(True), below=apart.count(False))


def _of_experiment(clusters: Sequence[Moved]) -> Counts:
    """All pairs of an experiment, and the interval of the share of those that improved."""
    low, high = share(clusters) or (None, None)
    return Counts(**total(clusters)._asdict(), low=low, high=high)
