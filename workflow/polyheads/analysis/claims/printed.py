"""The paper's side of a line: of the pairs of languages that a study ran, where it has its models.

For another model the numbers of all of the paper's, each a mean over all of its pairs.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from polyheads.analysis import tidy
from polyheads.analysis.claims.records import Published

P = TypeVar("P", bound=Hashable)  # a pair: (source, target), a target, two languages


def of_all(numbers: Collection[float]) -> Published:
    """All numbers that the paper has for a claim."""
    if not numbers:
        return Published()
    return Published(low=min(numbers), high=max(numbers))


def of_models(numbers: Mapping[str, float], model: str) -> Published:
    """Of the paper's numbers of its models that of one of them; for another model all."""
    if model in numbers:
        return of_all([numbers[model]])
    return _with_names(numbers)


def of_pairs(numbers: Mapping[tuple[str, P], float], model: str, run: Iterable[P]) -> Published:
    """Of the paper's number of each (model, pair) the mean over the pairs that were run."""
    run = set(run)
    mine = {pair: number for (name, pair), number in numbers.items() if name == model}
    if not mine:
        models = tidy.grouped(numbers.items(), lambda item: item[0][0])
        means = {name: tidy.mean(n for _, n in items) for name, items in models.items()}
        return _with_names({name: value for name, value in means.items() if value is not None})
    in_common = [number for pair, number in mine.items() if pair in run]
    mean = tidy.mean(in_common)
    return Published(low=mean, high=mean, of_part=0 < len(in_common) < len(mine))


def _with_names(numbers: Mapping[str, float]) -> Published:
    if not numbers:
        return Published()
    return Published(low=min(numbers.values()), high=max(numbers.values()), models=tuple(numbers))
