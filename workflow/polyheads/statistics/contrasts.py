"""Intervals of means and differences from the intervals of their parts, and of mean correlations.

For what is compared across tables, where no draws are kept: square-and-add (Zou and Donner 2008,
Construction of confidence limits about effect measures) takes the parts as independent.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from math import comb, sqrt
from statistics import fmean, stdev

from polyheads.statistics.student import quantile

Estimate = tuple[float, float, float]  # value, lower and upper end of its interval


def mean_of(parts: Sequence[tuple[Hashable, Estimate]]) -> Estimate:
    """The mean of estimates (test set, estimate): independent between test sets.

    Those of one test set share its sentences: their widths are added as if they always moved
    together, which is at least as wide as what is true.
    """
    below: dict[Hashable, float] = {}
    above: dict[Hashable, float] = {}
    for place, (value, low, high) in parts:
        below[place] = below.get(place, 0.0) + value - low
        above[place] = above.get(place, 0.0) + high - value
    value = fmean(estimate[0] for _, estimate in parts)
    down, up = (sqrt(sum(w**2 for w in side.values())) / len(parts) for side in (below, above))
    return value, value - down, value + up


def difference(one: Estimate, other: Estimate) -> Estimate:
    """one - other, by square-and-add. Wide where the two move together, as runs on one test set."""
    value = one[0] - other[0]
    down = sqrt((one[0] - one[1]) ** 2 + (other[2] - other[0]) ** 2)
    up = sqrt((one[2] - one[0]) ** 2 + (other[0] - other[1]) ** 2)
    return value, value - down, value + up


def mean_of_pairs(
    values: Mapping[tuple[str, str], float], members: Sequence[str]
) -> tuple[float, float | None, float | None]:
    """The mean over all pairs of members, each once, and its 95 % interval.

    values: (member, other) in the order of `members` -> number. Pairs that share a member depend on
    each other, so whole members are left out one by one (jackknife of a U-statistic, Arvesen
    1969); no interval for fewer than three members.
    """
    whole = fmean(values[pair] for pair in combinations(members, 2))
    n = len(members)
    if n < 3:
        return whole, None, None
    total = whole * comb(n, 2)
    pseudo = []
    for left_out in members:
        without = total - sum(v for pair, v in values.items() if left_out in pair)
        pseudo.append(n * whole - (n - 1) * without / comb(n - 1, 2))
    width = quantile(n - 1) * stdev(pseudo) / sqrt(n)
    return whole, whole - width, whole + width
