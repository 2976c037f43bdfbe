"""Mean gains beside two null baselines.

Are they more than run noise, and more than random rankings give?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from polyheads.analysis import tidy
from polyheads.analysis.estimates import ALPHA, LEVEL
from polyheads.analysis.null_baselines import COLUMNS, FOR_PERCENTILES, NullBaseline
from polyheads.analysis.run_noise import FEWEST_FOR_P
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.report.cells import CRITERION_NAMES, cell, gain, interval, signed
from polyheads.report.names import Languages, ranking_name
from polyheads.report.table import Cell, Rows, Table
from polyheads.study.displays import Display

NAMES = {"noise": "Unpruned runs with other seeds", "random": "Random rankings"}
_COUNTED = {
    "noise": "unpruned runs of each training beside the sweep's own",
    "random": "random rankings",
}


class Line(NamedTuple):
    """Whose gains a line shows."""

    task: str
    experiment: str
    ranking: str
    setting: str
    model: str
    metric: str
    criterion: str


def table(display: Display, rows: Sequence[NullBaseline], languages: Languages) -> Table:
    """A line per task, experiment, setting, model and criterion; its gain and p for each null.

    An empty cell is a null that the study does not have there. p below ALPHA has a star.
    """
    lines = tidy.grouped(rows, _line)
    tasks = len({line.task for line in lines})
    experiments = len({(line.experiment, line.ranking) for line in lines}) > tasks
    metrics = len({(line.task, line.metric) for line in lines}) > tasks
    shown = [null for null in NAMES if any(row.null == null for row in rows)]
    body = []
    for line, members in lines.items():
        by_null = {row.null: row for row in members}
        cells = _name_cells(line, experiments=experiments, metrics=metrics)
        body.append(cells + [made for null in shown for made in _cells(by_null.get(null))])
    return Table(
        name=display.name,
        title="Mean gains beside what chance gives by the same choice (percentage points)",
        notes=_notes(rows),
        head=_head(shown, experiments=experiments, metrics=metrics),
        body=body,
        records=[{name: getattr(row, name) for name in COLUMNS} for row in rows],
    )


def _line(row: NullBaseline) -> Line:
    return Line(*(getattr(row, name) for name in Line._fields))


def _name_cells(line: Line, *, experiments: bool, metrics: bool) -> list[Cell]:
    names = [line.setting, line.model, CRITERION_NAMES[line.criterion]]
    if experiments:
        names.insert(0, f"{line.experiment} ({ranking_name(line.ranking)})")
    if metrics:
        names.insert(-1, METRICS[line.task][line.metric])
    return [cell(TASK_NAMES[line.task], th="row"), *(cell(name, kind="name") for name in names)]


def _head(shown: Sequence[str], *, experiments: bool, metrics: bool) -> Rows:
    names = ["Task", *(["Experiment"] if experiments else []), "Setting", "Model"]
    names += [*(["Metric"] if metrics else []), "Criterion"]
    top = [cell(name, th="col", rowspan=2, kind="name") for name in names]
    bottom = []
    for null in shown:
        top.append(cell(NAMES[null], th="colgroup", colspan=5, kind="first"))
        bottom += [
            cell("our gain", th="col", kind="first", note="mean over the pairs"),
            cell("gain of the null", th="col", note="its mean, and its range below"),
            cell("pairs", th="col"),
            cell("n", th="col", note=_COUNTED[null]),
            cell("p", th="col"),
        ]
    return [top, bottom]


def _cells(row: NullBaseline | None) -> list[Cell]:
    if row is None:
        return [cell("", kind="first"), *(cell("") for _ in range(4))]
    return [
        gain(row.gain, kind="first"),
        cell(signed(row.null_mean), below=interval(row.null_low, row.null_high)),
        cell(str(row.pairs)),
        cell(str(row.n)),
        cell("–" if row.p is None else f"{row.p:.3f}" + "*" * (row.p < ALPHA)),
    ]


def _notes(rows: Sequence[NullBaseline]) -> list[str]:
    notes = [
        f"One p for each mean, none for its pairs, one-sided; * p < {ALPHA}, not adjusted for the"
        " number of lines. [ ]: where the means of the null lie."
    ]
    by_null = tidy.grouped(rows, lambda row: row.null)
    if "noise" in by_null:
        notes += _noise_notes(by_null["noise"])
    if "random" in by_null:
        notes += _random_notes(by_null["random"])
    return notes


def _noise_notes(rows: Sequence[NullBaseline]) -> list[str]:
    notes = [
        "Other seeds: the same choice among unpruned runs, as many as the sweep has trials,"
        f" drawn from the normal distribution that fits the n + 1 unpruned runs ([ ]: {LEVEL} % of"
        " their means). Pairs of a training (in the cross-lingual setting all targets of a source)"
        " are read from the same runs. p is the larger one of these draws and of exchanging the"
        " roles of all runs, pruned or not, which assumes nothing about the distribution; both"
        " compare the chosen run with the mean of all unpruned ones. A gain above it is more"
        " than another seed gives."
    ]
    if any(row.p is None for row in rows):
        notes.append(f"With fewer than {FEWEST_FOR_P} further runs run noise has no p.")
    return notes


def _random_notes(rows: Sequence[NullBaseline]) -> list[str]:
    few = any(row.n < FOR_PERCENTILES for row in rows)
    span = "their smallest and largest mean" if few else f"{LEVEL} % of their means"
    least = 1 / (1 + max(row.n for row in rows))
    return [
        "Random rankings: those with all pairs of the line, the same k, seeds and k = 0"
        f" ([ ]: {span}). p is at least 1 / (1 + n), here {least:.3f}. A gain above them is"
        " due to which heads are pruned, not to pruning some."
    ]
