"""Mean test scores over k of each kind of ranking, and a band of random ones, on the same pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from polyheads.analysis import curves, tidy
from polyheads.analysis.choices import Choice, Score
from polyheads.analysis.curves import Line
from polyheads.study.comparisons import Pair, on_the_same_pairs
from polyheads.study.rankings import ranking_kind

_Sweeps = Mapping[Pair, Sequence[Choice]]

BAND = "random"  # in place of a kind: all random rankings of a group


@dataclass(frozen=True, kw_only=True)
class RankingCurve:
    """One kind of ranking, or all random ones, among those that were tried on the same pairs."""

    group: int  # as in `ranking_costs`, counted from 0
    task: str
    corpus: str
    model: str
    recipe: str
    setting: str
    protocol: str
    metric: str
    ranking: str  # kind, or BAND
    rankings: int  # behind the line, of BAND those with all of the pairs
    sweeps: int  # pairs of languages and seed that every mean is over
    test: Line  # percent; of BAND with the range over rankings, or their 10th to 90th percentile
    in_percentiles: bool


def rows(
    main: Iterable[Choice], choices: Iterable[Choice], scores: Iterable[Score]
) -> list[RankingCurve]:
    """Rows for each group of `on_the_same_pairs`: its scored kinds, then the random rankings.

    main: choices in the experiments' own metrics; choices: of all roles. A point is the mean over
    all pairs of the group, at a k that each of them has.
    """
    scores = list(scores)
    random = tidy.grouped((row for row in choices if row.role == "random"), curves.point_of)
    out = []
    for number, kinds in enumerate(on_the_same_pairs(main)):
        scored = {kind: sweeps for kind, sweeps in kinds.items() if not _is_random(kind)}
        first = next(iter(next(iter(scored.values())).values()))
        drawn = _drawn(kinds, random, scored)
        pairs = list(next(iter(scored.values())))
        by_kind: dict[str, _Sweeps] = {
            kind: {pair: [row] for pair, row in sweeps.items()} for kind, sweeps in scored.items()
        }
        by_kind |= drawn
        every = [row for of in by_kind.values() for rows in of.values() for row in rows]
        values = curves.values_of(scores, every, first.metric)
        means = {
            kind: _mean([curves.curve_of_all(of[pair], values, "test") for pair in pairs])
            for kind, of in by_kind.items()
        }
        lines: list[tuple[str, int, Line, bool]] = [
            (kind, 1, _line([means[kind]]), False) for kind in scored
        ]
        if drawn:
            percentiles = len(drawn) >= curves.PERCENTILES_FROM
            band = _line([means[kind] for kind in drawn], percentiles)
            lines.append((BAND, len(drawn), band, percentiles))
        for kind, count, line, percentiles in lines:
            out.append(
                RankingCurve(
                    group=number,
                    task=first.task,
                    corpus=first.corpus,
                    model=first.model,
                    recipe=first.recipe,
                    setting=first.setting,
                    protocol=first.protocol,
                    metric=first.metric,
                    ranking=kind,
                    rankings=count,
                    sweeps=len(pairs),
                    test=line,
                    in_percentiles=percentiles,
                )
            )
    return out


def _is_random(kind: str) -> bool:
    return kind.removeprefix("reversed-").startswith("random-")


def _drawn(
    kinds: Mapping[str, Mapping[Pair, Choice]],
    random: Mapping[tuple[str, ...], Sequence[Choice]],
    scored: Mapping[str, Mapping[Pair, Choice]],
) -> dict[str, _Sweeps]:
    """Random ranking -> pair -> its sweeps, of those that have all pairs of the scored kinds.

    Experiments with other k have other sweeps of the same ranking.
    """
    found: dict[str, dict[Pair, list[Choice]]] = {}
    pairs = set(next(iter(scored.values())))
    for row in next(iter(scored.values())).values():
        for other in random.get(curves.point_of(row), ()):
            kind = ranking_kind(other.ranking, other.source)
            place = (other.source, other.target, other.mixture, other.seed)
            found.setdefault(kind, {}).setdefault(place, []).append(other)
    for kind in filter(_is_random, kinds):
        for pair, row in kinds[kind].items():
            found.setdefault(kind, {}).setdefault(pair, []).append(row)
    return {kind: sweeps for kind, sweeps in found.items() if pairs <= sweeps.keys()}


def _mean(of_pairs: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """The mean of the pairs' scores at each k that all of them have."""
    common = sorted(set.intersection(*(set(one) for one in of_pairs)))
    return {k: sum(one[k] for one in of_pairs) / len(of_pairs) for k in common}


def _line(means: Sequence[Mapping[int, float]], percentiles: bool = False) -> Line:
    """One ranking's means, or the mean of several and the band that they fill."""
    by_k = curves.values_by_k(means)
    ends = [curves.band_ends(side, in_percentiles=percentiles) for side in by_k.values()]
    several = len(means) > 1
    return Line(
        ks=tuple(by_k),
        means=tuple(sum(side) / len(side) for side in by_k.values()),
        lows=tuple(low for low, _ in ends) if several else (),
        highs=tuple(high for _, high in ends) if several else (),
    )
