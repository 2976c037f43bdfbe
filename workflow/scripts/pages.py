"""Put tables, figures, corpora and run times together: the report and its pages."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads.exhibits import results
    from polyheads.report import build, leftovers

    given, p = snakemake.input, snakemake.params
    leftovers.clear(Path(given.choices).parent, snakemake.rule, snakemake.output)
    build.build(
        study=p.study,
        sweeps=p.sweeps,
        results=results.read(given, p.languages),
        figures={Path(path).stem: path for path in given.figures},
        language_maps=list(given.maps_of_languages),
        heat_maps=list(given.heat_maps),
        corpora=given.corpora,
        labels={Path(path).stem.removeprefix("labels."): path for path in given.labels},
        encodings=given.encodings,
        benchmarks=p.benchmarks,
        versions=given.versions,
        configuration=given.configuration,
        out={
            **{name: path for name, path in snakemake.output.items() if name != "tables"},
            "tables": Path(snakemake.output.tables[0]).parent,
        },
    )
