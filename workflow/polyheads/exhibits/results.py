"""What the tables and figures of a study are made of, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyheads import exhibits
from polyheads.analysis import rows, selection
from polyheads.analysis.rows import Row
from polyheads.exhibits import inputs


@dataclass(frozen=True)
class Results:
    """The numbers of a study, and what they are shown with."""

    choices: Sequence[Mapping[str, Any]]  # of all roles (selection.choose)
    scores: Sequence[Mapping[str, Any]]  # selection.load_scores
    rankings: Sequence[Mapping[str, Any]]  # contents of ranking.json, scored ones
    languages: exhibits.Languages
    published: Sequence[Mapping[str, str]]  # Tables 2 to 4 of the paper
    statistics: Sequence[Row] = ()  # intervals and p of the tables' gains
    nulls: Sequence[Row] = ()  # statistics.nulls
    differences: Sequence[Row] = ()  # statistics.differences


def read(given: Any, languages: exhibits.Languages) -> Results:
    """The results in a rule's named inputs; without statistics where it has none."""
    names = ("statistics", "nulls", "differences")
    statistics, nulls, differences = (given.get(name) for name in names)
    return Results(
        choices=selection.read(given.choices),
        scores=selection.read(given.scores),
        rankings=[inputs.read_json(path) for path in given.rankings],
        languages=languages,
        published=exhibits.read_published(),
        statistics=rows.read(statistics) if statistics else (),
        nulls=rows.read(nulls) if nulls else (),
        differences=rows.read(differences) if differences else (),
    )
