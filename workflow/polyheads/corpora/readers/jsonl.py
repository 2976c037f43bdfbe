"""JSON lines: a sentence a line, lists of tokens and tags in it; and what all JSON rows share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from polyheads.catalogue.records import Reading
from polyheads.corpora.readers.lines import AGAIN, Source, count_repair, quoted, rows_of_lines
from polyheads.corpora.readers.tags import Blanks, Tagger
from polyheads.corpora.records import Counts
from polyheads.errors import UserError


def read(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """Rows `{"tokens": [...], "tags": [...]}`, tags by their names; other keys aren't used.

    Rows without tokens are dropped and counted as repair `empty_row`.
    """
    tagger, blanks = Tagger(reading, path, counts), Blanks(reading, path, counts)
    for number, where, line in rows_of_lines(path, reading.get("encoding", "utf-8"), counts):
        row = parsed(line, where)
        tokens, tags = (_texts(row, key, where) for key in ("tokens", "tags"))
        if len(tokens) != len(tags):
            raise UserError(f"{where}: {len(tokens)} tokens but {len(tags)} tags; {AGAIN}")
        if not tokens:
            count_repair(counts, "empty_row", path, number, "a row without tokens")
            continue
        blanks.check_all(tokens, number)
        yield tokens, tagger.convert(tags, [number] * len(tags))


def _texts(row: Any, key: str, where: str) -> list[str]:
    """The list of texts that a row has under the key."""
    value = row.get(key) if isinstance(row, dict) else None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        wrong = next((v for v in value if not isinstance(v, str)), None) if value else None
        hint = f" (it holds {quoted(str(wrong))}: write tags by their names)" if wrong else ""
        raise UserError(f"{where}: the row has no list of texts {key!r}{hint}; {AGAIN}")
    check_encodable("".join(value), where)
    return value


def parsed(text: str, where: str) -> Any:
    """The value of a row of JSON; UserError for broken JSON and for a key that stands twice."""
    try:
        return json.loads(text, object_pairs_hook=partial(_unique, where))
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "nested too deep or a number too long")
        raise UserError(f"{where}: broken JSON ({reason}); {AGAIN}") from error


def _unique(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UserError(f"{where}: the key {quoted(key)} stands twice in the JSON; {AGAIN}")
        found[key] = value
    return found


def check_encodable(text: str, where: str) -> None:
    r"""JSON can spell half a character (`\ud800`), which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            f"{where}: half of a surrogate pair ({text[error.start]!a}) in the text; {AGAIN}"
        ) from error
