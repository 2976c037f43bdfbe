"""How often every label stands in a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def label_counts(corpus: Mapping[str, Any]) -> dict[str, int]:
    """Label -> words (POS) or spans (counted by B-) in all splits of a corpus.json."""
    counts: dict[str, int] = {}
    for tags in corpus["tag_counts"].values():
        for tag, number in tags.items():
            if corpus["task"] == "pos":
                counts[tag] = counts.get(tag, 0) + number
            elif tag.startswith("B-"):
                counts[tag[2:]] = counts.get(tag[2:], 0) + number
    return counts
