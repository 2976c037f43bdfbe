"""Fine-tune with all heads (k = 0); the weights live until the heads are scored."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):
    from polyheads import trials

    p = snakemake.params
    runner = trials.Trials(trials.setup(snakemake))
    path = Path(snakemake.output.scores).with_suffix("")
    stage = trials.stage(path)
    trial = {**p.trial, "protocol": None, "ranking": None, "k": 0}
    model = runner.run(path, trial=trial, pruned=[], stage=stage, reuse=False)
    trials.save_weights(model, Path(snakemake.output.weights))
    trials.publish([stage], [path])
