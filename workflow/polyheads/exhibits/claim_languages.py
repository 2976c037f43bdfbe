"""Lines of claims about languages: how alike their rankings are, and whether gains go with that.

The paper's sections 4.1-4.3 correlate gains with a distance of URIEL (which one it doesn't say),
with the similarity of rankings and look at them by family. Its own rho isn't among the facts that
this project has: the published side is recomputed from its tables, with the distances used here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any

from polyheads.analysis.contrasts import mean_of_pairs
from polyheads.analysis.ranks import spearman, spearman_of_orders
from polyheads.exhibits import correlations, distances, published, similarity
from polyheads.exhibits.claim_study import OF_RUN, Group, Line, Study, line, named, pairs_of, paper
from polyheads.exhibits.tables import complete, number

RELATED = {
    "distance": distances.KINDS,
    "rankings": ("rankings",),
    "family": ("family",),
}
"""What gains may go with -> names of it among correlations.PREDICTORS."""

RELATED_WORDS = {
    "distance": "Gain against the distance of the two languages (URIEL, ρ)",
    "rankings": "Gain against the similarity of the two languages' rankings (ρ)",
    "family": "Gain against being of two language families (ρ)",
}


def languages(of: Study) -> Iterator[Line]:
    """Mean rho between the rankings of two languages, for every model of a task."""
    printed = similarity.read_published()
    found = similarity.groups(of.results.rankings)
    kinds = {next(iter(group["rankings"].values()))["kind"] for group in found}
    kind = "gradient" if "gradient" in kinds else next(iter(sorted(kinds)), "")
    # Of several recipes and seeds the one with most languages speaks for a model.
    most: dict[tuple, similarity.Group] = {}
    for group in found:
        first = next(iter(group["rankings"].values()))
        place = (first.get("task", ""), first["corpus"], first["model"])
        size = len(group["rankings"])
        if first["kind"] == kind and (place not in most or size > len(most[place]["rankings"])):
            most[place] = group
    for group in most.values():
        members = group["rankings"]
        first = next(iter(members.values()))
        orders = {code: ranking["order"] for code, ranking in members.items()}
        rho = {(a, b): spearman_of_orders(orders[a], orders[b]) for a, b in combinations(orders, 2)}
        value, low, high, p = mean_of_pairs(rho, list(orders))
        task = first.get("task", "")
        theirs = {(m, (a, b)): v for (t, m, a, b), v in printed.items() if t == task and a < b}
        told = paper(theirs, first["model"], {tuple(sorted(pair)) for pair in rho})
        made = line(task, first["corpus"], first["model"], "", told)
        made |= {
            "dev_selected": value,
            "low": low,
            "high": high,
            "p_interval": p,
            "test_oracle_text": "–",
        }
        yield made | {"exhibit": group["name"]}


def related(of: Study, what: str) -> Iterator[Line]:
    """Rho of gains and a key of RELATED; of several distances the one with the smallest p.

    p: of permuted languages, times the number of distances that were looked at (Bonferroni).
    """
    for key, (name, found) in _told(of).items():
        mine = [row for row in found if (row["setting"], row["model"]) == (key.setting, key.model)]
        mine = [row for row in mine if row["predictor"] in RELATED[what]]
        there = [row for row in mine if row["criterion"] == "dev_selected" and row["p"] is not None]
        row = min(there, key=lambda row: row["p"], default=None)
        predictor = row["predictor"] if row else RELATED[what][0]
        made = line(key.task, key.corpus, key.model, key.setting, _published(of, key, predictor))
        for other in mine:
            if (other["criterion"], other["predictor"]) == ("test_oracle", predictor):
                made["test_oracle"] = other["rho"]
        if row:
            below = f"{row['pairs']} pairs"
            if len(RELATED[what]) > 1:
                below += f", {predictor}"
            made |= {"dev_selected": row["rho"], "dev_selected_below": below}
            made["p"] = min(1.0, len(there) * row["p"])
            made["note"] = f"p of this distance alone {number(row['p'], 4)}" * (len(there) > 1)
        elif gains := {row["dev_selected_gain"] for row in complete(of.groups[key])}:
            made["unmoved"] = True
            made["dev_selected_below"] = (
                "known of too few pairs" if len(gains) > 1 else "all gains are the same"
            )
        theirs = made["published"]
        signs = [theirs] if isinstance(theirs, float) else []
        signs = list(theirs.values()) if isinstance(theirs, dict) else signs
        for sign in (1, -1):
            if signs and all(sign * value > 0 for value in signs):
                made["direction"] = sign
        made |= {"two_sided": True, "runs": len({row["seed"] for row in of.groups[key]})}
        yield made | {"exhibit": name}


@lru_cache(maxsize=1)  # three claims ask for the same permutations
def _told(of: Study) -> dict[Group, tuple[str, list[dict[str, Any]]]]:
    """Of each task, corpus, model and setting the group with most pairs of languages that has a
    table of correlations -> the table's name, its lines (correlations.lines)."""
    best: dict[tuple, tuple[tuple, Group, Mapping[str, Any]]] = {}
    for exhibit in (e for e in of.plan if e["kind"] == "correlations"):
        for key, rows in of.groups.items():
            parts = {"experiment": key.experiment, "ranking": key.kind, "metric": key.metric}
            if exhibit["of"] == parts and key.setting in distances.SETTINGS:
                pairs = pairs_of(row for row in complete(rows) if distances.is_pair(row))
                size = (rows[0]["protocol"] == "prune", len(pairs))
                place = (key.task, key.corpus, key.model, key.setting)
                if place not in best or size > best[place][0]:
                    best[place] = (size, key, exhibit)
    lines = {}
    for _, _, exhibit in best.values():
        if exhibit["name"] not in lines:
            r = of.results
            found = correlations.points(exhibit, r.choices, r.rankings, r.languages)
            lines[exhibit["name"]] = correlations.lines(found)
    return {key: (e["name"], lines[e["name"]]) for _, key, e in best.values()}


def _published(of: Study, key: Group, predictor: str) -> dict[str, Any]:
    """Rho of the paper's gains and a predictor: over the pairs run of its models, else all."""
    run = pairs_of(complete(of.groups[key]))
    gains: dict[str, dict[tuple[str, str], float]] = {}
    for (task, model, source, target, setting), gain in published.gains(
        of.results.published
    ).items():
        if (task, setting) == (key.task, key.setting):
            gains.setdefault(model, {})[source, target] = gain
    found, part = {}, False
    for model, values in gains.items():
        if model == key.model:
            part = not values.keys() <= run
            values = {pair: gain for pair, gain in values.items() if pair in run}
        known = _values(of, key.task, model, predictor, values)
        pairs = [pair for pair in values if pair in known]
        found[model] = spearman([values[pair] for pair in pairs], [known[p] for p in pairs])
    found = {model: rho for model, rho in found.items() if rho is not None}
    if key.model in gains and key.model not in found:
        return {"published": "–"}
    return {"published": named(found, key.model), "published_of": OF_RUN if part else ""}


def _values(
    of: Study, task: str, model: str, predictor: str, pairs: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], float]:
    """The predictor's value of pairs of languages, as far as it is known."""
    if predictor == "rankings":
        printed = similarity.read_published()
        return {(a, b): rho for (t, m, a, b), rho in printed.items() if (t, m) == (task, model)}
    if predictor == "family":
        family = {code: entry.get("family") for code, entry in of.results.languages.items()}
        return {
            (a, b): float(family[a] != family[b])
            for a, b in pairs
            if family.get(a) and family.get(b)
        }
    return distances.read()[predictor]
