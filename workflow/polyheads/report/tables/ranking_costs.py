"""The table of what pruning by each kind of ranking costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polyheads.analysis import tidy
from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.ranking_costs import Cost
from polyheads.catalogue.tasks import METRICS
from polyheads.report.cells import CRITERION_NAMES, cell, gain, interval, number, score, shares
from polyheads.report.names import Languages, pair_name, ranking_name
from polyheads.report.notes import mean_notes
from polyheads.report.table import Cell, Table, Value
from polyheads.study.comparisons import COSTS


def table(rows: Sequence[Cost], languages: Languages) -> Table:
    """A line for each kind of ranking, in groups of those that are compared."""
    groups = tidy.grouped(rows, lambda row: row.group)
    return Table(
        name=COSTS,
        title="What pruning by each ranking costs",
        notes=[
            "Test scores (%) and gains over k = 0 (percentage points): means over the sweeps (pairs"
            " of source and target, seeds) of which every ranking of a group has all of these"
            " numbers. The last columns choose nothing: as many heads are pruned as the sweeps do"
            " at the most.",
            *mean_notes(row.by(criterion) for row in rows for criterion in CRITERIA),
        ],
        head=_head(),
        body=[line for group in groups.values() for line in _lines(group, languages)],
        records=[_record(row) for row in rows],
    )


def _head() -> list[list[Cell]]:
    top = [cell(name, th="col", rowspan=2, kind="name") for name in ("Sweeps", "Ranking")]
    top.append(cell("n", th="col", rowspan=2))
    top.append(cell("Unpruned", th="col", rowspan=2, kind="first"))
    low = []
    for criterion, words in (*CRITERION_NAMES.items(), ("", "largest k")):
        first = f"{criterion} first".strip()
        top.append(cell(words, th="colgroup", colspan=3, kind=first))
        low.append(cell("pruned", th="col", kind=first))
        low.append(cell("gain", th="col", kind=criterion))
        low.append(cell("mean k" if criterion else "k", th="col", kind=criterion))
    return [top, low]


def _lines(rows: Sequence[Cost], languages: Languages) -> list[list[Cell]]:
    """The lines of one group."""
    first = rows[0]
    title = f"{first.model}, {first.corpus}, {first.recipe}, {first.setting}, {first.protocol}"
    title += f": {METRICS[first.task][first.metric]}"
    lines = [_line(row, languages) for row in rows]
    lines[0].insert(0, cell(title, th="rowgroup", rowspan=len(rows), kind="claim"))
    return lines


def _line(row: Cost, languages: Languages) -> list[Cell]:
    pairs = "; ".join(pair_name(*pair, languages) for pair in row.pairs)
    cells = [
        cell(row.ranking, th="row", note=ranking_name(row.ranking)),
        cell(str(row.sweeps), note=pairs),
        score(row.unpruned, kind="first"),
    ]
    for criterion in CRITERIA:
        outcome = row.by(criterion)
        below = interval(outcome.low, outcome.high) + shares(outcome)
        cells += [
            score(outcome.test, kind=f"{criterion} first"),
            replace(gain(outcome.gain, kind=criterion), below=below),
            cell(number(outcome.k, 1), kind=criterion),
        ]
    return [*cells, score(row.last_test, kind="first"), gain(row.last_gain), cell(str(row.k_max))]


def _record(row: Cost) -> dict[str, Value]:
    return {
        "task": row.task,
        "corpus": row.corpus,
        "model": row.model,
        "recipe": row.recipe,
        "setting": row.setting,
        "protocol": row.protocol,
        "heads": row.heads,
        "metric": row.metric,
        "k_max": row.k_max,
        "ranking": row.ranking,
        "sweeps": row.sweeps,
        "unpruned": row.unpruned,
        **_numbers(row, "test", "gain", "k"),
        "last_test": row.last_test,
        "last_gain": row.last_gain,
        **_numbers(row, "low", "high"),
    }


def _numbers(row: Cost, *names: str) -> dict[str, Value]:
    """Fields of both outcomes."""
    outcomes = {criterion: tidy.flat(row.by(criterion)) for criterion in CRITERIA}
    return {f"{c}_{name}": outcome[name] for c, outcome in outcomes.items() for name in names}
