"""Scores over k: of the sweeps, and behind them of random rankings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import NamedTuple

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice, Score
from polyheads.study.displays import Display, members

PERCENTILES_FROM = 10  # random rankings: the range of more than a few grows with their number

MIDDLE = (10, 90)  # percentiles of many targets

_Values = Mapping[tuple[object, ...], float]  # of a sweep (see `values_of`): percent


@dataclass(frozen=True, kw_only=True)
class Line:
    """A mean over k, and how far what it is of goes; percent."""

    ks: tuple[int, ...] = ()
    means: tuple[float, ...] = ()
    lows: tuple[float, ...] = ()  # none of a single sweep
    highs: tuple[float, ...] = ()


class Point(NamedTuple):
    """What a criterion selects of a sweep; scores in percent."""

    k: int
    test: float
    dev: float | None  # of dev_selected


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a criterion selects of every sweep; None where trials are missing."""

    ks: tuple[int | None, ...]
    tests: tuple[float | None, ...]
    devs: tuple[float | None, ...]

    @property
    def points(self) -> list[Point | None]:
        """One for each sweep."""
        return [
            None if k is None or test is None else Point(k, test, dev)
            for k, test, dev in zip(self.ks, self.tests, self.devs, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The sweeps of one target and model, one for each seed."""

    target: str
    model: str
    k_max: int
    dev_languages: str  # whose development sets choose k, `en+zh`
    test: Line  # range over seeds
    dev: Line
    dev_selected: Marks
    test_oracle: Marks
    random_rankings: int  # of the same point, whatever experiment they are of
    random_fewest: int  # of them that a k of the band has
    in_percentiles: bool  # their band: from the 10th to the 90th, or their range
    random_test: Line  # of two random rankings or more, each the mean of its seeds
    random_dev: Line


def rows(display: Display, choices: Iterable[Choice], scores: Iterable[Score]) -> list[Curve]:
    """A row for each target and model, in the order in which they come."""
    choices = list(choices)
    shown = members(display, choices)
    random = tidy.grouped(_random(shown, choices), lambda row: (row.target, row.model))
    counts = {place: len({row.ranking for row in group}) for place, group in random.items()}
    # One rule for all panels of a figure.
    in_percentiles = min(counts.values(), default=0) >= PERCENTILES_FROM
    behind = [row for group in random.values() for row in group]
    values = values_of(scores, [*shown, *behind], display.metric)
    out = []
    for (target, model), sweeps in tidy.grouped(shown, lambda row: (row.target, row.model)).items():
        band = random.get((target, model), [])
        out.append(
            Curve(
                target=target,
                model=model,
                k_max=max(row.k_max for row in sweeps),
                dev_languages=sweeps[0].dev,
                test=_of_sweeps(sweeps, values, "test"),
                dev=_of_sweeps(sweeps, values, "dev"),
                dev_selected=_marks(sweeps, "dev_selected"),
                test_oracle=_marks(sweeps, "test_oracle"),
                random_rankings=counts.get((target, model), 0),
                random_fewest=_fewest(band, values),
                in_percentiles=in_percentiles,
                random_test=_of_random(band, values, "test", in_percentiles=in_percentiles),
                random_dev=_of_random(band, values, "dev", in_percentiles=in_percentiles),
            )
        )
    return out


def _random(shown: Iterable[Choice], choices: Iterable[Choice]) -> list[Choice]:
    """The sweeps of random rankings (role `random`) at the points of `shown`.

    Experiments with other k have other sweeps of the same ranking.
    """
    points = {point_of(row) for row in shown}
    return [row for row in choices if row.role == "random" and point_of(row) in points]


def point_of(row: Choice) -> tuple[str, ...]:
    """What sweeps of different rankings must have in common to be compared."""
    return (
        *(row.task, row.corpus, row.model, row.recipe, *row.pair, row.setting, row.mixture),
        *(row.metric, row.protocol, row.heads),
    )


def values_of(scores: Iterable[Score], choices: Iterable[Choice], metric: str) -> _Values:
    """(sweep, split, heads, language, k) -> score of the sweeps of these choices."""
    wanted = {row.sweep for row in choices}
    return {
        (row.sweep, row.split, row.heads, row.language, row.k): row.value
        for row in scores
        if row.metric == metric and row.sweep in wanted
    }


def curve_of(row: Choice, values: _Values, split: str) -> dict[int, float]:
    """The score of one sweep at each k; on dev the mean of the languages that choose k.

    Test is read with the heads on that the sweep says; dev always with the heads pruned.
    """
    languages = [row.target] if split == "test" else row.dev.split("+")
    curve = {}
    for k in range(row.k_max + 1):
        heads = row.heads if split == "test" and k else "pruned"
        numbers = [values.get((row.sweep, split, heads, lang, k)) for lang in languages]
        known = [number for number in numbers if number is not None]
        if len(known) == len(languages):
            curve[k] = sum(known) / len(known)
    return curve


def curve_of_all(sweeps: Iterable[Choice], values: _Values, split: str) -> dict[int, float]:
    """The score at each k that some of the sweeps has, which are of one ranking and seed."""
    curve: dict[int, float] = {}
    for row in sweeps:
        curve |= curve_of(row, values, split)
    return curve


def values_by_k(curves: Iterable[Mapping[int, float]]) -> dict[int, list[float]]:
    """For each k, rising, the values of the curves that have it."""
    points = [point for curve in curves for point in curve.items()]
    groups = tidy.grouped(points, lambda point: point[0])
    return {k: [value for _, value in groups[k]] for k in sorted(groups)}


def _of_sweeps(sweeps: Sequence[Choice], values: _Values, split: str) -> Line:
    """The mean over the seeds, and their range."""
    by_k = values_by_k(curve_of(row, values, split) for row in sweeps)
    several = len(sweeps) > 1
    return Line(
        ks=tuple(by_k),
        means=tuple(sum(side) / len(side) for side in by_k.values()),
        lows=tuple(min(side) for side in by_k.values()) if several else (),
        highs=tuple(max(side) for side in by_k.values()) if several else (),
    )


def _fewest(sweeps: Iterable[Choice], values: _Values) -> int:
    """How many random rankings the k with fewest has, of those that are in the band."""
    ks = [
        curve_of_all(of_ranking, values, "test")
        for of_ranking in tidy.grouped(sweeps, lambda row: row.ranking).values()
    ]
    counts = Counter(k for of_ranking in ks for k in of_ranking if k)
    return min((count for count in counts.values() if count > 1), default=0)


def _of_random(
    sweeps: Iterable[Choice], values: _Values, split: str, *, in_percentiles: bool
) -> Line:
    """The mean and the band of random rankings, at the k that two or more of them have."""
    curves = []
    for of_ranking in tidy.grouped(sweeps, lambda row: row.ranking).values():
        seeds = tidy.grouped(of_ranking, lambda row: row.seed)
        by_k = values_by_k(curve_of_all(rows, values, split) for rows in seeds.values())
        curves.append({k: sum(side) / len(side) for k, side in by_k.items()})
    by_k = {k: side for k, side in values_by_k(curves).items() if len(side) > 1}
    ends = [band_ends(side, in_percentiles=in_percentiles) for side in by_k.values()]
    return Line(
        ks=tuple(by_k),
        means=tuple(sum(side) / len(side) for side in by_k.values()),
        lows=tuple(low for low, _ in ends),
        highs=tuple(high for _, high in ends),
    )


def band_ends(values: Sequence[float], *, in_percentiles: bool) -> tuple[float, float]:
    """The ends of a band: 10th and 90th percentile, or smallest and largest."""
    if in_percentiles:
        tenths = quantiles(values, n=10, method="inclusive")
        return tenths[0], tenths[-1]
    return min(values), max(values)


def _marks(sweeps: Iterable[Choice], criterion: str) -> Marks:
    selected = [row.by(criterion) for row in sweeps]
    return Marks(
        ks=tuple(one.k for one in selected),
        tests=tuple(one.test for one in selected),
        devs=tuple(one.dev for one in selected),
    )


class Together(NamedTuple):
    """Changes of the test score from k = 0 of many targets; percentage points."""

    ks: tuple[int, ...]
    changes: list[list[float]]  # of each target that has all k
    means: list[float]
    lows: list[float]  # percentiles of the targets, MIDDLE
    highs: list[float]
    random: list[float]  # mean over the targets of the mean of their random rankings


def together(rows: Sequence[Curve]) -> Together:
    """The targets of one model with all k that any of them has, k = 0 among them."""
    import numpy as np

    ks = max((row.test.ks for row in rows), key=len, default=())
    changes = _changes([row.test for row in rows], ks)
    random = _changes([row.random_test for row in rows], ks)
    if not changes:
        return Together(ks, [], [], [], [], [])
    lows, high = np.percentile(changes, MIDDLE, axis=0).tolist()
    means = np.mean(changes, axis=0).tolist()
    mean_of_random = np.mean(random, axis=0).tolist() if len(random) == len(changes) else []
    return Together(ks, changes, means, lows, high, mean_of_random)


def _changes(lines: Iterable[Line], ks: tuple[int, ...]) -> list[list[float]]:
    """What lines with these k are above their first."""
    if ks[:1] != (0,):
        return []
    return [[mean - line.means[0] for mean in line.means] for line in lines if line.ks == ks]
