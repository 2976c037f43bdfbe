"""How much of a GPU's memory a trial takes while it trains, and how many fit side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from polyheads.encoders.batches import Batch
from polyheads.training.steps import Batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FLOAT = 4  # bytes
USABLE = 0.85  # of what is free: the allocator rounds up, and kernels have working memory


def bytes_of_trial(model: PreTrainedModel, batches: Batches) -> int:
    """Bytes that one trial of a stack takes, about, in the step that takes most.

        4 (4 P + 2 E + L (C (18 h + 4 f) + 5 a Q))

    P parameters, each a weight, a gradient and two moments of AdamW; E of them in embeddings, which
    vmap lays out anew, and so their gradient; L layers of hidden size h, feed-forward size f and a
    heads. What the backward pass needs is kept for each of the C cells of attention's padded grids
    (of each grid its windows times the longest one's tokens), at least one a token, and for each of
    the Q pairs of cells that attention compares (of each grid its cells times the longest one's
    tokens). All is counted in float32: bfloat16 takes less, and keeps copies of the weights.
    """
    config = model.config
    hidden, layers, heads = (
        getattr(config, key) for key in ("hidden_size", "num_hidden_layers", "num_attention_heads")
    )
    feed = next(
        (
            getattr(config, key)
            for key in ("intermediate_size", "hidden_dim")
            if hasattr(config, key)
        ),
        4 * hidden,
    )
    parameters = sum(weight.numel() for weight in model.parameters())
    embedded = sum(
        part.weight.numel() for part in model.modules() if isinstance(part, torch.nn.Embedding)
    )
    cells, pairs = _grid(largest_batch(batches))
    kept = layers * (cells * (18 * hidden + 4 * feed) + 5 * heads * pairs)
    return int(FLOAT * (4 * parameters + 2 * embedded + kept))


def largest_batch(batches: Batches) -> Batch:
    """The batch of a training that takes most memory, of all epochs."""

    def size(step: int) -> tuple[int, int]:
        cells, pairs = _grid(batches.at(step))
        return pairs + cells, step  # about as much for either, for each head

    return batches.at(max(map(size, range(batches.schedule.steps)))[1])


def _grid(batch: Batch) -> tuple[int, int]:
    """Cells of attention's padded grids, and pairs of cells that see each other."""
    shapes = [grid.shape for grid in batch.inputs["packing"].grids]
    return sum(s * longest for s, longest in shapes), sum(s * longest**2 for s, longest in shapes)


def trials_that_fit(model: PreTrainedModel, batches: Batches) -> int:
    """How many trials fit into the memory that is free on the batches' GPU, one at least."""
    free, _ = torch.cuda.mem_get_info(batches.device)
    return max(1, int(USABLE * free) // bytes_of_trial(model, batches))
