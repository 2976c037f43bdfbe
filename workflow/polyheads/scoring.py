"""How much each head matters: gradients of the loss with respect to the heads' gates.

Definition (Michel et al. 2019, equation 2; Ma et al. 2021, section 2): the score of a head is
the sum over examples of |d loss / d gate| at gate 1, in evaluation mode, where the loss of an
example is the mean cross-entropy over its labelled words and an example is a sentence. One
backward pass gives the gradients of all examples and heads at once, because every example has
a gate of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from polyheads.batches import Layout, Sentence, chunks
from polyheads.training import word_logits


def gate_gradients(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    shape: tuple[int, int],
    batch_size: int,
    device: torch.device,
) -> np.ndarray:
    """(sentences, layers, heads) gradient of every sentence's loss with respect to its gates.

    The weights are frozen, which halves the cost; float32 throughout. The values don't depend
    on ``batch_size`` (to rounding).
    """
    model.to(device).eval().requires_grad_(False)
    parts = []
    for batch in chunks(sentences, size=batch_size, layout=layout, device=device):
        gate = torch.ones(batch.size, *shape, device=device, requires_grad=True)
        logits = word_logits(model, batch, gate)  # (N, labels)
        losses = functional.cross_entropy(logits, batch.labels, reduction="none")  # (N,)
        words = torch.bincount(batch.example, minlength=batch.size)  # (E,)
        (losses / words[batch.example]).sum().backward()
        parts.append(gate.grad.cpu().numpy())
    return np.concatenate(parts)


def gradient_scores(gradients: np.ndarray) -> np.ndarray:
    """(layers, heads) raw scores: sum over the examples of the absolute gradients."""
    return np.abs(gradients.astype(np.float64)).sum(0)
