"""What the paper's claims are held against: a study's numbers, and what decides about a mean gain.

What decides is its interval, p against unpruned runs, and the gain with seeds that chose nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from polyheads.analysis import fresh, tidy
from polyheads.analysis.choices import Choice
from polyheads.analysis.claims.records import ClaimLine, Fresh, Null
from polyheads.analysis.contrasts import mean_of, p_of_ends
from polyheads.analysis.correlations import Correlation
from polyheads.analysis.differences import Difference
from polyheads.analysis.draws import Bounds, of_row
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.groups import Group, Study, moved, pairs_of, table_of
from polyheads.analysis.null_baselines import NullBaseline
from polyheads.analysis.rankings import Ranking
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.study.displays import Display


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """All that a study has."""

    study: Study
    displays: Sequence[Display]
    choices: Sequence[Choice]  # of all roles
    estimates: Sequence[Estimate]
    null_baselines: Sequence[NullBaseline]
    differences: Sequence[Difference]
    rankings: Sequence[Ranking]
    languages: LanguageFacts
    correlations: Mapping[str, Sequence[Correlation]]  # name of their table -> its rows

    @property
    def groups(self) -> Mapping[Group, Sequence[Choice]]:
        """The groups of sweeps that are compared."""
        return self.study.groups

    def of_kind(self, kind: str) -> list[Display]:
        """The displays of a kind."""
        return [display for display in self.displays if display.kind == kind]

    def table_of(self, group: Group) -> str:
        """The name of the result table of a group; "" where there is none."""
        return table_of(self.displays, group)


def of_mean_gain(evidence: Evidence, group: Group) -> tuple[Bounds, bool]:
    """What is known of a group's mean gain by the choice on dev.

    And whether its interval is combined from those of pairs, because the table of the group has
    none of all pairs. Nothing where dev chose k = 0 for all.
    """
    choices = evidence.groups[group]
    wanted = pairs_of(row for row in choices if row.dev_selected.gain is not None)
    if not wanted or not moved(choices):
        return Bounds(), False
    estimates = [row for row in evidence.estimates if _is_of_gain(row, group)]
    pairs = [row for row in estimates if row.level == "pair" and row.pair in wanted]
    means = pairs if len(wanted) == 1 else [row for row in estimates if row.level == "mean"]
    for row in means:
        if has_width(bounds := of_row(row)):
            return bounds, False
    return _of_parts(mean_gain(choices, "dev_selected"), pairs, len(wanted))


def _is_of_gain(row: Estimate, group: Group) -> bool:
    place = (row.experiment, row.ranking, row.model, row.setting, row.metric)
    wanted = (group.experiment, group.kind, group.model, group.setting, group.metric)
    return place == wanted and row.criterion == "dev_selected" and not row.problem


def _of_parts(value: float | None, pairs: Sequence[Estimate], expected: int) -> tuple[Bounds, bool]:
    """An interval of the mean of all pairs from theirs; nothing where some have none."""
    parts = []
    for row in pairs:
        if row.low is not None and row.high is not None and row.gain is not None:
            parts.append((row.target, (row.gain, row.low, row.high)))
        elif row.gain is not None:
            # Where dev chose k = 0 nothing is compared: the gain is 0 in every draw.
            parts.append((row.target, (row.gain, row.gain, row.gain)))
    if value is None or len(parts) < expected or all(low == high for _, (_, low, high) in parts):
        return Bounds(), False
    _, low, high = mean_of(parts)
    return Bounds(low=low, high=high, p_interval=p_of_ends(value, low, high)), True


def mean_gain(choices: Iterable[Choice], criterion: str) -> float | None:
    """Mean gain by a criterion, of the choices that have one."""
    return tidy.mean(row.by(criterion).gain for row in choices)


def has_width(bounds: Bounds) -> bool:
    """Whether there is an interval. One without width is of systems that never differ."""
    return bounds.low is not None and bounds.high is not None and bounds.low < bounds.high


def seeds_of(choices: Iterable[Choice]) -> int:
    """How many seeds there are."""
    return len({row.seed for row in choices})


def nulls(
    evidence: Evidence, group: Group, baseline: str, criterion: str = "dev_selected"
) -> list[NullBaseline]:
    """The null baselines of a kind (noise | random) that have a p for a group's mean gain."""
    return [
        row
        for row in evidence.null_baselines
        if (row.null, row.criterion, row.group) == (baseline, criterion, group)
        and row.p is not None
    ]


def against_run_noise(evidence: Evidence, group: Group, choices: Sequence[Choice]) -> Null:
    """The p of the mean gain of some of a group's choices against unpruned runs.

    Without p where the null is of other pairs than theirs.
    """
    for row in nulls(evidence, group, "noise"):
        # Both are of choices of the group that have both gains: as many are the same.
        same = row.pairs == sum(choice.whole for choice in choices)
        return Null(baseline="noise", n=row.n, p=row.p if same else None)
    return Null()


def _with_fresh_seeds(evidence: Evidence, group: Group) -> tuple[Fresh, str]:
    """A group's mean gain with fresh seeds and the name of their table; nothing without any."""
    for display in evidence.of_kind("fresh"):
        place = (display.experiment, display.ranking, display.metric)
        if place != (group.experiment, group.kind, group.metric):
            continue
        for row in fresh.rows(display, evidence.choices, evidence.estimates):
            mine = (row.level, row.setting, row.model) == ("mean", group.setting, group.model)
            if mine and row.gain_fresh is not None:
                return Fresh(value=row.gain_fresh, bounds=of_row(row)), display.name
    return Fresh(), ""


def decided(line: ClaimLine, evidence: Evidence, group: Group) -> ClaimLine:
    """The line of a group's mean gain with what decides about it.

    It leads to the table of fresh seeds where there are any.
    """
    choices = evidence.groups[group]
    bounds, of_parts = of_mean_gain(evidence, group)
    null = against_run_noise(evidence, group, choices)
    fresh_gain, fresh_table = _with_fresh_seeds(evidence, group)
    return replace(
        line,
        bounds=bounds,
        of_parts=of_parts,
        null=null,
        fresh=fresh_gain,
        training_noise=null.p is not None or fresh_gain.bounds.p_interval is not None,
        table=fresh_table or line.table,
    )
