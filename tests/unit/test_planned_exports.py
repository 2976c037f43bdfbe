"""Which models a study exports, and mistakes in the key `exports` named by their place."""

import pytest
import yaml
from test_plan import ROOT, make

from polyheads.errors import UserError
from polyheads.study.exports import planned

POINT = "results/exports/test/tiny/ud-2.7/quick/en/seed-42/prune-gradient-en"


def study(**changed):
    scratch = {"class": "bert", "corpora": ["ud-2.7"], "languages": ["en"]}
    experiment = {
        **{"name": "pos", "corpus": "ud-2.7", "models": ["tiny"], "recipe": "quick"},
        **{"sources": ["en"], "targets": ["de", "zh"], "k": [1, 2]},
        **{"settings": ["mono-lingual", "cross-lingual", "multi-lingual"]},
    }
    experiment |= changed.pop("experiment", {})
    return {
        "study": {"name": "test"},
        "models": [{"name": "tiny", "scratch": scratch}],
        "recipes": [{"name": "quick"}],
        "experiments": [experiment],
        **changed,
    }


def test_sweeps_that_choose_among_the_same_trials_share_an_export():
    found = planned(make(study()))
    assert list(found) == [
        f"{POINT}/accuracy_en_k-0-2",
        f"{POINT.replace('/en/', '/en+de/')}/accuracy_de_k-0-2",
        f"{POINT.replace('/en/', '/en+zh/')}/accuracy_zh_k-0-2",
    ]
    export = found[f"{POINT}/accuracy_en_k-0-2"]
    trials = "results/trials/tiny/ud-2.7/quick/en/seed-42"
    wanted = [f"{trials}/unpruned/k-00", *(f"{trials}/prune-gradient-en/k-0{k}" for k in (1, 2))]
    assert export.trials == wanted and export.read_ks == (0, 1, 2)
    assert export.checkpoint.startswith("results/checkpoints/exports/test/tiny/")


def test_selections():
    multi = {"setting": "multi-lingual", "target": "de"}
    found = planned(make(study(exports=[multi, {"source": "en", "target": "zh", "k": 2}])))
    assert [path.split("/")[6] + "/" + path.split("/")[-1] for path in found] == [
        "en+de/accuracy_de_k-0-2",
        "en/k-02",
        "en+zh/k-02",
    ]
    assert found[f"{POINT}/k-02"].read_ks == (0, 2)
    assert len(found[f"{POINT}/k-02"].trials) == 2
    unpruned = planned(make(study(exports=[{"target": "en", "k": 0}])))
    assert [export.read_ks for export in unpruned.values()] == [(0,)]


def test_what_is_no_pruned_model_is_not_exported():
    assert planned(make(study(experiment={"k": [0]}))) == {}
    assert planned(make(study(experiment={"heads_at_test": "all"}))) == {}
    nulls = {"random_rankings": 3, "noise_seeds": [1], "fresh_seeds": [2]}
    assert len(planned(make(study(experiment=nulls)))) == 3


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"experiment": "poss"}, r"exports\[1\]\.experiment: .*'poss'; did you mean 'pos'\?"),
        ({"model": "tinny"}, r"\.model: no sweep .* 'tinny'; did you mean 'tiny'\?"),
        ({"target": "fa"}, r"\.target: no sweep that can be exported has the target 'fa'"),
        ({"source": "zh"}, r"\.source: .* 'zh'; known: en"),
        ({"setting": "low-resource"}, r"\.setting: .*'low-resource'; "),
        ({"setting": "bilingual"}, r"exports\[1\]\.setting: unknown value 'bilingual'"),
        ({"ranking": "gradient"}, r"\.ranking: .*'gradient'; did you mean 'gradient-en'\?"),
        ({"seed": 1}, r"\.seed: no sweep that can be exported has the seed 1; known: 42"),
        ({"k": 5}, r"exports\[1\]\.k: 5 is no k of the experiment pos \(0, 1, 2\)"),
        ({"models": "tiny"}, r"exports\[1\]\.models: unknown key; did you mean 'model'\?"),
    ],
)
def test_mistakes(selection, message):
    with pytest.raises(UserError, match=message) as caught:
        planned(make(study(exports=[{}, selection])))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.yaml", "config/paper-small.yaml"])
def test_no_two_exports_of_a_study_have_the_same_place(name):
    found = planned(make(yaml.safe_load((ROOT / name).read_text())))
    assert found and all(export.path == path for path, export in found.items())
    by_trials = {(e.training, e.protocol, e.ranking, e.metric, e.dev, e.ks) for e in found.values()}
    assert len(by_trials) == len(found)
