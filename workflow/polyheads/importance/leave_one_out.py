"""What the loss rises by when a head is masked: the effect itself, one head at a time.

Dear: one forward pass over the dev set for every head, from the head's layer on, and one without
any masked. A negative score is a head without which the model is better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from polyheads.encoders.batches import Batch, Layout, Sentence, chunks
from polyheads.encoders.gates import gate_without
from polyheads.encoders.sharing import logits_of_gates


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
    """(layers, heads) mean over sentences of loss without the head less loss with all heads.

    The loss of a sentence is the mean cross-entropy over its words. The numbers don't depend on
    ``batch_size`` (to rounding).
    """
    model.to(device).eval()
    rise = np.zeros(shape)
    gates = [None, *(gate_without([head], *shape) for head in np.ndindex(shape))]
    batches = chunks(sentences, size=batch_size, layout=layout, device=device)
    done = 0
    for batch, passes in logits_of_gates(model, batches, gates):
        losses = np.empty(len(gates))
        for number, logits in passes:
            losses[number] = _loss(logits, batch)
        rise += (losses[1:] - losses[0]).reshape(shape)
        done += batch.size
        print(f"leave-one-out: {done} of {len(sentences)} sentences", flush=True)
    return rise / len(sentences)


def _loss(logits: torch.Tensor, batch: Batch) -> float:
    """Sum over the sentences of a batch of their losses; logits: (N, labels)."""
    losses = functional.cross_entropy(logits.double(), batch.labels, reduction="none")  # (N,)
    words = torch.bincount(batch.example, minlength=batch.size)  # (E,)
    return (losses / words[batch.example]).sum().item()
