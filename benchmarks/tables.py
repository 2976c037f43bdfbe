"""Markdown of the benchmark's JSON files, between markers of docs/speed.md.

A line `<!-- benchmark cpu/training -->` is followed by what docs/speed/cpu/training.json gives, up
to `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from benchmarks import records
from benchmarks.records import Result, Row

FIGURE = "Time and memory against tokens, trials and heads"
_PLACE = re.compile(r"(<!-- benchmark (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(text: str, directory: Path) -> str:
    """``text`` with what the JSON files below ``directory`` give between its markers.

    A part that was not measured says so. A figure beside the file, PART.svg, is shown above it.
    """

    def filled(place: re.Match[str]) -> str:
        file = directory / f"{place[2]}.json"
        content = f"{markdown(records.read(file))}\n" if file.is_file() else "Not measured yet.\n"
        if file.with_suffix(".svg").is_file():
            content = f"![{FIGURE}]({directory.name}/{place[2]}.svg)\n\n{content}"
        return f"{place[1]}{content}{place[3]}"

    return _PLACE.sub(filled, text)


def markdown(result: Result) -> str:
    """Command, table, notes and machine of a part."""
    parts = [f"    {result.command}", *_tables(result.rows), result.notes.strip(), _made_on(result)]
    return "\n\n".join(parts)


def _tables(rows: Sequence[Row]) -> list[str]:
    """A table for each stretch of rows with the same columns."""
    return [
        _table(list(mine), bool(timed), list(map(str, columns)))
        for (timed, *columns), mine in groupby(rows, key=lambda row: (bool(row.times), *row.facts))
    ]


def _table(rows: Sequence[Row], timed: bool, facts: Sequence[str]) -> str:
    head = ["", "", ""]
    if timed:
        head += ["seconds", "lowest to highest", "repeats", "ratio", "processor s", "ratio "]
    lines = [[*head, *facts]]
    first: dict[tuple[str, str], Row] = {}
    before = ("", "")
    for row in rows:
        group = (row.case, row.what)
        cells = [*(group if group != before else ("", "")), row.variant]
        before = group
        if timed:
            base = first.setdefault(group, row)
            walls = [time.wall for time in row.times]
            span = f"{_short(min(walls))} to {_short(max(walls))}"
            cells += [_short(row.seconds), span if len(walls) > 1 else "", str(len(walls))]
            cells += [f"{row.seconds / base.seconds:.2f}", _short(row.busy)]
            cells += [f"{row.busy / base.busy:.2f}"]
        lines.append([*cells, *(_value(row.facts[fact]) for fact in facts)])
    right = "".join(" --: |" if _is_number(lines, i) else " --- |" for i in range(len(lines[0])))
    written = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([written[0], "|" + right, *written[1:]])


def _is_number(lines: list[list[str]], column: int) -> bool:
    filled = [cells[column] for cells in lines[1:] if cells[column]]
    return bool(filled) and all(re.fullmatch(r"[\d.,]+( to [\d.,]+)?", text) for text in filled)


def _short(seconds: float) -> str:
    """Three digits that count."""
    if seconds >= 100:
        return f"{seconds:,.0f}"
    return f"{seconds:.{1 if seconds >= 10 else 2 if seconds >= 1 else 3}f}"


def _value(fact: str | int | float) -> str:
    return f"{fact:,}" if isinstance(fact, int | float) else fact


def _made_on(result: Result) -> str:
    m = result.machine
    flags = [str(flag) for flag in m["flags"]]  # type: ignore[attr-defined]
    where = [str(m["processor"]), *flags[-2:]]
    if "gpu" in m:
        where.insert(0, f"{m['gpu']} (CUDA {m['cuda']})")
    threads = f"{m['threads']} thread{'s' * (m['threads'] != 1)} of {m['cores']} cores"
    versions = f"PyTorch {m['torch']}, transformers {m['transformers']}, Python {m['python']}"
    load = f"load {result.load['before']} before and {result.load['after']} after"
    machine = f"{', '.join(where)}; {threads}; {m['memory_gb']} GB"
    run = f"commit {m['commit']}; {result.started[:10]}; {load}; {result.seconds:,.0f} s"
    return f"<sub>{machine}; {versions}; {run}.</sub>"
