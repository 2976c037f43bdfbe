"""Spearman's rank correlation: of numbers, and of orders of heads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike


def spearman(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Spearman's rho (mean ranks for ties); None for under three points or a constant side."""
    value = float(rho(a, b)) if len(a) >= 3 else math.nan
    return None if math.isnan(value) else value


def spearman_of_orders(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> float:
    """Spearman's rho of two orders of the same heads, each [layer, head]; 0 for a single head."""
    place = {tuple(head): index for index, head in enumerate(other)}
    places = [place[tuple(head)] for head in one]
    return float(rho(range(len(one)), places)) if len(one) > 1 else 0.0


def rho(values: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Spearman's rho along the last axis, whose length both share; NaN for a constant side.

    values: (..., points); others: (..., points); other axes broadcast. Sums over ranks are exact,
    so that the same pairs of ranks in another order give exactly the same rho, unlike those of
    scipy's spearmanr, which would also correlate every row with every other.
    """
    # Imported when needed: planning a study imports this module and would wait for scipy.
    import numpy as np
    from scipy.stats import rankdata

    a, b = (rankdata(side, axis=-1) for side in (values, others))
    a, b = (side - side.mean(-1, keepdims=True) for side in (a, b))
    with np.errstate(invalid="ignore"):
        rho: np.ndarray = (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    return rho
