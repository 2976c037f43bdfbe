"""What the paper's claims are held against: the groups of a study's sweeps and their estimates.

Of several experiments that could answer a claim, one that prunes before training as the paper does,
then one with nulls, then the one with most pairs of languages (ties: the gradient ranking, then the
first). All numbers are in the experiment's own metric.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from polyheads import exhibits
from polyheads.exhibits import published
from polyheads.exhibits.results import Results
from polyheads.exhibits.tables import Choice, mean
from polyheads.kinds import KINDS
from polyheads.statistics.contrasts import mean_of


class Group(NamedTuple):
    """Whose sweeps are averaged: one table and model."""

    experiment: str
    kind: str  # of ranking
    task: str
    corpus: str
    model: str
    setting: str
    metric: str


@dataclass(frozen=True)
class Study:
    """What claims are held against."""

    plan: Sequence[exhibits.Exhibit]
    groups: Mapping[Group, Sequence[Choice]]  # role main, own metric, heads pruned at test
    low: Sequence[Choice]  # the setting low-resource
    results: Results
    several_seeds: bool


def study(plan: Sequence[exhibits.Exhibit], sweeps: Sequence[dict], results: Results) -> Study:
    """The pieces in the shape that the claims ask for."""
    groups: dict[Group, list[Choice]] = {}
    low = []
    for row in exhibits.main_choices(plan, results.choices):
        if row["heads"] == "all":  # as the released code tests: nothing to hold claims against
            continue
        if row["setting"] == exhibits.LOW_RESOURCE:
            low.append(row)
        elif row["k_max"]:
            kind = exhibits.ranking_kind(row["ranking"], row["source"])
            names = ("task", "corpus", "model", "setting", "metric")
            key = Group(row["experiment"], kind, *(row[name] for name in names))
            groups.setdefault(key, []).append(row)
    several = len({s["seed"] for s in sweeps if s["role"] == "main"}) > 1
    return Study(plan, groups, low, results, several)


def main_groups(of: Study, setting: str) -> list[tuple[Group, Sequence[Choice]]]:
    """For each task, corpus and model the group that stands for the paper's Tables 2 to 4."""
    best: dict[tuple, tuple[tuple, Group]] = {}
    for key, rows in of.groups.items():
        if key.kind not in KINDS or key.setting != setting or any("+" in r["source"] for r in rows):
            continue
        nulls = any(row["experiment"] == key.experiment for row in of.results.nulls)
        prunes = rows[0]["protocol"] == "prune"
        size = (prunes, nulls, len(pairs_of(rows)), key.kind == published.RANKING)
        place = (key.task, key.corpus, key.model)
        if place not in best or size > best[place][0]:
            best[place] = (size, key)
    return [(key, of.groups[key]) for _, key in best.values()]


def partner(
    of: Study, other: Group, rows: Sequence[Choice], wanted: Any
) -> tuple[Group, list[Choice]] | None:
    """The group of a wanted kind that has most of the pairs of another, with these pairs only.

    Trials of both are the same but for the heads: of one recipe, protocol and largest k.
    """
    pairs, same = pairs_of(rows), _trials_of(rows)
    best: tuple[tuple, Group, list[Choice]] | None = None
    for key, members in of.groups.items():
        if not wanted(key.kind) or key[2:] != other[2:] or _trials_of(members) != same:
            continue
        common = [r for r in members if (r["source"], r["target"]) in pairs]
        size = (len(pairs_of(common)), key.kind == published.RANKING)
        if common and (best is None or size > best[0]):
            best = (size, key, common)
    return best[1:] if best else None


def _trials_of(rows: Sequence[Choice]) -> tuple:
    """What the trials of a group have in common: an experiment has one of each."""
    return tuple(rows[0][name] for name in ("recipe", "protocol", "k_max"))


def pairs_of(rows: Iterable[Choice]) -> set[tuple[str, str]]:
    return {(row["source"], row["target"]) for row in rows}


def estimate(
    of: Study, key: Group, rows: Sequence[Choice]
) -> tuple[float, float | None, float | None]:
    """Mean sound gain of a group's rows and its interval: that of the table where all its pairs
    are there, else put together from the pairs'."""
    value = mean(row["sound_gain"] for row in rows)
    names = ("experiment", "model", "setting", "metric")
    mine = [
        row
        for row in of.results.statistics
        if row["reading"] == "sound"
        and row["ranking"] == key.kind
        and all(row[name] == getattr(key, name) for name in names)
    ]
    if pairs_of(rows) == pairs_of(of.groups[key]):
        for row in mine:
            if row["level"] == "mean" and row["low"] is not None:
                return value, row["low"], row["high"]
    wanted = pairs_of(r for r in rows if r["sound_gain"] is not None)
    parts = [
        # Where dev chose k = 0 nothing is compared: the gain is 0 in every draw.
        (row["target"], (row["gain"], row["low"], row["high"]))
        if row["low"] is not None
        else (row["target"], (row["gain"],) * 3)
        for row in mine
        if row["level"] == "pair" and (row["source"], row["target"]) in wanted
    ]
    if len(parts) < len(wanted) or all(low == high for _, (_, low, high) in parts):
        return value, None, None
    _, low, high = mean_of(parts)
    return value, low, high


def null_rows(of: Study, key: Group, null: str, reading: str = "sound") -> list[Mapping[str, Any]]:
    names = ("experiment", "task", "corpus", "model", "setting")
    return [
        row
        for row in of.results.nulls
        if row["null"] == null
        and row["reading"] == reading
        and row["ranking"] == key.kind
        and row.get("metric", key.metric) == key.metric
        and all(row[name] == getattr(key, name) for name in names)
        and row["p"] is not None
    ]


def run_noise(of: Study, key: Group, null: str) -> tuple[float | None, str]:
    """p of the sound reading against a null, and what it is for those who hover."""
    rows = null_rows(of, key, null)
    if not rows:
        return None, ""
    return max(row["p"] for row in rows), f"against {rows[0]['n']} further unpruned runs"


def fresh_gain(of: Study, key: Group) -> float | None:
    """Mean gain of the group's chosen k with seeds that took no part in the choice."""
    names = ("experiment", "task", "corpus", "model", "setting", "metric")
    return mean(
        row["sound_gain"]
        for row in of.results.choices
        if row["role"] == "fresh"
        and exhibits.ranking_kind(row["ranking"], row["source"]) == key.kind
        and all(row[name] == getattr(key, name) for name in names)
    )


def table_of(of: Study, key: Group) -> str:
    """The name of the table of a group."""
    names = {"experiment": key.experiment, "ranking": key.kind, "setting": key.setting}
    names["metric"] = key.metric
    return next((e["name"] for e in of.plan if e["kind"] == "table" and e["of"] == names), "")
