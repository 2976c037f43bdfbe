"""CoNLL-U: https://universaldependencies.org/format.html."""

from __future__ import annotations

import re
from collections.abc import Iterator

from polyheads.catalogue.records import Reading
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

_COLUMNS = 10
_ID = "[1-9][0-9]{0,8}"
_RANGE = re.compile(f"({_ID})-({_ID})")
_EMPTY_NODE = re.compile(rf"(0|{_ID})\.{_ID}")


def read(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """FORM and UPOS of the words; ranges and empty nodes are skipped and counted.

    Ten columns, comments before the first word, an empty line after every sentence, the last one
    too. With `view: surface` a range stands for its words, under the UPOS of their head (the first
    one whose HEAD lies outside of the range).
    """
    surface = reading.get("view") == "surface"
    tagger, blanks = Tagger(reading, path, counts), Blanks(reading, path, counts)
    tokens: list[str] = []
    tags: list[str] = []
    numbers: list[int] = []
    begun = 0  # line on which the sentence or its comments began, 0 between sentences
    word = 0  # words of the sentence so far
    span: _Range | None = None  # the last range of the sentence
    for number, line in numbered_lines(path, reading.get("encoding", "utf-8"), counts):
        if not line:
            if span and span.last > word:
                raise UserError(
                    f"{path}:{span.number}: the range {span.first}-{span.last} has no word "
                    f"{word + 1}; {AGAIN}"
                )
            if tokens:
                yield tokens, tagger.convert(tags, numbers)
                tokens, tags, numbers = [], [], []
            elif begun:
                raise UserError(f"{path}:{begun}: comments without a sentence; {AGAIN}")
            else:
                count_repair(counts, "extra_empty_line", path, number, "nothing to end")
            begun, word, span = 0, 0, None
            continue
        begun = begun or number
        if line[0] == "#" and not word and span is None:
            count_skipped(counts, "comments")
            continue
        columns = line.split("\t")
        if len(columns) != _COLUMNS:
            raise UserError(
                f"{path}:{number}: a line of CoNLL-U has {_COLUMNS} columns with a tab between "
                f"two, this one has {len(columns)}; {AGAIN}"
            )
        identifier, form = columns[0], columns[1]
        if identifier == str(word + 1):
            word += 1
            if surface and span and word <= span.last:
                span.add(columns[3], columns[6])
                count_skipped(counts, "range_words")
                if word == span.last:
                    tags.append(span.tag)
                continue
            # tags.is_plain without the call: this runs for every word
            if not form.isprintable() or form.isspace() or not form:
                blanks.check(form, number, "the form (column 2)")
            tokens.append(form)
            tags.append(columns[3])
            numbers.append(number)
            continue
        found = _skipped(identifier, word + 1, f"{path}:{number}")
        if found is None:
            count_skipped(counts, "empty_nodes")
            continue
        if span and span.last > word:
            raise UserError(
                f"{path}:{number}: the range {identifier} begins inside the range "
                f"{span.first}-{span.last}; {AGAIN}"
            )
        span = _Range(*found, number)
        if not surface:
            count_skipped(counts, "ranges")
            continue
        blanks.check(form, number, "the form (column 2)")
        tokens.append(form)
        numbers.append(number)
    if begun:
        raise UserError(
            f"{path}:{begun}: the file ends inside the sentence that begins here (no empty line "
            "after it); it is cut off: fetch it again, or it is complete: add an empty line"
        )


class _Range:
    """A token as written, and which of its words has given it its tag so far."""

    def __init__(self, first: int, last: int, number: int):
        self.first, self.last, self.number = first, last, number
        self.tag = ""
        self._headed = False

    def add(self, tag: str, head: str) -> None:
        """One more word: its UPOS and HEAD."""
        inside = head.isdecimal() and self.first <= int(head) <= self.last
        if not self.tag or (not inside and not self._headed):
            self.tag, self._headed = tag, not inside


def _skipped(identifier: str, following: int, where: str) -> tuple[int, int] | None:
    """First and last word of a range, None for an empty node.

    UserError for an id that can't stand there.
    """
    if _EMPTY_NODE.fullmatch(identifier):
        return None
    if span := _RANGE.fullmatch(identifier):
        if int(span[1]) != following or int(span[2]) <= int(span[1]):
            raise UserError(
                f"{where}: the range {identifier} does not begin at word {following}; {AGAIN}"
            )
        return int(span[1]), int(span[2])
    raise UserError(
        f"{where}: the id (column 1) is {quoted(identifier)} where word {following} should "
        f"stand; {AGAIN}"
    )
