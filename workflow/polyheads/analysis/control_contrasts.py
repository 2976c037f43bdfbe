"""Which sweeps of the lowest heads controls are compared with (controls: study.controls)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice
from polyheads.analysis.contrasted import Contrast, Sides, matched
from polyheads.analysis.groups import group_of, tried
from polyheads.study.controls import control_of, is_control
from polyheads.study.displays import Display
from polyheads.study.plan import Sweep
from polyheads.study.rankings import ranking_kind

Place = tuple[Hashable, ...]  # kind of ranking, "" for any; point (see `_point`)
Lowest = Mapping[Place, Choice]


def contrasts(
    displays: Iterable[Display], sweeps: Iterable[Sweep], choices: Sequence[Choice]
) -> list[Contrast]:
    """What the tables of controls compare: the lowest heads of a sweep and its control."""
    lowest, ks = lowest_of(choices), tried(sweeps)
    out = []
    for display in displays:
        if display.kind != "controls":
            continue
        sides = sides_of(controls_of(display, choices), lowest)
        groups = tidy.grouped(sides, lambda pair: (group_of(pair[0]), group_of(pair[1])))
        for (one, other), members in groups.items():
            mine, theirs = zip(*members, strict=True)
            control, _ = control_of(theirs[0])
            out.append(matched(control, (one, mine), (other, theirs), ks))
    return out


def sides_of(controls: Sequence[Choice], lowest: Lowest) -> list[Sides]:
    """The sweep of the lowest heads and the control, for the controls of a table that have one."""
    default = scored_kind(controls)
    partners = ((partner(row, lowest, default), row) for row in controls)
    return [(against, row) for against, row in partners if against]


def controls_of(display: Display, choices: Iterable[Choice]) -> list[Choice]:
    """The controls that a table shows."""
    picks = (display.experiment, display.setting, display.metric)
    return [
        row
        for row in choices
        if is_control(row)
        and (row.experiment, row.setting, row.metric) == picks
        and "+" not in row.source
    ]


def scored_kind(controls: Iterable[Choice]) -> str:
    """The kind of ranking that random ones are held against: the one that is turned round."""
    return next((kind for _, kind in map(control_of, controls) if kind), "")


def partner(control: Choice, lowest: Lowest, default: str) -> Choice | None:
    """The sweep of the lowest heads that a control is compared with.

    default: the kind of ranking that random ones are held against where the study has it.
    """
    _, kind = control_of(control)
    places = ((name, *_point(control)) for name in ([kind] if kind else [default, ""]))
    return next((lowest[place] for place in places if place in lowest), None)


def lowest_of(choices: Iterable[Choice]) -> dict[Place, Choice]:
    """(kind, point) -> the sweep that prunes the lowest heads by a scored ranking of the source."""
    lowest: dict[Place, Choice] = {}
    for row in choices:
        main = row.role == "main" and "+" not in row.source
        if main and not is_control(row) and row.ranking.endswith(f"-{row.source}"):
            kind = ranking_kind(row.ranking, row.source)
            for name in (kind, ""):  # "": whatever ranking comes first, for the random ones
                lowest.setdefault((name, *_point(row)), row)
    return lowest


def _point(row: Choice) -> tuple[Hashable, ...]:
    """What a control and the sweep of the lowest heads have in common."""
    return (
        *(row.task, row.corpus, row.model, row.recipe, row.source, row.target, row.setting),
        *(row.mixture, row.protocol, row.heads, row.seed, row.metric, row.k_max),
    )
