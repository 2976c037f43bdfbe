"""Train a tokenizer and pre-train a small encoder on the corpora's own training text."""

import sys
from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads import origins
    from polyheads.corpora import pretraining
    from polyheads.encoders import scratch

    p = snakemake.params
    text = pretraining.text(
        [Path(path) for path in snakemake.input.corpora],
        model=p.name,
        **{key: p.spec[key] for key in ("languages", "seed", "sentences")},
    )
    scratch.build(
        name=p.name,
        spec=p.spec,
        sentences=text.sentences,
        out_dir=Path(snakemake.output.info).parent,
        threads=p.threads,
        log=sys.stdout,
        text=text.about,
        made_of=origins.of_encoder(p.spec, p.code, text.corpora),
    )
