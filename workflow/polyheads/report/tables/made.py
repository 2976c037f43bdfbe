"""All tables of a study, from the records that the analysis left in a directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from polyheads.analysis import products, tidy
from polyheads.analysis.signatures import Signature
from polyheads.report import signatures
from polyheads.report.names import Languages
from polyheads.report.table import Table
from polyheads.report.tables import (
    claims,
    common_heads,
    controls,
    corpus_baselines,
    correlations,
    fertility,
    fresh,
    improved,
    language_similarity,
    low_resource,
    many_languages,
    null_baselines,
    overview,
    pruned_heads,
    ranking_agreement,
    ranking_costs,
    replication,
    results,
    several_sources,
    stopping,
)
from polyheads.study import comparisons
from polyheads.study.displays import TABLES, Display

Directory = str | Path

_UNSIGNED = (fertility.NAME,)  # of the corpora and the tokenizer alone, of no training


def of_display(display: Display, directory: Directory, languages: Languages) -> list[Table]:
    """The tables of a display, in the order of displays.TABLES; [] for one that is a figure."""
    if display.kind not in TABLES:
        return []
    signature = read_signatures(directory)[display.name]
    made = _of_display(display, directory, languages)
    return [_signed(table, signature, display) for table in made]


def read_rows(directory: Directory, name: str) -> list[Any]:
    """The records of a product over the whole study (see products.OF_STUDY)."""
    return products.read(directory, name, products.OF_STUDY[name])[""]


def read_signatures(directory: Directory) -> dict[str, Signature]:
    """Name of a display, or of a table over the whole study -> what it is made of."""
    return {row.name: row for row in read_rows(directory, "signatures")}


def _signed(table: Table, signature: Signature, display: Display | None = None) -> Table:
    facts, line = signatures.facts(signature, display), signatures.line(signature)
    return replace(table, facts=facts, signature=line)


def _of_display(display: Display, directory: Directory, languages: Languages) -> list[Table]:
    records = products.OF_DISPLAYS[display.kind]
    parts = products.read(directory, display.name, records)
    rows = parts[""]
    match display.kind:
        case "results":
            return [results.table(display, rows, languages)]
        case "low-resource":
            return [low_resource.table(display, rows, languages)]
        case "several-sources":
            return [several_sources.table(display, rows, languages)]
        case "controls":
            return [controls.table(display, rows, languages)]
        case "replication":
            return [replication.table(display, rows, languages)]
        case "null-baselines":
            return [null_baselines.table(display, rows, languages)]
        case "fresh":
            return [fresh.table(display, rows, languages)]
        case "stopping":
            return [stopping.table(display, rows, languages)]
        case "correlations":
            return [
                correlations.table(display, rows, languages),
                correlations.families_table(display, parts["families"], languages),
                correlations.pairs_table(display, parts["points"], languages),
            ]
        case "many-languages":
            return [
                many_languages.table(display, rows, languages),
                many_languages.extremes_table(display, parts["targets"], languages),
                many_languages.groups_table(display, parts["groups"], languages),
                many_languages.targets_table(display, parts["targets"], languages),
            ]
    raise ValueError(f"no table is a {display.kind!r}")


def of_study(directory: Directory, languages: Languages) -> dict[str, Table]:
    """Name -> table, of those over the whole study that have something to show."""
    made = [overview.table(read_rows(directory, "overview"))]
    made.append(improved.table(read_rows(directory, "improved"), languages))
    made.append(pruned_heads.table(read_rows(directory, "pruned-heads"), languages))
    made.append(claims.table(read_rows(directory, "claims")))
    of_groups = tidy.grouped(read_rows(directory, "languages"), lambda row: row.group)
    made += [language_similarity.table(rows, languages) for rows in of_groups.values()]
    for name, table in (
        ("corpus-baselines", corpus_baselines.table),
        (fertility.NAME, fertility.table),
        (comparisons.RANKINGS, ranking_agreement.table),
        (comparisons.COSTS, ranking_costs.table),
        (comparisons.COMMON, common_heads.common_table),
        (comparisons.FAMILIES, common_heads.families_table),
        (comparisons.TASKS, common_heads.tasks_table),
    ):
        if rows := read_rows(directory, name):
            made.append(table(rows, languages))
    known = read_signatures(directory)
    return {
        table.name: table if table.name in _UNSIGNED else _signed(table, known[table.name])
        for table in made
    }


def alone(table: Table) -> Table:
    """The table for a page of its own, which lacks the sections that it leads to."""
    return replace(table, body=[[replace(part, href="") for part in row] for row in table.body])
