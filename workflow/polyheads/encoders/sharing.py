"""One batch under many gates: layers below the first gate that differs are computed once.

What comes out of a layer depends on the gates of this layer and of those below it. Gates, sorted
layer by layer, are therefore walked depth first as a tree of their beginnings: every layer's
output is kept while the gates of all layers up to it stay the same, and the model goes on above.
Leaving out single heads so takes about half of the layers of a whole pass for every head;
of k = 0..K lowest heads masked, each takes the layers from its last new head on.

The model is the unmodified one. For the time of a pass its layers answer with the outputs that
were kept, whatever they are (a tensor, a tuple); embeddings, masks and the classifier are
computed every time. Where an encoder's layers are not found, or sharing changes a single bit of
its logits, every pass is a whole one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from polyheads.encoders.batches import Batch
from polyheads.encoders.forward import token_logits
from polyheads.encoders.gates import Inputs
from polyheads.encoders.packing import Packing


class _Turn(NamedTuple):
    """One gate's turn in the walk."""

    number: int  # which of the gates it is
    gate: torch.Tensor | None  # (layers, heads)
    shared: int  # layers from the lowest on whose gates are those of the turn before


@torch.no_grad()
def logits_of_gates(
    model: torch.nn.Module, batches: Iterable[Batch], gates: Sequence[torch.Tensor | None]
) -> Iterator[tuple[Batch, Iterator[tuple[int, torch.Tensor]]]]:
    """Every batch, with the logits of its words under every gate.

    gates: each (layers, heads), the same for all sentences, or None (all 1), in any order. The
    inner iterator gives (index of the gate, (N, labels) logits in float32), each gate once, in an
    order of its own; it can be left early. ``model`` is in evaluation mode. Between the passes it
    is as it was. Memory: at most one output of every layer is kept.
    """
    turns = _turns(gates)
    layers: Sequence[torch.nn.Module] = ()
    for count, batch in enumerate(batches):
        if count == 0 and any(turn.shared for turn in turns):
            layers = sharable_layers(model, batch.inputs, heads=_shape(gates)[1])
        yield batch, _of_words(batch, _passes(model, batch.inputs, turns, layers))


def _of_words(
    batch: Batch, passes: Iterator[tuple[int, torch.Tensor]]
) -> Iterator[tuple[int, torch.Tensor]]:
    for number, logits in passes:
        yield number, logits[batch.positions]


def _shape(gates: Sequence[torch.Tensor | None]) -> tuple[int, int]:
    """(layers, heads); (1, 1) if no gate says."""
    layers, heads = next((gate.shape for gate in gates if gate is not None), (1, 1))
    return layers, heads


def _turns(gates: Sequence[torch.Tensor | None]) -> list[_Turn]:
    """The gates in the order in which each shares as much as possible with the one before."""
    ones = torch.ones(_shape(gates))
    rows = [(ones if gate is None else gate.cpu()).tolist() for gate in gates]
    turns: list[_Turn] = []
    for number in sorted(range(len(gates)), key=rows.__getitem__):
        shared = 0
        if turns:
            same = (a == b for a, b in zip(rows[turns[-1].number], rows[number], strict=True))
            shared = sum(itertools.takewhile(bool, same))
        turns.append(_Turn(number, gates[number], shared))
    return turns


@torch.no_grad()
def _passes(
    model: torch.nn.Module,
    inputs: Inputs,
    turns: Sequence[_Turn],
    layers: Sequence[torch.nn.Module],
) -> Iterator[tuple[int, torch.Tensor]]:
    """(number of the gate, (T, labels) logits of all tokens) of every turn.

    layers: see `sharable_layers`; without any, every pass is a whole one.
    """
    kept: list[Any] = []  # outputs of the layers from the lowest on
    for turn in turns:
        del kept[turn.shared :]
        gate = None if turn.gate is None else turn.gate.to(inputs["input_ids"].device)
        first = itertools.count(len(kept))
        with _keeping(layers, kept):
            logits = token_logits(model, inputs, gate, numbers=first)
        assert len(kept) == len(layers), "each layer is called once"
        yield turn.number, logits


@contextmanager
def _keeping(layers: Sequence[torch.nn.Module], kept: list[Any]) -> Iterator[None]:
    """Let layers answer with what is ``kept`` of them; what others compute is added to it.

    In the block they are called once, in their order.
    """
    numbers = itertools.count()

    def answering(compute: Callable[..., Any]) -> Callable[..., Any]:
        def forward(*args: Any, **keywords: Any) -> Any:
            number = next(numbers)
            if number == len(kept):
                kept.append(compute(*args, **keywords))
            return kept[number]

        return forward

    modules = list(dict.fromkeys(layers))
    for module in modules:
        module.forward = answering(module.forward)
    try:
        yield
    finally:
        for module in modules:
            del module.forward  # that of its class is there again


def sharable_layers(
    model: torch.nn.Module, inputs: Inputs, *, heads: int
) -> Sequence[torch.nn.Module]:
    """The module of every layer, lowest first, or none where sharing them isn't safe.

    Tried on the first two windows of ``inputs``: gates that differ in one layer, for every layer,
    must give the very same logits with outputs shared as in whole passes.
    """
    inputs = _beginning(inputs)
    layers = _layers(model, inputs)
    gates = [torch.ones(len(layers), heads) for _ in layers]
    for layer, gate in enumerate(gates):
        gate[layer] = 0.5
    turns = _turns([None, None, *gates])  # twice the same: nothing but the classifier differs
    shared, whole = (_passes(model, inputs, turns, given) for given in (layers, ()))
    pairs = zip(shared, whole, strict=True)
    return layers if all(torch.equal(one, other) for (_, one), (_, other) in pairs) else ()


def _beginning(inputs: Inputs) -> Inputs:
    """Keywords of a model call for the first two windows, or the one that there is."""
    places = inputs["position_ids"][0]
    begins = [*(places == places[0]).nonzero().squeeze(1).tolist(), len(places)][:3]
    lengths = [end - begin for begin, end in itertools.pairwise(begins)]
    found: Inputs = {
        "input_ids": inputs["input_ids"][:, : begins[-1]],
        "position_ids": inputs["position_ids"][:, : begins[-1]],
        "packing": Packing.of(lengths, range(len(lengths)), places.device),
    }
    if "token_type_ids" in inputs:
        found["token_type_ids"] = inputs["token_type_ids"][:, : begins[-1]]
    return found


def _layers(model: torch.nn.Module, inputs: Inputs) -> Sequence[torch.nn.Module]:
    """The modules of one list whose calls have the attention of one layer each, in their order.

    A module that is used by several layers (ALBERT) is there several times. Found by watching a
    forward pass, so that no names of particular encoders are needed. Empty without such a list.
    """
    lists = [part for part in model.modules() if isinstance(part, torch.nn.ModuleList)]
    calls: list[tuple[torch.nn.Module, list[int]]] = []  # module, layers whose attention was seen
    running: list[list[int]] = []  # the same layers, of the calls that are going on
    count = 0

    def see(
        layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, _: object
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        nonlocal count
        count += 1
        for seen in running:
            seen.append(layer)
        return query, key, value

    def begin(module: torch.nn.Module, *_: object) -> None:
        running.append([])
        calls.append((module, running[-1]))

    def end(*_: object) -> None:
        running.pop()

    hooks = []
    for part in dict.fromkeys(itertools.chain.from_iterable(lists)):
        hooks += [part.register_forward_pre_hook(begin), part.register_forward_hook(end)]
    try:
        token_logits(model, inputs, None, see=see)
    finally:
        for hook in hooks:
            hook.remove()
    for candidates in lists:
        own = [(module, seen) for module, seen in calls if module in set(candidates)]
        if [seen for _, seen in own] == [[layer] for layer in range(count)]:
            return [module for module, _ in own]
    return ()
