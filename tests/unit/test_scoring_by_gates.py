"""Scores by gates' gradients and by attention against slow computations that share no code."""

import re

import numpy as np
import pytest
import torch
from conftest import head_columns, make_layout, make_model, make_sentences
from test_scoring_slowly import CPU, HEADS, LAYERS, SHAPE, alone, how, modernbert, words_of
from torch.nn import functional

from polyheads.catalogue.methods import scorer
from polyheads.encoders.batches import pack
from polyheads.encoders.forward import word_logits
from polyheads.errors import UserError
from polyheads.importance import (
    attn_lrp,
    entropy,
    fisher,
    fisher_predicted,
    integrated_gradients,
    leave_one_out,
    lrp,
    scores,
    taylor,
)


def loss(model, sentence, layout, gate, labels=None):
    """Mean loss of a sentence's words, in the model's precision and without any packing."""
    with torch.no_grad():
        logits = model(**alone(sentence, layout), head_gate=gate).logits[0]
    gold = torch.as_tensor(np.array(sentence.labels if labels is None else labels))
    return functional.cross_entropy(logits[words_of(sentence, layout)], gold).item()


def slopes(model, sentence, layout, labels=None, at=1.0):
    """(layers, heads) differences of the loss by each gate, all gates being ``at`` a value."""
    step, found = 1e-5, np.zeros(SHAPE)
    for head in np.ndindex(SHAPE):
        up, down = (torch.full(SHAPE, at, dtype=torch.double) for _ in range(2))
        up[head] += step
        down[head] -= step
        sides = [loss(model, sentence, layout, gate, labels) for gate in (up, down)]
        found[head] = (sides[0] - sides[1]) / (2 * step)
    return found


def test_taylor_by_differences(kind):
    layout, sentences = make_layout(kind), make_sentences(5, seed=11)
    found = taylor.score(make_model(kind), sentences, **how(kind, 2))
    model = make_model(kind).double()
    expected = -sum(slopes(model, sentence, layout) for sentence in sentences)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert (found < 0).any() and (found > 0).any()


def test_taylor_is_leave_one_out_where_heads_do_little(kind):
    """With outputs of heads a thousandth of what they were the first order is all there is."""
    model, sentences = make_model(kind), make_sentences(6, seed=12)
    with torch.no_grad():
        for layer in model.base_model.encoder.layer:
            layer.attention.output.dense.weight *= 1e-3
    model.double()  # differences of losses are small
    slow = leave_one_out.score(model, sentences, **how(kind))
    found = taylor.score(model, sentences, **how(kind)) / len(sentences)
    np.testing.assert_allclose(found, slow, rtol=0.02, atol=1e-2 * np.abs(slow).max())


def test_fisher_with_one_gate_for_a_batch(kind):
    model, layout, sentences = make_model(kind), make_layout(kind), make_sentences(10, seed=1)
    expected = np.zeros(SHAPE)
    for begin in range(0, 10, 4):
        gate = torch.ones(SHAPE, requires_grad=True)
        for sentence in sentences[begin : begin + 4]:
            batch = pack([sentence], layout, CPU)
            functional.cross_entropy(word_logits(model, batch, gate), batch.labels).backward()
        expected += gate.grad.numpy() ** 2
    found = fisher.score(model, sentences, **how(kind))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)
    single = fisher.score(model, sentences, **how(kind, 1))
    assert not np.allclose(found / found.sum(), single / single.sum(), rtol=1e-2)


def predicted(model, sentence, layout):
    with torch.no_grad():
        logits = model(**alone(sentence, layout)).logits[0, words_of(sentence, layout)]
    return logits.double().softmax(-1).numpy()


def test_fisher_predicted_by_differences(kind):
    """Labels by hand: of a uniform number u, the first whose cumulated probability is above u."""
    layout, sentences = make_layout(kind), make_sentences(5, seed=13)
    found = fisher_predicted.score(make_model(kind), sentences, seed=7, **how(kind, 2))
    model, expected = make_model(kind).double(), np.zeros(SHAPE)
    for number, sentence in enumerate(sentences):
        shares = np.cumsum(predicted(model, sentence, layout), axis=1)
        draws = np.random.default_rng([7, number]).random(len(shares))
        labels = [int(np.searchsorted(row, u)) for row, u in zip(shares, draws, strict=True)]
        expected += slopes(model, sentence, layout, labels) ** 2
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-8)


def test_fisher_predicted_reads_no_gold_labels(kind):
    model, sentences = make_model(kind), make_sentences(6, seed=14)
    others = [sentence._replace(labels=sentence.labels * 0) for sentence in sentences]
    first, second = (fisher_predicted.score(model, s, **how(kind)) for s in (sentences, others))
    np.testing.assert_array_equal(first, second)
    other = fisher_predicted.score(model, sentences, seed=1, **how(kind))
    assert not np.allclose(first, other, rtol=1e-2)


def test_the_seed_of_a_study_draws(monkeypatch):
    """And a method that draws nothing is not told of it."""
    model, sentences = make_model("bert"), make_sentences(4, seed=14)
    monkeypatch.setattr(scores.subwords, "read_split", lambda *_, **__: sentences)
    names = ("ranking_split", "ranking_sentences", "subset")
    recipe = dict.fromkeys(names) | {"ranking_batch_size": None, "batch_size": 4}
    where = {key: value for key, value in how("bert").items() if key != "batch_size"}
    for kind, module in (("fisher-predicted", fisher_predicted), ("taylor", taylor)):
        drawn = {"seed": 5} if module is fisher_predicted else {}
        made = scores.score(scorer(kind), model, "", recipe=recipe, seed=5, **where)
        expected = module.score(model, sentences, **drawn, **how("bert"))
        np.testing.assert_array_equal(made.raw, expected)


def test_drawn_labels_are_as_frequent_as_their_probabilities(kind):
    """Of words in two windows, too; and each word is drawn for itself."""
    layout, sentence = make_layout(kind, max_length=10), make_sentences(20, seed=9)[-1]
    model, options = make_model(kind), how(kind) | {"layout": layout}
    assert len(sentence.subwords) > layout.room
    batch = pack([sentence], layout, CPU)
    with torch.no_grad():
        logits = word_logits(model, batch, None)
    probabilities = np.zeros((len(sentence.starts), logits.shape[1]))
    probabilities[batch.word] = logits.softmax(-1).numpy()
    times = 400
    made = fisher_predicted.drawn(model, [sentence] * times, seed=3, **options)
    labels = np.array([one.labels for one in made])
    found = (labels[:, :, None] == np.arange(logits.shape[1])).mean(0)
    error = np.sqrt(probabilities * (1 - probabilities) / times)
    assert (np.abs(found - probabilities) < 4 * error + 1 / times).all()
    together = (labels[:, 0] == labels[:, 1]).mean()
    assert together == pytest.approx(probabilities[0] @ probabilities[1], abs=0.1)


def test_integrated_gradients_by_differences(kind):
    layout, sentences = make_layout(kind), make_sentences(2, seed=15, longest=6)
    found = integrated_gradients.score(make_model(kind), sentences, points=4, **how(kind))
    model, expected = make_model(kind).double(), np.zeros(SHAPE)
    for sentence in sentences:
        for at in (0.125, 0.375, 0.625, 0.875):
            expected -= slopes(model, sentence, layout, at=at) / 4
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_shares_of_heads_sum_up_to_the_fall_of_the_loss(kind, capsys):
    """To less than 1 % with 20 points, and about four times better with twice as many."""
    layout, sentences = make_layout(kind), make_sentences(6, seed=16)
    model = make_model(kind)
    found = integrated_gradients.score(model, sentences, **how(kind))
    none, every = (torch.full(SHAPE, at) for at in (0.0, 1.0))
    fall = sum(
        loss(model, sentence, layout, none) - loss(model, sentence, layout, every)
        for sentence in sentences
    )
    assert abs(fall) > 0.1 and found.sum() == pytest.approx(fall, rel=0.01)
    said = [float(number) for number in re.findall(r"-?\d+\.\d+", capsys.readouterr().out)]
    assert said == [pytest.approx(found.sum(), rel=1e-4), pytest.approx(fall, rel=1e-4)]
    errors = [
        abs(integrated_gradients.score(model, sentences, points=points, **how(kind)).sum() - fall)
        for points in (5, 10)
    ]
    assert errors[0] > 3 * errors[1]


@pytest.mark.parametrize("make", [make_model, modernbert])
def test_entropy_from_the_weights_that_transformers_gives(kind, make):
    model, layout, sentences = make(kind), make_layout(kind), make_sentences(7, seed=4)
    found = entropy.score(model, sentences, **how(kind))
    model.set_attn_implementation("eager")
    entropies = [[] for _ in range(LAYERS)]
    for sentence in sentences:
        with torch.no_grad():
            weights = model(**alone(sentence, layout), output_attentions=True).attentions
        for layer, weight in enumerate(weights):
            logs = torch.where(weight > 0, weight, 1).log()
            entropies[layer].append(-(weight * logs).sum(-1)[0, :, 1:-1])  # (H, subwords)
    expected = [-torch.cat(parts, 1).mean(1).numpy() for parts in entropies]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert (found < 0).all()


def test_the_widest_head_has_the_lowest_score(kind):
    model = make_model(kind)
    with torch.no_grad():
        query = model.base_model.encoder.layer[1].attention.self.query
        for part in (query.weight, query.bias):
            part[head_columns(2)] = 0  # the same attention to all
            part[head_columns(0)] *= 50
    sentence = make_sentences(1, seed=4)
    tokens = len(alone(sentence[0], make_layout(kind))["input_ids"][0])
    found = entropy.score(model, sentence, **how(kind))[1]
    assert found[2] == pytest.approx(-np.log(tokens))
    assert found.argmin() == 2 and found.argmax() == 0


class Propagation:
    """Relevance of one sentence handed down rule by rule, in double precision, without gradients.

    The rules are those of Achtibat et al. (2024), each a share of what an output has: by
    x_i w_ij / z_j through linear maps, by addends through sums, and so on.
    """

    def __init__(self, model, sentence, layout):
        self.base, self.classifier = model.double().base_model, model.classifier
        self.layout, self.sentence = layout, sentence

    @staticmethod
    def linear(x, part, relevance):
        shares = relevance / part(x)  # (T, out)
        return x * (shares @ part.weight)

    @staticmethod
    def norm(x, part, relevance):
        below = (x.var(-1, unbiased=False, keepdim=True) + part.eps).sqrt()
        size = x.shape[-1]
        centring = torch.eye(size).double() - 1 / size
        shares = relevance / part(x) * part.weight / below
        return x * (shares @ centring)

    @staticmethod
    def product(one, other, relevance):
        """Of one @ other: half to each."""
        shares = relevance / (2 * (one @ other))
        return one * (shares @ other.T), other * (one.T @ shares)

    def scores(self):
        ids = alone(self.sentence, self.layout)["input_ids"][0]
        part = self.base.embeddings
        positions = torch.arange(len(ids)) + self.layout.position_offset
        x = part.word_embeddings(ids) + part.position_embeddings(positions)
        x = part.LayerNorm(x + part.token_type_embeddings.weight[0])
        inputs = []
        for layer in self.base.encoder.layer:
            inputs.append(x)
            x = self.layer(layer, x)[-1]
        logits = self.classifier(x)
        words = words_of(self.sentence, self.layout)
        gold = torch.tensor(self.sentence.labels)
        relevance = torch.zeros_like(logits)
        relevance[words, gold] = logits[words, gold] / len(gold)
        relevance = self.linear(x, self.classifier, relevance)
        found = np.zeros(SHAPE)
        for number in reversed(range(LAYERS)):
            layer = self.base.encoder.layer[number]
            relevance, found[number] = self.down(layer, inputs[number], relevance)
        return found

    def heads(self, layer, x):
        """(query, key, value, logits, weights) of every head."""
        own = layer.attention.self
        query, key, value = (part(x) for part in (own.query, own.key, own.value))
        for head in range(HEADS):
            c = head_columns(head)
            logits = query[:, c] @ key[:, c].T / (c.stop - c.start) ** 0.5
            yield query[:, c], key[:, c], value[:, c], logits, logits.softmax(-1)

    def layer(self, layer, x):
        out = layer.attention.output
        context = torch.cat([w @ v for _, _, v, _, w in self.heads(layer, x)], 1)
        attended = out.dense(context)
        middle = out.LayerNorm(attended + x)
        inner = layer.intermediate.dense(middle)
        outer = layer.output.dense(functional.gelu(inner))
        return context, attended, middle, inner, outer, layer.output.LayerNorm(outer + middle)

    def down(self, layer, x, relevance):
        context, attended, middle, inner, outer, _ = self.layer(layer, x)
        relevance = self.norm(outer + middle, layer.output.LayerNorm, relevance)
        around = relevance * middle / (outer + middle)
        relevance = relevance - around
        relevance = self.linear(functional.gelu(inner), layer.output.dense, relevance)
        # An activation hands on what it has.
        relevance = around + self.linear(middle, layer.intermediate.dense, relevance)
        out = layer.attention.output
        relevance = self.norm(attended + x, out.LayerNorm, relevance)
        around = relevance * x / (attended + x)
        relevance = self.linear(context, out.dense, relevance - around)
        of_heads = [relevance[:, head_columns(head)].sum().item() for head in range(HEADS)]
        parts = ([], [], [])
        for head, (query, key, value, logits, weights) in enumerate(self.heads(layer, x)):
            mine = relevance[:, head_columns(head)]
            of_weights, of_values = self.product(weights, value, mine)
            of_logits = logits * (of_weights - weights * of_weights.sum(-1, keepdim=True))
            scale = query.shape[1] ** -0.5
            of_queries, of_keys = self.product(query * scale, key.T, of_logits)
            for whole, one in zip(parts, (of_queries, of_keys.T, of_values), strict=True):
                whole.append(one)
        own = layer.attention.self
        for linear, one in zip((own.query, own.key, own.value), parts, strict=True):
            around = around + self.linear(x, linear, torch.cat(one, 1))
        return around, of_heads


def test_attn_lrp_rule_by_rule(kind):
    layout, sentences = make_layout(kind), make_sentences(4, seed=6)
    found = attn_lrp.score(make_model(kind), sentences, **how(kind))
    with torch.no_grad():
        parts = [Propagation(make_model(kind), s, layout).scores() for s in sentences]
    np.testing.assert_allclose(found, np.abs(parts).sum(0), rtol=1e-3, atol=1e-4)
    other = lrp.score(make_model(kind), sentences, **how(kind))
    np.testing.assert_allclose(found[-1], other[-1], rtol=1e-5)  # no attention above
    assert np.isclose(found[:-1], other[:-1], rtol=0.05).mean() < 0.5


def test_attn_lrp_refuses_what_lrp_refuses(kind):
    class Other(torch.nn.Module):
        def forward(self, x):
            return functional.gelu(x)

    model = make_model(kind)
    for layer in model.base_model.encoder.layer:
        layer.intermediate.intermediate_act_fn = Other()
    with pytest.raises(UserError, match="no attn-lrp scores"):
        attn_lrp.score(model, make_sentences(1), **how(kind))


def test_shared_out_queries_keys_and_values_stay_the_same():
    parts = [torch.randn(1, 2, 5, 3, requires_grad=True) for _ in range(3)]
    out = attn_lrp.shared_out(0, *parts, {})
    assert all(torch.equal(one, other) for one, other in zip(parts, out, strict=True))
    slopes = torch.autograd.grad(sum(part.sum() for part in out), parts)
    assert [slope.unique().tolist() for slope in slopes] == [[0.25], [0.25], [0.5]]
