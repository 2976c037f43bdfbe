"""How much rankings of one fine-tuned model by several kinds of scores agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from polyheads.analysis.rankings import Head, Ranking
from polyheads.analysis.ranks import spearman_of_orders
from polyheads.catalogue.methods import KINDS
from polyheads.study.comparisons import Scored, by_kind


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Two kinds of rankings of a model: rho of their orders, and their common lowest heads."""

    model: str
    corpus: str
    recipe: str
    language: str | None
    seed: int
    one: str  # kind of ranking
    other: str
    heads: int
    spearman: float  # of the orders that trials prune by
    spearman_unnormalised: float  # of the orders of the raw scores
    k: int  # lowest heads that are looked at
    shared: int  # of them, how many both rankings have
    shared_by_chance: float  # how many two random orders share, on average

    @property
    def place(self) -> Scored:
        """The model whose heads are ranked."""
        return Scored(self.model, self.corpus, self.recipe, self.language, self.seed)


def rows(rankings: Iterable[Ranking], *, k: int) -> list[Agreement]:
    """Every pair of scored rankings of one fine-tuned model, kinds in the order of KINDS.

    Reversed and random rankings are left out. k: the largest number of heads that the study prunes;
    the overlap is taken there, at half of the heads at the most, because two orders must share most
    of their lowest heads beyond.
    """
    return [
        _agreement(place, kinds[one], kinds[other], k)
        for place, kinds in by_kind(rankings).items()
        for one, other in combinations([kind for kind in KINDS if kind in kinds], 2)
    ]


def _agreement(place: Scored, one: Ranking, other: Ranking, k: int) -> Agreement:
    heads = len(one.order)
    lowest = min(k, heads // 2)
    return Agreement(
        **place._asdict(),
        one=one.kind,
        other=other.kind,
        heads=heads,
        spearman=spearman_of_orders(one.order, other.order),
        spearman_unnormalised=spearman_of_orders(one.order_unnormalised, other.order_unnormalised),
        k=lowest,
        shared=shared(one.order, other.order, lowest),
        shared_by_chance=lowest**2 / heads,
    )


def shared(one: Sequence[Head], other: Sequence[Head], k: int) -> int:
    """How many of the k lowest heads of two orders are the same."""
    return len(set(one[:k]) & set(other[:k]))
