"""Statistics of a made-up study: rows, what is missing, what is wrong, what tables make of them."""

import csv
import io
from pathlib import Path

import made_up
import numpy as np
import pytest

from polyheads import exhibits, selection
from polyheads.errors import UserError
from polyheads.exhibits import findings, tables
from polyheads.statistics import clusters, gains, rows

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


def run(sweeps, directory, *, resamples=300, published=(), without=()):
    plan = exhibits.plan(sweeps, published)
    readings = exhibits.readings(plan, sweeps)
    trials = {path for made in sweeps for path in made["trials"]} - set(without)
    scores = selection.load_scores(trials, sweeps)
    choices = selection.pruned_heads(selection.choose(scores, readings))
    selection.write(choices, directory / "choices.csv")
    choices = selection.read(directory / "choices.csv")
    rows.write(
        gains.statistics(plan, readings, choices, resamples=resamples), directory / "statistics.csv"
    )
    return plan, choices, rows.read(directory / "statistics.csv")


def of(found, target, reading="sound"):
    (row,) = [r for r in found if r["target"] == target and r["reading"] == reading]
    return row


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_every_gain_has_an_interval_and_p(tmp_path, task):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN}, task=task, experiment=task)
    _, choices, found = run(sweeps, tmp_path)
    assert [row["level"] for row in found] == ["pair"] * 4 + ["mean"] * 2
    for row in found[:4]:
        (choice,) = [c for c in choices if c["target"] == row["target"]]
        assert row["gain"] == pytest.approx(choice[f"{row['reading']}_gain"], abs=2e-6)
        assert row["k"] == str(choice[f"{row['reading']}_k"])
        assert (row["seeds"], row["sentences"], row["resamples"]) == (1, 40, 300)
        if row["k"] != "0":
            assert row["low"] <= row["high"] and 0 < row["p"] <= row["p_holm"] <= 1
            assert row["p"] == row["p_sentences"] and row["p_seeds"] is None
    assert rows.tells(of(found, "de")) and rows.tells(of(found, "de", "best"))
    assert of(found, "de")["low"] > 0
    assert not rows.tells(of(found, "zh"))
    for row in found[4:]:
        pairs = [r["gain"] for r in found[:4] if r["reading"] == row["reading"]]
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
        assert of(alone, "zh", "best")[name] == of(found, "zh", "best")[name]
    assert of(alone, "zh", "best")["p_holm"] == of(alone, "zh", "best")["p"]


def test_where_k_0_is_chosen_nothing_is_compared(tmp_path):
    _, _, found = run(study(tmp_path, {"de": {0: 0.99, 1: 0.3, 2: 0.3}}), tmp_path)
    row = of(found, "de")
    assert (row["k"], row["gain"], row["low"], row["p"], row["p_holm"]) == ("0", 0, *[None] * 3)
    best = of(found, "de", "best")
    assert best["gain"] < 0 and best["high"] < 0 and best["p"] > 0.9  # one-sided


def test_several_seeds(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN}, seeds=(1, 2, 3))
    _, choices, found = run(sweeps, tmp_path)
    row = of(found, "de")
    assert (row["seeds"], row["k"]) == (3, " ".join(str(c["sound_k"]) for c in choices))
    assert row["gain"] == pytest.approx(np.mean([c["sound_gain"] for c in choices]), abs=1e-5)
    assert row["p_sentences"] < 0.05
    assert row["p"] == row["p_seeds"] == 0.25  # 2 / 2 ** 3
    _, _, one = run([made for made in sweeps if made["seed"] == 2], tmp_path)
    alone = of(one, "de")
    assert alone["p_seeds"] is None and rows.tells(alone)


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
    assert of(found, "de", "best")["k"] != "1"
    assert of(found, "de", "best")["gain"] == pytest.approx(choices[0]["best_gain"], abs=2e-6)


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
        with pytest.raises(UserError, match=match) as caught:
            run([made], tmp_path)
        assert "\n" not in str(caught.value) and "k-02.parquet" in str(caught.value)
        path.write_bytes(kept)

    refuse(r"different label sets \(of 5 and 5 labels\)", swap(labels=["A", "B", "C", "D", "E"]))
    refuse(r"not the same number of sentences \(40 and 39\)", swap(sentences=39))
    refuse("of different lengths", swap(gold_seed=5))
    kept = path.read_bytes()
    path.unlink()
    refuse("the predictions of this trial are missing", kept)
    path.write_bytes(b"PAR1")
    refuse("not a whole file of predictions", kept)
    run([made], tmp_path)

    path = Path(made["trials"][1]).with_suffix(".parquet")
    swap()  # the predictions of another run beside the scores of this one
    with pytest.raises(UserError, match=r"k-01\.parquet: its predictions give a gain of"):
        run([made], tmp_path)


def test_tables_show_intervals_and_stars(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    plan, choices, found = run(sweeps, tmp_path)
    table = tables.result_table(plan[0], choices, LANGUAGES, (), found)
    german, chinese = table["body"]
    row = of(found, "de")
    assert german[4]["text"] == f"{tables.signed(row['gain'])}*"
    assert german[4]["below"] == f"[{tables.signed(row['low'])}, {tables.signed(row['high'])}]"
    assert german[4]["note"].startswith("p = 0.00")
    assert german[8]["text"].endswith("*") and not chinese[7]["text"].endswith("*")
    assert table["foot"][0][3]["below"].startswith("[")
    assert any("training noise is not included" in note for note in table["notes"])
    record = next(csv.DictReader(io.StringIO(tables.csv_text(table))))
    assert float(record["sound_low"]) == row["low"]
    assert float(record["best_p_holm"]) == of(found, "de", "best")["p_holm"]
    plain = tables.result_table(plan[0], choices, LANGUAGES)
    assert not plain["body"][0][4]["below"] and "sound_low" not in plain["records"][0]


def test_notes_tell_several_seeds_apart(tmp_path):
    plan, choices, found = run(study(tmp_path, {"de": GAIN}, seeds=(1, 2)), tmp_path)
    notes = tables.result_table(plan[0], choices, LANGUAGES, (), found)["notes"]
    assert any("five seeds or fewer" in note for note in notes)
    assert not any("training noise is not included" in note for note in notes)


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
    table = clusters.counts_table(main, LANGUAGES, found)
    assert [cell["text"] for cell in table["body"][0]][3:] == [
        *("English", "1 of 2", "1", "0", "1 of 2", "1")
    ]
    assert any("no interval" in note for note in table["notes"])


def test_counts_are_of_sources_and_models(tmp_path):
    choices = [
        {
            **{"model": model, "source": source, "target": target, "setting": "cross-lingual"},
            **{"experiment": "pos", "sound_gain": gain, "best_gain": 1.0, "seed": seed},
        }
        for model in ("a", "b")
        for source in ("en", "zh")
        for target in ("de", "nl", "ar")
        for seed, gain in ((1, 2.0 if target != "ar" else -3.0), (2, None if target == "nl" else 1))
    ]
    counts = clusters.improved(choices, "sound")
    assert counts == {(m, s): (2, 3) for m in "ab" for s in ("en", "zh")}
    assert clusters.share(list(counts.values())) is None
    many = [(6, 8), (8, 8), (0, 8), (8, 8)] * 6
    low, high = clusters.share(many)
    assert 0.4 < low < 22 / 32 < high < 0.9
    # What pairs share makes the interval wider than one of independent pairs.
    assert high - low > 2 * 1.96 * (22 / 32 * 10 / 32 / 192) ** 0.5


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
    pairs = [row for row in found if row["level"] == "pair" and row["reading"] == "sound"]
    assert [row["mixture"] for row in pairs] == ["en+de@10", "en+de@50"]
    for row, choice in zip(pairs, choices, strict=True):
        assert row["gain"] == pytest.approx(choice["sound_gain"], abs=1e-6)
