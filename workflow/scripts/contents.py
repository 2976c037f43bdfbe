"""Write what the study shows, for the rules that make it."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.study import contents

    contents.write(snakemake.params.contents, snakemake.output[0])
