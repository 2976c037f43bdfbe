"""Read all trials of the study and choose k by both criteria: scores and choices."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    import csv

    from polyheads import exhibits, provenance
    from polyheads.analysis import selection
    from polyheads.exhibits import contents

    sweeps = snakemake.params.sweeps
    plan = contents.plan(sweeps, exhibits.read_published())
    criteria = exhibits.criteria(plan, sweeps)
    scores = selection.load_scores(snakemake.input.trials, sweeps)
    choices = selection.pruned_heads(selection.choose(scores, criteria))
    selection.write(scores, snakemake.output.scores)
    selection.write(choices, snakemake.output.choices)
    with open(snakemake.output.versions, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ("package", "version", "trials"))
        table.writeheader()
        table.writerows(provenance.versions_of(snakemake.input.trials))
