"""How alike the rankings of languages are (the paper's Figure 1): ours and the published rho."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyheads.analysis.ranks import spearman_of_orders
from polyheads.exhibits import Languages, language_name, published
from polyheads.exhibits.tables import Table, cell, number, signed

_GROUP = ("model", "corpus", "recipe", "seed", "kind")

Group = dict[str, Any]  # key: name of its files; rankings: language -> ranking.json


def groups(rankings: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Scored rankings of one model, corpus, recipe, seed and kind in three languages or more."""
    found: dict[tuple, dict[str, Mapping[str, Any]]] = {}
    for ranking in rankings:
        if ranking.get("language") and not ranking["reversed"]:
            key = tuple(ranking[name] for name in _GROUP)
            found.setdefault(key, {})[ranking["language"]] = ranking
    return [{"name": file_name(*key), "rankings": of} for key, of in found.items() if len(of) >= 3]


def file_name(model: str, corpus: str, recipe: str, seed: int, kind: str) -> str:
    """Name of a group's figure, without suffix."""
    return f"languages.{model}.{corpus}.{recipe}.seed-{seed}.{kind}"


def read_published() -> dict[tuple[str, ...], float]:
    """(task, model, language, other language) -> the published rho, both ways round."""
    found = {}
    for row in published.rows(published.RANKINGS):
        pair, rho = (row["language_a"], row["language_b"]), float(row["spearman_rho"])
        for languages in (pair, pair[::-1]):
            found[(row["task"], row["model"], *languages)] = rho
    return found


def printed(group: Group) -> dict[tuple[str, str], float]:
    """(language, other language) -> the published rho, where the paper has this task and model."""
    first = next(iter(group["rankings"].values()))
    point = (first.get("task", ""), first["model"])
    return {key[2:]: rho for key, rho in read_published().items() if key[:2] == point}


def table(group: Group, languages: Languages) -> Table:
    """Rho of every pair of languages; below it the published one and how far ours is from it."""
    rankings, known = group["rankings"], printed(group)
    codes = list(rankings)
    head = [[cell("", th="col"), *(cell(language_name(c, languages), th="col") for c in codes)]]
    body, lines = [], []
    for i, one in enumerate(codes):
        row = [cell(language_name(one, languages), th="row")]
        for j, other in enumerate(codes):
            if i == j:
                row.append(cell(""))
                continue
            rho = spearman_of_orders(rankings[one]["order"], rankings[other]["order"])
            first = rankings[one]
            there = known.get((one, other))
            apart = None if there is None else rho - there
            row.append(_cell(rho, there, apart))
            if i < j:
                line = {key: first[key] for key in _GROUP}
                line |= {"language": one, "other": other, "spearman": rho, "published": there}
                lines.append(line | {"less_published": apart})
        body.append(row)
    notes = ["Spearman's ρ of the orders that trials prune by."]
    if any(line["published"] is not None for line in lines):
        notes.append(
            "Below ours: the published ρ, and ours less it, which the colour shows. The published"
            " ones come from scores of columns that belong to no head, and are not expected to"
            " agree."
        )
    title = f"Rankings of languages compared: {title_of(group)}"
    shape = {"name": group["name"], "title": title, "notes": notes if lines else []}
    return shape | {"head": head, "body": body, "foot": [], "records": lines}


def _cell(rho: float, there: float | None, apart: float | None) -> dict[str, Any]:
    """Our rho; below it the published one and the difference, coloured by its sign."""
    text = number(round(rho, 2) + 0.0)
    if there is None or apart is None:
        return cell(text)
    difference = signed(apart)
    sign = {"+": "up", "−": "down"}.get(difference[0], "")
    return cell(text, kind=sign, below=f"{number(there)} ({difference})")


def title_of(group: Group) -> str:
    """What a group is, for tables and figures."""
    first = next(iter(group["rankings"].values()))
    return f"{first['kind']}: {first['model']}, {first['corpus']}, seed {first['seed']}"


def planned(rankings: Sequence[tuple[Mapping[str, Any], str, str]]) -> list[str]:
    """The names of the groups of (training, kind, language), before anything is scored."""
    found: dict[tuple, set[str]] = {}
    for training, kind, language in rankings:
        key = (training.model, training.corpus, training.recipe, training.seed, kind)
        found.setdefault(key, set()).add(language)
    return [file_name(*key) for key, languages in found.items() if len(languages) >= 3]
