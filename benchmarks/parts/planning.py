"""f) Planning a study of many jobs, and the start of a job."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import yaml

from benchmarks.machine import ROOT
from benchmarks.options import Options
from benchmarks.records import Row
from benchmarks.turns import take_turns, wall

JOBS = (1_000, 10_000)
SEEDS = 20  # of the small study that tells how many jobs a seed has
# Jobs by their scripts, which import what they use.
STARTS = {"a training job": "trials.py", "a scoring job": "score_heads.py"}
PEERS = {
    "transformers' Trainer": (
        "from transformers import AutoModelForTokenClassification, Trainer, TrainingArguments"
    ),
    "torch alone": "import torch",
}
NOTES = """\
`snakemake -n` on a study of the embedded corpora with as many seeds as give so many jobs, in a
new process, nothing done yet. The start of a job is a Python process that imports what the job's
script imports and ends.
"""


def measure(options: Options) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        per_seed = plan(SEEDS, Path(directory)) / SEEDS
        for wanted in options.jobs or JOBS:
            seeds = max(1, round(wanted / per_seed))
            made: list[int] = []
            times = take_turns(
                {"": lambda: wall(lambda: made.append(plan(seeds, Path(directory))), "cpu")},  # noqa: B023
                options.turns or (3 if wanted <= 1000 else 1),
            )
            rows.append(Row("planning", f"{made[0]:,} jobs", "snakemake -n", times[""]))
    code = {name: imports(script) for name, script in STARTS.items()} | PEERS
    starts = {name: partial(wall, partial(start, text), "cpu") for name, text in code.items()}
    for name, found in take_turns(starts, options.turns or 3).items():
        rows.append(Row("start of a process", "imports", name, found))
    return rows


def plan(seeds: int, directory: Path) -> int:
    """Plan a study with so many seeds in ``directory``; the number of its jobs."""
    study = yaml.safe_load((ROOT / "config.yaml").read_text())
    study["experiments"] = [{**study["experiments"][0], "seeds": list(range(1, seeds + 1))}]
    study["study"] = {"name": "planned", "title": "Many jobs"}
    file = directory / "planned.yaml"
    file.write_text(yaml.safe_dump(study))
    command = ["-m", "snakemake", "-n", "--quiet", "rules", "--snakefile", ROOT / "Snakefile"]
    profile = ["--profile", ROOT / "profiles/default"]
    done = subprocess.run(
        [sys.executable, *command, *profile, "--directory", directory, "--configfile", file],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"^total\s+(\d+)", done.stdout + done.stderr, re.MULTILINE)
    if found is None:
        raise ValueError(f"Snakemake told no number of jobs:\n{done.stdout}{done.stderr}")
    return int(found[1])


def imports(script: str) -> str:
    """All imports of a script of the workflow, as code."""
    tree = ast.parse((ROOT / "workflow/scripts" / script).read_text())
    return "\n".join(
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def start(code: str) -> None:
    """A process that imports what a job imports; garbage is collected as seldom as in a job."""
    seldom = (
        "import gc; from polyheads import job; gc.set_threshold(job.OBJECTS_BETWEEN_COLLECTIONS)"
    )
    frozen = "gc.freeze()"
    lines = [seldom, code, frozen] if "polyheads" in code else [code]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "workflow"), *_paths()])}
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, env=environment)


def _paths() -> list[str]:
    return [path for path in [os.environ.get("PYTHONPATH")] if path]
