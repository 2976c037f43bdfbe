"""Train the trial that a sweep chose once more and write its model as others load it."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.exports import directory
    from polyheads.study import choice
    from polyheads.training import trials

    given, p = snakemake.input, snakemake.params
    k = p.k
    if k is None:
        k = choice.chosen_k(given.sweep, p.ks, p.dev, p.metric)
    minutes = snakemake.config["checkpoint_minutes"]
    setup = trials.setup(**p.training, checkpoint_minutes=minutes, code=p.code)
    directory.make(
        trials.Trials(setup),
        trial=Path(given.sweep[p.ks.index(k)]).with_suffix(""),
        about={
            "k": k,
            "chosen": {"dev": p.dev, "ks": p.ks} if p.k is None else None,
            **{
                key: getattr(p, key) for key in ("study", "task", "metric", "ranking", "trained_on")
            },
        },
        out=Path(snakemake.output.weights).parent,
        checkpoint=Path(p.checkpoint),
        corpora={code: Path(path) for code, path in p.corpora.items()},
    )
