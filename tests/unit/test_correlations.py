"""Gain against distances of languages, similarity of rankings and families."""

from itertools import combinations, permutations
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats

from polyheads import catalogue
from polyheads.analysis.ranks import spearman_of_orders
from polyheads.errors import UserError
from polyheads.exhibits import correlations, distances, tables
from polyheads.report.figures import correlations as correlations_figure

LANGUAGES = catalogue.languages()
TARGETS = ("de", "nl", "ar", "he", "zh")
HEADS = [[layer, head] for layer in range(2) for head in range(4)]
EXHIBIT = {
    **{"kind": "correlations", "name": "pos.gradient.correlations", "title": "POS"},
    **{"task": "pos", "corpus": "ud-2.7"},
    "of": {"experiment": "pos", "ranking": "gradient", "metric": "accuracy"},
}


def choice(source, target, gain, **changed):
    made = {
        **{"experiment": "pos", "model": "mbert", "corpus": "ud-2.7", "task": "pos"},
        **{"recipe": "paper", "source": source, "target": target, "setting": "cross-lingual"},
        **{"ranking": f"gradient-{source}", "seed": 42, "metric": "accuracy", "role": "main"},
        **{"dev_selected_gain": gain, "test_oracle_gain": gain + 1},
    }
    return made | changed


def ranking(language, order, **changed):
    made = {"model": "mbert", "corpus": "ud-2.7", "recipe": "paper", "seed": 42}
    made |= {"kind": "gradient", "reversed": False, "language": language}
    return made | {"order": [HEADS[i] for i in order]} | changed


def grid(sources=("en",), **changed):
    """Choices with gains that fall with the syntactic distance; and rankings of all languages."""
    known = distances.read()["syntactic"]
    rows = [
        choice(s, t, 5 - 4 * known[s, t], **changed) for s in sources for t in TARGETS if s != t
    ]
    random = np.random.default_rng(1)
    made = [ranking(code, random.permutation(8)) for code in ("en", *TARGETS)]
    return rows, made


def only(found, **wanted):
    (line,) = (x for x in found if all(x[key] == value for key, value in wanted.items()))
    return line


# Languages of which URIEL doesn't know such features, and pairs that share too few.
UNKNOWN = {
    "inventory": "da de-ba de-muc de-st gsw kk nap nya sr tsn",
    "syntactic": "pcm tsn",
    "phonological": "bbj da de-ba de-muc de-st fon gsw he it kin kk lug mos nap nl nya pcm pt sna"
    " sr tsn ur xho",
    "featural": "tsn",
}
FEW = {
    pair
    for code in ["da", "de-ba", "de-muc", "de-st", "gsw", "kk", "nap", "nya", "sr"]
    for pair in ((code, "pcm"), ("pcm", code))
}


def test_distances_are_whole():
    known = distances.read()
    pairs = list(permutations(LANGUAGES, 2))
    for kind, found in known.items():
        assert all(0 <= value <= 1 for value in found.values())
        assert all(found[pair] == found[pair[::-1]] for pair in found)
        lacking = set(UNKNOWN.get(kind, "").split())
        few = FEW if kind == "featural" else set()
        assert set(found) == {pair for pair in pairs if not lacking & set(pair)} - few
    near, far = known["geographic"]["en", "nl"], known["geographic"]["en", "ja"]
    assert near * 20015 == pytest.approx(400, abs=100) and far * 20015 > 8000  # kilometres
    assert known["genetic"]["en", "de"] < known["genetic"]["en", "hi"] < 1
    assert known["genetic"]["en", "tr"] == 1


def test_a_broken_table_is_one_line(tmp_path):
    path = tmp_path / "distances.csv"
    path.write_text(distances.PATH.read_text().replace("0.1436", "half", 1))
    with pytest.raises(UserError, match=r"distances\.csv:\d+: not two languages"):
        distances.read(path)


def test_enough():
    rows, _ = grid()
    assert distances.enough(rows) and distances.enough(rows[:4])
    assert not distances.enough(rows[:3] + rows[:3])
    split = rows[:3] + [{**row, "setting": "multi-lingual"} for row in rows[3:]]
    assert not distances.enough(split)
    for changed in ({"role": "random"}, {"source": "en+fa"}, {"setting": "mono-lingual"}):
        assert not distances.enough([{**row, **changed} for row in rows])


def test_points_are_means_over_seeds_of_one_setting():
    rows, rankings = grid()
    rows += [{**rows[0], "seed": 43, "dev_selected_gain": rows[0]["dev_selected_gain"] + 2}]
    rows += [{**rows[1], "seed": 43, "dev_selected_gain": None}]
    rows += [{**rows[2], "role": "random", "dev_selected_gain": 90.0}]
    found = correlations.points(EXHIBIT, rows, rankings, LANGUAGES)
    assert [(p["target"], p["seeds"]) for p in found][:2] == [("de", 2), ("nl", 1)]
    assert found[0]["dev_selected_gain"] == pytest.approx(rows[0]["dev_selected_gain"] + 1)
    assert [p["dev_selected_gain"] for p in found[1:]] == [
        row["dev_selected_gain"] for row in rows[1:5]
    ]
    orders = {r["language"]: r["order"] for r in rankings}
    for point in found:
        rho = spearman_of_orders(orders["en"], orders[point["target"]])
        assert point["rankings"] == pytest.approx(rho)
        assert point["family"] == (point["target"] not in ("de", "nl"))
    assert (found[1]["phonological"], found[0]["phonological"]) == (None, 0.3695)


def test_similarity_takes_rankings_of_the_same_training_only():
    rows, rankings = grid()
    others = [
        {**r, "order": rankings[0]["order"], **changed}
        for r in rankings
        for changed in ({"model": "xlmr"}, {"kind": "lrp"}, {"seed": 1}, {"reversed": True})
    ]
    plain = correlations.points(EXHIBIT, rows, rankings, LANGUAGES)
    mixed = correlations.points(EXHIBIT, rows, rankings + others, LANGUAGES)
    assert [p["rankings"] for p in mixed] == [p["rankings"] for p in plain]
    back = {**EXHIBIT, "of": {**EXHIBIT["of"], "ranking": "reversed-gradient"}}
    of = [{**row, "ranking": f"reversed-{row['ranking']}"} for row in rows]
    found = correlations.points(back, of, rankings, LANGUAGES)
    assert [p["rankings"] for p in found] == [p["rankings"] for p in plain]


def test_one_source_is_the_usual_test_of_its_targets():
    rows, rankings = grid()
    told = correlations.lines(correlations.points(EXHIBIT, rows, rankings, LANGUAGES))
    line = only(told, predictor="syntactic", criterion="dev_selected")
    assert (line["rho"], line["pairs"], line["languages"]) == (-1, 5, 6)
    assert line["exact"] and line["p"] == pytest.approx(2 / 120)
    gains = [row["dev_selected_gain"] for row in rows]
    for kind in ("geographic", "inventory"):
        there = [distances.read()[kind]["en", code] for code in TARGETS]
        rho = stats.spearmanr(gains, there).statistic
        assert only(told, predictor=kind, criterion="test_oracle")["rho"] == pytest.approx(rho)
    heard = only(told, predictor="phonological", criterion="dev_selected")
    assert (heard["pairs"], heard["left_out"]) == (3, 2)


def test_several_sources_change_places_too():
    rows, rankings = grid(("en", "zh", "ar"))
    told = correlations.lines(correlations.points(EXHIBIT, rows, rankings, LANGUAGES))
    line = only(told, predictor="syntactic", criterion="dev_selected")
    assert (line["pairs"], line["languages"], line["sources"]) == (13, 6, 3)
    assert line["rho"] == pytest.approx(-1) and line["p"] < 0.05
    sound = [x for x in told if x["criterion"] == "dev_selected"]
    assert line["p_holm"] == pytest.approx(min(1, line["p"] * len(sound)))


def test_what_is_not_known_is_empty_and_counted():
    rows, rankings = grid()
    rows.append(choice("en", "xx", 1.0))  # a language of neither URIEL nor languages.yaml
    table = correlations.table(EXHIBIT, rows, rankings[:-1], LANGUAGES)
    assert only(table["records"], predictor="genetic", criterion="test_oracle")["pairs"] == 5
    assert only(table["records"], predictor="rankings", criterion="test_oracle")["pairs"] == 4
    text = (
        "phonological distance 3, featural distance 1, similarity of rankings 2, another family 1."
    )
    assert table["notes"][-1].endswith(text)
    assert any("one source" in note for note in table["notes"])
    pairs = correlations.pairs_table(EXHIBIT, rows, rankings[:-1], LANGUAGES)
    assert {cell["text"] for cell in pairs["body"][-1][5:]} == {""}
    assert (
        tables.csv_text(pairs).splitlines()[-1].endswith(",xx,1.000000,2.000000" + "," * 8 + ",1")
    )
    families = correlations.family_table(EXHIBIT, rows, LANGUAGES)
    assert families["notes"][-1].endswith("not known: xx.")


def test_no_ranking_but_the_source_s():
    rows, rankings = grid()
    table = correlations.table(EXHIBIT, rows, rankings[:1], LANGUAGES)
    line = only(table["records"], predictor="rankings", criterion="dev_selected")
    assert (line["pairs"], line["rho"], line["left_out"]) == (0, None, 5)
    row = table["body"][list(correlations.PREDICTORS).index("rankings")]
    assert [cell["text"] for cell in row[2:7]] == ["similarity of rankings", "0", "0", "–", "–"]


def test_families():
    rows, _ = grid()
    records = correlations.family_table(EXHIBIT, rows, LANGUAGES)["records"]
    gains = {row["target"]: row["dev_selected_gain"] for row in rows}
    near = only(records, targets_of="Indo-European")
    assert (near["targets"], near["pairs"]) == ("de nl", 2)
    assert near["dev_selected_gain"] == pytest.approx((gains["de"] + gains["nl"]) / 2)
    far = only(records, targets_of="another family than the source's")
    assert far["test_oracle_gain"] == pytest.approx(
        np.mean([gains[c] + 1 for c in ("ar", "he", "zh")])
    )
    assert (
        only(records, targets_of="the source's family")["dev_selected_gain"]
        == near["dev_selected_gain"]
    )


@pytest.mark.parametrize("sources", [("en",), ("en", "zh", "ar")])
def test_figure(sources, tmp_path):
    rows, rankings = grid(sources)
    more, _ = grid(sources, setting="multi-lingual", model="xlmr")
    for name in ("a.svg", "b.svg"):
        correlations_figure.draw(EXHIBIT, rows + more, rankings, LANGUAGES, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    panels = [e for e in root.iter() if e.get("id", "").startswith("axes_")]
    assert len(panels) == 4 * 7
    correlations_figure.draw(EXHIBIT, rows, rankings[:1], LANGUAGES, tmp_path / "few.svg")
    root = ElementTree.parse(tmp_path / "few.svg").getroot()
    assert len([e for e in root.iter() if e.get("id", "").startswith("axes_")]) == 2 * 6


def test_nothing_to_show(tmp_path):
    rows = [choice("en", code, 1.0, dev_selected_gain=None) for code in TARGETS]
    correlations_figure.draw(EXHIBIT, rows, [], LANGUAGES, tmp_path / "none.svg")
    ElementTree.parse(tmp_path / "none.svg")
    assert correlations.table(EXHIBIT, rows, [], LANGUAGES)["records"] == []


def test_languages_that_lack_most_go_first():
    points = [{"source": "a", "target": code} for code in "bcd"]
    values = {pair: 1.0 for one in combinations("abd", 2) for pair in (one, one[::-1])}
    values |= {("a", "c"): 1.0, ("c", "a"): 1.0}
    assert correlations._complete(points, values) == {("a", "b"), ("a", "d")}
