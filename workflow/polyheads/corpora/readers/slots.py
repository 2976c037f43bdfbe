"""Slot filling with a sentence a line: MultiATIS++, MASSIVE, multilingual TOD data (MTOD)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from polyheads.catalogue.records import Reading
from polyheads.corpora.readers.columns import expected, place, widths
from polyheads.corpora.readers.jsonl import check_encodable, parsed
from polyheads.corpora.readers.lines import AGAIN, Source, count_repair, quoted, rows_of_lines
from polyheads.corpora.readers.tags import Blanks, Tagger
from polyheads.corpora.records import Counts
from polyheads.errors import UserError
from polyheads.validation import nearest

_PARTITIONS = ("train", "dev", "test")
# A word of Latin letters (with accents) and digits, or one character with its combining marks.
_CHARACTERS = re.compile(
    "[0-9A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u0300-\u036f]+"
    "|\\S[\u0300-\u036f\u3099\u309a]*"
)
_SPAN = re.compile(r"(-?[0-9]{1,9}):(-?[0-9]{1,9}):(.+)")
_MTOD_COLUMNS = 5


def read_multiatis(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """Rows of tab-separated columns below a header that begins with `id`; intents aren't used.

    Words and labels have one space between two. Where that makes unequal numbers, any white space
    is taken (repair `extra_space`); rows that stay unequal are an error, or dropped and counted as
    `unequal_row`, as the entry says.
    """
    layout = reading["columns"]
    assert layout is not None, "the catalogue sees to it"
    utterance_at, tags_at = place(layout["utterance"]), place(layout["tags"])
    least, most = widths(layout, "utterance", "tags")
    tagger, blanks = Tagger(reading, path, counts), Blanks(reading, path, counts)
    for number, where, line in rows_of_lines(path, reading.get("encoding", "utf-8"), counts):
        columns = line.split("\t")
        if not least <= len(columns) <= most:
            raise UserError(
                f"{where}: {len(columns)} columns, expected {expected(least, most)} with "
                f"one tab between two; {AGAIN}, or set `count` of `columns` in the catalogue entry "
                "if its rows have other numbers"
            )
        if number == 1:
            if columns[0].strip().lower() != "id":
                raise UserError(
                    f"{path}:1: the first line should be the header, beginning with the column "
                    f"'id', not {quoted(columns[0])}; fetch the file again, or add the header"
                )
            continue
        utterance, labels = columns[utterance_at], columns[tags_at]
        words, tags = utterance.split(" "), labels.split(" ")
        single = len(words) == len(tags) and "" not in tags
        if not single:
            words, tags = utterance.split(), labels.split()
        if len(words) != len(tags):
            if reading.get("unequal_rows", "error") != "drop":
                raise UserError(
                    f"{path}:{number}: {len(words)} words but {len(tags)} labels; {AGAIN}, or set "
                    "`unequal_rows: drop` in the catalogue entry to leave such rows out"
                )
            what = f"{len(words)} words, {len(tags)} labels, row dropped"
            count_repair(counts, "unequal_row", path, number, what)
            continue
        if not words:
            raise UserError(f"{path}:{number}: the row has no words; {AGAIN}")
        if not single:
            count_repair(counts, "extra_space", path, number, "split at any white space")
        blanks.check_all(words, number)
        yield words, tagger.convert(tags, [number] * len(tags))


def read_massive(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """Rows of JSON; those of the split's partition, tagged from the brackets in `annot_utt`.

    With `segmentation: characters` every character is a token but for words of Latin letters and
    digits. Brackets without words are left out, counted as repair `empty_slot`; rows whose `utt`
    has other text than `annot_utt` count as `other_text`.
    """
    tagger, blanks = Tagger(reading, path, counts, "iob2"), Blanks(reading, path, counts)
    cut = _CHARACTERS.findall if reading.get("segmentation") == "characters" else str.split
    for number, where, line in rows_of_lines(path, reading.get("encoding", "utf-8"), counts):
        row = parsed(line, where)
        for key in ("partition", "annot_utt"):
            if not isinstance(row, dict) or not isinstance(row.get(key), str):
                raise UserError(f"{where}: the row has no text {key!r}; {AGAIN}")
        if row["partition"] not in _PARTITIONS:
            raise UserError(
                f"{where}: unknown partition {quoted(row['partition'])}"
                f"{nearest(row['partition'], _PARTITIONS)}; {AGAIN}"
            )
        if row["partition"] != split:
            continue
        check_encodable(row["annot_utt"], where)
        words: list[str] = []
        tags: list[str] = []
        whole = ""
        for label, text in _brackets(row["annot_utt"], where):
            whole += text
            found = cut(text)
            words += found
            if label is None:
                tags += ["O"] * len(found)
            elif found:
                tags += [f"B-{label}", *[f"I-{label}"] * (len(found) - 1)]
            else:
                count_repair(counts, "empty_slot", path, number, f"{quoted(label)} holds nothing")
        if not words:
            raise UserError(f"{where}: the row has no words; {AGAIN}")
        plain = row.get("utt", whole)
        if not isinstance(plain, str) or "".join(plain.split()) != "".join(whole.split()):
            count_repair(counts, "other_text", path, number, f"the utterance {quoted(str(plain))}")
        blanks.check_all(words, number)
        yield words, tagger.convert(tags, [number] * len(tags))


def _brackets(text: str, where: str) -> Iterator[tuple[str | None, str]]:
    """Pieces of `wake me [date : this week]`: (None, text outside) and (label, text inside)."""
    # Pieces outside and inside take turns: each bracket must be the opposite of the one before.
    inside = False
    for piece in re.split(r"([\[\]])", text):
        if piece in ("[", "]"):
            if inside == (piece == "["):
                raise UserError(
                    f"{where}: the brackets of annot_utt don't pair ({quoted(text)}); {AGAIN}"
                )
            inside = not inside
        elif inside:
            label, colon, words = piece.partition(":")
            label = label.strip()
            if not colon or not label:
                raise UserError(
                    f"{where}: [{quoted(piece)[1:-1]}] in annot_utt should be a label, a colon and "
                    f"words; {AGAIN}"
                )
            yield label, words
        else:
            yield None, piece
    if inside:
        raise UserError(f"{where}: a bracket of annot_utt has no end ({quoted(text)}); {AGAIN}")


def read_mtod(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """Rows `intent TAB start:end:slot,... TAB utterance TAB locale TAB JSON`.

    Offsets count the utterance's characters. The tokens are those of the JSON, which are in lower
    case, found again in the utterance; its `tokenSpans` aren't used (some count bytes). Repairs:
    `tokens_not_in_text` (words between white space are taken), `span_off_token_edges` (the span
    gets all tokens it touches), `span_outside_text` (cut to it), `empty_span` (ignored),
    `overlapping_spans` (a token stays with the first).
    """
    tagger, blanks = Tagger(reading, path, counts, "iob2"), Blanks(reading, path, counts)
    for number, where, line in rows_of_lines(path, reading.get("encoding", "utf-8"), counts):
        columns = line.split("\t")
        if len(columns) != _MTOD_COLUMNS:
            raise UserError(
                f"{where}: {len(columns)} columns, expected {_MTOD_COLUMNS} with one tab between "
                f"two; {AGAIN}"
            )
        utterance = columns[2]
        tokens = _tokens(parsed(columns[4], where), where)
        edges = _align(utterance, tokens)
        if edges is None:
            edges = [match.span() for match in re.finditer(r"\S+", utterance)]
            tokens = [utterance[start:end] for start, end in edges]
            count_repair(counts, "tokens_not_in_text", path, number, "words of the utterance taken")
        if not edges:
            raise UserError(f"{where}: the utterance has no words; {AGAIN}")
        words = [
            utterance[start:end] if end - start == len(token) else token
            for token, (start, end) in zip(tokens, edges, strict=True)
        ]
        blanks.check_all(words, number)
        spans = _spans(columns[1], where)
        tags = _tag_spans(spans, edges, len(utterance), path, number, counts)
        yield words, tagger.convert(tags, [number] * len(tags))


def _tokens(value: Any, where: str) -> list[str]:
    """The tokens in the JSON of a row."""
    try:
        tokens = value["tokenizations"][0]["tokens"]
    except (KeyError, IndexError, TypeError):
        tokens = None
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise UserError(f"{where}: the JSON has no list tokenizations[0].tokens; {AGAIN}")
    check_encodable("".join(tokens), where)
    return tokens


def _align(text: str, tokens: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where the tokens stand in the text, white space and case aside; None if they don't."""
    pieces: list[str] = []
    places: list[int] = []
    for index, character in enumerate(text):
        folded = _fold(character)
        pieces.append(folded)
        places += [index] * len(folded)
    whole = "".join(pieces)
    edges = []
    at = 0
    for token in tokens:
        folded = "".join(map(_fold, token))
        if not folded or not whole.startswith(folded, at):
            return None
        edges.append((places[at], places[at + len(folded) - 1] + 1))
        at += len(folded)
    return edges if at == len(whole) else None


@lru_cache(maxsize=1 << 14)
def _fold(character: str) -> str:
    """A character as it is compared: without case and composition, nothing for white space."""
    return "".join(unicodedata.normalize("NFKD", character.casefold()).split())


def _spans(text: str, where: str) -> list[tuple[int, int, str]]:
    """(start, end, slot) from `start:end:slot,...`, in the order of the text."""
    spans = []
    for part in text.split(",") if text.strip() else ():
        match = _SPAN.fullmatch(part.strip())
        if match is None or int(match[1]) > int(match[2]):
            raise UserError(f"{where}: {quoted(part)} is no span start:end:slot; {AGAIN}")
        spans.append((int(match[1]), int(match[2]), match[3]))
    return sorted(spans)


def _tag_spans(
    spans: Sequence[tuple[int, int, str]],
    edges: Sequence[tuple[int, int]],
    length: int,
    path: Source,
    number: int,
    counts: Counts,
) -> list[str]:
    """B-, I- and O for tokens with these edges in a text of this length."""
    tags = ["O"] * len(edges)
    for start, end, slot in spans:
        what = f"{start}:{end}:{slot}"
        if start < 0 or end > length:
            start, end = max(start, 0), min(end, length)
            count_repair(counts, "span_outside_text", path, number, what)
        touched = [i for i, (left, right) in enumerate(edges) if left < end and right > start]
        if start >= end or not touched:
            count_repair(counts, "empty_span", path, number, what)
            continue
        if (edges[touched[0]][0], edges[touched[-1]][1]) != (start, end):
            count_repair(counts, "span_off_token_edges", path, number, what)
        free = [index for index in touched if tags[index] == "O"]
        if free != touched:
            count_repair(counts, "overlapping_spans", path, number, what)
        for index in free:
            tags[index] = f"{'B' if index == free[0] else 'I'}-{slot}"
    return tags
