"""Rules for stopping: what they see of a sweep, and what that costs."""

import made_up
import pytest
from polyheads.exhibits import stopping
from test_tables import full_width, texts

from polyheads.analysis import selection

EXHIBIT = {"kind": "stopping", "name": "pos.gradient.stopping", "title": "Part of speech"}
EXHIBIT |= {"task": "pos", "corpus": "ud-2.7"}
EXHIBIT["of"] = {"experiment": "pos", "ranking": "gradient", "metric": "accuracy"}
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
    paths = {path for made in sweeps for path in made["trials"]} - set(without)
    scores = selection.load_scores(paths, sweeps)
    choices = selection.choose(scores, sweeps)
    return tuple(
        [{k: (None if v != v else v) for k, v in r.items()} for r in table.to_dict("records")]
        for table in (choices, scores)
    )


def written(tmp_path, target, test, dev=(80, 82, 81, 83), **changed):
    made = made_up.sweep(tmp_path, target=target, **changed)
    sides = {("dev", code): list(dev) for code in made["dev"]}
    made_up.write_sweep(made, sides | {("test", target): list(test)})
    return made


def by_rule(table):
    return {line["rule"]: line for line in table["records"]}


def test_costs_and_losses(tmp_path):
    # not the sources' own directories: every sweep has trials of its own
    sweeps = [
        written(tmp_path / "a", "de", [60, 61, 63, 66]),
        written(tmp_path / "b", "zh", [50, 49, 54, 47]),
    ]
    table = stopping.table(EXHIBIT, *rows_of(sweeps))
    assert full_width(table) == 8
    assert len(table["body"]) == len(stopping.RULES)
    lines = by_rule(table)
    # dev 80 82 81 83: drops at the third, of the first three the second is best
    drop = lines["until dev drops"]
    assert (drop["trials"], drop["trainings"], drop["k"]) == (2, 4, 1)
    assert drop["gain"] == pytest.approx((1 - 1) / 2)
    whole = lines["all k, best on dev"]
    assert (whole["trials"], whole["of_trials"], whole["k"]) == (3, 3, 3)
    assert whole["gain"] == pytest.approx((6 - 3) / 2)
    assert drop["against_all"] == pytest.approx(-1.5)
    assert lines["patience 2 on dev"]["against_all"] == 0
    # on test: de never drops, zh does at once, and its only pruned trial is then the best
    paper = lines[PAPER]
    assert paper["trials"] == 2
    assert paper["gain"] == pytest.approx((6 - 1) / 2)
    assert paper["against_all"] == pytest.approx((6 - 1) / 2 - (6 + 4) / 2)
    assert texts(table["body"])[0][2:6] == ["until dev drops", "2.0 of 3", "4", "1.0"]


def test_rules_with_all_k_are_the_readings_of_the_tables(tmp_path):
    sweeps = made_up.study(tmp_path, seeds=(1, 2))
    choices, scores = rows_of(sweeps)
    table = stopping.table(EXHIBIT, choices, scores)
    for line in table["records"]:
        if line["rule"].startswith("all"):
            mine = [
                c
                for c in choices
                if (c["setting"], c["model"]) == (line["setting"], line["model"])
                and c["metric"] == "accuracy"
            ]
            for name in ("k", "gain"):
                values = [c[f"{line['criterion']}_{name}"] for c in mine]
                assert line[name] == pytest.approx(sum(values) / len(values))
    # cross-lingual targets share their trainings: 3 of each seed, not 3 of each target
    shared = [r["trainings"] for r in table["records"] if r["rule"] == "all k, best on dev"]
    settings = [r["setting"] for r in table["records"] if r["rule"] == "all k, best on dev"]
    assert dict(zip(settings, shared, strict=True)) == {"cross-lingual": 6, "multi-lingual": 12}


def test_missing_trials_leave_a_sweep_out(tmp_path):
    sweeps = [
        written(tmp_path / "a", "de", [60, 61, 63, 66]),
        written(tmp_path / "b", "zh", [50, 49, 54, 47]),
        written(tmp_path / "c", "ar", [50, 49, 54, 47]),
    ]
    without = [sweeps[1]["trials"][2], *sweeps[2]["trials"]]
    table = stopping.table(EXHIBIT, *rows_of(sweeps, without))
    assert by_rule(table)["all k, best on dev"]["sweeps"] == 1
    assert table["notes"][-1] == "Left out because trials are missing: 2 sweeps."


def test_the_interval_of_all_k_is_that_of_the_result_table(tmp_path):
    sweeps = [
        written(tmp_path / "a", "de", [60, 61, 63, 66]),
        written(tmp_path / "b", "zh", [50, 49, 54, 47]),
    ]
    choices, scores = rows_of(sweeps)
    gain = sum(row["dev_selected_gain"] for row in choices) / 2
    of = {"experiment": "pos", "ranking": "gradient", "setting": "cross-lingual", "model": "mbert"}
    of |= {
        "metric": "accuracy",
        "criterion": "dev_selected",
        "source": "en",
        "p": 0.1,
        "p_holm": 0.1,
    }
    of |= {"low": 0.0, "high": 9.0, "gain": gain, "corpus": "ud-2.7", "recipe": "small"}
    of["exhibit"] = "pos.cross-lingual.gradient"
    pairs = [of | {"level": "pair", "target": code} for code in ("de", "zh")]
    mean = of | {"level": "mean", "source": "", "target": ""}
    table = stopping.table(EXHIBIT, choices, scores, [*pairs, mean])
    lines = by_rule(table)
    assert (lines["all k, best on dev"]["low"], lines["all k, best on dev"]["high"]) == (0, 9)
    assert lines["until dev drops"]["low"] is None and lines["all k, best on test"]["low"] is None
    assert "result table" in table["notes"][-1]
    # Means of other pairs, or other means, have other intervals.
    for other in ([pairs[0], mean], [*pairs, mean | {"gain": gain + 1}], pairs):
        lines = by_rule(stopping.table(EXHIBIT, choices, scores, other))
        assert lines["all k, best on dev"]["low"] is None


def test_heads_that_are_on_at_test(tmp_path):
    made = written(tmp_path, "de", [60, 61, 63, 66], heads="all")
    lines = by_rule(stopping.table(EXHIBIT, *rows_of([made])))
    # made_up: with all heads back on, test is 5 points lower for k > 0
    assert lines["all k, best on dev"]["gain"] == pytest.approx(66 - 5 - 60)


def test_several_dev_languages_are_averaged(tmp_path):
    made = made_up.sweep(tmp_path, source="en+zh", ranking="gradient-en")
    sides = {("dev", "en"): [80, 90, 85, 70], ("dev", "zh"): [80, 60, 80, 96]}
    made_up.write_sweep(made, sides | {("test", "de"): [60, 61, 62, 63]})
    lines = by_rule(stopping.table(EXHIBIT, *rows_of([made])))
    assert lines["until dev drops"]["trials"] == 1  # 80 75 82.5 83
    assert lines["all k, best on dev"]["k"] == 3


def test_planned(tmp_path):
    long, short = made_up.sweep(tmp_path), made_up.sweep(tmp_path, ks=(0, 1), experiment="b")
    null = made_up.sweep(tmp_path, role="random", experiment="c", ranking="random-1")
    assert stopping.planned([long, short, null]) == [("pos", "gradient")]
