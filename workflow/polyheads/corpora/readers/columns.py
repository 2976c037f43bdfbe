"""One token a line, an empty line after each sentence; the layout comes from the entry.

Every tab or space counts where it is the separator, so that a token may contain any other white
space. Separated by `whitespace`, columns have any number of tabs and spaces between them; `csv` has
a comma, and quotes around what holds one (RFC 4180, but every token on a line of its own).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any

from polyheads.catalogue.records import Columns, Reading
from polyheads.corpora.readers.lines import (
    AGAIN,
    Source,
    count_repair,
    count_skipped,
    numbered_lines,
    quoted,
)
from polyheads.corpora.readers.tags import Blanks, Tagger
from polyheads.corpora.records import Counts
from polyheads.errors import UserError

_SEPARATORS = {"tab": "\t", "space": " "}
_BETWEEN = {
    "tab": "one tab between two",
    "space": "one space between two",
    "whitespace": "white space between two",
    "csv": "a comma between two",
}
_SPACES = re.compile("[ \t]+")


def read(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """Sentences of a file in columns; see the `columns` of schemas/corpus.schema.yaml."""
    columns_read = reading["columns"]
    assert columns_read is not None, "the catalogue sees to it"
    layout = _Layout(columns_read, path, counts)
    tagger, blanks = Tagger(reading, path, counts), Blanks(reading, path, counts)
    pattern, comment, document = layout.pattern, layout.comment, layout.document
    separator, least, most = layout.separator, layout.least, layout.most
    header = columns_read.get("header")
    at, tag_at = layout.token, layout.tag
    breaks = reading.get("sentence_break") or {}
    last_tokens, at_most = frozenset(breaks.get("after", ())), breaks.get("at_most", 0)
    tokens: list[str] = []
    tags: list[str] = []
    numbers: list[int] = []
    ended = False  # an empty line would end something, though there is no token before it
    number = 0
    for number, line in numbered_lines(path, reading.get("encoding", "utf-8"), counts):
        if not separator:
            line = layout.stripped(line)
        if not line:
            if tokens:
                yield tokens, tagger.convert(tags, numbers)
                tokens, tags, numbers = [], [], []
            else:
                tagger.convert((), ())  # a span that a cut left open ends here
                if not ended:
                    count_repair(counts, "extra_empty_line", path, number, "nothing to end")
            ended = False
            continue
        if comment and not tokens and line.startswith(comment):
            layout.check_comment(line, number, tagger)
            count_skipped(counts, "comments")
            continue
        columns = line.split(separator) if separator else layout.split(line, number)
        if header:
            layout.check_header(columns, tagger, number)
            count_skipped(counts, "header")
            header, ended = False, True
            continue
        if document and layout.is_document(columns):
            count_skipped(counts, "documents")
            ended = True
            continue
        if not least <= len(columns) <= most:
            columns = layout.joined(columns, number)
        token = columns[at]
        if pattern:
            token = layout.inner(pattern, token, number)
        # tags.is_plain without the call: this runs for every token
        if not token.isprintable() or token.isspace() or not token:
            blanks.check(token, number, layout.token_name, tagger.knows(columns[tag_at]))
        tokens.append(token)
        tags.append(columns[tag_at])
        numbers.append(number)
        if breaks and (token in last_tokens or len(tokens) == at_most):
            yield tokens, tagger.convert(tags, numbers, goes_on=True)
            tokens, tags, numbers = [], [], []
            ended = True
    if tokens:
        if not breaks:
            count_repair(counts, "no_empty_line_at_end", path, number, "the last line")
        yield tokens, tagger.convert(tags, numbers)
    else:
        tagger.convert((), ())


def place(column: int) -> int:
    """A column counted from 1 or, as -1, from the end: as Python counts."""
    return column - 1 if column > 0 else column


def widths(columns: Mapping[str, Any], *keys: str) -> tuple[float, float]:
    """Least and most columns of a line; without `count`, what the columns of the keys ask for."""
    count = columns.get("count")
    if isinstance(count, int):
        return count, count
    if count is not None:
        return count[0], count[1]
    places = [columns[key] for key in keys]
    least = max(map(abs, places))
    if min(places) > 0:
        return least, least
    return max(least, 2), float("inf")


def expected(least: float, most: float) -> str:
    """The number of columns in words."""
    if least == most:
        return f"{least}"
    return f"at least {least}" if most == float("inf") else f"{least} to {most}"


def fields_of(line: str, where: str, separator: str) -> list[str]:
    """The fields of a line in which some stand in quotes; UserError where they don't end."""
    try:
        (fields,) = csv.reader([line], delimiter=separator, strict=True)
    except (csv.Error, ValueError) as error:
        raise UserError(f"{where}: not a line of CSV ({error}); {AGAIN}") from error
    return fields


class _Layout:
    """The `columns` of a reading, checked and made quick to use."""

    def __init__(self, columns: Columns, path: Source, counts: Counts):
        self._path, self._counts, self._columns = path, counts, columns
        self._separator_name = columns.get("separator", "tab")
        self.separator = _SEPARATORS.get(self._separator_name)  # None: `split` knows how
        self.comment: str | None = columns.get("comment")
        self.document: str | None = columns.get("document")
        self.pattern = re.compile(columns["token_pattern"]) if "token_pattern" in columns else None
        self.token_name = f"the token (column {columns['token']})"
        self.token, self.tag = place(columns["token"]), place(columns["tag"])
        self.least, self.most = widths(columns, "token", "tag")

    def stripped(self, line: str) -> str:
        """The line without white space at its ends where that separates nothing."""
        return line.strip(" \t") if self._separator_name == "whitespace" else line

    def split(self, line: str, number: int) -> list[str]:
        """The columns of a line."""
        if self.separator:
            return line.split(self.separator)
        if self._separator_name == "whitespace":
            return _SPACES.split(line)
        return fields_of(line, f"{self._path}:{number}", ",")

    def check_comment(self, line: str, number: int, tagger: Tagger) -> None:
        """UserError for a comment that could as well be a sentence's first token."""
        try:
            columns = self.split(line, number)
        except UserError:  # text with a quotation mark is no line of CSV
            return
        if self.least <= len(columns) <= self.most and tagger.looks_like_tag(columns[self.tag]):
            raise UserError(
                f"{self._path}:{number}: the line begins like a comment ({self.comment!r}), but "
                f"has the columns and the tag of a token, {quoted(columns[self.token])}; make "
                "`comment` in the catalogue entry longer, so that only comments begin with it "
                "(`# ` perhaps), remove it if the file has none, or say with `count` how many "
                "columns a token has"
            )

    def check_header(self, columns: list[str], tagger: Tagger, number: int) -> None:
        """UserError for a header that could as well be a token."""
        if self.least <= len(columns) <= self.most and tagger.looks_like_tag(columns[self.tag]):
            raise UserError(
                f"{self._path}:{number}: a header should stand here, but the line has the tag "
                f"{quoted(columns[self.tag])}; remove `header` from the catalogue entry if the "
                "file has none"
            )

    def is_document(self, columns: list[str]) -> bool:
        at = self.token
        return -len(columns) <= at < len(columns) and columns[at] == self.document

    def joined(self, columns: list[str], number: int) -> list[str]:
        """Columns of a line with too many, the surplus given back to the token.

        UserError where that isn't asked for or there are too few.
        """
        surplus = len(columns) - self.most
        if surplus > 0 and self._columns.get("joined_token"):
            at = self.token if self.token >= 0 else int(self.most) + self.token
            end = at + int(surplus) + 1
            token = (self.separator or " ").join(columns[at:end])
            what = f"{quoted(token)} is one token"
            count_repair(self._counts, "separator_in_token", self._path, number, what)
            return [*columns[:at], token, *columns[end:]]
        wide = expected(self.least, self.most)
        raise UserError(
            f"{self._path}:{number}: {len(columns)} columns, expected {wide} with "
            f"{_BETWEEN[self._separator_name]}{self._other_separator(columns)}; {AGAIN}, or set "
            "`count` of `columns` in the catalogue entry if its lines have other numbers"
        )

    def _other_separator(self, columns: list[str]) -> str:
        """A hint for a line that has the right number of columns by the other separator."""
        if not self.separator:
            return ""
        line = self.separator.join(columns)
        for name, separator in _SEPARATORS.items():
            width = len(line.split(separator))
            if name != self._separator_name and width > 1 and self.least <= width <= self.most:
                return f" (it has {width} with a {name} between two: is the separator {name}?)"
        return ""

    def inner(self, pattern: re.Pattern[str], token: str, number: int) -> str:
        """Group 1 of the token's pattern."""
        match = pattern.fullmatch(token)
        if match is None or match[1] is None:
            raise UserError(
                f"{self._path}:{number}: {self.token_name}, {quoted(token)}, does not match the "
                f"token_pattern {pattern.pattern!r}; {AGAIN}, or change the pattern in the "
                "catalogue entry"
            )
        return match[1]
