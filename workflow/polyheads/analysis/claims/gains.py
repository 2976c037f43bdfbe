"""Claims about gains: that pruning the lowest heads raises scores, and for how many pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from polyheads.analysis import improved, several_sources, tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.analysis.claims import printed
from polyheads.analysis.claims.evidence import (
    Evidence,
    against_run_noise,
    decided,
    has_width,
    mean_gain,
    seeds_of,
)
from polyheads.analysis.claims.records import Absence, ClaimLine, Number, Published
from polyheads.analysis.draws import Bounds, of_row
from polyheads.analysis.groups import Group, group_of, main_groups, pairs_of
from polyheads.analysis.low_resource import percent
from polyheads.analysis.several_sources import SourcesRow
from polyheads.catalogue import published
from polyheads.study.displays import LOW_RESOURCE, TRANSFER, Display, members


def of_setting(evidence: Evidence, setting: str) -> Iterator[ClaimLine]:
    """Mean gain of pruning the lowest heads, in one setting."""
    for group, choices in main_groups(evidence.study, setting):
        with_gains = [row for row in choices if row.dev_selected.gain is not None]
        paper = {
            (model, (source, target)): gain
            for (task, model, source, target, name), gain in published.gains().items()
            if (task, name) == (group.task, setting)
        }
        line = ClaimLine(
            task=group.task,
            corpus=group.corpus,
            model=group.model,
            published=printed.of_pairs(paper, group.model, pairs_of(with_gains or choices)),
            dev_selected=Number(value=mean_gain(choices, "dev_selected")),
            test_oracle=Number(value=mean_gain(choices, "test_oracle")),
            runs=seeds_of(choices),
            table=evidence.table_of(group),
        )
        yield decided(line, evidence, group)


def most_pairs(evidence: Evidence) -> Iterator[ClaimLine]:
    """The share improved of the pairs that moved, both settings and all models of a task."""
    corpora = tidy.grouped(_of_both_settings(evidence), lambda row: (row.task, row.corpus))
    for (task, corpus), choices in corpora.items():
        clusters = list(improved.moved(choices, "dev_selected").values())
        number = _share(choices, "dev_selected")
        bounds = improved.share(clusters) if number.up is not None else None
        yield ClaimLine(
            task=task,
            corpus=corpus,
            model=", ".join(dict.fromkeys(row.model for row in choices)),
            published=_improved(task, choices),
            dev_selected=number,
            bounds=Bounds(low=100 * bounds[0], high=100 * bounds[1]) if bounds else Bounds(),
            test_oracle=_share(choices, "test_oracle"),
            absent=Absence.MISSING if number.up is None else Absence.UNMOVED,
            runs=seeds_of(choices),
            table="improved",
        )


def _share(choices: Sequence[Choice], criterion: str) -> Number:
    """Percent of the pairs that moved; nothing where no pair has a gain."""
    total = improved.total(improved.moved(choices, criterion).values())
    if not sum(total):
        return Number()
    share = total.share
    value = None if share is None else 100 * share
    return Number(value=value, up=total.up, down=total.down, same=total.same)


def _improved(task: str, choices: Sequence[Choice]) -> Published:
    """Published pairs that improved: of those that were run where all models are the paper's."""
    gains = {
        point: gain
        for point, gain in published.gains().items()
        if point[0] == task and point[-1] in TRANSFER
    }
    run = {published.point(row) for row in choices if row.whole}
    ours = {point: gain for point, gain in gains.items() if point in run}
    if not run or not {model for _, model, *_ in run} <= published.MODELS.keys():
        ours = gains
    if not ours:
        return Published()
    up = sum(gain > 0 for gain in ours.values())
    counted = Published(improved=up, pairs=len(ours), of_part=len(ours) < len(gains))
    text = published.said().get(("improved", task, "", "", published.RANKING))
    if counted.of_part or text is None or text == (up, len(ours)):
        return counted
    return replace(counted, text_improved=round(text[0]))


def of_several_sources(evidence: Evidence, heuristic: str) -> Iterator[ClaimLine]:
    """Several sources (MD, SD or EC): mean gain over the unpruned model."""
    choices = [row for rows in evidence.groups.values() for row in rows]
    for display in evidence.of_kind("several-sources"):
        shown = [row for row in choices if several_sources.shows(display, row)]
        targets = [
            row
            for row in several_sources.rows(display, shown)
            if row.level == several_sources.TARGET and heuristic in row.run
        ]
        for model, rows in tidy.grouped(targets, lambda row: row.model).items():
            line = ClaimLine(
                task=display.task,
                corpus=display.corpus,
                model=model,
                setting=display.setting,
                runs=seeds_of(row for row in shown if row.model == model),
                table=display.name,
            )
            yield _of_heuristic(line, heuristic, rows, evidence, display)


def _of_heuristic(
    line: ClaimLine,
    heuristic: str,
    targets: Sequence[SourcesRow],
    evidence: Evidence,
    display: Display,
) -> ClaimLine:
    """The line of one model. targets: its rows of the table."""
    selected, best = (_gains_of_targets(targets, heuristic, name) for name in CRITERIA)
    paper = {
        (model, target): gain
        for (task, model, target, name), gain in published.several_gains_of_targets().items()
        if (task, name) == (line.task, heuristic)
    }
    line = replace(
        line,
        published=printed.of_pairs(paper, line.model, {*selected, *best}),
        dev_selected=Number(value=tidy.mean(selected.values())),
        test_oracle=Number(value=tidy.mean(best.values())),
    )
    group = _group_of_rankings(evidence, heuristic, display, line.model)
    if group is None or not selected:
        return line
    number = Number(value=mean_gain(evidence.groups[group], "dev_selected"))
    return decided(replace(line, dev_selected=number), evidence, group)


def _group_of_rankings(
    evidence: Evidence, heuristic: str, display: Display, model: str
) -> Group | None:
    """The group whose rankings are put together so; none of EC, where dev chooses among sweeps."""
    method = several_sources.METHODS[heuristic]
    wanted = (display.experiment, model, display.setting)
    for group in evidence.groups if method else ():
        place = (group.experiment, group.model, group.setting)
        if place == wanted and group.kind.startswith(f"{method}-"):
            return group
    return None


def _gains_of_targets(
    targets: Sequence[SourcesRow], heuristic: str, criterion: str
) -> dict[str, float]:
    """Target -> gain, of those that have one."""
    scores = [(row, row.heuristic(heuristic).by(criterion).test) for row in targets]
    return {
        row.target: test - row.unpruned
        for row, test in scores
        if test is not None and row.unpruned is not None
    }


def low_resource(evidence: Evidence) -> Iterator[ClaimLine]:
    """Mean gain over the shares of target data below all of it, and at how many it is above 0.

    The nulls are of run noise. No table has fresh seeds of these.
    """
    for display in evidence.of_kind("low-resource"):
        choices = members(display, evidence.study.low_resource)
        for model, rows in tidy.grouped(choices, lambda row: row.model).items():
            yield _low_resource(evidence, display, model, rows)


def _low_resource(
    evidence: Evidence, display: Display, model: str, choices: Sequence[Choice]
) -> ClaimLine:
    group = Group(
        experiment=display.experiment,
        kind=display.ranking,
        task=display.task,
        corpus=display.corpus,
        model=model,
        setting=LOW_RESOURCE,
        metric=display.metric,
    )
    null = against_run_noise(evidence, group, choices)
    means = [
        of_row(row)
        for row in evidence.estimates
        if (row.table, row.model, row.level, row.criterion)
        == (display.name, model, "mean", "dev_selected")
    ]
    return ClaimLine(
        task=display.task,
        corpus=display.corpus,
        model=model,
        published=Published(drawn=True),
        dev_selected=_over_shares(choices, "dev_selected"),
        bounds=next(filter(has_width, means), Bounds()),
        test_oracle=_over_shares(choices, "test_oracle"),
        null=null,
        training_noise=null.p is not None,
        runs=seeds_of(choices),
        table=display.name,
    )


def _over_shares(choices: Sequence[Choice], criterion: str) -> Number:
    """Mean gain, and how many shares of data have one above 0, below it and of 0."""
    with_gains = [row for row in choices if row.by(criterion).gain is not None]
    if not with_gains:
        return Number()
    shares = tidy.grouped(with_gains, percent)
    means = [mean_gain(rows, criterion) or 0.0 for rows in shares.values()]
    return Number(
        value=mean_gain(with_gains, criterion),
        up=sum(mean > 0 for mean in means),
        down=sum(mean < 0 for mean in means),
        same=sum(mean == 0 for mean in means),
    )


def heads(evidence: Evidence) -> Iterator[ClaimLine]:
    """Mean k, both settings of the paper together."""
    points = tidy.grouped(_of_both_settings(evidence), lambda row: group_of(row).point)
    for point, choices in points.items():
        paper = {m: k for (task, m), k in published.mean_heads().items() if task == point.task}
        selected, best = (
            Number(value=tidy.mean(row.by(criterion).k for row in choices))
            for criterion in CRITERIA
        )
        yield ClaimLine(
            task=point.task,
            corpus=point.corpus,
            model=point.model,
            published=printed.of_models(paper, point.model),
            dev_selected=selected,
            test_oracle=best,
            table="overview",
        )


def _of_both_settings(evidence: Evidence) -> list[Choice]:
    """The choices that stand for the paper's tables, setting by setting."""
    groups = [group for setting in TRANSFER for group in main_groups(evidence.study, setting)]
    return [row for _, choices in groups for row in choices]
