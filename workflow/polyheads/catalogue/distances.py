"""Distances between languages (URIEL, Littell et al. 2017); see resources/uriel/README.md."""

from __future__ import annotations

import csv
from pathlib import Path

from polyheads import resources
from polyheads.errors import UserError

PATH = resources.path("uriel", "distances.csv")
KINDS = ("geographic", "genetic", "inventory", "syntactic", "phonological", "featural")

Distances = dict[tuple[str, str], float]


def read(path: str | Path = PATH) -> dict[str, Distances]:
    """Kind -> (language, other) -> distance from 0 to 1, both ways round; unknown ones are absent.

    UserError for a row that isn't two languages and numbers.
    """
    found: dict[str, Distances] = {kind: {} for kind in KINDS}
    with Path(path).open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                pair = row["language"], row["other"]
                for kind in KINDS:
                    if row[kind]:
                        found[kind][pair] = found[kind][pair[::-1]] = float(row[kind])
            except (KeyError, TypeError, ValueError) as error:
                raise UserError(
                    f"{path}:{line}: not two languages and {len(KINDS)} distances; make the file"
                    " again with make.py beside it"
                ) from error
    return found
