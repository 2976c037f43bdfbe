"""Layers computed once for many gates: the same bits as whole passes, and no layer twice."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from conftest import SIZES, make_layout, make_model, make_sentences
from test_scoring_slowly import modernbert
from torch.nn import functional
from transformers import AlbertConfig, AlbertForTokenClassification

from polyheads.encoders import gates as gates_module
from polyheads.encoders.batches import chunks
from polyheads.encoders.forward import autocast, word_logits
from polyheads.encoders.gates import ATTENTION, gate_without, number_layers
from polyheads.encoders.sharing import logits_of_gates, sharable_layers
from polyheads.importance import leave_one_out

LAYERS, HEADS = SHAPE = 3, 4
CPU = torch.device("cpu")
TRIALS = 2 * LAYERS * (LAYERS + 3)  # attentions of a few tokens, tried out before, at the most
ORDER = [(2, 1), (1, 0), (2, 3), (0, 2), (1, 3)]


def albert(kind):
    """One layer, used three times."""
    torch.manual_seed(0)
    config = AlbertConfig(**SIZES, embedding_size=24, max_position_embeddings=64)
    config._attn_implementation = ATTENTION
    model = AlbertForTokenClassification(config)
    for weight in model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.2)
    return number_layers(model.eval())


def masks():
    """Nested sets of heads, single heads, gates of any value, some of them more than once."""
    nested = [gate_without(ORDER[:k], *SHAPE) for k in range(1, len(ORDER) + 1)]
    single = [gate_without([head], *SHAPE) for head in np.ndindex(SHAPE)]
    draw = torch.Generator().manual_seed(1)
    others = [torch.rand(SHAPE, generator=draw) * 2 - 0.5 for _ in range(3)]
    return [nested[3], None, *nested, *others, *single, torch.ones(SHAPE), others[0]]


def batches(kind, size=4):
    sentences = make_sentences(10, seed=1, longest=30)  # some of them in windows
    return list(chunks(sentences, size=size, layout=make_layout(kind, 40), device=CPU))


def layers_computed(gates):
    """How many layers must be computed for one batch: different beginnings of the gates."""
    rows = [(torch.ones(SHAPE) if gate is None else gate).tolist() for gate in gates]
    return len({str(row[: layer + 1]) for row in rows for layer in range(LAYERS)})


@contextmanager
def counted():
    """The layers whose attention is computed in the block, in a list."""
    seen, attend = [], gates_module.attend
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            gates_module,
            "attend",
            lambda layer, *x, **y: (seen.append(layer), attend(layer, *x, **y))[1],
        )
        yield seen


def check(model, given, gates):
    """The very logits of whole passes, every gate once; the attentions that were computed."""
    with torch.no_grad():
        expected = [[word_logits(model, batch, gate) for gate in gates] for batch in given]
    with counted() as seen:
        for (batch, passes), same, wanted in zip(
            logits_of_gates(model, given, gates), given, expected, strict=True
        ):
            assert batch is same
            found = dict(passes)
            assert sorted(found) == list(range(len(gates)))
            for number, logits in found.items():
                assert torch.equal(logits, wanted[number]), number
                assert not logits.requires_grad
    assert not torch.equal(expected[0][0], expected[0][1])
    return seen


@pytest.mark.parametrize("make", [make_model, modernbert])
def test_every_gate_gives_the_very_logits_of_a_whole_pass(kind, make):
    model, given, gates = make(kind), batches(kind), masks()
    seen = check(model, given, gates)
    trials = len(seen) - len(given) * layers_computed(gates)
    # The first two windows are tried out before: all layers can be told apart and shared.
    assert 0 < trials < TRIALS
    again = check(model, given[:1], gates)
    assert len(again) == len(seen) - (len(given) - 1) * layers_computed(gates)


def test_leaving_one_out_computes_half_of_the_layers(kind):
    """And gives the numbers of whole passes."""
    model, sentences = make_model(kind), make_sentences(10, seed=1, longest=30)
    given, heads = batches(kind), list(np.ndindex(SHAPE))
    expected = np.zeros(SHAPE)
    with torch.no_grad():
        for batch in given:
            losses = []
            for gate in (None, *(gate_without([head], *SHAPE) for head in heads)):
                logits = word_logits(model, batch, gate).double()
                loss = functional.cross_entropy(logits, batch.labels, reduction="none")
                words = torch.bincount(batch.example)
                losses.append((loss / words[batch.example]).sum().item())
            expected += (np.array(losses[1:]) - losses[0]).reshape(SHAPE)
    how = {"layout": make_layout(kind, 40), "shape": SHAPE, "device": CPU}
    with counted() as seen:
        found = leave_one_out.score(model, sentences, batch_size=4, **how)
    np.testing.assert_array_equal(found, expected / len(sentences))
    half = LAYERS + HEADS * LAYERS * (LAYERS + 1) // 2
    assert half * len(given) < len(seen) < half * len(given) + TRIALS


def test_layers_that_cannot_be_told_apart(kind):
    model, given, gates = albert(kind), batches(kind), masks()
    assert not sharable_layers(model, given[0].inputs, heads=HEADS)
    assert len(check(model, given, gates)) >= len(given) * len(gates) * LAYERS


def test_gates_that_share_nothing_are_not_tried_out():
    model, given = make_model("bert"), batches("bert")
    gates = [None, gate_without([(0, 1)], *SHAPE), gate_without([(0, 2)], *SHAPE)]
    assert len(check(model, given, gates)) == len(given) * len(gates) * LAYERS
    with counted() as seen:
        ((_, passes),) = logits_of_gates(model, given[:1], [None])
        assert len(list(passes)) == 1
    assert len(seen) == LAYERS
    assert list(logits_of_gates(model, [], masks())) == []
    assert [list(passes) for _, passes in logits_of_gates(model, given, [])] == [[]] * len(given)


def test_gates_without_a_shape(kind):
    model, given = make_model(kind), batches(kind)
    with torch.no_grad():
        expected = word_logits(model, given[0], None)
    _, passes = next(logits_of_gates(model, given, [None, None, None]))
    assert all(torch.equal(logits, expected) for _, logits in passes)


class InPlace(torch.nn.Module):
    """A layer that changes what the layer before it gave, and gives something else."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, hidden, *args, **keywords):
        out = self.layer(hidden, *args, **keywords)
        hidden.mul_(0.5)
        return out


class Remembers(torch.nn.Module):
    """A layer that adds what another one was given when it was last computed."""

    def __init__(self, layer, memory, *, writes):
        super().__init__()
        self.layer, self.memory, self.writes = layer, memory, writes

    def forward(self, hidden, *args, **keywords):
        out = self.layer(hidden, *args, **keywords)
        if self.writes:
            self.memory.append(hidden.clone())
            return out
        return out + self.memory.pop()


@pytest.mark.parametrize("at", [1, 2])
def test_a_layer_that_changes_its_input_is_not_shared(kind, at):
    model = make_model(kind)
    layers = model.base_model.encoder.layer
    layers[at] = InPlace(layers[at])
    given, gates = batches(kind), masks()
    assert not sharable_layers(model, given[0].inputs, heads=HEADS)
    assert len(check(model, given, gates)) >= len(given) * len(gates) * LAYERS


def test_layers_that_know_of_each_other_by_other_ways(kind):
    """What a layer leaves behind is there for the layers above it as long as it is right."""
    model, memory = make_model(kind), []
    layers = model.base_model.encoder.layer
    layers[0] = Remembers(layers[0], memory, writes=True)
    layers[2] = Remembers(layers[2], memory, writes=False)
    with pytest.raises(IndexError, match="pop from empty list"):
        # Here it is not, and says so: the layer below was not computed again.
        list(logits_of_gates(model, batches(kind)[:1], masks()))


def test_layers_in_no_list_or_called_in_parts_are_not_shared(kind):
    model, given = make_model(kind), batches(kind)

    class Whole(torch.nn.Module):
        """Calls the layers' parts itself."""

        def __init__(self, layer):
            super().__init__()
            self.inner = torch.nn.ModuleList([layer])

        def forward(self, *args, **keywords):
            return self.inner[0](*args, **keywords)

    layers = model.base_model.encoder.layer
    assert list(sharable_layers(model, given[0].inputs, heads=HEADS)) == list(layers)
    # A list within each layer is another list, and not the one that is looked for.
    for at in range(LAYERS):
        layers[at] = Whole(layers[at])
    assert list(sharable_layers(model, given[0].inputs, heads=HEADS)) == list(layers)
    check(model, given, masks())
    # Two attentions in an element, or an element that is called twice.
    two = torch.nn.Sequential
    model = make_model(kind)
    layers = model.base_model.encoder.layer
    model.base_model.encoder.layer = torch.nn.ModuleList(
        [layers[0], InOne(layers[1], layers[2], two)]
    )
    assert not sharable_layers(model, given[0].inputs, heads=HEADS)
    check(model, given, masks())


class InOne(torch.nn.Module):
    """Two layers as one."""

    def __init__(self, lower, upper, kind):
        super().__init__()
        self.parts = kind(lower, upper)

    def forward(self, hidden, *args, **keywords):
        for part in self.parts:
            hidden = part(hidden, *args, **keywords)
        return hidden


def test_between_passes_the_model_is_as_it_was(kind):
    model, given, gates = make_model(kind), batches(kind), masks()
    with torch.no_grad():
        expected = [word_logits(model, batch, gates[0]) for batch in given]
    for number, (batch, passes) in enumerate(logits_of_gates(model, given, gates)):
        for count, _ in enumerate(passes):
            with torch.no_grad():
                assert torch.equal(word_logits(model, batch, gates[0]), expected[number])
            assert not any("forward" in vars(part) for part in model.modules())
            if count == 5:  # left early
                break


def test_after_an_error_the_model_is_as_it_was():
    model, given = make_model("bert"), batches("bert")
    _, passes = next(logits_of_gates(model, given, masks()))

    def fails(*_):
        raise RuntimeError("no memory")

    hook = model.base_model.encoder.layer[1].output.register_forward_hook(fails)
    with pytest.raises(RuntimeError, match="no memory"):
        list(passes)
    hook.remove()
    assert not any("forward" in vars(part) for part in model.modules())
    check(model, given, masks())


def test_in_bfloat16(kind):
    model, given, gates = make_model(kind), batches(kind), masks()
    with autocast(CPU, "bfloat16"), torch.no_grad():
        expected = [word_logits(model, given[0], gate) for gate in gates]
        assert expected[0].dtype == torch.float32
        ((_, passes),) = logits_of_gates(model, given[:1], gates)
        for number, logits in passes:
            assert torch.equal(logits, expected[number])
    with torch.no_grad():
        assert not torch.equal(expected[0], word_logits(model, given[0], gates[0]))
