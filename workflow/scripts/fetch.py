"""Fetch one language's files of a corpus, from the network or the mirror."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):
    from polyheads import fetching

    fetching.fetch(
        entry=snakemake.params.entry,
        language=snakemake.wildcards.language,
        mirror=snakemake.config["mirror"],
        out_dir=Path(snakemake.output[0]),
        lock_path=Path(snakemake.params.lock),
        splits=snakemake.params.splits,
    )
