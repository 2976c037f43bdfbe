"""Pairs that went up, down or stayed, by the trainings that they share."""

import pytest

from polyheads.exhibits import overviews
from polyheads.statistics import clusters
from polyheads.statistics.clusters import Moved


def choices(gains, **changed):
    """Target -> gains of its seeds; None for a seed without."""
    made = {"model": "a", "source": "en", "setting": "cross-lingual", "experiment": "pos"}
    return [
        made | {"target": target, "sound_gain": gain, "best_gain": 1.0, "seed": i} | changed
        for target, of in gains.items()
        for i, gain in enumerate(of)
    ]


def test_pairs_that_stay_are_neither_up_nor_down():
    rows = choices({"de": [2.0, 1.0], "nl": [2.0, None], "ar": [-3.0, 1.0], "zh": [0.0, 0.0]})
    rows += choices({"de": [None]}, model="b") + choices({"de": [0.0]}, source="zh")
    counts = clusters.moved(rows, "sound")
    assert counts == {
        ("a", "en"): Moved(2, 1, 1),
        ("b", "en"): Moved(0, 0, 0),
        ("a", "zh"): Moved(0, 0, 1),
    }
    every = clusters.total(counts.values())
    assert every == Moved(2, 1, 2) and every.share == pytest.approx(2 / 3)
    assert (str(every), every.rest) == ("2 up, 1 down", "2 as before")
    assert str(Moved(2, 1, 0)) == "2 up, 1 down"
    assert Moved(0, 0, 5).share is None


def test_interval_of_the_share():
    few = [Moved(3, 1, 0)] * (clusters.FEW - 1)
    # Clusters in which nothing moved say nothing about the share, so they don't make few many.
    assert clusters.share([*few, Moved(0, 0, 4)]) is None
    many = [Moved(6, 2, 0), Moved(8, 0, 0), Moved(0, 8, 0), Moved(8, 0, 0)] * 6
    low, high = clusters.share(many)
    assert 0.4 < low < 22 / 32 < high < 0.9
    # What pairs share makes the interval wider than one of independent pairs.
    assert high - low > 2 * 1.96 * (22 / 32 * 10 / 32 / 192) ** 0.5
    still = [Moved(up, down, 90) for up, down, _ in many]
    assert clusters.share(still) == (low, high)


def test_table_of_counts():
    rows = choices({"de": [2.0], "nl": [-1.0], "zh": [0.0]})
    rows = [r | {"task": "pos", "ranking": "gradient-en", "mixture": "en"} for r in rows]
    rows = [r | {"metric": "accuracy"} for r in rows]
    table = clusters.counts_table(rows, {"en": {"name": "English"}})
    assert [c["text"] for c in table["body"][0]][3:] == [
        *("English", "1", "1", "1", "0", "0"),  # k chosen on dev
        *("3", "0", "0", "0"),
    ]
    (record,) = table["records"]
    names = ("pairs", "improved", "down", "same", "above", "below")
    assert [record[f"sound_{name}"] for name in names] == [3, 1, 1, 1, 0, 0]
    widths = [sum(c["colspan"] for c in row) for row in table["head"]]
    assert widths[0] == len(table["body"][0]) and widths[1] == widths[0] - 4
    assert any("no interval" in note for note in table["notes"])


def test_overview_names_the_pairs_that_stayed():
    rows = choices({"de": [2.0], "nl": [-1.0], "zh": [0.0], "ar": [0.0]})
    same = {"task": "pos", "ranking": "gradient-en", "metric": "accuracy", "unpruned": 50.0}
    same |= {"sound_k": 1, "best_k": 1, "dev_test_spearman": None}
    table = overviews.overview([row | same for row in rows])
    (line,) = table["records"]
    assert (line["sound_improved"], line["sound_same"], line["best_same"]) == (1, 2, 0)
    (row,) = table["body"]
    shown = [(cell["text"], cell["below"]) for cell in row if " of 4" in cell["text"]]
    assert shown == [("1 of 4", "2 as before"), ("4 of 4", "")]
