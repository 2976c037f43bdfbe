"""Which heads matter: for all languages of a task, for a family of languages, for one task.

A head is high in a ranking when it is among the highest `share` of it, low when it is among the
lowest. Beside every number stands the one expected if the orders were drawn independently: with
H heads of which n are high, H p^a (1 - p)^b for those high in a rankings and in none of b others,
p = n / H.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.exhibits import Languages, language_name
from polyheads.exhibits.tables import Table, cell, number

Ranking = Mapping[str, Any]  # the content of ranking.json
Head = tuple[int, int]  # layer and head, from 0

ALL, FAMILIES, TASKS = "common-heads", "common-heads-families", "common-heads-tasks"
"""Names of the tables."""

_GROUP = ("model", "corpus", "recipe", "seed", "kind")
_ACROSS = ("model", "seed", "kind")  # what groups of several tasks share


def tables(
    rankings: Iterable[Ranking], languages: Languages, *, share: float = 0.25
) -> list[Table]:
    """Heads common to all languages of a task, of a family, of one task and no other.

    Scored rankings of one language; [] where no model and corpus has two of them. A table without
    lines is left out.
    """
    groups = _groups(rankings)
    found = [
        _all_languages(groups, languages, share),
        _families(groups, languages, share),
        _tasks(groups, languages, share),
    ]
    return [table for table in found if table["body"]]


def planned(rankings: Iterable[Ranking], languages: Languages) -> list[str]:
    """The names of the tables that a study has, before anything is ranked.

    rankings: what ranking.json will say of model, corpus, recipe, seed, kind, reversed, language
    and task.
    """
    groups = _groups(rankings)
    families = any(_with_others(of, languages) for of in groups.values())
    tasks = _of_several_tasks(groups)
    found = {ALL: groups, FAMILIES: families, TASKS: tasks}
    return [name for name, there in found.items() if there]


def _groups(rankings: Iterable[Ranking]) -> dict[tuple, dict[str, Ranking]]:
    """_GROUP -> language -> ranking, where there are two languages or more."""
    groups: dict[tuple, dict[str, Ranking]] = {}
    for ranking in rankings:
        language = ranking.get("language")
        if language and "+" not in language and not ranking["reversed"]:
            groups.setdefault(tuple(ranking[n] for n in _GROUP), {})[language] = ranking
    return {key: of for key, of in groups.items() if len(of) > 1}


def _with_others(of: Mapping[str, Ranking], languages: Languages) -> dict[str, list[str]]:
    """Family -> its languages, where it has two and there are others."""
    families: dict[str, list[str]] = {}
    for code in of:
        if family := languages.get(code, {}).get("family"):
            families.setdefault(family, []).append(code)
    return {family: codes for family, codes in families.items() if 1 < len(codes) < len(of)}


def _of_several_tasks(
    groups: Mapping[tuple, Mapping[str, Ranking]],
) -> list[tuple[dict[tuple, Mapping[str, Ranking]], dict[tuple, str]]]:
    """(groups, their tasks) of each model, seed and kind with two tasks or more."""
    together: dict[tuple, dict[tuple, Mapping[str, Ranking]]] = {}
    for key, of in groups.items():
        point = dict(zip(_GROUP, key, strict=True))
        together.setdefault(tuple(point[n] for n in _ACROSS), {})[key] = of
    found = []
    for parts in together.values():
        tasks = {key: next(iter(of.values())).get("task") for key, of in parts.items()}
        if None not in tasks.values() and len(set(tasks.values())) > 1:
            found.append((parts, tasks))
    return found


def high(ranking: Ranking, share: float) -> set[Head]:
    """The highest heads of a ranking, at least one."""
    order = ranking["order"]  # lowest first
    return {(layer, head) for layer, head in order[-size(len(order), share) :]}


def low(ranking: Ranking, share: float) -> set[Head]:
    """The lowest heads of a ranking, at least one."""
    order = ranking["order"]
    return {(layer, head) for layer, head in order[: size(len(order), share)]}


def size(heads: int, share: float) -> int:
    """How many heads are high (or low), of so many."""
    return max(1, round(share * heads))


def expected(heads: int, chosen: int, inside: int, outside: int = 0, slips: int = 0) -> float:
    """Heads that are by chance among the `chosen` of all orders `inside`, and of at most `slips`
    (0 or 1) of those `outside`; the orders are independent.
    """
    p = chosen / heads
    ways = (1 - p) ** outside
    if slips:
        ways += outside * p * (1 - p) ** (outside - 1) if outside else 0.0
    return heads * p**inside * ways


def _all_languages(
    groups: Mapping[tuple, Mapping[str, Ranking]], languages: Languages, share: float
) -> Table:
    """The heads that are high, and low, in every language of a model and corpus."""
    body, records = [], []
    for key, of in groups.items():
        heads, chosen = _sizes(of, share)
        line = _line(key, of) | {"heads": heads, "chosen": chosen}
        line["expected"] = expected(heads, chosen, len(of))
        cells = _names(key, of, languages, rowspan=2)
        for name, pick in (("highest", high), ("lowest", low)):
            common = _everywhere(of.values(), pick, share)
            line |= {f"common_{name}": len(common), f"{name}_heads": text(common)}
            which = cell(f"{name} {chosen} of {heads}", kind="name")
            body.append([*cells, which, *_found_cells(common, line["expected"])])
            cells = []
        records.append(line)
    notes = [
        f"Heads among the highest {share:.0%} (and among the lowest {share:.0%}) of the ranking of"
        " every language. " + _CHANCE
    ]
    columns = ["Among the", *_FOUND]
    title = "Heads that matter for all languages of a corpus, and for none"
    return _table(ALL, title, notes, columns, body, records)


def _families(
    groups: Mapping[tuple, Mapping[str, Ranking]], languages: Languages, share: float
) -> Table:
    """The heads that are high in all languages of a family and in none, or one, of the others."""
    body, records = [], []
    for key, of in groups.items():
        heads, chosen = _sizes(of, share)
        for family, codes in _with_others(of, languages).items():
            outside = [of[code] for code in of if code not in codes]
            common = _everywhere((of[code] for code in codes), high, share)
            times = {h: sum(h in high(r, share) for r in outside) for h in common}
            line = _line(key, of) | {"family": family, "family_languages": "+".join(codes)}
            line |= {"others": len(outside), "heads": heads, "chosen": chosen}
            words = ", ".join(language_name(code, languages) for code in codes)
            # Of a single other language every head is in at most one.
            limits = ("none", "one")[: len(outside)]
            cells = _names(key, of, languages, rowspan=len(limits))
            cells.append(cell(family, kind="name", note=words, rowspan=len(limits)))
            for slips, name in enumerate(("none", "one")):
                if name not in limits:
                    line |= {f"in_{name}": None, f"expected_{name}": None, f"{name}_heads": None}
                    continue
                found = {h for h in common if times[h] <= slips}
                chance = expected(heads, chosen, len(codes), len(outside), slips)
                line |= {f"in_{name}": len(found), f"expected_{name}": chance}
                line[f"{name}_heads"] = text(found)
                which = f"all {len(codes)}, {'none' if not slips else 'at most one'}"
                which += f" of {len(outside)} others"
                body.append([*cells, cell(which, kind="name"), *_found_cells(found, chance)])
                cells = []
            records.append(line)
    notes = [
        f"Heads among the highest {share:.0%} of the ranking of every language of the family, and"
        " of none (or at most one) of the other languages; families with two languages or more."
        f" {_CHANCE}"
    ]
    columns = ["Family", "High in", *_FOUND]
    title = "Heads that matter for a family of languages"
    return _table(FAMILIES, title, notes, columns, body, records)


def _tasks(
    groups: Mapping[tuple, Mapping[str, Ranking]], languages: Languages, share: float
) -> Table:
    """The heads that are high in all languages of a corpus and in none of another task's; and
    those that are high in all languages of all tasks.
    """
    body, records = [], []
    for parts, tasks in _of_several_tasks(groups):
        for key, of in parts.items():
            heads, chosen = _sizes(of, share)
            others = [
                ranking
                for other, its in parts.items()
                if tasks[other] != tasks[key]
                for ranking in its.values()
            ]
            elsewhere = set().union(*(high(ranking, share) for ranking in others))
            common = _everywhere(of.values(), high, share) - elsewhere
            line = _line(key, of) | {"task": tasks[key], "others": len(others)}
            chance = expected(heads, chosen, len(of), len(others))
            line |= {"heads": heads, "chosen": chosen, "common": len(common)}
            records.append(line | {"expected": chance, "common_heads": text(common)})
            cells = [*_names(key, of, languages), cell(TASK_NAMES[tasks[key]], kind="name")]
            cells.append(cell(f"all {len(of)}, none of {len(others)} others", kind="name"))
            body.append([*cells, *_found_cells(common, chance)])
        every = [ranking for of in parts.values() for ranking in of.values()]
        common = _everywhere(every, high, share)
        line = {**records[-1], "corpus": None, "recipe": None, "languages": None}
        line |= {"task": "all", "others": 0}
        heads, chosen = line["heads"], line["chosen"]
        line |= {"common": len(common), "expected": expected(heads, chosen, len(every))}
        records.append(line | {"common_heads": text(common)})
        name = f"{line['model']}, seed {line['seed']}, {line['kind']}"
        cells = [cell(name, th="row"), cell("–"), cell("all tasks", kind="name")]
        cells += [cell(f"all {len(every)}", kind="name"), *_found_cells(common, line["expected"])]
        body.append(cells)
    notes = [
        f"Heads among the highest {share:.0%} of the ranking of every language of the line, and of"
        " no language of another task; all tasks: high in every ranking of the model. "
        + _CHANCE
        + " All start from the same pre-trained model, so that some agreement is to be expected."
    ]
    columns = ["Task", "High in", *_FOUND]
    title = "Heads that matter for one task"
    return _table(TASKS, title, notes, columns, body, records)


_CHANCE = (
    "By chance: the number expected of orders that are drawn independently. Heads are layer.head,"
    " counted from 0."
)


def text(heads: Iterable[Head]) -> str:
    """`layer.head layer.head`, in the order of the layers."""
    return " ".join(f"{layer}.{head}" for layer, head in sorted(heads))


def _everywhere(
    rankings: Iterable[Ranking], pick: Callable[[Ranking, float], set[Head]], share: float
) -> set[Head]:
    return set.intersection(*(pick(ranking, share) for ranking in rankings))


def _sizes(of: Mapping[str, Ranking], share: float) -> tuple[int, int]:
    heads = len(next(iter(of.values()))["order"])
    return heads, size(heads, share)


def _line(key: tuple, of: Mapping[str, Ranking]) -> dict[str, Any]:
    return dict(zip(_GROUP, key, strict=True)) | {"languages": "+".join(of)}


def _names(
    key: tuple, of: Mapping[str, Ranking], languages: Languages, *, rowspan: int = 1
) -> list[dict]:
    point = dict(zip(_GROUP, key, strict=True))
    name = "{model}, {corpus}, {recipe}, seed {seed}, {kind}".format(**point)
    words = ", ".join(language_name(code, languages) for code in of)
    scope = "rowgroup" if rowspan > 1 else "row"
    count = cell(str(len(of)), note=words, rowspan=rowspan)
    return [cell(name, th=scope, rowspan=rowspan), count]


def _found_cells(heads: set[Head], chance: float) -> list[dict]:
    # Very few by chance is not none.
    by_chance = number(chance) if chance >= 0.005 else "< 0.01"
    names = cell(text(heads) or "none", kind="name heads")
    return [cell(str(len(heads))), cell(by_chance), names]


_FOUND = ("Common", "By chance", "Heads")


def _table(
    name: str,
    title: str,
    notes: list[str],
    columns: Sequence[str],
    body: list[list[dict]],
    records: list[dict[str, Any]],
) -> Table:
    names = ("Rankings", "Languages", *columns)
    numbers = ("Languages", *_FOUND[:2])
    head = [cell(c, th="col", kind="" if c in numbers else "name") for c in names]
    shape = {"name": name, "title": title, "notes": notes, "head": [head]}
    return shape | {"body": body, "foot": [], "records": records}
