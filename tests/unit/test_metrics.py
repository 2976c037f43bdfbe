"""Metrics against slow computations written from their definitions."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling, v1
from seqeval.scheme import IOB2

from polyheads.catalogue import metrics, tasks
from polyheads.errors import UserError

UPOS = ["ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"]
UPOS += ["PUNCT", "SCONJ", "SYM", "VERB", "X"]
IOB = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-fromloc.city_name", "I-fromloc.city_name"]


def pairs(tags):
    """Two lists of sentences of the same lengths over few or all tags, at least one word."""
    sentence = st.lists(st.tuples(st.sampled_from(tags), st.sampled_from(tags)), max_size=12)
    sentences = st.lists(sentence, min_size=1, max_size=6).filter(any)
    return sentences.map(lambda s: tuple([[p[side] for p in one] for one in s] for side in (0, 1)))


def percent_f1(gold: set, predicted: set) -> float:
    return 200 * len(gold & predicted) / (len(gold) + len(predicted)) if gold | predicted else 0.0


def chunks_by_the_old_rule(sentences) -> set:
    """Entities as seqeval 0.0.12 saw them, boundary by boundary, for tags without hyphens.

    Between two neighbouring words (an O stands between sentences) a chunk ends after a word that
    is inside (first letter neither O nor a full stop) when the types differ or when the letters
    say so; it starts likewise. Letters that open by themselves: B, S, and E after E (or S, O);
    letters that close by themselves: E, S; B and I close before B and S.
    """
    words = [word for sentence in sentences for word in [*sentence, "O"]]
    found, start = set(), None
    for i, word in enumerate(words):
        before = words[i - 1] if i else "O"
        a, b, differ = before[0], word[0], before != word
        ends = a in "ES" or (a in "BI" and b in "BSO") or (a not in "O." and differ)
        starts = b in "BS" or (a in "ESO" and b in "EI")
        starts = starts or (b not in "O." and differ)
        if ends:
            found.add((before, start, i - 1))
        if starts:
            start = i
    return found


@settings(deadline=None, max_examples=150)
@given(st.one_of(pairs(UPOS), pairs(["NOUN", "SCONJ", "CCONJ"]), pairs(["INTJ", "SYM", "X"])))
def test_pos_metrics_equal_slow_ones(sides):
    gold, predicted = sides
    result = metrics.metrics("pos", gold, predicted)
    g = [tag for tags in gold for tag in tags]
    p = [tag for tags in predicted for tag in tags]
    assert result["accuracy"] == pytest.approx(
        100 * sum(a == b for a, b in zip(g, p, strict=True)) / len(g)
    )
    f1 = []
    for tag in set(g):
        where = [{i for i, t in enumerate(side) if t == tag} for side in (g, p)]
        f1.append(percent_f1(*where))
    assert result["macro_f1"] == pytest.approx(sum(f1) / len(f1))
    old = percent_f1(chunks_by_the_old_rule(gold), chunks_by_the_old_rule(predicted))
    assert result["f1_runs_as_published"] == pytest.approx(old)


@settings(deadline=None, max_examples=100)
@given(pairs(["B", "BX", "E", "EX", "I", "IX", "O", "OX", ".", "S", "N"]))
def test_runs_follow_the_old_rule_for_every_first_letter(sides):
    gold, predicted = sides
    old = percent_f1(chunks_by_the_old_rule(gold), chunks_by_the_old_rule(predicted))
    assert metrics.pos_metrics(gold, predicted)["f1_runs_as_published"] == pytest.approx(old)


def spans(sentences, *, strict: bool) -> set:
    found = set()
    for number, tags in enumerate(sentences):
        inside = None
        for i, tag in enumerate([*tags, "O"]):
            prefix, _, kind = tag.partition("-")
            if inside and (prefix != "I" or kind != inside[0]):
                found.add((number, *inside, i))
                inside = None
            if prefix == "B" or (prefix == "I" and not inside and not strict):
                inside = (kind, i)
    return found


@settings(deadline=None, max_examples=200)
@given(st.one_of(pairs(IOB), pairs(["O", "B-PER", "I-PER"])))
def test_span_metrics_equal_slow_ones(sides):
    gold, predicted = sides
    result = metrics.metrics("ner", gold, predicted)
    assert result == metrics.metrics("sf", gold, predicted)
    g, p = (spans(side, strict=True) for side in sides)
    assert result["f1_strict"] == pytest.approx(percent_f1(g, p))
    assert result["precision_strict"] == pytest.approx(100 * len(g & p) / len(p) if p else 0)
    assert result["recall_strict"] == pytest.approx(100 * len(g & p) / len(g) if g else 0)
    lenient = [spans(side, strict=False) for side in sides]
    assert result["f1_lenient"] == pytest.approx(percent_f1(*lenient))


@settings(deadline=None, max_examples=300)
@given(pairs(IOB))
def test_span_metrics_equal_those_of_seqeval_to_the_last_digit(sides):
    options = {"average": "micro", "zero_division": 0}
    strict = v1.precision_recall_fscore_support(*sides, scheme=IOB2, **options)
    lenient = sequence_labeling.precision_recall_fscore_support(*sides, **options)
    assert metrics.span_metrics(*sides) == {
        "f1_strict": 100 * strict[2],
        "precision_strict": 100 * strict[0],
        "recall_strict": 100 * strict[1],
        "f1_lenient": 100 * lenient[2],
    }


def test_cconj_and_sconj_differ_and_x_counts():
    runs = "f1_runs_as_published"
    assert metrics.pos_metrics([["CCONJ"]], [["SCONJ"]])[runs] == 0
    # two entities in gold, one of them X: the other alone is half of them
    assert metrics.pos_metrics([["X", "NOUN"]], [["VERB", "NOUN"]])[runs] == 50
    assert metrics.pos_metrics([["X"]], [["X"]])[runs] == 100


def test_runs_join_equal_tags_but_sconj_and_sym():
    assert metrics.run_tags(["NOUN", "NOUN", "VERB"]) == ["B-NOUN", "I-NOUN", "B-VERB"]
    assert metrics.run_tags(["INTJ", "INTJ"]) == ["B-INTJ", "I-INTJ"]
    assert metrics.run_tags(["SYM", "SYM", "SCONJ"]) == ["B-SYM", "B-SYM", "B-SCONJ"]
    # a run cut short is no entity found: the accuracy is 50, the F1 over runs 0
    scores = metrics.pos_metrics([["NOUN", "NOUN"]], [["NOUN", "VERB"]])
    assert (scores["accuracy"], scores["f1_runs_as_published"]) == (50, 0)


def test_macro_f1_averages_over_the_tags_in_gold():
    assert metrics.pos_metrics([["NOUN", "VERB"]], [["NOUN", "ADJ"]])["macro_f1"] == 50


def test_strict_wants_the_b():
    scores = metrics.span_metrics([["B-PER", "I-PER"]], [["I-PER", "I-PER"]])
    assert scores["f1_strict"] == 0
    assert scores["f1_lenient"] == 100


def test_no_warnings_even_without_entities():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metrics.span_metrics([["O"]], [["O"]])["f1_strict"] == 0
        metrics.pos_metrics([["X", "INTJ"]], [["PUNCT", "SCONJ"]])


@pytest.mark.parametrize("tag", ["PER", "S-PER", "B-", "NOUN"])
def test_tags_without_prefix_are_refused(tag):
    with pytest.raises(UserError, match="IOB2"):
        metrics.span_metrics([["O"]], [[tag]])


def test_bad_input():
    with pytest.raises(UserError, match="no words"):
        metrics.pos_metrics([[]], [[]])
    with pytest.raises(UserError, match="unknown"):
        metrics.metrics("parsing", [["X"]], [["X"]])
    with pytest.raises(ValueError, match="sentence 0"):
        metrics.pos_metrics([["X"]], [["X", "X"]])
    with pytest.raises(ValueError, match="gold sentences"):
        metrics.pos_metrics([["X"]], [])


def test_every_task_has_a_default_that_it_computes():
    for task, gold in (("pos", [["X"]]), ("ner", [["O"]]), ("sf", [["O"]])):
        assert list(metrics.metrics(task, gold, gold)) == list(tasks.METRICS[task])
        assert tasks.DEFAULT_METRIC[task] in tasks.METRICS[task]
        assert tasks.PUBLISHED_METRIC[task] in tasks.METRICS[task]


def test_classified_texts():
    gold, predicted = ([[label] for label in labels] for labels in ("aabb", "abbc"))
    found = metrics.metrics("classification", gold, predicted)
    assert found == pytest.approx({"accuracy": 50, "macro_f1": 100 * (2 / 3 + 1 / 2) / 2})
