# What a run says before it starts, and what it does when jobs failed. No rule lives here.
import json
import subprocess

from polyheads.study import beforehand, costs

# Jobs read these files again, and have nothing to say or to clear up.
MAIN = workflow.is_main_process and not STUDY["partial"]
# Planning (-n) goes on without the files.
MISSING = beforehand.missing(PLAN) if MAIN else []
if MISSING:
    logger.warning("\n".join(["Files that are not there yet:", *MISSING]))
if MAIN:
    logger.info("\n".join(costs.lines(PLAN, "cuda" if gpus() else "cpu")))


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


onerror:
    if MAIN and workflow.execution_settings.keep_going:
        report_the_rest()


def report_the_rest():
    """After failed jobs: the report of what is there, by a run that tries none of them again."""
    jobs = list(workflow.dag.needrun_jobs())  # without those that are done
    files = {str(file) for job in jobs for file in job.output}
    before_report = [f for f in files if not f.startswith((OUT, "results/report."))]
    if not before_report or not any(job.rule.name == "pages" for job in jobs):
        return
    unfinished.write(NAME, files)
    absent = [p for p in PLAN.trial_paths if f"{p}.json" in files]
    if len(absent) == len(PLAN.trial_paths):
        logger.error("No trial is up to date, so there is no report. The same command tries again.")
        return
    study = unfinished.listing(NAME).with_suffix(".json")  # where a cluster's jobs see it, too
    study.write_text(json.dumps({**config, "partial": True}))
    command = [sys.executable, "-m", "snakemake", "report", "--nolock"]
    command += ["--snakefile", workflow.main_snakefile, "--configfile", str(study)]
    command += ["--cores", str(workflow.resource_settings.cores or 1), *passed_on()]
    done = subprocess.run([*command, "--quiet", "host", "rules", "progress"])
    if done.returncode:
        logger.error("The report of what is there could not be made, either; see above.")
        return
    logger.error(
        f"results/report.html is made of what is there; {len(absent)} of"
        f" {len(PLAN.trial_paths)} trials are marked as missing. The same command tries them again."
    )


# Where and how the report's jobs run, as the command line says.
PASSED_ON = ("--profile", "--workflow-profile", "--executor", "-e", "--conda-prefix")
PASSED_ON += ("--software-deployment-method", "--deployment-method", "--deployment", "--sdm")


def passed_on():
    """The command line's words of PASSED_ON; paths from where the run began (--directory)."""
    found = []
    words = iter(sys.argv[1:])
    for word in words:
        option, given, value = word.partition("=")
        if option in PASSED_ON:
            value = value if given else next(words, "")
            there = Path(workflow.workdir_init, value)
            found += [option, str(there) if there.exists() else value]
        elif word == "--use-conda":
            found.append(word)
    return found
