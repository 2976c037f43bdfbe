"""Splits that a corpus lacks, cut at random from another split's sentences."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

from polyheads.catalogue.records import Carve
from polyheads.corpora.readers import Sentence
from polyheads.errors import UserError


def owners(number: int, source: str, carve: Mapping[str, Carve]) -> Sequence[str]:
    """Which split each of the ``number`` sentences of the split ``source`` belongs to.

    carve: split -> {from, share, seed}. Each split takes round(share * number) sentences, drawn
    without replacement by its own seed; the rest stays. UserError when a split gets nothing.
    """
    found = [source] * number
    free = list(range(number))
    for split in sorted(carve):
        cut = carve[split]
        if cut["from"] != source:
            continue
        size = round(cut["share"] * number)
        if not 0 < size < len(free):
            raise UserError(
                f"{size} of {number} sentences of {source} would be {split}; change `share` of "
                f"`carve` in the catalogue entry"
            )
        for index in random.Random(cut["seed"]).sample(free, size):
            found[index] = split
        free = [index for index in free if found[index] == source]
    return found


def part(sentences: Iterable[Sentence], owner: Sequence[str], split: str) -> Iterator[Sentence]:
    """The sentences that belong to a split."""
    return (sentence for sentence, of in zip(sentences, owner, strict=True) if of == split)
