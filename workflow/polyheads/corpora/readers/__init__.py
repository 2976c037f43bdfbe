"""Strict readers of corpus files: one module for each family of formats.

A reader stops at what makes the file untrustworthy (a wrong number of columns, an unknown tag,
an end in the middle of a line or sentence, bytes of another encoding) and names file and line.
What is harmless, or what the catalogue entry allows, it repairs and counts by kind, with an
example, so that nothing is mended silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from polyheads.catalogue.records import Reading
from polyheads.corpora.readers import columns, conllu, jsonl, parquet, slots, texts
from polyheads.corpora.readers.lines import Copy, Source
from polyheads.corpora.records import Counts
from polyheads.errors import UserError
from polyheads.validation import nearest

# Tokens and their tags, equally many; of classification one text or two, and one label.
Sentence = tuple[list[str], list[str]]

_Reader = Callable[[Source, Reading, str, Counts], Iterator[Sentence]]

FORMATS: dict[str, _Reader] = {
    "conllu": conllu.read,
    "columns": columns.read,
    "multiatis": slots.read_multiatis,
    "massive": slots.read_massive,
    "mtod": slots.read_mtod,
    "texts": texts.read,
    "jsonl": jsonl.read,
    "parquet": parquet.read,
}


def new_counts() -> Counts:
    """What a reader counts: sentences, words (tokens in a surface view), skipped and repairs.

    skipped: {kind: number}, repairs: {kind: {"count": number, "example": "file:line: what"}}.
    """
    return {"sentences": 0, "words": 0, "skipped": {}, "repairs": {}}


def words(tokens: list[str], task: str) -> int:
    """How many words a sentence has: its tokens, or what white space parts in texts to classify."""
    return sum(len(text.split()) for text in tokens) if task == "classification" else len(tokens)


def read(
    path: str | Path,
    reading: Reading,
    *,
    split: str,
    counts: Counts,
    copy_of: Path | None = None,
) -> Iterator[Sentence]:
    """Stream the sentences of a file; `counts` (see new_counts) grow as it goes.

    reading: the flat options of `catalogue.reading`. split: which partition of a file that holds
    several (MASSIVE). The tags are those of `catalogue.tag_names(reading)`. UserError with file and
    line for all that isn't repaired, and for a treebank that is released without its text; a file
    without a sentence yields nothing. copy_of: the user's file, which messages name then.
    """
    kind = reading["format"]
    if kind not in FORMATS:
        raise UserError(f"{path}: no reader for the format {kind!r}{nearest(kind, FORMATS)}")
    source: Source = Copy(Path(path), copy_of) if copy_of else Path(path)
    withheld = 0
    for sentence in FORMATS[kind](source, reading, split, counts):
        counts["sentences"] += 1
        counts["words"] += words(sentence[0], reading["task"])
        withheld += sentence[0].count("_")
        yield sentence
    if 2 * withheld > counts["words"]:
        raise UserError(
            f"{source}: {withheld} of {counts['words']} words are `_`: the file is released "
            "without its text; get the text under its own licence, and put it in as the README of "
            "the corpus says"
        )
