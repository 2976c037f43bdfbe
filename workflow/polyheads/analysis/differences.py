"""Differences between two groups of gains, both sides drawn together.

The sides of a contrast (analysis.contrasted) are read from the same test sentences, mostly beside
the same trainings without pruned heads, and have the same seeds. What they share cancels in their
difference, and two intervals that were put together afterwards could not know it: so each draw of
sentences and seeds is one for both sides and for all pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

from polyheads.analysis import drawn_gains, draws, resampling, tidy
from polyheads.analysis.choices import Choice
from polyheads.analysis.contrasted import Contrast, Sides, mean_difference, with_fresh
from polyheads.analysis.drawn_gains import DrawnGain, Sweeps, key_of
from polyheads.analysis.draws import Bounds
from polyheads.analysis.estimates import FRESH
from polyheads.analysis.groups import Group, moved
from polyheads.errors import UserError
from polyheads.study.plan import Sweep

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


def rows(
    contrasts: Iterable[Contrast],
    sweeps: Iterable[Sweep],
    choices: Sequence[Choice],
    *,
    resamples: int = resampling.RESAMPLES,
    delta: float | None = None,
) -> list[Difference]:
    """Of each two groups once: their pairs and the pairs' mean, by the k chosen on dev.

    And a mean with fresh seeds where both sides have some. sweeps, choices, delta: as gains.rows
    has them. A contrast in which nothing moved has no interval. Predictions that are missing or
    don't fit cost it all numbers (problem).
    """
    inputs = _Inputs(drawn_gains.by_key(sweeps), choices, resamples, delta)
    out: list[Difference] = []
    done = set()
    for contrast in contrasts:
        groups = (contrast.what, contrast.one, contrast.other)
        if groups not in done and contrast.sweeps:
            done.add(groups)
            out += _of_contrast(contrast, inputs)
    return out


class _Inputs(NamedTuple):
    """What differences are made of, and how."""

    sweeps: Sweeps
    choices: Sequence[Choice]
    resamples: int
    delta: float | None


def _of_contrast(contrast: Contrast, inputs: _Inputs) -> list[Difference]:
    mean = _without_number(contrast, inputs.resamples)
    out = []
    try:
        out += _dev_selected(contrast, inputs, mean)
        fresh = with_fresh(contrast, inputs.choices)
        if fresh:
            mean = replace(mean, criterion=FRESH, seeds=len(fresh))
            out.append(_fresh(contrast, fresh, inputs, mean))
    except UserError as error:
        out.append(replace(mean, problem=str(error)))
    return out


def _without_number(contrast: Contrast, resamples: int) -> Difference:
    """What a contrast's mean by the k chosen on dev says of it."""
    one, other = contrast.one, contrast.other
    return Difference(
        what=contrast.what,
        level="mean",
        criterion="dev_selected",
        task=one.task,
        corpus=one.corpus,
        model=one.model,
        metric=one.metric,
        experiment=one.experiment,
        ranking=one.kind,
        setting=one.setting,
        other_experiment=other.experiment,
        other_ranking=other.kind,
        other_setting=other.setting,
        seeds=len(contrast.seeds),
        resamples=resamples,
    )


def _dev_selected(contrast: Contrast, inputs: _Inputs, mean: Difference) -> list[Difference]:
    """The pairs, then their mean."""
    pairs = tidy.grouped(contrast.sweeps, _pair)
    out, values, averages = [], [], []
    for (source, target), sweeps in pairs.items():
        drawn = _of_target(sweeps, inputs)
        differences = [one.gain for one in drawn]
        value = float(np.mean(differences))
        average = resampling.over_seeds(
            differences, [one.draws for one in drawn], resamples=inputs.resamples
        )
        row = replace(mean, level="pair", source=source, target=target)
        compared = moved(row for sides in sweeps for row in sides)
        out.append(_with_number(row, DrawnGain(value, average), inputs.delta, compared=compared))
        values.append(value)
        averages.append(average)
    whole = DrawnGain(float(np.mean(values)), np.mean(averages, axis=0))
    return [*out, _with_number(mean, whole, inputs.delta, compared=contrast.moved)]


def _fresh(
    contrast: Contrast,
    fresh: Mapping[int, Sequence[Sides]],
    inputs: _Inputs,
    mean: Difference,
) -> Difference:
    """The mean difference with fresh seeds: seeds and sentences drawn."""
    sweeps = [(seed, sides) for seed, members in fresh.items() for sides in members]
    drawn = []
    for pair in contrast.pairs:
        mine = [(seed, sides) for seed, sides in sweeps if _pair(sides) == pair]
        of_pair = _of_target([sides for _, sides in mine], inputs)
        drawn += [(seed, one) for (seed, _), one in zip(mine, of_pair, strict=True)]
    seeds = tidy.grouped(drawn, lambda item: item[0])
    of_seed = [[one for _, one in seeds[seed]] for seed in fresh]
    values = [float(np.mean([one.gain for one in members])) for members in of_seed]
    means = [np.mean([one.draws for one in members], axis=0) for members in of_seed]
    average = resampling.over_seeds(values, means, resamples=inputs.resamples)
    whole = DrawnGain(float(np.mean(values)), average)
    return _with_number(mean, whole, inputs.delta, compared=contrast.moved)


def _with_number(
    row: Difference, drawn: DrawnGain, delta: float | None, *, compared: bool
) -> Difference:
    """The row with its difference, and its bounds where anything is compared."""
    bounds = draws.bounds(drawn.draws, delta) if compared else Bounds()
    return replace(row, difference=drawn.gain, **asdict(bounds))


def _of_target(sweeps: Sequence[Sides], inputs: _Inputs) -> list[DrawnGain]:
    """The differences of sweeps that are all read on one test set, one for each two sides."""
    both = [row for sides in sweeps for row in sides]
    # k = 0 and the chosen k: the others are never looked at.
    few = {key_of(row): _chosen(row, inputs.sweeps[key_of(row)]) for row in both}
    drawn = drawn_gains.of_sweeps(both, few, inputs.resamples)
    return [
        DrawnGain(one.gain - other.gain, one.draws - other.draws)
        for one, other in zip(drawn[::2], drawn[1::2], strict=True)
    ]


def _chosen(choice: Choice, sweep: Sweep) -> Sweep:
    """The sweep with k = 0 and the k that dev chose only; one of a fresh seed has no others."""
    if choice.role == "fresh":
        return sweep
    kept = {0, choice.dev_selected.k}
    pairs = [(k, path) for k, path in zip(sweep.ks, sweep.trials, strict=True) if k in kept]
    ks, trials = zip(*sorted(pairs), strict=True)
    return replace(sweep, ks=ks, trials=trials)


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
    """The mean of two groups' differences, which says why where it has no number.

    None where it is of other pairs or seeds than these sweeps.
    """
    same = [row for row in differences if row.groups == groups]
    seeds = [_seeds(of_pair) for of_pair in tidy.grouped(sweeps, _pair).values()]
    # Only this criterion has rows of its pairs; the means are of the same.
    pairs = {row.pair for row in same if row.level == "pair"}
    for row in same:
        if row.level == "mean" and row.criterion == criterion:
            matches = pairs == set(map(_pair, sweeps)) and all(n == row.seeds for n in seeds)
            return row if matches or row.problem else None
    return None


def of_pair(
    differences: Iterable[Difference], groups: tuple[Group, Group], sweeps: Sequence[Sides]
) -> Difference | None:
    """The difference of one pair of languages by the k chosen on dev.

    None where it is of other seeds than these sweeps, which are all of the pair.
    """
    for row in differences:
        if row.level == "pair" and row.pair == _pair(sweeps[0]) and row.groups == groups:
            return row if row.seeds == _seeds(sweeps) else None
    return None


def _pair(sides: Sides) -> tuple[str, str]:
    return sides[0].pair


def _seeds(sweeps: Iterable[Sides]) -> int:
    """How many seeds have the gains of both sides by the k chosen on dev."""
    return len(
        {
            one.seed
            for one, other in sweeps
            if one.dev_selected.gain is not None and other.dev_selected.gain is not None
        }
    )


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
        bounds = draws.wider(bounds, draws.of_row(row) if row else None)
    return FreshDifference(difference=fmean(values), bounds=bounds)
