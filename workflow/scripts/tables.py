"""The tables of the study's exhibits as pages, CSV and LaTeX."""

from polyheads.job import job

with job(snakemake):
    from pathlib import Path

    from polyheads.exhibits import contents
    from polyheads.exhibits.results import read
    from polyheads.report import pages

    given = snakemake.input
    results = read(given)
    directory = Path(snakemake.output[0]).parent
    for exhibit in contents.plan(snakemake.params.sweeps, results.published):
        caption = contents.CAPTIONS.get(exhibit["kind"], exhibit["kind"])
        for table in contents.tables_of(exhibit, results):
            pages.write_table(table, directory, caption)
