"""The report: one self-contained HTML page, and its parts as pages for `snakemake --report`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads import exhibits
from polyheads.analysis import clusters
from polyheads.exhibits import baselines, claims, contents, inputs, overviews, reproduction
from polyheads.exhibits.findings import findings
from polyheads.exhibits.results import Results
from polyheads.report import corpus_report, inventory, pages, sections


def build(
    *,
    study: Mapping[str, Any],
    sweeps: Sequence[dict],
    results: Results,
    figures: Mapping[str, str | Path],
    heat_maps: Sequence[str | Path],
    corpora: Sequence[str | Path],
    labels: Mapping[str, str | Path],
    encodings: Sequence[str | Path],
    benchmarks: Mapping[str, Iterable[str | Path]],
    versions: str | Path,
    out: Mapping[str, str | Path],
    language_maps: Sequence[str | Path] = (),
    configuration: str | Path | None = None,
) -> None:
    """Write the report and its pages.

    study: name, title, notes (sentences for the start page). figures: name of an exhibit -> SVG.
    heat_maps: an SVG for each of results.rankings. corpora, encodings: corpus.json and
    encoding.json files. labels: corpus -> SVG of its labels. benchmarks: stage -> Snakemake's
    benchmark files. language_maps: SVGs of similarity.groups. versions: versions.csv. out:
    paths of report, start, corpora and runtimes, and in `tables` the directory of the tables over
    the whole study (contents.WHOLE). configuration: the study's config.yaml, which the
    pages show and link to. Nothing in them needs a network; links to files of trials and to that
    one are relative, and lead somewhere as long as the pages lie where they were made.
    """
    languages = results.languages
    plan = contents.plan(sweeps, results.published)
    main = exhibits.main_choices(plan, results.choices)
    # Not what exists: a partial report leaves out older files of trials that are to be made again.
    done = {row["trial_path"] for row in results.scores}
    overview = overviews.overview(main, results.published)
    counts = clusters.counts_table(main, languages, results.statistics)
    held = claims.claims(plan, sweeps, results)
    told = findings(sweeps, done, main, languages, results.statistics)
    told["found"] += reproduction.sentences(
        table
        for exhibit in plan
        if exhibit["kind"] in ("table", "sources")
        for table in contents.tables_of(exhibit, results)
    )
    words = {
        "study": study,
        "findings": told,
        "overview": overview,
        "overview_csv": pages.csv_link(overview),
        "counts": counts,
        "counts_csv": pages.csv_link(counts),
        "claims_csv": pages.csv_link(held),
        "configuration": configuration,
    }
    here = {name: Path(out[name]).parent for name in ("report", "start", "corpora", "runtimes")}
    start = pages.render("start.html.j2", claims=held, here=here["report"], **words)
    # Alone, the page has no sections that the claims could lead to.
    unlinked = claims.without_links(held)
    alone = pages.render("start.html.j2", claims=unlinked, here=here["start"], **words)
    read = [inputs.read_json(path) for path in corpora]
    data = [
        corpus_report.corpora_table(read, languages),
        corpus_report.repairs_table(read, languages),
        corpus_report.repeated_table(read, languages),
        inventory.subwords_table([inputs.read_json(path) for path in encodings], languages),
    ]
    if compared_with := baselines.table(results.scores, languages):
        data.append(compared_with)
    made = inventory.versions_table(inputs.read_table(versions), configuration)
    times = [inventory.run_times_table(benchmarks), made]
    asked = sections.configuration(configuration) if configuration else []
    compared = contents.comparisons(results, sweeps)
    shown = [
        sections.how_to_read(),
        *sections.nulls(plan, results),
        *sections.experiments(plan, results, figures),
        sections.scores(results, main, heat_maps, language_maps, compared),
        sections.inventory("corpora", "Corpora", data, sections.labels(read, languages, labels)),
        sections.inventory("runtimes", "Run times and versions", times, asked),
    ]
    for table in (held, overview, counts, overviews.heads_table(main, languages)):
        pages.write_table(claims.without_links(table), out["tables"], "start")
    title = study.get("title") or study["name"]
    whole = {"study": study, "start": start, "sections": shown, "here": here["report"]}
    pages.write_text(out["start"], pages.page(title, here=here["start"], body=alone))
    for name, words, tables in (
        ("corpora", "Corpora", data),
        ("runtimes", "Run times and versions", times),
    ):
        page = pages.page(words, here=here[name], tables=tables, caption_name=name)
        pages.write_text(out[name], page)
    pages.write_text(out["report"], pages.render("report.html.j2", **whole))
