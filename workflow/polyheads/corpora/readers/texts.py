"""Texts to classify: a line, or a row, for each text or pair of texts with its label.

A sentence of these corpora is the list of its texts, one or two, and the list of its one label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from polyheads.catalogue import TEXT_COLUMNS, text_width
from polyheads.catalogue.records import Columns, Reading
from polyheads.corpora.readers.columns import expected, fields_of, place, widths
from polyheads.corpora.readers.lines import (
    AGAIN,
    Source,
    count_repair,
    count_skipped,
    numbered_lines,
    quoted,
)
from polyheads.corpora.readers.tags import Blanks, Tagger, is_plain
from polyheads.corpora.records import Counts
from polyheads.errors import UserError
from polyheads.validation import nearest


def read(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """Texts of a file in columns; see the `columns` of schemas/corpus.schema.yaml.

    Empty lines are dropped and counted. A text that looks as if it stood in quotes, where the entry
    has no `quoted`, is kept as it is and counted.
    """
    columns = reading["columns"]
    assert columns is not None, "the catalogue sees to it"
    comma = columns.get("separator") == "csv"
    in_quotes = comma or columns.get("quoted", False)
    header = columns.get("header", False)
    used = [key for key in TEXT_COLUMNS if key in columns]
    places = None if header else _places(columns, used, path, [])
    least, most = _widths(columns)
    rows = Rows(reading, path, counts)
    for number, line in numbered_lines(path, reading.get("encoding", "utf-8"), counts):
        if not line:
            count_repair(counts, "extra_empty_line", path, number, "an empty row")
            continue
        if in_quotes:
            fields = fields_of(line, f"{path}:{number}", "," if comma else "\t")
        else:
            fields = line.split("\t")
        if places is None:
            places = _places(columns, used, path, fields)
            if "count" not in columns:
                least = most = max(least, len(fields))
            least = max(least, *(at + 1 if at >= 0 else -at for at in places.values()))
            rows.check_header(fields, places["label"], number)
            count_skipped(counts, "header")
            continue
        if not least <= len(fields) <= most:
            between = "a comma" if comma else "one tab"
            raise UserError(
                f"{path}:{number}: {len(fields)} columns, expected {expected(least, most)} with "
                f"{between} between two; {AGAIN}, or set `count` of `columns` in the catalogue "
                "entry if its lines have other numbers"
            )
        values = {key: fields[at] for key, at in places.items()}
        if not in_quotes and _looks_quoted(values["text"]):
            what = f"{quoted(values['text'])}: does the entry lack `quoted: true`?"
            count_repair(counts, "quotes_kept", path, number, what)
        yield rows.sentence(number, values)


def _widths(columns: Columns) -> tuple[float, float]:
    """Least and most columns of a line; without `count` and names, what the numbers ask for."""
    least = text_width(columns)
    named = [column for key in TEXT_COLUMNS if isinstance(column := columns.get(key), int)]
    most = least if all(column > 0 for column in named) else float("inf")
    return widths(columns) if "count" in columns else (least, most)


def _places(columns: Columns, used: list[str], path: Source, header: list[str]) -> dict[str, int]:
    """Where the columns of some keys stand in a line; header: their names, if there are any."""
    found = {}
    for key in used:
        column: int | str = columns[key]  # type: ignore[literal-required]
        if isinstance(column, int):
            found[key] = place(column)
            continue
        if header.count(column) != 1:
            why = "twice or more" if column in header else f"not{nearest(column, header)}"
            raise UserError(
                f"{path}: the first line has the column {column!r} {why}; correct `{key}` of "
                "`columns` in the catalogue entry"
            )
        found[key] = header.index(column)
    return found


def _looks_quoted(text: str) -> bool:
    """Whether a field is written as programs write one that holds quotes."""
    inner = text[1:-1]
    return text[:1] == text[-1:] == '"' and '""' in inner and '"' not in inner.replace('""', "")


class Rows:
    """What is checked of every row of a file of texts."""

    def __init__(self, reading: Reading, path: Source, counts: Counts) -> None:
        self._tagger, self._blanks = Tagger(reading, path, counts), Blanks(reading, path, counts)
        self._path = path
        self._ids: dict[str, int] = {}  # identifier -> line

    def sentence(self, number: int, values: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """The texts and the label of a row, `values` by their keys.

        UserError for a text without anything to see, an unknown label and an identifier that
        stands twice.
        """
        texts = [values[key] for key in ("text", "second") if key in values]
        for called, text in zip(("the text", "the second text"), texts, strict=False):
            if not is_plain(text):
                self._blanks.check(text, number, called)
        if "id" in values:
            first = self._ids.setdefault(values["id"], number)
            if first != number:
                raise UserError(
                    f"{self._path}:{number}: the id {quoted(values['id'])} is that of "
                    f"{self._path.name}:{first}, too; remove one of them, or `id` of `columns` in "
                    "the catalogue entry if the column holds no identifiers"
                )
        return texts, self._tagger.convert([values["label"]], [number])

    def check_header(self, fields: list[str], label: int, number: int) -> None:
        """UserError for a header that could as well be a text with its label."""
        if -len(fields) <= label < len(fields) and self._tagger.looks_like_tag(fields[label]):
            raise UserError(
                f"{self._path}:{number}: a header should stand here, but the line has the label "
                f"{quoted(fields[label])}; remove `header` from the catalogue entry if the file "
                "has none"
            )
