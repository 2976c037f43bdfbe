"""The study's configuration with all its defaults, as a file that `--configfile` takes."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.report import pages

    pages.write_configuration(snakemake.params.study, snakemake.output[0])
