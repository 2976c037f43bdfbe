"""Rankings compared: how much their orders agree, which heads they prune first, what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from polyheads import exhibits
from polyheads.analysis.ranks import spearman_of_orders
from polyheads.analysis.rows import Row
from polyheads.analysis.selection import SWEEP_COLUMNS
from polyheads.catalogue.methods import KINDS
from polyheads.catalogue.tasks import METRICS
from polyheads.exhibits.tables import (
    CRITERION_NAMES,
    Choice,
    Table,
    cell,
    gain,
    mean,
    mean_notes,
    mean_row,
    number,
    score,
)
from polyheads.study.rankings import ranking_kind

COMPARED, COSTS = "rankings-compared", "rankings-costs"
"""Names of the tables."""

_GROUP = ("model", "corpus", "recipe", "language", "seed")


def planned(
    rankings: Iterable[Mapping[str, Any]], sweeps: Iterable[Mapping[str, Any]]
) -> list[str]:
    """The names of the tables that a study has, before anything is ranked.

    rankings: what ranking.json will say of model, corpus, recipe, language, seed, kind, reversed.
    """
    rows = [{**sweep, "k_max": max(sweep["ks"])} for sweep in sweeps]
    found = {COMPARED: _of_one_model(rankings), COSTS: _on_the_same_pairs(rows)}
    return [name for name, groups in found.items() if groups]


def shared(one: Sequence, other: Sequence, k: int) -> int:
    """How many of the k lowest heads of two orders are the same."""
    return len({tuple(head) for head in one[:k]} & {tuple(head) for head in other[:k]})


def comparison_table(
    rankings: Iterable[Mapping[str, Any]], languages: exhibits.Languages, *, k: int
) -> Table | None:
    """Every pair of scored rankings of one fine-tuned model; None where there is no pair.

    rankings: contents of ranking.json; reversed and random ones are left out. k: the largest
    number of heads that the study prunes; the overlap is taken there, at half of the heads at
    the most, because two orders must share most of their lowest heads beyond.
    """
    groups = _of_one_model(rankings)
    if not groups:
        return None
    order = [kind for kind in KINDS if any(kind in kinds for kinds in groups.values())]
    body, records = [], []
    for key, kinds in groups.items():
        heads = len(next(iter(kinds.values()))["order"])
        lowest = min(k, heads // 2)
        pairs = {}
        for one, other in combinations([kind for kind in order if kind in kinds], 2):
            both = kinds[one], kinds[other]
            record = dict(zip(_GROUP, key, strict=True)) | {"one": one, "other": other}
            record["heads"] = heads
            record["spearman"] = spearman_of_orders(*(r["order"] for r in both))
            record["spearman_unnormalised"] = spearman_of_orders(
                *(r["order_unnormalised"] for r in both)
            )
            record |= {"k": lowest, "shared": shared(*(r["order"] for r in both), lowest)}
            records.append(record)
            pairs[one, other] = record
        body += _rows(key, [kind for kind in order if kind in kinds], order, pairs, languages)
    head = [cell("Model fine-tuned", th="col", kind="name"), cell("Ranking", th="col", kind="name")]
    return {
        "name": COMPARED,
        "title": "Rankings compared: Spearman's ρ of their orders, and their lowest heads",
        "notes": _notes(order, records),
        "head": [[*head, *(cell(kind, th="col") for kind in order)]],
        "body": body,
        "foot": [],
        "records": records,
    }


def costs_table(
    choices: Iterable[Choice],
    scores: Iterable[Mapping[str, Any]],
    languages: exhibits.Languages,
    statistics: Sequence[Row] = (),
) -> Table | None:
    """What pruning by each ranking does to the test score; None where there is nothing to compare.

    choices, scores: rows as selection.read gives them; roles other than main are left out. A group
    of lines for each task, model, setting and protocol in which two kinds of rankings or more, a
    scored one among them, were tried on the same pairs. Scores in percent, gains in points; means
    over the pairs and seeds of which all kinds of the group have all trials. statistics: intervals
    of the means that result tables have, too.
    """
    found = _on_the_same_pairs(choices)
    if not found:
        return None
    last = _at_largest_k(
        scores, [r for kinds in found for of in kinds.values() for r in of.values()]
    )
    body, records, intervals = [], [], []
    for kinds in found:
        pairs = [
            p for p in next(iter(kinds.values())) if _whole([of[p] for of in kinds.values()], last)
        ]
        lines = [_cost(kind, of, pairs, last) for kind, of in kinds.items()]
        shown = dict.fromkeys((source, target) for source, target, *_ in pairs)
        names = "; ".join(exhibits.pair_name(*pair, languages) for pair in shown)
        for i, line in enumerate(lines):
            of = [kinds[line["ranking"]][pair] for pair in pairs]
            known = {r: mean_row(statistics, of, r, line[f"{r}_gain"]) for r in CRITERION_NAMES}
            for criterion, row in known.items():
                ends = {"low": None, "high": None} if row is None else row
                line |= {f"{criterion}_{name}": ends[name] for name in ("low", "high")}
            intervals += known.values()
            cells = []
            if i == 0:
                title = "{model}, {corpus}, {recipe}, {setting}, {protocol}".format(**line)
                title += f": {METRICS[line['task']][line['metric']]}"
                cells.append(cell(title, th="rowgroup", rowspan=len(lines), kind="claim"))
            cells.append(
                cell(line["ranking"], th="row", note=exhibits.ranking_name(line["ranking"]))
            )
            cells.append(cell(str(len(pairs)), note=names))
            body.append(cells + _cost_cells(line, known))
        records += lines
    return {
        "name": COSTS,
        "title": "What pruning by each ranking costs",
        "notes": [
            "Test scores (%) and gains over k = 0 (percentage points): means over the sweeps (pairs"
            " of source and target, seeds) of which every ranking of a group has all of these"
            " numbers. The last columns choose nothing: as many heads are pruned as the sweeps do"
            " at the most.",
            *mean_notes(intervals),
        ],
        "head": _cost_head(),
        "body": body,
        "foot": [],
        "records": records,
    }


Kinds = dict[str, dict[tuple, Choice]]  # kind of ranking -> pair -> its sweep

_SAME = ("task", "corpus", "model", "recipe", "setting", "protocol", "heads", "metric", "k_max")
_PAIR = ("source", "target", "mixture", "seed")


def _of_one_model(
    rankings: Iterable[Mapping[str, Any]],
) -> dict[tuple, dict[str, Mapping[str, Any]]]:
    """_GROUP -> kind -> ranking, of fine-tuned models whose heads have several kinds of scores."""
    groups: dict[tuple, dict[str, Mapping[str, Any]]] = {}
    for ranking in rankings:
        if ranking["kind"] in KINDS and not ranking["reversed"]:
            key = tuple(ranking[name] for name in _GROUP)
            groups.setdefault(key, {})[ranking["kind"]] = ranking
    return {key: kinds for key, kinds in groups.items() if len(kinds) > 1}


def _on_the_same_pairs(rows: Iterable[Mapping[str, Any]]) -> list[Kinds]:
    """Choices (or sweeps) in groups of kinds of rankings that can be compared."""
    groups: dict[tuple, Kinds] = {}
    for row in rows:
        if row["role"] == "main" and "+" not in row["source"] and row["k_max"]:
            kind = ranking_kind(row["ranking"], row["source"])
            of_kind = groups.setdefault(tuple(row[name] for name in _SAME), {})
            pair = tuple(row[name] for name in _PAIR)
            # The same trials where two experiments share them.
            of_kind.setdefault(kind, {}).setdefault(pair, row)
    return [kinds for of in groups.values() for kinds in _with_common_pairs(of) if _scored(kinds)]


def _with_common_pairs(kinds: Kinds) -> list[Kinds]:
    """Groups of kinds that were tried on the same pairs, each with those pairs only."""
    clusters: list[tuple[set[tuple], list[str]]] = []
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


def _scored(kinds: Kinds) -> bool:
    """Whether there is something to compare: a scored ranking from its low end, and another."""
    return len(kinds) > 1 and any(not k.startswith(("reversed-", "random-")) for k in kinds)


def _at_largest_k(
    scores: Iterable[Mapping[str, Any]], rows: Sequence[Choice]
) -> dict[tuple, float]:
    """Sweep -> test score of its target at the largest k, in percent, in the sweep's metric."""
    of = {_sweep(row): row for row in rows}
    found = {}
    for score_row in scores:
        sweep = _sweep(score_row)
        row = of.get(sweep)
        if row is None or score_row["split"] != "test" or score_row["k"] != row["k_max"]:
            continue
        if all(score_row[a] == row[b] for a, b in _SCORE_OF_CHOICE):
            found[sweep] = score_row["value"]
    return found


_SCORE_OF_CHOICE = (("heads", "heads"), ("metric", "metric"), ("language", "target"))


def _whole(rows: Iterable[Choice], last: Mapping[tuple, float]) -> bool:
    """Whether sweeps have every number of the table."""
    names = [f"{criterion}_gain" for criterion in CRITERION_NAMES]
    return all(_sweep(row) in last and None not in [row[n] for n in names] for row in rows)


def _cost(
    kind: str,
    of: Mapping[tuple, Choice],
    pairs: Sequence[tuple],
    last: Mapping[tuple, float],
) -> dict[str, Any]:
    """One ranking's line; None where no pair is left."""
    rows = [of[pair] for pair in pairs]
    first = next(iter(of.values()))
    line: dict[str, Any] = {name: first[name] for name in _SAME}
    line |= {"ranking": kind, "sweeps": len(rows)}
    line["unpruned"] = mean(row["unpruned"] for row in rows)
    for criterion in CRITERION_NAMES:
        for name in ("test", "gain", "k"):
            line[f"{criterion}_{name}"] = mean(row[f"{criterion}_{name}"] for row in rows)
    line["last_test"] = mean(last[_sweep(row)] for row in rows)
    line["last_gain"] = mean(last[_sweep(row)] - row["unpruned"] for row in rows)
    return line


def _cost_cells(line: Mapping[str, Any], known: Mapping[str, Row | None]) -> list[dict]:
    cells = [score(line["unpruned"], kind="first")]
    for criterion in CRITERION_NAMES:
        cells.append(score(line[f"{criterion}_test"], kind=f"{criterion} first"))
        cells.append(gain(line[f"{criterion}_gain"], kind=criterion, row=known[criterion]))
        cells.append(cell(number(line[f"{criterion}_k"], 1), kind=criterion))
    cells += [score(line["last_test"], kind="first"), gain(line["last_gain"])]
    return [*cells, cell(str(line["k_max"]))]


def _cost_head() -> list[list[dict]]:
    top = [cell(name, th="col", rowspan=2, kind="name") for name in ("Sweeps", "Ranking")]
    top.append(cell("n", th="col", rowspan=2))
    top.append(cell("Unpruned", th="col", rowspan=2, kind="first"))
    groups = [*CRITERION_NAMES.items(), ("", "largest k")]
    low = []
    for criterion, words in groups:
        top.append(cell(words, th="colgroup", colspan=3, kind=f"{criterion} first".strip()))
        names = ("pruned", "gain", "mean k" if criterion else "k")
        for name in names:
            first = " first" if name == "pruned" else ""
            low.append(cell(name, th="col", kind=f"{criterion}{first}".strip()))
    return [top, low]


def _sweep(row: Mapping[str, Any]) -> tuple:
    return tuple(row[name] for name in SWEEP_COLUMNS)


def _rows(
    key: tuple,
    kinds: Sequence[str],
    columns: Sequence[str],
    pairs: Mapping[tuple[str, str], Mapping[str, Any]],
    languages: exhibits.Languages,
) -> list[list[dict]]:
    """The rows of one model: rho above the diagonal, common lowest heads below it."""
    model, corpus, recipe, language, seed = key
    name = exhibits.language_name(language, languages)
    rows = []
    for kind in kinds:
        cells = []
        if kind == kinds[0]:
            title = f"{model}, {corpus}, {recipe}, {name}, seed {seed}"
            cells.append(cell(title, th="rowgroup", rowspan=len(kinds), kind="claim"))
        cells.append(cell(kind, th="row"))
        for other in columns:
            if (kind, other) in pairs:
                record = pairs[kind, other]
                note = f"ρ of the raw scores: {_rho(record['spearman_unnormalised'])}"
                cells.append(cell(_rho(record["spearman"]), note=note))
            elif (other, kind) in pairs:
                record = pairs[other, kind]
                cells.append(cell(f"{record['shared']} of {record['k']}"))
            else:
                cells.append(cell("–" if other != kind else ""))
        rows.append(cells)
    return rows


def _rho(value: float) -> str:
    return number(round(value, 2) + 0.0)  # + 0.0: no minus before 0.00


def _notes(kinds: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[str]:
    sizes = sorted({(record["k"], record["heads"]) for record in records})
    chance = "; ".join(
        f"{number(k**2 / heads, 1)} of {k} where there are {heads} heads" for k, heads in sizes
    )
    return [
        "Above the diagonal: Spearman's ρ of the orders that trials prune by (that of the raw"
        " scores is in the CSV). Below it: how many of the lowest heads of two rankings are the"
        f" same; two random orders share {chance}, on average.",
        *(f"{kind}: {KINDS[kind].about}." for kind in kinds),
    ]
