"""Score every head of a fine-tuned model on the dev (or test) set, by the method of the ranking."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads import origins
    from polyheads.importance import scores
    from polyheads.training import trials

    p, wildcards = snakemake.params, snakemake.wildcards
    minutes = snakemake.config["checkpoint_minutes"]
    setup = trials.setup(**p.training, checkpoint_minutes=minutes, code=p.code)
    runner = trials.Trials(setup)
    found = scores.score(
        p.scorer,
        runner.load_model(Path(snakemake.input.weights)),
        setup.encodings[p.text],
        recipe=setup.recipe,
        layout=runner.layout,
        shape=runner.shape,
        device=runner.device,
        seed=setup.seed,
    )
    scores.write(
        Path(snakemake.output[0]),
        found,
        method=wildcards.kind,
        point=p.trial,
        task=runner.task,
        language=p.text,
        seed=setup.seed,
        made_of=runner.origins(origins.splits_scored(wildcards.language, p.text, setup.recipe)),
    )
