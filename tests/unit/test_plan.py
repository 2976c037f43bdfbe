"""Configurations become trials; mistakes are named by their path, with the nearest key."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml

from polyheads import catalogue
from polyheads.errors import UserError
from polyheads.study import configuration, contents, costs, experiments, paths
from polyheads.validation import load_schema

ROOT = Path(__file__).parents[2]
STUDY = {
    "study": {"name": "test"},
    "models": [
        {"name": "tiny", "scratch": {"class": "bert", "corpora": ["ud-2.7"], "languages": ["en"]}}
    ],
    "recipes": [{"name": "quick", "epochs": 1}],
    "experiments": [
        {
            "name": "pos",
            "corpus": "ud-2.7",
            "models": ["tiny"],
            "recipe": "quick",
            "sources": ["en"],
            "targets": ["de", "zh"],
            "k": [1, 2],
        }
    ],
}


def make(study):
    checked = configuration.load(study)
    return experiments.make(checked, catalogue.load(checked["corpora"]))


def changed(path, value):
    """STUDY with the value at ``experiments.0.k`` changed (None: removed)."""
    study = copy.deepcopy(STUDY)
    *front, last = [int(p) if p.isdecimal() else p for p in path.split("/")]
    at = study
    for part in front:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return study


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("experiments/0/langauges", ["en"], r"experiments\[0\]\.langauges: unknown key"),
        ("recipes/0/epoch", 3, r"recipes\[0\]\.epoch: unknown key; did you mean 'epochs'\?"),
        ("recipes/0/epochs", 0, r"recipes\[0\]\.epochs: 0 is less than"),
        ("recipes/0/order", "sequentail", r"recipes\[0\]\.order: .*did you mean 'sequential'"),
        (
            "experiments/0/corpus",
            "ud-2.8",
            r"\.corpus: unknown corpus 'ud-2.8'; did you mean 'ud-2.7'",
        ),
        (
            "experiments/0/targets",
            ["de", "xx"],
            r"experiments\[0\]\.targets\[1\]: unknown language",
        ),
        ("experiments/0/models", ["tinny"], r"unknown model 'tinny'; did you mean 'tiny'"),
        ("experiments/0/recipe", "quik", r"unknown recipe 'quik'; did you mean 'quick'"),
        (
            "experiments/0/rankings",
            ["gradient", "gradeint"],
            r"rankings\[1\]: ranking 'gradeint' is not known; did you mean 'gradient'\?",
        ),
        ("experiments/0/rankings", ["reversed-lpr"], r"'reversed-lpr' .*did you mean 'lrp'\?"),
        ("experiments/0/rankings", ["gradient-xx"], r"ranking 'gradient-xx' is not known"),
        ("experiments/0/rankings", ["random-x"], r"rankings\[0\]: ranking 'random-x' is not known"),
        ("experiments/0/k", [1, 9], r"experiments\[0\]\.k: 9 is more than the 8 heads of tiny"),
        ("experiments/0/sources", ["en+"], r"sources\[0\]: 'en\+' is no mixture"),
        ("experiments/0/sources", ["en+xx"], r"'en\+xx' is no mixture .* 'xx' is unknown"),
        ("experiments/0/sources", ["en+en"], r"'en\+en' names a language twice"),
        ("experiments/0/targets", ["en"], r"no pair of source and target"),
        ("experiments/0/metric", "f1_strict", r"metric: f1_strict is no metric of the task pos"),
        ("experiments/0/recipe", None, r"experiments\[0\]: the key 'recipe' is missing"),
        ("models/0/hub", "bert", r"models\[0\]: give exactly one of"),
        ("models/0/name", "a/b", r"models\[0\]\.name"),
        ("models/0/scratch/hidden", 66, "hidden .66. is not a multiple of heads"),
        ("recipes/0/learning_rate", "2e-3", r"\.learning_rate: '2e-3' is .*; write 2\.0e-3$"),
        ("recipes/0/learning_rate", "1.5e3", r"'1.5e3' is not a finite number; write 1\.5e\+3$"),
        ("recipes/0/learning_rate", "-2.E-3", r"; write -2\.0e-3$"),
        ("recipes/0/learning_rate", "fast", r"'fast' is not a finite number$"),
        ("recipes/0/learning_rate", True, r"true is not a finite number$"),
        ("recipes/0/epochs", "1e1", r"'1e1' is not an integer$"),
        ("recipes/0/epochs", 3.0, r"epochs: 3.0 is not an integer; write 3$"),
        ("recipes/0/train_sentences", 5.0, r": 5.0 is not an integer or null; write 5$"),
        ("experiments/0/k", [1, 2.0], r"k\[1\]: 2.0 is not an integer; write 2$"),
        ("experiments/0/k", 3, r"\.k: 3 is not a list \(\[a, b\]\); write \[3\]$"),
        ("experiments/0/percents", [10.0], r"percents\[0\]: 10.0 is not an integer"),
        ("study/title", 2021, r"study\.title: 2021 is not text; put it into quotes$"),
        ("experiments/0/targets", ["de", False], r"targets\[1\]: false is not text; put it into"),
        ("experiments/0/k", "0-12", r"\.k: '0-12' is not a list \(\[a, b\]\)$"),
        ("experiments/0/sources", "en", r"sources: 'en' is not a list \(.*\); write \[en\]$"),
        ("experiments/0/percents", [15], r"percents\[0\]: unknown value 15; known: 10, 20"),
        ("models/0/name", "x\n", r"models\[0\]\.name: 'x\\n' does not fit"),
        (
            "trials_at_once",
            "all",
            r"trials_at_once: 'all' does not fit: Trials of a job that train",
        ),
        ("trials_at_once", 0, r"trials_at_once: 0 is less than the minimum of 1"),
        ("trials_at_once", 2.0, r"trials_at_once: 2.0 is not an integer or text; write 2$"),
        ("study/name", "small\n", r"study\.name: 'small\\n' does not fit: A name becomes part"),
        ("recipes/0/name", "x" * 101, r"name: 'x{59}… is longer than 100 characters: A name"),
        ("models/0/scratch/class", "x" * 500, r"class: unknown value 'x{59}…; known"),
        ("models/0/scratch", ["x" * 500], r"scratch: \['x{58}… is not a block of keys"),
        ("study/notes", ["a", "b </script> c"], r"notes\[1\]: 'b </script> c' .*`--report`"),
        ("study/title", "<!-- a", r"study\.title: '<!-- a' .*write it in words"),
        ("experiments/0/rankings", ["random-4294967296"], r"give a seed from 0 to 4294967295"),
        ("experiments/0/rankings", ["random-" + "9" * 5000], r"give a seed from 0 to"),
        ("experiments/0/rankings", ["reversed-random-007"], r"without zeros before it"),
    ],
)
def test_mistakes(path, value, message):
    with pytest.raises(UserError, match=message) as caught:
        make(changed(path, value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30, 10**30])
@pytest.mark.parametrize(
    "path",
    [
        *("checkpoint_minutes", "threads_per_training", "trials_per_job", "trials_at_once"),
        *(f"models/0/scratch/{key}" for key in ("vocabulary", "layers", "heads", "hidden")),
        *(f"models/0/scratch/{key}" for key in ("intermediate", "positions", "sentences", "seed")),
        *(f"models/0/scratch/{key}" for key in ("steps", "batch_size", "learning_rate", "warmup")),
        "models/0/scratch/mask_probability",
        *(f"recipes/0/{key}" for key in ("epochs", "batch_size", "learning_rate", "warmup")),
        *(f"recipes/0/{key}" for key in ("weight_decay", "clip", "max_length")),
        *(f"recipes/0/{part}_sentences" for part in ("train", "dev", "test", "ranking")),
        "recipes/0/ranking_batch_size",
        *(f"experiments/0/{key}" for key in ("k", "seeds", "noise_seeds", "fresh_seeds")),
        *("experiments/0/percents", "experiments/0/random_rankings"),
    ],
)
def test_numbers_that_are_none(path, value):
    key = path.rsplit("/", 1)[-1]
    listed = key in ("k", "percents") or key.endswith("seeds")
    with pytest.raises(UserError, match=re.escape(key)) as caught:
        make(changed(path, [value] if listed else value))
    assert str(caught.value).startswith("configuration, ") and "\n" not in str(caught.value)


def test_every_number_of_the_schema_has_bounds():
    """A key that is added later must have them, too."""
    schema = load_schema("config")

    def walk(part, where):
        if "$ref" in part:
            part = {**schema["$defs"][part["$ref"].rsplit("/", 1)[1]], **part}
        kinds = part.get("type", [])
        if {"integer", "number"} & {*([kinds] if isinstance(kinds, str) else kinds)}:
            highest = part.keys() & {"maximum", "exclusiveMaximum", "enum"}
            lowest = part.keys() & {"minimum", "exclusiveMinimum", "enum"}
            assert highest and lowest, where
        for key, inner in part.get("properties", {}).items():
            walk(inner, f"{where}.{key}")
        if "items" in part:
            walk(part["items"], f"{where}[]")

    walk(schema, "config")


def test_trials_are_shared():
    study = copy.deepcopy(STUDY)
    study["experiments"][0]["rankings"] = ["gradient", "random-1", "reversed-gradient"]
    second = {**study["experiments"][0], "name": "again", "targets": ["zh"]}
    study["experiments"].append(second)
    made = make(study)
    # en, en+de, en+zh: k = 0 once each, k = 1, 2 for each of three rankings
    assert len(made.trials) == 3 + 3 * 3 * 2
    assert len(made.sweeps) == 3 * 4 + 3 * 2
    sweep = made.sweeps[0]
    assert sweep.trials[0].endswith("tiny/ud-2.7/quick/en/seed-42/unpruned/k-00.json")
    assert sweep.trials[2].endswith("/en/seed-42/prune-gradient-en/k-02.json")


def test_development_sets_follow_the_setting():
    by = {(s.setting, s.target): (s.mixture, s.dev) for s in make(STUDY).sweeps}
    assert by["cross-lingual", "de"] == (("en",), ("en",))
    assert by["multi-lingual", "zh"] == (("en", "zh"), ("zh",))


def test_languages_compared_are_scored_without_trials():
    study = changed("experiments/0/k", [0])
    study["experiments"][0] |= {"settings": ["mono-lingual"], "sources": ["en", "de", "zh"]}
    study["experiments"][0]["targets"] = []
    assert make(study).rankings == {}
    study["experiments"][0]["compare_languages"] = True
    made = make(study)
    assert sorted(name for _, name in made.rankings.values()) == [
        *("gradient-de", "gradient-en", "gradient-zh"),
    ]
    assert all(trial.k == 0 for trial in made.trials.values())
    found = contents.make(made, paths.scored_rankings(made), {})
    assert found.comparisons[0] == "languages.tiny.ud-2.7.quick.seed-42.gradient"
    assert [ranking.language for ranking in found.rankings] == ["en", "de", "zh"]


def test_several_sources_have_rankings_put_together_and_each_its_own():
    study = changed("experiments/0/sources", ["en+de", "en+zh"])
    study["experiments"][0] |= {
        "targets": ["de", "zh"],
        "settings": ["cross-lingual"],
        "rankings": ["merged-gradient", "summed-gradient", "each-gradient"],
    }
    made = make(study)
    by_source = {}
    for sweep in made.sweeps:
        by_source.setdefault((sweep.source, sweep.target), []).append(sweep.ranking)
    assert by_source["en+de", "zh"] == [
        *("merged-gradient-en+de", "summed-gradient-en+de", "gradient-en", "gradient-de"),
    ]
    assert set(by_source) == {("en+de", "zh"), ("en+zh", "de")}
    training, name = next(r for r in made.rankings.values() if r[1] == "merged-gradient-en+zh")
    scores = paths.ranking_inputs(training, name)["scores"]
    assert [path.rsplit("/", 1)[1] for path in scores] == ["gradient-en.json", "gradient-zh.json"]
    drawn = {path.rsplit("/", 1)[1] for path in paths.scored_rankings(made)}
    assert drawn == {"gradient-en", "gradient-de", "gradient-zh"}


def test_low_resource_trainings_read_a_share_of_the_target():
    study = changed("experiments/0/settings", ["multi-lingual", "low-resource"])
    study["experiments"][0]["percents"] = [10, 50]
    made = make(study)
    low = [s for s in made.sweeps if s.setting == "low-resource" and s.target == "de"]
    assert [(s.mixture, s.dev) for s in low] == [
        (("en", "de@10"), ("de",)),
        (("en", "de@50"), ("de",)),
    ]
    training = made.trials[low[0].trials[0].removesuffix(".json")].training
    assert "/en+de@10/" in training.path
    assert made.languages_of(training) == ["en", "de"]
    assert made.evaluate_on(training) == ["de"]


@pytest.mark.parametrize("place", ["model", "results/downloads", "mirror"])
def test_k_is_held_to_the_heads_of_a_model_that_is_there(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    revision = "0" * 40
    model = {"name": "tiny", "hub": "some/model", "revision": revision}
    config_file = tmp_path / place / "config.json"
    if place == "model":
        model = {"name": "tiny", "path": "model"}
    else:
        config_file = tmp_path / place / "models/some--model" / revision / "config.json"
    study = {**changed("experiments/0/k", [7]), "models": [model]}
    if place == "mirror":
        study["mirror"] = "mirror"
    make(study)  # nothing is known yet
    config_file.parent.mkdir(parents=True)
    config_file.write_text('{"num_hidden_layers": 2, "num_attention_heads": 3}')
    with pytest.raises(UserError, match=r"experiments\[0\]\.k: 7 is more than the 6 heads of tiny"):
        make(study)
    make({**study, "experiments": [{**study["experiments"][0], "k": [6]}]})


def test_only_sweeps_that_ask_for_it_are_tested_with_all_heads():
    """Of trials, not of the study: others stay as they are when such an experiment is added."""
    study = changed("experiments/0/k", [1, 2])
    assert make(study).unmasked() == set()
    (first,) = study["experiments"]
    released = {**first, "name": "released", "rankings": ["released"], "heads_at_test": "all"}
    plan = make(
        {**study, "experiments": [first, {**released, "fresh_seeds": [8], "noise_seeds": [9]}]}
    )
    paths = plan.unmasked()
    assert paths == {p for p in plan.trial_paths if "-released-" in p}
    assert any("/chosen-released-" in p for p in paths) and any("/prune-" in p for p in paths)
    assert any("-gradient-" in p for p in plan.trial_paths)


def test_blocks_are_fixed():
    study = {**changed("experiments/0/k", [1, 2, 3, 4]), "trials_per_job": 2}
    assert make(study).blocks() == [(0,), (1, 2), (3, 4)]
    study["experiments"][0]["k"] = [1, 2, 3, 4, 5]
    assert make(study).blocks() == [(0,), (1, 2), (3, 4), (5,)]


def joined(study):
    return {training.path: ranking for training, ranking in make(study).joined().items()}


def test_the_unpruned_trial_goes_with_the_ranking_that_is_named():
    study = changed("experiments/0/k", [1, 2, 3, 4])
    study |= {"trials_per_job": 2, "unpruned_with": "gradient"}
    (first,) = study["experiments"]
    before = joined(study)
    assert before and set(before.values()) == {"gradient-en"}
    assert set(before) == {t.training.path for t in make(study).trials.values()}
    assert not joined({**study, "unpruned_with": None})
    assert not joined({**study, "unpruned_with": "lrp"})
    assert not joined({**study, "experiments": [{**first, "k": [3, 4]}]})  # no first block
    assert not joined({**study, "experiments": [{**first, "k": [0]}]})
    assert not joined({**study, "experiments": [{**first, "protocol": "mask"}]})
    assert not joined({**study, "experiments": [{**first, "rankings": ["gradient-de"]}]})
    # What is added leaves them where they are.
    for more in ({"k": [1, 2, 3, 4, 5]}, {"rankings": ["random-1", "gradient", "lrp"]}):
        assert joined({**study, "experiments": [{**first, **more}]}) == before
    others = {**first, "name": "others", "rankings": ["random-1"], "seeds": [7]}
    fresh = {**first, "name": "fresh", "fresh_seeds": [8], "noise_seeds": [9]}
    assert joined({**study, "experiments": [others, fresh]}) == before
    more = {**first, "targets": [*first["targets"], "ar"]}
    assert before.items() < joined({**study, "experiments": [more]}).items()
    with pytest.raises(UserError, match="unpruned_with: unknown ranking 'gradiant'; did you mean"):
        make({**study, "unpruned_with": "gradiant"})


def test_names_of_the_jobs_that_train():
    study = {**changed("experiments/0/k", [1, 2, 3]), "trials_per_job": 2}
    study["experiments"][0] |= {"settings": ["cross-lingual"], "rankings": ["gradient", "random-1"]}

    def names(**more):
        found = paths.benchmarks(make({**study, **more}))["trials"]
        assert len({name.rsplit("seed-42/")[0] for name in found}) == 1
        return {name.rsplit("seed-42/")[1].removesuffix(".tsv") for name in found}

    each = {f"prune-{r}/k-{k}" for r in ("gradient-en", "random-1") for k in ("01", "03")}
    assert names() == {"unpruned/k-00", *each}
    together = names(unpruned_with="gradient")
    assert together == {*each, "prune-gradient-en/k-00"} - {"prune-gradient-en/k-01"}


def test_the_paper_has_as_many_trainings_as_published():
    """Part by part, what parts share counted once; nothing of the default study."""
    study = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text())
    trials = make(study).trials.values()

    def count(**wanted):
        return sum(
            all(wanted[key](t) for key in wanted)
            for t in trials
            if "@" not in t.training.mixture[-1]
        )

    def of(*corpora):
        return lambda t: t.training.corpus in corpora

    def control(t):
        return t.ranking is not None and t.ranking.startswith(("random", "reversed"))

    main = of("ud-2.7", "ma2021-ner")

    def of_table_6(t):
        return len(t.training.mixture) == 4

    assert count(of=of_table_6) == 730  # Table 6

    def of_figure_1(t):
        sources = ["en"] if t.training.corpus == "multiatis-pp" else ["en", "zh", "ar"]
        return len(t.training.mixture) == 1 and t.training.mixture[0] not in sources

    assert count(of=of_figure_1) == 40  # Figure 1, beside the sources of the tables
    plain = {
        "control": lambda t: not control(t),
        "of": lambda t: not (of_figure_1(t) or of_table_6(t)),
    }
    assert count(corpus=main, **plain) == 1404  # Tables 2 and 3
    assert count(corpus=of("multiatis-pp"), **plain) == 234  # Table 4
    assert count(corpus=main, control=control) == 432  # Table 5
    assert len(trials) == 4595
    assert sum("@" in t.training.mixture[-1] for t in trials) == 1755  # Figures 2 and 3
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    for key in ("models", "experiments", "recipes"):
        assert not {x["name"] for x in default[key]} & {x["name"] for x in study[key]}


def test_what_configurations_share_is_the_same():
    def read(name):
        return yaml.safe_load((ROOT / "config" / name).read_text())

    paper, opened = read("paper.yaml"), read("paper-open.yaml")
    for study in (paper, opened):
        del study["study"]
        for experiment in study["experiments"]:
            del experiment["corpus"]
    assert paper == opened
    (one,), (other,) = (
        [m for m in read(name)["models"] if m["name"] == "wiki-scratch"]
        for name in ("ner-wikiann.yaml", "sf-xsid.yaml")
    )
    assert one == other


@pytest.mark.parametrize("file", [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))])
def test_the_configurations_of_the_project_are_valid(file):
    assert make(yaml.safe_load(file.read_text())).sweeps


def test_the_studies_of_the_tutorial(tmp_path, monkeypatch):
    text = (ROOT / "docs/tutorial.md").read_text()
    own, transfer = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    monkeypatch.chdir(tmp_path)
    missing = make(own).missing()
    assert len(missing) == 3
    assert "data/finnish/fi/train.conllu is missing: finnish, fi, train" in missing[0]
    (tmp_path / "data/finnish/fi").mkdir(parents=True)
    for split in ("train", "dev", "test"):
        (tmp_path / f"data/finnish/fi/{split}.conllu").touch()
    made = make(own)
    assert made.missing() == []
    (sweep,) = (sweep for sweep in made.sweeps if sweep.role == "main")
    assert (sweep.source, sweep.target, sweep.ks) == ("fi", "fi", (0, 1, 2, 4))
    sweeps = {(s.setting, s.source, s.target) for s in make(transfer).sweeps}
    assert sweeps == {("cross-lingual", "en", "fi"), ("multi-lingual", "en", "fi")}


@pytest.mark.parametrize("text", ["{broken", "[]", '"a"', "\xff"])
def test_a_model_whose_configuration_is_none(text, tmp_path):
    (tmp_path / "config.json").write_text(text, encoding="latin-1")
    study = changed("models/0", {"name": "tiny", "path": str(tmp_path)})
    with pytest.raises(
        UserError, match=r"config\.json: not the configuration of a model"
    ) as caught:
        make(study)
    assert "\n" not in str(caught.value)


def test_sizes_of_a_model_that_are_no_numbers_are_left_to_the_loader(tmp_path):
    sizes = {"num_hidden_layers": "a", "num_attention_heads": [2]}
    (tmp_path / "config.json").write_text(json.dumps(sizes))
    assert make(changed("models/0", {"name": "tiny", "path": str(tmp_path)})).sweeps


def test_a_model_directory_that_is_not_there_is_missing(tmp_path):
    study = changed("models/0", {"name": "tiny", "path": str(tmp_path / "nowhere")})
    (message,) = make(study).missing()
    assert re.match(r"configuration, models\[0\]\.path: .*nowhere is no directory; give", message)


def test_every_key_of_the_schema_is_described():
    def walk(schema, where):
        for key, part in schema.get("properties", {}).items():
            known = {**part, **schema.get("$defs", {})}
            assert "description" in known or "$ref" in part, f"{where}.{key}"
            walk(part, f"{where}.{key}")
            walk(part.get("items", {}), f"{where}.{key}[]")

    walk(load_schema("config"), "config")


def test_a_ranking_of_another_language_needs_its_data():
    study = copy.deepcopy(STUDY)
    study["experiments"][0] |= {"rankings": ["lrp-zh"], "targets": ["de"]}
    made = make(study)
    ((path, (training, name)),) = made.rankings.items()
    assert path.endswith("/quick/seed-42/lrp-zh") and name == "lrp-zh"
    assert training.mixture == ("zh",)
    assert set(made.needed["ud-2.7", "zh"]) == {"train", "dev"}


def test_a_ranking_on_text_of_the_target_is_of_the_sources_model():
    study = copy.deepcopy(STUDY)
    study["experiments"][0] |= {
        "rankings": ["fisher-predicted-on-target"],
        "settings": ["mono-lingual", "cross-lingual"],
        "targets": ["de", "zh"],
    }
    made = make(study)
    by_target = {sweep.target: sweep.ranking for sweep in made.sweeps}
    names = {code: f"fisher-predicted-en-on-{code}" for code in ("de", "zh")}
    assert by_target == {"en": "fisher-predicted-en", **names}
    assert all(training.mixture == ("en",) for training, _ in made.rankings.values())
    # Its dev set is read, and no training set.
    assert set(made.needed["ud-2.7", "de"]) == {"dev", "test"}
    training, name = next(r for r in made.rankings.values() if r[1].endswith("-on-de"))
    (path,) = paths.ranking_inputs(training, name)["scores"]
    assert path.endswith("/seed-42/fisher-predicted-en-on-de.json")
    (need,) = costs._baselines(training, name).values()
    assert need.training.mixture == ("en",) and need.made == (path,)
    measured = paths.benchmarks(made)
    where = "results/benchmarks/baseline/tiny/ud-2.7/quick/en/seed-42"
    wanted = ["fisher-predicted", "fisher-predicted-on-de", "fisher-predicted-on-zh"]
    assert measured["baseline"] == [f"{where}/{reader}.tsv" for reader in wanted]
    found = contents.make(made, paths.scored_rankings(made), {})
    assert not any(name.startswith("languages.") for name in found.comparisons)


def test_a_ranking_of_one_pair_is_no_ranking_of_an_experiment():
    message = r"rankings\[0\]: .* give lrp-on-target, which is that of each"
    with pytest.raises(UserError, match=message):
        make(changed("experiments/0/rankings", ["lrp-en-on-de"]))


def test_nulls_and_fresh_seeds():
    study = copy.deepcopy(STUDY)
    study["experiments"][0] |= {"random_rankings": 2, "noise_seeds": [1, 2], "fresh_seeds": [2, 3]}
    made = make(study)
    by = {}
    for sweep in made.sweeps:
        by.setdefault(sweep.role, []).append(sweep)
    assert {role: len(found) for role, found in by.items()} == {
        "main": 4,
        "random": 2 * 2,  # cross-lingual only
        "noise": 4,
        "fresh": 2 * 4,
    }
    assert {s.setting for s in by["random"]} == {"cross-lingual"}
    noise = by["noise"][0]
    assert noise.ks == (0, 1, 2)
    assert [Path(t).parts[-3] for t in noise.trials] == ["seed-42", "seed-1", "seed-2"]
    assert all(t.endswith("unpruned/k-00.json") for t in noise.trials)
    # Both targets of a cross-lingual source read one training.
    crossing = [s for s in by["fresh"] if s.setting == "cross-lingual" and s.seed == 3]
    assert len(crossing) == 2 and len({s.trials for s in crossing}) == 1
    trial = made.chosen[crossing[0].trials[1].removesuffix(".json")]
    assert (trial.of_seed, trial.training.seed, trial.ks) == (42, 3, (0, 1, 2))
    assert trial.sweep == next(s for s in by["main"] if s.setting == "cross-lingual").trials
    assert made.evaluate_on(trial.training) == ["de", "zh"]
    # en, en+de, en+zh: seeds 42, 1, 2, 3 with k = 0; k = 1, 2 by three rankings, of two for en only
    assert len(made.trials) == 3 * 4 + 3 * 2 + 2 * 2
    assert len(made.chosen) == 3 * 2


@pytest.mark.parametrize("key", ["noise_seeds", "fresh_seeds"])
def test_seeds_that_choose_are_neither_noise_nor_fresh(key):
    study = changed(f"experiments/0/{key}", [7, 42])
    with pytest.raises(UserError, match=rf"experiments\[0\]\.{key}: 42 is one of"):
        make(study)


def test_a_masked_model_has_no_all_heads_reading():
    study = changed("experiments/0/heads_at_test", "all")
    study["experiments"][0]["protocol"] = "mask"
    with pytest.raises(UserError, match=r"experiments\[0\]\.heads_at_test"):
        make(study)


def test_a_ranking_on_test_needs_the_test_set():
    study = changed("recipes/0/ranking_split", "test")
    assert "test" in make(study).needed["ud-2.7", "en"]


def test_a_ranking_that_is_named_twice_is_one(tmp_path):
    study = changed("experiments/0/sources", ["en+zh"])
    study["experiments"][0] |= {"targets": ["de"], "rankings": ["gradient", "each-gradient"]}
    study["experiments"][0]["settings"] = ["cross-lingual"]
    assert [s.ranking for s in make(study).sweeps] == ["gradient-en", "gradient-zh"]


def test_several_sources_are_needed_to_put_rankings_together():
    with pytest.raises(UserError, match=r"rankings\[0\]: .*give sources such as en\+de"):
        make(changed("experiments/0/rankings", ["merged-gradient"]))


def test_studies_of_the_paper_share_their_trials():
    """Switching between them trains nothing again: what both train is tested on the same."""
    plans = {
        name: make(yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text()))
        for name in ("paper", "paper-sound", "as-released")
    }
    for name in ("paper-sound", "as-released"):
        common = set(plans["paper"].trials) & set(plans[name].trials)
        assert len(common) > 1000
        for path in common:
            training = plans["paper"].trials[path].training
            tested = [plans[study].evaluate_on(training) for study in ("paper", name)]
            assert tested[0] == tested[1], path
