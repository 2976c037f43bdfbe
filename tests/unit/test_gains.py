"""Statistics of a made-up study: rows, what is missing, what is wrong, what tables make of them."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import made_up
import numpy as np
import pytest

from polyheads import exhibits
from polyheads.analysis import clusters, gains, resampling, rows, selection
from polyheads.exhibits import contents, findings, fresh, tables
from polyheads.exports import card

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
NO_GAIN = {0: 0.6, 1: 0.6, 2: 0.6, 3: 0.6}
GAIN = {0: 0.3, 1: 0.9, 2: 0.5, 3: 0.5}


def study(directory, rights, *, seeds=(42,), **changed):
    """Cross-lingual sweeps from English, target -> k -> share of words that are right anyway."""
    return [
        made_up.predicted_sweep(directory / target, right, target=target, seed=seed, **changed)
        for target, right in rights.items()
        for seed in seeds
    ]


def run(
    sweeps, directory, *, resamples=300, published=(), without=(), plan=exhibits.plan, delta=None
):
    plan = plan(sweeps, published)
    criteria = exhibits.criteria(plan, sweeps)
    trials = {path for made in sweeps for path in made["trials"]} - set(without)
    scores = selection.load_scores(trials, sweeps)
    choices = selection.pruned_heads(selection.choose(scores, criteria))
    for name, table in {"choices": choices, "scores": scores}.items():
        selection.write(table, directory / f"{name}.csv")
    choices, scores = (selection.read(directory / f"{name}.csv") for name in ("choices", "scores"))
    rows.write(
        gains.statistics(plan, criteria, choices, scores, resamples=resamples, delta=delta),
        directory / "statistics.csv",
    )
    return plan, choices, rows.read(directory / "statistics.csv")


def of(found, target, criterion="dev_selected"):
    (row,) = [r for r in found if r["target"] == target and r["criterion"] == criterion]
    return row


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_every_gain_has_an_interval_and_p(tmp_path, task):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN}, task=task, experiment=task)
    _, choices, found = run(sweeps, tmp_path)
    assert [row["level"] for row in found] == ["pair"] * 4 + ["mean"] * 2
    for row in found[:4]:
        (choice,) = [c for c in choices if c["target"] == row["target"]]
        assert row["gain"] == pytest.approx(choice[f"{row['criterion']}_gain"], abs=2e-6)
        assert row["k"] == str(choice[f"{row['criterion']}_k"])
        assert (row["seeds"], row["sentences"], row["resamples"]) == (1, 40, 300)
        if row["k"] != "0":
            assert row["low"] <= row["high"] and 0 < row["p"] <= row["p_holm"] <= 1
            assert row["p"] == row["p_sentences"] and row["p_seeds"] is None
    assert rows.tells(of(found, "de")) and rows.tells(of(found, "de", "test_oracle"))
    assert of(found, "de")["low"] > 0
    assert not rows.tells(of(found, "zh"))
    for row in found[4:]:
        pairs = [r["gain"] for r in found[:4] if r["criterion"] == row["criterion"]]
        assert row["gain"] == pytest.approx(np.mean(pairs), abs=1e-5)
        assert row["low"] < row["gain"] < row["high"] and row["p"] is None


def test_same_numbers_twice_and_for_a_pair_alone(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    run(sweeps, tmp_path)
    first = (tmp_path / "statistics.csv").read_bytes()
    _, _, found = run(sweeps, tmp_path)
    assert (tmp_path / "statistics.csv").read_bytes() == first
    _, _, alone = run(sweeps[1:], tmp_path)
    for name in ("gain", "low", "high", "p"):
        assert of(alone, "zh", "test_oracle")[name] == of(found, "zh", "test_oracle")[name]


def test_both_readings_of_a_table_are_one_family(tmp_path):
    _, _, found = run(study(tmp_path, {"de": GAIN, "zh": NO_GAIN}), tmp_path)
    tested = [row for row in found if row["p"] is not None]
    assert {row["criterion"] for row in tested} == {"dev_selected", "test_oracle"}
    adjusted = resampling.holm([row["p"] for row in tested])
    assert [row["p_holm"] for row in tested] == pytest.approx(adjusted, abs=1e-5)
    first = min(tested, key=lambda row: row["p"])
    assert first["p_holm"] == pytest.approx(first["p"] * len(tested), abs=1e-5)


def test_where_k_0_is_chosen_nothing_is_compared(tmp_path):
    _, _, found = run(study(tmp_path, {"de": {0: 0.99, 1: 0.3, 2: 0.3}}), tmp_path)
    row = of(found, "de")
    assert (row["k"], row["gain"], row["low"], row["p"], row["p_holm"]) == ("0", 0, *[None] * 3)
    best = of(found, "de", "test_oracle")
    assert best["gain"] < 0 and best["high"] < 0 and best["p"] > 0.9  # one-sided


def test_several_seeds(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN}, seeds=(1, 2, 3))
    _, choices, found = run(sweeps, tmp_path)
    row = of(found, "de")
    assert (row["seeds"], row["k"]) == (3, " ".join(str(c["dev_selected_k"]) for c in choices))
    assert row["gain"] == pytest.approx(
        np.mean([c["dev_selected_gain"] for c in choices]), abs=1e-5
    )
    assert row["p_sentences"] < 0.05
    # The chosen run is the best of each seed: only signs as they are give as much as observed.
    assert row["p"] == row["p_seeds"] == 1 / 2**3
    _, _, one = run([made for made in sweeps if made["seed"] == 2], tmp_path)
    alone = of(one, "de")
    assert alone["p_seeds"] is None and rows.tells(alone)


@pytest.mark.parametrize("seeds", [(1,), (1, 2)])
def test_every_p_is_that_of_its_reading(tmp_path, seeds):
    """By hand, from the files; none is significant, so that the tests differ."""
    right = {0: 0.55, 1: 0.6, 2: 0.61, 3: 0.58}
    sweeps = study(tmp_path, {"de": right}, seeds=seeds)
    _, choices, found = run(sweeps, tmp_path)
    assert all(choice["dev_selected_k"] for choice in choices)
    score, sides, dev, options = gains.SCORES["accuracy"], [], [], {"key": "ud-2.7 de"}
    for made in sweeps:
        files = [Path(path).with_suffix(".parquet") for path in made["trials"]]
        counts = {
            code: [
                gains.count(gains.read(f, language=code, split=split), "accuracy") for f in files
            ]
            for code, split in (("de", "test"), ("en", "dev"))
        }
        sides.append(np.stack(counts["de"], axis=1))
        dev.append(score(np.stack(counts["en"], axis=1).sum(0).astype(float)))
    whole = [score(side.sum(0).astype(float)) for side in sides]
    every = resampling.bootstrap(np.concatenate(sides, axis=1), score, resamples=300, **options)
    draws = np.split(every, len(seeds), axis=1)
    pairs = [s[:, [0, c["dev_selected_k"]]] for s, c in zip(sides, choices, strict=True)]
    null = resampling.exchanged(pairs, score, resamples=300, **options)
    gain = np.mean([resampling.gains(score(pair.sum(0).astype(float))) for pair in pairs])
    of_sentences = {
        "dev_selected": resampling.p_value(gain, null, two_sided=True),
        "test_oracle": resampling.p_of_best(whole, draws),
    }
    assert of_sentences["dev_selected"] != of_sentences["test_oracle"]
    for criterion, p in of_sentences.items():
        row = of(found, "de", criterion)
        of_seeds = resampling.p_of_seeds(dev, whole, best=criterion == "test_oracle", resamples=300)
        assert row["p_sentences"] == pytest.approx(p, abs=1e-6)
        assert row["p_seeds"] == (of_seeds and pytest.approx(of_seeds, abs=1e-6))
        assert row["p"] == pytest.approx(max(p, of_seeds or 0), abs=1e-6)
        assert row["p_runs"] is None


def test_a_mean_of_sweeps_that_lack_a_reading_has_no_interval(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN}, seeds=(1, 2))
    plan, choices, _ = run(sweeps, tmp_path)
    scores = selection.read(tmp_path / "scores.csv")
    for gone, seeds in ((choices[:1], [1, 2]), (choices[:2], [2])):
        some = [c | {"dev_selected_gain": None} if c in gone else c for c in choices]
        found = gains.statistics(plan, sweeps, some, scores, resamples=20)
        german = [r["seeds"] for r in found if r["target"] == "de"]
        means = [r for r in found if r["level"] == "mean"]
        assert german == seeds and [(r["source"], r["target"]) for r in means][0] == ("", "")
        assert [r.get("low") for r in means if r["criterion"] == "test_oracle"] == [None]
    Path(sweeps[0]["trials"][1]).with_suffix(".parquet").unlink()
    found = gains.statistics(plan, sweeps, choices, scores, resamples=20)
    bad = [r for r in found if r.get("problem")]
    assert len(bad) == 2 and all(r["gain"] is r["p"] is None for r in bad)


def test_pruned_runs_are_read_with_the_heads_that_the_sweep_reads(tmp_path, monkeypatch):
    """All heads on at test: of k = 0 that is the same, and is kept once."""
    (made,) = study(tmp_path, {"de": GAIN})
    _, (choice,), _ = run([made], tmp_path)
    asked, read = [], gains.read

    def spy(path, *, language, heads="pruned"):
        asked.append((Path(path).stem, language, heads))
        return read(path, language=language)

    monkeypatch.setattr(gains, "read", spy)
    sweeps = {gains.sweep_key(made): made}
    gains.of_sweeps([choice | {"heads": "all"}], sweeps, 5)
    assert asked == [(f"k-0{k}", "de", "all" if k else "pruned") for k in range(4)]


def test_missing_trials_leave_their_cells_out_and_nothing_else(tmp_path):
    rights = {"de": GAIN, "zh": NO_GAIN, "ar": GAIN, "fa": GAIN}
    sweeps = study(tmp_path, rights)
    _, _, whole = run(sweeps, tmp_path)
    gone = {"de": sweeps[0]["trials"][0], "ar": sweeps[2]["trials"][3]}
    for path in gone.values():
        Path(path).unlink()
        Path(path).with_suffix(".parquet").unlink()
    for path in sweeps[3]["trials"]:
        Path(path).unlink()
    plan, choices, found = run(sweeps, tmp_path)
    assert {row["target"] for row in found if row["level"] == "pair"} == {"zh", "ar"}
    assert of(found, "zh")["low"] == of(whole, "zh")["low"]
    assert of(found, "ar")["gain"] == of(whole, "ar")["gain"]
    table = tables.result_table(plan[0], choices, LANGUAGES, (), found)
    texts = [[cell["text"] for cell in row] for row in table["body"]]
    assert texts[0].count("missing") and table["body"][1][7]["below"].startswith("[")
    for path in (path for made in sweeps for path in made["trials"]):
        Path(path).unlink(missing_ok=True)
    assert run(sweeps, tmp_path)[2] == []


def test_older_files_of_trials_that_a_partial_report_leaves_out_are_not_read(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN})
    _, choices, found = run(sweeps, tmp_path, without=[sweeps[0]["trials"][1]])  # the best one
    assert Path(sweeps[0]["trials"][1]).exists() and choices[0]["missing_k"] == "1"
    assert of(found, "de", "test_oracle")["k"] != "1"
    assert of(found, "de", "test_oracle")["gain"] == pytest.approx(
        choices[0]["test_oracle_gain"], abs=2e-6
    )


def test_predictions_that_do_not_fit_are_named(tmp_path):
    (made,) = study(tmp_path, {"de": GAIN})
    path = Path(made["trials"][2]).with_suffix(".parquet")
    other = made | {"trials": (str(tmp_path / "other.json"),)}
    places = [("dev", "en"), ("test", "de")]

    def swap(labels=None, **options):
        pairs = {place: made_up.predictions("pos", 0.5, **options) for place in places}
        made_up.write_predicted_trial(other["trials"][0], made, pairs, labels=labels)
        kept = path.read_bytes()
        path.write_bytes((tmp_path / "other.parquet").read_bytes())
        return kept

    def refuse(match, kept):
        _, _, found = run([made], tmp_path)
        (problem,) = rows.problems(found)
        assert re.search(match, problem)
        assert "\n" not in problem and "k-02.parquet" in problem
        assert [row["criterion"] for row in found if row["problem"]] == [
            "dev_selected",
            "test_oracle",
        ]
        path.write_bytes(kept)

    refuse(r"different label sets \(of 5 and 5 labels\)", swap(labels=["A", "B", "C", "D", "E"]))
    refuse(r"not the same number of sentences \(40 and 39\)", swap(sentences=39))
    refuse("of different lengths", swap(gold_seed=5))
    kept = path.read_bytes()
    path.unlink()
    refuse("the predictions of this trial are missing", kept)
    path.write_bytes(b"PAR1")
    refuse("not a whole file of predictions", kept)
    assert not rows.problems(run([made], tmp_path)[2])

    path = Path(made["trials"][1]).with_suffix(".parquet")
    swap()  # the predictions of another run beside the scores of this one
    (problem,) = rows.problems(run([made], tmp_path)[2])
    assert "k-01.parquet: its predictions give a gain of" in problem


NUMBERS = ("gain", "low", "high", "p", "p_holm")


def test_a_wrong_file_costs_its_own_cell_only(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN, "ar": GAIN})
    plan, choices, whole = run(sweeps, tmp_path)
    wrong = Path(sweeps[2]["trials"][1]).with_suffix(".parquet")
    wrong.write_bytes(Path(sweeps[2]["trials"][0]).with_suffix(".parquet").read_bytes())
    assert run(sweeps, tmp_path)[:2] == (plan, choices)
    found = rows.read(tmp_path / "statistics.csv")
    assert len(found) == len(whole)
    for criterion in rows.CRITERIA:
        for target in ("de", "zh"):
            for name in ("gain", "low", "high", "p"):
                assert of(found, target, criterion)[name] == of(whole, target, criterion)[name]
        bad = of(found, "ar", criterion)
        assert [bad[name] for name in NUMBERS] == [None] * 5
        assert (bad["seeds"], bad["k"]) == (1, of(whole, "ar", criterion)["k"])
        mean = of(found, "", criterion)
        assert [mean[name] for name in NUMBERS] == [None] * 5
    (problem,) = rows.problems(found)
    assert problem.startswith(f"{wrong}: its predictions give a gain of")
    # Whoever reads the rows copes with them.
    table = tables.result_table(plan[0], choices, LANGUAGES, (), found)
    german, _, arabic = table["body"]
    assert german[4]["below"] and not arabic[3]["below"]
    assert arabic[3]["text"] == tables.signed(choices[2]["dev_selected_gain"])
    assert not any(cell["below"] for cell in table["foot"][0])
    assert any(problem in note for note in table["notes"])
    main = exhibits.main_choices(plan, choices)
    assert len(rows.of_choices(found, main)) == 4
    said = findings.findings(sweeps, [], main, LANGUAGES, found)["found"]
    assert "of 2 gains can be told apart from zero" in said[1]
    above = clusters.counts_table(main, LANGUAGES, found)["records"][0]["test_oracle_above"]
    assert above == sum(rows.tells(row) for row in found if row["criterion"] == "test_oracle")


def test_the_job_warns_and_goes_on(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    plan, choices, _ = run(sweeps, tmp_path)
    Path(sweeps[1]["trials"][2]).with_suffix(".parquet").unlink()
    scores = selection.load_scores({path for made in sweeps for path in made["trials"]}, sweeps)
    selection.write(scores, tmp_path / "scores.csv")
    (tmp_path / "sweeps.json").write_text(json.dumps(sweeps))
    script = Path(__file__).parents[2] / "workflow/scripts/resample.py"
    code = f"""
import json, os, runpy
from types import SimpleNamespace as N
from polyheads.analysis import whole
whole.statistics.__kwdefaults__["resamples"] = 20
os.chdir({str(tmp_path)!r})
class Files(N):
    __iter__ = lambda self: iter(vars(self).values())
job = N(
    input=N(choices="choices.csv", scores="scores.csv"),
    output=Files(gains="gains.csv", nulls="nulls.csv", differences="differences.csv"),
    params=N(sweeps=json.load(open("sweeps.json")), delta=0.5),
    log=["log"],
)
runpy.run_path({str(script)!r}, init_globals={{"snakemake": job}})
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
    (line,) = done.stderr.splitlines()
    assert line.startswith("Warning: ") and "predictions of this trial are missing" in line
    assert (tmp_path / "log").read_text().count(line) == 1
    assert of(rows.read(tmp_path / "gains.csv"), "de")["low"] is not None
    assert (tmp_path / "nulls.csv").exists()


def test_means_say_how_many_of_their_draws_are_worth_having(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    plan, choices, found = run(sweeps, tmp_path, delta=0.5)
    (mean,) = [r for r in found if r["level"] == "mean" and r["criterion"] == "dev_selected"]
    assert mean["above"] == 1 and mean["within"] == mean["below"] == 0 and mean["delta"] == 0.5
    assert mean["p_interval"] == pytest.approx(2 / 301, abs=1e-6)
    # A maximum over k is above delta by noise alone.
    (best,) = [r for r in found if r["level"] == "mean" and r["criterion"] == "test_oracle"]
    assert best["low"] is not None and best["within"] is best["p_interval"] is None
    table = tables.result_table(plan[0], choices, LANGUAGES, (), found)
    assert table["foot"][0][3]["below"].endswith("] 100 / 0 / 0 %")
    assert not table["body"][0][4]["below"].endswith("%")
    (note,) = [n for n in table["notes"] if n.startswith("Beside the interval of a mean")]
    assert "+0.5 / within ±0.5 / below −0.5" in note


def test_tables_show_intervals_and_stars(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    plan, choices, found = run(sweeps, tmp_path)
    table = tables.result_table(plan[0], choices, LANGUAGES, (), found)
    german, chinese = table["body"]
    row = of(found, "de")
    assert german[4]["text"] == f"{tables.signed(row['gain'])}°"
    assert german[4]["below"] == f"[{tables.signed(row['low'])}, {tables.signed(row['high'])}]"
    assert german[4]["note"].startswith("p = 0.00")
    assert german[8]["text"].endswith("°") and not chinese[7]["text"].endswith("°")
    assert table["foot"][0][3]["below"].startswith("[")
    assert any("noise of training is neither in p" in note for note in table["notes"])
    record = next(csv.DictReader(io.StringIO(tables.csv_text(table))))
    assert float(record["dev_selected_low"]) == row["low"]
    assert float(record["test_oracle_p_holm"]) == of(found, "de", "test_oracle")["p_holm"]
    plain = tables.result_table(plan[0], choices, LANGUAGES)
    assert not plain["body"][0][4]["below"] and "dev_selected_low" not in plain["records"][0]


def test_notes_tell_several_seeds_apart(tmp_path):
    plan, choices, found = run(study(tmp_path, {"de": GAIN}, seeds=(1, 2)), tmp_path)
    notes = tables.result_table(plan[0], choices, LANGUAGES, (), found)["notes"]
    assert any("four seeds or fewer" in note for note in notes)
    assert not any("noise of training is neither in p" in note for note in notes)


def test_a_second_metric_is_a_family_of_its_own(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN}, model="mbert")
    plan, choices, found = run(sweeps, tmp_path, published=exhibits.read_published())
    metrics = {row["exhibit"]: row["metric"] for row in found}
    assert sorted(metrics.values()) == ["accuracy", "f1_runs_as_published"]
    main = exhibits.main_choices(plan, choices)
    mine = rows.of_choices(found, main)
    assert len(mine) == 4 and {row["metric"] for row in mine} == {"accuracy"}


def test_findings_and_counts(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": {0: 0.99, 1: 0.2, 2: 0.2, 3: 0.2}})
    plan, choices, found = run(sweeps, tmp_path)
    main = exhibits.main_choices(plan, choices)
    said = findings.findings(sweeps, [], main, LANGUAGES, found)["found"]
    assert "1 of 1 gains with k ≥ 1 can be told apart from zero: 1 above, 0 below." in said[0]
    assert "looked for again in every draw, 1 of 2 gains can be" in said[1]
    (record,) = clusters.counts_table(main, LANGUAGES, found)["records"]
    assert [record[f"{r}_{side}"] for r in rows.CRITERIA for side in ("improved", "above")] == [
        1
    ] * 4


def test_every_share_of_data_has_its_own_interval(tmp_path):
    parts = {10: GAIN, 50: NO_GAIN}
    sweeps = [
        made_up.predicted_sweep(
            tmp_path, right, setting="low-resource", target="de", mixture=("en", f"de@{share}")
        )
        for share, right in parts.items()
    ]
    plan, choices, found = run(sweeps, tmp_path)
    assert {e["kind"] for e in plan} == {"shares"}
    pairs = [row for row in found if row["level"] == "pair" and row["criterion"] == "dev_selected"]
    assert [row["mixture"] for row in pairs] == ["en+de@10", "en+de@50"]
    for row, choice in zip(pairs, choices, strict=True):
        assert row["gain"] == pytest.approx(choice["dev_selected_gain"], abs=1e-6)


def fresh_sweep(directory, k, right, *, seed, of_seed=42, **changed):
    """k = 0 and a chosen k with a fresh seed; right: shares of words that are right anyway."""
    made = made_up.predicted_sweep(
        directory,
        dict(enumerate(right)),
        seed=seed,
        role="fresh",
        of_seed=of_seed,
        ranking=f"gradient-en-{of_seed}",  # only for a path of its own
        **changed,
    )
    made["ranking"] = "gradient-en"
    for trial, heads in zip(made["trials"], (0, k), strict=True):
        content = json.loads(Path(trial).read_text())
        content["pruned_heads"] = [[0, head] for head in range(heads)]
        Path(trial).write_text(json.dumps(content))
    return made


def fresh_study(directory, *, seeds=(1, 2, 3, 4), rights=((0.5, 0.7), (0.6, 0.6))):
    """Two pairs whose k is 1, and sweeps with fresh seeds: seed -> a little better each."""
    sweeps = study(directory, {"de": GAIN, "zh": GAIN})
    for target, (low, high) in zip(("de", "zh"), rights, strict=True):
        for seed in seeds:
            right = (low, high + 0.03 * seed)
            sweeps.append(fresh_sweep(directory / target, 1, right, seed=seed, target=target))
    return sweeps


def test_fresh_seeds_have_rows_over_seeds_and_sentences(tmp_path):
    sweeps = fresh_study(tmp_path)
    plan, choices, found = run(sweeps, tmp_path, plan=contents.plan)
    (exhibit,) = [e for e in plan if e["kind"] == "fresh"]
    mine = [row for row in found if row["exhibit"] == exhibit["name"]]
    assert [(row["level"], row["target"]) for row in mine] == [
        *(("pair", "de"), ("pair", "zh"), ("mean", ""))
    ]
    lines = fresh.lines(exhibit, choices)
    for row, line in zip(mine, lines, strict=True):
        assert row["criterion"] == "fresh" and row["seeds"] == 4
        assert row["setting"] == "cross-lingual" and row["model"] == "mbert"
        assert row["gain"] == pytest.approx(line["gain_fresh"], abs=1e-5)
        assert row["low"] < row["gain"] < row["high"]
        assert row["p"] is row["p_holm"] is None and not row["problem"]
    # What the interval of a pair is made of: draws of its seeds and of its sentences.
    alone = run([s for s in sweeps if s["seed"] in (42, 1)], tmp_path, plan=contents.plan)[2]
    (one,) = [r for r in alone if r["criterion"] == "fresh" and r["target"] == "de"]
    assert one["seeds"] == 1
    # No consumer of the tables' own rows takes them for these.
    main = exhibits.main_choices(plan, choices)
    assert {row["criterion"] for row in rows.of_choices(found, main)} == {
        "dev_selected",
        "test_oracle",
    }


def test_means_of_fresh_seeds_are_of_one_model_each(tmp_path):
    sweeps = []
    for model, right in (("mbert", 0.7), ("tiny", 0.6)):
        made = study(tmp_path, {"de": GAIN, "zh": GAIN}, model=model)
        sweeps += made + [
            fresh_sweep(tmp_path / t, 1, (0.5, right), seed=s, target=t, model=model)
            for t in ("de", "zh")
            for s in (1, 2)
        ]
    *_, found = run(sweeps, tmp_path, plan=contents.plan)
    mine = [r for r in found if r["criterion"] == "fresh"]
    for model in ("mbert", "tiny"):
        *pairs, mean = [r for r in mine if r["model"] == model]
        assert [r["level"] for r in (*pairs, mean)] == ["pair", "pair", "mean"]
        assert mean["gain"] == pytest.approx(np.mean([r["gain"] for r in pairs]), abs=1e-5)


def test_rows_of_fresh_seeds_are_drawn_as_by_hand(tmp_path):
    sweeps = fresh_study(tmp_path, seeds=(1, 2, 3))
    _, choices, found = run(sweeps, tmp_path, plan=contents.plan)
    score = gains.SCORES["accuracy"]
    observed, drawn = {}, {}
    for made in sweeps:
        if made["role"] == "fresh":
            files = [Path(path).with_suffix(".parquet") for path in made["trials"]]
            counts = [
                gains.count(gains.read(path, language=made["target"]), "accuracy") for path in files
            ]
            sides = np.stack(counts, axis=1)
            key = f"ud-2.7 {made['target']}"
            draws = resampling.bootstrap(sides, score, key=key, resamples=300)
            drawn.setdefault(made["target"], []).append(draws[:, 1] - draws[:, 0])
            whole = score(sides.sum(0).astype(float))
            observed.setdefault(made["target"], []).append(whole[1] - whole[0])
    means = {
        code: resampling.over_seeds(observed[code], of, resamples=300) for code, of in drawn.items()
    }
    means[""] = (means["de"] + means["zh"]) / 2
    for row in found:
        if row["criterion"] == "fresh":
            bounds = resampling.interval(means[row["target"]])
            assert (row["low"], row["high"]) == pytest.approx(bounds, abs=1e-6)


def test_fresh_seeds_of_several_choosing_seeds_are_told_apart(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN}, seeds=(42, 43))
    rights = {42: (0.5, 0.9), 43: (0.5, 0.6)}
    for seed in (1, 2, 3):
        for of_seed, right in rights.items():
            k = 1  # of both
            sweeps.append(fresh_sweep(tmp_path / "de", k, right, seed=seed, of_seed=of_seed))
    plan, choices, found = run(sweeps, tmp_path, plan=contents.plan)
    (exhibit,) = [e for e in plan if e["kind"] == "fresh"]
    (row,) = [r for r in found if r["criterion"] == "fresh" and r["level"] == "pair"]
    line, *_ = fresh.lines(exhibit, choices)
    assert (row["k"], row["seeds"], line["seeds"]) == ("1 1", 3, 3)
    assert row["gain"] == pytest.approx(line["gain_fresh"], abs=1e-5)


def test_fresh_seeds_where_k_0_was_chosen_or_files_are_wrong(tmp_path):
    sweeps = study(tmp_path, {"de": {0: 0.99, 1: 0.3}, "zh": GAIN})
    for seed in (1, 2, 3):
        sweeps.append(fresh_sweep(tmp_path / "de", 0, (0.6, 0.6), seed=seed, target="de"))
        sweeps.append(fresh_sweep(tmp_path / "zh", 1, (0.5, 0.8), seed=seed, target="zh"))
    zero = [s for s in sweeps if s["role"] == "fresh" and s["target"] == "de"]
    for made in zero:  # the second trial is a copy of the first
        first, second = map(Path, made["trials"])
        for suffix in (".json", ".parquet"):
            second.with_suffix(suffix).write_bytes(first.with_suffix(suffix).read_bytes())
    plan, choices, found = run(sweeps, tmp_path, plan=contents.plan)
    german, chinese, mean = [row for row in found if row["criterion"] == "fresh"]
    assert (german["k"], german["gain"], german["low"]) == ("0", 0, None)
    assert chinese["low"] < mean["gain"] * 2 < chinese["high"] and mean["low"] is not None
    Path(sweeps[-1]["trials"][1]).with_suffix(".parquet").write_bytes(b"PAR1")
    plan, choices, found = run(sweeps, tmp_path, plan=contents.plan)
    german, chinese, mean = [row for row in found if row["criterion"] == "fresh"]
    assert german["gain"] == 0 and "not a whole file" in chinese["problem"]
    assert chinese["gain"] is mean["gain"] is mean["low"] is None
    assert not any(row["problem"] for row in found if row["criterion"] != "fresh")
    (exhibit,) = [e for e in plan if e["kind"] == "fresh"]
    table = fresh.table(exhibit, choices, LANGUAGES, found)
    assert table["body"][1][4]["below"] and not table["body"][1][5]["below"]
    assert any(chinese["problem"] in note for note in table["notes"])


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_the_card_of_an_export_has_the_same_gain_and_interval(tmp_path, task):
    sweeps = study(tmp_path, {"de": GAIN}, task=task, experiment=task)
    _, choices, found = run(sweeps, tmp_path, resamples=resampling.RESAMPLES)
    (choice,), row = choices, of(found, "de")
    trials = [
        Path(sweeps[0]["trials"][sweeps[0]["ks"].index(k)]) for k in (0, choice["dev_selected_k"])
    ]
    (line,) = card.compare(
        [path.with_suffix("") for path in trials],
        metric=row["metric"],
        corpus=row["corpus"],
        languages=["de"],
    )
    expected = (row["gain"], row["low"], row["high"])
    assert row["k"] == "1" and line["gain"] == pytest.approx(expected, abs=2e-6)
    assert line["unpruned"][0] == pytest.approx(choice["unpruned"], abs=2e-6)
    assert line["pruned"][0] == pytest.approx(choice["dev_selected_test"], abs=2e-6)
    for name in ("unpruned", "pruned"):
        value, low, high = line[name]
        assert low < value < high
