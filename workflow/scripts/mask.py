"""Evaluate a fine-tuned model without the k lowest heads, not trained again, for each k."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):  # noqa: F821
    from polyheads import rankings, trials

    p = snakemake.params  # noqa: F821
    runner = trials.Trials(trials.setup(snakemake))  # noqa: F821
    lowest = rankings.read(snakemake.input.ranking)["order"]  # noqa: F821
    model = runner.load_model(Path(snakemake.input.weights))  # noqa: F821
    for k, name in zip(p.ks, snakemake.output.scores, strict=True):  # noqa: F821
        trial = {**p.trial, "protocol": "mask", "ranking": p.ranking, "k": k}
        pruned = lowest[:k]
        rows = runner.evaluate(model, pruned)
        runner.write(
            Path(name).with_suffix(""), trial=trial, pruned=pruned, training=None, rows=rows
        )
        print(f"k={k}: done", flush=True)
