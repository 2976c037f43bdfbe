"""One pair, four ways: published, the paper's protocol, as released, and k chosen on dev."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from polyheads.analysis.estimates import LEVEL
from polyheads.analysis.replication import ReplicationRow, Run
from polyheads.analysis.results import MEAN, Published
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.report.cells import cell, gain, ks_cell, missing, number, score
from polyheads.report.names import Languages, pair_name, ranking_name
from polyheads.report.notes import ACCURACY
from polyheads.report.table import Cell, Table, Value
from polyheads.study.displays import Display


class _Group(NamedTuple):
    """Columns that stand together."""

    title: str
    columns: tuple[str, ...]
    kind: str  # CSS class

    def kinds(self) -> list[str]:
        """Of its columns' cells."""
        return [f"{self.kind}{'' if i else ' first'}".strip() for i in range(len(self.columns))]


PUBLISHED = _Group("Published", ("unpruned", "best", "gain"), "published")
RUNS = {
    "paper": _Group("The paper's protocol", ("unpruned", "best", "gain", "k"), "test_oracle"),
    "released": _Group("As released", ("unpruned", "best", "gain", "k"), ""),
    "dev_selected": _Group("Sound: k chosen on dev", ("pruned", "gain", "k"), "dev_selected"),
}


def table(display: Display, rows: Sequence[ReplicationRow], languages: Languages) -> Table:
    """A line per setting, pair and model, and the means of each setting and model.

    What was not run or not published is a dash, what is missing of what was run says so.
    """
    return Table(
        name=display.name,
        title=f"{TASK_NAMES[display.task]}: four criteria,"
        f" {METRICS[display.task][display.metric]} (%)",
        notes=_notes(display),
        general=_general(rows),
        head=_head(),
        body=[_cells(row, languages) for row in rows if row.level != MEAN],
        foot=[_cells(row, languages) for row in rows if row.level == MEAN],
        records=[_record(display, row) for row in rows],
    )


def _head() -> list[list[Cell]]:
    names = ("Setting", "Source → target", "Model")
    top = [cell(name, th="col", rowspan=2, kind="name") for name in names]
    low = []
    for group in (PUBLISHED, *RUNS.values()):
        kinds = group.kinds()
        top.append(cell(group.title, th="colgroup", colspan=len(kinds), kind=kinds[0]))
        low += [
            cell(column, th="col", kind=kind)
            for column, kind in zip(group.columns, kinds, strict=True)
        ]
    return [top, low]


def _cells(row: ReplicationRow, languages: Languages) -> list[Cell]:
    mean = row.level == MEAN
    name = f"Mean of {row.pairs} pairs" if mean else pair_name(row.source, row.target, languages)
    cells = [cell(row.setting, th="row"), cell(name, kind="name"), cell(row.model, kind="name")]
    cells += _published_cells(row.published)
    for name, run in row.runs.items():
        cells += _run_cells(RUNS[name], run, mean=mean)
    return cells


def _published_cells(published: Published) -> list[Cell]:
    numbers = (published.unpruned, published.pruned, published.gain)
    cells = []
    for column, value, kind in zip(PUBLISHED.columns, numbers, PUBLISHED.kinds(), strict=True):
        if value is None:
            cells.append(cell("–", kind=kind))
        else:
            cells.append(gain(value, kind=kind) if column == "gain" else score(value, kind=kind))
    return cells


def _run_cells(group: _Group, run: Run, *, mean: bool) -> list[Cell]:
    outcome = run.outcome
    numbers = dict.fromkeys(("best", "pruned"), outcome.test)
    numbers |= {"unpruned": run.unpruned, "gain": outcome.gain, "k": outcome.k}
    cells = []
    for column, kind in zip(group.columns, group.kinds(), strict=True):
        value = numbers[column]
        if value is None:
            cells.append(missing(kind) if run.run else cell("–", kind=kind))
        elif column == "gain":
            cells.append(gain(value, kind=kind, estimate=outcome.estimate))
        elif column == "k" and mean:
            cells.append(cell(number(value, 1), kind=kind))
        elif column == "k":
            cells.append(ks_cell(outcome.ks, outcome.trials, run.missing_ks, kind))
        else:
            accuracy = run.unpruned_accuracy if column == "unpruned" else outcome.accuracy
            cells.append(score(value, kind=kind, accuracy=accuracy))
    return cells


def _record(display: Display, row: ReplicationRow) -> dict[str, Value]:
    record: dict[str, Value] = {"level": row.level, "task": display.task, "setting": row.setting}
    record |= {"source": row.source, "target": row.target, "model": row.model}
    printed = row.published
    record |= {"published_unpruned": printed.unpruned, "published_test_oracle": printed.pruned}
    record["published_gain"] = printed.gain
    for name, run in row.runs.items():
        outcome = run.outcome
        if name == "dev_selected":
            record["dev_selected_pruned"] = outcome.test
        else:
            record |= {f"{name}_unpruned": run.unpruned, f"{name}_test_oracle": outcome.test}
        record |= {f"{name}_gain": outcome.gain, f"{name}_k": outcome.k}
        record[f"{name}_accuracy"] = outcome.accuracy
    if row.level == MEAN:
        return record | {"pairs": row.pairs}
    for name, run in row.runs.items():
        estimate = run.outcome.estimate
        record[f"{name}_trial"] = " ".join(run.outcome.trials)
        record |= {f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        record[f"{name}_p_holm"] = estimate.p_holm
    return record


def _notes(display: Display) -> list[str]:
    return [
        "Best: the best of k ≥ 1 on test. As released: experiment"
        f" {display.experiment}, {ranking_name(display.ranking)}, all heads on when test is read."
        f" The paper's protocol and the sound criterion: experiment {display.partner},"
        f" {ranking_name(display.partner_ranking)}, the same trials read twice, without the pruned"
        " heads at test; the sound criterion's k = 0 is the paper's unpruned."
    ]


def _general(rows: Sequence[ReplicationRow]) -> list[str]:
    notes = [
        "Published: Ma et al. (2021), Tables 2 to 4, with its corpora. Means are over the pairs"
        " that both experiments have, of the published numbers where none of these lacks one.",
        "Not as released: sentences beyond the length limit are split into windows and all of their"
        " words are scored; the released code cuts them at 256 subwords and scores what is left.",
    ]
    if any(run.unpruned_accuracy is not None for row in rows for run in row.runs.values()):
        notes.append(ACCURACY)
    estimates = [run.outcome.estimate for row in rows for run in row.runs.values()]
    if any(estimate.gain is not None for estimate in estimates):
        notes.append(
            f"[ ] and *: {LEVEL} % intervals and tests of the experiments' own tables, where they"
            " are explained; * is adjusted among the gains there."
        )
    return notes
