"""Strict readers of corpus files: one function for each format, sentences as (tokens, tags).

A reader stops at what makes the file untrustworthy (a wrong number of columns, an unknown tag,
an end in the middle of a line or sentence, bytes that aren't UTF-8) and names file and line.
What is harmless it repairs and counts by kind, with an example, so that nothing is mended silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from polyheads import catalogue
from polyheads.config import nearest
from polyheads.errors import UserError

Sentence = tuple[list[str], list[str]]  # tokens and their tags, equally many

_CONLLU_COLUMNS = 10
_WORD = re.compile(r"[1-9][0-9]*")
_RANGE = re.compile(r"([1-9][0-9]*)-([1-9][0-9]*)")
_EMPTY_NODE = re.compile(r"(0|[1-9][0-9]*)\.[1-9][0-9]*")
_SEPARATORS = {"tab": "\t", "space": " "}
_AGAIN = "mend the line, or fetch the file again if it is damaged"


def read(*, path: str | Path, entry: Mapping[str, Any]) -> tuple[list[Sentence], dict[str, Any]]:
    """Read a file in the format of its catalogue entry; sentences and counts.

    counts: sentences, words (tokens in a surface view), skipped_ranges, skipped_empty_nodes and
    repairs, {kind: {"count", "example": "file:line"}}. UserError with file and line for the rest.
    """
    counts: dict[str, Any] = {
        "sentences": 0,
        "words": 0,
        "skipped_ranges": 0,
        "skipped_empty_nodes": 0,
        "repairs": {},
    }
    sentences = list(_FORMATS[entry["format"]](Path(path), entry, counts))
    counts["sentences"] = len(sentences)
    counts["words"] = sum(len(tokens) for tokens, _ in sentences)
    return sentences, counts


def read_conllu(path: Path, entry: Mapping[str, Any], counts: dict[str, Any]) -> Iterator[Sentence]:
    """CoNLL-U, word view: FORM and UPOS of the words, ranges and empty nodes skipped and counted.

    https://universaldependencies.org/format.html: ten columns, comments before the first word,
    an empty line after every sentence, the last one too.
    """
    known = set(catalogue.tag_names(entry))
    tokens: list[str] = []
    tags: list[str] = []
    begun = 0  # line on which the sentence or its comments began, 0 between sentences
    for number, line in _lines(path, counts):
        where = f"{path}:{number}"
        if not line:
            if tokens:
                yield tokens, tags
                tokens, tags = [], []
            elif begun:
                raise UserError(f"{path}:{begun}: comments without a sentence; {_AGAIN}")
            else:
                _count_repair(counts, "extra_empty_line", path, number)
            begun = 0
            continue
        begun = begun or number
        if line.startswith("#") and not tokens:
            continue
        columns = line.split("\t")
        if len(columns) != _CONLLU_COLUMNS:
            raise UserError(
                f"{where}: a line of CoNLL-U has {_CONLLU_COLUMNS} columns with a tab between "
                f"two, this one has {len(columns)}; {_AGAIN}"
            )
        identifier, form, _, tag = columns[:4]
        if _EMPTY_NODE.fullmatch(identifier):
            counts["skipped_empty_nodes"] += 1
        elif span := _RANGE.fullmatch(identifier):
            if int(span[1]) != len(tokens) + 1 or int(span[2]) <= int(span[1]):
                raise UserError(
                    f"{where}: the range {identifier} does not begin at word {len(tokens) + 1}; "
                    f"{_AGAIN}"
                )
            counts["skipped_ranges"] += 1
        elif _WORD.fullmatch(identifier) and int(identifier) == len(tokens) + 1:
            if not form or form.isspace():
                raise UserError(f"{where}: the form (column 2) is empty; {_AGAIN}")
            _check_tag(tag, known, entry, where)
            tokens.append(form)
            tags.append(tag)
        else:
            raise UserError(
                f"{where}: the id (column 1) is {identifier!r} where word {len(tokens) + 1} "
                f"should stand; {_AGAIN}"
            )
    if begun:
        raise UserError(
            f"{path}:{begun}: the file ends inside the sentence that begins here (no empty line "
            "after it); the file is cut off: fetch it again"
        )


def read_columns(
    path: Path, entry: Mapping[str, Any], counts: dict[str, Any]
) -> Iterator[Sentence]:
    """One token a line, an empty line after each sentence; columns and separator from the entry.

    Every separator counts, so that a token may contain any other white space.
    """
    known = set(catalogue.tag_names(entry))
    layout = entry["columns"]
    separator = _SEPARATORS[layout.get("separator", "tab")]
    width = layout.get("count", max(layout["token"], layout["tag"]))
    tokens: list[str] = []
    tags: list[str] = []
    number = 0
    for number, line in _lines(path, counts):
        where = f"{path}:{number}"
        if not line:
            if tokens:
                yield tokens, tags
                tokens, tags = [], []
            else:
                _count_repair(counts, "extra_empty_line", path, number)
            continue
        columns = line.split(separator)
        if len(columns) != width:
            raise UserError(
                f"{where}: {len(columns)} columns, expected {width} with one "
                f"{layout.get('separator', 'tab')} between two; {_AGAIN}"
            )
        token, tag = columns[layout["token"] - 1], columns[layout["tag"] - 1]
        if not token:
            raise UserError(f"{where}: the token (column {layout['token']}) is empty; {_AGAIN}")
        _check_tag(tag, known, entry, where)
        tokens.append(token)
        tags.append(tag)
    if tokens:
        _count_repair(counts, "no_empty_line_at_end", path, number)
        yield tokens, tags


_FORMATS = {"conllu": read_conllu, "columns": read_columns}


def _lines(path: Path, counts: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Line numbers and lines without their ends; UserError for a cut line or bytes not UTF-8.

    Only LF ends a line: forms may contain what str.splitlines takes for line ends.
    """
    try:
        stream = open(path, "rb")  # noqa: SIM115 (closed below; only opening is guarded)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; fetch it first") from error
    with stream:
        for number, raw in enumerate(stream, 1):
            if not raw.endswith(b"\n"):
                raise UserError(
                    f"{path}:{number}: the file ends in the middle of this line (no line end "
                    "after it); the file is cut off: fetch it again"
                )
            try:
                line = raw[:-1].decode("utf-8")
            except UnicodeDecodeError as error:
                raise UserError(
                    f"{path}:{number}: not UTF-8 (byte {error.start + 1} of the line: "
                    f"0x{raw[error.start]:02x}); convert the file to UTF-8"
                ) from error
            if number == 1 and line.startswith("\ufeff"):
                line = line[1:]
                _count_repair(counts, "byte_order_mark", path, number)
            if line.endswith("\r"):
                line = line[:-1]
                _count_repair(counts, "carriage_return", path, number)
            yield number, line


def _check_tag(tag: str, known: set[str], entry: Mapping[str, Any], where: str) -> None:
    if tag not in known:
        raise UserError(
            f"{where}: the tag {tag!r} is not in the label set of {entry['name']}"
            f"{nearest(tag, catalogue.tag_names(entry))}; {_AGAIN}, or add the label to "
            "the catalogue entry"
        )


def _count_repair(counts: dict[str, Any], kind: str, path: Path, number: int) -> None:
    repair = counts["repairs"].setdefault(kind, {"count": 0, "example": f"{path.name}:{number}"})
    repair["count"] += 1
