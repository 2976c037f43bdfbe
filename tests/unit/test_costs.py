"""What the plan says of a study's trainings: counted, shared, done, and what the rest takes."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml

from polyheads import catalogue
from polyheads.study import configuration, costs, experiments
from polyheads.study.plan import Training

ROOT = Path(__file__).parents[2]
EXPERIMENT = {
    "name": "slots",
    "corpus": "grammar-sf",  # 500 training sentences, says the catalogue
    "models": ["mini"],
    "recipe": "quick",
    "sources": ["en"],
    "targets": ["de"],
    "settings": ["cross-lingual", "multi-lingual"],
    "k": [1, 2, 3],
}
STUDY = {
    "study": {"name": "test"},
    "trials_per_job": 2,
    "models": [
        {
            "name": "mini",
            "scratch": {"class": "bert", "corpora": ["grammar-sf"], "languages": ["en"]},
        }
    ],
    "recipes": [{"name": "quick", "epochs": 2}],
    "experiments": [EXPERIMENT],
}


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    """Every test starts in a directory without results."""
    monkeypatch.chdir(tmp_path)


def make(**changes):
    study = copy.deepcopy(STUDY) | changes
    checked = configuration.load(study)
    return experiments.make(checked, catalogue.load(checked["corpora"]))


def write(path, content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def finish(branch, ks, seconds, *, sentences=500, device="cpu", first=None):
    """The trials `ks` of a branch as one job left them, and its benchmark file."""
    record = {"training": {"sentences": sentences, "epochs": 2, "device": device}}
    for k in ks:
        write(f"results/trials/mini/grammar-sf/quick/{branch}/k-{k:02d}.json", record)
    name = f"results/benchmarks/trials/mini/grammar-sf/quick/{branch}/k-{ks[0]:02d}.tsv"
    write(name, f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t500.0\n")


def test_the_published_study():
    checked = configuration.load(yaml.safe_load((ROOT / "config/paper.yaml").read_text()))
    plan = experiments.make(checked, catalogue.load(checked["corpora"]))
    first, parts, *others = costs.lines(plan, "cuda")
    assert sum(int(number) for number in re.findall(r" (\d+)[,.]", parts)) == 4595
    assert "table-5-pos 216, table-5-ner 216, table-6-pos 365, table-6-ner 365" in parts
    # Baselines: 9 languages, 3 tasks, 2 models. Shared are, beside Figure 1, the k = 0 (14) and
    # the baselines (14 + 2 + 10 + 2) of Tables 2-6 and Figures 2-3; the k = 0 of Table 5 (2 x 9);
    # and, beside Tables 2 and 3, the multi-lingual trials of Figures 2 and 3 (8 x 13 + 7 x 13).
    assert first == (
        "4,649 trainings: 4,595 trials and 54 baselines; without sharing them the experiments "
        "would need 255 more. Done: 0."
    )
    assert len(others) == 2  # one for each model: nothing is measured, so there is no number
    for line, model in zip(others, ["mbert", "xlmr"], strict=True):
        found = re.search(
            r"No training of (\w+) was measured here on cuda .*`snakemake (\S+)`", line
        )
        assert found[1] == model and found[2].endswith("/unpruned/k-00.json")
        assert found[2].removesuffix(".json") in plan.trials
        assert " h " not in line and "min" not in line


def test_measured_jobs_give_the_time_of_the_rest():
    plan = make()
    # 2 jobs, 1 + 2 trials of 500 sentences and 2 epochs: 3000 sentences in 40 s
    finish("en/seed-42/unpruned", [0], 10.0)
    finish("en/seed-42/prune-gradient-en", [1, 2], 30.0)
    first, second = costs.lines(plan, "cpu")
    # k = 0..3 of en and of en+de, and the baseline of en
    assert first == "9 trainings: 8 trials and 1 baseline. Done: 3."
    # k = 3 and the baseline (1000 each), four times en+de (2000 each): 10000 at 75 a second
    assert second.startswith(
        "Those to come take about 2 min one after the other (mini 2 min at 75 "
    )
    assert "75 sentences/s, as measured in 2 jobs of grammar-sf on cpu)" in second
    write("results/scores/mini/grammar-sf/quick/seed-42/gradient-en.json", {})
    finish("en/seed-42/prune-gradient-en", [3], 10.0)
    for ks in ([0], [1, 2], [3]):
        branch = "prune-gradient-en" if ks[0] else "unpruned"
        finish(f"en+de/seed-42/{branch}", ks, 20.0 * len(ks))
    assert costs.lines(plan, "cpu") == ["9 trainings: 8 trials and 1 baseline. Done: 9."]


def test_a_job_that_trains_k_0_and_more():
    finish("en/seed-42/prune-gradient-en", [0, 1, 2], 30.0)
    finish("en/seed-42/prune-random-1", [1, 2], 20.0)
    place = Path("results/trials/mini/grammar-sf/quick/en/seed-42")
    (place / "unpruned").mkdir()
    (place / "prune-gradient-en/k-00.json").rename(place / "unpruned/k-00.json")
    found = costs.measured("mini", "cpu")["grammar-sf"]
    assert (found.passes, found.seconds, found.jobs) == (5 * 500 * 2, 50.0, 2)


def test_a_corpus_has_its_own_speed_and_an_unmeasured_one_that_of_the_others():
    both = [EXPERIMENT, EXPERIMENT | {"name": "tags", "corpus": "grammar-pos"}]
    plan = make(experiments=[e | {"k": [0], "settings": ["mono-lingual"]} for e in both])
    finish("en/seed-42/unpruned", [0], 50.0)
    line = costs.lines(plan, "cpu")[2]  # 200 sentences, 2 epochs, 20 sentences a second
    assert "about 20 s one after the other (mini 20 s at 20 sentences/s" in line
    place = "benchmarks/trials/mini/grammar-pos/quick/en/seed-7/unpruned/k-00"
    write(f"results/{place}.tsv", "s\n8\n")
    record = {"training": {"sentences": 200, "epochs": 2, "device": "cpu"}}
    write(f"results/{place.removeprefix('benchmarks/')}.json", record)
    line = costs.lines(plan, "cpu")[2]  # 400 in 8 s
    assert "about 8 s" in line and "at 50 sentences/s, as measured in 2 jobs of" in line


@pytest.mark.parametrize("content", ["", "s\th:m:s\n-\t0:00:01\n", "s\n1\n"])
def test_jobs_that_tell_nothing_are_no_measure(content):
    finish("en/seed-42/unpruned", [0], 10.0, device="cuda")
    finish("en+de/seed-42/unpruned", [0], 10.0)
    name = "en+de/seed-42/unpruned/k-00"
    write(f"results/benchmarks/trials/mini/grammar-sf/quick/{name}.tsv", content)
    write(f"results/trials/mini/grammar-sf/quick/{name}.json", '{"training": ')
    assert [line[:27] for line in costs.lines(make(), "cpu")[1:]] == ["No training of mini was mea"]
    assert "at 100 sentences/s, as measured in 1 job of" in costs.lines(make(), "cuda")[1]


def test_sentences_of_a_training():
    plan = make(recipes=[{"name": "quick", "epochs": 3, "train_sentences": 150}])
    parts = ("mini", "grammar-sf", "quick")
    known = {"en": 100, "de": 500}
    for mixture, expected in [
        (("en",), 100),
        (("en", "de"), 100 + 150),
        (("en", "de@30"), 100 + 45),
        (("zh",), 150),  # unknown: the mean, 300, which the recipe cuts
    ]:
        assert costs.passes(plan, Training(*parts, mixture, 42), known) == 3 * expected


def test_sizes_are_those_prepared_else_those_of_the_catalogue():
    declared = {"train": {"sentences": 100}, "test": {"sentences": 30}}
    carve = {"dev": {"from": "train", "share": 0.2, "seed": 1}}
    mine = {
        "name": "mine",
        "task": "pos",
        "format": "conllu",
        "licence": "mine",
        "labels": ["X"],
        "languages": {
            "aa": {"files": declared, "carve": carve},
            "bb": {"files": {split: {} for split in ("train", "dev", "test")}},
            "cc": {"files": {split: {} for split in ("train", "dev", "test")}},
        },
    }
    changed = EXPERIMENT | {"corpus": "mine", "sources": ["aa"], "targets": ["bb", "cc"]}
    plan = make(corpora=[mine], experiments=[changed])
    assert costs.sizes(plan, "mine") == {"aa": 80}
    write("results/corpora/mine/bb/corpus.json", {"counts": {"train": {"sentences": 60}}})
    assert costs.sizes(plan, "mine") == {"aa": 80, "bb": 60}
    finish("en/seed-42/unpruned", [0], 10.0)  # of another corpus
    text = "\n".join(costs.lines(plan, "cpu"))
    assert "Sizes not known yet: mine/cc; taken as their corpus's mean." in text


def test_a_corpus_without_any_size_is_left_out():
    files = {split: {} for split in ("train", "dev", "test")}
    mine = {"name": "mine", "task": "pos", "format": "conllu", "licence": "mine", "labels": ["X"]}
    mine["languages"] = {"aa": {"files": files}}
    other = {"name": "own", "corpus": "mine", "sources": ["aa"], "targets": []}
    own = EXPERIMENT | other | {"settings": ["mono-lingual"]}
    plan = make(corpora=[mine], experiments=[EXPERIMENT, own])
    finish("en/seed-42/unpruned", [0], 10.0)
    first, _, second, third = costs.lines(plan, "cpu")
    assert first.startswith("14 trainings: 12 trials and 2 baselines.")
    assert second.startswith("8 of those to come take about ")
    assert third == "Left out: mine, whose sentences are counted when it is prepared."
    assert "k-00.json" in costs.lines(make(corpora=[mine], experiments=[own]), "cuda")[1]


def test_masking_trains_one_baseline_for_all_k():
    masked = EXPERIMENT | {"protocol": "mask", "settings": ["cross-lingual"]}
    plan = make(experiments=[masked])
    # k = 0, the baseline behind the ranking, and the one whose heads are masked
    assert costs.lines(plan, "cpu")[0] == "3 trainings: 1 trial and 2 baselines. Done: 0."
    finish("en/seed-42/mask-gradient-en", [1, 2], 1.0)
    assert costs.lines(plan, "cpu")[0].endswith("Done: 0.")
    finish("en/seed-42/mask-gradient-en", [3], 1.0)
    assert costs.lines(plan, "cpu")[0].endswith("Done: 1.")
