"""Fetch one language's files of a corpus, from the network, the mirror or own copies."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.corpora import fetching

    fetching.fetch(
        entry=snakemake.params.entry,
        language=snakemake.wildcards.language,
        mirror=snakemake.config["mirror"],
        own_copies=snakemake.config["own_copies"],
        out_dir=Path(snakemake.output[0]),
        lock_path=Path(snakemake.params.lock),
        project=Path(snakemake.scriptdir).parents[1],
        splits=snakemake.params.splits,
        archives={Path(path).name: path for path in snakemake.input.archives},
        partial_dir=Path(snakemake.params.partial),
    )
