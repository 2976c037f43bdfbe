"""Which heads matter: for all languages of a task, for a family of languages, for one task.

A head is high in a ranking when it is among the highest `share` of it, low when it is among the
lowest. Beside every number stands the one expected if the orders were drawn independently: with
H heads of which n are high, H p^a (1 - p)^b for those high in a rankings and in none of b others,
p = n / H.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from polyheads.analysis.rankings import Head, Ranking
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.study import comparisons
from polyheads.study.comparisons import Languages, of_languages

SHARE = 0.25  # of all heads that are high, and that are low
ALL_TASKS = "all"

Heads = tuple[Head, ...]  # in the order of the layers
Group = Mapping[str, Ranking]  # language -> its ranking


@dataclass(frozen=True, kw_only=True)
class RankedHeads:
    """Which rankings are looked at, and how many of their heads are high (or low)."""

    model: str
    corpus: str | None  # None: of several
    recipe: str | None
    seed: int
    kind: str
    languages: tuple[str, ...]
    share: float
    heads: int
    chosen: int  # heads that are high


@dataclass(frozen=True, kw_only=True)
class CommonHeads(RankedHeads):
    """The heads that are high, and low, in every language of a model and corpus."""

    expected: float  # heads by chance, of either
    highest: Heads
    lowest: Heads


@dataclass(frozen=True, kw_only=True)
class FamilyHeads(RankedHeads):
    """The heads that are high in all languages of a family and in no, or one, other language."""

    family: str
    family_languages: tuple[str, ...]
    others: int  # other languages
    in_none: Heads
    expected_none: float
    in_one: Heads | None  # at most one; None where there is one other, since every head is
    expected_one: float | None


@dataclass(frozen=True, kw_only=True)
class TaskHeads(RankedHeads):
    """The heads that are high in all languages of a corpus and in none of another task's.

    Of the task ALL_TASKS those that are high in all languages of all tasks.
    """

    task: str
    rankings: int  # that have them all
    others: int  # rankings of other tasks
    expected: float
    common: Heads


def common(rankings: Iterable[Ranking], *, share: float = SHARE) -> list[CommonHeads]:
    """A row for each model, corpus, recipe, seed and kind with two languages or more."""
    out = []
    for place, group in of_languages(rankings, fewest=2).items():
        heads, chosen = _sizes(group, share)
        row = CommonHeads(
            **place._asdict(),
            languages=tuple(group),
            share=share,
            heads=heads,
            chosen=chosen,
            expected=expected(heads, chosen, len(group)),
            highest=_ordered(_everywhere(group.values(), high, share)),
            lowest=_ordered(_everywhere(group.values(), low, share)),
        )
        out.append(row)
    return out


def families(
    rankings: Iterable[Ranking], languages: LanguageFacts, *, share: float = SHARE
) -> list[FamilyHeads]:
    """A row for each of the groups of `common` and each family of `comparisons.families`."""
    return [
        _family(place, group, family, codes, share)
        for place, group in of_languages(rankings, fewest=2).items()
        for family, codes in comparisons.families(group, languages).items()
    ]


def tasks(rankings: Iterable[Ranking], *, share: float = SHARE) -> list[TaskHeads]:
    """Rows for the groups of `common` of each model, seed and kind that has several tasks.

    One row for all tasks follows them.
    """
    groups = of_languages(rankings, fewest=2)
    return [
        row
        for parts in comparisons.of_several_tasks(groups)
        for row in (*_each_task(parts, share), _all_tasks(parts, share))
    ]


def high(ranking: Ranking, share: float) -> set[Head]:
    """The highest heads of a ranking, at least one."""
    return set(ranking.order[-size(len(ranking.order), share) :])  # lowest first


def low(ranking: Ranking, share: float) -> set[Head]:
    """The lowest heads of a ranking, at least one."""
    return set(ranking.order[: size(len(ranking.order), share)])


def size(heads: int, share: float) -> int:
    """How many heads are high (or low), of so many."""
    return max(1, round(share * heads))


def expected(heads: int, chosen: int, inside: int, outside: int = 0, slips: int = 0) -> float:
    """The number of heads that are by chance among the `chosen` of all orders `inside`.

    And of at most `slips` (0 or 1) of those `outside`; the orders are independent.
    """
    p = chosen / heads
    ways = (1 - p) ** outside
    if slips:
        ways += outside * p * (1 - p) ** (outside - 1) if outside else 0.0
    return heads * p**inside * ways


def _family(
    place: Languages, group: Group, family: str, codes: list[str], share: float
) -> FamilyHeads:
    heads, chosen = _sizes(group, share)
    outside = [high(ranking, share) for code, ranking in group.items() if code not in codes]
    inside = _everywhere((group[code] for code in codes), high, share)
    times = {head: sum(head in others for others in outside) for head in inside}
    several = len(outside) > 1
    none, one = (expected(heads, chosen, len(codes), len(outside), slips) for slips in (0, 1))
    return FamilyHeads(
        **place._asdict(),
        languages=tuple(group),
        share=share,
        heads=heads,
        chosen=chosen,
        family=family,
        family_languages=tuple(codes),
        others=len(outside),
        in_none=_ordered(head for head in inside if times[head] == 0),
        expected_none=none,
        in_one=_ordered(head for head in inside if times[head] <= 1) if several else None,
        expected_one=one if several else None,
    )


def _each_task(parts: Mapping[Languages, Group], share: float) -> Iterator[TaskHeads]:
    """A row for each group. parts: of one model, seed and kind."""
    for place, group in parts.items():
        heads, chosen = _sizes(group, share)
        others = [
            ranking
            for other in parts.values()
            if _task(other) != _task(group)
            for ranking in other.values()
        ]
        elsewhere = {head for ranking in others for head in high(ranking, share)}
        yield TaskHeads(
            **place._asdict(),
            languages=tuple(group),
            share=share,
            heads=heads,
            chosen=chosen,
            task=_task(group),
            rankings=len(group),
            others=len(others),
            expected=expected(heads, chosen, len(group), len(others)),
            common=_ordered(_everywhere(group.values(), high, share) - elsewhere),
        )


def _all_tasks(parts: Mapping[Languages, Group], share: float) -> TaskHeads:
    """The row of all tasks. parts: as in `_each_task`."""
    place, group = list(parts.items())[-1]
    heads, chosen = _sizes(group, share)
    every = [ranking for group in parts.values() for ranking in group.values()]
    return TaskHeads(
        model=place.model,
        corpus=None,
        recipe=None,
        seed=place.seed,
        kind=place.kind,
        languages=(),
        share=share,
        heads=heads,
        chosen=chosen,
        task=ALL_TASKS,
        rankings=len(every),
        others=0,
        expected=expected(heads, chosen, len(every)),
        common=_ordered(_everywhere(every, high, share)),
    )


def _task(group: Group) -> str:
    return next(iter(group.values())).task or ""


def _sizes(group: Group, share: float) -> tuple[int, int]:
    """How many heads its rankings have, and how many of them are high."""
    heads = len(next(iter(group.values())).order)
    return heads, size(heads, share)


def _everywhere(
    rankings: Iterable[Ranking], pick: Callable[[Ranking, float], set[Head]], share: float
) -> set[Head]:
    """The heads that are picked of every ranking."""
    return set.intersection(*(pick(ranking, share) for ranking in rankings))


def _ordered(heads: Iterable[Head]) -> Heads:
    return tuple(sorted(heads))
