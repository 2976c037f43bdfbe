"""Low resource: gains over the share of the target's training set."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.low_resource import Share
from polyheads.report import names, notes
from polyheads.report.cells import cell, gain, ks_cell, score
from polyheads.report.names import Languages
from polyheads.report.table import Cell, Table, Value
from polyheads.study.displays import LOW_RESOURCE, Display


def table(display: Display, rows: Sequence[Share], languages: Languages) -> Table:
    """A line for each pair, model and percentage: score with all heads, gains by both criteria."""
    return Table(
        name=display.name,
        title=f"{names.title(display)} (%)",
        notes=_notes(rows),
        general=notes.resampling_notes(estimate for _, estimate in _known(rows)),
        head=[_head()],
        body=[_line(row, languages) for row in rows],
        records=[_record(row) for row in rows],
    )


def _head() -> list[Cell]:
    words = ("Source → target", "Model", "Target data (%)", "Unpruned (%)")
    return [
        *(cell(name, th="col", kind="name" if i < 2 else "") for i, name in enumerate(words)),
        cell("Gain, k chosen on dev", th="col"),
        cell("k", th="col"),
        cell("Gain, best k ≥ 1 on test", th="col", kind="first"),
        cell("k", th="col"),
    ]


def _line(row: Share, languages: Languages) -> list[Cell]:
    cells = [
        cell(names.pair_name(*row.pair, languages), th="row"),
        cell(row.model, kind="name"),
        cell(str(row.percent)),
        score(row.unpruned, accuracy=row.unpruned_accuracy),
    ]
    for criterion, kind in zip(CRITERIA, ("", "first"), strict=True):
        outcome = row.by(criterion)
        cells += [
            gain(outcome.gain, kind=kind, estimate=outcome.estimate),
            ks_cell(outcome.ks, outcome.trials, row.missing_ks),
        ]
    return cells


def _record(row: Share) -> dict[str, Value]:
    keys = ("source", "target", "model", "percent", "unpruned")
    record: dict[str, Value] = {name: getattr(row, name) for name in keys}
    for criterion in CRITERIA:
        for name in ("test", "gain", "k"):
            record[f"{criterion}_{name}"] = getattr(row.by(criterion), name)
    for criterion in CRITERIA:
        record[f"{criterion}_trial"] = " ".join(row.by(criterion).trials)
    return record | {"seeds": row.seeds}


def _notes(rows: Sequence[Share]) -> list[str]:
    lines = ["Gains in percentage points of the test score, means over seeds."]
    if any(row.unpruned_accuracy is not None for row in rows):
        lines.append(notes.ACCURACY)
    if any(row.setting != LOW_RESOURCE for row, _ in _known(rows)):
        lines.append("100 % is the multi-lingual setting: its gains are tested in their own table.")
    return lines + notes.problem_notes(estimate for _, estimate in _estimates(rows))


def _estimates(rows: Sequence[Share]) -> list[tuple[Share, Estimate]]:
    return [(row, row.by(criterion).estimate) for row in rows for criterion in CRITERIA]


def _known(rows: Sequence[Share]) -> list[tuple[Share, Estimate]]:
    """Those of gains that there are."""
    return [(row, one) for row, one in _estimates(rows) if one.gain is not None]
