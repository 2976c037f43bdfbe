"""What the draws of a gain, or of a difference of gains, say: ends, p, and whether it is worth it.

Draws are a bootstrap's, (resamples,) numbers in percentage points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from polyheads.analysis import student
from polyheads.analysis.resampling import interval


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What is known of a number beside itself; None for what isn't.

    above, within, below: the shares (0 to 1) of draws above delta, from -delta to delta and below
    -delta. "No gain that is worth having" and "not known" are told apart by them; an interval that
    has 0 inside is both.
    """

    low: float | None = None
    high: float | None = None
    p_interval: float | None = None  # two-sided, of 0
    above: float | None = None
    within: float | None = None
    below: float | None = None
    delta: float | None = None  # the smallest gain that is worth having

    @property
    def ends(self) -> tuple[float, float, float] | None:
        """low, high and p_interval; None where there is no interval."""
        if self.low is None or self.high is None or self.p_interval is None:
            return None
        return self.low, self.high, self.p_interval


class Shared(Protocol):
    """A row that has the shares of its number's draws."""

    @property
    def above(self) -> float | None: ...
    @property
    def within(self) -> float | None: ...
    @property
    def below(self) -> float | None: ...


class Bounded(Shared, Protocol):
    """A row that has the bounds of its number."""

    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def p_interval(self) -> float | None: ...
    @property
    def delta(self) -> float | None: ...


def of_row(row: Bounded) -> Bounds:
    """The bounds that a row has."""
    return Bounds(
        low=row.low,
        high=row.high,
        p_interval=row.p_interval,
        above=row.above,
        within=row.within,
        below=row.below,
        delta=row.delta,
    )


def bounds(draws: np.ndarray, delta: float | None) -> Bounds:
    """The percentile interval of draws and its p; with a delta their shares beside it."""
    low, high = interval(draws)
    p = p_interval(draws)
    if delta is None:
        return Bounds(low=low, high=high, p_interval=p)
    above, below = (float(np.mean(side > delta)) for side in (draws, -draws))
    return Bounds(
        low=low,
        high=high,
        p_interval=p,
        above=above,
        within=1 - above - below,
        below=below,
        delta=delta,
    )


def of_seeds(values: Sequence[float]) -> Bounds:
    """Student's t interval of independent numbers and its p; nothing for too few."""
    ends = student.interval(values)
    if ends is None:
        return Bounds()
    return Bounds(low=ends[0], high=ends[1], p_interval=student.p_value(values))


def wider(seeds: Bounds, drawn: Bounds | None) -> Bounds:
    """The smaller lower and the larger upper end of `seeds` and `drawn`.

    With the larger p and the shares of the draws; nothing where either has no interval. Student's t
    over few seeds doesn't have the noise of test sentences, and draws make too little of few seeds.
    """
    if drawn is None or seeds.ends is None or drawn.ends is None:
        return Bounds()
    (low, high, p), (low_drawn, high_drawn, p_drawn) = seeds.ends, drawn.ends
    return replace(
        drawn, low=min(low, low_drawn), high=max(high, high_drawn), p_interval=max(p, p_drawn)
    )


def p_interval(draws: np.ndarray) -> float:
    """Two-sided p of 0: the smallest level at which the percentile interval leaves 0 out.

    Twice the share of draws on the other side of 0, the number itself being one (Davison and
    Hinkley 1997, section 4.2).
    """
    beyond = min(int(np.sum(draws <= 0)), int(np.sum(draws >= 0)))
    return min(1.0, 2 * (1 + beyond) / (1 + len(draws)))
