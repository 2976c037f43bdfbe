"""What is known of prepared corpora: the content of corpus.json, and what readers count."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from polyheads.digests import FileDigest
from polyheads.origins import OfCorpus


class Repair(TypedDict):
    """How often something was mended in a file, and where first (`file:line: what`)."""

    count: int
    example: str


class Counts(TypedDict):
    """What a reader counts while a file passes by."""

    sentences: int
    words: int  # tokens in a surface view
    skipped: dict[str, int]  # by kind
    repairs: dict[str, Repair]  # by kind


class Told(TypedDict):
    """What was skipped and repaired, as it is told of a split."""

    skipped: dict[str, int]
    repairs: dict[str, Repair]
    carved_from: NotRequired[str]


class Sizes(TypedDict):
    """What is counted of a split's sentences."""

    sentences: int
    words: int
    longest: int  # words
    duplicates: int
    also_in: dict[str, int]  # how many stand in another split too


class SplitCounts(Sizes, Told):
    """What corpus.json says of a split."""


class Checksums(FileDigest):
    """A file as it was read."""

    git_blob: str


class CorpusInfo(TypedDict):
    """The content of corpus.json."""

    corpus: str
    language: str
    task: str
    labels: list[str]
    licence: str | None
    segmentation: str
    source: list[str]  # for each split
    checksums: dict[str, Checksums]  # by file
    counts: dict[str, SplitCounts]  # by split
    tag_counts: dict[str, dict[str, int]]  # by split
    made_of: OfCorpus
