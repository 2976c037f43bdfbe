"""Bad input through the whole workflow: one clear line, exit status 1, nothing half-written."""

import csv
import json
import os
import re
import shutil
import string
import subprocess

import pytest
from conftest import STUDY, make_project, treebank

TEST_FILE = "mirror/toy/bb/test.conllu"


def fail(project, *options):
    """The error lines that a user sees; there must be no traceback around them."""
    done = project.run(*options)
    text = done.stdout + done.stderr
    assert done.returncode != 0, text
    assert "Traceback" not in text, text
    return text


def spoiled(finished, tmp_path, change):
    """The finished study with a changed file of the mirror, and its downloads forgotten."""
    shutil.copytree(finished.path, tmp_path / "project", symlinks=True)
    project = type(finished)(tmp_path / "project")
    file = project.path / TEST_FILE
    file.write_text(change(file.read_text()))
    shutil.rmtree(project.path / "resources/locks")
    shutil.rmtree(project.path / "results/downloads/toy/bb")
    return project


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("\tNOUN\t", "\tNOMEN\t", 1), r"test.conllu:\d+: .*NOMEN"),
        (lambda t: t.replace("\t_\n", "\n", 1), r"test.conllu:1: .*columns"),
        (lambda t: t[: len(t) // 2 - 3], r"test.conllu:\d+: .*(ends|columns)"),
        (lambda t: "", r"test.conllu: no sentence in the test set"),
    ],
    ids=["unknown tag", "wrong number of columns", "cut in a line", "empty"],
)
def test_a_bad_corpus_file(finished, tmp_path, change, message):
    project = spoiled(finished, tmp_path, change)
    before = {k: v for k, v in project.numbers().items() if "/studies/" not in k}
    text = fail(project, "--forcerun", "fetch")
    assert re.search(message, text), text
    kept = project.numbers()
    assert {k: v for k, v in kept.items() if k in before and "bb" not in k} == {
        k: v for k, v in before.items() if "bb" not in k
    }


def test_a_file_that_differs_from_its_first_fetch(again):
    (again.path / TEST_FILE).write_text(treebank(99, 8))
    shutil.rmtree(again.path / "results/downloads/toy/bb")
    text = fail(again, "--forcerun", "fetch")
    assert "test.conllu" in text and "resources/locks/toy/bb.json" in text


def test_a_misspelt_key_stops_before_anything_runs(tmp_path, study):
    study["recipes"][0]["learnin_rate"] = 1
    project = make_project(tmp_path / "project", study)
    text = fail(project)
    assert "recipes[0].learnin_rate: unknown key; did you mean 'learning_rate'?" in text
    assert not (project.path / "results").exists()


def test_study_files_are_read_strictly(tmp_path):
    project = make_project(tmp_path / "project")
    file = project.path / "study.yaml"
    lines = file.read_text().count("\n")
    file.write_text(file.read_text() + "recipes: []\n")
    text = fail(project, "-n")
    assert f"study.yaml:{lines + 1}: the key 'recipes' stands twice in one block" in text, text
    # Snakemake's reader would run this; config.yaml is looked at before.
    code = "__use_yte__: true\nx: ?open('ran', 'w')\n"
    with (project.path / "config.yaml").open("a") as default:
        default.write(code)
    command = [word for word in project.command("-n") if word not in ("--configfile", "study.yaml")]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True)
    text = done.stdout + done.stderr
    assert "config.yaml: the key __use_yte__ lets a configuration run code" in text, text
    assert "Traceback" not in text and done.returncode == 1
    assert not (project.path / "ran").exists()


def test_names_that_are_too_long_together_stop_the_plan(tmp_path, study):
    letters = string.ascii_letters + string.digits
    study["recipes"][0]["name"] = study["experiments"][0]["recipe"] = "r" + letters
    study["models"][0]["name"] = "m" + letters + letters[:30]
    study["experiments"][0]["models"] = [study["models"][0]["name"]]
    study["corpora"][0]["name"] = study["experiments"][0]["corpus"] = "c" + letters
    study["models"][0]["scratch"]["corpora"] = ["c" + letters]
    text = fail(make_project(tmp_path / "project", study), "-n")
    assert re.search(r"studies/tiny/figures/heads\.mabc.*…: this name, .* shorten the names", text)


def test_a_missing_mirror_file_stops_before_anything_runs(tmp_path):
    project = make_project(tmp_path / "project")
    (project.path / TEST_FILE).unlink()
    assert "mirror/toy/bb/test.conllu is missing: toy, bb, test set. It is not" in fail(project)


def test_cuda_without_a_gpu_deletes_nothing(again, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    files = {p for p in (again.path / "results").rglob("*") if "logs" not in p.parts}
    text = fail(again, "--keep-going", "--config", "device=cuda")
    assert "config key device is cuda, but PyTorch finds no CUDA device" in text
    assert {p for p in (again.path / "results").rglob("*") if "logs" not in p.parts} == files
    assert again.planned() == {}


def test_a_model_directory_without_weights(tmp_path, study):
    study["models"] = [{"name": "mini", "path": "model"}]
    project = make_project(tmp_path / "project", study)
    (project.path / "model").mkdir()
    (project.path / "model/config.json").write_text(json.dumps({"model_type": "bert"}))
    assert "model: no weights (model.safetensors)" in project.succeed("-n")
    assert "model: no weights (model.safetensors)" in fail(project)
    assert not (project.path / "results/corpora").exists()


def test_a_loss_that_is_no_number(again, study):
    # AdamW takes 10 times the weights away in every step: they grow without bounds.
    wild = {"name": "wild", "learning_rate": 1.0, "weight_decay": 10, "epochs": 30}
    study["recipes"].append({**study["recipes"][0], **wild})
    study["experiments"][0]["recipe"] = "wild"
    again.write(study)
    before = again.numbers()
    text = fail(again, "--keep-going")
    assert "the loss became" in text and "lower learning_rate" in text
    trials = {k: v for k, v in again.numbers().items() if "/studies/" not in k}
    assert trials == {k: v for k, v in before.items() if "/studies/" not in k}


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk(tmp_path, study):
    study["models"][0]["scratch"] |= {"hidden": 256, "heads": 4}
    project = make_project(tmp_path / "project", study)
    models = project.path / "results/models"
    models.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(models)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        text = fail(project)
    finally:
        subprocess.run(["umount", str(models)], check=True)
    assert "the disk is full; free some space" in text


def test_all_heads_of_a_layer_can_be_pruned(again, study):
    study["experiments"][0] |= {"k": [1, 2, 8], "settings": ["cross-lingual"]}
    again.write(study)
    again.succeed()
    trial = again.path / "results/trials/mini/toy/quick/aa/seed-42/prune-gradient-aa/k-08.json"
    assert len(json.loads(trial.read_text())["pruned_heads"]) == 8
    assert STUDY["experiments"][0]["k"] == [1, 2]


def marked(page):
    """The cells of a report that say that their number is missing."""
    return re.findall(r'missing"[^>]*>missing', page)


def test_a_failed_trial_leaves_its_cell_missing_and_the_report_is_made(again):
    before = again.numbers()
    page, table = (
        again.path / "results" / name
        for name in ("report.html", "studies/tiny/tables/pos.multi-lingual.gradient.csv")
    )
    whole = page.read_text()
    trial = "mini/toy/quick/aa+bb/seed-42/unpruned/k-00"
    (again.path / f"results/trials/{trial}.json").unlink()
    blocked = again.path / f"results/checkpoints/{trial}.done"
    blocked.mkdir(parents=True)  # a file is wanted here when the training has ended
    # Options that the run which makes the report is given, too.
    profile = ("--workflow-profile", "profiles/default")
    done = again.run("report", "--keep-going", "--executor=local", *profile)
    text = done.stdout + done.stderr
    assert done.returncode == 1, text
    assert "results/report.html is made of what is there; 1 of 6 trials" in text, text
    assert len(marked(page.read_text())) > len(marked(whole)) == 0
    assert "Trials that are missing: 1" in page.read_text()
    (row,) = csv.DictReader(table.read_text().splitlines())
    assert row["unpruned"] == row["dev_selected_gain"] == "" and float(row["test_oracle_test"]) >= 0
    # Not tried again: the failed one alone is to be made, and what stands on it.
    plan = again.planned()
    assert {rule for rule in plan if rule.startswith("trials")} == {"trials_00_00"}, plan
    assert "select" in plan and "baseline" not in plan
    blocked.rmdir()
    again.succeed("report", "--keep-going")
    assert again.numbers() == before
    assert not marked(page.read_text())
    assert "Nothing to be done" in again.succeed("report")
