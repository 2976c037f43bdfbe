"""How sure heads are where to look: the mean of the largest attention weight.

Voita et al. (2019), section 4: the average over tokens of a head's largest attention weight,
leaving out the token that ends the sentence, which is no real one. Here all special tokens are
left out, as places that are looked at and as tokens that look; encoders rest attention on them
where a head has nothing to do. Needs no labels, no loss and no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from polyheads.encoders.batches import Layout, Sentence, chunks
from polyheads.encoders.packing import Grid, Packing
from polyheads.importance.watching import watched


@torch.no_grad()
def score(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    shape: tuple[int, int],
    batch_size: int,
    device: torch.device,
) -> np.ndarray:
    """(layers, heads) mean over the subwords of the largest weight, in [0, 1].

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
            largest, real = _largest_weights(grid, asking, asked, rest, before=before, after=after)
            sums[layer] += largest.sum((0, 2)).cpu().numpy()
            counts[layer] += int(real.sum())
        return query, key, value

    with watched(model, see):
        for batch in chunks(sentences, size=batch_size, layout=layout, device=device):
            model(**batch.inputs)
    return sums / counts[:, None]


def _largest_weights(
    grid: Grid,
    query: torch.Tensor,
    key: torch.Tensor,
    rest: dict[str, Any],
    *,
    before: int,
    after: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(S, H, L) largest weight of every token, 0 for special ones; (S, L) which are no special.

    query, key: (S, H, L, D). rest: keywords of the call. before, after: special tokens around
    a window.
    """
    scale = rest.get("scaling") or query.shape[-1] ** -0.5
    weights = query @ key.transpose(2, 3) * scale  # (S, H, L, L)
    windows, longest = grid.shape
    lengths = torch.full((windows, 1), longest, device=query.device)
    mask = grid.mask(rest.get("sliding_window"))
    if mask is not None:
        weights = weights.masked_fill(~mask, -torch.inf)
    if grid.key_mask is not None:
        lengths = grid.key_mask.view(windows, longest).sum(1, keepdim=True)
    place = torch.arange(longest, device=query.device)
    real = (place >= before) & (place < lengths - after)  # (S, L)
    weights = weights.softmax(-1).masked_fill(~real[:, None, None], 0)
    return weights.amax(-1).double() * real[:, None], real
