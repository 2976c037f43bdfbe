"""The workflow as a module of another one, and run from another directory."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PART = "results/corpora/grammar-pos/en/corpus.json"  # the smallest part of the default study
MODULE = f"""
configfile: "mine.yaml"


module polyheads:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config


use rule * from polyheads as polyheads_*


rule mine:
    default_target: True
    input:
        rules.polyheads_all.input,
"""


def snakemake(directory, *words):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *words],
        cwd=directory,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("how", ["module", "snakefile"])
def test_a_part_of_the_default_study_from_elsewhere(how, tmp_path):
    if how == "module":
        (tmp_path / "Snakefile").write_text(MODULE)
        shutil.copyfile(ROOT / "config.yaml", tmp_path / "mine.yaml")
        words = []
    else:
        shutil.copyfile(ROOT / "config.yaml", tmp_path / "config.yaml")
        words = ["--snakefile", str(ROOT / "Snakefile")]
    plan = snakemake(tmp_path, *words, "-n", "--quiet", "rules")
    assert "126 trainings: 120 trials and 6 baselines" in plan
    assert "trials_00_04_gradient_en" in plan and "pages" in plan
    snakemake(tmp_path, *words, PART)
    assert (tmp_path / PART).is_file()
    assert not (tmp_path / "resources").exists()


def test_the_two_snakefiles_plan_the_same(tmp_path):
    """`snakemake` in the root, and what the workflow catalogue and others look for."""
    shutil.copyfile(ROOT / "config.yaml", tmp_path / "config.yaml")
    plans = []
    for file in ("Snakefile", "workflow/Snakefile"):
        said = snakemake(tmp_path, "--snakefile", str(ROOT / file), "-n", "--quiet", "rules")
        plans.append(said.partition("job ")[2].partition("Reasons")[0])  # the table of jobs
    assert plans[0] == plans[1]
    assert "total" in plans[0]
