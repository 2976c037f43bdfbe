"""Names of rankings, and rankings compared."""

from importlib import import_module

import made_up
import numpy as np
import pytest

from polyheads.analysis.ranks import spearman_of_orders
from polyheads.catalogue.methods import KINDS, scorer
from polyheads.errors import UserError
from polyheads.exhibits import comparison, ranking_name
from polyheads.exhibits.tables import csv_text
from polyheads.importance import orders
from polyheads.study import rankings
from polyheads.study.rankings import Name, parse

LANGUAGES = {"en": {"name": "English"}}


def test_names():
    known = ["en", "de", "batch"]
    assert parse("gradient-en", known) == Name("gradient", "en", None, False)
    assert parse("gradient-batch-en", known) == Name("gradient-batch", "en", None, False)
    assert parse("gradient-batch", known) == Name("gradient", "batch", None, False)
    assert parse("reversed-leave-one-out-de") == Name("leave-one-out", "de", None, True)
    assert parse("random-7") == Name("random", None, 7, False)
    assert parse("reversed-random-7") == Name("random", None, 7, True)
    for kind in KINDS:
        (full,) = rankings.expand(kind, ["de"])
        assert parse(full, known) == Name(kind, "de", None, False)
        (full,) = rankings.expand(f"reversed-{kind}", ["en", "de"])
        assert parse(full, known) == Name(kind, "en", None, True)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("gradeint", "did you mean 'gradient'"),
        ("weight_gradient", "did you mean 'weight-gradient'"),
        ("leave-one", "did you mean 'leave-one-out'"),
        ("reversed-confidense-en", "did you mean 'confidence'"),
        ("random-x", "known are gradient, .*, random-SEED, reversed- before"),
        ("random-²", "known are"),
        ("", "known are"),
    ],
)
def test_names_that_are_not_known(name, hint):
    with pytest.raises(UserError, match=f"ranking '{name}' is not known; {hint}") as caught:
        parse(name, ["en"])
    assert "\n" not in str(caught.value)


def test_every_kind_has_a_module_with_a_score():
    for kind in KINDS:
        module = import_module(scorer(kind))
        assert callable(module.score) and module.__doc__


def test_what_is_of_one_scale_in_all_layers_is_not_divided():
    assert rankings.normalisation("gradient-en", "l2") == "l2"
    assert rankings.normalisation("reversed-lrp-en", "sum") == "sum"
    assert rankings.normalisation("confidence-en", "l2") == "none"
    assert rankings.normalisation("leave-one-out-en", "sum") == "none"
    assert rankings.normalisation("random-1", "l2") is None
    negative = orders.normalise(np.array([[-1.0, 3.0], [0.0, 1.0]]), "none")
    np.testing.assert_array_equal(negative, [[0, 1], [0.25, 0.5]])


def test_rankings_in_words():
    summed = "lrp rankings of all sources, summed scores, lowest heads first"
    assert ranking_name("summed-lrp") == summed
    assert ranking_name("gradient") == "gradient ranking, lowest heads first"
    assert ranking_name("reversed-lrp") == "lrp ranking reversed, highest heads first"
    assert ranking_name("lrp-zh") == "lrp ranking scored on zh, lowest heads first"
    assert ranking_name("gradient-batch") == "gradient-batch ranking, lowest heads first"
    assert ranking_name("random-3") == "random ranking, seed 3"


def ranking(kind, drawn_from, **changes):
    drawn = orders.random_order(2, 4, drawn_from)
    made = {"kind": kind, "reversed": False, "order": drawn, "order_unnormalised": drawn[::-1]}
    made |= {"model": "tiny", "corpus": "ud-2.7", "recipe": "quick", "language": "en", "seed": 42}
    return made | changes


def test_common_lowest_heads():
    assert comparison.shared([[0, 1], [0, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]], 2) == 1


def test_rankings_compared():
    members = [
        ranking("lrp", 1),
        ranking("gradient", 2),
        ranking("released", 3),
        ranking("gradient", 4, seed=43),  # alone: another model
        ranking("gradient", 2, reversed=True),
        ranking("random", 5, language=None),
    ]
    table = comparison.comparison_table(members, LANGUAGES, k=6)
    assert [cell["text"] for cell in table["head"][0]][2:] == ["gradient", "released", "lrp"]
    assert len(table["body"]) == 3 and table["body"][0][0]["rowspan"] == 3
    assert "English, seed 42" in table["body"][0][0]["text"]
    assert [len(row) for row in table["body"]] == [5, 4, 4]
    assert [(r["one"], r["other"]) for r in table["records"]] == [
        ("gradient", "released"),
        ("gradient", "lrp"),
        ("released", "lrp"),
    ]
    first = table["records"][0]
    assert first["k"] == 4  # half of the heads
    assert first["spearman"] == pytest.approx(
        spearman_of_orders(members[1]["order"], members[2]["order"])
    )
    assert table["body"][0][3]["text"] == f"{first['spearman']:.2f}".replace("-", "−")
    assert table["body"][1][1]["text"] == f"{first['shared']} of 4"
    assert "2.0 of 4 where there are 8 heads" in table["notes"][0]
    assert csv_text(table).count("\n") == 4


def test_tables_are_known_before_anything_is_ranked(tmp_path):
    several = [ranking("lrp", 1), ranking("gradient", 2)]
    sweeps = [made_up.sweep(tmp_path, ranking=name) for name in ("gradient-en", "lrp-en")]
    assert comparison.planned(several, sweeps) == ["rankings-compared", "rankings-costs"]
    assert comparison.planned(several[:1], sweeps[:1]) == []
    controls = [made_up.sweep(tmp_path, ranking=f"random-{i}") for i in (1, 2)]
    assert comparison.planned([], controls) == []  # no scored ranking
    assert comparison.planned([], [sweeps[0], controls[0]]) == ["rankings-costs"]
    unpruned = [sweep | {"ks": (0,)} for sweep in sweeps]
    assert comparison.planned([], unpruned) == []
    others = [sweeps[0], sweeps[1] | {"target": "zh"}]  # no pair in common
    assert comparison.planned([], others) == []


def test_nothing_to_compare():
    assert comparison.comparison_table([ranking("gradient", 1)], LANGUAGES, k=2) is None
    assert comparison.comparison_table([], LANGUAGES, k=2) is None


def test_rankings_of_several_sources():
    source = ("de", "en")
    assert rankings.expand("each-gradient", source) == ["gradient-de", "gradient-en"]
    (merged,) = rankings.expand("merged-gradient-batch", source)
    assert merged == "merged-gradient-batch-de+en"
    parts = rankings.parse(merged, ["en", "de"])
    assert parts == rankings.Name("gradient-batch", "de+en", None, False, "merged")
    assert parts.languages == source
    with pytest.raises(UserError, match="several sources together, and there is one"):
        rankings.parse("merged-gradient-de", ["en", "de"])
    for wrong in (
        "gradient-de+en",
        "merged-random-1",
        "summed-gradient-de+x",
    ):
        with pytest.raises(UserError, match="is not known"):
            rankings.parse(wrong, ["en", "de"])


def test_scores_put_together():
    one = np.array([[1.0, 5.0], [2.0, 9.0]])  # positions 0 2 / 1 3
    other = np.array([[0.4, 0.1], [0.2, 0.3]])  # positions 3 0 / 1 2
    assert orders.together([one, other], "merged").tolist() == [[1.5, 1.0], [1.0, 2.5]]
    assert orders.together([one, other], "summed").tolist() == [[1.4, 5.1], [2.2, 9.3]]
