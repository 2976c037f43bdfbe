"""A study through profiles/slurm on a real one-machine SLURM gives the files of a local run.

Runs where POLYHEADS_CLUSTER=1 says that tests/slurm/up.sh has started one (.ci/run does).
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "profiles/slurm"
CONFIG = ROOT / "tests/configs/cluster.yaml"
TRIAL = "results/trials/tiny/grammar-pos/long/en/seed-42/prune-gradient-en/k-02"
# Whatever a run of the study computes, but for benchmarks, logs and pages with run times.
COMPARED = ["corpora", "encodings", "models", "scores", "rankings", "trials", "studies/**/*.csv"]

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        os.environ.get("POLYHEADS_CLUSTER") != "1" or shutil.which("sbatch") is None,
        reason="no SLURM: start one with tests/slurm/up.sh and set POLYHEADS_CLUSTER=1",
    ),
]


def snakemake(directory: Path, *options: str) -> subprocess.Popen:
    """Start Snakemake on the study in a directory of its own; output goes to run.log there."""
    directory.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(directory), "--configfile", str(CONFIG), *options]
    with (directory / "run.log").open("w") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=directory)


def on_slurm(directory: Path, *options: str) -> subprocess.Popen:
    """The same through the profile, the trial with k = 2 on a (pretended) GPU.

    --set-resources on the command line replaces the profile's, so those are repeated. The study
    itself says `device: cpu`: SLURM counts a GPU that PyTorch would look for in vain.
    """
    requested = yaml.safe_load((PROFILE / "profile.yaml").read_text())["set-resources"]
    requested["trials_02_02"] = {"gpu": 1}
    resources = [f"{rule}:{k}={v}" for rule, wants in requested.items() for k, v in wants.items()]
    quick = ["--latency-wait", "10", "--slurm-init-seconds-before-status-checks", "2"]
    return snakemake(
        directory, "--profile", str(PROFILE), "--set-resources", *resources, *quick, *options
    )


def output(directory: Path) -> str:
    return (directory / "run.log").read_text()


def finish(process: subprocess.Popen, directory: Path, *, seconds: int = 420) -> None:
    assert process.wait(timeout=seconds) == 0, output(directory)


def slurm_job(rule: str) -> str | None:
    """The id of the running SLURM job of a rule (the executor writes the rule into the comment)."""
    listing = subprocess.check_output(
        ["squeue", "--noheader", "--states=RUNNING", "--format=%A %k"], text=True
    )
    found = re.search(rf"^(\d+) rule_{rule}(?:_|$)", listing, flags=re.MULTILINE)
    return found and found[1]


def wait_for(condition, process: subprocess.Popen, directory: Path, *, seconds: int = 300):
    """The first true value of the condition; fails when Snakemake ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        assert process.poll() is None, output(directory)
        time.sleep(0.1)
    pytest.fail(f"waited {seconds} s in vain\n{output(directory)}")


def checkpoint(directory: Path) -> bool:
    """Whether the training of the trial with k = 2 has left a checkpoint."""
    return (directory / f"{TRIAL.replace('/trials/', '/checkpoints/')}.safetensors").is_file()


def contents(directory: Path) -> dict[str, bytes]:
    results = directory / "results"
    patterns = (part if "*" in part else f"{part}/**/*" for part in COMPARED)
    files = (path for part in patterns for path in results.glob(part) if path.is_file())
    return {str(path.relative_to(results)): path.read_bytes() for path in files}


def test_cancelled_and_repeated_study_ends_with_the_files_of_a_local_run(tmp_path):
    local, cluster = tmp_path / "local", tmp_path / "cluster"
    finish(snakemake(local, "--cores", "2"), local)

    first = on_slurm(cluster, "--retries", "0")
    try:
        job = wait_for(lambda: slurm_job("trials_02_02"), first, cluster)
        description = subprocess.check_output(["scontrol", "show", "job", job], text=True)
        assert re.search(r"gres[:/]gpu[:=]1\b", description), description
        wait_for(lambda: checkpoint(cluster), first, cluster)
        subprocess.run(["scancel", job], check=True)
        assert first.wait(timeout=300) != 0, output(cluster)
    finally:
        first.terminate()
        first.wait()
    assert not (cluster / f"{TRIAL}.json").exists()
    assert (cluster / TRIAL.replace("k-02", "k-01")).with_suffix(".json").exists()
    assert checkpoint(cluster)

    finish(on_slurm(cluster), cluster)
    assert "trials_02_02" in output(cluster)
    assert "pretrain" not in output(cluster)  # what was done stays done
    (log,) = (cluster / "results/logs/trials").rglob("k-02.log")
    assert "goes on from step" in log.read_text()
    expected, found = contents(local), contents(cluster)
    assert len(expected) > 20
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
