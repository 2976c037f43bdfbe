"""What a report shows: all exhibits of a study, in order, and the tables that each of them has.

`plan` and the names are needed at parse time, before there is any number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from polyheads import exhibits
from polyheads.exhibits import (
    Exhibit,
    common_heads,
    comparison,
    controls,
    correlations,
    distances,
    fresh,
    low_resource,
    multi_source,
    nulls,
    protocols,
    ranking_kind,
    similarity,
    stopping,
    tables,
)
from polyheads.study.rankings import parse

if TYPE_CHECKING:
    from polyheads.exhibits.results import Results

TABLES: dict[str, tuple[str, ...]] = {
    "table": ("",),
    "sources": ("",),
    "shares": ("",),
    "controls": ("",),
    "protocols": ("",),
    "nulls": ("",),
    "fresh": ("",),
    "stopping": ("",),
    "correlations": ("", ".families", ".pairs"),
}
"""Kind of exhibit -> what the names of its tables end with."""

WHOLE = ("claims", "overview", "improved", "pruned-heads")
"""Names of the tables over the whole study."""

FIGURES = ("gains", "curves", "shares", "dev-test", "correlations")
"""Kinds of exhibits that have a figure."""

CATEGORIES = {
    "table": "Tables",
    "protocols": "As released",
    "nulls": "Nulls and fresh seeds",
    "fresh": "Nulls and fresh seeds",
    "stopping": "When to stop",
    "controls": "Controls",
    "sources": "Several sources",
    "shares": "Low resource",
    "gains": "Gains",
    "curves": "Curves over k",
    "dev-test": "Dev and test",
    "correlations": "Correlations",
}
"""Kind of exhibit -> where Snakemake's own report puts it, in the order there."""

CAPTIONS = {"sources": "table"}
"""Kind of exhibit -> its file in workflow/report/captions; the kind's own name unless given."""


def plan(sweeps: Sequence[dict], published: Iterable[Mapping[str, str]] = ()) -> list[Exhibit]:
    """All exhibits of a study."""
    published = list(published)
    found = exhibits.plan(sweeps, published)
    main = [sweep for sweep in sweeps if sweep["role"] == "main"]
    for of, inside in controls.planned(main):
        found.append(exhibits.exhibit("controls", of, inside))
    for of in protocols.planned(main):
        inside = [sweep for sweep in main if sweep["experiment"] == of["experiment"]]
        found.append(exhibits.exhibit("protocols", of, inside))
    for members in _first_rankings(main):
        of = {"experiment": members[0]["experiment"], "metric": members[0]["metric"]}
        of["ranking"] = ranking_kind(members[0]["ranking"], members[0]["source"])
        if len({(s["source"], s["target"]) for s in members}) > 1 and len(members[0]["ks"]) > 2:
            found.append(exhibits.exhibit("dev-test", of, members))
        if stopping.planned(members):
            found.append(exhibits.exhibit("stopping", of, members))
        if len(members[0]["ks"]) > 1 and distances.enough(members):
            found.append(exhibits.exhibit("correlations", of, members))
    for experiment, kind in fresh.planned(sweeps):
        inside = [s for s in main if s["experiment"] == experiment]
        of = {"experiment": experiment, "ranking": kind, "metric": inside[0]["metric"]}
        found.append(exhibits.exhibit("fresh", of, inside))
    if nulls.planned(sweeps):
        found.append({"kind": "nulls", "name": "nulls", "title": "Nulls", "of": {}, "task": ""})
    # Experiments in the order of the study, an experiment's exhibits in the order above.
    place = {name: i for i, name in enumerate(dict.fromkeys(s["experiment"] for s in sweeps))}
    return sorted(found, key=lambda e: place.get(e["of"].get("experiment"), -1))


def _first_rankings(sweeps: Sequence[dict]) -> list[list[dict]]:
    """The sweeps of each experiment's first scored ranking, lowest heads first, of one source.

    One ranking of an experiment is enough to tell when to stop, and how dev follows test; what
    others cost is compared elsewhere. In the setting low-resource a pair has a sweep for every
    share of data, which these exhibits leave out.
    """
    groups: dict[str, dict[str, list[dict]]] = {}
    for sweep in sweeps:
        name = parse(sweep["ranking"])
        plain = name.language and not name.reversed and not name.method
        plain = plain and "+" not in sweep["source"] and sweep["setting"] != exhibits.LOW_RESOURCE
        if plain and sweep["heads"] == "pruned":
            kind = ranking_kind(sweep["ranking"], sweep["source"])
            groups.setdefault(sweep["experiment"], {}).setdefault(kind, []).append(sweep)
    return [next(iter(kinds.values())) for kinds in groups.values()]


def ranked(training: Any, name: str, task: str) -> dict[str, Any]:
    """What ranking.json will say of a ranking of one language's scores, before there is one."""
    keys = ("model", "corpus", "recipe", "seed")
    parts = parse(name)
    of = {"kind": parts.kind, "reversed": parts.reversed, "language": parts.language, "task": task}
    return {key: getattr(training, key) for key in keys} | of


def compared(
    sweeps: Iterable[Mapping[str, Any]],
    rankings: Sequence[Mapping[str, Any]],
    languages: exhibits.Languages,
) -> list[str]:
    """Names of the tables that compare rankings, before there is any number.

    rankings: as `ranked` gives them.
    """
    found = comparison.planned(rankings, sweeps)
    found += [group["name"] for group in similarity.groups(rankings)]
    return found + common_heads.planned(rankings, languages)


def comparisons(results: Results, sweeps: Sequence[dict]) -> dict[str, tables.Table]:
    """Name -> table, of those that compare rankings and have something to show."""
    languages, rankings = results.languages, results.rankings
    main = exhibits.main_choices(plan(sweeps, results.published), results.choices)
    made = [
        comparison.comparison_table(rankings, languages, k=exhibits.largest_k(sweeps)),
        comparison.costs_table(main, results.scores, languages, results.statistics),
        *(similarity.table(group, languages) for group in similarity.groups(rankings)),
        *common_heads.tables(rankings, languages),
    ]
    return {table["name"]: table for table in made if table}


def caption(name: str) -> str:
    """The caption of a table that compares rankings; "" for one without."""
    return next((c for c in ("languages", "common-heads") if name.startswith(c)), "")


def table_paths(found: Iterable[Exhibit], kind: str, directory: str) -> list[str]:
    """Files of the tables of all exhibits of a kind: a page, a CSV and LaTeX."""
    endings = [f"{end}{s}" for end in TABLES[kind] for s in (".html", ".csv", ".tex")]
    return exhibits.paths(found, kind, directory, *endings)


def tables_of(exhibit: Exhibit, results: Results) -> list[tables.Table]:
    """The tables of an exhibit, in the order of TABLES; [] for one that is a figure only."""
    r = results
    match exhibit["kind"]:
        case "table":
            made = tables.result_table(exhibit, r.choices, r.languages, r.published, r.statistics)
            return [made]
        case "sources":
            return [multi_source.table(exhibit, r.choices, r.languages, r.statistics)]
        case "shares":
            return [low_resource.table(exhibit, r.choices, r.languages, r.statistics)]
        case "controls":
            return [controls.table(exhibit, r.choices, r.languages, r.statistics, r.differences)]
        case "protocols":
            made = protocols.table(exhibit, r.choices, r.languages, r.published, r.statistics)
            return [made]
        case "nulls":
            return [nulls.table(r.nulls)]
        case "fresh":
            return [fresh.table(exhibit, r.choices, r.languages, r.statistics)]
        case "stopping":
            return [stopping.table(exhibit, r.choices, r.scores, r.statistics)]
        case "correlations":
            return [
                correlations.table(exhibit, r.choices, r.rankings, r.languages),
                correlations.family_table(exhibit, r.choices, r.languages),
                correlations.pairs_table(exhibit, r.choices, r.rankings, r.languages),
            ]
    return []
