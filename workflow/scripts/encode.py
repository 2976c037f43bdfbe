"""Words to subwords for one model, corpus and language."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):  # noqa: F821
    from polyheads.encoding import encode

    encode(
        model_dir=Path(snakemake.input.model).parent,  # noqa: F821
        corpus_dir=Path(snakemake.input.corpus).parent,  # noqa: F821
        out_dir=Path(snakemake.output.info).parent,  # noqa: F821
    )
