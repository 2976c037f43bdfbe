"""g) The default study from a clean clone to its report."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.options import Options
from benchmarks.records import Row
from benchmarks.turns import wall

STUDIES = 3
NOTES = """\
`snakemake report` in a new clone of the commit, in an environment that is installed already.
Processor seconds are those of all its processes.
"""


def measure(options: Options) -> list[Row]:
    cores = len(os.sched_getaffinity(0))
    times = []
    for _ in range(options.studies or STUDIES):
        with tempfile.TemporaryDirectory() as directory:
            clone = Path(directory) / "clone"
            subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
            times += wall(partial(run, clone, cores), "cpu")
    return [Row(f"default study, {cores} cores", "to its report", "snakemake report", times)]


def run(clone: Path, cores: int) -> None:
    """Run the default study in a directory."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)  # nothing of this checkout
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", str(cores), "report"],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the default study failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
