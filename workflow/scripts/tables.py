"""The tables of the study as pages, CSV and LaTeX, and as data for the report."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads.report import captions, leftovers, pages
    from polyheads.report.table import empty
    from polyheads.report.tables import made
    from polyheads.study import contents, displays

    given, out = snakemake.input, snakemake.output
    study = contents.read(given.contents)
    directory = Path(out[0]).parent
    leftovers.clear(directory.parent, snakemake.rule, out)
    tables = {}
    for display in study.displays:
        for table in made.of_display(display, given.analysis, snakemake.params.languages):
            tables[table.name] = table
            pages.write_table(table, directory, captions.caption_of(display.kind))
    whole = made.of_study(given.analysis, snakemake.params.languages)
    why = "The rankings or trials that this table is about are missing."
    for name in (*study.comparisons, *displays.WHOLE):
        table = tables[name] = whole.get(name) or empty(name, why)
        caption = "start" if name in displays.WHOLE else captions.caption_of_comparison(name)
        pages.write_table(made.alone(table), directory, caption)
    pages.write_tables({**whole, **tables}, out.all)
