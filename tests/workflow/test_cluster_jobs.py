"""What a job does on a cluster, as profiles/slurm submits it, without a cluster."""

import os
import re
import subprocess
from pathlib import Path

TRIAL = "results/trials/mini/toy/quick/aa/seed-42/prune-gradient-aa/k-02.json"
# Keeps what is submitted, and refuses it.
SBATCH = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > "$(dirname "$0")/submitted"
exit 1
"""


def submitted(project, place: Path) -> str:
    """The command that the profile gives to sbatch for the first job of a run."""
    place.mkdir()
    for name in ("sbatch", "squeue", "sinfo", "sacct", "sacctmgr", "scontrol"):
        command = place / name
        command.write_text(SBATCH if name == "sbatch" else "#!/bin/sh\n")
        command.chmod(0o755)
    options = ("--profile", "profiles/slurm", "--retries", "0", "--until", "trials_02_02")
    path = f"{place}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        project.command(*options),
        cwd=project.path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert "sbatch failed" in run.stdout + run.stderr
    (wrapped,) = re.findall(r"^--wrap=(.*)", (place / "submitted").read_text(), re.MULTILINE)
    # A directory of the run that has ended, for which the job would wait.
    return re.sub(r"'[^']*/\.snakemake/tmp\.[^']*' ", "", wrapped)


def test_code_edited_during_a_run_reruns_nothing_upstream_of_its_jobs(again, tmp_path):
    """Each job plans once more when it starts, by then with other hashes of code as parameters.

    Snakemake issue 3234.
    """
    (again.path / TRIAL).unlink()
    command = submitted(again, tmp_path / "bin")
    with (again.path / "workflow/polyheads/encoders/gates.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert {"encode", "pretrain"} <= set(again.planned())  # what a new run would do
    job = subprocess.run(
        f"{command} -n --quiet rules", shell=True, cwd=again.path, capture_output=True, text=True
    )
    assert job.returncode == 0, job.stderr
    counted = re.search(r"^-+ +-+\n(.*?)^total ", job.stdout, re.DOTALL | re.MULTILINE)
    assert counted, job.stdout
    assert counted[1].split() == ["trials_02_02", "1"]
