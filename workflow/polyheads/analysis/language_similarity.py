"""How alike the rankings of languages are (the paper's Figure 1): ours and the published rho."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from polyheads.analysis.rankings import Ranking
from polyheads.analysis.ranks import spearman_of_orders
from polyheads.catalogue import published
from polyheads.study.comparisons import Languages, of_languages


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """Spearman's rho of the orders that trials prune by, of two languages."""

    model: str
    corpus: str
    recipe: str
    seed: int
    kind: str
    language: str
    other: str
    spearman: float
    published: float | None  # the paper's, of this task and model
    less_published: float | None  # ours less it

    @property
    def group(self) -> Languages:
        """What the rankings of its languages have in common."""
        return Languages(self.model, self.corpus, self.recipe, self.seed, self.kind)


def rows(rankings: Iterable[Ranking]) -> list[Similarity]:
    """Every pair of languages in the groups of `comparisons.of_languages`, each once."""
    known = published.rankings_rho()
    out = []
    for group, members in of_languages(rankings).items():
        for (language, other), rho in rho_of_pairs(members).items():
            task = members[language].task or ""
            printed = known.get((task, group.model, language, other))
            row = Similarity(
                **group._asdict(),
                language=language,
                other=other,
                spearman=rho,
                published=printed,
                less_published=None if printed is None else rho - printed,
            )
            out.append(row)
    return out


def rho_of_pairs(rankings: Mapping[str, Ranking]) -> dict[tuple[str, str], float]:
    """(language, other) -> rho of their rankings, in the order of `rankings`, each pair once."""
    return {
        (one, other): spearman_of_orders(rankings[one].order, rankings[other].order)
        for one, other in combinations(rankings, 2)
    }


def both_ways(rows: Iterable[Similarity]) -> dict[tuple[str, str], Similarity]:
    """(language, other) -> the row of a group that is about the two, whichever stands first."""
    return {
        pair: row for row in rows for pair in ((row.language, row.other), (row.other, row.language))
    }


def languages_of(rows: Iterable[Similarity]) -> list[str]:
    """The languages of a group's rows, in the order of the group."""
    return list(dict.fromkeys(code for row in rows for code in (row.language, row.other)))
