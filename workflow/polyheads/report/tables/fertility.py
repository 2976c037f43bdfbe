"""Table of what tokenizers make of languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polyheads.analysis import tidy
from polyheads.analysis.fertility import Fertility
from polyheads.report.cells import cell, number
from polyheads.report.names import Languages, language_name
from polyheads.report.table import Table

NAME = "fertility"


def table(rows: Sequence[Fertility], languages: Languages) -> Table:
    """A line for each model, corpus and language, those with most subwords a character first."""
    ordered = sorted(
        rows, key=lambda row: (row.model, row.corpus, -(row.per_character or 0), row.language)
    )
    names = ("Model", "Corpus", "Language", "Script", "Text")
    numbers = ("Subwords per word", "Subwords per character", "Unknown (%)")
    return Table(
        name=NAME,
        title="How tokenizers know languages",
        notes=[
            "Of the test text, or of what there is instead. Words are those of the corpus, or what"
            " spaces part in texts that are classified (none in scripts that write no spaces)."
            " Characters are code points without spaces. Unknown: subwords that stand for what the"
            " tokenizer doesn't know; none in tokenizers of bytes."
        ],
        head=[
            [
                *(cell(name, th="col", kind="name") for name in names),
                *(cell(name, th="col") for name in numbers),
            ]
        ],
        body=[
            [
                cell(row.model, th="row"),
                cell(row.corpus, kind="name"),
                cell(language_name(row.language, languages), kind="name"),
                cell(languages.get(row.language, {}).get("script", "–"), kind="name"),
                cell(row.split, kind="name"),
                cell(number(row.per_word)),
                cell(number(row.per_character)),
                cell(number(row.unknown_share)),
            ]
            for row in ordered
        ],
        records=[_record(row, languages) for row in ordered],
    )


def _record(row: Fertility, languages: Languages) -> dict[str, Any]:
    return {
        **tidy.flat(row),
        "script": languages.get(row.language, {}).get("script"),
        "subwords_per_word": row.per_word,
        "subwords_per_character": row.per_character,
        "unknown_percent": row.unknown_share,
    }
