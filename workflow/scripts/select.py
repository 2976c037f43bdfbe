"""Read all trials of the study, choose k by both readings; scores, choices and tables."""

from polyheads.job import job

with job(snakemake):  # noqa: F821
    from pathlib import Path

    from polyheads import exhibits, pages, report, selection

    sweeps = snakemake.params.sweeps  # noqa: F821
    published = exhibits.read_published(snakemake.input.published)  # noqa: F821
    plan = exhibits.plan(sweeps, published)
    readings = exhibits.readings(plan, sweeps)
    scores = selection.load_scores(snakemake.input.trials, sweeps)  # noqa: F821
    choices = selection.pruned_heads(selection.choose(scores, readings))
    selection.write(scores, snakemake.output.scores)  # noqa: F821
    selection.write(choices, snakemake.output.choices)  # noqa: F821
    rows = selection.read(snakemake.output.choices)  # noqa: F821
    languages = exhibits.read_languages(snakemake.input.languages)  # noqa: F821
    directory = Path(snakemake.output.tables[0]).parent  # noqa: F821
    for table in report.result_tables(plan, rows, languages, published):
        pages.write_table(table, directory)
