"""Rules for stopping: what they see of a sweep, and what that costs."""

from dataclasses import asdict, replace

import made_up
import pytest
import records
from records import full_width, notes, texts

from polyheads.analysis import choices, stopping, tidy
from polyheads.report.table import csv_text
from polyheads.report.tables import stopping as stopping_table
from polyheads.study import displays
from polyheads.study.displays import Display

DISPLAY = Display(
    kind="stopping",
    name="pos.gradient.stopping",
    experiment="pos",
    ranking="gradient",
    metric="accuracy",
    task="pos",
    corpus="ud-2.7",
)
DROP, TWO, THREE, ALL = (rule.stop for rule in stopping.RULES[:4])
PAPER = stopping.RULES[4].name


@pytest.mark.parametrize(
    ("scores", "drop", "two", "three"),
    [
        ([5, 4, 3, 2, 1], 2, 3, 4),
        ([1, 2, 3, 4, 5], 5, 5, 5),
        ([3, 3, 3, 3, 3], 5, 3, 4),  # equal is no drop, and no new best either
        ([3, 4, 3, 5, 1], 3, 5, 5),
        ([3, 2, 4, 3, 3, 5], 2, 5, 6),
        ([3], 1, 1, 1),
    ],
)
def test_rules(scores, drop, two, three):
    seen = [rule(scores) for rule in (DROP, TWO, THREE, ALL)]
    assert seen == [drop, two, three, len(scores)]


def rows_of(sweeps, without=()):
    """Choices and scores of sweeps whose trials are on disk."""
    paths = {path for sweep in sweeps for path in sweep.trials} - set(without)
    scores = choices.load_scores(paths, sweeps)
    return choices.choose(scores, sweeps), scores


def written(directory, target, test, dev=(80, 82, 81, 83), **changed):
    made = made_up.sweep(directory, target=target, **changed)
    sides = {("dev", code): list(dev) for code in made["dev"]}
    made_up.write_sweep(made, sides | {("test", target): list(test)})
    return records.planned(made)


def two_targets(directory):
    # not the sources' own directories: every sweep has trials of its own
    return [
        written(directory / "a", "de", [60, 61, 63, 66]),
        written(directory / "b", "zh", [50, 49, 54, 47]),
    ]


def table_of(choice_rows, scores, estimates=()):
    rows = stopping.rows(DISPLAY, choice_rows, scores, estimates)
    return stopping_table.table(DISPLAY, rows, {})


def by_rule(rows):
    return {row.rule: row for row in rows}


def test_costs_and_losses(tmp_path):
    inputs = rows_of(two_targets(tmp_path))
    table = table_of(*inputs)
    assert full_width(table) == 8
    assert len(table.body) == len(table.records) == len(stopping.RULES)
    lines = by_rule(stopping.rows(DISPLAY, *inputs))
    # dev 80 82 81 83: drops at the third, of the first three the second is best
    drop = lines["until dev drops"]
    assert (drop.trials, drop.trainings, drop.k) == (2, 4, 1)
    assert drop.gain == pytest.approx((1 - 1) / 2)
    whole = lines["all k, best on dev"]
    assert (whole.trials, whole.of_trials, whole.k) == (3, 3, 3)
    assert whole.gain == pytest.approx((6 - 3) / 2)
    assert drop.against_all == pytest.approx(-1.5)
    assert lines["patience 2 on dev"].against_all == 0
    # on test: de never drops, zh does at once, and its only pruned trial is then the best
    paper = lines[PAPER]
    assert paper.trials == 2
    assert paper.gain == pytest.approx((6 - 1) / 2)
    assert paper.against_all == pytest.approx((6 - 1) / 2 - (6 + 4) / 2)
    assert texts(table.body)[0][2:6] == ["until dev drops", "2.0 of 3", "4", "1.0"]
    assert [row[-1] for row in texts(table.body)[3::2]] == ["", ""]  # all k against all k
    assert csv_text(table).splitlines()[:2] == [
        "setting,model,rule,criterion,sweeps,trials,of_trials,trainings,k,gain,against_all,low,high",
        "cross-lingual,mbert,until dev drops,dev_selected,2,2.000000,3.000000,4,1.000000,0.000000,"
        "-1.500000,,",
    ]


def test_rules_with_all_k_are_the_criteria_of_the_tables(tmp_path):
    sweeps = [records.planned(made) for made in made_up.study(tmp_path, seeds=(1, 2))]
    chosen, scores = rows_of(sweeps)
    rows = stopping.rows(DISPLAY, chosen, scores)
    assert len(rows) == 2 * 2 * len(stopping.RULES)  # settings and models
    for row in rows:
        if row.all_k:
            selected = [
                choice.by(row.criterion)
                for choice in chosen
                if (choice.setting, choice.model) == (row.setting, row.model)
            ]
            assert row.k == pytest.approx(tidy.mean(one.k for one in selected))
            assert row.gain == pytest.approx(tidy.mean(one.gain for one in selected))
    # cross-lingual targets share their trainings: 3 of each seed, not 3 of each target
    shared = {row.setting: row.trainings for row in rows if row.rule == "all k, best on dev"}
    assert shared == {"cross-lingual": 6, "multi-lingual": 12}


def test_missing_trials_leave_a_sweep_out(tmp_path):
    sweeps = [*two_targets(tmp_path), written(tmp_path / "c", "ar", [50, 49, 54, 47])]
    without = [sweeps[1].trials[2], *sweeps[2].trials]
    inputs = rows_of(sweeps, without)
    row = by_rule(stopping.rows(DISPLAY, *inputs))["all k, best on dev"]
    assert (row.sweeps, row.left_out) == (1, 2)
    assert notes(table_of(*inputs))[-1] == "Left out because trials are missing: 2 sweeps."


def test_a_model_without_a_whole_sweep_has_no_lines(tmp_path):
    lost = written(tmp_path / "c", "ar", [50, 49, 54, 47], model="tiny")
    sweeps = [*two_targets(tmp_path), lost]
    table = table_of(*rows_of(sweeps, lost.trials[1:2]))
    assert {record["model"] for record in table.records} == {"mbert"}
    assert len(table.body) == len(stopping.RULES)
    assert notes(table)[-1] == "Left out because trials are missing: 1 sweep."


def shown_estimates(chosen):
    """An estimate of every choice by k on dev, as of one result table, and that of their mean."""
    pairs = [
        records.estimate(target=row.target, recipe=row.recipe, k=str(row.dev_selected.k))
        for row in chosen
    ]
    mean = records.mean_estimate(recipe=chosen[0].recipe, low=0.0, high=9.0)
    return pairs, replace(mean, above=0.5, within=0.25, below=0.25)


def test_the_interval_of_all_k_is_that_of_the_result_table(tmp_path):
    inputs = rows_of(two_targets(tmp_path))
    pairs, mean = shown_estimates(inputs[0])
    lines = by_rule(stopping.rows(DISPLAY, *inputs, [*pairs, mean]))
    assert (lines["all k, best on dev"].low, lines["all k, best on dev"].high) == (0, 9)
    assert lines["until dev drops"].low is None and lines["all k, best on test"].low is None
    table = table_of(*inputs, [*pairs, mean])
    assert "result table" in table.general[-1]
    # The draws' shares stand beside the interval, and no star: p is about the result table.
    cell = table.body[3][4]
    assert (cell.text, cell.below, cell.note) == ("+1.50", "[0.00, +9.00] 50 / 25 / 25 %", "")
    # Means of other pairs, or of other k, have other intervals; so have other experiments.
    moved = replace(pairs[0], k="1")
    elsewhere = [replace(row, experiment="other") for row in (*pairs, mean)]
    for other in ([pairs[0], mean], [moved, pairs[1], mean], pairs, elsewhere):
        lines = by_rule(stopping.rows(DISPLAY, *inputs, other))
        assert lines["all k, best on dev"].low is None


def test_one_pair_has_the_interval_of_its_own_gain(tmp_path):
    inputs = rows_of(two_targets(tmp_path)[:1])
    (pair,), mean = shown_estimates(inputs[0])
    pair = replace(pair, above=0.5, within=0.25, below=0.25)
    cell = table_of(*inputs, [pair, mean]).body[3][4]
    assert (cell.below, cell.note) == ("[+0.25, +0.75]", "")  # shares stand beside means


def test_heads_that_are_on_at_test(tmp_path):
    sweep = written(tmp_path, "de", [60, 61, 63, 66], heads="all")
    lines = by_rule(stopping.rows(DISPLAY, *rows_of([sweep])))
    # made_up: with all heads back on, test is 5 points lower for k > 0
    assert lines["all k, best on dev"].gain == pytest.approx(66 - 5 - 60)


def test_several_dev_languages_are_averaged(tmp_path):
    made = made_up.sweep(tmp_path, source="en+zh", ranking="gradient-en")
    sides = {("dev", "en"): [80, 90, 85, 70], ("dev", "zh"): [80, 60, 80, 96]}
    made_up.write_sweep(made, sides | {("test", "de"): [60, 61, 62, 63]})
    lines = by_rule(stopping.rows(DISPLAY, *rows_of([records.planned(made)])))
    assert lines["until dev drops"].trials == 1  # 80 75 82.5 83
    assert lines["all k, best on dev"].k == 3


def test_masked_trials_are_no_trainings(tmp_path):
    inputs = rows_of([written(tmp_path, "de", [60, 61, 63, 66], protocol="mask")])
    assert any(note.startswith("Protocol mask") for note in notes(table_of(*inputs)))
    inputs = rows_of([written(tmp_path, "de", [60, 61, 63, 66])])
    assert not any(note.startswith("Protocol mask") for note in notes(table_of(*inputs)))


def test_rows_are_the_same_behind_a_file(tmp_path):
    inputs = rows_of(two_targets(tmp_path))
    pairs, mean = shown_estimates(inputs[0])
    rows = stopping.rows(DISPLAY, *inputs, [*pairs, mean])
    path = tmp_path / "rows.csv"
    tidy.write(rows, path, columns=tidy.columns_of(stopping.StoppingRow))
    assert tidy.read(stopping.StoppingRow, path) == rows


def test_planned(tmp_path):
    long, short = made_up.sweep(tmp_path), made_up.sweep(tmp_path, ks=(0, 1), experiment="b")
    null = made_up.sweep(tmp_path, role="random", experiment="c", ranking="random-1")
    plan = displays.plan([records.planned(made) for made in (long, short, null)])
    assert [asdict(one) for one in plan if one.kind == "stopping"] == [asdict(DISPLAY)]
