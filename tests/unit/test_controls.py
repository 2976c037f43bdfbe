"""Controls (Table 5), and what pruning by each ranking costs: numbers from known trials."""

import made_up
import pytest
from polyheads.exhibits import comparison, controls
from polyheads.exhibits.tables import csv_text, signed
from test_tables import full_width

from polyheads import exhibits
from polyheads.analysis import selection

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
# Dev chooses k = 1 in all of them.
DEV = [80.0, 82.0, 81.0, 79.0]
TEST = {
    "gradient-en": [60.0, 63.0, 62.0, 61.0],  # gains: 3 on dev, 3 at best
    "reversed-gradient-en": [60.0, 58.0, 59.0, 55.0],  # -2, -1
    "random-42": [60.0, 61.0, 64.0, 57.0],  # 1, 4
    "random-7": [60.0, 59.0, 60.5, 56.0],  # -1, 0.5
}


def sweeps(directory, *, targets=("de",), names=tuple(TEST), task="ner", **changed):
    made = []
    for target in targets:
        for name in names:
            place = {"experiment": "main" if name.startswith("gradient") else "table-5"}
            place |= {"task": task, "corpus": "wiki", "target": target, "ranking": name}
            one = made_up.sweep(directory, **(place | changed))
            # One mixture: its trials test all targets.
            tests = {("test", code): TEST[name] for code in targets}
            made_up.write_sweep(one, {("dev", "en"): DEV} | tests)
            made.append(one)
    return made


def read(made, directory):
    paths = {path for one in made for path in one["trials"]}
    scores = selection.load_scores(paths, made)
    published = [{**one, "metric": "f1_lenient"} for one in made if one["task"] == "ner"]
    choices = selection.choose(scores, [*made, *published])
    tables = []
    for table in (scores, choices):
        selection.write(table, directory / "table.csv")
        tables.append(selection.read(directory / "table.csv"))
    return tables


def exhibit(metric="f1_strict", **changed):
    of = {"experiment": "table-5", "ranking": "controls", "setting": "cross-lingual"}
    of |= {"metric": metric} | changed
    return {"kind": "controls", "name": "c", "title": "NER", "of": of, "task": "ner"}


def texts(cells):
    return [cell["text"] for cell in cells]


def test_planned_in_both_metrics(tmp_path):
    made = sweeps(tmp_path)
    found = controls.planned(made)
    assert [of["metric"] for of, _ in found] == ["f1_strict", "f1_lenient"]
    of, inside = found[0]
    assert of["experiment"] == "table-5" and of["setting"] == "cross-lingual"
    assert [one["ranking"] for one in inside] == list(TEST)[1:]
    # Nothing is published for this model: one table.
    assert len(controls.planned(sweeps(tmp_path, model="tiny"))) == 1


def test_not_planned_without_controls(tmp_path):
    made = sweeps(tmp_path)
    assert controls.planned(made[:1]) == []
    assert controls.planned([{**one, "role": "random"} for one in made]) == []
    assert controls.planned([{**one, "ks": (0,)} for one in made]) == []


def test_numbers(tmp_path):
    _, choices = read(sweeps(tmp_path), tmp_path)
    table = controls.table(exhibit(), choices, LANGUAGES)
    highest, random = table["records"]
    assert (highest["control"], random["control"]) == ("highest", "random")
    assert highest["dev_selected_gain"] == pytest.approx(-2) and highest[
        "test_oracle_gain"
    ] == pytest.approx(-1)
    assert highest["dev_selected_difference"] == pytest.approx(-5)
    assert highest["test_oracle_difference"] == pytest.approx(-4)
    assert highest["lowest_experiment"] == "main" and highest["lowest_dev_selected_gain"] == 3
    assert random["rankings"] == 2 and random["dev_selected_gain"] == pytest.approx(0)
    assert random["dev_selected_difference"] == pytest.approx(-3)
    assert random["test_oracle_difference"] == pytest.approx((1 - 2.5) / 2)
    assert random["dev_selected_sd"] == pytest.approx(2**0.5)
    assert texts(table["body"][0])[:6] == ["English → German", "mbert", "−2.00", "−5.00"] + [
        "−1.00",
        "−4.00",
    ]
    assert table["body"][0][6]["text"] == "0.00 ± 1.41"
    assert table["body"][0][3]["note"] == "lowest heads pruned: +3.00"
    assert any("means over 2 random rankings" in note for note in table["notes"])
    assert not table["foot"] and csv_text(table).count("\n") == 3


def test_published_only_in_its_metric(tmp_path):
    _, choices = read(sweeps(tmp_path), tmp_path)
    assert controls.table(exhibit(), choices, LANGUAGES)["records"][0]["published_delta"] is None
    table = controls.table(exhibit("f1_lenient"), choices, LANGUAGES)
    assert [r["published_delta"] for r in table["records"]] == [0.88, 0.57]
    assert texts(table["body"][0])[2] == "+0.88"
    apart = table["body"][0][3]  # ours: -1 at best
    assert (apart["text"], apart["kind"]) == ("−1.88", "published down")
    assert table["records"][0]["test_oracle_gain_less_published"] == pytest.approx(-1.88)
    assert full_width(table) == 2 + 2 * 6
    assert any("Ma et al. (2021)" in note for note in table["notes"])


def test_a_pair_without_a_number_is_an_empty_cell(tmp_path):
    made = sweeps(tmp_path, targets=("de", "es"))
    _, choices = read(made, tmp_path)
    table = controls.table(exhibit("f1_lenient"), choices, LANGUAGES)
    assert texts(table["body"][1])[2] == "–"  # the paper has no Spanish
    assert table["records"][2]["published_delta"] is None
    # Our mean is of both pairs, so there is no published one to stand beside it.
    assert texts(table["foot"][0])[:3] == ["Mean of the pairs, mbert", "–", "–"]

    both = sweeps(tmp_path / "both", targets=("de", "zh"))
    _, choices = read(both, tmp_path)
    deltas = controls._published()
    of = [deltas["ner", "mbert", "en", t, "cross-lingual", "highest"] for t in ("de", "zh")]
    table = controls.table(exhibit("f1_lenient"), choices, LANGUAGES)
    assert texts(table["foot"][0])[1] == signed(sum(of) / 2)
    # Chinese lacks a trial: both means are over German alone.
    gone = [
        r | {"test_oracle_gain": None}
        if (r["target"], r["ranking"][:8]) == ("zh", "reversed")
        else r
        for r in choices
    ]
    table = controls.table(exhibit("f1_lenient"), gone, LANGUAGES)
    assert texts(table["foot"][0])[1:3] == [signed(of[0]), signed(-1 - of[0])]


def test_columns_without_sweeps_are_dashes(tmp_path):
    _, choices = read(sweeps(tmp_path, targets=("de", "es")), tmp_path)
    without = [r for r in choices if (r["target"], r["ranking"]) != ("es", "random-42")]
    without = [r for r in without if (r["target"], r["ranking"]) != ("es", "random-7")]
    table = controls.table(exhibit("f1_lenient"), without, LANGUAGES)
    assert set(texts(table["body"][1])[8:]) == {"–"} and len(table["records"]) == 3


@pytest.mark.parametrize(
    "changed", [{"k_max": 9}, {"protocol": "mask"}, {"heads": "all"}, {"recipe": "x"}, {"seed": 1}]
)
def test_only_like_is_compared_with_like(tmp_path, changed):
    _, choices = read(sweeps(tmp_path), tmp_path)
    choices = [r | changed if r["ranking"] == "gradient-en" else r for r in choices]
    table = controls.table(exhibit(), choices, LANGUAGES)
    assert all(r["dev_selected_difference"] is None for r in table["records"])
    assert texts(table["body"][0])[3] == "–"
    assert any("no sweep of the lowest heads" in note for note in table["notes"])


def statistics(choices, experiment="table-5"):
    """A row for each gain of the sweeps and one for their mean, 1 to either side."""
    found = []
    names = ("experiment", "model", "setting", "metric", "source", "target", "mixture")
    for criterion in ("dev_selected", "test_oracle"):
        kinds = {}
        for choice in (c for c in choices if c["experiment"] == experiment):
            kind = exhibits.ranking_kind(choice["ranking"], choice["source"])
            row = {name: choice[name] for name in names} | {"level": "pair", "criterion": criterion}
            row |= {"ranking": kind, "gain": choice[f"{criterion}_gain"], "seeds": 1, "p": 0.001}
            row |= {"p_holm": 0.001, "problem": "", "low": row["gain"] - 1, "high": row["gain"] + 1}
            kinds.setdefault((kind, choice["metric"]), []).append(row)
        for of_kind in kinds.values():
            found += of_kind
            gain = sum(row["gain"] for row in of_kind) / len(of_kind)
            mean = of_kind[0] | {"level": "mean", "source": "", "target": "", "mixture": ""}
            found.append(mean | {"gain": gain, "low": gain - 0.5, "high": gain + 0.5})
    return found


def test_gains_have_the_intervals_of_their_sweeps(tmp_path):
    made = sweeps(tmp_path, targets=("de", "zh"), names=("gradient-en", *list(TEST)[1:3]))
    choices = read(made, tmp_path)[1]
    known = statistics(choices)
    table = controls.table(exhibit(), choices, LANGUAGES, known)
    highest, random = table["body"][0][2], table["body"][0][6]
    assert (highest["text"], highest["below"]) == ("−2.00", "[−3.00, −1.00]")  # without a star
    assert (random["text"], random["below"]) == ("+1.00", "[0.00, +2.00]")
    assert not highest["note"] and not table["body"][0][3]["below"]
    assert table["foot"][0][1]["below"] == "[−2.50, −1.50]"
    record = table["records"][0]
    assert (record["test_oracle_low"], record["test_oracle_high"]) == (-2, 0)
    assert any("training noise is not included" in note for note in table["notes"])
    # Another mean than that of the table has no interval of it.
    short = [r for r in choices if (r["target"], r["ranking"]) != ("zh", "gradient-en")]
    other = [row | {"gain": row["gain"] + 0.1} if row["level"] == "mean" else row for row in known]
    table = controls.table(exhibit(), short, LANGUAGES, other)
    assert not table["foot"][0][1]["below"] and table["body"][0][2]["below"]


def test_several_random_rankings_have_no_interval_and_problems_are_named(tmp_path):
    choices = read(sweeps(tmp_path), tmp_path)[1]
    known = statistics(choices)
    table = controls.table(exhibit(), choices, LANGUAGES, known)
    assert table["body"][0][2]["below"] and not table["body"][0][6]["below"]
    nothing = dict.fromkeys(("gain", "low", "high", "p", "p_holm"))
    wrong = [row | nothing | {"problem": "k-01.parquet: no"} for row in known]
    table = controls.table(exhibit(), choices, LANGUAGES, wrong)
    assert not table["body"][0][2]["below"]
    assert any("k-01.parquet: no" in note for note in table["notes"])


def test_missing_trials(tmp_path):
    made = sweeps(tmp_path)
    choices = read(made, tmp_path)[1]
    gone = {
        "dev_selected_gain": None,
        "test_oracle_gain": None,
        "dev_selected_k": None,
        "test_oracle_k": None,
    }
    choices = [r | gone if r["ranking"].startswith("reversed") else r for r in choices]
    table = controls.table(exhibit(), choices, LANGUAGES)
    assert texts(table["body"][0])[2:6] == ["missing", "–", "missing", "–"]


def test_random_heads_have_the_ranking_of_their_own_control(tmp_path):
    _, choices = read(sweeps(tmp_path), tmp_path)
    lrp = [r for r in choices if r["ranking"] == "gradient-en"]
    lrp = [r | {"ranking": "lrp-en", "dev_selected_gain": 9.0, "experiment": "lrp"} for r in lrp]
    table = controls.table(exhibit(), lrp + choices, LANGUAGES)
    assert [r["lowest_dev_selected_gain"] for r in table["records"]] == [3, 3]
    alone = [r for r in lrp + choices if not r["ranking"].startswith("reversed")]
    assert (
        controls.table(exhibit(), alone, LANGUAGES)["records"][0]["lowest_dev_selected_gain"] == 9
    )


def test_costs(tmp_path):
    made = sweeps(tmp_path, targets=("de", "zh"))
    scores, choices = read(made, tmp_path)
    own = [r for r in choices if r["metric"] == "f1_strict"]
    table = comparison.costs_table(own, scores, LANGUAGES)
    lines = {r["ranking"]: r for r in table["records"]}
    assert list(lines) == ["gradient", "reversed-gradient", "random-42", "random-7"]
    assert all(r["sweeps"] == 2 and r["unpruned"] == 60 for r in lines.values())
    assert lines["gradient"]["last_test"] == 61 and lines["random-7"]["last_gain"] == -4
    assert (
        lines["reversed-gradient"]["test_oracle_gain"] == -1
        and lines["random-42"]["dev_selected_k"] == 1
    )
    assert len({len(row) for row in table["body"][1:]}) == 1
    assert table["body"][0][0]["rowspan"] == 4
    assert table["body"][0][2]["note"] == "English → German; English → Chinese"
    assert exhibits.ranking_name("gradient") == table["body"][0][1]["note"]


def test_costs_are_of_the_pairs_that_all_have(tmp_path):
    made = sweeps(tmp_path, targets=("de", "zh"))
    scores, choices = read(made, tmp_path)
    own = [r for r in choices if r["metric"] == "f1_strict"]
    fewer = [r for r in own if (r["target"], r["ranking"]) != ("zh", "random-7")]
    table = comparison.costs_table(fewer, scores, LANGUAGES)
    assert {r["sweeps"] for r in table["records"]} == {1}
    last = [r for r in scores if not (r["k"] == 3 and r["ranking"] == "random-7")]
    table = comparison.costs_table(own, last, LANGUAGES)
    assert {r["sweeps"] for r in table["records"]} == {0}
    assert table["body"][0][3]["text"] == "missing"


def test_no_costs_to_compare(tmp_path):
    scores, choices = read(sweeps(tmp_path), tmp_path)
    own = [r for r in choices if r["metric"] == "f1_strict"]
    alone = [r for r in own if r["ranking"] == "gradient-en"]
    assert comparison.costs_table(alone, scores, LANGUAGES) is None
    drawn = [r for r in own if r["ranking"].startswith("random")]
    assert comparison.costs_table(drawn, scores, LANGUAGES) is None
    apart = [r | {"source": "zh"} if r["ranking"] == "gradient-en" else r for r in own]
    table = comparison.costs_table(apart, scores, LANGUAGES)
    assert table is None  # no pair in common: controls among themselves say nothing
    nulls = [r | {"role": "random"} for r in own if r["ranking"] != "gradient-en"]
    assert comparison.costs_table(alone + nulls, scores, LANGUAGES) is None
