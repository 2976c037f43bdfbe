"""Which rankings of a study are compared with each other, known before anything is ranked.

Groups are made of whatever says of which model, corpus, recipe, language, seed and kind a ranking
is: plans before, the contents of ranking.json after.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from polyheads.catalogue import language_facts
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.catalogue.methods import KINDS
from polyheads.study.plan import Sweep, Training
from polyheads.study.rankings import ON, parse, ranking_kind
from polyheads.study.rows import SweepRow

RANKINGS, COSTS = "rankings-compared", "rankings-costs"
COMMON, FAMILIES, TASKS = "common-heads", "common-heads-families", "common-heads-tasks"
"""Names of the tables; those of languages compared are made by `Languages`."""

FEWEST_LANGUAGES = 3  # whose rankings are worth a table of their own


class Ranking(Protocol):
    """What groups rankings."""

    @property
    def model(self) -> str: ...
    @property
    def corpus(self) -> str: ...
    @property
    def recipe(self) -> str: ...
    @property
    def language(self) -> str | None: ...
    @property
    def seed(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def reversed(self) -> bool: ...
    @property
    def task(self) -> str | None: ...


R = TypeVar("R", bound=Ranking)


@dataclass(frozen=True)
class Planned:
    """A ranking that there will be."""

    model: str
    corpus: str
    recipe: str
    language: str | None
    seed: int
    kind: str
    reversed: bool
    task: str


def planned(training: Training, name: str, task: str) -> Planned:
    """What ranking.json will say of a ranking by its name."""
    parts = parse(name)
    return Planned(
        model=training.model,
        corpus=training.corpus,
        recipe=training.recipe,
        language=parts.language,
        seed=training.seed,
        kind=parts.kind,
        reversed=parts.reversed,
        task=task,
    )


class Scored(NamedTuple):
    """A fine-tuned model whose heads have several kinds of scores."""

    model: str
    corpus: str
    recipe: str
    language: str | None
    seed: int


class Languages(NamedTuple):
    """What rankings of several languages have in common."""

    model: str
    corpus: str
    recipe: str
    seed: int
    kind: str

    @property
    def name(self) -> str:
        """Of the files that compare them, without suffix."""
        return f"languages.{self.model}.{self.corpus}.{self.recipe}.seed-{self.seed}.{self.kind}"


def names(
    rankings: Sequence[Ranking], sweeps: Sequence[Sweep], languages: LanguageFacts
) -> list[str]:
    """Names of the tables that compare rankings."""
    common = of_languages(rankings, fewest=2)
    wanted = {
        RANKINGS: bool(by_kind(rankings)),
        COSTS: bool(on_the_same_pairs(sweeps)),
        **{group.name: True for group in of_languages(rankings)},
        COMMON: bool(common),
        FAMILIES: any(families(group, languages) for group in common.values()),
        TASKS: bool(of_several_tasks(common)),
    }
    return [name for name, there in wanted.items() if there]


def by_kind(rankings: Iterable[R]) -> dict[Scored, dict[str, R]]:
    """Fine-tuned model -> kind -> ranking, where it has several kinds; reversed ones left out."""
    groups: dict[Scored, dict[str, R]] = {}
    for ranking in rankings:
        if ranking.kind in KINDS and not ranking.reversed:
            place = Scored(
                ranking.model, ranking.corpus, ranking.recipe, ranking.language, ranking.seed
            )
            groups.setdefault(place, {})[ranking.kind] = ranking
    return {place: kinds for place, kinds in groups.items() if len(kinds) > 1}


def of_languages(
    rankings: Iterable[R], *, fewest: int = FEWEST_LANGUAGES
) -> dict[Languages, dict[str, R]]:
    """What they share -> language -> ranking, where there are so many languages."""
    groups: dict[Languages, dict[str, R]] = {}
    for ranking in rankings:
        code = ranking.language
        if code and "+" not in code and ON not in code and not ranking.reversed:
            place = Languages(
                ranking.model, ranking.corpus, ranking.recipe, ranking.seed, ranking.kind
            )
            groups.setdefault(place, {})[code] = ranking
    return {place: group for place, group in groups.items() if len(group) >= fewest}


def families(codes: Iterable[str], languages: LanguageFacts) -> dict[str, list[str]]:
    """Family -> its languages among these, where it has two and there are others."""
    codes = list(codes)
    groups: dict[str, list[str]] = {}
    for code in codes:
        if family := language_facts.family(code, languages):
            groups.setdefault(family, []).append(code)
    return {family: group for family, group in groups.items() if 1 < len(group) < len(codes)}


def of_several_tasks(
    groups: Mapping[Languages, Mapping[str, R]],
) -> list[dict[Languages, Mapping[str, R]]]:
    """The groups (of `of_languages`) of each model, seed and kind that has two tasks or more."""
    together: dict[tuple[str, int, str], dict[Languages, Mapping[str, R]]] = {}
    for place, group in groups.items():
        together.setdefault((place.model, place.seed, place.kind), {})[place] = group
    out = []
    for parts in together.values():
        tasks = {next(iter(group.values())).task for group in parts.values()}
        if None not in tasks and len(tasks) > 1:
            out.append(parts)
    return out


C = TypeVar("C", bound=SweepRow)
Pair = tuple[str, str, Hashable, int]  # source, target, mixture, seed
ByKind = dict[str, dict[Pair, C]]  # kind of ranking -> pair -> its sweep


def on_the_same_pairs(rows: Iterable[C]) -> list[ByKind[C]]:
    """Sweeps in groups of kinds of rankings that can be compared: tried on the same pairs.

    Of each group some kind is scored, and its heads pruned from the low end.
    """
    groups: dict[tuple[str | int, ...], ByKind[C]] = {}
    for row in rows:
        if row.role == "main" and "+" not in row.source and row.k_max:
            alike = (row.task, row.corpus, row.model, row.recipe, row.setting)
            group = groups.setdefault((*alike, row.protocol, row.heads, row.metric, row.k_max), {})
            pairs = group.setdefault(ranking_kind(row.ranking, row.source), {})
            # The same trials where two experiments share them.
            pairs.setdefault((row.source, row.target, row.mixture, row.seed), row)
    return [
        kinds
        for group in groups.values()
        for kinds in _with_common_pairs(group)
        if len(kinds) > 1 and any(not k.startswith(("reversed-", "random-")) for k in kinds)
    ]


def _with_common_pairs(kinds: ByKind[C]) -> list[ByKind[C]]:
    """Groups of kinds that were tried on the same pairs, each with those pairs only."""
    clusters: list[tuple[set[Pair], list[str]]] = []
    # The kinds with most pairs first: those of the others are mostly some of theirs.
    for kind in sorted(kinds, key=lambda kind: -len(kinds[kind])):
        for i, (pairs, members) in enumerate(clusters):
            if pairs & set(kinds[kind]):
                clusters[i] = (pairs & set(kinds[kind]), [*members, kind])
                break
        else:
            clusters.append((set(kinds[kind]), [kind]))
    return [
        {k: {p: row for p, row in kinds[k].items() if p in pairs} for k in kinds if k in members}
        for pairs, members in clusters
    ]
