"""Prune the k lowest heads of a ranking and fine-tune the pre-trained model, for each k."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):  # noqa: F821
    from polyheads import rankings, trials

    p = snakemake.params  # noqa: F821
    runner = trials.Trials(trials.setup(snakemake))  # noqa: F821
    lowest = rankings.read(snakemake.input.ranking)["order"]  # noqa: F821
    paths = [Path(name).with_suffix("") for name in snakemake.output.scores]  # noqa: F821
    stages = [trials.stage(path) for path in paths]
    for k, path, stage in zip(p.ks, paths, stages, strict=True):
        trial = {**p.trial, "protocol": "prune", "ranking": p.ranking, "k": k}
        runner.run(path, trial=trial, pruned=lowest[:k], stage=stage)
    trials.publish(stages, paths)
