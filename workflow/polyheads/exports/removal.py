"""Heads taken away by zeros: a model of full shape that needs no gate.

A head is gone when its input columns of the output projection are zero. Its rows of the query, key
and value projections (weights and biases) are set to zero, too: nothing reads them any more, and
who looks into the weights sees which heads are gone.

No names of particular encoders are needed. The output projection is found by watching a forward
pass (heads.output_projections). Which rows of the projections before it are a head's is read off
gradients: those of what the head hands to the output projection. With grouped keys and values a
row belongs to several heads, and goes with the last of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from polyheads.encoders.gates import Inputs, output_projections
from polyheads.errors import UserError


def zero_heads(
    model: torch.nn.Module, pruned: Sequence[Sequence[int]], inputs: Inputs, *, heads: int
) -> None:
    """Set the weights of ``pruned`` heads, each (layer, head), to zero, in place.

    inputs: keywords of a model call (polyheads attention) with some tokens; heads: per layer.
    UserError where layers share their attention and not all of them are to lose the head.
    """
    if not pruned:
        return
    projections = output_projections(model, inputs)
    by_layer: dict[int, set[int]] = {}
    for layer, head in pruned:
        by_layer.setdefault(layer, set()).add(head)
    for layer, gone in by_layer.items():
        for other, projection in enumerate(projections):
            if projection is projections[layer] and by_layer.get(other, set()) != gone:
                raise UserError(
                    f"{type(model).__name__}: layers {layer} and {other} share their attention, so"
                    " heads can't be removed from one of them only; such a model can't be exported"
                )
    served = {layer: _rows_of_heads(model, projections[layer], inputs, heads) for layer in by_layer}
    with torch.no_grad():
        for layer, gone in by_layer.items():
            for linear, owners in served[layer].items():  # owners: (rows, heads)
                alive = [head for head in range(heads) if head not in gone]
                dead = owners.any(1) & ~owners[:, alive].any(1)
                linear.weight[dead] = 0
                if linear.bias is not None:
                    linear.bias[dead] = 0
            weight = projections[layer].weight
            size = weight.shape[1] // heads
            for head in gone:
                weight[:, head * size : (head + 1) * size] = 0


@torch.enable_grad()
def _rows_of_heads(
    model: torch.nn.Module, projection: torch.nn.Linear, inputs: Inputs, heads: int
) -> dict[torch.nn.Linear, torch.Tensor]:
    """Query, key and value projections -> (rows, heads) True where a head reads the row."""
    linears = _beside(model, projection)
    handed: list[torch.Tensor] = []
    hook = projection.register_forward_pre_hook(lambda _, given: handed.append(given[0]))
    training = model.training
    model.eval()
    try:
        model(**inputs)
    finally:
        hook.remove()
        model.train(training)
    output = handed[-1]  # (1, T, heads * size)
    size = output.shape[-1] // heads
    random = torch.randn((*output.shape[:-1], size), generator=torch.Generator().manual_seed(0))
    random = random.to(output)
    weights = [linear.weight for linear in linears]
    owners = [torch.zeros(len(w), heads, dtype=torch.bool, device=w.device) for w in weights]
    for head in range(heads):
        mine = (output[..., head * size : (head + 1) * size] * random).sum()
        found = torch.autograd.grad(mine, weights, retain_graph=True, allow_unused=True)
        for owner, gradient in zip(owners, found, strict=True):
            if gradient is not None:
                owner[:, head] = gradient.abs().amax(1) > 0
    return dict(zip(linears, owners, strict=True))


def _beside(model: torch.nn.Module, projection: torch.nn.Linear) -> list[torch.nn.Linear]:
    """The other linear maps of the smallest module around an output projection that has any.

    That module is the attention, whose others make queries, keys and values.
    """
    names = {part: name for name, part in model.named_modules()}
    path = names[projection].split(".")
    while path:
        path.pop()
        around = model.get_submodule(".".join(path))
        found = [
            p for p in around.modules() if isinstance(p, torch.nn.Linear) and p is not projection
        ]
        if found:
            return found
    raise AssertionError("an output projection has others beside it")
