"""Tables over a whole study: mean gains, and the heads pruned."""

from dataclasses import replace

import made_up
import pytest
import records
from records import full_width, texts

from polyheads.analysis import overview
from polyheads.catalogue import published
from polyheads.report.tables import overview as overview_table
from polyheads.report.tables import pruned_heads
from polyheads.study import displays

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


@pytest.fixture
def study(tmp_path):
    """The sweeps of a study, and its choices in the experiments' own metrics."""
    sweeps = [records.planned(made) for made in made_up.study(tmp_path)]
    plan, choices = records.chosen(sweeps)
    return sweeps, displays.main_rows(plan, choices)


def made(choices):
    return overview_table.table(overview.rows(choices))


def test_mean_gains(study):
    sweeps, main = study
    assert len(main) == len(sweeps)  # in the experiment's own metric only
    unprinted = [row for row in main if row.model == "tiny"]
    assert full_width(made(unprinted)) == 12
    line = made(main).records[0]
    mine = [row for row in main if (row.setting, row.model) == ("cross-lingual", "mbert")]
    mean = sum(row.test_oracle.gain for row in mine) / 2
    assert line["test_oracle_gain"] == pytest.approx(mean)
    assert line["test_oracle_improved"] == sum(row.test_oracle.gain > 0 for row in mine)
    assert (line["sweeps"], line["with_gains"]) == (2, 2)


def test_published_means_of_the_same_pairs(study):
    _, main = study
    table = made(main)
    assert full_width(table) == 12 + 3
    line = table.records[0]
    gains = published.gains()
    mine = [gains["pos", "mbert", "en", target, "cross-lingual"] for target in ("de", "zh")]
    assert line["published_gain"] == pytest.approx(sum(mine) / 2)
    assert (line["published_improved"], line["published_pairs"]) == (sum(g > 0 for g in mine), 2)
    assert line["published_mean_k"] == 7.52
    tiny = next(record for record in table.records if record["model"] == "tiny")
    assert tiny["published_gain"] is None and tiny["published_mean_k"] is None
    assert texts(table.body)[table.records.index(tiny)][-4:-1] == ["", "", ""]
    reversed_ones = [replace(row, ranking="reversed-gradient-en") for row in main]
    assert full_width(made(reversed_ones)) == 12


def test_missing_trials_leave_no_gains(tmp_path):
    sweeps = [records.planned(one) for one in made_up.study(tmp_path)]
    without = [sweeps[0].trials[0], sweeps[1].trials[2], *sweeps[2].trials]
    plan, choices = records.chosen(sweeps, without=without)
    table = made(displays.main_rows(plan, choices))
    assert texts(table.body)[0][6] == "0 of 0"
    assert table.records[0]["dev_selected_gain"] is None


def test_pairs_that_stayed_are_named():
    gains = {"de": 2.0, "nl": -1.0, "zh": 0.0, "ar": 0.0}
    choices = [
        records.choice((1, gain), (1, 1.0), target=target, dev_test_spearman=None, model="tiny")
        for target, gain in gains.items()
    ]
    table = made(choices)
    (line,) = table.records
    names = ("dev_selected_improved", "dev_selected_same", "test_oracle_same")
    assert [line[name] for name in names] == [1, 2, 0]
    (row,) = table.body
    shown = [(cell.text, cell.below) for cell in row if " of 4" in cell.text]
    assert shown == [("1 of 4", "2 as before"), ("4 of 4", "")]


def test_several_rankings_of_a_task_have_their_names():
    choices = [records.choice(), records.choice(ranking="lrp-en")]
    assert [row[1] for row in texts(made(choices).body)] == ["pos (gradient)", "pos (lrp)"]
    assert texts(made(choices[:1]).head)[0][1] == "Setting"


def test_heads_pruned(study):
    _, main = study
    table = pruned_heads.table(main, LANGUAGES)
    assert full_width(table) == 7
    assert texts(table.body)[0][3] == "English → German"
    choice = main[0]
    assert table.records[0]["dev_selected_heads"] == choice.dev_selected.heads
    cells = table.body[0]
    assert cells[5].links == ((str(choice.dev_selected.k), choice.dev_selected.trial),)
    assert cells[6].text == (choice.dev_selected.heads or "none")
    lost = replace(choice, dev_selected=records.selected(None))
    assert [cell.text for cell in pruned_heads.table([lost], LANGUAGES).body[0][5:]] == [
        *("missing", "missing"),
    ]
