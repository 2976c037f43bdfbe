"""Partial rank correlation of something of languages, which come in families.

Languages of a family are alike in most respects, so that two hundred languages are no two hundred
independent cases, and whatever differs between families correlates with whatever else does. Two
questions are therefore asked apart, each with a permutation test (Winkler et al. 2014, exchange
within and of blocks) of the residuals that a control leaves (Freedman and Lane 1983):

* within families: ranks less their family's mean; the residuals change places inside each family.
  Null: inside a family, what the control leaves doesn't depend on the predictor, whatever the
  families themselves are like.
* between families: the families' means, one point each however many languages a family has; the
  families' residuals change places. Null: what the control leaves of a family's mean doesn't depend
  on the predictor's.

The interval of the correlation over all languages comes from draws of whole families with
replacement (cluster bootstrap, Field and Welsh 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polyheads.analysis.resampling import CELLS, RESAMPLES, generator, p_value

LEAST = 6  # families for a test between them, and languages beside the families for one within
_FLAT = 1e-9  # a residual's sum of squares, as a share of what it was before: nothing is left


@dataclass(frozen=True, kw_only=True)
class Partial:
    """A partial rank correlation; None where it can't be said."""

    rho: float | None  # over all languages
    low: float | None  # 95 % over draws of families
    high: float | None
    within: float | None
    p_within: float | None
    languages_within: int  # in families of two or more
    between: float | None
    p_between: float | None
    families: int


class Clustered:
    """Outcome, control and families of the same languages, for several predictors.

    outcome, control: (languages,); control None: nothing is taken out. families: a name for each
    language. key: names the draws, so that the same question gets the same ones.
    """

    def __init__(
        self,
        outcome: Sequence[float],
        control: Sequence[float] | None,
        families: Sequence[str],
        *,
        key: str,
        resamples: int = RESAMPLES,
    ) -> None:
        self._outcome = np.array(outcome, float)
        self._control = None if control is None else np.array(control, float)
        self._families = np.unique(np.array(families), return_inverse=True)[1]
        self._key, self._resamples = key, resamples
        self._tests: dict[bytes, _Tests] = {}

    def partial(self, predictor: Sequence[float]) -> Partial:
        """The correlations of outcome and predictor (languages,), NaN for languages without it."""
        values = np.array(predictor, float)
        there = ~np.isnan(values)
        kept = there.tobytes()
        if kept not in self._tests:
            control = None if self._control is None else self._control[there]
            self._tests[kept] = _Tests(
                self._outcome[there], control, self._families[there], self._key, self._resamples
            )
        return self._tests[kept].partial(values[there])


class _Tests:
    """The draws of one set of languages, which all predictors that it has share."""

    def __init__(
        self,
        outcome: np.ndarray,
        control: np.ndarray | None,
        families: np.ndarray,
        key: str,
        resamples: int,
    ) -> None:
        self._families = np.unique(families, return_inverse=True)[1] if len(families) else families
        self._sizes = np.bincount(self._families) if len(families) else np.zeros(0, int)
        self._outcome, self._control = outcome, control
        ranked = _ranks(outcome)
        controls = [] if control is None else [_ranks(control)]
        of_families = [np.eye(len(self._sizes))[self._families]] if len(families) else []
        random = generator(f"{key} within")
        self._within = _Exchange([*of_families, *(c[:, None] for c in controls)], ranked)
        self._within_null = self._within.null(_inside(self._families, resamples, random))
        means = [_ranks(_means(side, self._families, self._sizes)) for side in (ranked, *controls)]
        random = generator(f"{key} between")
        ones = np.ones((len(self._sizes), 1))
        self._between = _Exchange([ones, *(m[:, None] for m in means[1:])], means[0])
        orders = random.permuted(np.tile(np.arange(len(ones)), (resamples, 1)), axis=1)
        self._between_null = self._between.null(orders)
        random = generator(f"{key} families")
        drawn = random.integers(0, max(1, len(ones)), (resamples, len(ones)))
        # How often each family is drawn, and so each of its languages.
        self._weights = np.stack([(drawn == i).sum(1) for i in range(len(ones))], 1) if len(
            ones
        ) else np.zeros((resamples, 0))

    def partial(self, predictor: np.ndarray) -> Partial:
        families = len(self._sizes)
        several = int(self._sizes[self._sizes > 1].sum())
        within = between = p_within = p_between = None
        ranked = _ranks(predictor)
        if several - int((self._sizes > 1).sum()) >= LEAST:
            within, p_within = self._within.test(ranked, self._within_null)
        if families >= LEAST:
            means = _ranks(_means(ranked, self._families, self._sizes))
            between, p_between = self._between.test(means, self._between_null)
        rho, low, high = self._pooled(predictor)
        return Partial(
            rho=rho,
            low=low,
            high=high,
            within=within,
            p_within=p_within,
            languages_within=several,
            between=between,
            p_between=p_between,
            families=families,
        )

    def _pooled(self, predictor: np.ndarray) -> tuple[float | None, float | None, float | None]:
        """The correlation over all languages, and its interval over draws of families."""
        sides = [self._outcome, predictor]
        if self._control is not None:
            sides.append(self._control)
        if len(predictor) < 3:
            return None, None, None
        rho = _weighted_partial(sides, np.ones((1, len(predictor))))[0]
        if np.isnan(rho):
            return None, None, None
        if len(self._sizes) < LEAST:
            return float(rho), None, None
        size = max(1, CELLS // len(predictor))
        drawn = np.concatenate(
            [
                _weighted_partial(sides, self._weights[at : at + size][:, self._families])
                for at in range(0, len(self._weights), size)
            ]
        )
        low, high = np.nanpercentile(drawn, [2.5, 97.5])
        return float(rho), float(low), float(high)


class _Exchange:
    """Residuals of an outcome under a design, and those of its exchanges (Freedman and Lane)."""

    def __init__(self, design: Sequence[np.ndarray], outcome: np.ndarray) -> None:
        """design: columns to take out, each (points, columns); outcome: (points,)."""
        points = len(outcome)
        columns = np.concatenate(design, 1) if design else np.zeros((points, 0))
        basis, strengths, _ = np.linalg.svd(columns, full_matrices=False)
        self._basis = basis[:, strengths > 1e-9 * max(1.0, strengths.max(initial=0.0))]
        self._residuals = self._left(outcome)
        self._flat = _flat(self._residuals, outcome)

    def _left(self, values: np.ndarray) -> np.ndarray:
        """What the design leaves of values (..., points)."""
        left: np.ndarray = values - (values @ self._basis) @ self._basis.T
        return left

    def null(self, orders: np.ndarray) -> np.ndarray:
        """Unit residuals (orders, points) of the outcome in these orders (orders, points)."""
        moved = self._left(self._residuals[orders])
        norm = np.sqrt((moved * moved).sum(-1, keepdims=True))
        return np.divide(moved, norm, out=np.zeros_like(moved), where=norm > 0)

    def test(
        self, predictor: np.ndarray, null: np.ndarray
    ) -> tuple[float | None, float | None]:
        """The correlation of what is left of both sides, and its two-sided p."""
        left = self._left(predictor)
        if self._flat or _flat(left, predictor):
            return None, None
        left = left / np.sqrt(left @ left)
        observed = self._residuals @ left / np.sqrt(self._residuals @ self._residuals)
        return float(observed), p_value(observed, null @ left, two_sided=True)


def _flat(left: np.ndarray, values: np.ndarray) -> bool:
    """Whether the design has left nothing of values."""
    about = values - values.mean() if len(values) else values
    return bool(left @ left <= _FLAT * max(about @ about, 1e-300)) if len(values) else True


def _ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks, less their mean."""
    from scipy.stats import rankdata  # here: planning imports what is imported above

    ranks = rankdata(values)
    return np.asarray(ranks - (len(values) + 1) / 2, float)


def _means(values: np.ndarray, families: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Means (families,) of values (languages,)."""
    return np.bincount(families, values, minlength=len(sizes)) / sizes


def _inside(families: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Orders (count, languages) in which every family keeps its places."""
    places = np.argsort(families, kind="stable")
    keys = families + random.random((count, len(families)))
    orders = np.empty((count, len(families)), int)
    orders[:, places] = np.argsort(keys, axis=1)
    return orders


def _weighted_partial(sides: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Spearman's rho (draws,) of the first two sides, less the third where there is one.

    sides: (languages,) each; weights: (draws, languages), how often a language is in a draw, as if
    it stood there so many times. NaN where a side is constant, or the third explains one of them.
    """
    total = weights.sum(1, keepdims=True)
    centred = [_weighted_ranks(side, weights) - (total + 1) / 2 for side in sides]

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        summed: np.ndarray = (weights * a * b).sum(1)
        return summed

    with np.errstate(invalid="ignore", divide="ignore"):
        lengths = [np.sqrt(product(side, side)) for side in centred]
        rho = product(centred[0], centred[1]) / (lengths[0] * lengths[1])
        if len(sides) > 2:
            one, other = (
                product(centred[i], centred[2]) / (lengths[i] * lengths[2]) for i in (0, 1)
            )
            left = (1 - one**2) * (1 - other**2)
            rho = np.where(left > _FLAT, (rho - one * other) / np.sqrt(left), np.nan)
    return np.asarray(np.clip(rho, -1, 1))


def _weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean ranks (draws, languages) of values that stand there weights times."""
    order = np.argsort(values, kind="stable")
    first = np.searchsorted(values[order], values, side="left")
    last = np.searchsorted(values[order], values, side="right")
    below = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights[:, order], 1)], 1)
    ranks: np.ndarray = (below[:, first] + below[:, last] + 1) / 2
    return ranks
