"""What became of a study's data: skipped and repaired lines, repeated sentences, cut words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class DataUse:
    """Counts over all corpora, languages, splits and encoders of a study."""

    sentences: int
    words: int
    skipped: int  # lines, by rules of the format
    repaired: int
    train_in_dev: int  # training sentences whose words are also a development sentence
    train_in_test: int
    windowed: int  # sentences that are longer than an encoder takes, counted for each encoder
    cut: int  # words that are, of which the rest is lost
    unknown: int  # words without a subword of their own


def data_use(
    corpora: Iterable[Mapping[str, Any]], encodings: Iterable[Mapping[str, Any]]
) -> DataUse:
    """Of the contents of corpus.json and encoding.json files."""
    corpora = list(corpora)
    splits = [counts for corpus in corpora for counts in corpus["counts"].values()]
    trains = [corpus["counts"].get("train", {}).get("also_in", {}) for corpus in corpora]
    encoded = [split for encoding in encodings for split in encoding["splits"].values()]
    return DataUse(
        sentences=_sum(splits, "sentences"),
        words=_sum(splits, "words"),
        skipped=sum(n for counts in splits for n in counts["skipped"].values()),
        repaired=sum(one["count"] for counts in splits for one in counts["repairs"].values()),
        train_in_dev=_sum(trains, "dev"),
        train_in_test=_sum(trains, "test"),
        windowed=_sum(encoded, "windowed_sentences"),
        cut=_sum(encoded, "truncated_words"),
        unknown=_sum(encoded, "words_without_subwords"),
    )


def _sum(counts: Iterable[Mapping[str, int]], name: str) -> int:
    return sum(one.get(name, 0) for one in counts)
