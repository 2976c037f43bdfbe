"""Rankings of languages compared: groups, rho, and the published numbers beside ours."""

from xml.etree import ElementTree

import pytest
import scipy.stats
from matplotlib.axes import Axes

from polyheads.exhibits import similarity, tables
from polyheads.report.figures import similarity as similarity_figure

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
HEADS = [[layer, head] for layer in range(2) for head in range(3)]
ORDERS = {"en": [0, 1, 2, 3, 4, 5], "de": [5, 4, 3, 2, 1, 0], "zh": [1, 0, 2, 3, 5, 4]}


def ranking(language, **changed):
    made = {
        **{"model": "mbert", "corpus": "ud-2.7", "recipe": "paper", "seed": 42},
        **{"kind": "gradient", "reversed": False, "task": "pos", "language": language},
        "order": [HEADS[i] for i in ORDERS.get(language, ORDERS["en"])],
    }
    return made | changed


def test_groups_have_three_languages_of_one_kind():
    three = [ranking(code) for code in ORDERS]
    others = [ranking("en", kind="lrp"), ranking("de", kind="lrp"), ranking("en", reversed=True)]
    (group,) = similarity.groups([*three, *others, ranking(None, kind="random")])
    assert list(group["rankings"]) == ["en", "de", "zh"]
    assert group["name"] == "languages.mbert.ud-2.7.paper.seed-42.gradient"


def test_rho_agrees_with_scipy_and_stands_beside_the_published_one():
    (group,) = similarity.groups([ranking(code) for code in ORDERS])
    table = similarity.table(group, LANGUAGES)
    assert [row[0]["text"] for row in table["body"]] == ["English", "German", "Chinese"]
    for line in table["records"]:
        places = [
            [ORDERS[line[side]].index(head) for head in range(6)] for side in ("language", "other")
        ]
        assert line["spearman"] == pytest.approx(scipy.stats.spearmanr(*places).statistic)
    by_pair = {(line["language"], line["other"]): line for line in table["records"]}
    assert by_pair["en", "de"]["spearman"] == -1
    assert by_pair["en", "zh"]["published"] == 0.81
    ours = by_pair["en", "zh"]["spearman"]
    assert by_pair["en", "zh"]["less_published"] == pytest.approx(ours - 0.81)
    cell = table["body"][0][3]
    assert cell["below"] == f"0.81 ({tables.signed(ours - 0.81)})"
    assert cell["kind"] == ("up" if ours > 0.81 else "down")
    assert "Below ours" in table["notes"][1]
    others = [ranking(code, model="tiny") for code in ORDERS]
    table = similarity.table(*similarity.groups(others), LANGUAGES)
    assert table["body"][0][3]["below"] == "" and len(table["notes"]) == 1


def test_published_numbers_hold_both_ways():
    printed = similarity.read_published()
    assert printed["pos", "mbert", "zh", "en"] == printed["pos", "mbert", "en", "zh"] == 0.81
    assert ("pos", "tiny", "en", "zh") not in printed


def test_figure(tmp_path):
    (group,) = similarity.groups([ranking(code) for code in ORDERS])
    for name in ("a.svg", "b.svg"):
        similarity_figure.draw(group, LANGUAGES, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_the_figure_has_the_published_numbers(tmp_path, monkeypatch):
    drawn = []
    keep = Axes.text
    monkeypatch.setattr(Axes, "text", lambda *a, **k: [drawn.append(a[3]), keep(*a, **k)][1])
    for model, there in (("mbert", True), ("tiny", False)):
        drawn.clear()
        (group,) = similarity.groups([ranking(code, model=model) for code in ORDERS])
        similarity_figure.draw(group, LANGUAGES, tmp_path / "a.svg")
        assert sum(text.startswith("(") for text in drawn) == 6 * there  # none on the diagonal
        assert ("(0.81)" in drawn) is there
