"""Rules for stopping: what each needs and what it loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polyheads.analysis import tidy
from polyheads.analysis.stopping import StoppingRow
from polyheads.report.cells import cell, gain, interval, number, shares
from polyheads.report.names import Languages, ranking_name, title
from polyheads.report.notes import mean_notes
from polyheads.report.table import Cell, Table
from polyheads.study.displays import Display

_RECORD = (
    *("setting", "model", "rule", "criterion", "sweeps", "trials", "of_trials", "trainings"),
    *("k", "gain", "against_all", "low", "high"),
)
_COLUMNS = ("Trials", "Trainings", "Mean k", "Gain", "Against all k")


def table(display: Display, rows: Sequence[StoppingRow], languages: Languages) -> Table:
    """A line per setting, model and rule: trials, trainings, k, gain, and what stopping loses."""
    shown = [row for row in rows if row.sweeps]
    body = []
    for place, group in tidy.grouped(shown, _place).items():
        names = [cell(text, th="rowgroup", rowspan=len(group)) for text in place]
        lines = [_cells(row) for row in group]
        body += [[*names, *lines[0]], *lines[1:]]
    head = [cell(name, th="col", kind="name") for name in ("Setting", "Model", "Rule")]
    head += [cell(name, th="col", kind="" if i else "first") for i, name in enumerate(_COLUMNS)]
    return Table(
        name=display.name,
        title=f"{title(display)}, rules for stopping",
        notes=_notes(display, rows),
        general=_general(rows),
        head=[head],
        body=body,
        records=[{name: getattr(row, name) for name in _RECORD} for row in shown],
    )


def _cells(row: StoppingRow) -> list[Cell]:
    kind = row.criterion
    trials = f"{number(row.trials, 1)} of {row.of_trials:g}"
    gained = gain(row.gain, kind=kind)
    if row.low is not None:
        gained = replace(gained, below=interval(row.low, row.high) + shares(row))
    return [
        cell(row.rule, kind=f"{kind} name"),
        cell(trials, kind=f"{kind} first"),
        cell(str(row.trainings), kind=kind),
        cell(number(row.k, 1), kind=kind),
        gained,
        cell("", kind=kind) if row.all_k else gain(row.against_all, kind=kind),
    ]


def _notes(display: Display, rows: Sequence[StoppingRow]) -> list[str]:
    ranking = ranking_name(display.ranking)
    notes = [f"{ranking[:1].upper()}{ranking[1:]}."]
    # Each rule says it of its setting and model.
    if left_out := sum(group[0].left_out for group in tidy.grouped(rows, _place).values()):
        sweeps = "sweep" if left_out == 1 else "sweeps"
        notes.append(f"Left out because trials are missing: {left_out} {sweeps}.")
    return notes


def _general(rows: Sequence[StoppingRow]) -> list[str]:
    notes = [
        "Trials: k > 0, the mean of the sweeps, with the trial at which the rule stops. Trainings:"
        " those of all sweeps together; one that several targets share counts once. Gains in"
        " percentage points of the test score.",
        "The last two lines stop, choose and are scored on test. Their gains are maxima over noisy"
        " numbers: compare them with each other only.",
    ]
    if any(row.masked for row in rows):
        notes.append("Protocol mask: a trial is a test of one trained model, no training.")
    return notes + mean_notes(rows)


def _place(row: StoppingRow) -> tuple[str, str]:
    return row.setting, row.model
