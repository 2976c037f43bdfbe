"""Several sources: MD, SD, and EC whose source dev chooses; published numbers beside them."""

from dataclasses import replace

import made_up
import pytest
import records
from records import full_width, notes, texts

from polyheads.analysis import reproduction, several_sources, tidy
from polyheads.analysis.choices import CRITERIA
from polyheads.catalogue import published
from polyheads.report.cells import signed
from polyheads.report.table import csv_text
from polyheads.report.tables import several_sources as sources_table
from polyheads.study import displays
from polyheads.study.rankings import ranking_kind

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
# ranking -> (dev over k = 0..2, test over k = 0..2)
SCORES = {
    "merged-gradient-de+zh": ([80, 82, 81], [70, 71, 74]),
    "summed-gradient-de+zh": ([80, 79, 78], [70, 73, 69]),
    "gradient-de": ([80, 83, 81], [70, 68, 72]),
    "gradient-zh": ([80, 81, 84], [70, 76, 67]),
}


@pytest.fixture
def plan(tmp_path):
    """Displays and choices."""
    sweeps = []
    for ranking, (dev, test) in SCORES.items():
        made = made_up.sweep(
            tmp_path, source="de+zh", target="en", ranking=ranking, ks=(0, 1, 2), task="ner"
        )
        made_up.write_sweep(made, {("dev", "de"): dev, ("dev", "zh"): dev, ("test", "en"): test})
        sweeps.append(records.planned(made))
    return records.chosen(sweeps)


@pytest.fixture
def display(plan):
    (found,) = [one for one in plan[0] if one.kind == "several-sources"]
    return found


@pytest.fixture
def choices(plan):
    return plan[1]


def table_of(display, choices, estimates=()):
    rows = several_sources.rows(display, choices, estimates)
    return sources_table.table(display, rows, LANGUAGES)


def test_rows(display, choices):
    (row,) = several_sources.rows(display, choices)
    assert (row.target, row.model, row.source, row.unpruned) == ("en", "mbert", "de+zh", 70)
    assert row.run == ("MD", "SD", "EC")
    assert (row.md.dev_selected.test, row.sd.dev_selected.test) == (71, 70)
    # dev 84, whatever test says
    assert (row.ec.dev_selected.test, row.ec.source) == (67, "zh")
    best = [row.heuristic(name).by("test_oracle").test for name in several_sources.HEURISTICS]
    assert best == [74, 73, 76]
    assert row.md.published == 62.63
    # Ours at best is +4, the paper's MD and unpruned differ by something else.
    theirs = row.md.published - row.published_unpruned
    assert row.md.gain_apart == pytest.approx(4 - theirs)


def test_table(display, choices):
    table = table_of(display, choices)
    assert full_width(table) == 2 + 4 + 3 + 4 + 3
    assert texts(table.body)[0][:2] == ["English", "mbert"]
    assert any(cell.note == "the ranking of Chinese" for cell in table.body[0])
    apart = table.body[0][6]
    (row,) = several_sources.rows(display, choices)
    assert apart.text == signed(row.md.gain_apart)
    assert apart.kind == f"first {'up' if row.md.gain_apart > 0 else 'down'}"
    (line,) = table.records
    assert (line["MD_dev_selected"], line["EC_test_oracle"], line["EC_source"]) == (71, 76, "zh")
    assert line["MD_dev_selected_trial"].endswith("prune-merged-gradient-de+zh/k-01.json")
    assert not any(name.startswith("cv_") for name in line)  # not the metric of the paper's scores
    assert not table.foot and csv_text(table).count("\n") == 2


def test_degree_of_reproduction_in_the_published_metric(display, choices):
    display = replace(display, metric="f1_lenient")
    (row,) = several_sources.rows(display, [replace(one, metric="f1_lenient") for one in choices])
    assert row.md.cv == pytest.approx(reproduction.cv_star([62.63, 74]))
    assert row.cv_unpruned == pytest.approx(
        reproduction.cv_star([row.published_unpruned, 70]),
    )
    assert row.reproduction.scores == 4
    table = sources_table.table(display, [row], LANGUAGES)
    assert list(table.records[0])[-4:] == ["cv_unpruned", "cv_MD", "cv_SD", "cv_EC"]
    assert any("over 4 scores" in note for note in notes(table))


def estimates(choices):
    """An estimate of each gain of the sweeps, 1 to either side."""
    same = ("experiment", "task", "corpus", "model", "recipe", "setting", "metric")
    same += ("source", "target", "mixture")
    return [
        records.estimate(
            **{name: getattr(choice, name) for name in same},
            table=choice.ranking,
            criterion=criterion,
            ranking=ranking_kind(choice.ranking, choice.source),
            k=str(choice.by(criterion).k),
            gain=choice.by(criterion).gain,
            low=choice.by(criterion).gain - 1,
            high=choice.by(criterion).gain + 1,
        )
        for choice in choices
        if choice.metric == "f1_strict"
        for criterion in CRITERIA
    ]


def test_gains_have_the_intervals_of_their_sweeps(display, choices):
    known = estimates(choices)
    (row,) = several_sources.rows(display, choices, known)
    ends = {
        (name, criterion): (one.gain, one.low, one.high)
        for name in several_sources.HEURISTICS
        for criterion in CRITERIA
        for one in [row.heuristic(name).by(criterion)]
    }
    assert ends["MD", "dev_selected"] == (1, 0, 2)
    assert ends["SD", "test_oracle"] == (3, 2, 4)
    # Of the source that dev chose; which source is best on test was looked for, too.
    assert ends["EC", "dev_selected"] == (-3, -4, -2)
    assert ends["EC", "test_oracle"] == (6, None, None)
    table = table_of(display, choices, known)
    assert [cell.below for cell in table.body[0][-7:]] == [
        *("", "+1.00 [0.00, +2.00]", "0.00 [−1.00, +1.00]", "−3.00 [−4.00, −2.00]"),
        *("+4.00 [+3.00, +5.00]", "+3.00 [+2.00, +4.00]", "+6.00"),
    ]
    assert any("training noise is not included" in note for note in notes(table))
    plain = table_of(display, choices)
    assert plain.records[0]["MD_dev_selected_low"] is None and len(notes(plain)) == 2
    nothing = dict.fromkeys(("gain", "low", "high"))
    wrong = [replace(one, **nothing, problem="k-01.parquet: no") for one in known]
    all_notes = notes(table_of(display, choices, wrong))
    assert sum("k-01.parquet: no" in note for note in all_notes) == 1


def test_seeds_that_choose_different_sources_have_no_interval(display, choices):
    # With the second seed dev has the other source first: one k, and no table of both.
    second = [replace(one, seed=7) for one in choices]
    second = [
        replace(one, dev_selected=replace(one.dev_selected, dev=99.0))
        if one.ranking == "gradient-de"
        else one
        for one in second
    ]
    several = [replace(one, seeds=2, k=f"{one.k} {one.k}") for one in estimates(choices)]
    (row,) = several_sources.rows(display, [*choices, *second], several)
    assert (row.md.dev_selected.low, row.md.dev_selected.high) == (0, 2)
    assert len(row.md.dev_selected.trials) == 2 and row.interval_seeds == 2
    assert row.ec.dev_selected.low is None and row.ec.source == "zh"
    assert row.ec.dev_selected.test == (67 + 68) / 2
    table = sources_table.table(display, [row], LANGUAGES)
    assert any("and of seeds" in note for note in notes(table))
    assert [text for text, _ in table.body[0][-6].links] == ["1", "2"]


def test_means_of_a_model(display, choices):
    twice = [replace(one, target=target) for one in choices for target in ("en", "nl")]
    known = estimates(twice)
    means = [
        replace(one, level="mean", source="", target="", mixture="", k="", low=low, high=low + 1)
        for one in estimates(choices)
        for low in [one.gain - 0.5]
    ]
    (foot,) = table_of(display, twice, known + means).foot
    assert [cell.text for cell in foot[:2]] == ["Mean", "mbert"]
    assert [cell.below for cell in foot[-6:]] == [
        *("+1.00 [+0.50, +1.50]", "0.00 [−0.50, +0.50]", "−3.00"),
        *("+4.00 [+3.50, +4.50]", "+3.00 [+2.50, +3.50]", "+6.00"),
    ]
    # A mean over other k, or over another pair more, is another mean.
    other = [replace(one, k="9") if one.target == "nl" else one for one in known]
    more = [*known, *(replace(one, target="tr") for one in known if one.target == "nl")]
    for wrong in (other, more):
        (foot,) = table_of(display, twice, wrong + means).foot
        assert foot[-6].below == "+1.00"
    # One with more seeds would weigh more there.
    uneven = [*twice, *(replace(one, seed=7) for one in choices)]
    seeds = [replace(one, seeds=2, k=f"{one.k} {one.k}") for one in known if one.target == "en"]
    seeds += [one for one in known if one.target == "nl"]
    (foot,) = table_of(display, uneven, seeds + means).foot
    assert foot[-6].below == "+1.00"


def test_published_means_are_over_the_same_lines_as_ours(display, choices, monkeypatch):
    printed = [
        {"task": "ner", "model": "mbert", "target": target, "heuristic": name, "f1": f1}
        for target, f1 in (("en", "10"), ("nl", "20"))
        for name in ("unpruned", "MD")
    ]
    monkeypatch.setattr(published, "rows", lambda name: printed)

    def mean_of(*lost):
        twice = [
            replace(one, target=target)
            for one in choices
            for target in ("en", "nl")
            if (target, one.ranking[:6]) not in lost
        ]
        *_, row = several_sources.rows(display, twice)
        assert row.level == several_sources.MEAN
        return row

    row = mean_of(("nl", "merged"))
    assert (row.published_unpruned, row.md.published) == (15, 10)
    del printed[2]  # unpruned of nl
    printed[2]["f1"] = "20"
    row = mean_of()
    assert row.published_unpruned is None and row.md.published == 15
    assert row.sd.published is None


def test_each_ranking_has_its_own_table_too(plan):
    shown, choices = plan
    kinds = [one.ranking for one in shown if one.kind == "results"]
    assert kinds == ["merged-gradient", "summed-gradient", "gradient", "gradient-zh"]
    assert len(displays.main_rows(shown, choices)) == 4


def test_null_baselines_and_fresh_seeds_are_no_further_seeds(display, choices):
    plain = several_sources.rows(display, choices)
    other = records.selected(1, 1.0, test=1.0, dev=1.0)
    changed = {"seed": 7, "dev_selected": other, "test_oracle": other, "unpruned": 1.0}
    more = [replace(choices[0], **changed, role="fresh", of_seed=42)]
    more += [replace(choices[0], **changed, role="noise", ranking="unpruned")]
    assert several_sources.rows(display, [*choices, *more]) == plain


def test_what_is_not_run_is_not_missing(display, choices):
    merged = [one for one in choices if one.ranking.startswith("merged-")]
    (cells,) = texts(table_of(display, merged).body)
    assert cells[-7:] == ["70.00", "71.00", "–", "–", "74.00", "–", "–"]
    lost = [
        replace(one, dev_selected=records.selected(None), test_oracle=records.selected(None))
        for one in merged
    ]
    (cells,) = texts(table_of(display, lost).body)
    assert cells[-7:] == ["70.00", "missing", "–", "–", "missing", "–", "–"]


def test_rows_are_the_same_behind_a_file(display, choices, tmp_path):
    twice = [replace(one, target=target) for one in choices for target in ("en", "nl")]
    rows = several_sources.rows(display, twice, estimates(twice))
    path = tmp_path / "rows.csv"
    tidy.write(rows, path, columns=tidy.columns_of(several_sources.SourcesRow))
    assert tidy.read(several_sources.SourcesRow, path) == rows
