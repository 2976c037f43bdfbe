"""The kinds of head scores against slow computations of the same, which share no code with them."""

import numpy as np
import pytest
import torch
from conftest import SIZES, head_columns, make_layout, make_model, make_sentences, zero_columns
from torch.nn import functional
from transformers import ModernBertConfig, ModernBertForTokenClassification

from polyheads.encoders.batches import pack
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import ATTENTION, number_layers
from polyheads.errors import UserError
from polyheads.importance import (
    confidence,
    gradient,
    gradient_batch,
    leave_one_out,
    lrp,
    released,
    relevance,
    weight_gradient,
)
from polyheads.importance.watching import watched

LAYERS, HEADS = SHAPE = 3, 4
CPU = torch.device("cpu")


def how(kind, batch_size=4):
    return {
        "layout": make_layout(kind),
        "shape": SHAPE,
        "batch_size": batch_size,
        "device": CPU,
    }


def batches(sentences, layout, size):
    for begin in range(0, len(sentences), size):
        yield pack(sentences[begin : begin + size], layout, CPU)


def alone(sentence, layout):
    """Keywords of a model call for one sentence without any packing."""
    ids = [*layout.prefix, *sentence.subwords.tolist(), *layout.suffix]
    return {"input_ids": torch.tensor([ids])}


def words_of(sentence, layout):
    return torch.tensor(sentence.starts).long() + len(layout.prefix)


def test_gradient_batch_with_one_gate_for_all(kind):
    model, sentences = make_model(kind), make_sentences(10, seed=1)
    expected = np.zeros(SHAPE)
    for batch in batches(sentences, make_layout(kind), 4):
        gate = torch.ones(SHAPE, requires_grad=True)
        functional.cross_entropy(word_logits(model, batch, gate), batch.labels).backward()
        expected += gate.grad.abs().numpy()
    found = gradient_batch.score(model, sentences, **how(kind))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_gradient_batch_of_single_sentences_is_gradient(kind):
    model, sentences = make_model(kind), make_sentences(9, seed=2)
    one, other = (m.score(model, sentences, **how(kind, 1)) for m in (gradient, gradient_batch))
    np.testing.assert_allclose(one, other, rtol=1e-6)
    far = gradient_batch.score(model, sentences, **how(kind, 9))
    assert not np.allclose(one / one.sum(), far / far.sum(), rtol=1e-2)


@pytest.mark.parametrize("scoring", [weight_gradient, released])
def test_weight_gradients_by_module_names(kind, scoring):
    model, sentences = make_model(kind), make_sentences(10, seed=3)
    expected = np.zeros(SHAPE)
    for batch in batches(sentences, make_layout(kind), 4):
        model.zero_grad()
        functional.cross_entropy(word_logits(model, batch, None), batch.labels).backward()
        for number, layer in enumerate(model.base_model.encoder.layer):
            attention = layer.attention.self
            for head in range(HEADS):
                part = head_columns(head)
                for linear in (attention.key, attention.value):
                    whole = linear.weight.grad.abs()
                    own = whole[part] if scoring is weight_gradient else whole[:, part]
                    expected[number, head] += own.mean().item()
    found = scoring.score(model, sentences, **how(kind))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_heads_without_rows_of_their_own_are_refused(kind):
    """As where keys are normalised over all heads: each depends on the rows of all."""

    class Normalised(torch.nn.Module):
        def __init__(self, linear):
            super().__init__()
            self.linear = linear

        def forward(self, hidden):
            made = self.linear(hidden)
            return functional.layer_norm(made, made.shape[-1:])

    model = make_model(kind)
    attention = model.base_model.encoder.layer[1].attention.self
    attention.key = Normalised(attention.key)
    with pytest.raises(UserError, match="no key and value projections of their own") as caught:
        weight_gradient.score(model, make_sentences(2), **how(kind))
    assert "\n" not in str(caught.value)


def modernbert(kind):
    """With sliding windows; ``kind`` is that of the sentences."""
    sizes = SIZES | {"max_position_embeddings": 64, "local_attention": 8, "pad_token_id": 0}
    torch.manual_seed(0)
    config = ModernBertConfig(**sizes)
    config._attn_implementation = ATTENTION
    model = ModernBertForTokenClassification(config)
    for weight in model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.2)
    return number_layers(model.eval())


@pytest.mark.parametrize("make", [make_model, modernbert])
def test_confidence_from_the_weights_that_transformers_gives(kind, make):
    model, layout, sentences = make(kind), make_layout(kind), make_sentences(7, seed=4)
    found = confidence.score(model, sentences, **how(kind))
    model.set_attn_implementation("eager")
    largest = [[] for _ in range(LAYERS)]
    for sentence in sentences:
        with torch.no_grad():
            weights = model(**alone(sentence, layout), output_attentions=True).attentions
        for layer, weight in enumerate(weights):
            largest[layer].append(weight[0, :, 1:-1, 1:-1].amax(-1))  # (H, subwords)
    expected = [torch.cat(parts, 1).mean(1).numpy() for parts in largest]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert (found > 0).all() and (found < 1).all()


def test_confidence_takes_the_models_own_scaling(kind):
    sentences, own = make_sentences(4, seed=4), make_model(kind)
    usual = confidence.score(own, sentences, **how(kind))
    for layer in own.base_model.encoder.layer:
        layer.attention.self.scaling = None  # that of scaled_dot_product_attention
    np.testing.assert_allclose(confidence.score(own, sentences, **how(kind)), usual, rtol=1e-5)
    for layer in own.base_model.encoder.layer:
        layer.attention.self.scaling = 1e-9  # the same attention to all
    sentence = make_sentences(1, seed=4)
    tokens = len(alone(sentence[0], make_layout(kind))["input_ids"][0])
    np.testing.assert_allclose(confidence.score(own, sentence, **how(kind)), 1 / tokens, rtol=1e-5)


def test_leave_one_out_with_zeroed_columns(kind):
    layout, sentences = make_layout(kind), make_sentences(5, seed=5)

    def loss(model):
        with torch.no_grad():
            losses = [
                functional.cross_entropy(
                    model(**alone(s, layout)).logits[0, words_of(s, layout)],
                    torch.tensor(s.labels),
                ).item()
                for s in sentences
            ]
        return np.mean(losses)

    whole = loss(make_model(kind))
    expected = np.zeros(SHAPE)
    for head in np.ndindex(SHAPE):
        model = make_model(kind)
        zero_columns(model, [head])
        expected[head] = loss(model) - whole
    found = leave_one_out.score(make_model(kind), sentences, **how(kind, 2))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (found < 0).any() and (found > 0).any()


def test_progress_of_leave_one_out(capsys):
    leave_one_out.score(make_model("bert"), make_sentences(7, longest=4), **how("bert", 3))
    assert capsys.readouterr().out.splitlines() == [
        f"leave-one-out: {done} of 7 sentences" for done in (3, 6, 7)
    ]


def test_watched_attention_keeps_the_padding_mask(kind):
    """Nobody pads here, but a model that is watched is still the same model."""
    model, seen = make_model(kind), []
    ids = torch.randint(5, 90, (2, 9), generator=torch.Generator().manual_seed(1))
    padded = {"input_ids": ids, "attention_mask": (torch.arange(9) < 5).expand(2, 9).long()}
    with torch.no_grad():
        plain = model(**padded).logits
        with watched(model, lambda layer, q, k, v, rest: (seen.append(layer), (q, k, v))[1]):
            torch.testing.assert_close(model(**padded).logits, plain)
        assert (model(ids).logits - plain).abs().max() > 1e-3  # the mask matters
    assert seen == [0, 1, 2]


def test_projections_that_cannot_be_cut_are_refused():
    options = how("bert") | {"shape": (3, 5)}
    with pytest.raises(UserError, match=r"^24 columns of a projection cannot be cut for 5 heads$"):
        released.score(make_model("bert"), make_sentences(2), **options)


class ByHand:
    """The encoder written out for one sentence, in double precision, its factors kept.

    The first call records attention weights, denominators of norms and factors of GELU; later
    calls use them again, so that the output is linear in each gate.
    """

    def __init__(self, model, sentence, layout):
        self.model, self.layout, self.sentence = model.double(), layout, sentence
        self.kept: list[torch.Tensor] = []
        self.at: int | None = None  # None while recording

    def factor(self, make):
        if self.at is None:
            self.kept.append(make())
            return self.kept[-1]
        self.at += 1
        return self.kept[self.at - 1]

    def norm(self, part, x):
        centred = x - x.mean(-1, keepdim=True)
        below = self.factor(lambda: (centred.pow(2).mean(-1, keepdim=True) + part.eps).sqrt())
        return centred / below * part.weight + part.bias

    def __call__(self, gate):
        base, classifier = self.model.base_model, self.model.classifier
        ids = alone(self.sentence, self.layout)["input_ids"][0]
        part = base.embeddings
        positions = torch.arange(len(ids)) + self.layout.position_offset
        x = part.word_embeddings(ids) + part.position_embeddings(positions)
        x = self.norm(part.LayerNorm, x + part.token_type_embeddings.weight[0])
        for number, layer in enumerate(base.encoder.layer):
            own, out = layer.attention.self, layer.attention.output
            query, key, value = (m(x) for m in (own.query, own.key, own.value))
            heads = []
            for head in range(HEADS):
                c = head_columns(head)
                logits = query[:, c] @ key[:, c].T / (c.stop - c.start) ** 0.5
                weights = self.factor(lambda logits=logits: logits.softmax(-1))
                heads.append(gate[number, head] * (weights @ value[:, c]))
            x = self.norm(out.LayerNorm, out.dense(torch.cat(heads, 1)) + x)
            inner = layer.intermediate.dense(x)
            # GELU is x times the share of a normal distribution that lies below x
            below = self.factor(lambda inner=inner: (1 + torch.erf(inner / 2**0.5)) / 2)
            x = self.norm(layer.output.LayerNorm, layer.output.dense(inner * below) + x)
        logits = classifier(x)[words_of(self.sentence, self.layout)]
        gold = torch.tensor(self.sentence.labels)
        return logits[torch.arange(len(gold)), gold].mean().item()

    def relevance(self):
        """(layers, heads) output with the gate at 1 less output with it at 0, factors kept."""
        with torch.no_grad():
            whole = self(torch.ones(SHAPE).double())
            found = np.zeros(SHAPE)
            for head in np.ndindex(SHAPE):
                gate = torch.ones(SHAPE).double()
                gate[head] = 0
                self.at = 0
                found[head] = whole - self(gate)
        return found


def test_lrp_by_hand(kind):
    layout, sentences = make_layout(kind), make_sentences(4, seed=6)
    found = lrp.score(make_model(kind), sentences, **how(kind))
    expected = sum(np.abs(ByHand(make_model(kind), s, layout).relevance()) for s in sentences)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "norm",
    [
        torch.nn.LayerNorm(5, eps=0.5),
        torch.nn.LayerNorm((4, 5), eps=0.5),
        torch.nn.LayerNorm(5, bias=False),
        torch.nn.LayerNorm(5, elementwise_affine=False),
    ],
)
def test_a_norm_held_constant(norm):
    """The same output; its input reaches it through the difference from the mean alone."""
    torch.manual_seed(1)
    norm.requires_grad_(False)
    for part in norm.parameters():
        part.uniform_(0.5, 2)
    x = torch.randn(3, 4, 5, requires_grad=True)
    out = relevance._norm(norm, (x,), None)
    torch.testing.assert_close(out, norm(x))
    axes = [2] if norm.normalized_shape == (5,) else [1, 2]
    deviation = (x.var(axes, unbiased=False, keepdim=True) + norm.eps).sqrt().detach()
    weight = 1 if norm.weight is None else norm.weight
    towards = torch.randn(3, 4, 5)
    (back,) = torch.autograd.grad(out, x, towards)
    scaled = towards / deviation * weight
    torch.testing.assert_close(back, scaled - scaled.mean(axes, keepdim=True))


@pytest.mark.parametrize("activation", [torch.nn.GELU(), torch.nn.ReLU(), torch.nn.Tanh()])
def test_an_activation_held_constant(activation):
    x = torch.tensor([-2.0, -0.5, 0.0, 1.0, 3.0], requires_grad=True)
    out = relevance._factor(activation, (x,), activation(x))
    torch.testing.assert_close(out, activation(x))
    (slope,) = torch.autograd.grad(out.sum(), x)
    kept = x.detach()
    expected = torch.where(kept == 0, 0, activation(kept) / kept.where(kept != 0, torch.ones(5)))
    torch.testing.assert_close(slope, expected)  # nothing passes at 0


def test_relevance_is_conserved_without_biases(kind):
    """At the embeddings and in every layer, heads + the connection around them = gold logit."""
    model, layout = make_model(kind), make_layout(kind)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias"):
                weight.zero_()
    batch = pack(make_sentences(1, seed=15, longest=12), layout, CPU)
    kept = {}

    def keep(name, take):
        def hook(module, inputs, output=None):
            kept[name] = take(inputs, output)
            kept[name].retain_grad()

        return hook

    embeddings = model.base_model.embeddings
    hooks = [
        embeddings.LayerNorm.register_forward_pre_hook(keep("embedded", lambda i, o: i[0])),
    ]
    for number, layer in enumerate(model.base_model.encoder.layer):
        out = layer.attention.output
        hooks += [
            out.dense.register_forward_hook(keep(("heads", number), lambda i, o: o)),
            out.LayerNorm.register_forward_pre_hook(keep(("sum", number), lambda i, o: i[0])),
            layer.output.LayerNorm.register_forward_pre_hook(
                keep(("end", number), lambda i, o: i[0])
            ),
        ]
    gate = torch.ones(1, *SHAPE, requires_grad=True)
    plain = word_logits(model, batch, gate).detach()
    with relevance.constant_factors(model, relevance.constant_weights):
        logits = word_logits(model, batch, gate)
        torch.testing.assert_close(logits, plain, atol=1e-5, rtol=1e-5)
        gold = relevance.gold_logit(logits, batch.labels).mean()
        gold.backward()
    shares = {name: (value * value.grad).sum().item() for name, value in kept.items()}
    assert abs(gold.item()) > 0.01
    for layer in range(LAYERS):
        heads = shares.pop(("heads", layer))
        assert gate.grad[0, layer].sum().item() == pytest.approx(heads, abs=1e-4)
    assert len(shares) == 1 + 2 * LAYERS
    for name, found in shares.items():
        assert found == pytest.approx(gold.item(), abs=1e-4), name


def test_lrp_refuses_an_encoder_with_activations_it_does_not_know(kind):
    class Other(torch.nn.Module):
        def forward(self, x):
            return functional.gelu(x)

    model = make_model(kind)
    for layer in model.base_model.encoder.layer:
        layer.intermediate.intermediate_act_fn = Other()
    with pytest.raises(UserError, match="no lrp scores") as caught:
        lrp.score(model, make_sentences(1), **how(kind))
    assert "\n" not in str(caught.value)
