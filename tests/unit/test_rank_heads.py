"""From scores, or a seed, to a ranking and its files."""

import csv
import json

import numpy as np
import pytest

from polyheads.importance import orders, rankings

MODEL = {"layers": 2, "heads": 2}
NAME = {"language": "en", "seed": None, "reversed": False, "method": None}
RAW = [[3.0, 4.0], [30.0, 10.0]]


def scores(raw=RAW, sentences=9):
    return {"raw": raw, "task": "pos", "split": "dev", "sentences": sentences}


def rank(model=MODEL, read=(), normalisation="none", **name):
    return rankings.rank(**NAME | name, model=model, scores=read, normalisation=normalisation)


def test_one_language():
    ranking, about = rank(read=[scores()], normalisation="sum")
    assert ranking.order == [[1, 1], [0, 0], [0, 1], [1, 0]]
    assert ranking.order_unnormalised == [[0, 0], [0, 1], [1, 1], [1, 0]]
    assert ranking.raw.tolist() == RAW
    assert list(about.items()) == [
        *(("task", "pos"), ("language", "en"), ("split", "dev")),
        *(("sentences", 9), ("normalisation", "sum")),
    ]


def test_several_languages_are_put_together_raw_and_divided():
    other = [[1.0, 9.0], [0.0, 2.0]]
    read = [scores(), scores(other, sentences=5)]
    ranking, about = rank(read=read, normalisation="sum", language="en+de", method="summed")
    assert about["sentences"] == 14 and about["language"] == "en+de"
    np.testing.assert_allclose(ranking.raw, np.add(RAW, other))
    divided = sum(orders.normalise(np.array(raw), "sum") for raw in (RAW, other))
    assert ranking.order == orders.order(divided)
    assert ranking.normalised.min() == 0 and ranking.normalised.max() == 1


def test_backwards():
    forth, _ = rank(read=[scores()], normalisation="sum")
    back, _ = rank(read=[scores()], normalisation="sum", reversed=True)
    assert back.order == forth.order[::-1]
    assert back.order_unnormalised == forth.order_unnormalised[::-1]
    assert back.raw.tolist() == forth.raw.tolist()


@pytest.mark.parametrize("seed", [0, 7])  # 0 is a seed, too
def test_drawn(seed):
    ranking, about = rank(seed=seed, language=None, normalisation=None)
    assert ranking.order == ranking.order_unnormalised == orders.random_order(2, 2, seed)
    assert np.isnan(ranking.raw).all() and ranking.raw.shape == (2, 2)
    nothing = {"language": None, "split": None, "sentences": 0, "normalisation": None}
    assert list(about.items()) == list(nothing.items())


def test_heads_that_the_model_lacks_are_in_no_order(tmp_path):
    model = MODEL | {"missing_heads": [[0, 1]]}
    drawn, _ = rank(model, seed=7, language=None, normalisation=None)
    assert sorted(drawn.order) == [[0, 0], [1, 0], [1, 1]]
    ranking, about = rank(model, [scores()])
    assert ranking.order == [[0, 0], [1, 1], [1, 0]]
    rankings.write(tmp_path / "ranking.json", tmp_path / "scores.csv", ranking, about)
    content = json.loads((tmp_path / "ranking.json").read_text())
    assert list(content) == [*about, "order", "order_unnormalised"]
    with (tmp_path / "scores.csv").open(newline="") as file:
        rows = [(row["layer"], row["head"], row["raw"]) for row in csv.DictReader(file)]
    assert rows == [("0", "0", "3.0"), ("1", "0", "30.0"), ("1", "1", "10.0")]
