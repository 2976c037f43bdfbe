"""The report: one self-contained HTML page, and its parts as pages for `snakemake --report`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyheads.analysis.labels import by_corpus
from polyheads.analysis.run_times import run_times
from polyheads.files import read_json, read_table
from polyheads.report import pages, sections
from polyheads.report.findings import Sentences
from polyheads.report.sections import Pieces
from polyheads.report.table import Table
from polyheads.report.tables import corpora as corpora_tables
from polyheads.report.tables import inventory
from polyheads.report.tables.made import alone


@dataclass(frozen=True, kw_only=True)
class Given:
    """Files and facts that the pages show as they are."""

    study: Mapping[str, Any]  # name, title, notes (sentences for the start page)
    findings: Sentences
    heat_maps: Sequence[str | Path]  # an SVG for each of contents.rankings
    language_maps: Sequence[str | Path]  # an SVG for each group of languages
    corpora: Sequence[str | Path]  # corpus.json files
    labels: Mapping[str, str | Path]  # corpus -> SVG of its labels
    encodings: Sequence[str | Path]  # encoding.json files
    benchmarks: Mapping[str, Iterable[str | Path]]  # stage -> Snakemake's benchmark files
    versions: str | Path  # versions.csv
    configuration: str | Path | None = None  # the study's config.yaml, shown and linked to


def build(pieces: Pieces, given: Given, out: Mapping[str, str | Path]) -> None:
    """Write the report and its pages.

    out: paths of report, start, corpora and runtimes. Nothing in the pages needs a network; links
    to files of trials and to the configuration are relative, and lead somewhere as long as the
    pages lie where they were made.
    """
    directories = {name: Path(path).parent for name, path in out.items()}
    heading = given.study.get("title") or given.study["name"]
    start = _start(pieces, given, directories["report"], linked=True)
    # Alone, the page has no sections that the claims could lead to.
    alone = _start(pieces, given, directories["start"], linked=False)
    read = [read_json(path) for path in given.corpora]
    data = [
        corpora_tables.corpora_table(read, pieces.languages),
        corpora_tables.repairs_table(read, pieces.languages),
        corpora_tables.repeated_table(read, pieces.languages),
        inventory.subwords_table([read_json(p) for p in given.encodings], pieces.languages),
    ]
    wanted = ("fertility", "corpus-baselines")
    data += [pieces.tables[name] for name in wanted if name in pieces.tables]
    labels = {
        corpus: corpora_tables.labels_table(members, pieces.languages)
        for corpus, members in by_corpus(read).items()
    }
    times = [
        inventory.run_times_table(run_times(given.benchmarks)),
        inventory.versions_table(read_table(given.versions), given.configuration),
    ]
    asked = sections.configuration(given.configuration) if given.configuration else []
    shown = [
        sections.how_to_read(),
        *sections.null_baselines(pieces),
        *sections.experiments(pieces),
        sections.scores(pieces, given.heat_maps, given.language_maps),
        sections.inventory("corpora", "Corpora", data, sections.labels(labels, given.labels)),
        sections.inventory("runtimes", "Run times and versions", times, asked),
    ]
    pages.write_text(out["start"], pages.page(heading, here=directories["start"], body=alone))
    single: list[tuple[str, str, list[Table]]] = [
        ("corpora", "Corpora", data),
        ("runtimes", "Run times and versions", times),
    ]
    for name, words, tables in single:
        page = pages.page(words, here=directories[name], tables=tables, caption_name=name)
        pages.write_text(out[name], page)
    whole = {"study": given.study, "start": start, "sections": shown}
    report = pages.render("report.html.j2", **whole, here=directories["report"])
    pages.write_text(out["report"], report)


def _start(pieces: Pieces, given: Given, directory: Path, *, linked: bool) -> Any:
    """The start page's body."""
    claims, overview, counts = (pieces.tables[n] for n in ("claims", "overview", "improved"))
    return pages.render(
        "start.html.j2",
        study=given.study,
        findings=given.findings,
        figure=sections.first_figure(pieces),
        claims=claims if linked else alone(claims),
        claims_csv=pages.csv_link(claims),
        overview=overview,
        overview_csv=pages.csv_link(overview),
        counts=counts,
        counts_csv=pages.csv_link(counts),
        configuration=given.configuration,
        here=directory,
    )
