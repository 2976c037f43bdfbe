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
from polyheads.analysis.contrasts import mean_of, p_of_ends
from polyheads.analysis.rows import same_gain
from polyheads.catalogue.methods import KINDS
from polyheads.exhibits import fresh, published
from polyheads.exhibits.results import Results
from polyheads.exhibits.tables import Choice, mean


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
    ks: Ks  # of the sweeps of the role main


Line = dict[str, Any]
Ks = Mapping[tuple, Sequence[int]]  # what names a sweep (`sweep`) -> its k
SHARES = ("above", "within", "below", "delta")
DRAWN = ("low", "high", "p_interval", *SHARES)
Pair = Hashable  # (source, target), a target, or two languages in the order of the alphabet
OF_RUN = "of the pairs run"


def line(task: str, corpus: str, model: str, setting: str, paper: Any, **more: Any) -> Line:
    """A line with nothing where nothing is given. paper: what `paper` gives, or as its
    `published`."""
    given = {"task": task, "corpus": corpus, "model": model, "setting": setting}
    empty: Line = dict.fromkeys(("dev_selected", "test_oracle", "p", "null_n", *DRAWN))
    empty |= dict.fromkeys(("fresh", "fresh_low", "fresh_high", "fresh_p"))
    empty |= {
        "dev_selected_text": "",
        "test_oracle_text": "",
        "dev_selected_below": "",
        "test_oracle_below": "",
    }
    empty |= {"note": "", "exhibit": "", "published_of": ""}
    # noise: whether training noise is in what decides; runs: seeds behind the number if it isn't.
    empty |= {"noise": False, "runs": 1, "compared": False, "neutral": 0.0}
    # unmoved: k = 0 everywhere, so that nothing is there to be judged, and nothing is missing.
    # two_sided: p is of a relation in either direction; direction: that of the paper, 0 for none.
    # parts: the interval is put together from those of pairs.
    empty |= {"parts": False}
    # unlike: there are no two sides that differ in one thing only.
    empty |= {"unmoved": False, "unlike": False, "two_sided": False, "direction": 0}
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
            groups.setdefault(group_of(row), []).append(row)
    return Study(plan, groups, low, results, ks_of(sweeps))


def group_of(row: Choice) -> Group:
    """The group that a row of choices is in."""
    kind = exhibits.ranking_kind(row["ranking"], row["source"])
    names = ("task", "corpus", "model", "setting", "metric")
    return Group(row["experiment"], kind, *(row[name] for name in names))


def ks_of(sweeps: Iterable[Mapping[str, Any]]) -> Ks:
    """The k of a plan's sweeps of the role main."""
    return {sweep(s): tuple(s["ks"]) for s in sweeps if s["role"] == "main"}


def sweep(row: Mapping[str, Any]) -> tuple:
    """What names a sweep of the role main, from the plan's sweep or its row of choices."""
    mixture = row["mixture"] if isinstance(row["mixture"], str) else "+".join(row["mixture"])
    names = ("experiment", "model", "corpus", "recipe", "source", "target", "setting")
    return (*(row[name] for name in (*names, "ranking", "protocol", "seed")), mixture)


def is_of_tables(key: Group, rows: Sequence[Choice]) -> bool:
    """Whether a group is of what the paper's Tables 2 to 4 show: one source, its lowest heads."""
    return key.kind in KINDS and not any("+" in row["source"] for row in rows)


def main_groups(of: Study, setting: str) -> list[tuple[Group, Sequence[Choice]]]:
    """For each task, corpus and model the group that stands for the paper's Tables 2 to 4."""
    best: dict[tuple, tuple[tuple, Group]] = {}
    for key, rows in of.groups.items():
        if key.setting != setting or not is_of_tables(key, rows):
            continue
        nulls = any(row["experiment"] == key.experiment for row in of.results.nulls)
        prunes = rows[0]["protocol"] == "prune"
        size = (prunes, nulls, len(pairs_of(rows)), key.kind == published.RANKING)
        place = (key.task, key.corpus, key.model)
        if place not in best or size > best[place][0]:
            best[place] = (size, key)
    return [(key, of.groups[key]) for _, key in best.values()]


def pairs_of(rows: Iterable[Choice]) -> set[tuple[str, str]]:
    return {(row["source"], row["target"]) for row in rows}


def estimate(of: Study, key: Group, rows: Sequence[Choice]) -> dict[str, Any]:
    """Mean sound gain of a group's rows as columns of a line, with what its draws say: those of the
    table where all its pairs are there, else an interval put together from the pairs'. None where
    dev chose k = 0 for all."""
    value = mean(row["dev_selected_gain"] for row in rows)
    if not moved(rows):
        return {"dev_selected": value}
    names = ("experiment", "model", "setting", "metric")
    mine = [
        row
        for row in of.results.statistics
        if row["criterion"] == "dev_selected"
        and row["ranking"] == key.kind
        and not row.get("problem")
        and all(row[name] == getattr(key, name) for name in names)
    ]
    wanted = pairs_of(r for r in rows if r["dev_selected_gain"] is not None)
    pairs = [
        row for row in mine if row["level"] == "pair" and (row["source"], row["target"]) in wanted
    ]
    whole = [row for row in mine if row["level"] == "mean"]
    if len(wanted) == 1:
        whole = pairs
    for row in whole if pairs_of(rows) == pairs_of(of.groups[key]) else ():
        if bounded(row):
            return {"dev_selected": value} | drawn(row)
    parts = [
        # Where dev chose k = 0 nothing is compared: the gain is 0 in every draw.
        (row["target"], (row["gain"], row["low"], row["high"]))
        if row["low"] is not None
        else (row["target"], (row["gain"],) * 3)
        for row in pairs
    ]
    if len(parts) < len(wanted) or all(low == high for _, (_, low, high) in parts):
        return {"dev_selected": value}
    _, low, high = mean_of(parts)
    p = p_of_ends(value, low, high)
    return {"dev_selected": value, "low": low, "high": high, "p_interval": p, "parts": True}


def drawn(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of statistics says of its draws, as columns of a line."""
    return {name: row.get(name) for name in DRAWN}


def moved(rows: Iterable[Choice]) -> bool:
    """Whether dev chose a k above 0 for any of them: else nothing is compared."""
    return any(row["dev_selected_k"] for row in rows)


def bounded(row: Mapping[str, Any]) -> bool:
    """Whether a row has an interval. One without width is of systems that never differ."""
    return row["low"] is not None and row["low"] < row["high"]


def null_rows(
    of: Study, key: Group, null: str, criterion: str = "dev_selected"
) -> list[Mapping[str, Any]]:
    names = ("experiment", "task", "corpus", "model", "setting")
    return [
        row
        for row in of.results.nulls
        if row["null"] == null
        and row["criterion"] == criterion
        and row["ranking"] == key.kind
        and row.get("metric", key.metric) == key.metric
        and all(row[name] == getattr(key, name) for name in names)
        and row["p"] is not None
    ]


def evidence(of: Study, key: Group, rows: Sequence[Choice]) -> dict[str, Any]:
    """What decides about a mean gain beside its interval, as columns of a line: p against run
    noise, the gain with fresh seeds, and whether either holds the noise of training."""
    found = run_noise(of, key, rows) | fresh_gain(of, key, rows)
    known = found["p"] is not None or found.get("fresh_p") is not None
    return found | {"noise": known, "runs": len({row["seed"] for row in rows})}


def run_noise(of: Study, key: Group, rows: Sequence[Choice]) -> dict[str, Any]:
    """p of the sound criterion against unpruned runs, and what it is for those who hover; without p
    where the null is of other pairs than these."""
    there = [row for row in rows if None not in (row["dev_selected_gain"], row["test_oracle_gain"])]
    value = mean(row["dev_selected_gain"] for row in there)
    for row in null_rows(of, key, "noise"):
        note = f"against {row['n']} further unpruned runs"
        if row["pairs"] == len(there) and same_gain(row, value):
            return {"p": row["p"], "note": f"{note}: p = {row['p']:.4f}"}
        return {"p": None, "note": f"{note} p is known of other pairs than these only"}
    return {"p": None}


def fresh_gain(of: Study, key: Group, rows: Sequence[Choice]) -> dict[str, Any]:
    """Mean gain of the group's chosen k with seeds that took no part in the choice, its interval
    and the table of them; {} without such seeds."""
    parts = {"experiment": key.experiment, "ranking": key.kind, "metric": key.metric}
    exhibit = exhibits.exhibit("fresh", parts, rows)
    for row in fresh.lines(exhibit, of.results.choices, of.results.statistics):
        place = (row["level"], row["setting"], row["model"])
        if place == ("mean", key.setting, key.model) and row["gain_fresh"] is not None:
            found = {"fresh": row["gain_fresh"], "fresh_low": row["low"], "fresh_high": row["high"]}
            found["fresh_p"] = row["p_interval"]
            found |= {name: row[name] for name in SHARES}
            planned = any(e["name"] == exhibit["name"] for e in of.plan)
            return found | ({"exhibit": exhibit["name"]} if planned else {})
    return {}


def table_of(of: Study, key: Group) -> str:
    """The name of the table of a group."""
    names = {"experiment": key.experiment, "ranking": key.kind, "setting": key.setting}
    names["metric"] = key.metric
    return next((e["name"] for e in of.plan if e["kind"] == "table" and e["of"] == names), "")
