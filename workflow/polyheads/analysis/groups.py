"""The groups of a study's sweeps that the paper's claims are held against.

Of several experiments that could answer a claim, one that prunes before training as the paper does,
then one with null baselines, then the one with most pairs of languages (ties: the gradient ranking,
then the first). All in the experiments' own metrics.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice, SweepRow, sweep_values
from polyheads.catalogue import published
from polyheads.catalogue.methods import KINDS
from polyheads.study.displays import LOW_RESOURCE, Display, main_rows
from polyheads.study.plan import Sweep
from polyheads.study.rankings import ranking_kind


class Point(NamedTuple):
    """What has one group in each setting that stands for the paper's tables."""

    task: str
    corpus: str
    model: str


class Group(NamedTuple):
    """Whose sweeps are averaged: one result table and model."""

    experiment: str
    kind: str  # of ranking
    task: str
    corpus: str
    model: str
    setting: str
    metric: str

    @property
    def point(self) -> Point:
        """Task, corpus and model."""
        return Point(self.task, self.corpus, self.model)


Tried = Mapping[tuple[Hashable, ...], Sequence[int]]  # what names a sweep (SweepRow.sweep) -> its k


@dataclass(frozen=True, kw_only=True, eq=False)  # two studies are never compared
class Study:
    """What claims are held against."""

    groups: Mapping[Group, Sequence[Choice]]  # role main, own metric, heads pruned at test
    low_resource: Sequence[Choice]  # of the setting low-resource
    tried: Tried
    with_nulls: Collection[str]  # experiments that have a null baseline


def study(
    displays: Iterable[Display],
    sweeps: Iterable[Sweep],
    choices: Sequence[Choice],
    *,
    with_nulls: Iterable[str] = (),
) -> Study:
    """A study's choices in groups. with_nulls: the experiments that have a null baseline."""
    # As the released code tests, with all heads, there is nothing to hold claims against.
    main = [row for row in main_rows(displays, choices) if row.heads != "all"]
    transfer = (row for row in main if row.setting != LOW_RESOURCE and row.k_max)
    return Study(
        groups=tidy.grouped(transfer, group_of),
        low_resource=[row for row in main if row.setting == LOW_RESOURCE],
        tried=tried(sweeps),
        with_nulls=set(with_nulls),
    )


def group_of(choice: Choice) -> Group:
    """The group that a choice is in."""
    return Group(
        experiment=choice.experiment,
        kind=ranking_kind(choice.ranking, choice.source),
        task=choice.task,
        corpus=choice.corpus,
        model=choice.model,
        setting=choice.setting,
        metric=choice.metric,
    )


def tried(sweeps: Iterable[Sweep]) -> Tried:
    """The k of the sweeps of the role main."""
    return {
        SweepRow(**sweep_values(sweep)).sweep: sweep.ks for sweep in sweeps if sweep.role == "main"
    }


def is_of_tables(group: Group, choices: Iterable[Choice]) -> bool:
    """Whether a group is of what the paper's Tables 2 to 4 show: one source, its lowest heads."""
    return group.kind in KINDS and not any("+" in row.source for row in choices)


def main_groups(study: Study, setting: str) -> list[tuple[Group, Sequence[Choice]]]:
    """For each task, corpus and model the group that stands for the paper's Tables 2 to 4."""

    def size(group: Group) -> tuple[bool, bool, int, bool]:
        choices = study.groups[group]
        prunes = choices[0].protocol == "prune"
        nulls = group.experiment in study.with_nulls
        return prunes, nulls, len(pairs_of(choices)), group.kind == published.RANKING

    candidates = [
        group
        for group, choices in study.groups.items()
        if group.setting == setting and is_of_tables(group, choices)
    ]
    points = tidy.grouped(candidates, lambda group: group.point)
    best = [max(groups, key=size) for groups in points.values()]
    return [(group, study.groups[group]) for group in best]


def pairs_of(choices: Iterable[Choice]) -> set[tuple[str, str]]:
    """(source, target) of the choices."""
    return {row.pair for row in choices}


def moved(choices: Iterable[Choice]) -> bool:
    """Whether dev chose a k above 0 for any of them: else nothing is compared."""
    return any(row.dev_selected.k for row in choices)


def table_of(displays: Iterable[Display], group: Group) -> str:
    """The name of the result table of a group; "" where the study has none."""
    wanted = (group.experiment, group.kind, group.setting, group.metric)
    for display in displays:
        picks = (display.experiment, display.ranking, display.setting, display.metric)
        if display.kind == "results" and picks == wanted:
            return display.name
    return ""
