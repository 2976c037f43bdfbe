"""Fetch one language's files of a corpus, from the network or the mirror."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):  # noqa: F821
    from polyheads import fetching

    fetching.fetch(
        entry=snakemake.params.entry,  # noqa: F821
        language=snakemake.wildcards.language,  # noqa: F821
        mirror=snakemake.config["mirror"],  # noqa: F821
        out_dir=Path(snakemake.output[0]),  # noqa: F821
        lock_path=Path(snakemake.params.lock),  # noqa: F821
        splits=snakemake.params.splits,  # noqa: F821
    )
