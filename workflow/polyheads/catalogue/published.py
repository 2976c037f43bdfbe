"""What Ma et al. (2021) published: means and counts recomputed from its tables, and its prose.

The tables are CSV under resources/published. What their numbers don't give, and where the text of
the paper says something else than its tables, stands in claims.csv (quantity, task, model, setting,
ranking, value, of). F1 in percent, gains in percentage points.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import permutations
from statistics import fmean
from typing import Protocol, TypeVar

from polyheads import resources

TABLES, CONTROLS = "table2_3_4_f1.csv", "table5_controls_f1_delta.csv"
SEVERAL, RANKINGS = "table6_multi_source_f1.csv", "figure1_ranking_spearman.csv"
MODELS = {"mbert": "mBERT", "xlmr": "XLM-R"}  # names in the files -> in words
RANKING = "gradient"  # the kind of ranking behind Tables 2 to 4

Row = Mapping[str, str]
P = TypeVar("P", bound=tuple[str, ...])


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one file of resources/published."""
    with resources.path("published", name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Pair(Protocol):
    """A row that has a published number, or none."""

    @property
    def task(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def setting(self) -> str: ...


Point = tuple[str, str, str, str, str]


def point(row: Pair) -> Point:
    """What picks a published number: task, model, source, target, setting."""
    return row.task, row.model, row.source, row.target, row.setting


def _point(row: Row) -> Point:
    return row["task"], row["model"], row["source"], row["target"], row["setting"]


@cache
def scores() -> dict[Point, tuple[float, float]]:
    """Point -> F1 unpruned and of the best of 12 trials (Tables 2 to 4)."""
    return {_point(r): (float(r["unpruned_f1"]), float(r["pruned_f1"])) for r in rows(TABLES)}


@cache
def control_changes() -> dict[tuple[Point, str], float]:
    """(point, highest | random) -> change of F1 from the unpruned model (Table 5)."""
    return {(_point(row), row["control"]): float(row["delta_f1"]) for row in rows(CONTROLS)}


def gains() -> dict[Point, float]:
    """Point -> best of 12 trials less unpruned."""
    # F1 has two decimals; the difference of two such numbers has no more.
    return {place: round(best - unpruned, 2) for place, (unpruned, best) in scores().items()}


def mean_gains() -> dict[tuple[str, str, str], float]:
    """(task, model, setting) -> mean gain over the pairs of its table."""
    return _means(
        ((task, model, setting), gain) for (task, model, _, _, setting), gain in gains().items()
    )


def improved(
    settings: Sequence[str] = ("cross-lingual", "multi-lingual"),
) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(task, model, setting) -> pairs that improved, pairs; counted from the tables."""
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for (task, model, _, _, setting), gain in gains().items():
        if setting in settings:
            up, pairs = found.get((task, model, setting), (0, 0))
            found[task, model, setting] = (up + (gain > 0), pairs + 1)
    return found


def said() -> dict[tuple[str, str, str, str, str], tuple[float, int | None]]:
    """(quantity, task, model, setting, ranking) -> value and what it is out of, as the paper says.

    quantity: mean_heads_pruned (at the best k, over both settings), improved (pairs; of: all),
    mean_gain. Model and setting are empty where the number is about all of them.
    """
    return {
        (row["quantity"], row["task"], row["model"], row["setting"], row["ranking"]): (
            float(row["value"]),
            int(row["of"]) if row["of"] else None,
        )
        for row in rows("claims.csv")
    }


def mean_heads() -> dict[tuple[str, str], float]:
    """(task, model) -> heads pruned at the best k, mean over the pairs of both settings."""
    return {key[1:3]: value for key, (value, _) in said().items() if key[0] == "mean_heads_pruned"}


def control_gains() -> dict[tuple[str, ...], float]:
    """(task, model, source, target, setting, highest | random) -> how much more the lowest gave.

    Table 5 has the change from the unpruned model; the gains of the same pairs are in Tables 2, 3.
    """
    lowest = gains()
    return {
        (*place, control): lowest[place] - change
        for (place, control), change in control_changes().items()
        if place in lowest
    }


def control_differences() -> dict[tuple[str, str, str, str], float]:
    """(task, model, setting, highest | random) -> mean of `control_gains` over the pairs."""
    return _means(
        ((task, model, setting, control), gain)
        for (task, model, _, _, setting, control), gain in control_gains().items()
    )


def several_gains_of_targets() -> dict[tuple[str, str, str, str], float]:
    """(task, model, target, MD | SD | EC) -> gain over the unpruned model (Table 6)."""
    f1 = {
        (row["task"], row["model"], row["target"], row["heuristic"]): float(row["f1"])
        for row in rows(SEVERAL)
    }
    return {
        place: value - f1[*place[:3], "unpruned"]
        for place, value in f1.items()
        if place[3] != "unpruned"
    }


def several_gains() -> dict[tuple[str, str, str], float]:
    """(task, model, MD | SD | EC) -> mean gain over the targets of Table 6."""
    of = several_gains_of_targets()
    return _means(((task, model, name), gain) for (task, model, _, name), gain in of.items())


def rankings_rho() -> dict[tuple[str, str, str, str], float]:
    """Spearman's rho of two languages' rankings, both ways round (Figure 1).

    (task, model, language, other) -> rho.
    """
    return {
        (row["task"], row["model"], *pair): float(row["spearman_rho"])
        for row in rows(RANKINGS)
        for pair in permutations((row["language_a"], row["language_b"]), 2)
    }


def mean_rho() -> dict[tuple[str, str], float]:
    """(task, model) -> mean Spearman's rho of the rankings of two languages (Figure 1)."""
    return _means(
        ((row["task"], row["model"]), float(row["spearman_rho"]))
        for row in rows(RANKINGS)
        if row["language_a"] != row["language_b"]
    )


def _means(numbers: Iterable[tuple[P, float]]) -> dict[P, float]:
    """Place -> mean of the numbers that have it."""
    groups: dict[P, list[float]] = {}
    for place, value in numbers:
        groups.setdefault(place, []).append(value)
    return {place: fmean(values) for place, values in groups.items()}
