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
    one_family: str  # that makes most of the differences between families; "" for none


_NOTHING = Partial(
    rho=None,
    low=None,
    high=None,
    within=None,
    p_within=None,
    languages_within=0,
    between=None,
    p_between=None,
    families=0,
    one_family="",
)


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
        self._names = np.array(families, str)
        self._key, self._resamples = key, resamples
        self._tests: dict[bytes, _Tests] = {}

    def partial(self, predictor: Sequence[float]) -> Partial:
        """The correlations of outcome and predictor (languages,), NaN for languages without it."""
        values = np.array(predictor, float)
        there = ~np.isnan(values)
        if not there.any():
            return _NOTHING
        kept = there.tobytes()
        if kept not in self._tests:
            control = None if self._control is None else self._control[there]
            self._tests[kept] = _Tests(
                self._outcome[there], control, self._names[there], self._key, self._resamples
            )
        return self._tests[kept].partial(values[there])

    def over_all(self, predictor: Sequence[float]) -> float | None:
        """The correlation over all languages alone, without tests and interval."""
        values = np.array(predictor, float)
        sides = [self._outcome, values] + ([] if self._control is None else [self._control])
        there = ~np.isnan(values)
        return _over_all([side[there] for side in sides])


class _Tests:
    """The draws of one set of languages, which all predictors that it has share."""

    def __init__(
        self,
        outcome: np.ndarray,
        control: np.ndarray | None,
        names: np.ndarray,
        key: str,
        resamples: int,
    ) -> None:
        self._names, self._families = np.unique(names, return_inverse=True)
        self._sizes = np.bincount(self._families, minlength=len(self._names))
        self._sides = [outcome] if control is None else [outcome, control]
        ranked = [_ranks(side) for side in self._sides]
        columns = [side[:, None] for side in ranked[1:]]
        dummies = np.eye(len(self._names))[self._families]
        self._within = _Exchange([dummies, *columns], ranked[0])
        orders = _inside(self._families, resamples, generator(f"{key} within"))
        self._within_null = self._within.null(orders)
        means = [_ranks(self._means(side)) for side in ranked]
        ones = np.ones((len(self._names), 1))
        self._between = _Exchange([ones, *(side[:, None] for side in means[1:])], means[0])
        random = generator(f"{key} between")
        orders = random.permuted(np.tile(np.arange(len(ones)), (resamples, 1)), axis=1)
        self._between_null = self._between.null(orders)
        # How often each family is drawn, and so each of its languages.
        random, count = generator(f"{key} families"), len(ones)
        self._drawn = random.multinomial(count, ones[:, 0] / max(1, count), resamples)

    def partial(self, predictor: np.ndarray) -> Partial:
        """The correlations with a predictor (languages,) of these languages."""
        ranked = _ranks(predictor)
        several = int(self._sizes[self._sizes > 1].sum())
        within = between = p_within = p_between = low = high = None
        if several - int((self._sizes > 1).sum()) >= LEAST:
            within, p_within = self._within.test(ranked, self._within_null)
        rho = _over_all([self._sides[0], predictor, *self._sides[1:]])
        one_family = ""
        if len(self._sizes) >= LEAST:
            one_family = self._one_family(ranked)
            if not one_family:
                means = _ranks(self._means(ranked))
                between, p_between = self._between.test(means, self._between_null)
                if rho is not None:
                    low, high = self._interval(predictor)
        return Partial(
            rho=rho,
            low=low,
            high=high,
            within=within,
            p_within=p_within,
            languages_within=several,
            between=between,
            p_between=p_between,
            families=len(self._sizes),
            one_family=one_family,
        )

    def _means(self, values: np.ndarray) -> np.ndarray:
        """Families' means (families,) of values (languages,)."""
        sums = np.bincount(self._families, values, minlength=len(self._sizes))
        return np.asarray(sums / self._sizes)

    def _one_family(self, values: np.ndarray) -> str:
        """The family with more than half of the differences between families, "" for none.

        Genetic distance from English is 1 but for one family: what draws of families or their
        exchanges say of it is chance in that one.
        """
        means = self._means(values)
        share = (means - means.mean()) ** 2
        largest = int(share.argmax())
        return str(self._names[largest]) if share[largest] > share.sum() / 2 else ""

    def _interval(self, predictor: np.ndarray) -> tuple[float | None, float | None]:
        """95 % of the correlations over all languages in draws of families."""
        sides = [self._sides[0], predictor, *self._sides[1:]]
        size = max(1, CELLS // len(predictor))
        blocks = [self._drawn[at : at + size] for at in range(0, len(self._drawn), size)]
        found = np.concatenate([_partial(sides, block[:, self._families]) for block in blocks])
        found = found[~np.isnan(found)]
        if len(found) < len(self._drawn) / 2:
            return None, None
        low, high = np.percentile(found, [2.5, 97.5])
        return float(low), float(high)


def _over_all(sides: Sequence[np.ndarray]) -> float | None:
    """The correlation of the first two sides over all languages; None for under three."""
    if len(sides[0]) < 3:
        return None
    rho = float(_partial(sides, np.ones((1, len(sides[0]))))[0])
    return None if np.isnan(rho) else rho


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
        return np.asarray(moved / np.where(norm > 0, norm, 1.0))

    def test(self, predictor: np.ndarray, null: np.ndarray) -> tuple[float | None, float | None]:
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


def _inside(families: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Orders (count, languages) in which every family keeps its places."""
    places = np.argsort(families, kind="stable")
    keys = families + random.random((count, len(families)))
    orders = np.empty((count, len(families)), int)
    orders[:, places] = np.argsort(keys, axis=1)
    return orders


def _partial(sides: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
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
