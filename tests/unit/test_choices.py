"""The two criteria of a sweep."""

import json
from pathlib import Path

import made_up
import pytest
from records import planned

from polyheads.analysis import choices
from polyheads.errors import UserError
from polyheads.study import choice, trial_files
from polyheads.study.rankings import ranking_kind


def choose(sweeps, *, without=()):
    paths = {path for made in sweeps for path in made["trials"]} - set(without)
    sweeps = [planned(made) for made in sweeps]
    return choices.choose(choices.load_scores(paths, sweeps), sweeps)


def one(made, values, **options):
    made_up.write_sweep(made, values)
    return choose([made], **options)[0]


def test_both_criteria(tmp_path):
    made = made_up.sweep(tmp_path)
    values = {("dev", "en"): [80.0, 83.0, 82.0, 81.0], ("test", "de"): [60.0, 61.0, 58.0, 64.0]}
    row = one(made, values)
    assert (
        row.dev_selected.k,
        row.dev_selected.dev,
        row.dev_selected.test,
        row.dev_selected.gain,
    ) == (1, 83, 61, 1)
    assert (row.test_oracle.k, row.test_oracle.test, row.test_oracle.gain) == (3, 64, 4)
    assert (row.unpruned, row.trials, row.k_max, row.missing_k) == (60, 4, 3, "")
    assert (row.dev_selected.trial, row.metric) == (made["trials"][1], "accuracy")
    assert row.dev_test_spearman == 0


def test_ties_go_to_the_smaller_k(tmp_path):
    values = {("dev", "en"): [80.0, 81.0, 81.0, 80.0], ("test", "de"): [60.0, 58.0, 59.0, 59.0]}
    row = one(made_up.sweep(tmp_path), values)
    assert (row.dev_selected.k, row.test_oracle.k) == (1, 2)
    values["test", "de"] = [60.0, 59.0, 59.0, 58.0]
    assert one(made_up.sweep(tmp_path), values).test_oracle.k == 1


def test_k_0_is_only_in_the_choice_on_dev(tmp_path):
    values = {("dev", "en"): [80.0, 79.0, 79.0, 79.0], ("test", "de"): [60.0, 55.0, 57.0, 56.0]}
    row = one(made_up.sweep(tmp_path), values)
    assert (row.dev_selected.k, row.dev_selected.gain) == (0, 0)
    assert (row.test_oracle.k, row.test_oracle.gain) == (2, -3)


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
    assert (row.dev_selected.k, row.dev) == (k, dev)


def test_several_sources_choose_by_the_mean_of_their_devs(tmp_path):
    made = made_up.sweep(tmp_path, source="en+zh", ranking="gradient-en")
    values = {
        ("dev", "en"): [80.0, 84.0, 82.0, 80.0],
        ("dev", "zh"): [70.0, 60.0, 70.0, 70.0],
        ("test", "de"): [60.0, 61.0, 62.0, 63.0],
    }
    row = one(made, values)
    assert (row.dev_selected.k, row.dev_selected.dev, row.dev) == (2, 76, "en+zh")


def test_constant_scores_have_no_rank_correlation(tmp_path):
    values = {("dev", "en"): [80.0] * 4, ("test", "de"): [60.0, 61.0, 62.0, 63.0]}
    row = one(made_up.sweep(tmp_path), values)
    assert row.dev_test_spearman is None


def test_missing_trials_are_said_and_left_out(tmp_path):
    made = made_up.sweep(tmp_path)
    values = {("dev", "en"): [80.0, 83.0, 82.0, 81.0], ("test", "de"): [60.0, 61.0, 58.0, 64.0]}
    row = one(made, values, without=made["trials"][1:2])
    assert (row.missing_k, row.trials, row.dev_selected.k) == ("1", 3, 2)
    Path(made["trials"][0]).unlink()  # not there, though asked for
    row = choose([made])[0]
    assert row.unpruned is row.dev_selected.gain is row.test_oracle.gain is None
    assert not row.whole
    assert (row.dev_selected.k, row.test_oracle.k) == (1, 3)
    row = choose([made], without=made["trials"])[0]
    assert row.unpruned is row.dev_selected.k is row.test_oracle.k is None
    assert row.dev_selected.trial == ""
    assert row.missing_k == "0 1 2 3" and row.missing == (0, 1, 2, 3)


def test_other_languages_and_masks_do_not_mix_in(tmp_path):
    made = made_up.sweep(tmp_path)
    values = {
        ("dev", "en"): [80.0, 83.0, 82.0, 81.0],
        ("test", "de"): [60.0, 61.0, 58.0, 64.0],
        ("test", "zh"): [90.0, 91.0, 99.0, 94.0],
    }
    made_up.write_sweep(made, values)
    scores = choices.load_scores(made["trials"], [planned(made)])
    assert {score.language for score in scores} == {"en", "de"}
    assert {score.heads for score in scores} == {"pruned", "all"}
    assert {score.mixture for score in scores} == {"en"}
    assert {score.ranking for score in scores} == {"gradient-en"}
    (row,) = choices.choose(scores, [planned(made)])
    assert row.test_oracle.test == 64


def test_sweeps_share_trials(tmp_path):
    sweeps = made_up.study(tmp_path)
    rows = choose(sweeps)
    assert len(rows) == len(sweeps) == 8
    assert None not in [row.unpruned for row in rows]
    crossing = [row for row in rows if row.setting == "cross-lingual"]
    models = {row.model for row in crossing}
    # one source, one dev, one k
    assert len({(row.model, row.dev_selected.k) for row in crossing}) == len(models) == 2


def test_heads_that_are_back_at_test_change_test_alone(tmp_path):
    made = made_up.sweep(tmp_path, heads="all")
    values = {("dev", "en"): [80.0, 83.0, 82.0, 81.0], ("test", "de"): [60.0, 61.0, 58.0, 64.0]}
    row = one(made, values)  # test with all heads is lower by 5
    assert (
        row.unpruned,
        row.dev_selected.k,
        row.dev_selected.test,
        row.test_oracle.k,
        row.test_oracle.test,
    ) == (
        60,
        1,
        56,
        3,
        59,
    )
    assert (row.dev_selected.dev, row.dev_selected.gain, row.heads) == (83, -4, "all")


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
    assert chosen == row.dev_selected.k == 4  # the smaller one of two with a mean of 76.5
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
    row = choose([made])[0]
    assert (row.dev_selected.k, row.k_max, row.of_seed, row.role) == (k, k, 42, "fresh")
    assert (row.dev_selected.test, row.dev_selected.gain) == (61.5, 1.5 if k else 0)
    assert row.test_oracle == choices.Selected()
    row = choose([made], without=made["trials"][1:])[0]
    assert row.dev_selected == row.test_oracle == choices.Selected() and row.unpruned == 60
    row = choose([made], without=made["trials"])[0]
    assert row.dev_selected.k is row.unpruned is None and row.k_max == 0


def test_csv_and_back(tmp_path):
    sweeps = made_up.study(tmp_path)
    rows = choices.with_heads(choose(sweeps, without=sweeps[0]["trials"]))
    path = tmp_path / "choices.csv"
    choices.write(rows, path)
    again = choices.read(path)
    assert again[0].dev_selected == choices.Selected() and again[0].of_seed is None
    for row, before in zip(again[2:], rows[2:], strict=True):
        assert row.dev_selected.k == before.dev_selected.k and row.sweep == before.sweep
        assert row.test_oracle.gain == pytest.approx(before.test_oracle.gain, abs=1e-6)
        assert row.test_oracle.heads == " ".join(f"0.{h}" for h in range(row.test_oracle.k))
    first = path.read_bytes()
    choices.write(rows, path)
    assert path.read_bytes() == first
    assert first.decode().split("\n")[0].split(",")[-3:] == [
        "dev_test_spearman",
        "dev_selected_heads",
        "test_oracle_heads",
    ]


def test_scores_and_back(tmp_path):
    made = made_up.sweep(tmp_path)
    made_up.write_sweep(made, {("dev", "en"): [80.0] * 4, ("test", "de"): [60.0] * 4})
    scores = choices.load_scores(made["trials"], [planned(made)])
    choices.write_scores(scores, tmp_path / "scores.csv")
    assert choices.read_scores(tmp_path / "scores.csv") == scores
    (tmp_path / "scores.csv").write_text("experiment,seed\npos,x\n")
    with pytest.raises(UserError, match=r"scores\.csv:2: not a row of this table"):
        choices.read_scores(tmp_path / "scores.csv")


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
        with pytest.raises(UserError, match=r"k-00\.json: not a whole trial file"):
            choices.load_scores(made["trials"], [planned(made)])
    with pytest.raises(UserError, match="experiment pos: metric 'f2'"):
        choose([made | {"metric": "f2"}], without=made["trials"])
