"""Tables of rankings of languages compared: our rho, the published one, and how far apart."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis import language_similarity, tidy
from polyheads.analysis.language_similarity import Similarity
from polyheads.report.cells import cell, number, rho, signed
from polyheads.report.names import Languages, group_title, language_name
from polyheads.report.table import Cell, Table


def table(rows: Sequence[Similarity], languages: Languages) -> Table:
    """Rho of every pair of languages of a group (rows: its own, one or more).

    Below it the published one and how far ours is from it.
    """
    group = rows[0].group
    codes = language_similarity.languages_of(rows)
    of_pairs = language_similarity.both_ways(rows)
    names = {code: language_name(code, languages) for code in codes}
    notes = ["Spearman's ρ of the orders that trials prune by."]
    if any(row.published is not None for row in rows):
        notes.append(
            "Below ours: the published ρ, and ours less it, which the colour shows. The published"
            " ones come from scores of columns that belong to no head, and are not expected to"
            " agree."
        )
    return Table(
        name=group.name,
        title=f"Rankings of languages compared: {group_title(group)}",
        notes=notes,
        head=[[cell("", th="col"), *(cell(names[code], th="col") for code in codes)]],
        body=[
            [
                cell(names[one], th="row"),
                *(cell("") if one == other else _cell(of_pairs[one, other]) for other in codes),
            ]
            for one in codes
        ],
        records=[tidy.flat(row) for row in rows],
    )


def _cell(row: Similarity) -> Cell:
    """Our rho; below it the published one and the difference, coloured by its sign."""
    if row.published is None or row.less_published is None:
        return cell(rho(row.spearman))
    difference = signed(row.less_published)
    sign = {"+": "up", "−": "down"}.get(difference[0], "")
    return cell(rho(row.spearman), kind=sign, below=f"{number(row.published)} ({difference})")
