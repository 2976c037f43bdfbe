"""What runs, what runs again and what does not; killed runs; the number of cores."""

import csv
import json
import os
import shutil
import signal
import subprocess

import pytest
import yaml
from conftest import PARTS, STUDY, make_project, treebank

TRIAL = "results/trials/mini/toy/quick/aa/seed-42/prune-gradient-aa/k-02.json"
SHOWN = dict.fromkeys(("tables", "figures", "pages"), 1)
AFTER_TRIALS = {"select": 1, "statistics": 1, "analyse": 1, **SHOWN}


def test_a_finished_study_has_its_report_and_nothing_to_do(finished):
    assert (finished.path / "results/report.html").stat().st_size > 10_000
    assert "Nothing to be done" in finished.succeed("report")
    assert "Nothing to be done" in finished.succeed()
    trial = json.loads((finished.path / TRIAL).read_text())
    assert len(trial["pruned_heads"]) == trial["trial"]["k"] == 2
    assert {(s["language"], s["split"], s["heads"]) for s in trial["scores"]} == {
        ("aa", "dev", "pruned"),
        ("bb", "test", "pruned"),
    }
    weights = list(finished.path.glob("results/trials/**/*.safetensors"))
    checkpoints = [p for p in (finished.path / "results").glob("checkpoints/**/*") if p.is_file()]
    assert not weights and not checkpoints


def test_snakemakes_own_report(again):
    again.succeed("--report", "own.html")
    page = (again.path / "own.html").read_text()
    assert "Head scores" in page and "Curves over k" in page


def test_a_deleted_trial_alone_runs_again(again):
    before = again.numbers()
    (again.path / TRIAL).unlink()
    plan = again.planned()
    assert plan == {"trials_02_02": 1, **AFTER_TRIALS}
    again.succeed()
    assert again.numbers() == before


def test_the_deleted_trial_without_pruned_heads_alone_runs_again(again):
    before = again.numbers()
    (again.path / "results/trials/mini/toy/quick/aa/seed-42/unpruned/k-00.json").unlink()
    assert again.planned() == {"trials_00_00": 1, **AFTER_TRIALS}
    again.succeed()
    assert again.numbers() == before


def test_scores_with_all_heads_on_are_read_where_asked_for_and_stay(again, study):
    (first,) = study["experiments"]
    other = {**first, "name": "released", "rankings": ["released"], "heads_at_test": "all"}
    again.write({**study, "experiments": [first, other]})
    plan = again.planned()
    assert plan["trials_01_01"] == plan["trials_02_02"] == 2  # of the other ranking
    assert plan["baseline"] == 1 and "trials_00_00" not in plan
    again.write({**study, "experiments": [{**first, "heads_at_test": "all"}]})
    plan = again.planned()
    assert plan["trials_01_01"] == plan["trials_02_02"] == 2  # all that there are
    assert "baseline" not in plan and "trials_00_00" not in plan
    again.succeed()
    trial = json.loads((again.path / TRIAL).read_text())
    assert [s["heads"] for s in trial["scores"]] == ["pruned", "pruned", "all"]
    # Without that experiment they are not made again.
    again.write(study)
    assert again.planned() == AFTER_TRIALS | {"contents": 1, "configuration": 1}


def test_k_0_in_the_job_of_a_ranking(finished, tmp_path, study):
    study |= {"trials_per_job": 2, "unpruned_with": "gradient"}
    (first,) = study["experiments"]
    project = make_project(tmp_path / "project", study)
    plan = project.planned()
    assert {rule: n for rule, n in plan.items() if "trials" in rule} == {
        "trials_00_02_gradient_aa": 2
    }
    project.succeed()

    def trials(made):
        return {file: content for file, content in made.numbers().items() if "trials" in file}

    assert trials(project) == trials(finished)
    # Another ranking and a larger k train what is new.
    more = {**first, "rankings": ["random-1", "gradient"], "k": [1, 2, 3]}
    project.write({**study, "experiments": [more]})
    plan = project.planned()
    assert {rule: n for rule, n in plan.items() if "trials" in rule} == {
        "trials_01_02": 2,  # of the random ranking
        "trials_03_03": 4,
    }
    # A deleted trial takes its whole job along, and no other.
    project.write(study)
    unpruned = next((project.path / "results/trials").rglob("aa/seed-42/unpruned/k-00.json"))
    unpruned.unlink()
    assert project.planned()["trials_00_02_gradient_aa"] == 1


def test_another_target_leaves_rankings_and_other_mixtures_alone(again, study):
    study["experiments"][0]["targets"] = ["bb", "cc"]
    again.write(study)
    plan = again.planned()
    assert not {"baseline", "score_heads", "rank_heads"} & set(plan)
    # aa is tested on one language more, aa+cc is new, aa+bb stays
    assert plan["trials_00_00"] == plan["trials_01_01"] == plan["trials_02_02"] == 2


def test_a_larger_k_runs_the_new_trials_only(again, study):
    study["experiments"][0]["k"] = [1, 2, 3]
    again.write(study)
    new = {"trials_03_03": 2, "configuration": 1, "contents": 1}
    assert again.planned() == {**new, **AFTER_TRIALS}


def test_changed_words_run_nothing_and_changed_code_what_uses_it(again):
    """New times run nothing, either: a fresh clone beside old results."""
    for part in PARTS:
        for path in [again.path / part, *(again.path / part).rglob("*")]:
            os.utime(path)
    for script in (again.path / "workflow/scripts").iterdir():
        script.write_text(f"# Why.\n{script.read_text()}")
    module = again.path / "workflow/polyheads/importance/gradient.py"
    text = module.read_text()
    words = text.replace('"""Gradients of', '# Why.\n"""Slopes of').replace("# (E,)", "")
    assert words != text
    module.write_text(words)
    assert again.planned() == {}
    changed = text.replace("gradients.astype(np.float64)", "gradients.astype(np.float32)")
    assert changed != text
    module.write_text(changed)
    # Scores, and all that is ranked by them; the baseline because its weights are scored.
    assert again.planned() == {
        "baseline": 1,
        "score_heads": 1,
        "rank_heads": 1,
        "trials_01_01": 2,
        "trials_02_02": 2,
        **AFTER_TRIALS,
    }
    module.write_text(text)
    script = again.path / "workflow/scripts/trials.py"
    script.write_text(script.read_text() + "\nNEW = 1\n")
    plan = again.planned()
    assert plan["trials_00_00"] == plan["trials_02_02"] == 2 and "baseline" not in plan


@pytest.mark.parametrize(
    ("file", "old", "new", "planned"),
    [
        # A note, a name, a title, a cell, a verdict's word: what shows them, and no number.
        ("report/notes.py", "interval of the gain over", "range of the gain over", "tables"),
        ("report/tables/overview.py", "Mean gain from pruning", "Mean gain", "tables"),
        ("report/tables/claim_words.py", '"not shown"', '"not told"', "tables"),
        (
            "report/names.py",
            "lowest heads first",
            "from the lowest",
            "tables figures corpus_figures",
        ),
        ("report/cells.py", '"missing"', '"absent"', "tables figures"),
        ("report/captions/results.rst", "best dev score", "best score on dev", "tables"),
        ("report/templates/style.css", "body", "body ", "tables"),
        ("report/figures/style.py", "#0072B2", "#0072B3", "figures corpus_figures"),
        ("report/sections.py", "Rankings compared", "Compared", ""),
        # A statistic: itself and what follows.
        ("analysis/stopping.py", "patience(2)", "patience(4)", "analyse tables figures"),
        ("analysis/resampling.py", "RESAMPLES = 10_000", "RESAMPLES = 99", "numbers"),
    ],
)
def test_words_run_what_shows_them_and_statistics_what_follows(again, file, old, new, planned):
    path = again.path / "workflow/polyheads" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    numbers = "statistics analyse tables figures"
    expected = dict.fromkeys([*planned.replace("numbers", numbers).split(), "pages"], 1)
    found = again.planned()
    assert found == expected


def test_a_changed_metric_trains_nothing(again):
    before, path = again.numbers(), again.path / "workflow/polyheads/catalogue/metrics.py"
    text = path.read_text()
    changed = text.replace('"accuracy": 100 * correct', '"accuracy": 50 * correct')
    assert changed != text
    path.write_text(changed)
    assert again.planned() == AFTER_TRIALS
    scores, log = "results/studies/tiny/scores.csv", again.path / "results/logs/select/tiny.log"
    again.succeed(scores)
    assert "6 of 6 trials have scores by other metrics than those of today" in log.read_text()
    after = again.numbers()
    tables = [csv.DictReader(files[scores].decode().splitlines()) for files in (before, after)]
    for old, new in zip(*tables, strict=True):
        half = 0.5 if old["metric"] == "accuracy" else 1
        assert float(new.pop("value")) == pytest.approx(half * float(old.pop("value")), abs=1e-6)
        assert new == old
    choices = scores.replace("scores.csv", "choices.csv")
    assert {file for file in before if before[file] != after[file]} == {scores, choices}
    # What it was before needs no predictions, and gives the same file again.
    path.write_text(text)
    again.succeed(scores)
    assert again.numbers() == before
    assert "of today" not in log.read_text()


def test_other_test_sentences_rank_no_heads_again(again, study):
    study["recipes"][0]["test_sentences"] = 4
    again.write(study)
    trials = {"trials_00_00": 2, "trials_01_01": 2, "trials_02_02": 2}
    assert again.planned() == {**trials, "configuration": 1, **AFTER_TRIALS}


def test_facts_of_the_project_are_watched_by_content(again):
    facts = again.path / "workflow/polyheads/resources/languages/distances.csv"
    facts.write_text(facts.read_text() + "\n")
    assert again.planned() == {"analyse": 1, **SHOWN}


def test_another_kind_of_ranking_leaves_the_first_alone(again, study):
    study["experiments"][0]["rankings"] = ["gradient", "released", "confidence"]
    again.write(study)
    mine = {"baseline": 2, "score_heads": 2, "rank_heads": 2, "trials_01_01": 4, "trials_02_02": 4}
    assert mine.items() <= again.planned().items()
    assert "trials_00_00" not in again.planned()
    again.succeed("report")
    page = (again.path / "results/report.html").read_text()
    assert "Rankings compared" in page and "confidence: mean over the subwords" in page
    ranking = "results/rankings/mini/toy/quick/seed-42/confidence-aa/ranking.json"
    assert json.loads((again.path / ranking).read_text())["normalisation"] == "none"
    # What is behind one kind is behind no other.
    study["recipes"][0]["ranking_batch_size"] = 3
    again.write(study)
    plan = again.planned()
    assert plan["score_heads"] == plan["rank_heads"] == 1 and plan["trials_01_01"] == 2
    study["recipes"][0].pop("ranking_batch_size")
    again.write(study)
    module = again.path / "workflow/polyheads/importance/confidence.py"
    module.write_text(module.read_text() + "\nNEW = 1\n")
    plan = again.planned()
    assert plan["score_heads"] == plan["rank_heads"] == 1 and plan["trials_01_01"] == 2


def test_changed_files_of_the_users_own_are_read_again(finished, tmp_path, study):
    model = tmp_path / "project/model"
    study |= {"mirror": None, "own_copies": "mirror"}
    study["models"] = [{"name": "mini", "path": "model"}]
    project = make_project(tmp_path / "project", study)
    shutil.copytree(finished.path / "results/models/mini", model)
    encoding = "results/encodings/mini/toy/bb/encoding.json"
    project.succeed(encoding)
    assert project.planned(encoding) == {}
    info = project.path / "results/corpora/toy/bb/corpus.json"
    before = info.read_text()
    (project.path / "mirror/toy/bb/test.conllu").write_text(treebank(99, 9))
    assert project.planned(encoding) == {"fetch": 1, "prepare": 1, "encode": 1}
    project.succeed(encoding)
    assert info.read_text() != before and project.planned(encoding) == {}
    tokenizer = model / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + "\n")
    assert project.planned(encoding) == {"get_model": 1, "encode": 1}


def test_a_larger_study_makes_nothing_again(finished, tmp_path, study):
    """An encoder in a directory, files from an archive: what is there serves the larger study."""
    study["corpora"][0] |= {
        "archive": "https://example.invalid/all.zip",
        "members": ["{language}/{split}"],
    }
    study["models"] = [{"name": "mini", "path": "model"}]
    study["experiments"][0] |= {"k": [0], "settings": ["mono-lingual"], "targets": []}
    project = make_project(tmp_path / "project", study)
    shutil.copytree(finished.path / "results/models/mini", project.path / "model")
    encodings = [f"results/encodings/mini/toy/{code}/encoding.json" for code in ("aa", "bb", "cc")]
    project.succeed(encodings[0])
    study["recipes"].append({"name": "slow", "test_sentences": 3})
    first = study["experiments"][0]
    study["experiments"].append({**first, "name": "more", "recipe": "slow", "k": [5, 8]})
    first |= {"k": [0, 4], "settings": ["cross-lingual"], "targets": ["cc"], "seeds": [1, 2]}
    first["sources"] = ["aa", "bb"]
    project.write(study)
    assert project.planned(encodings[0]) == {}
    assert project.planned(*encodings) == {"fetch": 2, "prepare": 2, "encode": 2}
    first["k"] = [9]
    project.write(study)
    done = project.run("-n")
    assert "experiments[0].k: 9 is more than the 8 heads of mini" in done.stdout + done.stderr


def test_results_do_not_depend_on_the_number_of_cores(finished, tmp_path):
    alone = make_project(tmp_path / "alone")
    alone.succeed("report", cores=1)
    assert alone.numbers() == finished.numbers()


def test_a_run_killed_twice_ends_with_the_numbers_of_an_undisturbed_one(study, tmp_path):
    """kill -9 of a training in its middle, checkpoints at every step."""
    study["recipes"][0] |= {"epochs": 60}
    study["experiments"][0] |= {"k": [1], "settings": ["cross-lingual"]}
    undisturbed = make_project(tmp_path / "undisturbed", study)
    undisturbed.succeed("report")
    study["checkpoint_minutes"] = 1e-6
    killed = make_project(tmp_path / "killed", study)
    checkpoint = killed.path / "results/checkpoints/mini/toy/quick/aa/seed-42"
    for branch, name in (("", "gradient"), ("prune-gradient-aa", "k-01")):
        process = killed.start("report")
        killed.wait_for(process, (checkpoint / branch / f"{name}.safetensors").exists)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert (checkpoint / branch / f"{name}.safetensors").exists()
        killed.succeed("--unlock")
    killed.succeed("report")
    logs = list((killed.path / "results/logs/trials").rglob("*.log"))
    assert any("goes on from step" in log.read_text() for log in logs)
    assert killed.numbers() == undisturbed.numbers()


def test_killed_and_changed_a_run_ends_as_one_that_was_never_killed(finished, study, tmp_path):
    """kill -9 in the middle of a block of trials; then a label of the test set is another one."""
    study |= {"mirror": None, "own_copies": "mirror", "trials_per_job": 2}
    study["recipes"][0] |= {"epochs": 30}
    study["experiments"][0] |= {"settings": ["cross-lingual"]}
    study["models"] = [{"name": "mini", "path": "model"}]
    killed, clean = (make_project(tmp_path / name, study) for name in ("killed", "clean"))
    for project in (killed, clean):
        shutil.copytree(finished.path / "results/models/mini", project.path / "model")
    killed.write(study | {"checkpoint_minutes": 1e-6})
    block = "results/checkpoints/mini/toy/quick/aa/seed-42/prune-gradient-aa"
    process = killed.start(TRIAL)
    killed.wait_for(process, (killed.path / block / "k-02.safetensors").exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (killed.path / block / "k-01.done").exists()  # it waits for the other one
    killed.succeed("--unlock")
    for project in (killed, clean):
        test = project.path / "mirror/toy/bb/test.conllu"
        lines = test.read_text().split("\n")
        lines[0] = lines[0].replace("\tNOUN\t", "\tX\t").replace("\tDET\t", "\tNOUN\t")
        lines[0] = lines[0].replace("\tVERB\t", "\tDET\t").replace("\tX\t", "\tVERB\t")
        assert lines[0] != test.read_text().split("\n")[0]
        test.write_text("\n".join(lines))
        project.succeed(TRIAL)
    assert killed.numbers() == clean.numbers()


def test_another_configfile_stands_alone(finished):
    """--configfile is not merged into config.yaml, neither its lists nor its single keys."""
    default = yaml.safe_load((finished.path / "config.yaml").read_text())
    assert default["trials_per_job"] == 4 and "trials_per_job" not in STUDY
    plan = finished.succeed("-n", "-F")
    assert "trials_01_01" in plan and "trials_01_02" not in plan
    assert not [m["name"] for m in default["models"] if m["name"] in plan]
    without = subprocess.run(
        [a for a in finished.command("-n", "-F") if a not in ("--configfile", "study.yaml")],
        cwd=finished.path,
        capture_output=True,
        text=True,
    )
    assert "trials_00_04" in without.stdout + without.stderr, without.stderr
