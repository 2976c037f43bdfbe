"""Prune the k lowest heads of a ranking and fine-tune the pre-trained model, for each k."""

from pathlib import Path

from polyheads.job import job

NO_BRANCH = {"protocol": None, "ranking": None}  # of k = 0

with job(snakemake.log[0], snakemake.output):
    from polyheads.importance import orders
    from polyheads.training import together, trials

    p = snakemake.params
    minutes = snakemake.config["checkpoint_minutes"]
    setup = trials.setup(**p.training, checkpoint_minutes=minutes, code=p.code)
    ranking = p.ranking  # none where k is 0 alone
    lowest = orders.read(snakemake.input.ranking)["order"] if ranking else []
    orders.check(lowest, max(p.ks))
    branch = {"protocol": "prune", "ranking": ranking}
    paths = [Path(name).with_suffix("") for name in snakemake.output.scores]
    stages = [trials.stage(path) for path in paths]
    members = [
        together.Trial(
            path=path,
            stage=stage,
            point={**p.trial, **(branch if k else NO_BRANCH), "k": k},
            pruned=lowest[:k],
        )
        for k, path, stage in zip(p.ks, paths, stages, strict=True)
    ]
    together.run(trials.Trials(setup), members, at_once=snakemake.config["trials_at_once"])
    trials.publish(stages, paths)
