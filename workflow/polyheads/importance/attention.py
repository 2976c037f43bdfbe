"""A mean over subwords of something that each head's attention weights have.

What goes into attention is seen as ``watching`` shows it, and the weights are computed again: the
attention function itself never has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from polyheads.encoders.batches import Layout, Sentence, chunks
from polyheads.encoders.packing import Grid, Packing
from polyheads.importance.watching import watched

# (S, H, L, L) weights, (S, L) True where a subword is and not a special token -> (S, H, L)
Of = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@torch.no_grad()
def mean_over_subwords(
    of: Of,
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    shape: tuple[int, int],
    batch_size: int,
    device: torch.device,
) -> np.ndarray:
    """(layers, heads) mean of ``of`` over the subwords that look; special tokens are left out.

    Weights are those of the whole softmax, special tokens included. A subword that stands in
    two windows counts in both.
    """
    model.to(device).eval()
    before, after = len(layout.prefix), len(layout.suffix)
    sums = np.zeros(shape)
    counts = np.zeros(shape[0])

    def see(
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        rest: dict[str, Any],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        packing: Packing = rest["packing"]
        parts = zip(packing.grids, packing.unpack(query), packing.unpack(key), strict=True)
        for grid, asking, asked in parts:
            real = _subwords(grid, before, after)
            values = of(_weights(grid, asking, asked, rest), real).double() * real[:, None]
            sums[layer] += values.sum((0, 2)).cpu().numpy()
            counts[layer] += int(real.sum())
        return query, key, value

    with watched(model, see):
        for batch in chunks(sentences, size=batch_size, layout=layout, device=device):
            model(**batch.inputs)
    return sums / counts[:, None]


def _weights(
    grid: Grid, query: torch.Tensor, key: torch.Tensor, rest: dict[str, Any]
) -> torch.Tensor:
    """(S, H, L, L) attention weights of a grid, from its (S, H, L, D) queries and keys."""
    scale = rest.get("scaling") or query.shape[-1] ** -0.5
    weights: torch.Tensor = query @ key.transpose(2, 3) * scale
    mask = grid.mask(rest.get("sliding_window"))
    if mask is not None:
        weights = weights.masked_fill(~mask, -torch.inf)
    return weights.softmax(-1)


def _subwords(grid: Grid, before: int, after: int) -> torch.Tensor:
    """(S, L) True where a subword is, and neither padding nor one of the special tokens around."""
    windows, longest = grid.shape
    mask = grid.key_mask
    whole = torch.tensor([[longest]], device=grid.device)
    lengths = whole if mask is None else mask.view(windows, longest).sum(1, keepdim=True)
    place = torch.arange(longest, device=lengths.device)
    return ((place >= before) & (place < lengths - after)).expand(windows, longest)
