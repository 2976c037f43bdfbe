"""The two criteria of a sweep."""

import json
from pathlib import Path

import made_up
import pytest

from polyheads.analysis import selection
from polyheads.errors import UserError
from polyheads.study import choice, trial_files
from polyheads.study.rankings import ranking_kind


def choose(sweeps, *, without=()):
    paths = {path for made in sweeps for path in made["trials"]} - set(without)
    scores = selection.load_scores(paths, sweeps)
    return selection.choose(scores, sweeps)


def one(made, values, **options):
    made_up.write_sweep(made, values)
    return choose([made], **options).iloc[0]


def test_both_readings(tmp_path):
    made = made_up.sweep(tmp_path)
    values = {("dev", "en"): [80.0, 83.0, 82.0, 81.0], ("test", "de"): [60.0, 61.0, 58.0, 64.0]}
    row = one(made, values)
    assert (
        row.dev_selected_k,
        row.dev_selected_dev,
        row.dev_selected_test,
        row.dev_selected_gain,
    ) == (1, 83, 61, 1)
    assert (row.test_oracle_k, row.test_oracle_test, row.test_oracle_gain) == (3, 64, 4)
    assert (row.unpruned, row.trials, row.k_max, row.missing_k) == (60, 4, 3, "")
    assert (row.dev_selected_trial, row.metric) == (made["trials"][1], "accuracy")
    assert row.dev_test_spearman == 0


def test_ties_go_to_the_smaller_k(tmp_path):
    values = {("dev", "en"): [80.0, 81.0, 81.0, 80.0], ("test", "de"): [60.0, 58.0, 59.0, 59.0]}
    row = one(made_up.sweep(tmp_path), values)
    assert (row.dev_selected_k, row.test_oracle_k) == (1, 2)
    values["test", "de"] = [60.0, 59.0, 59.0, 58.0]
    assert one(made_up.sweep(tmp_path), values).test_oracle_k == 1


def test_k_0_is_only_in_the_sound_reading(tmp_path):
    values = {("dev", "en"): [80.0, 79.0, 79.0, 79.0], ("test", "de"): [60.0, 55.0, 57.0, 56.0]}
    row = one(made_up.sweep(tmp_path), values)
    assert (row.dev_selected_k, row.dev_selected_gain) == (0, 0)
    assert (row.test_oracle_k, row.test_oracle_gain) == (2, -3)


@pytest.mark.parametrize(
    ("changed", "k", "dev"),
    [
        ({}, 1, "en"),
        ({"setting": "multi-lingual"}, 2, "de"),
        ({"setting": "mono-lingual", "source": "de"}, 2, "de"),
    ],
)
def test_whose_dev_chooses(tmp_path, changed, k, dev):
    values = {
        ("dev", "en"): [80.0, 83.0, 82.0, 81.0],
        ("dev", "de"): [70.0, 71.0, 75.0, 72.0],
        ("test", "de"): [60.0, 61.0, 62.0, 63.0],
    }
    row = one(made_up.sweep(tmp_path, **changed), values)
    assert (row.dev_selected_k, row.dev) == (k, dev)


def test_several_sources_choose_by_the_mean_of_their_devs(tmp_path):
    made = made_up.sweep(tmp_path, source="en+zh", ranking="gradient-en")
    values = {
        ("dev", "en"): [80.0, 84.0, 82.0, 80.0],
        ("dev", "zh"): [70.0, 60.0, 70.0, 70.0],
        ("test", "de"): [60.0, 61.0, 62.0, 63.0],
    }
    row = one(made, values)
    assert (row.dev_selected_k, row.dev_selected_dev, row.dev) == (2, 76, "en+zh")


def test_constant_scores_have_no_rank_correlation(tmp_path):
    values = {("dev", "en"): [80.0] * 4, ("test", "de"): [60.0, 61.0, 62.0, 63.0]}
    row = one(made_up.sweep(tmp_path), values)
    assert row.isna()["dev_test_spearman"]


def test_missing_trials_are_said_and_left_out(tmp_path):
    made = made_up.sweep(tmp_path)
    values = {("dev", "en"): [80.0, 83.0, 82.0, 81.0], ("test", "de"): [60.0, 61.0, 58.0, 64.0]}
    row = one(made, values, without=made["trials"][1:2])
    assert (row.missing_k, row.trials, row.dev_selected_k) == ("1", 3, 2)
    Path(made["trials"][0]).unlink()  # not there, though asked for
    row = choose([made]).iloc[0]
    assert row.isna()[["unpruned", "dev_selected_gain", "test_oracle_gain"]].all()
    assert (row.dev_selected_k, row.test_oracle_k) == (1, 3)
    row = choose([made], without=made["trials"]).iloc[0]
    assert row.isna()[["unpruned", "dev_selected_k", "test_oracle_k", "dev_selected_trial"]].all()
    assert row.missing_k == "0 1 2 3"


def test_other_languages_and_masks_do_not_mix_in(tmp_path):
    made = made_up.sweep(tmp_path)
    values = {
        ("dev", "en"): [80.0, 83.0, 82.0, 81.0],
        ("test", "de"): [60.0, 61.0, 58.0, 64.0],
        ("test", "zh"): [90.0, 91.0, 99.0, 94.0],
    }
    made_up.write_sweep(made, values)
    scores = selection.load_scores(made["trials"], [made])
    assert list(scores.columns) == list(selection.SCORE_COLUMNS)
    assert set(scores["language"]) == {"en", "de"}
    assert set(scores["heads"]) == {"pruned", "all"}
    assert set(scores["mixture"]) == {"en"}
    assert set(scores["ranking"]) == {"gradient-en"}
    row = selection.choose(scores, [made]).iloc[0]
    assert row.test_oracle_test == 64


def test_sweeps_share_trials(tmp_path):
    sweeps = made_up.study(tmp_path)
    table = choose(sweeps)
    assert len(table) == len(sweeps) == 8
    assert table["unpruned"].notna().all()
    crossing = table[table["setting"] == "cross-lingual"]
    chosen = crossing.groupby("model")["dev_selected_k"].nunique()
    assert (chosen == 1).all()  # one source, one dev, one k


def test_heads_that_are_back_at_test_change_test_alone(tmp_path):
    made = made_up.sweep(tmp_path, heads="all")
    values = {("dev", "en"): [80.0, 83.0, 82.0, 81.0], ("test", "de"): [60.0, 61.0, 58.0, 64.0]}
    row = one(made, values)  # test with all heads is lower by 5
    assert (
        row.unpruned,
        row.dev_selected_k,
        row.dev_selected_test,
        row.test_oracle_k,
        row.test_oracle_test,
    ) == (
        60,
        1,
        56,
        3,
        59,
    )
    assert (row.dev_selected_dev, row.dev_selected_gain, row.heads) == (83, -4, "all")


def test_the_job_of_a_fresh_seed_chooses_as_the_table_does(tmp_path):
    made = made_up.sweep(tmp_path, source="en+zh", ranking="gradient-en", ks=(0, 2, 4, 6))
    values = {
        ("test", "de"): [60.0, 61.0, 62.0, 99.0],
        ("dev", "en"): [80.0, 84.0, 82.0, 83.0],
        ("dev", "zh"): [70.0, 60.0, 71.0, 70.0],
        ("test", "en"): [99.0, 0.0, 0.0, 0.0],
    }
    row = one(made, values)
    chosen = choice.chosen_k(made["trials"], made["ks"], made["dev"], made["metric"])
    assert chosen == row.dev_selected_k == 4  # the smaller one of two with a mean of 76.5
    assert choice.chosen_k(made["trials"], made["ks"], ("en",), made["metric"]) == 2
    assert choice.chosen_k(made["trials"], made["ks"], ("zh",), made["metric"]) == 4
    with pytest.raises(ValueError, match="zip"):
        choice.chosen_k(made["trials"], made["ks"][:3], ("en",), made["metric"])
    trial = trial_files.read_trial(made["trials"][1])
    for number in trial["scores"]:
        number["metrics"]["macro_f1"] -= 50.0
    Path(made["trials"][1]).write_text(json.dumps(trial))
    assert choice.chosen_k(made["trials"], made["ks"], ("en",), "macro_f1") == 6
    assert choice.chosen_k(made["trials"], made["ks"], ("en",), "accuracy") == 2


@pytest.mark.parametrize("k", [2, 0])
def test_a_fresh_seed_has_the_chosen_k_and_nothing_to_choose(tmp_path, k):
    made = made_up.sweep(tmp_path, role="fresh", of_seed=42, seed=7, ks=(0, 99))
    values = {("dev", "en"): [80.0, 75.0], ("test", "de"): [60.0, 61.5]}
    made_up.write_sweep(made, values)
    trial = trial_files.read_trial(made["trials"][1])
    trial["pruned_heads"] = [[0, head] for head in range(k)]
    Path(made["trials"][1]).write_text(json.dumps(trial))
    row = choose([made]).iloc[0]
    assert (row.dev_selected_k, row.k_max, row.of_seed, row.role) == (k, k, 42, "fresh")
    assert (row.dev_selected_test, row.dev_selected_gain) == (61.5, 1.5 if k else 0)
    assert row.isna()[["test_oracle_k", "test_oracle_test", "test_oracle_gain"]].all()
    row = choose([made], without=made["trials"][1:]).iloc[0]
    assert (
        row.isna()[["dev_selected_k", "dev_selected_test", "test_oracle_k"]].all()
        and row.unpruned == 60
    )
    row = choose([made], without=made["trials"]).iloc[0]
    assert row.isna()[["dev_selected_k", "unpruned"]].all() and row.k_max == 0
    main = made_up.sweep(tmp_path, model="other")
    made_up.write_sweep(main, {("dev", "en"): [80.0] * 4, ("test", "de"): [60.0] * 4})
    scores = selection.load_scores({*made["trials"], *main["trials"]}, [made, main])
    assert set(scores["of_seed"]) == {"", 42}  # no None, which would make floats of numbers


def test_csv_and_back(tmp_path):
    sweeps = made_up.study(tmp_path)
    table = selection.pruned_heads(choose(sweeps, without=sweeps[0]["trials"]))
    path = tmp_path / "choices.csv"
    selection.write(table, path)
    rows = selection.read(path)
    assert [row["dev_selected_k"] for row in rows[:1]] == [None]
    for row, (_, before) in zip(rows[2:], list(table.iterrows())[2:], strict=True):
        assert row["dev_selected_k"] == before["dev_selected_k"]
        assert row["test_oracle_gain"] == pytest.approx(before["test_oracle_gain"], abs=1e-6)
        assert row["test_oracle_heads"] == " ".join(f"0.{h}" for h in range(row["test_oracle_k"]))
    first = path.read_bytes()
    selection.write(table, path)
    assert path.read_bytes() == first


def test_ranking_kinds():
    assert ranking_kind("gradient-en", "en") == "gradient"
    assert ranking_kind("reversed-gradient-zh", "zh") == "reversed-gradient"
    assert ranking_kind("gradient-en", "en+zh") == "gradient"
    assert ranking_kind("random-42", "en") == "random-42"


def test_clear_errors(tmp_path):
    made = made_up.sweep(tmp_path)
    path = Path(made["trials"][0])
    path.parent.mkdir(parents=True)
    for text in ("{", "[]", '{"scores": []}'):
        path.write_text(text)
        with pytest.raises(UserError, match="k-00.json: not a whole trial file"):
            selection.load_scores(made["trials"], [made])
    with pytest.raises(UserError, match="experiment pos: metric 'f2'"):
        choose([made | {"metric": "f2"}], without=made["trials"])
