"""The experiments of the paper on a tiny corpus, from configuration to report."""

import csv
import json
from pathlib import Path

from conftest import make_project


def rows(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_low_resource_several_sources_and_languages_compared(tmp_path, study):
    shared = {"corpus": "toy", "models": ["mini"], "recipe": "quick", "k": [1]}
    study["trials_per_job"] = 2
    study["experiments"] = [
        {
            **shared,
            "name": "low",
            "sources": ["aa"],
            "targets": ["bb"],
            "settings": ["multi-lingual", "low-resource"],
            "percents": [20, 50],
        },
        {
            **shared,
            "name": "several",
            "sources": ["aa+bb"],
            "targets": ["cc"],
            "settings": ["cross-lingual"],
            "rankings": ["merged-gradient", "summed-gradient", "each-gradient"],
        },
        {
            **shared,
            "name": "alike",
            "sources": ["aa", "bb", "cc"],
            "settings": ["mono-lingual"],
            "compare_languages": True,
            "k": [0],
        },
    ]
    project = make_project(tmp_path / "project", study)
    project.succeed("report")
    trials = project.path / "results/trials/mini/toy/quick"
    read = {
        mixture: json.loads((trials / mixture / "seed-42/unpruned/k-00.json").read_text())
        for mixture in ("aa+bb@20", "aa+bb@50", "aa+bb")
    }
    # 24 sentences in ten parts: the first four have three each, the others two.
    trained = {mixture: trial["training"]["sentences"] for mixture, trial in read.items()}
    assert trained == {"aa+bb@20": 24 + 6, "aa+bb@50": 24 + 14, "aa+bb": 48}

    tables = project.path / "results/studies/tiny/tables"
    low = rows(tables / "low.low-resource.aa.gradient.csv")
    assert [row["percent"] for row in low] == ["20", "50", "100"]
    (several,) = rows(tables / "several.cross-lingual.several-sources.csv")
    assert (
        several["EC_source"] in ("aa", "bb")
        and several["MD_dev_selected"]
        and several["SD_test_oracle"]
    )
    merged = project.path / "results/rankings/mini/toy/quick/seed-42/merged-gradient-aa+bb"
    assert json.loads((merged / "ranking.json").read_text())["language"] == "aa+bb"
    figures = project.path / "results/studies/tiny/figures"
    assert (figures / "languages.mini.toy.quick.seed-42.gradient.svg").is_file()
    report = (project.path / "results/report.html").read_text(encoding="utf-8")
    assert "Rankings of languages compared" in report


def test_nulls_fresh_seeds_and_the_released_code(tmp_path, study):
    study["recipes"].append(
        {
            **study["recipes"][0],
            **{"name": "released", "order": "random", "mixing": "target-first"},
            **{"ranking_split": "test", "ranking_batch_size": 8, "normalisation": "sum"},
        }
    )
    (first,) = study["experiments"]
    first |= {"random_rankings": 2, "noise_seeds": [1, 2], "fresh_seeds": [8, 9]}
    study["trials_per_job"] = 2
    released = {**first, "name": "released", "recipe": "released", "rankings": ["released"]}
    for key in ("random_rankings", "noise_seeds", "fresh_seeds"):
        del released[key]
    study["experiments"].append({**released, "heads_at_test": "all"})
    project = make_project(tmp_path / "project", study)
    project.succeed("report")

    # The table of protocols is in the published metric, so both are there.
    choices = rows(project.path / "results/studies/tiny/choices.csv")
    choices = [row for row in choices if row["metric"] == "accuracy"]
    main = {(r["experiment"], r["setting"]): r for r in choices if r["role"] == "main"}
    fresh = [r for r in choices if r["role"] == "fresh"]
    assert len(fresh) == 2 * 2 and {r["of_seed"] for r in fresh} == {"42"}
    for row in fresh:
        # The seed that chose k took part in nothing else, and the other way round.
        assert row["dev_selected_k"] == main["pos", row["setting"]]["dev_selected_k"]
        assert row["seed"] in ("8", "9") and not row["test_oracle_k"]
    trials = project.path / "results/trials/mini/toy"
    place = trials / "quick/aa/seed-8/chosen-gradient-aa/accuracy_aa_k-0-2_seed-42.json"
    again = json.loads(place.read_text())
    k = int(main["pos", "cross-lingual"]["dev_selected_k"])
    assert again["trial"]["k"] == len(again["pruned_heads"]) == k

    scored = project.path / "results/scores/mini/toy/released/seed-42/released-aa.json"
    assert json.loads(scored.read_text())["split"] == "test"
    trial = json.loads((trials / "released/aa/seed-42/prune-released-aa/k-01.json").read_text())
    on = {r["heads"]: r["metrics"]["accuracy"] for r in trial["scores"] if r["split"] == "test"}
    assert set(on) == {"pruned", "all"}
    read = main["released", "cross-lingual"]
    best = json.loads((project.path / read["test_oracle_trial"]).read_text())
    value = next(r for r in best["scores"] if (r["split"], r["heads"]) == ("test", "all"))
    assert float(read["test_oracle_test"]) == round(value["metrics"]["accuracy"], 6)


def test_rankings_on_text_of_the_target(tmp_path, study):
    study["experiments"][0] |= {
        "targets": ["bb", "cc"],
        "settings": ["cross-lingual"],
        "rankings": ["fisher-predicted", "fisher-predicted-on-target"],
        "k": [1],
    }
    project = make_project(tmp_path / "project", study)
    project.succeed("report")
    results = project.path / "results"

    def scores(name):
        path = results / f"scores/mini/toy/quick/seed-42/{name}.json"
        return json.loads(path.read_text())

    own, other = scores("fisher-predicted-aa"), scores("fisher-predicted-aa-on-bb")
    assert own["made_of"]["data"].keys() == {"aa"} and other["language"] == "bb"
    assert {code: sorted(parts) for code, parts in other["made_of"]["data"].items()} == {
        "aa": ["labels", "train"],
        "bb": ["dev", "labels"],
    }
    assert own["raw"] != other["raw"]
    name = "fisher-predicted-aa-on-cc"
    ranking = json.loads(
        (results / f"rankings/mini/toy/quick/seed-42/{name}/ranking.json").read_text()
    )
    assert (ranking["kind"], ranking["language"]) == ("fisher-predicted", "aa-on-cc")
    place = results / f"trials/mini/toy/quick/aa/seed-42/prune-{name}/k-01.json"
    assert json.loads(place.read_text())["pruned_heads"] == ranking["order"][:1]
    tables = results / "studies/tiny/tables"
    table = rows(tables / "pos.cross-lingual.fisher-predicted-on-target.csv")
    assert {row["target"] for row in table} >= {"bb", "cc"}
    report = (results / "report.html").read_text(encoding="utf-8")
    assert "fisher-predicted ranking scored on the target" in report
    assert "Nothing to be done" in project.succeed("-n", "report")
    # A partial report takes what is there for what the plan says.
    partial = project.succeed("-n", "report", "--config", "partial=True")
    assert "Nothing to be done" in partial
