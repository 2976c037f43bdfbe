"""Read all trials of the study and choose k by both criteria: scores and choices."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads import provenance
    from polyheads.analysis import choices
    from polyheads.study import contents, displays

    given, out = snakemake.input, snakemake.output
    study = contents.read(given.contents)
    scores = choices.load_scores(given.trials, study.sweeps)
    sweeps = displays.with_metrics(study.displays, study.sweeps)
    choices.write_scores(scores, out.scores)
    choices.write(choices.with_heads(choices.choose(scores, sweeps)), out.choices)
    provenance.write_versions(given.trials, out.versions)
