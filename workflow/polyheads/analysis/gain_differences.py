"""Differences between two groups of gains, both sides drawn together.

The sides of a contrast (analysis.contrasted) are read from the same test sentences, mostly beside
the same trainings without pruned heads, and have the same seeds. What they share cancels in their
difference, and two intervals that were put together afterwards could not know it: so each draw of
sentences and seeds is one for both sides and for all pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import fmean

from polyheads.analysis import draws, tidy
from polyheads.analysis.choices import Choice
from polyheads.analysis.contrasted import Contrast, Sides, mean_difference, with_fresh
from polyheads.analysis.draws import Bounds
from polyheads.analysis.estimates import FRESH
from polyheads.analysis.groups import Group

DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The gains of one group of sweeps less those of another, in percentage points."""

    what: str  # settings | highest | random | lrp
    level: str  # pair | mean
    criterion: str  # dev_selected, or FRESH
    task: str
    corpus: str
    model: str
    metric: str
    experiment: str
    ranking: str  # kind of ranking
    setting: str
    other_experiment: str
    other_ranking: str
    other_setting: str
    source: str = ""  # "" of a mean
    target: str = ""
    seeds: int
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_interval: float | None = None
    above: float | None = None  # share of draws above delta
    within: float | None = None
    below: float | None = None
    delta: float | None = None
    resamples: int
    problem: str = ""  # why there are no numbers

    @property
    def groups(self) -> tuple[Group, Group]:
        """The two groups."""
        return (
            self._group(self.experiment, self.ranking, self.setting),
            self._group(self.other_experiment, self.other_ranking, self.other_setting),
        )

    def _group(self, experiment: str, kind: str, setting: str) -> Group:
        return Group(
            experiment=experiment,
            kind=kind,
            task=self.task,
            corpus=self.corpus,
            model=self.model,
            setting=setting,
            metric=self.metric,
        )

    @property
    def pair(self) -> tuple[str, str]:
        """Source and target; ("", "") of a mean."""
        return self.source, self.target

    @property
    def bounds(self) -> Bounds:
        """What is known of it beside itself."""
        return Bounds(**{field.name: getattr(self, field.name) for field in fields(Bounds)})


COLUMNS = tuple(field.name for field in fields(Difference))


@dataclass(frozen=True, kw_only=True)
class FreshDifference:
    """A mean difference with seeds that chose nothing, in percentage points."""

    difference: float
    bounds: Bounds


def write(differences: Iterable[Difference], path: str | Path) -> None:
    """differences.csv."""
    tidy.write(differences, path, columns=COLUMNS, digits=DIGITS)


def read(path: str | Path) -> list[Difference]:
    """The rows of differences.csv."""
    return tidy.read(Difference, path)


def of_contrast(differences: Iterable[Difference], contrast: Contrast) -> Difference | None:
    """A contrast's mean by the k chosen on dev (see `of_sweeps`)."""
    return of_sweeps(differences, (contrast.one, contrast.other), contrast.sweeps)


def of_sweeps(
    differences: Iterable[Difference],
    groups: tuple[Group, Group],
    sweeps: Sequence[Sides],
    *,
    criterion: str = "dev_selected",
) -> Difference | None:
    """The mean of two groups' differences, which says why where it has no number; None where it is
    of other pairs or seeds than these sweeps."""
    same = [row for row in differences if row.groups == groups]
    pairs = tidy.grouped(sweeps, lambda sides: sides[0].pair)
    seeds = [{one.seed for one, _ in members} for members in pairs.values()]
    # Only this criterion has rows of its pairs; the means are of the same.
    of_pairs = {row.pair for row in same if row.level == "pair"}
    for row in same:
        if row.level == "mean" and row.criterion == criterion:
            matches = pairs.keys() == of_pairs and all(len(of) == row.seeds for of in seeds)
            return row if matches or row.problem else None
    return None


def of_pair(
    differences: Iterable[Difference], groups: tuple[Group, Group], sweeps: Sequence[Sides]
) -> Difference | None:
    """The difference of one pair of languages by the k chosen on dev; None where it is of other
    seeds than these sweeps, which are all of the pair."""
    pair, seeds = sweeps[0][0].pair, {one.seed for one, _ in sweeps}
    for row in differences:
        if row.level == "pair" and row.pair == pair and row.groups == groups:
            return row if row.seeds == len(seeds) else None
    return None


def with_fresh_seeds(
    contrast: Contrast, choices: Sequence[Choice], differences: Sequence[Difference]
) -> FreshDifference | None:
    """The mean difference with seeds that chose nothing; None without such seeds.

    The interval is the wider one of Student's t over the seeds' means and that of the draws of
    seeds and sentences, as for gains (see analysis.fresh); p the larger one. Without differences it
    is Student's.
    """
    fresh = with_fresh(contrast, choices)
    means = [mean_difference(sides, "dev_selected") for sides in fresh.values()]
    values = [value for value in means if value is not None]
    if not values:
        return None
    bounds = draws.of_seeds(values) if contrast.moved else Bounds()
    if differences:
        sweeps = [sides for members in fresh.values() for sides in members]
        groups = (contrast.one, contrast.other)
        row = of_sweeps(differences, groups, sweeps, criterion=FRESH)
        bounds = draws.wider(bounds, row.bounds if row else None)
    return FreshDifference(difference=fmean(values), bounds=bounds)
