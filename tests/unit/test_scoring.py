"""Truths about head scores, in double precision where differences are taken."""

import numpy as np
import pytest
import torch
from conftest import make_layout, make_model, make_sentences
from torch.nn import functional

from polyheads.batches import pack
from polyheads.heads import output_projections
from polyheads.rankings import normalise, order
from polyheads.scoring import gate_gradients, gradient_scores
from polyheads.training import word_logits

LAYERS, HEADS = SHAPE = 3, 4


def gradients(model, sentences, layout, batch_size=4):
    return gate_gradients(
        model,
        sentences,
        layout=layout,
        shape=SHAPE,
        batch_size=batch_size,
        device=torch.device("cpu"),
    )


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


def test_scores_do_not_depend_on_the_batch_size(kind):
    model, layout = make_model(kind), make_layout(kind, max_length=16)  # 16: windows, too
    sentences = make_sentences(9, seed=6)
    one, four = (gradients(model, sentences, layout, batch_size=n) for n in (1, 4))
    np.testing.assert_allclose(one, four, atol=1e-6)


def permute_heads(model, layer: int, new_order: list[int]) -> None:
    """Reorder the heads of a layer: rows of q, k, v and columns of the output projection."""
    attention = model.base_model.encoder.layer[layer].attention
    size = model.config.hidden_size // HEADS
    index = torch.tensor([h * size + i for h in new_order for i in range(size)])
    with torch.no_grad():
        for name in ("query", "key", "value"):
            linear = getattr(attention.self, name)
            linear.weight.copy_(linear.weight[index].clone())
            linear.bias.copy_(linear.bias[index].clone())
        dense = attention.output.dense
        dense.weight.copy_(dense.weight[:, index].clone())


def test_permuted_heads_permute_their_scores(kind):
    """The released code's score (input columns) fails here: it stays where it was."""
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(8, seed=7)
    before = gradient_scores(gradients(model, sentences, layout))
    new_order = [2, 0, 3, 1]
    permute_heads(model, 1, new_order)
    after = gradient_scores(gradients(model, sentences, layout))
    np.testing.assert_allclose(after[1], before[1][new_order], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(after[[0, 2]], before[[0, 2]], rtol=1e-4, atol=1e-7)
    assert not np.allclose(after[1], before[1], rtol=1e-2)


def test_heads_without_effect_get_zero_and_no_others(kind):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(6, seed=8)
    dead = {(0, 2), (2, 0), (2, 3)}
    batch = pack(sentences, layout, torch.device("cpu"))
    size = model.config.hidden_size // HEADS
    with torch.no_grad():
        for layer, linear in enumerate(output_projections(model, batch.inputs)):
            for at, head in dead:
                if at == layer:
                    linear.weight[:, head * size : (head + 1) * size] = 0
    raw = gradient_scores(gradients(model, sentences, layout))
    assert {tuple(map(int, at)) for at in np.argwhere(raw == 0)} == dead
    assert {tuple(h) for h in order(raw)[:3]} == dead


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


def test_normalisation():
    raw = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 1.0]])
    scaled = normalise(raw, "l2")
    np.testing.assert_allclose(scaled, np.array([[0.6, 0.8], [0, 0], [0.5**0.5] * 2]) / 0.8)
    np.testing.assert_allclose(normalise(raw, "none"), raw / 4)
    np.testing.assert_allclose(normalise(raw, "sum").max(), 1)
    assert normalise(np.ones((2, 2)), "none").max() == 0
    assert order(scaled)[:2] == [[1, 0], [1, 1]]  # ties by (layer, head)
