# What a run says before it starts, and what it looks at first. No rule lives here.
from polyheads.study import beforehand, costs

# Jobs read these files again, and have nothing to say or to clear up.
MAIN = workflow.is_main_process and not STUDY["partial"]
# Planning (-n) goes on without the files.
MISSING = beforehand.missing(PLAN) if MAIN else []
if MISSING:
    logger.warning("\n".join(["Files that are not there yet:", *MISSING]))
if MAIN:
    logger.info("\n".join(costs.lines(PLAN, "cuda" if GPUS else "cpu")))


# Before the first job, so that nobody loses a day to it, or what Snakemake deletes for a new run.
onstart:
    if MAIN:
        try:
            look_before_the_first_job(list(workflow.dag.needrun_jobs()))
        except UserError as error:
            raise WorkflowError(str(error))


def look_before_the_first_job(jobs):
    """UserError for what these jobs would fail on, as far as it can be known."""
    beforehand.check_disk("results")
    if of_corpora := PLAN.missing():
        raise UserError(f"{len(of_corpora)} files are missing: {of_corpora[0]}")
    for job in jobs:
        if job.rule.name == "get_model":
            beforehand.check_model(PLAN.models[job.wildcards.model], STUDY["mirror"])
        elif job.rule.name == "fetch_model":
            model = {"hub": HUB[job.wildcards.hub], "revision": job.wildcards.revision}
            beforehand.check_model(model, STUDY["mirror"])
    # Nobody knows here what the nodes of a cluster have, or an environment that conda makes.
    here = workflow.local_exec and not workflow.deployment_settings.deployment_method
    if here and STUDY["device"] == "cuda" and any(job.resources.get("gpu") for job in jobs):
        beforehand.check_cuda()
