"""Pairs that went up and down, by source and model."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis import tidy
from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.estimates import ALPHA, LEVEL
from polyheads.analysis.improved import EXPERIMENT, FEW, SOURCE, Improved
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.report.cells import CRITERION_NAMES, OF_SENTENCES, cell
from polyheads.report.names import Languages, language_name, ranking_name
from polyheads.report.table import Cell, Table, Value

_COLUMNS = {
    "dev_selected": ("Up", "Down", "As before", "Above 0", "Below 0"),
    "test_oracle": ("Up", "Down", "As before", "Above 0"),  # tested for gains only
}


def table(rows: Sequence[Improved], languages: Languages) -> Table:
    """A line for each task, setting, model and source.

    Pairs improved, and those significantly different from zero.
    """
    levels = tidy.grouped(rows, lambda row: row.level)
    sources, experiments = levels.get(SOURCE, []), levels.get(EXPERIMENT, [])
    several = len(experiments) > len({row.task for row in experiments})
    return Table(
        name="improved",
        title="Pairs that went up and down, by source and model",
        notes=_notes(experiments),
        head=_head(several),
        body=[_line(row, languages, several=several) for row in sources],
        records=[_record(row) for row in sources],
    )


def _head(several: bool) -> list[list[Cell]]:
    names = ["Task", *(["Experiment"] if several else []), "Setting", "Model", "Source"]
    top = [cell(name, th="col", rowspan=2, kind="name") for name in names]
    low = []
    for criterion, columns in _COLUMNS.items():
        kinds = _kinds(criterion)
        name = CRITERION_NAMES[criterion]
        top.append(cell(name, th="colgroup", colspan=len(columns), kind=kinds[0]))
        low += [cell(name, th="col", kind=k) for name, k in zip(columns, kinds, strict=True)]
    return [top, low]


def _kinds(criterion: str) -> list[str]:
    """CSS classes of a criterion's cells."""
    return [f"{criterion} first"] + [criterion] * (len(_COLUMNS[criterion]) - 1)


def _line(row: Improved, languages: Languages, *, several: bool) -> list[Cell]:
    words = [row.setting, row.model, language_name(row.source, languages)]
    if several:
        words.insert(0, f"{row.experiment} ({row.ranking})")
    cells = [cell(TASK_NAMES[row.task], th="row"), *(cell(text, kind="name") for text in words)]
    for criterion in CRITERIA:
        pairs = row.by(criterion)
        numbers = (pairs.up, pairs.down, pairs.same, pairs.above, pairs.below)
        kinds = _kinds(criterion)
        cells += [cell(str(n), kind=kind) for n, kind in zip(numbers, kinds, strict=False)]
    return cells


def _record(row: Improved) -> dict[str, Value]:
    names = ("task", "experiment", "ranking", "setting", "model", "source")
    record: dict[str, Value] = {name: getattr(row, name) for name in names}
    for criterion in CRITERIA:
        pairs = row.by(criterion)
        record |= {
            f"{criterion}_pairs": pairs.pairs,
            f"{criterion}_improved": pairs.up,
            f"{criterion}_down": pairs.down,
            f"{criterion}_same": pairs.same,
            f"{criterion}_above": pairs.above,
            f"{criterion}_below": pairs.below,
        }
    return record


def _notes(experiments: Sequence[Improved]) -> list[str]:
    lines = [
        "As before: the score equals that of the unpruned model, for example because k = 0 was"
        " chosen. That says nothing for or against pruning, so shares are of the pairs that moved.",
        f"Above and below 0: gains with a Holm-adjusted p < {ALPHA} in their table, * or"
        f" {OF_SENTENCES} there; best on test is tested with the maximum in the test, and for gains"
        " only.",
    ]
    few = False
    for row in experiments:
        for criterion in CRITERIA:
            pairs = row.by(criterion)
            if pairs.low is None or pairs.high is None:
                few = True
                continue
            lines.append(
                f"{TASK_NAMES[row.task]}, experiment {row.experiment},"
                f" {ranking_name(row.ranking)}, {CRITERION_NAMES[criterion]}: {pairs.up} up,"
                f" {pairs.down} down; {LEVEL} % interval of the share of those that moved"
                f" {100 * pairs.low:.0f}–{100 * pairs.high:.0f} %, {row.clusters} sources and"
                " models drawn."
            )
    if few:
        lines.append(
            "Pairs of one source and model share trained models, so they are not independent"
            f" observations; with fewer than {FEW} sources and models the share has no interval."
        )
    return lines
