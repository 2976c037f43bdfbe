"""Pairs that went up, down or stayed, by the trainings that they share."""

import pytest

from polyheads.analysis import clusters
from polyheads.analysis.clusters import Moved
from polyheads.exhibits import overviews


def choices(gains, **changed):
    """Target -> gains of its seeds; None for a seed without."""
    made = {"model": "a", "source": "en", "setting": "cross-lingual", "experiment": "pos"}
    return [
        made
        | {"target": target, "dev_selected_gain": gain, "test_oracle_gain": 1.0, "seed": i}
        | changed
        for target, of in gains.items()
        for i, gain in enumerate(of)
    ]


def test_pairs_that_stay_are_neither_up_nor_down():
    rows = choices({"de": [2.0, 1.0], "nl": [2.0, None], "ar": [-3.0, 1.0], "zh": [0.0, 0.0]})
    rows += choices({"de": [None]}, model="b") + choices({"de": [0.0]}, source="zh")
    counts = clusters.moved(rows, "dev_selected")
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
    assert Moved(3, 3, 0).share == 0.5


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
    assert [record[f"dev_selected_{name}"] for name in names] == [3, 1, 1, 1, 0, 0]
    widths = [sum(c["colspan"] for c in row) for row in table["head"]]
    assert widths[0] == len(table["body"][0]) and widths[1] == widths[0] - 4
    assert any("no interval" in note for note in table["notes"])


def test_table_of_counts_tells_the_experiments_apart():
    same = {"mixture": "en", "metric": "accuracy", "task": "pos"}
    rows = [
        r | same | {"ranking": ranking}
        for ranking in ("gradient-en", "lrp-en")
        for r in choices({"de": [2.0], "nl": [-1.0]})
    ]
    told = []
    for target, gain in (("de", 2.0), ("nl", -1.0)):
        told.append({"experiment": "pos", "model": "a", "source": "en", "target": target})
        told[-1] |= {"setting": "cross-lingual", "level": "pair", "criterion": "dev_selected"}
        told[-1] |= {"ranking": "gradient", "gain": gain, "p_holm": 0.01} | same
    told += [
        told[0] | {"criterion": "test_oracle"},
        told[1] | {"criterion": "test_oracle", "p_holm": 0.9},
    ]
    table = clusters.counts_table(rows, {"en": {"name": "English"}}, told)
    assert table["name"] == "improved"
    assert [cell["text"] for cell in table["head"][0]] == [
        *(
            "Task",
            "Experiment",
            "Setting",
            "Model",
            "Source",
            "k chosen on dev",
            "best of k ≥ 1 on test",
        ),
    ]
    first, second = ([cell["text"] for cell in row] for row in table["body"])
    assert first[:5] == ["Part of speech", "pos (gradient)", "cross-lingual", "a", "English"]
    assert second[1] == "pos (lrp)"
    assert first[5:] == ["1", "1", "0", "1", "1", "2", "0", "0", "1"]
    assert second[5:] == ["1", "1", "0", "0", "0", "2", "0", "0", "0"]
    record = {"task": "pos", "experiment": "pos", "ranking": "gradient", "model": "a"}
    record |= {"setting": "cross-lingual", "source": "en"}
    record |= {
        "dev_selected_pairs": 2,
        "dev_selected_improved": 1,
        "dev_selected_down": 1,
        "dev_selected_same": 0,
    }
    record |= {"dev_selected_above": 1, "dev_selected_below": 1}
    record |= {
        "test_oracle_pairs": 2,
        "test_oracle_improved": 2,
        "test_oracle_down": 0,
        "test_oracle_same": 0,
    }
    assert table["records"][0] == record | {"test_oracle_above": 1, "test_oracle_below": 0}


def test_many_clusters_have_an_interval_in_the_notes():
    rows = [
        row | {"task": "pos", "ranking": f"gradient-{source}", "mixture": source}
        for number in range(clusters.FEW)
        for source in [f"x{number}"]
        for row in choices({"de": [2.0 if number % 4 else -1.0], "nl": [1.0]}, source=source)
    ]
    table = clusters.counts_table([row | {"metric": "accuracy"} for row in rows], {})
    *_, note = (note for note in table["notes"] if "interval of the share" in note)
    low, high = clusters.share(
        [clusters.Moved(2 if i % 4 else 1, 0 if i % 4 else 1, 0) for i in range(20)]
    )
    assert not any("no interval" in note for note in table["notes"])
    sound = table["notes"][2]
    assert sound == (
        "Part of speech, experiment pos, gradient ranking, lowest heads first, k chosen on dev:"
        f" 35 up, 5 down; 95 % interval of the share of those that moved {100 * low:.0f}–"
        f"{100 * high:.0f} %, 20 sources and models drawn."
    )
    assert ": 40 up, 0 down; 95 % interval of the share of those that moved 100–100 %" in note


def test_overview_names_the_pairs_that_stayed():
    rows = choices({"de": [2.0], "nl": [-1.0], "zh": [0.0], "ar": [0.0]})
    same = {"task": "pos", "ranking": "gradient-en", "metric": "accuracy", "unpruned": 50.0}
    same |= {"dev_selected_k": 1, "test_oracle_k": 1, "dev_test_spearman": None}
    table = overviews.overview([row | same for row in rows])
    (line,) = table["records"]
    assert (line["dev_selected_improved"], line["dev_selected_same"], line["test_oracle_same"]) == (
        1,
        2,
        0,
    )
    (row,) = table["body"]
    shown = [(cell["text"], cell["below"]) for cell in row if " of 4" in cell["text"]]
    assert shown == [("1 of 4", "2 as before"), ("4 of 4", "")]
