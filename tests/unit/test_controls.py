"""Controls (Table 5): numbers from known trials, beside those of the lowest heads."""

from dataclasses import replace

import made_up
import pytest
import records
from records import full_width, notes, texts

from polyheads.analysis import controls, tidy
from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.differences import Difference
from polyheads.catalogue import published
from polyheads.report.cells import signed
from polyheads.report.table import csv_text
from polyheads.report.tables import controls as controls_table
from polyheads.study import displays
from polyheads.study.displays import Display
from polyheads.study.rankings import ranking_kind

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
# Dev chooses k = 1 in all of them.
DEV = [80.0, 82.0, 81.0, 79.0]
TEST = {
    "gradient-en": [60.0, 63.0, 62.0, 61.0],  # gains: 3 on dev, 3 at best
    "reversed-gradient-en": [60.0, 58.0, 59.0, 55.0],  # -2, -1
    "random-42": [60.0, 61.0, 64.0, 57.0],  # 1, 4
    "random-7": [60.0, 59.0, 60.5, 56.0],  # -1, 0.5
}
STRICT = Display(
    kind="controls",
    name="table-5.cross-lingual.controls",
    experiment="table-5",
    ranking="controls",
    metric="f1_strict",
    setting="cross-lingual",
    task="ner",
    corpus="wiki",
)
LENIENT = replace(STRICT, name="table-5.cross-lingual.controls.f1_lenient", metric="f1_lenient")


def sweeps(directory, *, targets=("de",), names=tuple(TEST), **changed):
    made = []
    for target in targets:
        for name in names:
            place = {"experiment": "main" if name.startswith("gradient") else "table-5"}
            place |= {"task": "ner", "corpus": "wiki", "target": target, "ranking": name}
            one = made_up.sweep(directory, **(place | changed))
            # One mixture: its trials test all targets.
            tests = {("test", code): TEST[name] for code in targets}
            made_up.write_sweep(one, {("dev", "en"): DEV} | tests)
            made.append(records.planned(one))
    return made


def chosen(directory, **changed):
    """Choices in both metrics."""
    return records.chosen(sweeps(directory, **changed))[1]


def rows_of(display, choices, *args):
    return [row for row in controls.rows(display, choices, *args) if row.level == controls.PAIR]


def table_of(display, choices, *args):
    rows = controls.rows(display, choices, *args)
    return controls_table.table(display, rows, LANGUAGES)


def planned(sweeps):
    return [one for one in displays.plan(sweeps) if one.kind == "controls"]


def test_planned_in_both_metrics(tmp_path):
    assert planned(sweeps(tmp_path)) == [STRICT, LENIENT]
    # Nothing is published for this model: one table.
    assert len(planned(sweeps(tmp_path, model="tiny"))) == 1


def test_not_planned_without_controls(tmp_path):
    made = sweeps(tmp_path)
    assert planned(made[:1]) == []
    assert planned([replace(one, role="random") for one in made]) == []
    assert planned([replace(one, ks=(0,)) for one in made]) == []


def test_numbers(tmp_path):
    choices = chosen(tmp_path)
    highest, random = rows_of(STRICT, choices)
    assert (highest.control, random.control) == ("highest", "random")
    assert (highest.dev_selected.gain, highest.test_oracle.gain) == pytest.approx((-2, -1))
    assert highest.dev_selected.difference == pytest.approx(-5)
    assert highest.test_oracle.difference == pytest.approx(-4)
    assert highest.lowest_experiment == "main" and highest.dev_selected.lowest_gain == 3
    assert random.rankings == 2 and random.dev_selected.gain == pytest.approx(0)
    assert random.dev_selected.difference == pytest.approx(-3)
    assert random.test_oracle.difference == pytest.approx((1 - 2.5) / 2)
    assert random.dev_selected.spread == pytest.approx(2**0.5)

    table = table_of(STRICT, choices)
    first = texts(table.body)[0]
    assert first[:4] == ["English → German", "mbert", "−2.00", "−5.00"]
    assert first[4:7] == ["−1.00", "−4.00", "0.00 ± 1.41"]
    assert table.body[0][3].note == "lowest heads pruned: +3.00"
    assert any("means over 2 random rankings" in note for note in notes(table))
    assert not table.foot and csv_text(table).count("\n") == 3
    assert table.records[0]["lowest_dev_selected_gain"] == 3
    assert table.records[0]["dev_selected_trial"].endswith("prune-reversed-gradient-en/k-01.json")


def test_published_only_in_its_metric(tmp_path):
    choices = chosen(tmp_path)
    assert table_of(STRICT, choices).records[0]["published_delta"] is None
    table = table_of(LENIENT, choices)
    assert [record["published_delta"] for record in table.records] == [0.88, 0.57]
    assert texts(table.body)[0][2] == "+0.88"
    apart = table.body[0][3]  # ours: -1 at best
    assert (apart.text, apart.kind) == ("−1.88", "published down")
    assert apart.note == "our gain, best on test, less theirs"
    assert table.records[0]["test_oracle_gain_less_published"] == pytest.approx(-1.88)
    assert full_width(table) == 2 + 2 * 6
    assert any("Ma et al. (2021)" in note for note in notes(table))


def test_a_pair_without_a_number_is_an_empty_cell(tmp_path):
    table = table_of(LENIENT, chosen(tmp_path, targets=("de", "es")))
    assert texts(table.body)[1][2] == "–"  # the paper has no Spanish
    assert table.records[2]["published_delta"] is None
    # Our mean is of both pairs, so there is no published one to stand beside it.
    assert texts(table.foot)[0][:3] == ["Mean of the pairs, mbert", "–", "–"]

    choices = chosen(tmp_path / "both", targets=("de", "zh"))
    changes = published.control_changes()
    of = [changes[("ner", "mbert", "en", t, "cross-lingual"), "highest"] for t in ("de", "zh")]
    assert texts(table_of(LENIENT, choices).foot)[0][1] == signed(sum(of) / 2)
    # Chinese lacks a trial: both means are over German alone.
    lost = [
        replace(row, test_oracle=replace(row.test_oracle, gain=None))
        if (row.target, row.ranking[:8]) == ("zh", "reversed")
        else row
        for row in choices
    ]
    assert texts(table_of(LENIENT, lost).foot)[0][1:3] == [signed(of[0]), signed(-1 - of[0])]


def test_columns_without_sweeps_are_dashes(tmp_path):
    choices = chosen(tmp_path, targets=("de", "es"))
    without = [r for r in choices if r.target != "es" or not r.ranking.startswith("random-")]
    table = table_of(LENIENT, without)
    assert set(texts(table.body)[1][8:]) == {"–"} and len(table.records) == 3


@pytest.mark.parametrize(
    "changed", [{"k_max": 9}, {"protocol": "mask"}, {"heads": "all"}, {"recipe": "x"}, {"seed": 1}]
)
def test_only_like_is_compared_with_like(tmp_path, changed):
    choices = chosen(tmp_path)
    choices = [replace(r, **changed) if r.ranking == "gradient-en" else r for r in choices]
    table = table_of(STRICT, choices)
    assert all(record["dev_selected_difference"] is None for record in table.records)
    assert texts(table.body)[0][3] == "–"
    assert any("no sweep of the lowest heads" in note for note in notes(table))


def estimates(choices):
    """An estimate of each control's gain and one of the mean of each ranking, 1 to either side."""
    same = ("experiment", "task", "corpus", "model", "recipe", "setting", "metric")
    same += ("source", "target", "mixture")
    mine = [row for row in choices if row.experiment == "table-5"]
    out = []
    for criterion in CRITERIA:
        for group in tidy.grouped(mine, lambda row: (row.ranking, row.metric)).values():
            pairs = [
                records.estimate(
                    **{name: getattr(choice, name) for name in same},
                    table=f"{choice.ranking} {choice.metric}",
                    criterion=criterion,
                    ranking=ranking_kind(choice.ranking, choice.source),
                    k=str(choice.by(criterion).k),
                    gain=choice.by(criterion).gain,
                    low=choice.by(criterion).gain - 1,
                    high=choice.by(criterion).gain + 1,
                )
                for choice in group
            ]
            gain = tidy.mean(pair.gain for pair in pairs)
            mean = {"level": "mean", "source": "", "target": "", "mixture": "", "k": ""}
            ends = {"gain": gain, "low": gain - 0.5, "high": gain + 0.5}
            out += [*pairs, replace(pairs[0], **mean, **ends)]
    return out


def test_gains_have_the_intervals_of_their_sweeps(tmp_path):
    choices = chosen(tmp_path, targets=("de", "zh"), names=("gradient-en", *list(TEST)[1:3]))
    known = estimates(choices)
    table = table_of(STRICT, choices, known)
    highest, random = table.body[0][2], table.body[0][6]
    assert (highest.text, highest.below) == ("−2.00", "[−3.00, −1.00]")  # without a star
    assert (random.text, random.below) == ("+1.00", "[0.00, +2.00]")
    assert not highest.note and not table.body[0][3].below
    assert table.foot[0][1].below == "[−2.50, −1.50]"
    record = table.records[0]
    assert (record["test_oracle_low"], record["test_oracle_high"]) == (-2, 0)
    assert any("training noise is not included" in note for note in notes(table))
    # Another mean than that of the table has no interval of it: here of German alone.
    short = [r for r in choices if (r.target, r.ranking) != ("zh", "gradient-en")]
    table = table_of(STRICT, short, known)
    assert not table.foot[0][1].below and table.body[0][2].below
    # Of other k there is another gain.
    moved = [replace(row, k="3") if row.level == "pair" else row for row in known]
    table = table_of(STRICT, choices, moved)
    assert not table.foot[0][1].below and not table.body[0][2].below


def test_a_mean_of_pairs_with_different_seeds_is_another_mean(tmp_path):
    choices = chosen(tmp_path, targets=("de", "zh"), names=("gradient-en", *list(TEST)[1:3]))
    uneven = [*choices, *(replace(row, seed=7) for row in choices if row.target == "de")]
    known = [
        replace(row, seeds=2, k=f"{row.k} {row.k}") if row.target == "de" else row
        for row in estimates(choices)
    ]
    table = table_of(STRICT, uneven, known)
    assert table.body[0][2].below and table.body[1][2].below and not table.foot[0][1].below
    assert any(note.startswith("Means over 2 seeds") for note in notes(table))
    assert any("and of seeds" in note for note in notes(table))


def differences(choices):
    """The difference of each ranking's pairs and of their mean: the control from the lowest."""
    lowest = {row.pair: row for row in choices if row.ranking == "gradient-en"}
    mine = [r for r in choices if r.experiment == "table-5" and r.metric == STRICT.metric]
    out = []
    for ranking, group in tidy.grouped(mine, lambda row: row.ranking).items():
        pairs = [
            Difference(
                what="highest",
                level="pair",
                criterion="dev_selected",
                task="ner",
                corpus="wiki",
                model="mbert",
                metric=STRICT.metric,
                experiment="main",
                ranking="gradient",
                setting=STRICT.setting,
                other_experiment="table-5",
                other_ranking=ranking_kind(ranking, row.source),
                other_setting=STRICT.setting,
                source=row.source,
                target=row.target,
                seeds=1,
                difference=lowest[row.pair].dev_selected.gain - row.dev_selected.gain,
                low=1.0,
                high=7.0,
                resamples=9999,
            )
            for row in group
        ]
        mean = replace(pairs[0], level="mean", source="", target="", low=2.0, high=6.0)
        out += [*pairs, mean]
    return out


def test_differences_have_their_intervals_turned_round(tmp_path):
    choices = chosen(tmp_path, targets=("de", "zh"), names=("gradient-en", *list(TEST)[1:3]))
    known, apart = estimates(choices), differences(choices)
    table = table_of(STRICT, choices, known, apart)
    # Below the difference by the k chosen on dev, not below that of the best on test.
    assert [cell.below for cell in table.body[0][2:6]] == [
        *("[−3.00, −1.00]", "[−7.00, −1.00]", "[−2.00, 0.00]", ""),
    ]
    assert table.body[0][3].text == "−5.00"
    assert table.foot[0][2].below == "[−6.00, −2.00]"
    assert [table.records[0][f"difference_{end}"] for end in ("low", "high")] == [-7, -1]
    assert "the same for both sides" in notes(table)[-1]
    # Of other seeds, of another pair more, or of another ranking they are others.
    more = [replace(row, target="tr") for row in apart if row.target == "zh"]
    for wrong, pair, mean in (
        ([replace(row, seeds=2) for row in apart], "", ""),
        ([*more, *apart], "[−7.00, −1.00]", ""),
        ([replace(row, other_ranking="reversed-lrp") for row in apart], "", ""),
    ):
        table = table_of(STRICT, choices, known, wrong)
        assert (table.body[0][3].below, table.foot[0][2].below) == (pair, mean)


def test_several_random_rankings_have_no_interval_and_problems_are_named(tmp_path):
    choices = chosen(tmp_path)
    known = estimates(choices)
    table = table_of(STRICT, choices, known, differences(choices))
    assert table.body[0][2].below and not table.body[0][6].below
    assert table.body[0][3].below and not table.body[0][7].below
    # Not even where one of them alone has something to be compared with.
    fewer = [replace(row, k_max=9) if row.ranking == "random-7" else row for row in choices]
    cell = table_of(STRICT, fewer, known, differences(choices)).body[0][7]
    assert (cell.text, cell.below) == ("−2.00", "")
    nothing = dict.fromkeys(("gain", "low", "high", "p", "p_holm"))
    wrong = [replace(row, **nothing, problem="k-01.parquet: no") for row in known]
    table = table_of(STRICT, choices, wrong)
    assert not table.body[0][2].below
    assert sum("k-01.parquet: no" in note for note in notes(table)) == 1


def test_missing_trials(tmp_path):
    lost = {"dev_selected": records.selected(None), "test_oracle": records.selected(None)}
    choices = [
        replace(row, **lost) if row.ranking.startswith("reversed") else row
        for row in chosen(tmp_path)
    ]
    table = table_of(STRICT, choices)
    assert texts(table.body)[0][2:6] == ["missing", "–", "missing", "–"]


def test_random_heads_have_the_ranking_of_their_own_control(tmp_path):
    choices = chosen(tmp_path)
    lrp = [
        replace(
            row,
            ranking="lrp-en",
            experiment="lrp",
            dev_selected=replace(row.dev_selected, gain=9.0),
        )
        for row in choices
        if row.ranking == "gradient-en"
    ]
    rows = rows_of(STRICT, lrp + choices)
    assert [row.dev_selected.lowest_gain for row in rows] == [3, 3]
    alone = [row for row in lrp + choices if not row.ranking.startswith("reversed")]
    (row,) = rows_of(STRICT, alone)
    assert row.dev_selected.lowest_gain == 9 and row.lowest_experiment == "lrp"


def test_models_of_a_pair_stand_together(tmp_path):
    choices = chosen(tmp_path, targets=("de", "zh"))
    both = [*choices, *(replace(row, model="tiny") for row in choices)]
    table = table_of(STRICT, both)
    assert [row[:2] for row in texts(table.body)] == [
        ["English → German", "mbert"],
        ["tiny", "−2.00"],
        ["English → Chinese", "mbert"],
        ["tiny", "−2.00"],
    ]
    assert table.body[0][0].rowspan == 2
    means = [f"Mean of the pairs, {model}" for model in ("mbert", "tiny")]
    assert [row[0] for row in texts(table.foot)] == means


def test_rows_are_the_same_behind_a_file(tmp_path):
    choices = chosen(tmp_path, targets=("de", "zh"))
    rows = controls.rows(STRICT, choices, estimates(choices), differences(choices))
    path = tmp_path / "rows.csv"
    tidy.write(rows, path, columns=tidy.columns_of(controls.ControlRow))
    assert tidy.read(controls.ControlRow, path) == rows
