"""What resampling says of the study: intervals and p of gains, null baselines, differences."""

import os

from polyheads.job import job

terminal = os.dup(2)  # from here on the log takes what goes to standard error

with job(snakemake.log[0], snakemake.output):
    from polyheads.analysis import choices, differences, estimates, inference, null_baselines
    from polyheads.study import contents

    given, out = snakemake.input, snakemake.output
    inferred = inference.infer(
        contents.read(given.contents),
        choices.read(given.choices),
        choices.read_scores(given.scores),
        delta=snakemake.params.delta,
    )
    estimates.write(inferred.estimates, out.gains)
    null_baselines.write(inferred.null_baselines, out.null_baselines)
    differences.write(inferred.differences, out.differences)
    for problem in inferred.problems:
        for stream in (2, terminal):
            os.write(stream, f"Warning: {problem}\n".encode())
