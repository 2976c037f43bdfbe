"""Evaluate a fine-tuned model without the k lowest heads, not trained again, for each k."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.importance import orders
    from polyheads.training import trials

    p = snakemake.params
    minutes = snakemake.config["checkpoint_minutes"]
    setup = trials.setup(**p.training, checkpoint_minutes=minutes, code=p.code)
    runner = trials.Trials(setup)
    lowest = orders.read(snakemake.input.ranking)["order"]
    orders.check(lowest, max(p.ks))
    model = runner.load_model(Path(snakemake.input.weights))
    sets = [lowest[:k] for k in p.ks]
    # With all heads on again this is the baseline: nothing was trained in between.
    found = runner.evaluate_each(model, sets)
    for k, name, pruned, rows in zip(p.ks, snakemake.output.scores, sets, found, strict=True):
        trial = {**p.trial, "protocol": "mask", "ranking": snakemake.wildcards.ranking, "k": k}
        runner.write(
            Path(name).with_suffix(""), trial=trial, pruned=pruned, training=None, rows=rows
        )
        print(f"k={k}: done", flush=True)
