"""What a complete catalogue entry holds (schemas/corpus.schema.yaml describes every key).

Entries are plain dicts as YAML has them; these types only say what `catalogue.load` promises of
them: every file has a name, and a `url`, the `members` of an `archive`, a data set on the `hub`, or
none of these.
"""

from __future__ import annotations

from typing import Required, TypedDict


class Columns(TypedDict, total=False):
    """The columns of a line, counted from 1, or from the end as -1, or of a row, by their names."""

    token: int
    utterance: int
    tag: int
    tags: int
    text: int | str  # a string: by its name
    second: int | str
    label: int | str
    id: int | str
    quoted: bool
    count: int | list[int]
    separator: str
    header: bool
    comment: str
    document: str
    token_pattern: str
    joined_token: bool


class SentenceBreak(TypedDict, total=False):
    """Where sentences end in files without empty lines."""

    after: list[str]
    at_most: int


class Options(TypedDict, total=False):
    """How files are read."""

    format: str
    encoding: str
    view: str
    columns: Columns | None
    scheme: str
    outside: list[str]
    types: dict[str, str]
    other_types: str | None
    tags: dict[str, str]
    orphan_inside: str
    blank_tokens: str
    unequal_rows: str
    sentence_break: SentenceBreak | None
    segmentation: str


class Reading(Options, total=False):
    """How one language's files are read, flat; see `entries.reading`."""

    name: Required[str]
    task: Required[str]
    labels: Required[list[str]]
    language: str


class Fetched(TypedDict, total=False):
    """A file by its name, and what it must be where the catalogue knows it."""

    name: Required[str]
    git_blob: str
    sha256: str


class Archive(Fetched):
    """A zip or tar archive."""

    url: str


class HubFile(TypedDict):
    """A file of a data set on the Hugging Face hub."""

    dataset: str
    revision: str
    path: str


class File(Fetched, total=False):
    """One file of a language."""

    url: str
    archive: Archive
    members: list[str]
    hub: HubFile
    keep: list[int]  # sentences [from, to)
    sentences: int
    words: int


# `from` is no name in Python.
Carve = TypedDict("Carve", {"from": Required[str], "share": float, "seed": int}, total=False)


class Language(Options, total=False):
    """One language of an entry."""

    name: str
    family: str
    notes: list[str]
    licence: str | None
    access: Required[str]
    obtain: str
    treebank: str
    prefix: str
    locale: str
    files: dict[str, File]  # by split
    carve: dict[str, Carve]  # by split


class Entry(Options, total=False):
    """A corpus family."""

    name: Required[str]
    title: str
    notes: list[str]
    task: Required[str]
    labels: Required[list[str]]
    licence: str
    access: str
    obtain: str
    seed: int  # of the format grammar
    sizes: dict[str, int]  # of the format grammar, by split
    languages: Required[dict[str, Language]]  # by code
