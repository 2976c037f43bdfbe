# Polyheads: which attention heads a multilingual encoder needs, and what is left without the
# others. See README.md for use and ARCHITECTURE.md for the shape.
from snakemake.utils import min_version

min_version("9.19")


include: "workflow/rules/configuration.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/wildcards.smk"


# A partial report takes what is there and makes nothing before it.
if not STUDY["partial"]:

    include: "workflow/rules/fetching.smk"
    include: "workflow/rules/corpora.smk"
    include: "workflow/rules/models.smk"
    include: "workflow/rules/rankings.smk"
    include: "workflow/rules/trials.smk"
    include: "workflow/rules/export.smk"


include: "workflow/rules/report.smk"
include: "workflow/rules/running.smk"
include: "workflow/rules/unfinished.smk"


rule all:
    default_target: True
    input:
        # Named here, too, so that a trial whose file was deleted is made again.
        expand("{path}.{kind}", path=PLAN.trial_paths, kind=["json", "parquet"]),
        rules.pages.output,
        rules.select.output,
        rules.statistics.output,
        rules.tables.output,
        rules.figures.output,
    localrule: True


# `snakemake report`: the same as `snakemake`, by the name of what it gives.
rule report:
    input:
        rules.all.input,
    localrule: True
