"""What resampling says of the study: intervals and p of gains, nulls, differences of gains."""

import os

from polyheads.job import job

terminal = os.dup(2)  # from here on the log takes what goes to standard error

with job(snakemake.log[0], snakemake.output):
    from polyheads import exhibits
    from polyheads.analysis import differences, null_baselines, rows, selection, whole
    from polyheads.exhibits import contents

    given, out, p = snakemake.input, snakemake.output, snakemake.params
    plan = contents.plan(p.sweeps, exhibits.read_published())
    choices, scores = selection.read(given.choices), selection.read(given.scores)
    found = whole.statistics(plan, p.sweeps, choices, scores, delta=p.delta)
    rows.write(found.gains, out.gains)
    rows.write(found.nulls, out.nulls, null_baselines.COLUMNS)
    rows.write(found.differences, out.differences, differences.COLUMNS)
    for problem in rows.problems([*found.gains, *found.differences]):
        for stream in (2, terminal):
            os.write(stream, f"Warning: {problem}\n".encode())
