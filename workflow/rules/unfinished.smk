# A report in spite of failed jobs (--keep-going). No rule lives here.
#
# A job that failed leaves no files, and Snakemake runs nothing that needs them: no report either.
# When all others are done, another run makes the report of what is there: the same study with
# `partial`, which has no rule before `select`, so that nothing that failed is tried again. Which
# jobs there are is settled when a run begins, so it takes another run. A user starts the same with
# `snakemake report --config partial=True` and the options of the run.
import json
import subprocess

from snakemake.cli import get_argument_parser


onerror:
    if MAIN and workflow.execution_settings.keep_going:
        report_the_rest()


def report_the_rest():
    """The report of what is there, by a run of its own."""
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
    command += ["--cores", str(workflow.resource_settings.cores or 1), *options_of_this_run()]
    done = subprocess.run([*command, "--quiet", "host", "rules", "progress"])
    if done.returncode:
        logger.error("The report of what is there could not be made, either; see above.")
        return
    logger.error(
        f"results/report.html is made of what is there; {len(absent)} of"
        f" {len(PLAN.trial_paths)} trials are marked as missing. The same command tries them again."
    )


def options_of_this_run():
    """Where and how jobs run, as the command line says: Snakemake keeps no profile's name."""
    given = get_argument_parser().parse_args(sys.argv[1:])
    options = [f"--profile={seen_from_here(name)}" for name in given.profile or []]
    for name in ("workflow_profile", "executor", "conda_prefix"):
        if value := getattr(given, name):
            options.append(f"--{name.replace('_', '-')}={seen_from_here(value)}")
    if methods := workflow.deployment_settings.deployment_method:
        names = [method.item_to_choice() for method in methods]
        options += ["--software-deployment-method", *names]
    return options


def seen_from_here(value):
    """A value of the command line; a path is given from where the run began (--directory)."""
    place = Path(workflow.workdir_init, value)
    return str(place) if place.exists() else value
