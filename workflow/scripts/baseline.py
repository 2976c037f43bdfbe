"""Fine-tune with all heads; the weights live until they have been read."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.importance import scores
    from polyheads.training import trials

    p = snakemake.params
    minutes = snakemake.config["checkpoint_minutes"]
    setup = trials.setup(**p.training, checkpoint_minutes=minutes, code=p.code)
    runner = trials.Trials(setup)
    if p.scorer:
        scores.try_out(
            p.scorer,
            runner.fresh_model(),
            runner.train_sets[0],
            layout=runner.layout,
            shape=runner.shape,
            device=runner.device,
        )
    out = Path(snakemake.output[0])
    checkpoint = trials.stage(out)
    model, _ = runner.fit(pruned=[], checkpoint_path=checkpoint, name=f"{out.parent} {out.stem}")
    runner.save_weights(model, out)
    checkpoint.unlink(missing_ok=True)
