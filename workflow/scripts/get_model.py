"""Keep an encoder that was fetched or lies in a local directory; refuse one that does not fit."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads import origins
    from polyheads.encoders import models

    spec = snakemake.params.spec
    if "hub" in spec:
        found = Path(snakemake.input[0])
        source = {"hub": spec["hub"], "revision": spec["revision"]}
    else:
        found = Path(spec["path"])
        source = {"path": found.name}
    out = Path(snakemake.output.info).parent
    made_of = origins.of_encoder(spec, snakemake.params.code)
    models.install(source_dir=found, name=spec["name"], source=source, out_dir=out, made_of=made_of)
