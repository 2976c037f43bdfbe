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
from polyheads.encoders.gates import Packing
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
        asking, asked = packing.unpack(query), packing.unpack(key)  # (S, H, L, D)
        scale = rest.get("scaling") or asking.shape[-1] ** -0.5
        weights = asking @ asked.transpose(2, 3) * scale  # (S, H, L, L)
        windows, longest = packing.shape
        lengths = torch.full((windows, 1), longest, device=query.device)
        mask = packing.mask(rest.get("sliding_window"))
        if mask is not None:
            weights = weights.masked_fill(~mask, -torch.inf)
        if packing.key_mask is not None:
            lengths = packing.key_mask.view(windows, longest).sum(1, keepdim=True)
        place = torch.arange(longest, device=query.device)
        real = (place >= before) & (place < lengths - after)  # (S, L)
        found = of(weights.softmax(-1), real).double() * real[:, None]  # (S, H, L)
        sums[layer] += found.sum((0, 2)).cpu().numpy()
        counts[layer] += int(real.sum())
        return query, key, value

    with watched(model, see):
        for batch in chunks(sentences, size=batch_size, layout=layout, device=device):
            model(**batch.inputs)
    return sums / counts[:, None]
