"""The published numbers: means and counts recomputed from the tables of Ma et al. (2021)."""

from collections import Counter

import pytest

from polyheads import exhibits
from polyheads.exhibits import baselines, published, similarity

TABLES = exhibits.read_published()
BASELINES = published.rows(baselines.FILE)
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
    found = published.mean_gains(TABLES)
    for setting, mean in zip(SETTINGS, MEANS[task, model], strict=True):
        assert found[task, model, setting] == pytest.approx(mean, abs=0.005 + 1e-9)


def test_pairs_that_improved():
    counted = published.improved(TABLES)
    for task, expected in {"pos": (90, 96), "ner": (77, 96), "sf": (30, 32)}.items():
        pairs = [pair for key, pair in counted.items() if key[0] == task]
        assert tuple(map(sum, zip(*pairs, strict=True))) == expected
    alone = published.improved(TABLES, ["mono-lingual"])
    assert tuple(map(sum, zip(*alone.values(), strict=True))) == (1, 2)


def test_the_grids_are_whole():
    assert len(TABLES) == 2 * 96 + 32 + 2
    sizes = Counter((r["task"], r["model"], r["source"], r["setting"]) for r in TABLES)
    for model in published.MODELS:
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
    rho = similarity.read_published()
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
    assert published.mean_gains(TABLES)["ner", "mbert", "cross-lingual"] > 1.1
    assert said["mean_gain", "ner", "mbert", "multi-lingual", "lrp"][0] == 0.24


def test_what_is_recomputed_of_tables_5_and_6_and_figure_1():
    # en to zh, NER: 8 pairs each; the sum of the lowest heads' gains less that of the changes.
    found = published.control_differences(TABLES)
    gains = published.gains(TABLES)
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
    assert set(rho) == {(t, m) for t in ("pos", "ner", "sf") for m in published.MODELS}
    alone = [
        v
        for (t, m, a, b), v in similarity.read_published().items()
        if (t, m) == ("pos", "mbert") and a < b
    ]
    assert len(alone) == 36
    assert rho["pos", "mbert"] == pytest.approx(sum(alone) / 36)


def test_scores_of_masakhaner():
    known = {(r["model"], r["language"]): round(float(r["f1"]), 1) for r in BASELINES}
    assert len(known) == len(BASELINES) == 2 * 19
    for language, both in {"hau": (85.2, 83.8), "yor": (87.7, 85.8), "swa": (92.1, 92.2)}.items():
        assert (known["mbert", language], known["xlmr", language]) == both
    assert {r["model"] for r in BASELINES} == published.MODELS.keys()


def test_published_scores_stand_beside_runs_of_the_same_model_and_language():
    run = {
        **{"corpus": "masakhaner-2.0", "model": "mbert", "recipe": "long", "target": "hau"},
        **{"language": "hau", "mixture": "hau", "split": "test", "metric": "f1_lenient", "k": 0},
    }
    scores = [
        run | {"trial_path": "a", "value": 84.0},
        run | {"trial_path": "a", "value": 84.0},  # in two sweeps
        run | {"trial_path": "b", "value": 86.0},
        run | {"trial_path": "c", "value": 10.0, "k": 3},
        run | {"trial_path": "d", "value": 10.0, "mixture": "eng+hau"},
        run | {"trial_path": "e", "value": 10.0, "metric": "f1_strict"},
        run | {"trial_path": "f", "value": 10.0, "split": "dev"},
        run | {"trial_path": "g", "value": 10.0, "model": "small"},
        run | {"trial_path": "h", "value": 10.0, "corpus": "mine"},
    ]
    made = baselines.table(scores, {"hau": {"name": "Hausa"}})
    (line,) = made["records"]
    assert (line["f1"], line["seeds"], line["published_f1"]) == (85.0, 2, 85.21)
    texts = [cell["text"] for cell in made["body"][0]]
    assert texts[1:3] == ["mBERT", "Hausa"] and texts[4] == "85.00 ± 1.41"
    assert texts[-1] == "−0.21"
    assert baselines.table(scores[3:], {}) is None
