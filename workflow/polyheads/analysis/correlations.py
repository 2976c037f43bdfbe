"""Is the gain larger for languages that are alike? The paper's sections 4.1-4.3.

The gain of a pair of source and target against six distances of URIEL, the similarity of the two
languages' rankings, and whether they are of one family. p: languages permuted, not pairs, because
pairs share languages (analysis.correlation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from statistics import fmean
from typing import NamedTuple

from polyheads.analysis import language_similarity, tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.analysis.correlation import permuted_languages
from polyheads.analysis.estimates import ALPHA
from polyheads.analysis.rankings import Ranking
from polyheads.analysis.resampling import holm
from polyheads.catalogue import distances, language_facts
from polyheads.catalogue.distances import Distances
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.study.comparisons import of_languages
from polyheads.study.displays import TRANSFER, Display, is_pair, members

PREDICTORS = (*distances.KINDS, "rankings", "family")
FAMILY, SAME, OTHER = "family", "same", "other"
"""Groups of pairs: with targets of one family; of the source's family; of another than that."""

Training = tuple[str, str, int]  # corpus, recipe, seed


@dataclass(frozen=True, kw_only=True)
class Point:
    """What is correlated: the gains of a pair of languages, and what is known of the two."""

    setting: str
    model: str
    source: str
    target: str
    dev_selected_gain: float  # percentage points, mean over the seeds that have both gains
    test_oracle_gain: float
    geographic: float | None  # distances from 0 to 1
    genetic: float | None
    inventory: float | None
    syntactic: float | None
    phonological: float | None
    featural: float | None
    rankings: float | None  # Spearman's rho of the two languages' rankings
    family: float | None  # 1: they are of two families, 0: of one
    seeds: int

    @property
    def pair(self) -> tuple[str, str]:
        """Source and target."""
        return self.source, self.target

    def gain(self, criterion: str) -> float:
        """Its gain by a criterion of CRITERIA."""
        return self.dev_selected_gain if criterion == "dev_selected" else self.test_oracle_gain

    def predictor(self, name: str) -> float | None:
        """Its value of one of PREDICTORS."""
        value: float | None = getattr(self, name)
        return value


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Spearman's rho of gains and a predictor, over the pairs of a setting and model."""

    setting: str
    model: str
    criterion: str
    predictor: str
    pairs: int
    languages: int
    sources: int
    rho: float | None  # None where there are too few pairs, or all values are the same
    p: float | None
    p_holm: float | None  # adjusted among all rows of a criterion
    exact: bool  # all orders of the languages were tried
    left_out: int  # pairs without a value

    @property
    def told_apart(self) -> bool:
        """Whether rho is told apart from zero: Holm-adjusted p below ALPHA."""
        return self.p_holm is not None and self.p_holm < ALPHA


@dataclass(frozen=True, kw_only=True)
class FamilyGain:
    """The mean gain of pairs by their languages' families, in percentage points."""

    setting: str
    model: str
    group: str  # FAMILY | SAME | OTHER
    family: str  # of the targets; "" of SAME and OTHER
    targets: tuple[str, ...]
    pairs: int
    dev_selected_gain: float | None
    test_oracle_gain: float | None
    unknown: tuple[str, ...]  # languages of the setting and model whose family isn't known

    def gain(self, criterion: str) -> float | None:
        """Its gain by a criterion of CRITERIA."""
        return self.dev_selected_gain if criterion == "dev_selected" else self.test_oracle_gain


class _Group(NamedTuple):
    """The points of a setting and model, and all that is known of their languages."""

    points: list[Point]
    values: Mapping[str, Distances]  # predictor -> value of every pair of languages


def points(
    display: Display,
    choices: Iterable[Choice],
    rankings: Sequence[Ranking],
    languages: LanguageFacts,
) -> list[Point]:
    """The pairs of a display, by setting and model.

    Of a kind of ranking that is of no language (random) there is no similarity of rankings.
    """
    groups = _groups(display, choices, rankings, languages)
    return [point for group in groups for point in group.points]


def rows(
    display: Display,
    choices: Iterable[Choice],
    rankings: Sequence[Ranking],
    languages: LanguageFacts,
) -> list[Correlation]:
    """A row for each setting, model, predictor and criterion."""
    unadjusted = [
        row
        for group in _groups(display, choices, rankings, languages)
        for predictor in PREDICTORS
        for row in _correlations(group, predictor)
    ]
    adjusted = {
        criterion: iter(holm([row.p for row in unadjusted if row.criterion == criterion]))
        for criterion in CRITERIA
    }
    return [replace(row, p_holm=next(adjusted[row.criterion])) for row in unadjusted]


def families(
    display: Display, choices: Iterable[Choice], languages: LanguageFacts
) -> list[FamilyGain]:
    """Mean gains by family of the target, and of pairs of one family against the others."""
    every = points(display, choices, (), languages)
    return [
        row
        for group in tidy.grouped(every, lambda point: (point.setting, point.model)).values()
        for row in _family_gains(group, languages)
    ]


def _groups(
    display: Display,
    choices: Iterable[Choice],
    rankings: Sequence[Ranking],
    languages: LanguageFacts,
) -> Iterator[_Group]:
    """Points by setting and model, in the order of TRANSFER and of the models' first pair."""
    wanted = [row for row in members(display, choices) if row.whole and is_pair(row)]
    codes = sorted({code for row in wanted for code in row.pair})
    known = {**distances.between(codes, languages), "family": _of_two_families(codes, languages)}
    models = list(dict.fromkeys(row.model for row in wanted))
    groups = tidy.grouped(wanted, lambda row: (row.setting, row.model))
    for setting in TRANSFER:
        for model in models:
            if (setting, model) in groups:
                yield _group(groups[setting, model], display.ranking, rankings, known)


def _group(
    choices: Sequence[Choice],
    kind: str,
    rankings: Sequence[Ranking],
    known: Mapping[str, Distances],
) -> _Group:
    """The group of these choices, of one setting, model and kind of ranking."""
    model = choices[0].model
    pairs = tidy.grouped(choices, lambda row: row.pair)
    trainings = {
        pair: frozenset((row.corpus, row.recipe, row.seed) for row in seeds)
        for pair, seeds in pairs.items()
    }
    values = {
        training: {**known, "rankings": _similarities(kind, model, training, rankings)}
        for training in dict.fromkeys(trainings.values())
    }
    found = [
        _point(seeds, {name: v.get(pair) for name, v in values[trainings[pair]].items()})
        for pair, seeds in pairs.items()
    ]
    return _Group(found, next(iter(values.values())))


def _point(seeds: Sequence[Choice], values: Mapping[str, float | None]) -> Point:
    """The point of a pair's choices. values: of PREDICTORS."""
    first = seeds[0]
    return Point(
        setting=first.setting,
        model=first.model,
        source=first.source,
        target=first.target,
        dev_selected_gain=_mean_gain(seeds, "dev_selected"),
        test_oracle_gain=_mean_gain(seeds, "test_oracle"),
        geographic=values["geographic"],
        genetic=values["genetic"],
        inventory=values["inventory"],
        syntactic=values["syntactic"],
        phonological=values["phonological"],
        featural=values["featural"],
        rankings=values["rankings"],
        family=values["family"],
        seeds=len(seeds),
    )


def _mean_gain(choices: Iterable[Choice], criterion: str) -> float:
    return fmean(gain for row in choices if (gain := row.by(criterion).gain) is not None)


def _correlations(group: _Group, predictor: str) -> Iterator[Correlation]:
    """Both criteria's gains against a predictor; p isn't adjusted yet."""
    values = group.values[predictor]
    pairs = _with_all_values((point.pair for point in group.points), values)
    kept = [point for point in group.points if point.pair in pairs]
    for criterion in CRITERIA:
        result = permuted_languages(
            [point.pair for point in kept], [point.gain(criterion) for point in kept], values
        )
        yield Correlation(
            setting=group.points[0].setting,
            model=group.points[0].model,
            criterion=criterion,
            predictor=predictor,
            pairs=len(kept),
            languages=result["languages"],
            sources=len({point.source for point in kept}),
            rho=result["rho"],
            p=result["p"],
            p_holm=None,
            exact=result["exact"],
            left_out=len(group.points) - len(kept),
        )


def _with_all_values(pairs: Iterable[tuple[str, str]], values: Distances) -> set[tuple[str, str]]:
    """The pairs that are left when all their languages shall have a value with one another.

    Permuted languages take each other's values. The language that lacks most goes first.
    """
    left = set(pairs)
    while True:
        codes = sorted({code for pair in left for code in pair})
        lacking = Counter(c for pair in combinations(codes, 2) if pair not in values for c in pair)
        if not lacking:
            return left
        worst = max(lacking, key=lambda code: lacking[code])
        left = {pair for pair in left if worst not in pair}


def _family_gains(points: Sequence[Point], languages: LanguageFacts) -> Iterator[FamilyGain]:
    """The rows of one setting and model."""
    known = [point for point in points if point.family is not None]
    left_out = {code for point in points if point.family is None for code in point.pair}
    unknown = tuple(sorted(code for code in left_out if not language_facts.family(code, languages)))
    of_targets = tidy.grouped(known, lambda point: language_facts.family(point.target, languages))
    groups = {(FAMILY, family): group for family, group in of_targets.items()}
    groups[SAME, ""] = [point for point in known if not point.family]
    groups[OTHER, ""] = [point for point in known if point.family]
    for (group, family), group_points in groups.items():
        yield FamilyGain(
            setting=points[0].setting,
            model=points[0].model,
            group=group,
            family=family,
            targets=tuple(dict.fromkeys(point.target for point in group_points)),
            pairs=len(group_points),
            dev_selected_gain=tidy.mean(point.dev_selected_gain for point in group_points),
            test_oracle_gain=tidy.mean(point.test_oracle_gain for point in group_points),
            unknown=unknown,
        )


def _of_two_families(codes: Sequence[str], languages: LanguageFacts) -> Distances:
    """1 for languages of two families, 0 of one; nothing where a family isn't known."""
    family = {code: name for code in codes if (name := language_facts.family(code, languages))}
    return {(a, b): float(family[a] != family[b]) for a, b in permutations(family, 2)}


def _similarities(
    kind: str, model: str, trainings: Collection[Training], rankings: Sequence[Ranking]
) -> Distances:
    """Rho of the rankings of two languages, mean over the trainings, both ways round.

    Two reversed orders are as alike as the orders themselves, so those do for both.
    """
    values = [
        (pair, rho)
        for place, group in of_languages(rankings, fewest=2).items()
        if (place.model, place.kind) == (model, kind.removeprefix("reversed-"))
        and (place.corpus, place.recipe, place.seed) in trainings
        for pair, rho in language_similarity.rho_of_pairs(group).items()
    ]
    of_pairs = tidy.grouped(values, lambda value: tuple(sorted(value[0])))
    return {
        pair: fmean(rho for _, rho in group)
        for (one, other), group in of_pairs.items()
        for pair in ((one, other), (other, one))
    }
