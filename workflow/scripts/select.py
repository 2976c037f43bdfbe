"""Read all trials of the study and choose k by both readings: scores and choices."""

from polyheads.job import job

with job(snakemake):
    from polyheads import contents, exhibits, selection

    sweeps = snakemake.params.sweeps
    plan = contents.plan(sweeps, exhibits.read_published(snakemake.input.published))
    readings = exhibits.readings(plan, sweeps)
    scores = selection.load_scores(snakemake.input.trials, sweeps)
    choices = selection.pruned_heads(selection.choose(scores, readings))
    selection.write(scores, snakemake.output.scores)
    selection.write(choices, snakemake.output.choices)
