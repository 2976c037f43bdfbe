"""What the loss rises by when a head is masked: the effect itself, one head at a time.

Dear: one forward pass over the dev set for every head and one without any masked. A negative
score is a head without which the model is better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from polyheads.encoders.batches import Batch, Layout, Sentence, chunks
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import gate_without


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
    batches = chunks(sentences, size=batch_size, layout=layout, device=device)
    for number, batch in enumerate(batches):
        whole = _loss(model, batch, None)
        for head in np.ndindex(shape):
            rise[head] += _loss(model, batch, gate_without([head], *shape).to(device)) - whole
        done = min(len(sentences), (number + 1) * batch_size)
        print(f"leave-one-out: {done} of {len(sentences)} sentences", flush=True)
    return rise / len(sentences)


def _loss(model: torch.nn.Module, batch: Batch, gate: torch.Tensor | None) -> float:
    """Sum over the sentences of a batch of their losses."""
    logits = word_logits(model, batch, gate).double()  # (N, labels)
    losses = functional.cross_entropy(logits, batch.labels, reduction="none")  # (N,)
    words = torch.bincount(batch.example, minlength=batch.size)  # (E,)
    return (losses / words[batch.example]).sum().item()
