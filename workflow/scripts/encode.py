"""Words to subwords for one model, corpus and language."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.encoders.encoding import encode

    encode(
        model_dir=Path(snakemake.input.model).parent,
        corpus_dir=Path(snakemake.input.corpus).parent,
        out_dir=Path(snakemake.output.info).parent,
        code=snakemake.params.code,
    )
