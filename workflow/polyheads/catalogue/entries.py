"""Questions to a complete catalogue entry: its splits, files, tags, and how it is read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from polyheads.catalogue.records import Columns, Entry, File, Language, Reading
from polyheads.catalogue.tasks import PLAIN
from polyheads.errors import UserError
from polyheads.validation import nearest

SPLITS = ("train", "dev", "test")
# How a language's files are read, and what holds where neither the entry nor the language says.
READING: dict[str, Any] = {
    "format": None,
    "encoding": "utf-8",
    "view": "words",
    "columns": None,
    "scheme": "iob2",
    "outside": ["O"],
    "types": {},
    "other_types": None,
    "tags": {},
    "orphan_inside": "error",
    "blank_tokens": "error",
    "unequal_rows": "error",
    "sentence_break": None,
    "segmentation": "words",
}

TEXT_COLUMNS = ("text", "second", "label", "id")
"""The columns of a text to classify, in the order in which a row is read."""

_WORDS = ("title", "notes", "obtain")
_WORDS_OF_ONE = ("name", "family", "notes", "obtain")


def language(entry: Entry, code: str) -> Language:
    """A language of an entry; UserError with the nearest code."""
    if code not in entry["languages"]:
        raise UserError(
            f"corpus {entry['name']} has no language {code!r}{nearest(code, entry['languages'])}"
        )
    return entry["languages"][code]


def narrowed(entry: Entry, code: str) -> Entry:
    """The entry with one language only, and without words that only the report shows.

    It is what the prepared sentences of that language depend on.
    """
    kept = {key: value for key, value in entry.items() if key not in _WORDS}
    own = {key: value for key, value in language(entry, code).items() if key not in _WORDS_OF_ONE}
    return cast(Entry, {**kept, "languages": {code: own}})


def reading(entry: Entry, code: str) -> Reading:
    """How a language's files are read: every key of READING, name, language, task and labels.

    What a language says itself replaces what the entry says, key by key.
    """
    own = language(entry, code)
    options = {key: own.get(key, entry.get(key, default)) for key, default in READING.items()}
    about = {"name": entry["name"], "task": entry["task"], "labels": entry["labels"]}
    return cast(Reading, {**options, "language": code, **about})


def embedded(entry: Entry) -> bool:
    """Whether the sentences are made by the built-in grammars, so that there are no files."""
    return entry.get("format") == "grammar"


def splits(entry: Entry, code: str) -> list[str]:
    """The splits that a language has, in the order train, dev, test."""
    item = language(entry, code)
    if embedded(entry):
        return list(SPLITS)
    return [split for split in SPLITS if split in item["files"] or split in item.get("carve", {})]


def file_split(entry: Entry, code: str, split: str) -> str:
    """The split whose file holds a split: another one where it is carved out."""
    carve = language(entry, code).get("carve", {})
    return carve[split]["from"] if split in carve else split


def file_of(entry: Entry, code: str, split: str) -> File:
    """The file that holds a split."""
    return language(entry, code)["files"][file_split(entry, code, split)]


def files(entry: Entry, code: str, wanted: Iterable[str]) -> dict[str, File]:
    """Name -> file, for the files that hold these splits; none twice."""
    found = (file_of(entry, code, split) for split in wanted)
    return {file["name"]: file for file in found}


def local(
    entry: Entry,
    code: str,
    file: File,
    *,
    mirror: str | Path | None,
    own_copies: str | Path,
) -> Path | None:
    """Where a file must lie on this machine, `DIR/CORPUS/LANGUAGE/FILE`; None if it is fetched.

    DIR is the mirror, which stands in for the network, and for own copies ``own_copies`` (the
    mirror too, if they are only there).
    """
    own = own_copy(entry, code, file, own_copies=own_copies)
    if own and (own.is_file() or not mirror):
        return own
    return Path(mirror).expanduser() / _place(entry, code, file) if mirror else None


def own_copy(entry: Entry, code: str, file: File, *, own_copies: str | Path) -> Path | None:
    """Where a file lies that nobody fetches; None for others.

    It is `OWN_COPIES/CORPUS/LANGUAGE/FILE`.
    """
    if language(entry, code)["access"] != "own-copy":
        return None
    return Path(own_copies).expanduser() / _place(entry, code, file)


def _place(entry: Entry, code: str, file: File) -> Path:
    return Path(entry["name"], code, file["name"])


def missing(entry: Entry, code: str, split: str, path: Path) -> str:
    """The message for a file that must lie on this machine and does not."""
    item = language(entry, code)
    what = f"{path} is missing: {entry.get('title', entry['name'])}, {code}, {split} set"
    if item["access"] != "own-copy":
        return f"{what}; put it into the mirror, or set `mirror: null` to fetch it"
    where = item.get("obtain")
    obtain = f"; get it: {where}" if where else ""
    licence = f" (licence: {item['licence']})" if "licence" in item else ""
    return (
        f"{what}. It is not fetched{licence}{obtain}; put it there under this "
        "name, or name another directory as `own_copies` in the config"
    )


def text_width(columns: Columns) -> int:
    """The fewest columns of a line that hold every named one of a text, none of them twice."""
    places: list[int] = []
    for key in TEXT_COLUMNS:
        column = columns.get(key)
        if isinstance(column, int):
            places.append(column)
    return max([0, *places]) - min([0, *places])


def tag_names(entry: Entry | Reading) -> list[str]:
    """The tags of an entry in the order of their ids: the labels, or O and B-/I- of every type."""
    if entry["task"] in PLAIN:
        return list(entry["labels"])
    return ["O", *(f"{prefix}-{label}" for label in entry["labels"] for prefix in "BI")]
