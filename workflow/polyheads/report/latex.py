r"""Tables as LaTeX: a float with a booktabs tabular, for packages booktabs and graphicx.

Cells that span rows stand in the first of them (in the last one in the head, where HTML puts them
at the bottom, too), so no package for them is needed. Notes on hover and links are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.report.table import Cell, Placed, Table, laid_out

Cells = Sequence[Cell]

_ESCAPES = {
    "\\": r"\textbackslash{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}"},
    **{">": r"\textgreater{}", "|": r"\textbar{}", '"': "''"},
    **{"−": "$-$", "±": r"$\pm$", "×": r"$\times$", "≥": r"$\ge$", "≤": r"$\le$"},
    **{"→": r"$\rightarrow$", "∂": r"$\partial$", "ρ": r"$\rho$", "σ": r"$\sigma$"},
    **{
        "†": r"\dag{}",
        "°": r"$^\circ$",
        "–": "--",
        "—": "---",
        "…": r"\ldots{}",
        "“": "``",
        "”": "''",
    },
    **{"‘": "`", "’": "'", "²": "$^2$", "ⁿ": "$^n$", "·": r"$\cdot$", "\u00a0": "~"},
}
_LONG = 60  # characters of a column that is set as paragraphs


def escape(text: str) -> str:
    """Text with LaTeX's special characters and the report's symbols as commands."""
    return "".join(_ESCAPES.get(character, character) for character in " ".join(text.split()))


def _breakable(signature: str) -> str:
    """A signature, which has no spaces, with places where a line may end."""
    return escape(signature).replace(r"\textbar{}", r"\textbar\allowbreak{}")


def text(table: Table) -> str:
    """A whole `table` float : caption, label `tab:NAME`, tabular, notes.

    A tabular wider than the line is scaled down to it. Numbers are right-aligned; an interval
    stands under its number.
    """
    parts = {name: laid_out(getattr(table, name)) for name in ("head", "body", "foot")}
    every = [placed for name in parts for row in parts[name] for placed in row]
    columns = max((first + span for first, span, _ in every), default=1)
    looks = _looks(parts["body"] + parts["foot"], columns)
    lines = [*_head(table.head, parts["head"], columns)]
    for name in ("body", "foot"):
        if getattr(table, name):
            lines.append(r"\midrule")
        for i, (cells, placed) in enumerate(zip(getattr(table, name), parts[name], strict=True)):
            if i and cells and cells[0].th == "rowgroup":
                lines.append(r"\addlinespace")
            lines.append(_row(placed, columns, looks))
    words = filter(None, (table.facts, *table.notes, *table.general))
    notes = [rf"{{\raggedright\scriptsize {escape(note)}\par}}" for note in words]
    if table.signature:
        notes.append(rf"{{\raggedright\tiny\ttfamily {_breakable(table.signature)}\par}}")
    return "\n".join(
        [
            r"% \usepackage{booktabs,graphicx}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escape(table.title)}}}",
            rf"\label{{tab:{_label(table.name)}}}",
            r"\footnotesize",
            r"\setlength{\tabcolsep}{4pt}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{@{{}}{''.join(looks)}@{{}}}}",
            r"\toprule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}}",
            r"\par\smallskip",
            *notes,
            r"\end{table}",
            "",
        ]
    )


def _looks(rows: Sequence[Sequence[Placed]], columns: int) -> list[str]:
    """The letter of every column: l for words, r for numbers, p for long words."""
    looks = []
    for column in range(columns):
        of = [c for row in rows for first, span, c in row if (first, span) == (column, 1)]
        if not any(c.th or "name" in c.kind.split() for c in of):
            looks.append("r")
        elif max(len(c.text) for c in of) > _LONG:
            looks.append(r"p{0.35\linewidth}")
        else:
            looks.append("l")
    return looks


def _head(rows: Sequence[Cells], placed: Sequence[Sequence[Placed]], columns: int) -> list[str]:
    """The header's rows, a rule under each cell that spans columns."""
    low: list[list[Placed]] = [[] for _ in rows]
    for i, row in enumerate(placed):
        for first, span, cell in row:
            low[min(i + cell.rowspan, len(rows)) - 1].append((first, span, cell))
    out = []
    for row in low:
        row.sort(key=lambda place: place[0])
        plain = [("l" if "name" in c.kind.split() else "r") for _, _, c in row]
        out.append(_row(row, columns, plain, head=True))
        rules = [rf"\cmidrule(lr){{{f + 1}-{f + n}}}" for f, n, _ in row if n > 1]
        out += ["".join(rules)] if rules else []
    return out


def _row(
    placed: Sequence[Placed], columns: int, looks: Sequence[str], *, head: bool = False
) -> str:
    """One row; looks: a letter for each column, in the head one for each cell."""
    cells, column = [], 0
    for i, (first, span, cell) in enumerate(placed):
        cells += [""] * (first - column)
        words = _words(cell)
        if span > 1:
            side = "c" if head else "l" if cell.th or "name" in cell.kind.split() else "r"
            words = rf"\multicolumn{{{span}}}{{{side}}}{{{words}}}"
        elif head and words:
            words = rf"\multicolumn{{1}}{{{looks[i]}}}{{{words}}}"
        cells.append(words)
        column = first + span
    cells += [""] * (columns - column)
    return " & ".join(cells).rstrip() + r" \\"


def _words(cell: Cell) -> str:
    words = escape(cell.text)
    if "missing" in cell.kind.split():
        words = rf"\emph{{{words}}}"
    if cell.below:
        # Braces keep the line break of the small tabular from those of the table.
        below = rf"\scriptsize {escape(cell.below)}"
        words = rf"{{\begin{{tabular}}[t]{{@{{}}r@{{}}}}{words}\\{below}\end{{tabular}}}}"
    return words


def _label(name: str) -> str:
    r"""A name that is safe in \label: letters, digits, dots and hyphens."""
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "-" for c in name)
