"""Intervals of means from the intervals of their parts, and of mean correlations.

For means of pairs that no table has, where no draws are kept: square-and-add (Zou and Donner 2008,
Construction of confidence limits about effect measures) takes the parts as independent, which test
sets of different languages are. Differences share sentences, seeds and trainings: see
`differences`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from math import comb, sqrt
from statistics import NormalDist, fmean, stdev

from polyheads.analysis.estimates import LEVEL
from polyheads.analysis.student import p_value, quantile

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


def p_of_ends(value: float, low: float, high: float, neutral: float = 0.0) -> float | None:
    """Two-sided p of `neutral` where only an interval (LEVEL percent) is known, taken as normal.

    By the half of the interval on the side of `neutral`; below 1 - LEVEL percent exactly where
    `neutral` is outside. None for one without width.
    """
    half = value - low if value > neutral else high - value
    if high <= low or half <= 0:
        return None
    width = NormalDist().inv_cdf(0.5 + LEVEL / 200)
    return 2 * NormalDist().cdf(-abs(value - neutral) / half * width)


def mean_of_pairs(
    values: Mapping[tuple[str, str], float], members: Sequence[str]
) -> tuple[float, float | None, float | None, float | None]:
    """The mean over all pairs of members, each once, its 95 % interval and its two-sided p of 0.

    values: (member, other) in the order of `members` -> number. Pairs that share a member depend on
    each other, so whole members are left out one by one (jackknife of a U-statistic, Arvesen
    1969); neither interval nor p for fewer than three members.
    """
    whole = fmean(values[pair] for pair in combinations(members, 2))
    n = len(members)
    if n < 3:
        return whole, None, None, None
    total = whole * comb(n, 2)
    pseudo = []
    for left_out in members:
        without = total - sum(v for pair, v in values.items() if left_out in pair)
        pseudo.append(n * whole - (n - 1) * without / comb(n - 1, 2))
    width = quantile(n - 1) * stdev(pseudo) / sqrt(n)
    return whole, whole - width, whole + width, p_value(pseudo)
