"""Student's t for few independent numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from polyheads.analysis.estimates import LEVEL

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
    """Two-sided p of a mean of 0 of independent numbers; None for fewer than FEWEST.

    Of numbers that are all the same, p is 0; 1 where they are 0.
    """
    if len(values) < FEWEST:
        return None
    mean, error = fmean(values), stdev(values) / math.sqrt(len(values))
    if error == 0:
        return 0.0 if mean else 1.0
    return float(2 * _t().sf(abs(mean) / error, len(values) - 1))


def quantile(freedom: int, level: float = LEVEL) -> float:
    """The t with `level` percent of the distribution between -t and t; freedom >= 1."""
    return float(_t().ppf(0.5 + level / 200, freedom))


def _t() -> Any:
    """Student's t of SciPy, imported when needed.

    Planning a study imports this module and would wait.
    """
    from scipy.stats import t

    return t
