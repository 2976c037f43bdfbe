"""A report of what is there shows nothing that the plan would make anew.

Most tests ask `unfinished.narrow` in a copy of a finished study, without a run.
"""

import copy
import csv
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from conftest import ROOT, STUDY

from polyheads import catalogue
from polyheads.study import configuration, experiments, paths, unfinished

SCRIPTS = ROOT / "workflow/scripts"
POINT = "results/trials/mini/toy/quick"
UNPRUNED = {f"{POINT}/{mixture}/seed-42/unpruned/k-00" for mixture in ("aa", "aa+bb")}
PRUNED = {
    f"{POINT}/{mixture}/seed-42/prune-gradient-aa/k-0{k}"
    for mixture in ("aa", "aa+bb")
    for k in (1, 2)
}
PRUNED_BRANCH = [f"prune-gradient-aa/k-0{k}" for k in (1, 2)]
RANKING = "results/rankings/mini/toy/quick/seed-42/gradient-aa"


@pytest.fixture
def there(again, monkeypatch):
    """A function: what a partial report would show of the finished study, were it planned so."""
    monkeypatch.chdir(again.path)

    def there(study=STUDY):
        checked = configuration.load(study)
        plan = experiments.make(checked, catalogue.load(checked["corpora"]))
        sweeps = list(plan.sweeps)
        unfinished.narrow(plan, SCRIPTS)
        assert plan.sweeps == sweeps  # so that their cells are marked as missing
        assert all(map(os.path.exists, paths.encoding_infos(plan)))
        return {*plan.trials, *plan.chosen}, set(plan.rankings), set(plan.needed)

    everything = (UNPRUNED | PRUNED, {RANKING}, {("toy", "aa"), ("toy", "bb")})
    assert there() == everything
    return there


@pytest.fixture
def change_code(monkeypatch):
    """A function that lets a script have the code hash `changed`."""
    real = unfinished.code_hash

    def change(script):
        def code_hash(path, *modules):
            return "changed" if path.name == script else real(path, *modules)

        monkeypatch.setattr(unfinished, "code_hash", code_hash)

    return change


def trials(found):
    return found[0]


def edit(path, change):
    with Path(path).open(encoding="utf-8") as file:
        content = json.load(file)
    change(content)
    with Path(path).open("w", encoding="utf-8") as file:
        json.dump(content, file)


def flip(path):
    """Another last byte, and nothing else to see."""
    with Path(path).open("rb") as file:
        content = bytearray(file.read())
    before = Path(path).stat()
    content[-1] ^= 1
    with Path(path).open("wb") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_settings_of_trainings_and_of_rankings(there, study):
    for change in ({"learning_rate": 2e-3}, {"precision": "float32"}):
        other = copy.deepcopy(study)
        other["recipes"][0] |= change
        assert there(other)[:2] == (set(), set()), change
    # Of a ranking's training no test set is read.
    other = copy.deepcopy(study)
    other["recipes"][0]["test_sentences"] = 7
    assert there(other)[:2] == (set(), {RANKING})
    for change in ({"ranking_sentences": 5}, {"normalisation": "sum"}):
        other = copy.deepcopy(study)
        other["recipes"][0] |= change
        assert there(other)[:2] == (UNPRUNED, set()), change
    # Only some kinds of rankings depend on it.
    study["recipes"][0]["ranking_batch_size"] = 3
    assert trials(there(study)) == UNPRUNED | PRUNED


def test_device_and_threads(there, study):
    assert trials(there(study | {"device": "cuda"})) == set()
    assert trials(there(study | {"device": "auto"})) == UNPRUNED | PRUNED
    assert trials(there(study | {"threads_per_training": 2})) == set()


def test_scores_with_all_heads_on_that_nobody_read_yet(there, study):
    study["experiments"][0]["heads_at_test"] = "all"
    assert trials(there(study)) == UNPRUNED


def test_another_encoder_by_the_same_name(there, study):
    study["models"][0]["scratch"]["steps"] = 11
    assert there(study)[:2] == (set(), set())


def test_another_catalogue_entry(there, study):
    study["corpora"][0]["labels"].append("ADV")
    assert there(study) == (set(), set(), set())


def test_a_new_target_leaves_what_was_read_already(there, study):
    study["experiments"][0]["targets"] = ["bb", "cc"]
    assert trials(there(study)) == UNPRUNED | PRUNED


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_other_files_of_the_encoder(there, file):
    flip(f"results/models/mini/{file}")
    assert there()[:2] == (set(), set())


def test_other_encodings_count_where_they_are_read(there):
    mine = {path for path in UNPRUNED | PRUNED if "/aa/" in path}
    flip("results/encodings/mini/toy/bb/train.parquet")
    assert there()[:2] == (mine, {RANKING})
    flip("results/encodings/mini/toy/bb/test.parquet")
    assert there()[:2] == (set(), {RANKING})
    flip("results/encodings/mini/toy/aa/dev.parquet")
    assert there()[:2] == (set(), set())


def test_other_labels(there):
    edit("results/encodings/mini/toy/bb/encoding.json", lambda info: info["labels"].reverse())
    assert there()[:2] == (set(), {RANKING})


def test_a_corpus_that_was_prepared_anew_and_not_encoded_yet(there):
    edit("results/corpora/toy/bb/corpus.json", lambda info: info["checksums"].clear())
    assert trials(there()) == set()


def test_a_ranking_that_was_made_anew(there):
    edit(f"{RANKING}/ranking.json", lambda content: content["order"].reverse())
    assert there()[:2] == (UNPRUNED, {RANKING})


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("trials.py", set()),
        ("encode.py", set()),
        ("prepare.py", set()),
        ("pretrain.py", set()),
        ("score_heads.py", UNPRUNED),
        ("rank_heads.py", UNPRUNED),
        ("mask.py", UNPRUNED | PRUNED),
    ],
)
def test_changed_code(there, script, left, change_code):
    change_code(script)
    assert trials(there()) == left


def test_what_is_missing_or_broken_or_of_an_older_version(there):
    unpruned, other = sorted(UNPRUNED)
    Path(f"{unpruned}.parquet").unlink()
    edit(f"{other}.json", lambda content: content.pop("made_of"))
    first, *rest = sorted(PRUNED)
    with Path(f"{first}.json").open("w", encoding="utf-8") as file:
        file.write('{"scores": [')
    assert trials(there()) == set(rest)
    Path(f"{RANKING}/scores.csv").unlink()
    assert there()[:2] == (set(), set())


def test_what_a_failed_run_wanted_to_make_is_not_current_unless_it_is_made_later(there):
    first, second, *rest = sorted(UNPRUNED | PRUNED)
    unfinished.write("tiny", [f"{first}.json", f"{second}.json"])
    later = unfinished.listing("tiny").stat().st_mtime_ns + 1
    os.utime(f"{second}.json", ns=(later, later))
    assert trials(there()) == {second, *rest}


def test_a_fresh_seed_counts_while_its_sweep_and_its_k_do(there, study):
    study["experiments"][0] |= {"fresh_seeds": [7], "settings": ["cross-lingual"]}
    sweep = [f"{POINT}/aa/seed-42/{name}" for name in ("unpruned/k-00", *PRUNED_BRANCH)]
    mine = f"{POINT}/aa/seed-7/chosen-gradient-aa/accuracy_aa_k-0-2_seed-42"
    Path(mine).parent.mkdir(parents=True)

    def chosen(k, script):
        """The files of the chosen trial, as if it had this k."""
        shutil.copy(f"{sweep[k]}.parquet", f"{mine}.parquet")
        shutil.copy(f"{sweep[k]}.json", f"{mine}.json")
        code = unfinished.code_hash(SCRIPTS / script)
        edit(f"{mine}.json", lambda content: content["made_of"].update(code=code))

    def dev(k, value):
        """Let the sweep's trial have this score on the development set."""
        edit(f"{sweep[k]}.json", lambda c: c["scores"][0]["metrics"].update(accuracy=value))

    for k, value in enumerate((50.0, 70.0, 60.0)):
        dev(k, value)
    chosen(1, "chosen_trial.py")
    assert trials(there(study)) == {*sweep, mine}
    dev(2, 80.0)  # the sweep now chooses another k
    assert trials(there(study)) == set(sweep)
    chosen(2, "chosen_trial.py")
    assert trials(there(study)) == {*sweep, mine}
    chosen(2, "trials.py")
    assert trials(there(study)) == set(sweep)
    chosen(2, "chosen_trial.py")
    Path(f"{sweep[1]}.json").unlink()
    assert trials(there(study)) == {sweep[0], sweep[2]}


def test_masked_trials_are_made_by_code_of_their_own(there, study, change_code):
    study["experiments"][0] |= {"protocol": "mask", "settings": ["cross-lingual"]}
    masked = []
    for branch in PRUNED_BRANCH:
        masked.append(f"{POINT}/aa/seed-42/{branch.replace('prune', 'mask')}")
        Path(masked[-1]).parent.mkdir(parents=True, exist_ok=True)
        for kind in ("json", "parquet"):
            shutil.copy(f"{POINT}/aa/seed-42/{branch}.{kind}", f"{masked[-1]}.{kind}")
    unpruned = f"{POINT}/aa/seed-42/unpruned/k-00"
    change_code("mask.py")
    assert trials(there(study)) == {unpruned}
    edit(f"{masked[0]}.json", lambda content: content["made_of"].update(code="changed"))
    assert trials(there(study)) == {unpruned, masked[0]}


def test_interrupted_in_a_rerun_and_under_another_name(again, study):
    """Ctrl-C, then `partial=True`: no number of the old recipe, no file of the old experiment."""
    tables = again.path / "results/studies/tiny/tables"
    figures = again.path / "results/studies/tiny/figures"
    (tables / "mine.csv").write_text("of the user")
    before = {path.name for path in (*tables.iterdir(), *figures.iterdir())}
    old = {name for name in before if name.startswith("pos.")}
    assert {"pos.multi-lingual.gradient.csv", "pos.multi-lingual.gradient.tex"} < old
    study["recipes"][0]["epochs"] = 3
    study["experiments"][0]["name"] = "tags"
    again.write(study)
    # One job at a time, so that trials of the recipe before are left however fast the machine is.
    process = again.start("report", "--cores", "1")
    ranking = again.path / RANKING / "ranking.json"
    ranked = ranking.read_bytes()

    def made():
        """Trials of the new recipe; on a slow machine there are more before Ctrl-C is heard."""
        files = [again.path / f"{path}.json" for path in UNPRUNED | PRUNED]
        read = {path: json.loads(path.read_text()) for path in files if path.exists()}
        return {str(p.relative_to(again.path)) for p in read if read[p]["recipe"]["epochs"] == 3}

    again.wait_for(process, made)
    os.killpg(process.pid, signal.SIGINT)
    process.wait()
    old_trials = {f"{path}.json" for path in UNPRUNED | PRUNED} - made()
    assert any((again.path / path).exists() for path in old_trials)  # of the recipe before
    again.succeed("report", "--config", "partial=True")
    with (again.path / "results/studies/tiny/scores.csv").open(encoding="utf-8") as file:
        assert {row["trial_path"] for row in csv.DictReader(file)} == made()
    page = (again.path / "results/report.html").read_text()
    assert f"Trials that are missing: {6 - len(made())}" in page
    now = {path.name for path in (*tables.iterdir(), *figures.iterdir())}
    assert "mine.csv" in now and not now & old
    # Until the ranking is made anew there is no heat map of its scores.
    assert [name for name in before if name.startswith("heads.mini")]
    current = ranking.exists() and ranking.read_bytes() != ranked
    assert bool([name for name in now if name.startswith("heads.mini")]) == current
    assert {name.replace("pos.", "tags.", 1) for name in old} < now
