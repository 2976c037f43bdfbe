"""Intervals and p of every gain of the study, from kept predictions; gains of null sweeps."""

import os

from polyheads.job import job

terminal = os.dup(2)  # from here on the log takes what goes to standard error

with job(snakemake):
    from polyheads import exhibits, selection
    from polyheads.exhibits import contents
    from polyheads.statistics import gains, nulls, rows

    given, out = snakemake.input, snakemake.output
    sweeps = snakemake.params.sweeps
    plan = contents.plan(sweeps, exhibits.read_published())
    readings = exhibits.readings(plan, sweeps)
    choices = selection.read(given.choices)
    scores = selection.read(given.scores)
    found = gains.statistics(plan, readings, choices, scores)
    rows.write(found, out.gains)
    # Nulls in the experiments' own metrics only: choices has those of other tables, too.
    own = {(sweep["experiment"], sweep["metric"]) for sweep in sweeps}
    chosen = [row for row in choices if (row["experiment"], row["metric"]) in own]
    rows.write(nulls.rows(chosen, scores), out.nulls, nulls.COLUMNS)
    for problem in rows.problems(found):
        for stream in (2, terminal):
            os.write(stream, f"Warning: {problem}\n".encode())
