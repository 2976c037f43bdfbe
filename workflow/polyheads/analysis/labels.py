"""How often every label stands in a corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyheads.analysis import tidy
from polyheads.catalogue.tasks import PLAIN


def label_counts(corpus: Mapping[str, Any]) -> dict[str, int]:
    """Label -> words, texts, or spans (counted by B-) in all splits of a corpus.json."""
    counts: dict[str, int] = {}
    for tags in corpus["tag_counts"].values():
        for tag, number in tags.items():
            if corpus["task"] in PLAIN:
                counts[tag] = counts.get(tag, 0) + number
            elif tag.startswith("B-"):
                counts[tag[2:]] = counts.get(tag[2:], 0) + number
    return counts


def by_corpus(corpora: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Corpus name -> the corpus.json of its languages."""
    return tidy.grouped(corpora, lambda corpus: corpus["corpus"])
