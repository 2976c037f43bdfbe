"""Fetch the plain files of an encoder, from the hub or the mirror."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.corpora.fetching import hub

    hub.fetch_model(
        hub=snakemake.params.hub,
        revision=snakemake.wildcards.revision,
        mirror=snakemake.config["mirror"],
        out_dir=Path(snakemake.output[0]),
        lock_path=Path(snakemake.params.lock),
        project=Path(snakemake.scriptdir).parents[1],
    )
