"""Fetch an archive of which several languages are parts."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.corpora import fetching

    fetching.fetch_archive(
        archive=snakemake.params.archive,
        corpus=snakemake.wildcards.corpus,
        path=Path(snakemake.output[0]),
        mirror=snakemake.config["mirror"],
        partial_dir=Path(snakemake.params.partial),
    )
