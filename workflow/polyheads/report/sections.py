"""The sections of the report: displays by experiment, head scores, corpora, run times.

Everything here was made before: tables are records, figures are files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from polyheads.analysis import tidy
from polyheads.analysis.signatures import Signature
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.report import captions, pages, signatures
from polyheads.report.names import Languages, heat_map_title, pair_name, ranking_name, title
from polyheads.report.table import Table
from polyheads.study import comparisons
from polyheads.study.contents import Contents
from polyheads.study.displays import FIGURES, TABLES, Display, members, with_metrics

PARTS = {
    "gains": "Gain from pruning",
    "replication": "Published, paper's protocol, as released, dev-selected",
    "fresh": "Fresh seeds",
    "dev-test": "Dev and test",
    "stopping": "When to stop",
    "correlations": "Gains and languages",
    "many-languages": "Gains in many languages",
}
"""Displays of no setting: kind -> title of their part."""

CSV_ONLY = (".pairs", ".targets")  # ends of tables that are points of a figure, too long for a page

FIRST = ("gains", "results", "several-sources", "controls", "replication", "fresh")
"""Kinds of displays that open a section; the others follow in the order of the plan."""

_NULL = "null-baselines"  # the kind that has a section of its own

_ALONE = ("gains", "replication", "fresh")  # of FIRST, what stands before the settings

_SHOWN = {
    "curves": "scores over k",
    "gains": "gains over k = 0",
    "low-resource": "scores over the share of target data",
    "dev-test": "rank correlation of dev and test over k",
    "null-baselines": "Mean gains with their intervals above the ranges of both null baselines. The"
    " numbers are in the table.",
    "correlations": "gains against distances of languages and likeness of rankings",
    "many-languages": "gains against score, distances from the source and subwords per character",
}
"""Kind of display -> what its figure shows, for those who can't see it."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A table, a figure or a text, as the template shows it."""

    table: Table | None = None
    csv: str = ""  # the table's, as a data URI
    image: str = ""
    alt: str = ""
    facts: str = ""  # of a figure; a table has its own
    text: str = ""
    caption: Any = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What stands under one heading of a section."""

    id: str
    title: str
    kind: str = ""  # plain | folded | maps
    lead: Any = ""
    notes: Sequence[str] = ()
    shown: list[Item] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the report."""

    id: str
    title: str
    lead: Any = ""
    parts: Sequence[Part] = ()


@dataclass(frozen=True)
class Pieces:
    """What sections are put together from."""

    contents: Contents
    tables: Mapping[str, Table]  # by name
    figures: Mapping[str, str | Path]  # by the name of the display
    signatures: Mapping[str, Signature]  # by the name of the display
    languages: Languages


def how_to_read(pieces: Pieces) -> Section:
    """What holds for all tables and figures of a kind: it stands here only."""
    kinds: dict[str, list[Display]] = {}
    for display in pieces.contents.displays:
        if display.kind != _NULL:
            kinds.setdefault(captions.caption_of(display.kind), []).append(display)
    parts = []
    for kind, displays in kinds.items():
        tables = [table for display in displays for table in _shown_tables(display, pieces)]
        notes = dict.fromkeys(note for table in tables for note in table.general)
        words = pages.caption(kind)
        title = "Result tables" if kind == "results" else captions.CATEGORIES[kind]
        parts.append(Part(id=f"reading-{kind}", title=title, lead=words, notes=list(notes)))
    parts.sort(key=lambda part: part.id != "reading-results")
    return Section(id="reading", title="How to read tables and figures", parts=parts)


def null_baselines(pieces: Pieces) -> list[Section]:
    """What gains would be without the heads, and without the ranking; [] where nothing says so."""
    shown = [
        item
        for display in pieces.contents.displays
        if display.kind == _NULL
        for item in (
            image_item(pieces.figures[display.name], _SHOWN[_NULL]),
            *map(table_item, _shown_tables(display, pieces)),
        )
    ]
    if not shown:
        return []
    part = Part(id=f"{_NULL}-table", title="", kind="plain", shown=shown)
    return [Section(id=_NULL, title="Null baselines", lead=pages.caption(_NULL), parts=[part])]


def experiments(pieces: Pieces) -> list[Section]:
    """A section per experiment and kind of ranking: gains, then every setting's tables, curves."""
    groups = tidy.grouped(
        (display for display in pieces.contents.displays if display.experiment),
        lambda display: (display.experiment, display.ranking),
    )
    several = len({ranking for _, ranking in groups}) > 1
    sections = []
    for (experiment, ranking), displays in groups.items():
        name = f"{experiment}.{ranking}"
        heading = TASK_NAMES[displays[0].task]
        if experiment != displays[0].task:
            heading += f": {experiment}"
        if several:
            heading += f" ({ranking_name(ranking)})"
        parts: dict[str, Part] = {}
        for display in sorted(displays, key=_rank):
            words = display.setting or PARTS[display.kind]
            if words not in parts:
                place = f"{name}.{words.lower().replace(' ', '-')}"
                parts[words] = Part(id=place, title=words[:1].upper() + words[1:])
            parts[words].shown.extend(_items(display, pieces))
        sections.append(Section(id=name, title=heading, parts=list(parts.values())))
    return sections


def scores(
    pieces: Pieces,
    heat_maps: Sequence[str | Path],
    language_maps: Sequence[str | Path],
    costs: str | Path | None = None,
) -> Section:
    """Rankings compared, heat maps by corpus, heads pruned.

    heat_maps: one for each of contents.rankings; language_maps: one for each of their groups;
    costs: what pruning by each of them leaves.
    """
    rankings = pieces.contents.rankings
    parts = []
    names = (comparisons.RANKINGS, comparisons.COSTS)
    if shown := _named(names, pieces):
        if costs:
            words = "Mean test scores over k by kind of ranking. The largest k is in the table."
            shown.append(image_item(costs, words, pages.caption("rankings-costs")))
        parts.append(Part(id="compared", title="Rankings compared", kind="plain", shown=shown))
    if language_maps:
        part = Part(id="languages", title="Rankings of languages compared")
        groups = comparisons.of_languages(rankings)
        for group, image in zip(groups, language_maps, strict=True):
            table = pieces.tables[group.name]
            alt = f"{table.title}. The numbers are in the table."
            part.shown.extend([image_item(image, alt), table_item(table)])
        part.shown[-1] = table_item(table, pages.caption("languages"))
        parts.append(part)
    in_common = (comparisons.COMMON, comparisons.FAMILIES, comparisons.TASKS)
    if shown := _named(in_common, pieces, pages.caption("common-heads")):
        words = "Heads that languages and tasks have in common"
        parts.append(Part(id="common-heads", title=words, shown=shown))
    maps = tidy.grouped(zip(rankings, heat_maps, strict=True), lambda pair: pair[0].corpus)
    for corpus, pairs in maps.items():
        part = Part(id=f"scores-{corpus}", title=corpus, kind="maps")
        for ranking, image in pairs:
            words = heat_map_title(ranking, pieces.languages)
            alt = f"Heat maps of head scores, normalised and raw: {words}"
            part.shown.append(image_item(image, alt))
        parts.append(part)
    shown = [table_item(pieces.tables["pruned-heads"])]
    words = "Heads pruned at the k chosen on dev"
    parts.append(Part(id="pruned", title=words, kind="folded", shown=shown))
    lead = pages.caption("heat-map")
    return Section(id="scores", title="Head scores", lead=lead, parts=parts)


def labels(tables: Mapping[str, Table], images: Mapping[str, str | Path]) -> list[Part]:
    """A part for each corpus: the heat map of its labels and the table behind it.

    The caption, which is the same for all, is below the first.
    """
    parts: list[Part] = []
    for corpus, table in tables.items():
        caption = "" if parts else pages.caption("labels")
        alt = f"{corpus}: share of every label in each language. The numbers are in the table."
        shown = [image_item(images[corpus], alt, caption), table_item(table)]
        name = f"labels-{corpus}"
        parts.append(Part(id=name, title=f"Labels of {corpus}", kind="folded", shown=shown))
    return parts


def inventory(
    name: str, heading: str, tables: Sequence[Table], more: Sequence[Part] = ()
) -> Section:
    """A section of plain tables."""
    parts = [
        Part(id=f"{name}-{t.name}", title=t.title, kind="plain", shown=[table_item(t)])
        for t in tables
    ]
    return Section(id=name, title=heading, lead=pages.caption(name), parts=[*parts, *more])


def checklist(words: Any, tables: Sequence[Table]) -> Section:
    """The reproducibility checklist and the tables that it names."""
    made = inventory("reproducibility", "Reproducibility checklist", tables)
    # One line for each sweep: long, and looked up rather than read.
    parts = [replace(p, kind="folded") if p.id.endswith("dev-and-test") else p for p in made.parts]
    return replace(made, lead=words, parts=parts)


def configuration(path: str | Path) -> list[Part]:
    """What the study was run with, folded."""
    shown = [Item(text=Path(path).read_text(encoding="utf-8"))]
    return [Part(id="configuration", title="Configuration", kind="folded", shown=shown)]


def table_item(table: Table, caption: Any = "") -> Item:
    """A table as the template shows it."""
    return Item(table=table, csv=pages.csv_link(table), caption=caption)


def image_item(path: str | Path, alt: str, caption: Any = "") -> Item:
    """A figure as the template shows it."""
    return Item(image=pages.svg_image(path), alt=alt, caption=caption)


def first_figure(pieces: Pieces) -> Item | None:
    """The figure that sums a study up: the gains of its first experiment, else its first curves."""
    for kind in ("gains", "curves"):
        for display in pieces.contents.displays:
            if display.kind == kind:
                return _figure(display, pieces, pages.caption(captions.caption_of(kind)))
    return None


def _rank(display: Display) -> tuple[bool, int]:
    place = FIRST.index(display.kind) if display.kind in _ALONE else len(FIRST)
    return display.kind not in FIRST, place


def _items(display: Display, pieces: Pieces) -> list[Item]:
    """A display's figure and tables, each leading to what holds for all of its kind."""
    caption = pages.reading_link(captions.caption_of(display.kind))
    items = [_figure(display, pieces, caption)] if display.kind in FIGURES else []
    for table in _shown_tables(display, pieces):
        items.append(table_item(replace(table, general=()), caption))
    return items


def _figure(display: Display, pieces: Pieces, caption: Any) -> Item:
    made = image_item(pieces.figures[display.name], _alt(display, pieces), caption)
    return replace(made, facts=signatures.facts(pieces.signatures[display.name], display))


def _shown_tables(display: Display, pieces: Pieces) -> list[Table]:
    names = [f"{display.name}{end}" for end in TABLES.get(display.kind, ())]
    return [pieces.tables[name] for name in names if not name.endswith(CSV_ONLY)]


def _named(names: Sequence[str], pieces: Pieces, caption: Any = "") -> list[Item]:
    """The tables of these names that the study has, a caption below the last of them."""
    there = [pieces.tables[name] for name in names if name in pieces.contents.comparisons]
    return [table_item(table, caption if table is there[-1] else "") for table in there]


def _alt(display: Display, pieces: Pieces) -> str:
    sweeps = members(display, with_metrics(pieces.contents.displays, list(pieces.contents.sweeps)))
    pairs = dict.fromkeys(pair_name(s.source, s.target, pieces.languages) for s in sweeps)
    models = ", ".join(dict.fromkeys(sweep.model for sweep in sweeps))
    return (
        f"{title(display)}: {_SHOWN[display.kind]} of {models} for {', '.join(pairs)}. The numbers"
        " are in the tables."
    )
