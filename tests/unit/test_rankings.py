"""Names of rankings, and rankings compared."""

from importlib import import_module

import numpy as np
import pytest

from polyheads.catalogue.methods import KINDS, scorer
from polyheads.errors import UserError
from polyheads.importance import orders
from polyheads.report.names import language_name, ranking_name
from polyheads.study import rankings
from polyheads.study.rankings import Name, parse
from polyheads.validation import load_schema

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
        (full,) = rankings.expand(kind, ["de"], "en")
        assert parse(full, known) == Name(kind, "de", None, False)
        (full,) = rankings.expand(f"reversed-{kind}", ["en", "de"], "batch")
        assert parse(full, known) == Name(kind, "en", None, True)


@pytest.mark.parametrize("kind", KINDS)
def test_rankings_on_text_of_the_target(kind):
    known = ["en", "de", "ar"]
    (full,) = rankings.expand(f"{kind}-on-target", ["en", "ar"], "de")
    assert full == f"{kind}-en-on-de"
    parts = parse(full, known)
    assert parts == Name(kind, "en-on-de", None, False) and parts == parse(full)
    (language,) = parts.languages
    assert (rankings.trained_on(language), rankings.text_of(language)) == ("en", "de")
    assert (rankings.trained_on("en"), rankings.text_of("en")) == ("en", "en")
    assert rankings.reader(kind, language) == f"{kind}-on-de" != rankings.reader(kind, "en") == kind
    assert rankings.kind_of_reader(f"{kind}-on-de") == rankings.kind_of_reader(kind) == kind
    assert rankings.ranking_kind(full, "en") == f"{kind}-on-target"
    assert rankings.ranking_kind(f"reversed-{full}", "en+ar") == f"reversed-{kind}-on-target"
    assert rankings.expand(f"reversed-{kind}-on-target", ["en"], "de") == [f"reversed-{full}"]
    # Of the pair of a language with itself it is what it is on the source.
    assert rankings.expand(f"{kind}-on-target", ["en"], "en") == [f"{kind}-en"]
    for wrong in ("en-on-x", "x-on-de", "en-on-en", "en-on-", "en-on-target", "en-on-de-on-ar"):
        with pytest.raises(UserError, match="is not known"):
            parse(f"{kind}-{wrong}", known)
    with pytest.raises(UserError, match="is not known"):
        parse(f"summed-{kind}-en+ar-on-de", known)


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
    on_target = "fisher-predicted ranking scored on the target's text, lowest heads first"
    assert ranking_name("fisher-predicted-on-target") == on_target
    assert language_name("en-on-de", LANGUAGES) == "English on de"


def test_rankings_of_several_sources():
    source = ("de", "en")
    assert rankings.expand("each-gradient", source, "ar") == ["gradient-de", "gradient-en"]
    (merged,) = rankings.expand("merged-gradient-batch", source, "ar")
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


def test_the_schema_names_every_kind():
    experiment = load_schema("config")["properties"]["experiments"]["items"]["properties"]
    words = experiment["rankings"]["description"].replace(",", " ").split()
    recipe = load_schema("config")["properties"]["recipes"]["items"]["properties"]
    assert set(KINDS) <= set(words)
    of_one_scale = [kind for kind, about in KINDS.items() if not about.by_layer]
    assert all(kind in recipe["normalisation"]["description"] for kind in of_one_scale)
    by_batch = [kind for kind, about in KINDS.items() if about.by_batch]
    assert all(kind in recipe["ranking_batch_size"]["description"] for kind in by_batch)
