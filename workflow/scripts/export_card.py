"""Write the model card of an export."""

import json
from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.exports import card

    given, p = snakemake.input, snakemake.params
    record = json.loads(Path(given.record).read_text())
    trials = [Path(given.sweep[0]), Path(record["trial"])]
    card.write(
        Path(snakemake.output[0]),
        record=record,
        config=json.loads(Path(given.config).read_text()),
        encoder=json.loads(Path(given.encoder).read_text()),
        corpora={
            Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.corpora
        },
        scores=card.compare(
            [path.with_suffix("") for path in trials],
            metric=record["metric"],
            corpus=record["point"]["corpus"],
            task=record["task"],
            languages=p.tested,
        ),
        languages=p.languages,
        command=p.command,
    )
