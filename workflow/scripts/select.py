"""Read all trials of the study, choose k by both readings; scores, choices and tables."""

from polyheads.job import job

with job(snakemake):
    from pathlib import Path

    from polyheads import exhibits, pages, report, selection

    sweeps = snakemake.params.sweeps
    published = exhibits.read_published(snakemake.input.published)
    plan = exhibits.plan(sweeps, published)
    readings = exhibits.readings(plan, sweeps)
    scores = selection.load_scores(snakemake.input.trials, sweeps)
    choices = selection.pruned_heads(selection.choose(scores, readings))
    selection.write(scores, snakemake.output.scores)
    selection.write(choices, snakemake.output.choices)
    rows = selection.read(snakemake.output.choices)
    languages = exhibits.read_languages(snakemake.input.languages)
    directory = Path(snakemake.output.tables[0]).parent
    for table in report.result_tables(plan, rows, languages, published):
        pages.write_table(table, directory)
