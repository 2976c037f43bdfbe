"""The published numbers: means and counts recomputed from the tables of Ma et al. (2021)."""

from collections import Counter

import pytest

from polyheads.catalogue import published
from polyheads.report.names import MODELS

TABLES = published.rows(published.TABLES)
BASELINES = published.rows("masakhaner_f1.csv")
# Mean gains (cross-lingual, multi-lingual), to two decimals.
MEANS = {
    ("pos", "mbert"): (0.91, 0.15),
    ("pos", "xlmr"): (1.78, 0.17),
    ("ner", "mbert"): (1.14, 0.54),
    ("ner", "xlmr"): (1.61, 0.67),
    ("sf", "mbert"): (3.28, 0.41),
    ("sf", "xlmr"): (3.31, 0.37),
}
SETTINGS = ("cross-lingual", "multi-lingual")
NINE = {"en", "de", "nl", "ar", "he", "zh", "ja", "ur", "fa"}
SLOTS = {"en", "es", "pt", "de", "fr", "zh", "ja", "hi", "tr"}


@pytest.mark.parametrize(("task", "model"), MEANS)
def test_mean_gains(task, model):
    found = published.mean_gains()
    for setting, mean in zip(SETTINGS, MEANS[task, model], strict=True):
        assert found[task, model, setting] == pytest.approx(mean, abs=0.005 + 1e-9)


def test_pairs_that_improved():
    counted = published.improved()
    for task, expected in {"pos": (90, 96), "ner": (77, 96), "sf": (30, 32)}.items():
        pairs = [pair for key, pair in counted.items() if key[0] == task]
        assert tuple(map(sum, zip(*pairs, strict=True))) == expected
    alone = published.improved(["mono-lingual"])
    assert tuple(map(sum, zip(*alone.values(), strict=True))) == (1, 2)


def test_the_grids_are_whole():
    assert len(TABLES) == 2 * 96 + 32 + 2
    sizes = Counter((r["task"], r["model"], r["source"], r["setting"]) for r in TABLES)
    for model in MODELS:
        for task in ("pos", "ner"):
            for source in ("en", "zh", "ar"):
                assert [sizes.pop((task, model, source, s)) for s in SETTINGS] == [8, 8]
        assert [sizes.pop(("sf", model, "en", s)) for s in (*SETTINGS, "mono-lingual")] == [8, 8, 1]
    assert not sizes
    cells = {tuple(r[n] for n in ("task", "model", "source", "target", "setting")) for r in TABLES}
    assert len(cells) == len(TABLES)
    for row in TABLES:
        languages = SLOTS if row["task"] == "sf" else NINE
        assert {row["source"], row["target"]} <= languages
        assert (row["source"] == row["target"]) == (row["setting"] == "mono-lingual")

    controls = published.rows("table5_controls_f1_delta.csv")
    sizes = Counter((r["task"], r["model"], r["setting"], r["control"]) for r in controls)
    assert len(sizes) == 8 and set(sizes.values()) == {8}
    several = published.rows("table6_multi_source_f1.csv")
    sizes = Counter((r["task"], r["heuristic"]) for r in several)
    assert len(sizes) == 8 and set(sizes.values()) == {5}
    rho = published.rankings_rho()
    assert len(rho) == 6 * 81
    assert all(rho[t, m, b, a] == value for (t, m, a, b), value in rho.items())
    assert {v for (_, _, a, b), v in rho.items() if a == b} == {1.0}


def test_heads_and_what_the_text_says():
    heads = published.mean_heads()
    assert heads["pos", "mbert"] == 7.52 and heads["pos", "xlmr"] == 6.58
    assert heads["ner", "mbert"] == 7.54 and heads["ner", "xlmr"] == 7.28
    assert heads["sf", "mbert"] == 6.19 and heads["sf", "xlmr"] == 6.31
    said = published.said()
    assert said["improved", "pos", "", "", "gradient"] == (88, 96)
    assert said["mean_gain", "ner", "mbert", "cross-lingual", "gradient"][0] == 0.81
    # The text does not agree with its own Table 3; the mean below is of the table.
    assert published.mean_gains()["ner", "mbert", "cross-lingual"] > 1.1
    assert said["mean_gain", "ner", "mbert", "multi-lingual", "lrp"][0] == 0.24


def test_what_is_recomputed_of_tables_5_and_6_and_figure_1():
    # en to zh, NER: 8 pairs each; the sum of the lowest heads' gains less that of the changes.
    found = published.control_differences()
    gains = published.gains()
    lowest = [
        g
        for (t, m, s, _, x), g in gains.items()
        if (t, m, s, x) == ("ner", "mbert", "en", SETTINGS[0])
    ]
    change = (-1.74 - 3.17 + 0.88 - 2.76 - 0.86 - 2.5 - 1.48 - 0.15) / 8
    assert found["ner", "mbert", SETTINGS[0], "highest"] == pytest.approx(sum(lowest) / 8 - change)
    assert set(found) == {
        (t, "mbert", s, c) for t in ("pos", "ner") for s in SETTINGS for c in ("highest", "random")
    }
    several = published.several_gains()
    md = (62.63 - 60.77 + 61.10 - 59.16 + 40.78 - 35.90 + 55.15 - 51.19 + 47.59 - 44.18) / 5
    assert several["ner", "mbert", "MD"] == pytest.approx(md)
    assert len(several) == 6
    rho = published.mean_rho()
    assert set(rho) == {(t, m) for t in ("pos", "ner", "sf") for m in MODELS}
    alone = [
        v
        for (t, m, a, b), v in published.rankings_rho().items()
        if (t, m) == ("pos", "mbert") and a < b
    ]
    assert len(alone) == 36
    assert rho["pos", "mbert"] == pytest.approx(sum(alone) / 36)


def test_scores_of_masakhaner():
    known = {(r["model"], r["language"]): round(float(r["f1"]), 1) for r in BASELINES}
    assert len(known) == len(BASELINES) == 2 * 19
    for language, both in {"hau": (85.2, 83.8), "yor": (87.7, 85.8), "swa": (92.1, 92.2)}.items():
        assert (known["mbert", language], known["xlmr", language]) == both
    assert {r["model"] for r in BASELINES} == MODELS.keys()
