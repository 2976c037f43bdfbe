"""Rankings of languages compared: rho, and the published numbers beside ours."""

from xml.etree import ElementTree

import pytest
import records
import scipy.stats
from matplotlib.axes import Axes
from records import full_width, texts

from polyheads.analysis import language_similarity
from polyheads.catalogue import published
from polyheads.report.cells import signed
from polyheads.report.figures import similarity as similarity_figure
from polyheads.report.tables import language_similarity as language_similarity_table

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
HEADS = [(layer, head) for layer in range(2) for head in range(3)]
ORDERS = {"en": [0, 1, 2, 3, 4, 5], "de": [5, 4, 3, 2, 1, 0], "zh": [1, 0, 2, 3, 5, 4]}


def ranking(language, **changed):
    order = [HEADS[i] for i in ORDERS.get(language, ORDERS["en"])]
    return records.ranking(order, language=language, **changed)


def rows(**changed):
    return language_similarity.rows([ranking(code, **changed) for code in ORDERS])


def test_groups_have_three_languages_of_one_kind():
    others = [ranking("en", kind="lrp"), ranking("de", kind="lrp"), ranking("en", reversed=True)]
    three = [ranking(code) for code in ORDERS]
    found = language_similarity.rows([*three, *others, ranking(None, kind="random")])
    assert [(row.language, row.other) for row in found] == [
        ("en", "de"),
        ("en", "zh"),
        ("de", "zh"),
    ]
    (name,) = {row.group.name for row in found}
    assert name == "languages.mbert.ud-2.7.paper.seed-42.gradient"
    assert language_similarity.languages_of(found) == ["en", "de", "zh"]
    assert len({row.group for row in rows() + rows(seed=1)}) == 2


def test_rho_agrees_with_scipy_and_stands_beside_the_published_one():
    of_pairs = {}
    for row in rows():
        places = [[ORDERS[side].index(i) for i in range(6)] for side in (row.language, row.other)]
        assert row.spearman == pytest.approx(scipy.stats.spearmanr(*places).statistic)
        of_pairs[row.language, row.other] = row
    assert of_pairs["en", "de"].spearman == pytest.approx(-1)
    near = of_pairs["en", "zh"]
    assert near.published == 0.81
    assert near.less_published == pytest.approx(near.spearman - 0.81)
    both = language_similarity.both_ways(rows())
    assert len(both) == 6 and both["zh", "en"] == both["en", "zh"] == near


def test_table():
    table = language_similarity_table.table(rows(), LANGUAGES)
    assert [line[0] for line in texts(table.body)] == ["English", "German", "Chinese"]
    assert [line[i] for i, line in enumerate(texts(table.body), 1)] == ["", "", ""]
    assert full_width(table) == 4
    ours = rows()[1].spearman
    for cell in (table.body[0][3], table.body[2][1]):
        assert cell.text == f"{ours:.2f}"
        assert cell.below == f"0.81 ({signed(ours - 0.81)})"
        assert cell.kind == ("up" if ours > 0.81 else "down")
    assert "Below ours" in table.notes[1]
    assert table.title == "Rankings of languages compared: gradient: mbert, ud-2.7, seed 42"
    assert table.records[1]["published"] == 0.81 and len(table.records) == 3


def test_a_model_that_the_paper_has_not():
    table = language_similarity_table.table(rows(model="tiny"), LANGUAGES)
    assert table.body[0][3].below == "" and len(table.notes) == 1
    assert table.records[1]["less_published"] is None


def test_published_numbers_hold_both_ways():
    printed = published.rankings_rho()
    assert printed["pos", "mbert", "zh", "en"] == printed["pos", "mbert", "en", "zh"] == 0.81
    assert ("pos", "tiny", "en", "zh") not in printed


def test_figure(tmp_path):
    for name in ("a.svg", "b.svg"):
        similarity_figure.draw(rows(), LANGUAGES, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_the_figure_has_the_published_numbers(tmp_path, monkeypatch):
    drawn = []
    keep = Axes.text
    monkeypatch.setattr(Axes, "text", lambda *a, **k: [drawn.append(a[3]), keep(*a, **k)][1])
    for model, printed in (("mbert", True), ("tiny", False)):
        drawn.clear()
        similarity_figure.draw(rows(model=model), LANGUAGES, tmp_path / "a.svg")
        assert sum(text.startswith("(") for text in drawn) == 6 * printed  # none on the diagonal
        assert ("(0.81)" in drawn) is printed
