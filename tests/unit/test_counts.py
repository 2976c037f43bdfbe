"""Counts per sentence: their sums give evaluation's scores, whatever is drawn."""

import json
from pathlib import Path

import made_up
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from conftest import make_layout, make_model, make_sentences
from hypothesis import given, settings
from hypothesis import strategies as st

from polyheads.analysis import counts
from polyheads.catalogue import metrics, tasks
from polyheads.errors import UserError
from polyheads.study import predictions
from polyheads.training import prediction

UPOS = ["ADJ", "CCONJ", "INTJ", "NOUN", "OTHER", "SCONJ", "SYM", "X", "."]
IOB = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-fromloc.city_name", "I-fromloc.city_name"]


def found(gold, predicted, labels):
    flat = [np.array([i for s in side for i in s], np.int64) for side in (gold, predicted)]
    return predictions.Predictions(tuple(labels), np.array([len(s) for s in gold]), *flat)


def sentences(labels):
    """Pairs of label ids of a few sentences, some of them empty, at least one word."""
    word = st.tuples(*[st.integers(0, len(labels) - 1)] * 2)
    some = st.lists(st.lists(word, max_size=10), min_size=1, max_size=6).filter(any)
    return some.map(lambda s: [[[pair[side] for pair in one] for one in s] for side in (0, 1)])


def tags(side, labels):
    return [[labels[i] for i in sentence] for sentence in side]


def check(task, labels, gold, predicted, draw):
    """Whole sample and a draw with repetitions, all metrics of the task."""
    for chosen in (range(len(gold)), draw):
        sides = [[side[i] for i in chosen] for side in (gold, predicted)]
        if not any(sides[0]):
            continue
        expected = metrics.metrics(task, *(tags(side, labels) for side in sides))
        for metric, value in expected.items():
            table = counts.count(found(gold, predicted, labels), metric)
            score = counts.SCORES[metric](table[list(chosen)].sum(0).astype(float))
            if metric == "macro_f1":  # added up in another order
                assert score == pytest.approx(value, abs=1e-10)
            else:
                assert score == value, metric


@settings(deadline=None, max_examples=100)
@given(sentences(UPOS), st.data())
def test_pos_counts_give_evaluations_scores(sides, data):
    draw = data.draw(st.lists(st.integers(0, len(sides[0]) - 1), min_size=1, max_size=8))
    check("pos", UPOS, *sides, draw)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([IOB, IOB[:3]]), st.data())
def test_span_counts_give_evaluations_scores(labels, data):
    sides = data.draw(sentences(labels))
    draw = data.draw(st.lists(st.integers(0, len(sides[0]) - 1), min_size=1, max_size=8))
    check("ner", labels, *sides, draw)


@pytest.mark.parametrize(("task", "labels"), [("pos", UPOS), ("ner", IOB)])
def test_scores_of_many_draws_at_once(task, labels):
    """The first axis is one of draws; labels that one draw lacks another may have."""
    gold = [[i % 7, i % 5, 1] for i in range(9)]
    predicted = [[i % 7, i % 3, 1] for i in range(9)]
    for metric in tasks.METRICS[task]:
        table = counts.count(found(gold, predicted, labels), metric)
        sums = np.stack([table[:n].sum(0) for n in (1, 2, 5, 9)]).astype(float)
        one_by_one = [float(counts.SCORES[metric](draw)) for draw in sums]
        assert counts.SCORES[metric](sums).tolist() == one_by_one
        assert len(set(one_by_one)) > 2, metric


def test_every_metric_has_a_score():
    assert set(counts.SCORES) == {name for names in tasks.METRICS.values() for name in names}


@pytest.fixture
def kept(tmp_path):
    made = made_up.sweep(tmp_path)
    pairs = {
        ("dev", "en"): made_up.predictions("pos", 0.8, seed=1),
        ("test", "de"): made_up.predictions("pos", 0.7, seed=2, sentences=25),
    }
    made_up.write_predicted_trial(made["trials"][0], made, pairs)
    return made["trials"][0], made["trials"][0].replace(".json", ".parquet"), pairs


def test_kept_predictions_give_the_trials_scores(kept):
    trial, path, pairs = kept
    for row in json.loads(Path(trial).read_text())["scores"]:
        read = predictions.read(path, language=row["language"], split=row["split"])
        gold, predicted = pairs[row["split"], row["language"]]
        assert read.gold.tolist() == [i for s in gold for i in s]
        assert read.predicted.tolist() == [i for s in predicted for i in s]
        for metric, value in row["metrics"].items():
            sums = counts.count(read, metric).sum(0).astype(float)
            assert counts.SCORES[metric](sums) == pytest.approx(value, abs=1e-10)


def test_windows_are_one_sentence(tmp_path):
    """Sentences cut into windows for the model are whole again in what is kept."""
    given = make_sentences(6, seed=3, longest=40)
    layout = make_layout("bert", max_length=16)
    assert max(len(s.subwords) for s in given) > 14
    split = prediction.packed(given, layout, torch.device("cpu"))
    predicted = prediction.predict(make_model("bert"), split, gate=None, precision="float32")
    gold = [sentence.labels for sentence in given]
    row = prediction.Predictions("en", "test", "pruned", gold, predicted)
    prediction.save(tmp_path / "k.parquet", [row], list("abcde"))
    read = predictions.read(tmp_path / "k.parquet", language="en")
    assert read.lengths.tolist() == [len(s.starts) for s in given]


def test_files_that_are_missing_or_not_whole(kept, tmp_path):
    _, path, _ = kept
    with pytest.raises(UserError, match=r"none\.parquet: the predictions of this trial are miss"):
        predictions.read(tmp_path / "none.parquet", language="de")
    with pytest.raises(UserError, match="no predictions of zh test, heads pruned"):
        predictions.read(path, language="zh")
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 50), tmp_path / "cut.parquet")
    assert len(predictions.read(tmp_path / "cut.parquet", language="de").lengths) == 10
    pq.write_table(table.slice(45), tmp_path / "late.parquet")
    with pytest.raises(UserError, match="sentences of de test are not whole"):
        predictions.read(tmp_path / "late.parquet", language="de")
    pq.write_table(table.replace_schema_metadata(None), tmp_path / "bare.parquet")
    few = table.replace_schema_metadata({"labels": json.dumps(["X"])})
    pq.write_table(few, tmp_path / "few.parquet")
    with pytest.raises(UserError, match="de test has labels that are none of its 1; delete it"):
        predictions.read(tmp_path / "few.parquet", language="de")
    first = {max(i for s in side for i in s) for side in kept[2]["test", "de"]}
    short = json.dumps(UPOS[: max(first)])  # one label less than there are
    pq.write_table(table.replace_schema_metadata({"labels": short}), tmp_path / "short.parquet")
    with pytest.raises(UserError, match=f"labels that are none of its {max(first)}; delete it"):
        predictions.read(tmp_path / "short.parquet", language="de")
    (tmp_path / "half.parquet").write_bytes(Path(path).read_bytes()[:300])
    for name in ("bare", "half"):
        with pytest.raises(UserError, match=f"{name}.parquet: not a whole file of pred") as caught:
            predictions.read(tmp_path / f"{name}.parquet", language="de")
        assert "\n" not in str(caught.value)


def test_what_cannot_be_compared():
    gold, predicted = made_up.predictions("pos", 0.5, sentences=5)
    first = found(gold, predicted, UPOS)
    others = {
        r"different label sets \(of 9 and 7 labels\)": found([[0]] * 5, [[0]] * 5, IOB),
        "not the same number of sentences \\(5 and 4\\)": found(gold[:4], predicted[:4], UPOS),
        "sentences of different lengths": found([[0]] * 5, [[0]] * 5, UPOS),
        "different gold labels": found([[i + 1 for i in s] for s in gold], predicted, UPOS),
    }
    counts.check_same(first, found(gold, gold, UPOS), paths=("a", "b"))
    for message, other in others.items():
        with pytest.raises(UserError, match=f"a and b can't be compared: {message}"):
            counts.check_same(first, other, paths=("a", "b"))
