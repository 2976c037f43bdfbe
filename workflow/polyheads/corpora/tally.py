"""What is counted of a split while it passes by."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from polyheads.corpora import readers
from polyheads.corpora.records import Sizes


class Tally:
    """What is counted while a split passes by."""

    def __init__(self, names: Sequence[str], against: dict[str, Tally], task: str) -> None:
        self.ids = {name: number for number, name in enumerate(names)}
        self.task = task
        self.against = against  # the splits read before, in which sentences may stand too
        self.seen: set[int] = set()
        self.sentences = self.words = self.longest = self.duplicates = 0
        self.also_in = dict.fromkeys(reversed(against), 0)
        self.tags: Counter[str] = Counter()

    def add(self, tokens: list[str], tags: list[str]) -> bool:
        """Count a sentence; whether it stands in one of the other splits."""
        self.sentences += 1
        words = readers.words(tokens, self.task)
        self.words += words
        self.longest = max(self.longest, words)
        self.tags.update(tags)
        key = _key(tokens)
        self.duplicates += key in self.seen
        self.seen.add(key)
        repeated = False
        for split, other in self.against.items():
            if key in other.seen:
                self.also_in[split] += 1
                repeated = True
        return repeated

    def counts(self) -> Sizes:
        return {
            "sentences": self.sentences,
            "words": self.words,
            "longest": self.longest,
            "duplicates": self.duplicates,
            "also_in": self.also_in,
        }

    def tag_counts(self) -> dict[str, int]:
        return {name: self.tags[name] for name in self.ids}


def _key(tokens: list[str]) -> int:
    """64 bits that tell sentences apart (300,000 sentences collide with probability 2e-9)."""
    digest = hashlib.blake2b("\x1f".join(tokens).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
