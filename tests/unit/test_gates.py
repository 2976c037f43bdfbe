"""Gate 0 = slicing = zeroed columns; packed = padded; a layer without heads works."""

import copy

import pytest
import torch
from conftest import make_layout, make_model, make_sentences
from torch.nn import functional

from polyheads.encoders.batches import pack
from polyheads.encoders.gates import gate_without, output_projections

LAYERS, HEADS = 3, 4
PRUNED = [(0, 1), (0, 3), (1, 0), (2, 0), (2, 1), (2, 2), (2, 3)]  # layer 2 keeps no head


def padded(model, sentences, layout, gate=None):
    """Logits of all words from an ordinary padded batch: (N, labels)."""
    rows = [[*layout.prefix, *s.subwords.tolist(), *layout.suffix] for s in sentences]
    longest = max(map(len, rows))
    pad = model.config.pad_token_id
    ids = torch.tensor([r + [pad] * (longest - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows])
    out = model(input_ids=ids, attention_mask=mask, head_gate=gate).logits
    return torch.cat([out[i, torch.tensor(s.starts).long() + 1] for i, s in enumerate(sentences)])


def packed(model, sentences, layout, gate=None):
    batch = pack(sentences, layout, torch.device("cpu"))
    return model(**batch.inputs, head_gate=gate).logits[0, batch.positions], batch


def test_packed_equals_padded_loss_and_gradients(kind):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(6)
    gradients = []
    losses = []
    for logits, batch in (
        (padded(model, sentences, layout), pack(sentences, layout, torch.device("cpu"))),
        packed(model, sentences, layout),
    ):
        model.zero_grad()
        loss = functional.cross_entropy(logits, batch.labels)
        loss.backward()
        losses.append(loss.item())
        gradients.append({n: p.grad.clone() for n, p in model.named_parameters()})
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], atol=1e-5, rtol=1e-5)


def test_padding_mask_is_not_lost(kind):
    """Alone or beside a longer sentence: the same logits."""
    model, layout = make_model(kind), make_layout(kind)
    short, long = make_sentences(1, longest=3)[0], make_sentences(4, seed=3)[3]
    alone = padded(model, [short], layout)
    together = padded(model, [short, long], layout)[: len(alone)]
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("view", [padded, lambda *a, **k: packed(*a, **k)[0]])
def test_gate_zero_equals_zeroed_columns(kind, view):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(5, seed=1)
    with torch.no_grad():
        gated = view(model, sentences, layout, gate=gate_without(PRUNED, LAYERS, HEADS))
        plain = view(model, sentences, layout)
        row = pack(sentences, layout, torch.device("cpu")).inputs
        projections = output_projections(model, row)
        assert len(projections) == LAYERS
        size = projections[0].weight.shape[1] // HEADS
        for layer, head in PRUNED:
            projections[layer].weight[:, head * size : (head + 1) * size] = 0
        zeroed = view(model, sentences, layout)
    torch.testing.assert_close(gated, zeroed, atol=1e-5, rtol=1e-5)
    assert (gated - plain).abs().max() > 1e-3


def test_gate_zero_equals_sliced_weights(kind):
    """Rows of q, k, v and columns of the output removed with transformers' own function."""
    from transformers.pytorch_utils import prune_linear_layer

    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(5, seed=2)
    sliced = copy.deepcopy(model)
    size = model.config.hidden_size // HEADS
    for number, layer in enumerate(sliced.base_model.encoder.layer):
        gone = {h for at, h in PRUNED if at == number}
        kept = torch.tensor(
            [h * size + i for h in range(HEADS) if h not in gone for i in range(size)],
            dtype=torch.long,
        )
        attention = layer.attention
        for name in ("query", "key", "value"):
            linear = getattr(attention.self, name)
            setattr(attention.self, name, prune_linear_layer(linear, kept))
        attention.output.dense = prune_linear_layer(attention.output.dense, kept, dim=1)
        attention.self.num_attention_heads = HEADS - len(gone)
        attention.self.all_head_size = size * (HEADS - len(gone))
    with torch.no_grad():
        gated = padded(model, sentences, layout, gate=gate_without(PRUNED, LAYERS, HEADS))
        cut = padded(sliced, sentences, layout)
    torch.testing.assert_close(gated, cut, atol=1e-5, rtol=1e-5)


def test_gates_of_examples_act_on_their_own_sentence_only(kind):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(3, seed=4)
    gate = torch.ones(3, LAYERS, HEADS)
    gate[1] = gate_without(PRUNED, LAYERS, HEADS)
    with torch.no_grad():
        plain, batch = packed(model, sentences, layout)
        mixed, _ = packed(model, sentences, layout, gate=gate)
        off, _ = packed(model, sentences, layout, gate=gate[1])
    second = batch.example == 1
    torch.testing.assert_close(mixed[second], off[second])
    torch.testing.assert_close(mixed[~second], plain[~second])


def test_gates_of_examples_of_a_padded_batch(kind):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(3, seed=4)
    gate = torch.ones(3, LAYERS, HEADS)
    gate[1] = gate_without(PRUNED, LAYERS, HEADS)
    with torch.no_grad():
        row, _ = packed(model, sentences, layout, gate=gate)
        torch.testing.assert_close(padded(model, sentences, layout, gate=gate), row)


def test_scaling_is_the_encoders_own(kind):
    model, layout = make_model(kind), make_layout(kind)
    sentences = make_sentences(3, seed=4)
    with torch.no_grad():
        usual, _ = packed(model, sentences, layout)
        for layer in model.base_model.encoder.layer:
            layer.attention.self.scaling *= 3
        found, _ = packed(model, sentences, layout)
        model.set_attn_implementation("eager")
        torch.testing.assert_close(found, padded(model, sentences, layout), atol=1e-5, rtol=1e-5)
    assert (found - usual).abs().max() > 1e-3


def test_attention_has_the_encoders_dropout_in_training(kind):
    model, layout = make_model(kind), make_layout(kind)
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    sentences = make_sentences(3, seed=4)

    def twice():
        with torch.no_grad():
            return [packed(model, sentences, layout)[0] for _ in range(2)]

    model.train()
    assert torch.equal(*twice())
    for layer in model.base_model.encoder.layer:
        layer.attention.self.dropout.p = 0.3
    assert (torch.sub(*twice())).abs().max() > 1e-3
    assert torch.equal(*(model.eval() and twice()))


def test_output_projections_are_found_and_left_alone(kind):
    model, layout = make_model(kind), make_layout(kind)
    row = pack(make_sentences(2), layout, torch.device("cpu")).inputs
    hooks = [len(part._forward_pre_hooks) for part in model.modules()]
    found = output_projections(model, row)
    layers = model.base_model.encoder.layer
    assert all(a is b.attention.output.dense for a, b in zip(found, layers, strict=True))
    assert hooks == [len(part._forward_pre_hooks) for part in model.modules()]
    assert all(linear.weight.grad is None for linear in found)
