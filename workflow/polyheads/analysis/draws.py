"""What the draws of a gain, or of a difference of gains, say: ends, p, and whether it is worth it.

Draws are a bootstrap's, (resamples,) numbers in percentage points.
"""

from __future__ import annotations

import numpy as np

from polyheads.analysis.resampling import interval
from polyheads.analysis.rows import Row


def columns(draws: np.ndarray, delta: float | None) -> Row:
    """low, high, p_interval, and with a delta the shares of the draws beside it.

    above, within, below: the shares (0 to 1) of draws above delta, from -delta to delta and below
    -delta. "No gain that is worth having" and "not known" are told apart by them; an interval that
    has 0 inside is both.
    """
    low, high = interval(draws)
    out: Row = {"low": low, "high": high, "p_interval": p_interval(draws)}
    if delta is not None:
        above, below = (float(np.mean(side > delta)) for side in (draws, -draws))
        out |= {"above": above, "within": 1 - above - below, "below": below, "delta": delta}
    return out


def p_interval(draws: np.ndarray) -> float:
    """Two-sided p of 0: the smallest level at which the percentile interval leaves 0 out.

    Twice the share of draws on the other side of 0, the number itself being one (Davison and
    Hinkley 1997, section 4.2).
    """
    beyond = min(int(np.sum(draws <= 0)), int(np.sum(draws >= 0)))
    return min(1.0, 2 * (1 + beyond) / (1 + len(draws)))
