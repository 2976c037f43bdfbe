"""Rankings of one model compared: rho of their orders, their common lowest heads, the table."""

import pytest
from records import full_width, ranking, texts

from polyheads.analysis import ranking_agreement
from polyheads.analysis.ranking_agreement import shared
from polyheads.analysis.ranks import spearman_of_orders
from polyheads.importance import orders
from polyheads.report.table import csv_text
from polyheads.report.tables import ranking_agreement as ranking_agreement_table
from polyheads.study import comparisons

LANGUAGES = {"en": {"name": "English"}}


def drawn(kind, number, **changed):
    order = orders.random_order(2, 4, number)
    back = tuple((layer, head) for layer, head in order[::-1])
    return ranking(order, kind=kind, order_unnormalised=back, **changed)


MEMBERS = [
    drawn("lrp", 1),
    drawn("gradient", 2),
    drawn("released", 3),
    drawn("gradient", 4, seed=43),  # alone: another model
    drawn("gradient", 2, reversed=True),
    drawn("random", 5, language=None),
]


def test_common_lowest_heads():
    assert shared([(0, 1), (0, 0), (1, 1)], [(0, 0), (1, 1), (0, 1)], 2) == 1


def test_every_pair_of_kinds_of_one_model():
    rows = ranking_agreement.rows(MEMBERS, k=6)
    pairs = [("gradient", "released"), ("gradient", "lrp"), ("released", "lrp")]
    assert [(row.one, row.other) for row in rows] == pairs
    first, one, other = rows[0], MEMBERS[1], MEMBERS[2]
    assert (first.k, first.heads, first.shared_by_chance) == (4, 8, 2)  # half of the heads
    assert first.spearman == pytest.approx(spearman_of_orders(one.order, other.order))
    raw = spearman_of_orders(one.order_unnormalised, other.order_unnormalised)
    assert first.spearman_unnormalised == pytest.approx(raw)
    assert first.shared == len(set(one.order[:4]) & set(other.order[:4]))
    assert {row.k for row in ranking_agreement.rows(MEMBERS, k=3)} == {3}


def test_table():
    rows = ranking_agreement.rows(MEMBERS, k=6)
    table = ranking_agreement_table.table(rows, LANGUAGES)
    assert table.name == comparisons.RANKINGS
    assert texts(table.head)[0][2:] == ["gradient", "released", "lrp"]
    assert len(table.body) == 3 and table.body[0][0].rowspan == 3
    assert "English, seed 42" in table.body[0][0].text
    assert [len(line) for line in table.body] == [5, 4, 4] and full_width(table) == 5
    first = rows[0]
    above, below = table.body[0][3], table.body[1][1]
    assert above.text == f"{first.spearman:.2f}".replace("-", "−")
    assert above.note == f"ρ of the raw scores: {first.spearman_unnormalised:.2f}".replace("-", "−")
    assert below.text == f"{first.shared} of 4"
    assert [line[i].text for i, line in enumerate(table.body[1:], 2)] == ["", ""]  # the diagonal
    assert "2.0 of 4 where there are 8 heads" in table.notes[0]
    assert csv_text(table).count("\n") == 4
    columns = "model,corpus,recipe,language,seed,one,other,heads,spearman,spearman_unnormalised"
    assert csv_text(table).splitlines()[0] == f"{columns},k,shared"


def test_kinds_that_a_model_has_not_are_dashes():
    others = [drawn("gradient", 6, seed=44), drawn("confidence", 7, seed=44)]
    rows = ranking_agreement.rows([*MEMBERS, *others], k=6)
    table = ranking_agreement_table.table(rows, LANGUAGES)
    assert len(table.body) == 5 and full_width(table) == 6
    assert [cell.text for cell in table.body[-1][1:]].count("–") == 2


def test_nothing_to_compare():
    assert ranking_agreement.rows([drawn("gradient", 1)], k=2) == []
    assert ranking_agreement.rows([], k=2) == []
