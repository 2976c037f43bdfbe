"""Intervals and p of every gain of the study and of differences between them, from kept
predictions; gains of null sweeps."""

import os

from polyheads.job import job

terminal = os.dup(2)  # from here on the log takes what goes to standard error

with job(snakemake):
    from polyheads import exhibits, selection
    from polyheads.exhibits import claim_contrasts, claim_study, contents, control_sweeps
    from polyheads.exhibits.results import Results
    from polyheads.statistics import differences, gains, nulls, rows

    given, out = snakemake.input, snakemake.output
    sweeps = snakemake.params.sweeps
    plan = contents.plan(sweeps, exhibits.read_published())
    readings = exhibits.readings(plan, sweeps)
    choices = selection.read(given.choices)
    delta = snakemake.params.delta
    found = gains.statistics(plan, readings, choices, delta=delta)
    rows.write(found, out.gains)
    # Nulls in the experiments' own metrics only: choices has those of other tables, too.
    own = {(sweep["experiment"], sweep["metric"]) for sweep in sweeps}
    chosen = [row for row in choices if (row["experiment"], row["metric"]) in own]
    of_nulls = nulls.rows(chosen, selection.read(given.scores))
    rows.write(of_nulls, out.nulls, nulls.COLUMNS)
    # Which groups a claim compares depends on which of them have nulls.
    results = Results(choices, (), (), {}, (), found, of_nulls)
    contrasts = claim_contrasts.contrasts(claim_study.study(plan, sweeps, results))
    contrasts += control_sweeps.contrasts(plan, sweeps, choices)
    apart = differences.rows(contrasts, readings, choices, delta=delta)
    rows.write(apart, out.differences, differences.COLUMNS)
    for problem in rows.problems([*found, *apart]):
        for stream in (2, terminal):
            os.write(stream, f"Warning: {problem}\n".encode())
