"""The tables of the study's exhibits as pages, CSV and LaTeX."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads.exhibits import contents, tables
    from polyheads.exhibits.results import read
    from polyheads.report import leftovers, pages

    given = snakemake.input
    results = read(given, snakemake.params.languages)
    directory = Path(snakemake.output[0]).parent
    leftovers.clear(directory.parent, snakemake.rule, snakemake.output)
    for exhibit in contents.plan(snakemake.params.sweeps, results.published):
        caption = contents.CAPTIONS.get(exhibit["kind"], exhibit["kind"])
        for table in contents.tables_of(exhibit, results):
            pages.write_table(table, directory, caption)
    compared = contents.comparisons(results, snakemake.params.sweeps)
    why = "The rankings or trials that this table is about are missing."
    for name in dict.fromkeys(Path(path).stem for path in snakemake.output.get("compared", ())):
        table = compared.get(name) or tables.empty(name, why)
        pages.write_table(table, directory, contents.caption(name))
