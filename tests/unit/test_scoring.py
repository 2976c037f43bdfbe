"""Truths about head scores, in double precision where differences are taken."""

from importlib import import_module

import numpy as np
import pytest
import torch
from conftest import make_layout, make_model, make_sentences, permute_heads, zero_columns
from torch.nn import functional

from polyheads.catalogue.methods import KINDS, scorer
from polyheads.encoders.batches import pack
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import output_projections
from polyheads.importance import shapley
from polyheads.importance.gradient import gate_gradients, summed
from polyheads.importance.orders import normalise, order

LAYERS, HEADS = SHAPE = 3, 4
HOW = {"shape": SHAPE, "device": torch.device("cpu")}


def gradients(model, sentences, layout, batch_size=4):
    return gate_gradients(model, sentences, layout=layout, batch_size=batch_size, **HOW)


def scores(ranking, model, sentences, layout, batch_size=4):
    score = import_module(scorer(ranking)).score
    return score(model, sentences, layout=layout, batch_size=batch_size, **HOW)


def test_gradients_equal_finite_differences(kind):
    layout, sentences = make_layout(kind), make_sentences(3)
    model = make_model(kind)
    found = gradients(model, sentences, layout)
    model.double()
    step = 1e-5
    for number, sentence in enumerate(sentences):
        batch = pack([sentence], layout, torch.device("cpu"))

        def loss(gate, batch=batch):
            with torch.no_grad():
                out = model(**batch.inputs, head_gate=gate).logits[0, batch.positions]
            return functional.cross_entropy(out, batch.labels).item()

        for layer in range(LAYERS):
            for head in range(HEADS):
                up, down = (torch.ones(SHAPE, dtype=torch.double) for _ in range(2))
                up[layer, head] += step
                down[layer, head] -= step
                difference = (loss(up) - loss(down)) / (2 * step)
                assert found[number, layer, head] == pytest.approx(difference, abs=2e-6, rel=1e-3)


def test_gate_gradient_equals_weight_times_its_gradient(kind):
    """d loss / d gate = sum of W.grad * W over the head's output-projection columns."""
    model, layout = make_model(kind), make_layout(kind)
    sentence = make_sentences(1, seed=5, longest=9)
    found = gradients(model, sentence, layout)[0]
    model.requires_grad_(True)
    batch = pack(sentence, layout, torch.device("cpu"))
    functional.cross_entropy(word_logits(model, batch, None), batch.labels).backward()
    for layer, linear in enumerate(output_projections(model, batch.inputs)):
        product = (linear.weight.grad * linear.weight).sum(0).view(HEADS, -1).sum(1)
        np.testing.assert_allclose(found[layer], product.detach(), atol=1e-6)


@pytest.fixture(autouse=True)
def few_orders(monkeypatch):
    monkeypatch.setattr(shapley, "PAIRS", 2)


# Orders are drawn by the places of heads: test_shapley.py permutes those, too.
@pytest.mark.parametrize("ranking", [kind for kind in KINDS if kind != "shapley"])
def test_permuted_heads_permute_their_scores(kind, ranking):
    """All but the released code's, whose input columns belong to no head: it stays."""
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(8, seed=7)
    before = scores(ranking, model, sentences, layout)
    new_order = [2, 0, 3, 1]
    permute_heads(model, 1, new_order)
    after = scores(ranking, model, sentences, layout)
    close = {"rtol": 1e-3, "atol": 1e-6}
    moved = before[1] if ranking == "released" else before[1][new_order]
    np.testing.assert_allclose(after[1], moved, **close)
    np.testing.assert_allclose(after[[0, 2]], before[[0, 2]], **close)
    assert not np.allclose(before[1], before[1][new_order], rtol=1e-2, atol=0)


PLANTED = (
    *("gradient", "gradient-batch", "weight-gradient", "lrp", "attn-lrp", "leave-one-out"),
    *("taylor", "integrated-gradients", "fisher", "fisher-predicted"),
)


@pytest.mark.parametrize("ranking", PLANTED)
def test_heads_without_effect_get_zero_and_no_others(kind, ranking):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(6, seed=8)
    dead = {(0, 2), (2, 0), (2, 3)}
    zero_columns(model, dead)
    raw = scores(ranking, model, sentences, layout)
    assert {tuple(map(int, at)) for at in np.argwhere(raw == 0)} == dead
    assert {tuple(h) for h in order(np.abs(raw))[:3]} == dead


def test_heads_without_effect_have_no_shapley_value(kind):
    model, layout = make_model(kind), make_layout(kind)
    dead = {(0, 2), (2, 0), (2, 3)}
    zero_columns(model, dead)
    raw = scores("shapley", model, make_sentences(6, seed=8), layout)
    assert all(raw[head] == 0 for head in dead) and raw.any()


@pytest.mark.parametrize("ranking", KINDS)
def test_scoring_leaves_the_model_as_it_was(kind, ranking):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(3, seed=9)
    batch = pack(sentences, layout, torch.device("cpu"))
    before = word_logits(model, batch, None)
    first = scores(ranking, model, sentences, layout)
    assert torch.equal(word_logits(model, batch, None), before)
    assert first.shape == SHAPE and first.dtype == np.float64
    np.testing.assert_array_equal(scores(ranking, model, sentences, layout), first)


@pytest.mark.parametrize("ranking", [kind for kind in KINDS if not KINDS[kind].by_batch])
def test_kinds_that_do_not_depend_on_batches(kind, ranking):
    model, layout = make_model(kind), make_layout(kind, max_length=16)  # 16: windows, too
    sentences = make_sentences(7, seed=6)
    one, five = (scores(ranking, model, sentences, layout, size) for size in (1, 5))
    np.testing.assert_allclose(one, five, atol=2e-6, rtol=1e-4)


def test_a_windowed_sentence_is_one_example(kind):
    """Loss of a long sentence = mean over all its words, whatever window they are in."""
    model, layout = make_model(kind), make_layout(kind, max_length=10)
    sentence = make_sentences(20, seed=9)[-1]
    assert len(sentence.subwords) > layout.room
    found = gradients(model, [sentence], layout)
    batch = pack([sentence], layout, torch.device("cpu"))
    assert sorted(batch.word) == list(range(len(sentence.starts)))
    gate = torch.ones(SHAPE, requires_grad=True)
    functional.cross_entropy(word_logits(model, batch, gate), batch.labels).backward()
    np.testing.assert_allclose(found[0], gate.grad, atol=1e-6)


def test_sums_are_of_absolute_values():
    made = np.array([[[1.0, -2.0]], [[-3.0, -1.0]]], dtype=np.float32)
    np.testing.assert_array_equal(summed(made), [[4.0, 3.0]])


def test_normalisation():
    raw = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 1.0]])
    scaled = normalise(raw, "l2")
    np.testing.assert_allclose(scaled, np.array([[0.6, 0.8], [0, 0], [0.5**0.5] * 2]) / 0.8)
    np.testing.assert_allclose(normalise(raw, "none"), raw / 4)
    np.testing.assert_allclose(normalise(raw, "sum").max(), 1)
    assert normalise(np.ones((2, 2)), "none").max() == 0
    below = np.array([[-1.0, -3.0], [-2.0, -2.0]])  # the lowest scores may be negative
    np.testing.assert_allclose(normalise(below, "sum"), [[1, 0], [0.5, 0.5]])
    assert order(scaled)[:2] == [[1, 0], [1, 1]]  # ties by (layer, head)
