# What a run says before it starts, and what it looks at first. No rule lives here.
import logging

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from polyheads.study import beforehand, costs, progress

# Jobs read these files again, and have nothing to say or to clear up.
MAIN = workflow.is_main_process and not STUDY["partial"]
ONE_TRAINING = ("baseline", "chosen_trial")
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
        tell_progress()


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


class Follower(logging.Handler):
    """Says after each job that trains how far the run has come, behind Snakemake's own words."""

    def __init__(self, followed):
        super().__init__()
        self.followed = followed

    def emit(self, record):
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_STARTED:
            for number in record.jobs:
                self.followed.start(number)
        elif event == LogEvent.JOB_ERROR:
            self.followed.stop(record.jobid)
        elif event == LogEvent.JOB_FINISHED:
            if line := self.followed.finish(record.job_id):
                logger.info(line, extra={"quietness": Quietness.PROGRESS})


def tell_progress():
    """Follow the jobs of this run that train; those that are done already count as such."""
    work = progress.works(PLAN)
    ahead = set(workflow.dag.needrun_jobs())
    jobs, done = {}, 0
    for job in workflow.dag.jobs:
        if number := trainings_of(job):
            if job in ahead:
                each = work(training_of(job.wildcards))
                kind = "baseline" if job.rule.name == "baseline" else "trials"
                jobs[job.jobid] = progress.Job(kind, number, number * each)
            else:
                done += number
    if jobs:
        logger.addHandler(Follower(progress.Progress(jobs, done=done)))


def trainings_of(job):
    """How many trainings a job runs."""
    name = job.rule.name
    return len(job.output.scores) if name.startswith("trials_") else name in ONE_TRAINING
