"""Tables as the report shows them: plain records, for HTML, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Value = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell."""

    text: str
    below: str = ""  # a small line under the text
    kind: str = ""  # CSS classes
    th: str = ""  # scope of a header cell: row, col, rowgroup, colgroup
    colspan: int = 1
    rowspan: int = 1
    note: str = ""  # on hover
    href: str = ""  # where the text leads to
    # Parts of the text, with which it begins, comma and space between them, and the file that each
    # leads to, as the run sees it; others stand below.
    links: tuple[tuple[str, str], ...] = ()


Rows = Sequence[Sequence[Cell]]
Placed = tuple[int, int, Cell]  # first column, columns, cell


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its notes, and its numbers as rows of a CSV file."""

    name: str  # of its files
    title: str
    facts: str = ""  # metric, corpus, how k is selected, number of trainings
    notes: Sequence[str] = ()
    general: Sequence[str] = ()  # notes that hold for all tables of its kind
    signature: str = ""  # see report.signatures
    head: Rows = ()
    body: Rows = ()
    foot: Rows = ()
    records: Sequence[Mapping[str, Value]] = ()


def empty(name: str, why: str) -> Table:
    """A table that has nothing to show, and says why, where its files are expected."""
    return Table(name=name, title="Nothing to show", notes=[why], records=[{"note": why}])


def laid_out(rows: Rows) -> list[list[Placed]]:
    """Where the cells of every row stand; what hangs down from a row above isn't there again."""
    hanging: dict[int, int] = {}  # column -> rows it is still taken
    out = []
    for cells in rows:
        taken, placed, column = {c for c, left in hanging.items() if left}, [], 0
        hanging = {c: left - 1 for c, left in hanging.items() if left}
        for cell in cells:
            while column in taken:
                column += 1
            span = cell.colspan
            placed.append((column, span, cell))
            if cell.rowspan > 1:
                hanging |= {c: cell.rowspan - 1 for c in range(column, column + span)}
            column += span
        out.append(placed)
    return out


def column_names(table: Table) -> list[str]:
    """What each column is called by all lines of the head together: `k chosen on dev: gain`."""
    lines: dict[int, list[str]] = {}
    for row in laid_out(table.head):
        for first, span, cell in row:
            for column in range(first, first + span):
                lines.setdefault(column, []).append(cell.text)
    return [": ".join(filter(None, lines[column])) for column in sorted(lines)]


def csv_text(table: Table) -> str:
    """The table's records; floats with six decimals, nothing for what is missing."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    columns = list(dict.fromkeys(name for record in table.records for name in record))
    if columns:
        out.writerow(columns)
    for record in table.records:
        out.writerow([_plain(record.get(name)) for name in columns])
    return text.getvalue()


def _plain(value: Value) -> Value:
    return f"{value:.6f}" if isinstance(value, float) else value


def as_json(table: Table) -> dict[str, Any]:
    """A table as plain data, for the pages that it is put into."""
    return asdict(table)


def from_json(content: Mapping[str, Any]) -> Table:
    """The table of what `as_json` gave."""
    rows = {
        part: [[_cell(cell) for cell in row] for row in content[part]]
        for part in ("head", "body", "foot")
    }
    return Table(**{**content, **rows})


def _cell(content: Mapping[str, Any]) -> Cell:
    return Cell(**{**content, "links": tuple((text, path) for text, path in content["links"])})
