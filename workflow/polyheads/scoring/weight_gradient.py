"""Mean absolute gradients of the key and value projections, by head.

The code released with Ma et al. (2021) takes the absolute gradients of the key and value weight
matrices per batch (loss: mean over the labelled words of the batch) and sums their means over
the batches. A head owns *rows* of these matrices, which is what is taken here; ``released``
takes the columns that the released code takes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from polyheads.batches import Layout, Sentence, chunks
from polyheads.errors import UserError
from polyheads.scoring.watching import watched
from polyheads.training import word_logits


def score(model: torch.nn.Module, sentences: Sequence[Sentence], **how) -> np.ndarray:
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
    are the heads' own, 1 the columns. UserError where the projections cannot be found or cut.
    """
    model.to(device).eval().requires_grad_(False)
    layers, heads = shape
    total = np.zeros(shape)
    weights: list[torch.nn.Parameter] = []
    for batch in chunks(sentences, size=batch_size, layout=layout, device=device):
        if not weights:
            found = key_value_projections(model, batch.inputs, layers)
            weights = [linear.weight.requires_grad_(True) for pair in found for linear in pair]
            if any(weight.shape[axis] % heads for weight in weights):
                size = weights[0].shape[axis]
                raise UserError(f"{size} columns of a projection cannot be cut for {heads} heads")
        loss = functional.cross_entropy(word_logits(model, batch, None), batch.labels)
        gradients = torch.autograd.grad(loss, weights)
        for number, gradient in enumerate(gradients):
            line = gradient.abs().double().mean(1 - axis)  # (out,) or (in,)
            total[number // 2] += line.view(heads, -1).mean(1).cpu().numpy()
    return total


def key_value_projections(
    model: torch.nn.Module, inputs: dict, layers: int
) -> list[tuple[torch.nn.Linear, torch.nn.Linear]]:
    """The linear maps that make the keys and the values of every layer.

    Found by watching one forward pass over ``inputs`` (keywords of the model call), so that no
    module names of particular encoders are needed: the map is the one whose output lies where
    attention reads its keys. UserError where something stands between (rotated positions),
    one map makes queries, keys and values together, heads share keys, or layers share maps.
    """
    # Address -> (module, output). The outputs are kept, because the memory of one that is gone
    # could be given to a tensor that no linear map made.
    made: dict[int, tuple[torch.nn.Linear, torch.Tensor]] = {}
    found: dict[int, tuple] = {}

    def note(module: torch.nn.Module, _: object, output: torch.Tensor) -> None:
        made[output.data_ptr()] = (module, output)

    def see(layer, query, key, value, _):
        pair = [made.get(tensor.data_ptr(), (None,))[0] for tensor in (key, value)]
        width = key.shape[1] * key.shape[3]
        if all(linear is not None and linear.weight.shape[0] == width for linear in pair):
            found[layer] = tuple(pair)
        made.clear()
        return query, key, value

    linears = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
    hooks = [part.register_forward_hook(note) for part in linears]
    try:
        with torch.no_grad(), watched(model, see):
            model(**inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if len(found) != layers or len(set(found.values())) != layers:
        raise UserError(
            f"the key and value projections of {type(model).__name__} cannot be found, so its"
            " heads have no weight-gradient and no released scores; use the gradient ranking"
        )
    return [found[layer] for layer in sorted(found)]
