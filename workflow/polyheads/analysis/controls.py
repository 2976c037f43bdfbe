"""Controls: the highest heads or random ones pruned, not the lowest (the paper's Table 5).

Every control stands beside the sweep of the lowest heads, which may be of another experiment (see
control_contrasts). Gains and differences in percentage points. Random rankings and seeds are
averaged; differences are taken sweep by sweep before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import NamedTuple

from polyheads.analysis import differences, tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.analysis.contrasted import Sides
from polyheads.analysis.control_contrasts import controls_of, lowest_of, sides_of
from polyheads.analysis.differences import Difference
from polyheads.analysis.estimates import (
    Estimate,
    all_of_choices,
    is_of,
    of_mean,
    problems,
)
from polyheads.analysis.groups import Group, group_of
from polyheads.analysis.results import MEAN, PAIR
from polyheads.catalogue import published
from polyheads.catalogue.tasks import PUBLISHED_METRIC
from polyheads.study.controls import RANDOM, control_of
from polyheads.study.displays import Display
from polyheads.study.rankings import ranking_kind


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a criterion selects of a control's sweeps, beside those of the lowest heads."""

    k: float | None = None
    gain: float | None
    spread: float | None = None  # standard deviation of the gain over sweeps
    low: float | None  # of the gain's interval; of several rankings together there is none
    high: float | None
    trials: tuple[str, ...] = ()  # paths of their JSON
    lowest_gain: float | None  # of the lowest heads, where both sides have gains
    difference: float | None  # of the gain to that one


@dataclass(frozen=True, kw_only=True)
class ControlRow:
    """A control of a pair and model, or the mean of a model's pairs."""

    level: str  # of PAIR, MEAN
    experiment: str = ""
    task: str = ""
    corpus: str = ""
    model: str
    recipe: str = ""
    source: str = ""  # "" of a mean
    target: str = ""
    setting: str = ""
    mixture: str = ""
    metric: str = ""
    control: str  # highest | random
    reversed: str  # kind of the ranking that is turned round, "" of random ones
    run: bool  # whether there are sweeps of it
    lowest_experiment: str = ""  # that the lowest heads are of
    rankings: int = 0
    seeds: int = 0
    published_change: float | None  # of F1 from the unpruned model
    gain_apart: float | None  # our gain of the test oracle less the published change
    dev_selected: Outcome
    test_oracle: Outcome
    difference_low: float | None  # of dev_selected's difference, its interval
    difference_high: float | None
    interval_seeds: int = 0  # the most behind an interval of one of its sweeps; 0 for no interval
    problems: tuple[str, ...] = ()  # why sweeps have no interval
    table_seeds: int  # of the whole table's controls

    def by(self, criterion: str) -> Outcome:
        """What a criterion of CRITERIA selects."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle


class _Line(NamedTuple):
    """A row of a pair, and what it is made of."""

    row: ControlRow
    controls: Sequence[Choice]
    sides: Sequence[Sides]  # the lowest heads and the control, of those that have both


class _Study(NamedTuple):
    """What controls are shown with."""

    lowest: Mapping[tuple[object, ...], Choice]  # sweep of a control -> of the lowest heads
    changes: Mapping[
        tuple[published.Point, str], float
    ]  # published: point and control -> change of F1
    estimates: Sequence[Estimate]
    differences: Sequence[Difference]
    seeds: int


def rows(
    display: Display,
    choices: Iterable[Choice],
    estimates: Iterable[Estimate] = (),
    differences: Iterable[Difference] = (),
) -> list[ControlRow]:
    """A row for each pair, model and control; of several pairs one for each mean of a model's.

    choices: of the whole study, since the lowest heads may be of another experiment.
    """
    choices = list(choices)
    controls = controls_of(display, choices)
    sides = sides_of(controls, lowest_of(choices))
    in_metric = display.metric == PUBLISHED_METRIC.get(display.task)
    study = _Study(
        lowest={control.sweep: lowest for lowest, control in sides},
        changes=published.control_changes() if in_metric else {},
        estimates=[row for row in estimates if row.experiment == display.experiment],
        differences=list(differences),
        seeds=len({control.seed for control in controls}),
    )
    columns = sorted(dict.fromkeys(map(control_of, controls)), key=lambda one: one[0] == RANDOM)
    pairs = tidy.grouped(controls, lambda row: row.pair)
    lines = [
        _line(column, group, study)
        for members in pairs.values()
        for group in tidy.grouped(members, lambda row: row.model).values()
        for column in columns
    ]
    out = [line.row for line in lines]
    for model in dict.fromkeys(row.model for row in controls) if len(pairs) > 1 else ():
        for column in columns:
            mine = [
                line for line in lines if (line.row.model, _column(line.row)) == (model, column)
            ]
            out.append(_mean(mine, study))
    return out


def _column(row: ControlRow) -> tuple[str, str]:
    return row.control, row.reversed


def _line(column: tuple[str, str], choices: Sequence[Choice], study: _Study) -> _Line:
    """The row of one control of a pair and model. choices: of all its controls."""
    control, kind = column
    first = choices[0]
    mine = [choice for choice in choices if control_of(choice) == column]
    sides = [(study.lowest[row.sweep], row) for row in mine if row.sweep in study.lowest]
    dev_selected, test_oracle = (_outcome(mine, sides, name, study) for name in CRITERIA)
    change = study.changes.get((published.point(first), control))
    known = all_of_choices(study.estimates, mine)
    low, high = _interval(differences.of_pair, mine, sides, study)
    row = ControlRow(
        level=PAIR,
        experiment=first.experiment,
        task=first.task,
        corpus=first.corpus,
        model=first.model,
        recipe=first.recipe,
        source=first.source,
        target=first.target,
        setting=first.setting,
        mixture=first.mixture,
        metric=first.metric,
        control=control,
        reversed=kind,
        run=bool(mine),
        lowest_experiment=sides[0][0].experiment if sides else "",
        rankings=len({choice.ranking for choice in mine}),
        seeds=len({choice.seed for choice in mine}),
        published_change=change,
        gain_apart=tidy.difference(test_oracle.gain, change),
        dev_selected=dev_selected,
        test_oracle=test_oracle,
        difference_low=low,
        difference_high=high,
        interval_seeds=max((one.seeds or 0 for one in known if one.low is not None), default=0),
        problems=tuple(problems(known)),
        table_seeds=study.seeds,
    )
    return _Line(row, mine, sides)


def _outcome(
    controls: Sequence[Choice], sides: Sequence[Sides], criterion: str, study: _Study
) -> Outcome:
    """The means of one pair's sweeps."""
    selected = [control.by(criterion) for control in controls]
    gains = [one.gain for one in selected if one.gain is not None]
    both = [
        (lowest, gain)
        for lowest, gain in ((a.by(criterion).gain, b.by(criterion).gain) for a, b in sides)
        if lowest is not None and gain is not None
    ]
    one = None
    if len({control.ranking for control in controls}) == 1:
        known = all_of_choices(study.estimates, controls)
        mine = (row for row in known if row.criterion == criterion and is_of(row, controls))
        one = next(mine, None)
    return Outcome(
        k=tidy.mean(one.k for one in selected),
        gain=tidy.mean(gains),
        spread=stdev(gains) if len(gains) > 1 else None,
        low=one.low if one else None,
        high=one.high if one else None,
        trials=tuple(one.trial for one in selected if one.trial),
        lowest_gain=tidy.mean(lowest for lowest, _ in both),
        difference=tidy.mean(gain - lowest for lowest, gain in both),
    )


def _interval(
    find: Callable[[Iterable[Difference], tuple[Group, Group], Sequence[Sides]], Difference | None],
    controls: Sequence[Choice],
    sides: Sequence[Sides],
    study: _Study,
) -> tuple[float | None, float | None]:
    """The ends of the interval of a difference to the lowest heads, by the k chosen on dev.

    Of several random rankings together there is none. find: a function of differences.
    """
    kinds = {ranking_kind(control.ranking, control.source) for control in controls}
    groups = {(group_of(lowest), group_of(control)) for lowest, control in sides}
    if len(kinds) != 1 or len(groups) != 1:
        return None, None
    found = find(study.differences, groups.pop(), sides)
    if found is None or found.low is None or found.high is None:
        return None, None
    return -found.high, -found.low  # there the control is taken from the lowest


def _mean(lines: Sequence[_Line], study: _Study) -> ControlRow:
    """The mean of a model's pairs by one control.

    Over those that have all numbers, so that they add up; the paper's over the same ones, None
    where it lacks one.
    """
    first = lines[0].row
    compared = [line for line in lines if _compared(line.row)]
    # Where the lowest heads were not pruned: the control's own gains.
    whole = compared or [line for line in lines if _gained(line.row)]
    controls = [control for line in lines for control in line.controls]
    dev_selected, test_oracle = (
        _mean_outcome(whole, criterion, study.estimates) for criterion in CRITERIA
    )
    sides = [pair for line in compared for pair in line.sides]
    low, high = _interval(differences.of_sweeps, controls, sides, study)
    return ControlRow(
        level=MEAN,
        model=first.model,
        control=first.control,
        reversed=first.reversed,
        run=bool(controls),
        published_change=tidy.mean_of_all(line.row.published_change for line in whole),
        gain_apart=tidy.mean_of_all(line.row.gain_apart for line in whole),
        dev_selected=dev_selected,
        test_oracle=test_oracle,
        difference_low=low,
        difference_high=high,
        table_seeds=study.seeds,
    )


def _mean_outcome(lines: Sequence[_Line], criterion: str, estimates: Sequence[Estimate]) -> Outcome:
    """The means of pairs; their interval is that of the ranking's own table, if of the same."""
    gained = [
        [row for row in line.controls if row.by(criterion).gain is not None] for line in lines
    ]
    # There a pair with more seeds than others weighs more.
    alike = len({len(group) for group in gained}) == 1
    every = [row for group in gained for row in group]
    known = of_mean(estimates, every, criterion) if alike else None
    outcomes = [line.row.by(criterion) for line in lines]
    return Outcome(
        gain=tidy.mean(one.gain for one in outcomes),
        low=known.low if known else None,
        high=known.high if known else None,
        lowest_gain=tidy.mean(one.lowest_gain for one in outcomes),
        difference=tidy.mean(one.difference for one in outcomes),
    )


def _gained(row: ControlRow) -> bool:
    """Whether a pair has the gains of both criteria."""
    return row.dev_selected.gain is not None and row.test_oracle.gain is not None


def _compared(row: ControlRow) -> bool:
    """Whether it has their differences to the lowest heads, too."""
    differences = (row.dev_selected.difference, row.test_oracle.difference)
    return _gained(row) and None not in differences
