"""Several sources: the three ways to a ranking side by side, as in the paper's Table 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polyheads.analysis import tidy
from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.estimates import LEVEL
from polyheads.analysis.several_sources import HEURISTICS, MEAN, TARGET, Outcome, SourcesRow
from polyheads.catalogue.tasks import PUBLISHED_METRIC
from polyheads.report.cells import (
    CRITERION_NAMES,
    cell,
    gain,
    interval,
    leading,
    number,
    score,
    signed,
)
from polyheads.report.names import Languages, language_name, title
from polyheads.report.notes import BEST_REDONE, no_interval_notes, reproduction_notes
from polyheads.report.table import Cell, Table, Value
from polyheads.study.displays import Display

HEURISTIC_NAMES = {
    "MD": "mean rank over the sources (MD)",
    "SD": "summed scores (SD)",
    "EC": "each source's own ranking, one chosen (EC)",
}
_COLUMNS = ("unpruned", *HEURISTICS)
_FIRST = ("first", "", "")  # kinds of the cells of HEURISTICS, where they begin a group


def table(display: Display, rows: Sequence[SourcesRow], languages: Languages) -> Table:
    """A line for each target and model: published scores, ours by both criteria.

    Below a score is its gain over the unpruned model, with the gain's interval.
    """
    levels = tidy.grouped(rows, lambda row: row.level)
    targets, means = levels.get(TARGET, []), levels.get(MEAN, [])
    printed = any(row.published_unpruned is not None for row in targets)
    compared = display.metric == PUBLISHED_METRIC.get(display.task)
    return Table(
        name=display.name,
        title=f"{title(display)} (%)",
        notes=_notes(targets),
        general=_general(printed),
        head=_head(printed),
        body=[_cells(row, printed, languages) for row in targets],
        foot=[_cells(row, printed, languages) for row in means],
        records=[_record(row, compared) for row in targets],
    )


def _head(printed: bool) -> list[list[Cell]]:
    top = [
        cell("Target", th="col", rowspan=2, kind="name"),
        cell("Model", th="col", rowspan=2),
    ]
    low = []
    groups: list[tuple[str, Sequence[str]]] = []
    if printed:
        groups = [("published", _COLUMNS), ("gain: ours − published", HEURISTICS)]
    groups.append((CRITERION_NAMES["dev_selected"], _COLUMNS))
    groups.append((CRITERION_NAMES["test_oracle"], HEURISTICS))
    for name, columns in groups:
        top.append(cell(name, th="colgroup", colspan=len(columns), kind="first"))
        low += [
            cell(column, th="col", kind="" if i else "first") for i, column in enumerate(columns)
        ]
    return [top, low]


def _cells(row: SourcesRow, printed: bool, languages: Languages) -> list[Cell]:
    """A line; a dash for a heuristic that isn't among those that were run."""
    name = "Mean" if row.level == MEAN else language_name(row.target, languages)
    cells = [cell(name, th="row"), cell(row.model, kind="name")]
    heuristics = [row.heuristic(heuristic) for heuristic in HEURISTICS]
    if printed:
        cells.append(cell(number(row.published_unpruned), kind="first"))
        cells += [cell(number(one.published)) for one in heuristics]
        for one, kind in zip(heuristics, _FIRST, strict=True):
            apart = one.gain_apart
            cells.append(cell("–", kind=kind) if apart is None else gain(apart, kind=kind))
    cells.append(score(row.unpruned, kind="first"))
    for heuristic, one in zip(HEURISTICS, heuristics, strict=True):
        made = _score(one.dev_selected) if heuristic in row.run else cell("–")
        source = language_name(one.source, languages)
        cells.append(replace(made, note=f"the ranking of {source}" if source else ""))
    for heuristic, kind in zip(HEURISTICS, _FIRST, strict=True):
        best = row.heuristic(heuristic).test_oracle
        run = heuristic in row.run
        cells.append(_score(best, kind) if run else cell("–", kind=kind))
    return cells


def _score(outcome: Outcome, kind: str = "") -> Cell:
    """A score, below it its gain and its interval where it has one."""
    made = score(outcome.test, kind=kind)
    if outcome.gain is not None:
        below = f"{signed(outcome.gain)} {interval(outcome.low, outcome.high)}"
        made = replace(made, below=below.rstrip())
    return leading(made, outcome.trials)


def _record(row: SourcesRow, compared: bool) -> dict[str, Value]:
    """compared: whether the table is in the metric of the published scores."""
    heuristics = {name: row.heuristic(name) for name in HEURISTICS}
    record: dict[str, Value] = {"target": row.target, "model": row.model, "source": row.source}
    record["published_unpruned"] = row.published_unpruned
    record |= {f"published_{name}": one.published for name, one in heuristics.items()}
    record["unpruned"] = row.unpruned
    for name, one in heuristics.items():
        for criterion in CRITERIA:
            outcome, column = one.by(criterion), f"{name}_{criterion}"
            record |= {column: outcome.test, f"{column}_gain": outcome.gain}
            record[f"{column}_trial"] = " ".join(outcome.trials)
            record |= {f"{column}_low": outcome.low, f"{column}_high": outcome.high}
        record[f"{name}_source"] = one.source
        record[f"{name}_test_oracle_gain_less_published"] = one.gain_apart
    if compared:
        record["cv_unpruned"] = row.cv_unpruned
        record |= {f"cv_{name}": one.cv for name, one in heuristics.items()}
    return record


def _general(printed: bool) -> list[str]:
    heuristics = "; ".join(HEURISTIC_NAMES.values())
    below = "Below a score: the gain over the unpruned model, in percentage points."
    if printed:
        below += (
            f" Ours − published: our gain, {CRITERION_NAMES['test_oracle']}, less the gain that Ma"
            " et al. (2021) print; comparable only where corpus and recipe are the same."
        )
    return [
        f"Trained on the source's languages, tested on the target. Rankings: {heuristics}: on dev,"
        " the mean of the sources'; in the other criterion, on test.",
        below,
    ]


def _notes(targets: Sequence[SourcesRow]) -> list[str]:
    notes = []
    if seeds := max((row.interval_seeds for row in targets), default=0):
        noise = "and of seeds" if seeds > 1 else "only: training noise is not included"
        notes.append(
            f"[ ] the gain's {LEVEL} % interval over draws of test sentences {noise}. That of EC"
            " takes the source that dev chose as given; its best on test, which takes the best of"
            f" all sources too, and its mean have none. {BEST_REDONE}. The tests are in the"
            " rankings' own tables."
        )
    for row in targets[:1]:  # each of them says it of the whole table
        notes += reproduction_notes(row.reproduction)
    return notes + no_interval_notes(problem for row in targets for problem in row.problems)
