"""Put tables, figures, corpora and run times together: the report and its pages."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads.report import build, findings, leftovers, pages
    from polyheads.report.sections import Pieces
    from polyheads.report.tables import made
    from polyheads.study import contents

    given, p = snakemake.input, snakemake.params
    leftovers.clear(Path(given.contents).parent, snakemake.rule, snakemake.output)
    study = contents.read(given.contents)
    tables = pages.read_tables(given.tables)
    titles = {name: table.title for name, table in tables.items()}
    pieces = Pieces(
        contents=study,
        tables=tables,
        figures={Path(path).stem: path for path in given.figures},
        signatures=made.read_signatures(given.findings),
        languages=p.languages,
    )
    build.build(
        pieces,
        build.Given(
            study=p.study,
            findings=findings.sentences(findings.read(given.findings), p.languages, titles),
            heat_maps=list(given.heat_maps),
            language_maps=list(given.maps_of_languages),
            costs=given.costs[0] if given.costs else None,
            corpora=given.corpora,
            labels={Path(path).stem.removeprefix("labels."): path for path in given.labels},
            encodings=given.encodings,
            benchmarks=p.benchmarks,
            versions=given.versions,
            models=given.models,
            machines=made.read_rows(given.findings, "machines"),
            choices=made.read_rows(given.findings, "pruned-heads"),
            configuration=given.configuration,
        ),
        dict(snakemake.output.items()),
    )
