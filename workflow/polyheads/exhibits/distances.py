"""Distances between languages (URIEL, Littell et al. 2017), as resources/uriel/README.md has them.

Needs nothing but the standard library: whether there is anything to correlate is asked at parse
time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from polyheads import resources
from polyheads.errors import UserError

PATH = resources.path("uriel", "distances.csv")
KINDS = ("geographic", "genetic", "inventory", "syntactic", "phonological", "featural")
SETTINGS = ("cross-lingual", "multi-lingual")
LEAST_PAIRS = 4

Distances = dict[tuple[str, str], float]


def read(path: str | Path = PATH) -> dict[str, Distances]:
    """Kind -> (language, other) -> distance from 0 to 1, both ways round; unknown ones are absent.

    UserError for a row that isn't two languages and numbers.
    """
    found: dict[str, Distances] = {kind: {} for kind in KINDS}
    with open(path, encoding="utf-8", newline="") as file:
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


def is_pair(row: Mapping[str, Any]) -> bool:
    """Whether a sweep (or a choice) is of one source and another target in a setting of its own."""
    languages = {row["source"], row["target"]}
    single = "+" not in row["source"] and len(languages) == 2
    return single and row["setting"] in SETTINGS and row["role"] == "main"


def enough(sweeps: Iterable[Mapping[str, Any]]) -> bool:
    """Whether some setting has LEAST_PAIRS pairs; sweeps of one experiment and kind of ranking."""
    pairs: dict[str, set[tuple[str, str]]] = {}
    for sweep in filter(is_pair, sweeps):
        pairs.setdefault(sweep["setting"], set()).add((sweep["source"], sweep["target"]))
    return any(len(found) >= LEAST_PAIRS for found in pairs.values())
