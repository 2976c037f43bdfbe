"""Intervals and p of every gain of the study, from kept predictions; gains of null sweeps."""

from polyheads.job import job

with job(snakemake):
    from polyheads import exhibits, selection
    from polyheads.exhibits import contents
    from polyheads.statistics import gains, nulls, rows

    given, out = snakemake.input, snakemake.output
    sweeps = snakemake.params.sweeps
    plan = contents.plan(sweeps, exhibits.read_published())
    readings = exhibits.readings(plan, sweeps)
    choices = selection.read(given.choices)
    rows.write(gains.statistics(plan, readings, choices), out.gains)
    # Nulls in the experiments' own metrics only: choices has those of other tables, too.
    own = {(sweep["experiment"], sweep["metric"]) for sweep in sweeps}
    chosen = [row for row in choices if (row["experiment"], row["metric"]) in own]
    rows.write(nulls.rows(chosen, selection.read(given.scores)), out.nulls, nulls.COLUMNS)
