"""Claims about differences: between settings, and between the heads that are pruned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from polyheads.analysis import claim_contrasts, differences
from polyheads.analysis.claim_contrasts import LRP
from polyheads.analysis.claims import printed
from polyheads.analysis.claims.evidence import Evidence, nulls, seeds_of
from polyheads.analysis.claims.records import Absence, ClaimLine, Fresh, Null, Number
from polyheads.analysis.contrasted import Contrast
from polyheads.analysis.draws import Bounds, of_row
from polyheads.analysis.groups import Group, main_groups, pairs_of
from polyheads.catalogue import published
from polyheads.study.controls import RANDOM
from polyheads.study.displays import TRANSFER

Pairs = Mapping[tuple[str, tuple[str, str]], float]  # model, (source, target) -> the paper's number


def of_settings(evidence: Evidence) -> Iterator[ClaimLine]:
    """Mean cross-lingual less mean multi-lingual gain, of sweeps that differ in nothing else."""
    gains = published.gains()
    for contrast in claim_contrasts.of_settings(evidence.study):
        paper = {}
        for (task, model, source, target, setting), gain in gains.items():
            other = gains.get((task, model, source, target, TRANSFER[1]))
            if (task, setting) == (contrast.one.task, TRANSFER[0]) and other is not None:
                paper[model, (source, target)] = gain - other
        yield _of_contrast(evidence, contrast, paper)


def of_controls(evidence: Evidence, control: str) -> Iterator[ClaimLine]:
    """The lowest heads' gains less those of a control (highest | random), on the same pairs."""
    for contrast in claim_contrasts.of_kinds(evidence.study, control):
        # Many random rankings say more than one.
        if control != RANDOM or not _has_random_null(evidence, contrast.other):
            paper = _of_control(contrast.other, control)
            line = _of_contrast(evidence, contrast, paper)
            yield replace(line, setting=contrast.other.setting)
    if control == RANDOM:
        yield from _against_random(evidence)


def of_lrp(evidence: Evidence) -> Iterator[ClaimLine]:
    """Gains with rankings by gradient less those with rankings by LRP, on the same pairs."""
    for contrast in claim_contrasts.of_kinds(evidence.study, LRP):
        group = contrast.other
        # The paper's text has means over all its pairs, and no number of a pair.
        paper = {
            model: difference
            for (task, model, setting), difference in published_lrp().items()
            if (task, setting) == (group.task, group.setting)
        }
        yield replace(
            _of_contrast(evidence, contrast, {}),
            setting=group.setting,
            published=printed.of_models(paper, group.model),
        )


def published_settings() -> list[float]:
    """Mean cross-lingual less mean multi-lingual gain of every task and model of the paper."""
    gains = published.mean_gains()
    return [
        gain - gains[task, model, TRANSFER[1]]
        for (task, model, setting), gain in gains.items()
        if setting == TRANSFER[0]
    ]


def published_lrp() -> dict[tuple[str, str, str], float]:
    """(task, model, setting) -> mean gain by gradient less that by LRP, by the paper's text."""
    said = published.said()
    return {
        (task, model, setting): said["mean_gain", task, model, setting, "gradient"][0] - value
        for (quantity, task, model, setting, kind), (value, _) in said.items()
        if quantity == "mean_gain" and kind == "lrp"
    }


def _of_contrast(evidence: Evidence, contrast: Contrast, paper: Pairs) -> ClaimLine:
    """The line of a contrast. paper: the paper's numbers."""
    group = contrast.one
    line = ClaimLine(
        task=group.task,
        corpus=group.corpus,
        model=group.model,
        published=printed.of_pairs(paper, group.model, contrast.pairs),
        left_out=tuple(contrast.left_out.items()),
        runs=len(contrast.seeds),
        table=evidence.table_of(contrast.other),
    )
    if not contrast.sweeps:
        missing = contrast.left_out["missing"]
        return replace(line, absent=Absence.MISSING if missing else Absence.UNLIKE)
    line = replace(
        line,
        dev_selected=Number(value=contrast.difference("dev_selected")),
        test_oracle=Number(value=contrast.difference("test_oracle")),
    )
    if not contrast.moved:
        return line
    row = differences.of_contrast(evidence.differences, contrast)
    again = differences.with_fresh_seeds(contrast, evidence.choices, evidence.differences)
    return replace(
        line,
        bounds=of_row(row) if row else Bounds(),
        fresh=Fresh(value=again.difference, bounds=again.bounds) if again else Fresh(),
        training_noise=again is not None and again.bounds.p_interval is not None,
    )


def _of_control(group: Group, control: str) -> Pairs:
    """The paper's differences of a group's task and setting."""
    return {
        (model, (source, target)): difference
        for (task, model, source, target, setting, name), difference in (
            published.control_gains().items()
        )
        if (task, setting, name) == (group.task, group.setting, control)
    }


def _has_random_null(evidence: Evidence, group: Group) -> bool:
    """Whether there are many random rankings for what a group is about."""
    return any(
        row.null == "random"
        and row.p is not None
        and (row.group.point, row.group.setting) == (group.point, group.setting)
        for row in evidence.null_baselines
    )


def _against_random(evidence: Evidence) -> Iterator[ClaimLine]:
    """The gains of the lowest heads less the mean of those of many random rankings."""
    for setting in TRANSFER:
        for group, choices in main_groups(evidence.study, setting):
            best = nulls(evidence, group, "random", "test_oracle")
            pairs = pairs_of(row for row in choices if row.whole)
            for row in nulls(evidence, group, "random"):
                yield ClaimLine(
                    task=group.task,
                    corpus=group.corpus,
                    model=group.model,
                    setting=setting,
                    published=printed.of_pairs(_of_control(group, "random"), group.model, pairs),
                    dev_selected=Number(value=row.gain - row.null_mean),
                    test_oracle=Number(value=best[0].gain - best[0].null_mean if best else None),
                    null=Null(baseline="random", n=row.n, p=row.p),
                    # They are trainings of their own: their spread has training noise in it.
                    training_noise=True,
                    runs=seeds_of(choices),
                    table=evidence.table_of(group),
                )
