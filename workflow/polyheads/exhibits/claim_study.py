"""What the paper's claims are held against: the groups of a study's sweeps and their estimates,
and the line that says both.

Of several experiments that could answer a claim, one that prunes before training as the paper does,
then one with nulls, then the one with most pairs of languages (ties: the gradient ranking, then the
first). All numbers are in the experiment's own metric.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

from polyheads import exhibits
from polyheads.exhibits import fresh, published
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


@dataclass(frozen=True, eq=False)  # two studies are never compared; one is a key of caches
class Study:
    """What claims are held against."""

    plan: Sequence[exhibits.Exhibit]
    groups: Mapping[Group, Sequence[Choice]]  # role main, own metric, heads pruned at test
    low: Sequence[Choice]  # the setting low-resource
    results: Results
    several_seeds: bool


Line = dict[str, Any]
Pair = Hashable  # (source, target), a target, or two languages in the order of the alphabet
OF_RUN = "of the pairs run"


def line(task: str, corpus: str, model: str, setting: str, paper: Any, **more: Any) -> Line:
    """A line with nothing where nothing is given. paper: what `paper` gives, or as its
    `published`."""
    given = {"task": task, "corpus": corpus, "model": model, "setting": setting}
    empty: Line = dict.fromkeys(("sound", "low", "high", "best", "p"))
    empty |= dict.fromkeys(("fresh", "fresh_low", "fresh_high"))
    empty |= {"sound_text": "", "best_text": "", "sound_below": "", "best_below": ""}
    empty |= {"note": "", "exhibit": "", "published_of": ""}
    empty |= {"noise": False, "compared": False, "neutral": 0.0}
    # unmoved: k = 0 everywhere, so that nothing is there to be judged, and nothing is missing.
    # two_sided: p is of a relation in either direction; direction: that of the paper, 0 for none.
    empty |= {"unmoved": False, "two_sided": False, "direction": 0}
    told = paper if isinstance(paper, dict) and "published" in paper else {"published": paper}
    return {**given, **empty, **told, **more}


def paper(
    values: Mapping[tuple[str, Pair], float], model: str, run: Iterable[Pair]
) -> dict[str, Any]:
    """The paper's side of a line, from its number of each (model, pair).

    Of a model named as one of the paper's, the mean over the pairs that were run, and whether
    these are a part of its pairs (published_of); of another one the means of all that it has.
    """
    run = set(run)
    mine = {pair: value for (name, pair), value in values.items() if name == model}
    there = [value for pair, value in mine.items() if pair in run]
    if mine:
        part = 0 < len(there) < len(mine)
        return {"published": mean(there) if there else "–", "published_of": OF_RUN if part else ""}
    means = {
        name: fmean(v for (other, _), v in values.items() if other == name)
        for name in dict.fromkeys(name for name, _ in values)
    }
    return {"published": means or "–"}


def named(numbers: Mapping[str, float], model: str) -> Any:
    """The paper's number of its model; for another one all its models' numbers, or words."""
    if model in numbers:
        return numbers[model]
    return dict(numbers) or "–"


def numbers(of: tuple[float | None, float | None, float | None]) -> dict[str, Any]:
    """An estimate as the columns of a line."""
    return dict(zip(("sound", "low", "high"), of, strict=True))


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
    are there, else put together from the pairs'. No interval where dev chose k = 0 for all."""
    value = mean(row["sound_gain"] for row in rows)
    if not moved(rows):
        return value, None, None
    names = ("experiment", "model", "setting", "metric")
    mine = [
        row
        for row in of.results.statistics
        if row["reading"] == "sound"
        and row["ranking"] == key.kind
        and not row.get("problem")
        and all(row[name] == getattr(key, name) for name in names)
    ]
    if pairs_of(rows) == pairs_of(of.groups[key]):
        for row in mine:
            if row["level"] == "mean" and bounded(row):
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


def moved(rows: Iterable[Choice]) -> bool:
    """Whether dev chose a k above 0 for any of them: else nothing is compared."""
    return any(row["sound_k"] for row in rows)


def bounded(row: Mapping[str, Any]) -> bool:
    """Whether a row has an interval. One without width is of systems that never differ."""
    return row["low"] is not None and row["low"] < row["high"]


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


def fresh_gain(of: Study, key: Group, rows: Sequence[Choice]) -> dict[str, Any]:
    """Mean gain of the group's chosen k with seeds that took no part in the choice, its interval
    and the table of them; {} without such seeds."""
    parts = {"experiment": key.experiment, "ranking": key.kind, "metric": key.metric}
    exhibit = exhibits.exhibit("fresh", parts, rows)
    for row in fresh.lines(exhibit, of.results.choices, of.results.statistics):
        place = (row["level"], row["setting"], row["model"])
        if place == ("mean", key.setting, key.model) and row["gain_fresh"] is not None:
            found = {"fresh": row["gain_fresh"], "fresh_low": row["low"], "fresh_high": row["high"]}
            planned = any(e["name"] == exhibit["name"] for e in of.plan)
            return found | ({"exhibit": exhibit["name"]} if planned else {})
    return {}


def table_of(of: Study, key: Group) -> str:
    """The name of the table of a group."""
    names = {"experiment": key.experiment, "ranking": key.kind, "setting": key.setting}
    names["metric"] = key.metric
    return next((e["name"] for e in of.plan if e["kind"] == "table" and e["of"] == names), "")
