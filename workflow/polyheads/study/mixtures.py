"""Mixtures: the languages that a training reads, source first, and how much of them.

A mixture is spelled `en+de`; a part of it is a language, or a language and a percentage of its
training set: `de@30` is the first three of the ten disjoint parts into which `encoding.read_split`
cuts a training set. So `de@30` contains `de@20`.
"""

from __future__ import annotations

from collections.abc import Iterable

PARTS = 10  # of a training set


def with_percent(language: str, percent: int) -> str:
    """A part of a mixture: `de`, or `de@30`."""
    return language if percent == 100 else f"{language}@{percent}"


def language_of(part: str) -> str:
    """The language of a part of a mixture, ``zh`` of ``zh@30``."""
    return part.split("@")[0]


def percent_of(part: str) -> int:
    """Percentage of the language's training set; 100 unless the part says otherwise."""
    return int(part.split("@")[1]) if "@" in part else 100


def languages(mixture: Iterable[str]) -> tuple[str, ...]:
    """The languages of a mixture, source first."""
    return tuple(map(language_of, mixture))
