"""Student's t for few independent numbers, with the standard library alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from polyheads.analysis.rows import LEVEL

FEWEST = 3  # numbers that an interval needs


def interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """The t interval (level percent) of the mean of independent numbers.

    None for fewer than FEWEST: two numbers would give an interval 13 times as wide as they are
    apart. A bootstrap of so few numbers would be far too short instead.
    """
    if len(values) < FEWEST:
        return None
    mean = fmean(values)
    half = quantile(len(values) - 1, level) * stdev(values) / math.sqrt(len(values))
    return mean - half, mean + half


def p_value(values: Sequence[float]) -> float | None:
    """Two-sided p of a mean of 0 of independent numbers; None for fewer than FEWEST."""
    if len(values) < FEWEST:
        return None
    mean, error = fmean(values), stdev(values) / math.sqrt(len(values))
    # Of numbers that are all the same the angle is a right one, and p 0; 1 where they are 0.
    angle = math.atan2(abs(mean), error * math.sqrt(len(values) - 1)) if mean else 0.0
    return min(1.0, max(0.0, 1 - _within(angle, len(values) - 1)))


def quantile(freedom: int, level: float = LEVEL) -> float:
    """The t with `level` percent of the distribution between -t and t; freedom >= 1."""
    low, high = 0.0, math.pi / 2
    for _ in range(60):  # halving until doubles end; the share grows with the angle
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < level / 100 else (low, middle)
    return math.tan((low + high) / 2) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """P(|T| < t) where t = sqrt(freedom) tan(angle): the finite series for whole degrees of
    freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for step in range(2 if odd else 1, freedom, 2):
        total += term
        term *= cosine**2 * step / (step + 1)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
