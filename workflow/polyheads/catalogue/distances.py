"""Distances between languages (URIEL, Littell et al. 2017); see resources/languages/README.md."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from itertools import permutations
from pathlib import Path

from polyheads import resources
from polyheads.catalogue.language_facts import DIRECTORY, LanguageFacts
from polyheads.errors import UserError

PATH = resources.path(DIRECTORY, "distances.csv")
KINDS = ("geographic", "genetic", "inventory", "syntactic", "phonological", "featural")

Distances = dict[tuple[str, str], float]


def between(codes: Iterable[str], languages: LanguageFacts) -> dict[str, Distances]:
    """Kind -> (code, other code) -> distance from 0 to 1, both ways round; unknown ones are absent.

    Two codes that are one language to URIEL are 0 apart in all that it knows of the language.
    """
    of = {code: uriel for code in codes if (uriel := languages.get(code, {}).get("uriel"))}
    known = read()
    return {
        kind: {
            (one, other): values[of[one], of[other]]
            for one, other in permutations(of, 2)
            if (of[one], of[other]) in values
        }
        for kind, values in known.items()
    }


@cache
def read(path: str | Path = PATH) -> dict[str, Distances]:
    """Kind -> (language, other) -> distance, both ways round, by URIEL's codes.

    A language is 0 from itself in each kind in which it has a distance from another one. UserError
    for a row that isn't two languages and numbers.
    """
    found: dict[str, Distances] = {kind: {} for kind in KINDS}
    with Path(path).open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                pair = row["language"], row["other"]
                for kind in KINDS:
                    if row[kind]:
                        found[kind][pair] = found[kind][pair[::-1]] = float(row[kind])
                        found[kind] |= {(code, code): 0.0 for code in pair}
            except (KeyError, TypeError, ValueError) as error:
                raise UserError(
                    f"{path}:{line}: not two languages and {len(KINDS)} distances; make the file"
                    " again with make.py beside it"
                ) from error
    return found
