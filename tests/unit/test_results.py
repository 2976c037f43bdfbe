"""Result tables: rows of sweeps, pairs and means, and what stands in their cells."""

import csv
import io
from dataclasses import replace

import made_up
import pytest
import records
from records import full_width, notes, texts

from polyheads.analysis import reproduction, results, tidy
from polyheads.analysis.results import MEAN, PAIR, SWEEP
from polyheads.catalogue import published
from polyheads.report import cells
from polyheads.report import notes as cells_notes
from polyheads.report.table import csv_text
from polyheads.report.tables import results as results_table
from polyheads.study import displays

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


def study(directory, **changed):
    return [records.planned(made) for made in made_up.study(directory, **changed)]


def made(display, choices, estimates=()):
    return results_table.table(display, results.rows(display, choices, estimates), LANGUAGES)


@pytest.fixture
def known(monkeypatch):
    """The published scores, which a test may take some from."""
    scores = dict(published.scores())
    monkeypatch.setattr(published, "scores", lambda: scores)
    return scores


def test_a_second_table_in_the_published_metric(tmp_path):
    sweeps = study(tmp_path)
    plan = displays.plan(sweeps)
    assert [display.name for display in plan if display.kind == "results"] == [
        "pos.cross-lingual.gradient",
        "pos.cross-lingual.gradient.f1_runs_as_published",
        "pos.multi-lingual.gradient",
        "pos.multi-lingual.gradient.f1_runs_as_published",
    ]
    assert len({display.name for display in plan}) == len(plan)
    assert displays.paths(plan, "curves", "x", ".svg") == [
        "x/pos.cross-lingual.en.gradient.svg",
        "x/pos.multi-lingual.en.gradient.svg",
    ]
    alone = displays.plan([sweep for sweep in sweeps if sweep.model == "tiny"])
    assert len([display for display in alone if display.kind == "results"]) == 2


def test_both_criteria_and_the_published_numbers(tmp_path):
    plan, choices = records.chosen(study(tmp_path))
    own, printed = plan[:2]
    table = made(own, choices)
    assert full_width(table) == 3 + 8
    # One row group of English, in it one for each target with both models.
    names = [row[:-8] for row in texts(table.body)]
    assert names == [["English", "German", "mbert"], ["tiny"], ["Chinese", "mbert"], ["tiny"]]
    assert [cell.rowspan for cell in table.body[0][:3]] == [4, 2, 1]
    choice = next(row for row in choices if (row.model, row.target) == ("mbert", "de"))
    shown = texts(table.body)[0][3:]
    assert shown[0] == f"{choice.unpruned:.2f}"
    assert shown[3] == str(choice.dev_selected.k)
    assert shown[7] == str(choice.test_oracle.k)
    assert not any("Published" in note for note in notes(table))

    other = made(printed, choices)
    assert full_width(other) == 3 + 8 + 4
    assert published.scores()["pos", "mbert", "en", "zh", "cross-lingual"] == (59.88, 59.99)
    assert {"59.88", "59.99", "+0.11"} <= set(texts(other.body)[2])
    # Published for mBERT only: there is no such model "tiny".
    assert texts(other.body)[3][-4:] == ["–", "–", "–", ""]
    record = other.records[1]
    assert (record["published_unpruned"], record["published_test_oracle"]) == (59.88, 59.99)
    assert other.records[-1]["published_test_oracle"] is None
    # ours less published: of the gains, coloured by sign
    chinese = next(r for r in choices if r.target == "zh" and r.metric == printed.metric)
    apart = chinese.test_oracle.gain - 0.11
    assert record["test_oracle_gain_less_published"] == pytest.approx(apart)
    assert other.records[-1]["test_oracle_gain_less_published"] is None
    cell = other.body[2][-1]
    assert cell.text == cells.signed(apart)
    assert cell.kind == f"published {'up' if apart > 0 else 'down'}"
    pairs = [r for r in other.records if r["model"] == "mbert"]
    mean = sum(r["test_oracle_gain_less_published"] for r in pairs) / 2
    assert other.foot[0][-1].text == cells.signed(mean)


def test_published_means_are_over_the_same_pairs_as_ours(tmp_path, known):
    sweeps = study(tmp_path, models=("mbert",))
    (chinese,) = [s for s in sweeps if s.target == "zh" and s.setting == "multi-lingual"]
    plan, choices = records.chosen(sweeps, without=chinese.trials[:1])
    display = next(d for d in plan if d.name.startswith("pos.multi-lingual.gradient.f1"))
    table = made(display, choices)
    german, lost = table.body
    assert lost[-2].text != "–"  # published, and not run
    assert texts(table.foot)[0][-4:] == [cell.text for cell in german[-4:]]
    # A pair that the paper doesn't have: there is no mean of the same pairs.
    for place in [place for place in known if place[3] == "de"]:
        del known[place]
    plan, choices = records.chosen(sweeps)
    assert texts(made(display, choices).foot)[0][-4:] == ["–", "–", "–", ""]


def test_what_is_not_run_or_not_published_is_empty(tmp_path, known):
    sweeps = [
        sweep
        for sweep in study(tmp_path, models=("mbert", "xlmr"))
        if (sweep.model, sweep.target) != ("xlmr", "de")
    ]
    plan, choices = records.chosen(sweeps)
    table = made(plan[1], choices)
    assert full_width(table) == 3 + 12
    german = texts(table.body)[1]  # published for XLM-R, but not run here
    assert german == ["xlmr", *[""] * 8, "89.41", "89.78", "+0.37", ""]
    # And in our own metric there is nothing to show of it.
    own = made(plan[0], choices)
    assert [row[-9] for row in texts(own.body)] == ["mbert", "mbert", "xlmr"]
    assert full_width(own) == 3 + 8
    # the means of XLM-R are those of the pair that was run
    mean, chinese = texts(table.foot)[1][-12:], texts(table.body)[3][-12:]
    assert [mean[i] for i in (0, 8, 9, 10, 11)] == [chinese[i] for i in (0, 8, 9, 10, 11)]
    for place in [place for place in known if place[3] == "zh"]:
        del known[place]
    assert texts(made(plan[1], choices).body)[2][-4:] == ["–", "–", "–", ""]


def test_missing_trials_are_marked(tmp_path):
    sweeps = study(tmp_path)
    without = [sweeps[0].trials[0], sweeps[1].trials[2], *sweeps[2].trials]
    plan, choices = records.chosen(sweeps, without=without)
    table = made(plan[0], choices)
    assert full_width(table) == 11
    # the two cross-lingual sweeps of mbert share their trials: no k = 0, no k = 2
    first = table.body[0][3:]
    assert first[0].text == "missing" and first[0].kind == "first missing"
    assert first[2].text == "missing"
    assert first[3].text.endswith("†")
    missing, trial = first[3].note.split("; ")
    assert missing == "missing: k = 0 2" and trial == choices[0].dev_selected.trial
    assert first[3].links == ((str(choices[0].dev_selected.k), trial),)
    assert any(note.startswith("†") for note in notes(table))


def test_seeds_are_averaged(tmp_path):
    plan, choices = records.chosen(study(tmp_path, models=("tiny",), seeds=(1, 2, 3)))
    table = made(plan[0], choices)
    german = [r for r in choices if r.setting == "cross-lingual" and r.target == "de"]
    mean = sum(row.test_oracle.gain for row in german) / 3
    shown = texts(table.body)[0]
    assert shown[9].startswith(cells.signed(mean)) and "±" in shown[9]
    assert shown[10] == ", ".join(str(row.test_oracle.k) for row in german)
    assert any("seeds" in note for note in notes(table))
    assert len(table.records) == 6  # two targets, three seeds
    assert [row["seed"] for row in table.records] == [1, 2, 3] * 2


def test_the_csv_is_plain_and_complete(tmp_path):
    plan, choices = records.chosen(study(tmp_path))
    table = made(plan[0], choices)
    read = list(csv.DictReader(io.StringIO(csv_text(table))))
    assert len(read) == 4
    assert read[0]["target"] == "de"
    gain = table.records[0]["dev_selected_gain"]
    assert float(read[0]["dev_selected_gain"]) == pytest.approx(gain)
    assert all(row["dev_selected_trial"].endswith(".json") for row in read)
    assert "dev_selected_low" not in read[0]


def test_nothing_is_missing_where_no_head_is_pruned(tmp_path):
    values = {("dev", "en"): [80.0], ("test", "de"): [60.0], ("test", "zh"): [50.0]}
    sweeps = [made_up.sweep(tmp_path, target=code, ks=(0,)) for code in ("de", "zh")]
    made_up.write_sweep(sweeps[0], values)
    plan, choices = records.chosen([records.planned(sweep) for sweep in sweeps])
    table = made(plan[0], choices)
    shown = [text for line in texts([*table.body, *table.foot]) for text in line]
    assert cells.MISSING not in shown and "60.00" in shown
    assert full_width(table) == 11 and table.foot == []


def test_gains_have_the_estimates_of_their_pair():
    choices = [
        records.choice((1, gain), (2, 1.0), target=target, seed=seed)
        for target, gains in {"de": (0.5, 1.5), "zh": (0.0, 1.0)}.items()
        for seed, gain in enumerate(gains)
    ]
    display = displays.plan([records.sweep()])[0]
    german = records.estimate(table=display.name, seeds=2, k="1 1", gain=1.0, p_seeds=0.01)
    best = replace(german, criterion="test_oracle", p_holm=0.5)
    mean = records.mean_estimate(table=display.name, gain=0.75, low=0.1, high=1.4)
    mean = replace(mean, above=0.7, within=0.2, below=0.1, delta=0.5)
    other = records.estimate(table="another", target="zh")
    rows = results.rows(display, choices, [german, best, mean, other])
    assert [row.level for row in rows] == [SWEEP] * 4 + [PAIR] * 2 + [MEAN]
    of = {(row.level, row.target): row for row in rows}
    assert of[SWEEP, "de"].dev_selected.estimate == of[PAIR, "de"].dev_selected.estimate == german
    assert of[PAIR, "zh"].dev_selected.estimate.resamples is None
    assert of[MEAN, ""].dev_selected.estimate == mean
    assert of[MEAN, ""].test_oracle.estimate.level == "mean"
    table = made(display, choices, [german, best, mean, other])
    one, two, foot = (row[-8:] for row in (*table.body, *table.foot))
    assert (one[2].text, one[2].below) == ("+1.00 ± 0.71*", "[+0.25, +0.75]")
    assert one[2].note == "p = 0.0100, adjusted by Holm 0.0200"
    assert one[6].text == "+1.00 ± 0.00" and one[6].below == "[+0.25, +0.75]"
    assert (two[2].text, two[2].below) == ("+0.50 ± 0.71", "")
    assert (foot[2].text, foot[2].below) == ("+0.75", "[+0.10, +1.40] 70 / 20 / 10 %")
    first, *_, last = table.records
    assert (first["dev_selected_low"], first["test_oracle_p_holm"]) == (0.25, 0.5)
    assert last["dev_selected_low"] is last["test_oracle_p"] is None
    assert any("Several seeds" in note for note in notes(table))
    assert any("shares of its draws" in note for note in notes(table))


def test_means_are_of_the_sweeps_with_both_gains():
    choices = [
        records.choice((1, 1.0), (2, 3.0)),
        records.choice((1, 5.0), records.selected(None), target="zh", missing_k="2 3"),
        records.choice((0, 0.0), (3, 1.0), target="ar", unpruned=70.0),
    ]
    display = displays.plan([records.sweep()])[0]
    *_, mean = results.rows(display, choices)
    assert (mean.level, mean.sweeps, mean.unpruned) == (MEAN, 2, 75.0)
    assert (mean.dev_selected.gain, mean.test_oracle.gain) == (0.5, 2.0)
    assert (mean.dev_selected.k, mean.test_oracle.k) == (0.5, 2.5)


def test_every_published_score_that_is_run_has_cv_star(tmp_path):
    plan, choices = records.chosen(study(tmp_path, seeds=(1, 2)))
    own, printed = (made(display, choices) for display in plan[:2])
    assert not any(name.startswith("cv_") for record in own.records for name in record)
    found = []
    for target, theirs in (("de", None), ("zh", (59.88, 59.99))):
        mine = [r for r in printed.records if (r["model"], r["target"]) == ("mbert", target)]
        theirs = theirs or (mine[0]["published_unpruned"], mine[0]["published_test_oracle"])
        names = (("cv_unpruned", "unpruned"), ("cv_test_oracle", "test_oracle_test"))
        for (name, column), score in zip(names, theirs, strict=True):
            mean = sum(record[column] for record in mine) / 2
            expected = reproduction.cv_star([score, mean])
            assert [r[name] for r in mine] == pytest.approx([expected] * 2)
            found.append(expected)
    assert {r["cv_test_oracle"] for r in printed.records if r["model"] == "tiny"} == {None}
    middle = sorted(found)[1:3]
    words = f"{sum(middle) / 2:.2f} over 4 scores"
    assert any(words in note for note in notes(printed))
    assert results.rows(plan[1], choices)[0].reproduction.scores == 4
    assert results.rows(plan[0], choices)[0].reproduction.median is None


def test_accuracy_is_below_every_f1_of_part_of_speech():
    display = replace(displays.plan([records.sweep()])[0], metric="macro_f1")
    choices = [records.choice((2, 1.0), (3, 2.0), metric="macro_f1")]
    scores = [
        records.score(k, value, metric=metric)
        for metric, values in {"accuracy": (90, 91, 92, 93), "macro_f1": (80, 79, 81, 82)}.items()
        for k, value in enumerate(values)
    ]
    scores += [replace(row, heads="all", value=1.0) for row in scores]
    rows = results.rows(display, choices, scores=scores)
    table = results_table.table(display, rows, LANGUAGES)
    unpruned, dev, best = (table.body[0][i] for i in (3, 4, 8))
    assert (unpruned.text, unpruned.below) == ("80.00", "acc. 90.00")
    assert (dev.text, dev.below) == ("81.00", "acc. 92.00")
    assert (best.text, best.below) == ("82.00", "acc. 93.00")
    assert cells_notes.ACCURACY in table.general
    record = table.records[0]
    assert [record[f"{name}_accuracy"] for name in ("unpruned", "dev_selected", "test_oracle")] == [
        *(90, 92, 93)
    ]
    # Where test was read with all heads on, so is accuracy.
    (on, *_) = results.rows(display, [replace(choices[0], heads="all")], scores=scores)
    assert (on.unpruned_accuracy, on.dev_selected.accuracy) == (90, 1)
    # Accuracy needs none beside it.
    own = records.choice((2, 1.0), (3, 2.0))
    plain = results.rows(displays.plan([records.sweep()])[0], [own], scores=scores)
    assert plain[0].unpruned_accuracy is plain[0].dev_selected.accuracy is None


def test_rows_are_kept_in_a_file(tmp_path):
    plan, choices = records.chosen(study(tmp_path, seeds=(1, 2)))
    rows = results.rows(plan[1], choices)
    path = tmp_path / "rows.csv"
    tidy.write(rows, path, columns=tidy.columns_of(results.Result))
    assert tidy.read(results.Result, path) == rows
