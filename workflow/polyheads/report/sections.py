"""The sections of the report: exhibits by experiment, head scores, corpora, run times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads import exhibits
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.exhibits import common_heads, comparison, contents, overviews, similarity
from polyheads.exhibits.results import Results
from polyheads.exhibits.tables import Choice, Table
from polyheads.report import corpus_report, pages

Section = dict[str, Any]
Part = dict[str, Any]

PARTS = {
    "gains": "Gain from pruning",
    "protocols": "Published, paper's protocol, as released, sound",
    "fresh": "Fresh seeds",
    "dev-test": "Dev and test",
    "stopping": "When to stop",
    "correlations": "Gains and languages",
}
"""Exhibits of no setting: kind -> title of their part."""

CSV_ONLY = (".pairs",)  # ends of tables that are points of a figure, too long for a page

FIRST = ("gains", "table", "sources", "controls", "protocols", "fresh")
"""Kinds of exhibits that open a section; the others follow in the order of the plan."""


def how_to_read() -> Section:
    """How to read the tables."""
    lead = pages.caption("table")
    return {"id": "criterion", "title": "How to read the tables", "lead": lead, "parts": []}


def nulls(plan: Sequence[exhibits.Exhibit], results: Results) -> list[Section]:
    """What gains would be without the heads, and without the ranking; [] where nothing says so."""
    found = [exhibit for exhibit in plan if exhibit["kind"] == "nulls"]
    if not found:
        return []
    items = [table_item(t) for exhibit in found for t in contents.tables_of(exhibit, results)]
    part = {"id": "nulls-table", "title": "", "kind": "plain", "shown": items}
    lead = pages.caption("nulls")
    return [{"id": "nulls", "title": "Nulls", "lead": lead, "parts": [part]}]


def experiments(
    plan: Sequence[exhibits.Exhibit], results: Results, figures: Mapping[str, str | Path]
) -> list[Section]:
    """A section per experiment and kind of ranking: gains, then every setting's tables, curves."""
    groups: dict[tuple[str, str], list[exhibits.Exhibit]] = {}
    for exhibit in plan:
        if "experiment" in exhibit["of"]:
            key = (exhibit["of"]["experiment"], exhibit["of"]["ranking"])
            groups.setdefault(key, []).append(exhibit)
    kinds = {kind for _, kind in groups}
    sections = []
    for (experiment, kind), members in groups.items():
        name = f"{experiment}.{kind}"
        title = TASK_NAMES[members[0]["task"]]
        if experiment != members[0]["task"]:
            title += f": {experiment}"
        if len(kinds) > 1:
            title += f" ({exhibits.ranking_name(kind)})"
        parts: dict[str, Part] = {}
        for exhibit in sorted(members, key=lambda m: (m["kind"] not in FIRST, _rank(m))):
            heading = exhibit["of"].get("setting") or PARTS[exhibit["kind"]]
            place = f"{name}.{heading.lower().replace(' ', '-')}"
            part = {"id": place, "title": heading[:1].upper() + heading[1:], "kind": ""}
            items = parts.setdefault(heading, part | {"shown": []})["shown"]
            items += _shown(exhibit, results, figures)
        sections.append({"id": name, "title": title, "lead": "", "parts": list(parts.values())})
    return sections


def _rank(exhibit: exhibits.Exhibit) -> int:
    return FIRST.index(exhibit["kind"]) if exhibit["kind"] in ("gains", "protocols", "fresh") else 9


def _shown(
    exhibit: exhibits.Exhibit, results: Results, figures: Mapping[str, str | Path]
) -> list[dict[str, Any]]:
    """An exhibit's figure and tables, and its caption below the first of them."""
    kind = exhibit["kind"]
    items = []
    if kind in contents.FIGURES:
        alt = _alt(exhibit, results.choices, results.languages)
        items.append(image_item(figures[exhibit["name"]], alt))
    for table in contents.tables_of(exhibit, results):
        if not table["name"].endswith(CSV_ONLY):
            items.append(table_item(table))
    caption = contents.CAPTIONS.get(kind, kind)
    if caption != "table":  # which is the section `criterion`
        items[-1]["caption"] = pages.caption(caption)
    return items


def scores(
    results: Results,
    main: Sequence[Choice],
    heat_maps: Sequence[str | Path],
    language_maps: Sequence[str | Path],
    compared: Mapping[str, Table],
) -> Section:
    """Rankings compared, heat maps by corpus, heads pruned.

    main: choices in the experiments' own metrics. heat_maps: one for each of results.rankings.
    compared: contents.comparisons.
    """
    languages, rankings = results.languages, results.rankings
    parts: dict[str, Part] = {}
    names = (comparison.COMPARED, comparison.COSTS)
    if shown := [table_item(compared[name]) for name in names if name in compared]:
        parts[""] = {"id": "compared", "title": "Rankings compared", "kind": "plain"}
        parts[""]["shown"] = shown
    if language_maps:
        title = "Rankings of languages compared"
        parts["languages"] = {"id": "languages", "title": title, "kind": "", "shown": []}
        for group, image in zip(similarity.groups(rankings), language_maps, strict=True):
            table = compared[group["name"]]
            alt = f"{table['title']}. The numbers are in the table."
            parts["languages"]["shown"] += [image_item(image, alt), table_item(table)]
        parts["languages"]["shown"][-1]["caption"] = pages.caption("languages")
    names = (common_heads.ALL, common_heads.FAMILIES, common_heads.TASKS)
    if items := [table_item(compared[name]) for name in names if name in compared]:
        items[-1]["caption"] = pages.caption("common-heads")
        title = "Heads that languages and tasks have in common"
        parts["common"] = {"id": "common-heads", "title": title, "kind": "", "shown": items}
    for ranking, image in zip(rankings, heat_maps, strict=True):
        corpus = ranking["corpus"]
        part = {"id": f"scores-{corpus}", "title": corpus, "kind": "maps", "shown": []}
        title = exhibits.heat_map_title(ranking, languages)
        item = image_item(image, f"Heat maps of head scores, normalised and raw: {title}")
        parts.setdefault(corpus, part)["shown"].append(item)
    pruned = {"id": "pruned", "title": "Heads pruned at the k chosen on dev", "kind": "folded"}
    pruned["shown"] = [table_item(overviews.heads_table(main, languages))]
    return {
        "id": "scores",
        "title": "Head scores",
        "lead": pages.caption("heat-map"),
        "parts": [*parts.values(), pruned],
    }


def labels(
    corpora: Sequence[dict], languages: exhibits.Languages, images: Mapping[str, str | Path]
) -> list[Part]:
    """A part for each corpus: the heat map of its labels and the table behind it."""
    parts = []
    for name, members in corpus_report.by_corpus(corpora).items():
        table = corpus_report.labels_table(members, languages)
        alt = f"{name}: share of every label in each language. The numbers are in the table."
        image = image_item(images[name], alt) | {"caption": pages.caption("labels")}
        part = {"id": f"labels-{name}", "title": f"Labels of {name}", "kind": "folded"}
        parts.append(part | {"shown": [image, table_item(table)]})
    return parts


def inventory(
    name: str, title: str, members: Sequence[Table], more: Sequence[Part] = ()
) -> Section:
    """A section of plain tables."""
    parts = [
        {
            "id": f"{name}-{table['name']}",
            "title": table["title"],
            "kind": "plain",
            "shown": [table_item(table)],
        }
        for table in members
    ]
    return {"id": name, "title": title, "lead": pages.caption(name), "parts": [*parts, *more]}


def configuration(path: str | Path) -> list[Part]:
    """What the study was run with, folded."""
    text = Path(path).read_text(encoding="utf-8")
    part = {"id": "configuration", "title": "Configuration", "kind": "folded"}
    return [part | {"shown": [{"table": None, "text": text}]}]


def table_item(table: Table) -> dict[str, Any]:
    """A table as the template shows it."""
    return {"table": table, "csv": pages.csv_link(table), "caption": ""}


def image_item(path: str | Path, alt: str) -> dict[str, Any]:
    """A figure as the template shows it."""
    image = pages.svg_image(path)
    return {"table": None, "text": "", "image": image, "alt": alt, "caption": ""}


_WHAT = {
    "curves": "scores over k",
    "gains": "gains over k = 0",
    "shares": "scores over the share of target data",
    "dev-test": "rank correlation of dev and test over k",
    "correlations": "gains against distances of languages and likeness of rankings",
}


def _alt(
    exhibit: exhibits.Exhibit, choices: Sequence[Choice], languages: exhibits.Languages
) -> str:
    rows = exhibits.members(exhibit, choices)
    pairs = [exhibits.pair_name(row["source"], row["target"], languages) for row in rows]
    models = ", ".join(dict.fromkeys(row["model"] for row in rows))
    shown = ", ".join(dict.fromkeys(pairs))
    what = _WHAT[exhibit["kind"]]
    return f"{exhibit['title']}: {what} of {models} for {shown}. The numbers are in the tables."
