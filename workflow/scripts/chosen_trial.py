"""Train once more, with a fresh seed, the k that another seed's sweep chose on dev."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.importance import orders
    from polyheads.study import choice
    from polyheads.training import trials

    given, p = snakemake.input, snakemake.params
    k = choice.chosen_k(given.sweep, p.chooses["ks"], p.chooses["dev"], p.chooses["metric"])
    ranking = snakemake.wildcards.ranking
    path = Path(snakemake.output.scores).with_suffix("")
    trial = {**p.trial, "protocol": "prune", "ranking": ranking, "k": k, "chosen": p.chooses}
    if k:
        pruned = orders.read(given.ranking)["order"][:k]
        stage = trials.stage(path)
        minutes = snakemake.config["checkpoint_minutes"]
        setup = trials.setup(**p.training, checkpoint_minutes=minutes, code=p.code)
        trials.Trials(setup).run(path, trial=trial, pruned=pruned, stage=stage)
        trials.publish([stage], [path])
    else:
        # All heads were best: the trial is the one with k = 0, and is not trained again.
        unpruned = Path(given.unpruned[0]).with_suffix("")
        trials.copy(unpruned, path, trial=trial, code=p.code)
    print(f"{path}: k = {k}", flush=True)
