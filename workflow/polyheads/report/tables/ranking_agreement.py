"""The table of rankings compared: how much their orders agree, which heads they prune first."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis import tidy
from polyheads.analysis.ranking_agreement import Agreement
from polyheads.catalogue.methods import KINDS
from polyheads.report.cells import cell, number, rho
from polyheads.report.names import Languages, language_name
from polyheads.report.table import Cell, Table
from polyheads.study.comparisons import RANKINGS, Scored


def table(rows: Sequence[Agreement], languages: Languages) -> Table:
    """A line for each model and kind.

    Rho of each other kind above the diagonal, common lowest heads below it.
    """
    columns = _kinds(rows)
    head = [cell("Model fine-tuned", th="col", kind="name"), cell("Ranking", th="col", kind="name")]
    models = tidy.grouped(rows, lambda row: row.place)
    return Table(
        name=RANKINGS,
        title="Rankings compared: Spearman's ρ of their orders, and their lowest heads",
        notes=_notes(columns, rows),
        head=[[*head, *(cell(kind, th="col") for kind in columns)]],
        body=[
            line
            for place, agreements in models.items()
            for line in _lines(place, agreements, columns, languages)
        ],
        records=[_record(row) for row in rows],
    )


def _kinds(rows: Sequence[Agreement]) -> list[str]:
    shown = {kind for row in rows for kind in (row.one, row.other)}
    return [kind for kind in KINDS if kind in shown]


def _lines(
    place: Scored, rows: Sequence[Agreement], columns: Sequence[str], languages: Languages
) -> list[list[Cell]]:
    """The lines of one model."""
    pairs = {(row.one, row.other): row for row in rows}
    kinds = _kinds(rows)
    name = language_name(place.language or "", languages)
    title = f"{place.model}, {place.corpus}, {place.recipe}, {name}, seed {place.seed}"
    lines = []
    for kind in kinds:
        cells = [cell(kind, th="row")]
        for other in columns:
            if above := pairs.get((kind, other)):
                note = f"ρ of the raw scores: {rho(above.spearman_unnormalised)}"
                cells.append(cell(rho(above.spearman), note=note))
            elif below := pairs.get((other, kind)):
                cells.append(cell(f"{below.shared} of {below.k}"))
            else:
                cells.append(cell("–" if other != kind else ""))
        lines.append(cells)
    lines[0].insert(0, cell(title, th="rowgroup", rowspan=len(kinds), kind="claim"))
    return lines


def _record(row: Agreement) -> dict[str, str | int | float | bool | None]:
    return {name: value for name, value in tidy.flat(row).items() if name != "shared_by_chance"}


def _notes(kinds: Sequence[str], rows: Sequence[Agreement]) -> list[str]:
    sizes = sorted({(row.k, row.heads, row.shared_by_chance) for row in rows})
    chance = "; ".join(
        f"{number(expected, 1)} of {k} where there are {heads} heads"
        for k, heads, expected in sizes
    )
    return [
        "Above the diagonal: Spearman's ρ of the orders that trials prune by (that of the raw"
        " scores is in the CSV). Below it: how many of the lowest heads of two rankings are the"
        f" same; two random orders share {chance}, on average.",
        *(f"{kind}: {KINDS[kind].about}." for kind in kinds),
    ]
