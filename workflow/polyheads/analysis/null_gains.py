"""Mean gains with their intervals, next to both null baselines and fresh seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from polyheads.analysis import tidy
from polyheads.analysis.estimates import FRESH, Estimate
from polyheads.analysis.null_baselines import NullBaseline

_EQUAL = 1e-4  # percentage points; statistics.csv keeps six digits


@dataclass(frozen=True, kw_only=True)
class NullGain:
    """A mean gain next to what chance gives; percentage points, None for what there is not.

    An interval is that of the mean of exactly the same pairs.
    """

    experiment: str
    ranking: str  # kind of ranking
    task: str
    corpus: str
    model: str
    setting: str
    metric: str
    criterion: str  # of CRITERIA
    gain: float
    low: float | None
    high: float | None
    random_low: float | None  # where means of random rankings lie
    random_high: float | None
    random_mean: float | None
    noise_low: float | None  # where means of choices among unpruned runs lie
    noise_high: float | None
    noise_mean: float | None
    fresh: float | None  # of fresh seeds, at the k that dev chose
    fresh_low: float | None
    fresh_high: float | None


class _Line(NamedTuple):
    experiment: str
    ranking: str
    task: str
    corpus: str
    model: str
    setting: str
    metric: str


class _Range(NamedTuple):
    low: float | None = None
    high: float | None = None
    mean: float | None = None


def rows(baselines: Sequence[NullBaseline], estimates: Iterable[Estimate]) -> list[NullGain]:
    """A row for each line of the table of null baselines that has one gain for all its nulls."""
    means = {
        (_line(row), row.criterion): row
        for row in estimates
        if row.level == "mean" and row.gain is not None
    }
    out = []
    for (line, criterion), members in tidy.grouped(
        baselines, lambda row: (_line(row), row.criterion)
    ).items():
        gain = members[0].gain
        if any(abs(row.gain - gain) > _EQUAL for row in members):
            continue  # the nulls have different pairs: nothing to draw on one line
        nulls = {row.null: _Range(row.null_low, row.null_high, row.null_mean) for row in members}
        random, noise = nulls.get("random", _Range()), nulls.get("noise", _Range())
        own, fresh = means.get((line, criterion)), None
        if own is None or own.gain is None or abs(own.gain - gain) > _EQUAL:
            own = None
        elif criterion == "dev_selected":
            fresh = means.get((line, FRESH))
        out.append(
            NullGain(
                **line._asdict(),
                criterion=criterion,
                gain=gain,
                low=own.low if own else None,
                high=own.high if own else None,
                random_low=random.low,
                random_high=random.high,
                random_mean=random.mean,
                noise_low=noise.low,
                noise_high=noise.high,
                noise_mean=noise.mean,
                fresh=fresh.gain if fresh else None,
                fresh_low=fresh.low if fresh else None,
                fresh_high=fresh.high if fresh else None,
            )
        )
    return out


def _line(row: NullBaseline | Estimate) -> _Line:
    return _Line(*(getattr(row, name) for name in _Line._fields))
