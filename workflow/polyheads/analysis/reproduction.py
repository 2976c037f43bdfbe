"""How near a study's scores are to the published ones: the degree of reproduction, CV*."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import gamma, sqrt
from statistics import fmean, median, stdev


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """CV* of a table's scores; without any where it has no published score of what was run."""

    median: float | None = None
    scores: int = 0


def cv_star(scores: Sequence[float]) -> float | None:
    """CV*, the coefficient of variation of few scores, in percent.

    n scores of one thing, measured again and again; s is their standard deviation (n - 1 below the
    line), unbiased once it is divided by c4 = sqrt(2 / (n - 1)) Γ(n / 2) / Γ((n - 1) / 2): CV* = (1
    + 1 / (4 n)) 100 (s / c4) / mean. None for fewer than two or a mean of 0: it is for scores on a
    scale that begins at 0, not for gains. Source: Belz, Popović and Mille 2022, Quantified
    Reproducibility Assessment of NLP Results, ACL.
    """
    n = len(scores)
    if n < 2 or fmean(scores) <= 0:
        return None
    c4 = sqrt(2 / (n - 1)) * gamma(n / 2) / gamma((n - 1) / 2)
    return (1 + 1 / (4 * n)) * 100 * (stdev(scores) / c4) / fmean(scores)


def of_both(published: float | None, ours: float | None) -> float | None:
    """CV* of the published score and ours (n = 2; several seeds are one score, their mean)."""
    return None if published is None or ours is None else cv_star([published, ours])


def of_table(values: Iterable[float | None]) -> Reproduction:
    """What the CV* of a table's scores say together; None for a score that isn't published."""
    known = [value for value in values if value is not None]
    return Reproduction(median=median(known), scores=len(known)) if known else Reproduction()
