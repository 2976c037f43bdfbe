"""The report: one self-contained HTML page, and its parts as pages for `snakemake --report`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyheads.analysis.choices import Choice
from polyheads.analysis.data_use import data_use
from polyheads.analysis.labels import by_corpus
from polyheads.analysis.run_times import run_times
from polyheads.analysis.signatures import Machine
from polyheads.files import read_json, read_table
from polyheads.report import pages, reproducibility, sections
from polyheads.report.findings import Sentences
from polyheads.report.sections import Pieces
from polyheads.report.table import Table
from polyheads.report.tables import corpora as corpora_tables
from polyheads.report.tables import inventory
from polyheads.report.tables import reproducibility as of_reproducibility
from polyheads.report.tables.made import alone


@dataclass(frozen=True, kw_only=True)
class Given:
    """Files and facts that the pages show as they are."""

    study: Mapping[str, Any]  # name, title, notes (sentences for the start page)
    findings: Sentences
    heat_maps: Sequence[str | Path]  # an SVG for each of contents.rankings
    language_maps: Sequence[str | Path]  # an SVG for each group of languages
    costs: str | Path | None = None  # an SVG of what pruning by each ranking leaves
    corpora: Sequence[str | Path]  # corpus.json files
    labels: Mapping[str, str | Path]  # corpus -> SVG of its labels
    encodings: Sequence[str | Path]  # encoding.json files
    benchmarks: Mapping[str, Iterable[str | Path]]  # stage -> Snakemake's benchmark files
    versions: str | Path  # versions.csv
    models: Sequence[str | Path]  # model.json files
    machines: Sequence[Machine]
    choices: Sequence[Choice]  # of the role main, in the experiments' own metrics
    configuration: str | Path  # the study's config.yaml, shown and linked to


def build(pieces: Pieces, given: Given, out: Mapping[str, str | Path]) -> None:
    """Write the report and its pages.

    out: paths of report, start, corpora, runtimes and reproducibility. Nothing in the pages needs a
    network; links to files of trials and to the configuration are relative, and lead somewhere as
    long as the pages lie where they were made.
    """
    from markupsafe import Markup

    directories = {name: Path(path).parent for name, path in out.items()}
    heading = given.study.get("title") or given.study["name"]
    start = _start(pieces, given, directories["report"], linked=True)
    # Alone, the page has no sections that the claims could lead to.
    alone = _start(pieces, given, directories["start"], linked=False)
    read = [read_json(path) for path in given.corpora]
    encodings = [read_json(path) for path in given.encodings]
    measured = run_times(given.benchmarks)
    data = [
        corpora_tables.corpora_table(read, pieces.languages),
        corpora_tables.repairs_table(read, pieces.languages),
        corpora_tables.repeated_table(read, pieces.languages),
        inventory.subwords_table(encodings, pieces.languages),
    ]
    wanted = ("fertility", "corpus-baselines")
    data += [pieces.tables[name] for name in wanted if name in pieces.tables]
    labels = {
        corpus: corpora_tables.labels_table(members, pieces.languages)
        for corpus, members in by_corpus(read).items()
    }
    times = [
        inventory.run_times_table(measured),
        inventory.versions_table(read_table(given.versions), given.configuration),
    ]
    asked = sections.configuration(given.configuration)
    study = reproducibility.Study(
        contents=pieces.contents,
        whole=pieces.signatures["claims"],
        machines=given.machines,
        models=[read_json(path) for path in given.models],
        corpora=read,
        data=data_use(read, encodings),
        times=measured,
        configuration=reproducibility.read_configuration(given.configuration),
    )
    checklist = pages.render("checklist.html.j2", answers=reproducibility.answers(study))
    checked = [
        of_reproducibility.models_table(study.models),
        of_reproducibility.recipes_table(reproducibility.used_recipes(study)),
        of_reproducibility.dev_test_table(given.choices, pieces.languages),
    ]
    shown = [
        sections.how_to_read(pieces),
        *sections.null_baselines(pieces),
        *sections.experiments(pieces),
        sections.scores(pieces, given.heat_maps, given.language_maps, given.costs),
        sections.inventory("corpora", "Corpora", data, sections.labels(labels, given.labels)),
        sections.inventory("runtimes", "Run times and versions", times, asked),
        sections.checklist(checklist, checked),
    ]
    pages.write_text(out["start"], pages.page(heading, here=directories["start"], body=alone))
    single: list[tuple[str, str, list[Table]]] = [
        ("corpora", "Corpora", data),
        ("runtimes", "Run times and versions", times),
    ]
    for name, words, tables in single:
        page = pages.page(words, here=directories[name], tables=tables, caption_name=name)
        pages.write_text(out[name], page)
    heading = "Reproducibility checklist"
    body = Markup("<h1>{}</h1>").format(heading) + checklist
    page = pages.page(heading, here=directories["reproducibility"], tables=checked, body=body)
    pages.write_text(out["reproducibility"], page)
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
