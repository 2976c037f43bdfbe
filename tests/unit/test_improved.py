"""Pairs that went up, down or stayed, by the trainings that they share."""

import pytest
import records
from records import full_width, texts

from polyheads.analysis import improved
from polyheads.analysis.improved import Moved
from polyheads.report.tables import improved as improved_table

LANGUAGES = {"en": {"name": "English"}}


def choices(gains, **changed):
    """Of every target the gains of its seeds at the k chosen on dev; None for a seed without."""
    return [
        records.choice((1, gain), (2, 1.0), target=target, seed=seed, **changed)
        for target, seeds in gains.items()
        for seed, gain in enumerate(seeds)
    ]


def test_pairs_that_stay_are_neither_up_nor_down():
    rows = choices({"de": [2.0, 1.0], "nl": [2.0, None], "ar": [-3.0, 1.0], "zh": [0.0, 0.0]})
    rows += choices({"de": [None]}, model="b") + choices({"de": [0.0]}, source="zh")
    counts = improved.moved(rows, "dev_selected")
    assert counts == {
        ("mbert", "en"): Moved(2, 1, 1),
        ("b", "en"): Moved(0, 0, 0),
        ("mbert", "zh"): Moved(0, 0, 1),
    }
    every = improved.total(counts.values())
    assert every == Moved(2, 1, 2) and every.share == pytest.approx(2 / 3)
    assert Moved(0, 0, 5).share is None
    assert Moved(3, 3, 0).share == 0.5


def test_interval_of_the_share():
    few = [Moved(3, 1, 0)] * (improved.FEW - 1)
    # Clusters in which nothing moved say nothing about the share, so they don't make few many.
    assert improved.share([*few, Moved(0, 0, 4)]) is None
    many = [Moved(6, 2, 0), Moved(8, 0, 0), Moved(0, 8, 0), Moved(8, 0, 0)] * 6
    low, high = improved.share(many)
    assert 0.4 < low < 22 / 32 < high < 0.9
    # What pairs share makes the interval wider than one of independent pairs.
    assert high - low > 2 * 1.96 * (22 / 32 * 10 / 32 / 192) ** 0.5
    still = [Moved(up, down, 90) for up, down, _ in many]
    assert improved.share(still) == (low, high)


def test_table_of_counts():
    rows = improved.rows(choices({"de": [2.0], "nl": [-1.0], "zh": [0.0]}))
    table = improved_table.table(rows, LANGUAGES)
    assert texts(table.body)[0][3:] == [
        *("English", "1", "1", "1", "0", "0"),  # k chosen on dev
        *("3", "0", "0", "0"),
    ]
    (record,) = table.records
    names = ("pairs", "improved", "down", "same", "above", "below")
    assert [record[f"dev_selected_{name}"] for name in names] == [3, 1, 1, 1, 0, 0]
    assert full_width(table) == 4 + 5 + 4
    assert any("no interval" in note for note in table.notes)


def test_experiments_are_told_apart():
    rows = [
        row
        for ranking in ("gradient-en", "lrp-en")
        for row in choices({"de": [2.0], "nl": [-1.0]}, ranking=ranking)
    ]
    up, down = (
        records.estimate(target=target, gain=gain, p_holm=0.01)
        for target, gain in (("de", 2.0), ("nl", -1.0))
    )
    best = [
        records.estimate(criterion="test_oracle", gain=2.0, p_holm=0.01),
        records.estimate(criterion="test_oracle", target="nl", gain=-1.0, p_holm=0.9),
    ]
    table = improved_table.table(improved.rows(rows, [up, down, *best]), LANGUAGES)
    assert table.name == "improved"
    assert texts(table.head)[0] == [
        *("Task", "Experiment", "Setting", "Model", "Source"),
        *("k chosen on dev", "best of k ≥ 1 on test"),
    ]
    first, second = texts(table.body)
    assert first[:5] == ["Part of speech", "pos (gradient)", "cross-lingual", "mbert", "English"]
    assert second[1] == "pos (lrp)"
    assert first[5:] == ["1", "1", "0", "1", "1", "2", "0", "0", "1"]
    assert second[5:] == ["1", "1", "0", "0", "0", "2", "0", "0", "0"]
    assert table.records[0] == {
        **{"task": "pos", "experiment": "pos", "ranking": "gradient", "model": "mbert"},
        **{"setting": "cross-lingual", "source": "en"},
        **{"dev_selected_pairs": 2, "dev_selected_improved": 1, "dev_selected_down": 1},
        **{"dev_selected_same": 0, "dev_selected_above": 1, "dev_selected_below": 1},
        **{"test_oracle_pairs": 2, "test_oracle_improved": 2, "test_oracle_down": 0},
        **{"test_oracle_same": 0, "test_oracle_above": 1, "test_oracle_below": 0},
    }


def test_many_clusters_have_an_interval_in_the_notes():
    rows = [
        row
        for number in range(improved.FEW)
        for row in choices(
            {"de": [2.0 if number % 4 else -1.0], "nl": [1.0]},
            **{"source": f"x{number}", "ranking": f"gradient-x{number}"},
        )
    ]
    notes = improved_table.table(improved.rows(rows), {}).notes
    *_, last = (note for note in notes if "interval of the share" in note)
    low, high = improved.share([Moved(2 if i % 4 else 1, 0 if i % 4 else 1, 0) for i in range(20)])
    assert not any("no interval" in note for note in notes)
    assert notes[2] == (
        "Part of speech, experiment pos, gradient ranking, lowest heads first, k chosen on dev:"
        f" 35 up, 5 down; 95 % interval of the share of those that moved {100 * low:.0f}–"
        f"{100 * high:.0f} %, 20 sources and models drawn."
    )
    assert ": 40 up, 0 down; 95 % interval of the share of those that moved 100–100 %" in last


def test_clusters_keep_their_order():
    rows = choices({"de": [1.0]}, source="b") + choices({"de": [1.0]}, source="a")
    rows += choices({"nl": [1.0]}, source="b")
    made = [row.source for row in improved.rows(rows) if row.level == improved.SOURCE]
    assert made == ["b", "a"]
