"""Fine-tune with all heads; the weights live until they have been read."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):
    from polyheads.catalogue.methods import KINDS
    from polyheads.importance import try_out
    from polyheads.training import trials

    runner = trials.Trials(trials.setup(snakemake))
    if snakemake.wildcards.purpose in KINDS:
        try_out(
            snakemake.wildcards.purpose,
            runner.fresh_model(),
            runner.train_sets[0],
            layout=runner.layout,
            shape=runner.shape,
            device=runner.device,
        )
    out = Path(snakemake.output[0])
    checkpoint = trials.stage(out)
    model, _ = runner.fit(pruned=[], checkpoint_path=checkpoint, name=f"{out.parent} {out.stem}")
    trials.save_weights(model, out)
    checkpoint.unlink(missing_ok=True)
