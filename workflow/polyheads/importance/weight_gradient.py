"""Mean absolute gradients of the key and value projections, by head.

The code released with Ma et al. (2021) takes the absolute gradients of the key and value weight
matrices per batch (loss: mean over the labelled words of the batch) and sums their means over
the batches. A head owns *rows* of these matrices, which is what is taken here; ``released``
takes the columns that the released code takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch
from torch.nn import functional

from polyheads.encoders.batches import Layout, Sentence, chunks
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import Inputs
from polyheads.errors import UserError
from polyheads.importance.how import How
from polyheads.importance.watching import watched

Rows = tuple[torch.nn.Linear, torch.Tensor]  # a linear map; rows of its weight, head by head


def score(model: torch.nn.Module, sentences: Sequence[Sentence], **how: Unpack[How]) -> np.ndarray:
    """(layers, heads) raw scores from the rows, outputs, of each head."""
    return projection_gradients(model, sentences, axis=0, **how)


def projection_gradients(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    axis: int,
    layout: Layout,
    shape: tuple[int, int],
    batch_size: int,
    device: torch.device,
) -> np.ndarray:
    """(layers, heads) sum over batches of mean |d loss / d W|, of keys plus of values.

    axis: the axis of W, [out, in], that is cut into a stretch for each head: 0 the rows, which
    are the heads' own, 1 the columns. UserError where heads have no rows of their own, and where
    columns cannot be cut.
    """
    model.to(device).eval().requires_grad_(False)
    layers, heads = shape
    total = np.zeros(shape)
    found: list[Rows] = []  # of keys, then values, layer after layer
    for batch in chunks(sentences, size=batch_size, layout=layout, device=device):
        if not found:
            found = key_value_rows(model, batch.inputs, layers)
            for linear, _ in found:
                linear.weight.requires_grad_(True)
            size = found[0][0].weight.shape[1]
            if axis == 1 and size % heads:
                raise UserError(f"{size} columns of a projection cannot be cut for {heads} heads")
        loss = functional.cross_entropy(word_logits(model, batch, None), batch.labels)
        gradients = torch.autograd.grad(loss, [linear.weight for linear, _ in found])
        for number, (gradient, (_, rows)) in enumerate(zip(gradients, found, strict=True)):
            line = gradient[rows].abs().double().mean(1 - axis)  # (H * D,) or (in,)
            total[number // 2] += line.view(heads, -1).mean(1).cpu().numpy()
    return total


def key_value_rows(model: torch.nn.Module, inputs: Inputs, layers: int) -> list[Rows]:
    """What makes the keys, then the values, of every layer: (linear map, its rows head by head).

    Found in one forward pass over ``inputs`` (keywords of the model call), so that no module
    names of particular encoders are needed: the rows on whose outputs a head's keys depend.
    They may be rotated by position, and one map may make queries, keys and values together.
    UserError where heads share rows (several query heads with one key, norms over all heads) or
    layers share their maps: such rows are no head's own.
    """
    made: list[tuple[torch.nn.Linear, torch.Tensor]] = []  # outputs since the last attention
    found: dict[int, list[Rows | None]] = {}

    def note(module: torch.nn.Linear, _: object, output: torch.Tensor) -> torch.Tensor:
        made.append((module, output.detach().requires_grad_(True)))
        return made[-1][1].clone()  # which the model may change in place

    def see(
        layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, _: object
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        found[layer] = [_own_rows(part, made) for part in (key, value)]
        made.clear()
        return query, key, value

    linears = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
    hooks = [part.register_forward_hook(note) for part in linears]
    try:
        with torch.enable_grad(), watched(model, see):
            model(**inputs)
    finally:
        for hook in hooks:
            hook.remove()
    parts = [part for layer in sorted(found) for part in found[layer]]
    rows = [part for part in parts if part is not None]
    if len(rows) < len(parts) or len({linear for linear, _ in rows[::2]}) != layers:
        raise UserError(
            f"the heads of {type(model).__name__} have no key and value projections of their own,"
            " and so no weight-gradient and no released scores; use the gradient ranking"
        )
    return rows


def _own_rows(part: torch.Tensor, made: list[tuple[torch.nn.Linear, torch.Tensor]]) -> Rows | None:
    """The map and its rows that ``part``, (1, H, T, D), is made of; None if heads share them."""
    _, heads, _, size = part.shape
    makers, rows = set(), []
    for head in range(heads):
        gradients = torch.autograd.grad(
            part[:, head],
            [output for _, output in made],
            grad_outputs=part[:, head].detach(),
            retain_graph=True,
            allow_unused=True,
        )
        for (linear, _), gradient in zip(made, gradients, strict=True):
            if gradient is not None and gradient.any():
                makers.add(linear)
                rows.append(gradient.flatten(0, -2).any(0).nonzero().squeeze(1))
    every = torch.cat(rows)
    own = len(every.unique()) == len(every) == heads * size
    return (makers.pop(), every) if own and len(makers) == 1 else None
