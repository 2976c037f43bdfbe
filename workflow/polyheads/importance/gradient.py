"""Gradients of the loss with respect to the heads' gates, one for each example.

Definition (Michel et al. 2019, equation 2; Ma et al. 2021, section 2): the score of a head is
the sum over examples of |d loss / d gate| at gate 1, in evaluation mode, where the loss of an
example is the mean cross-entropy over its labelled words and an example is a sentence. One
backward pass gives the gradients of all examples and heads at once, because every example has
a gate of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

import numpy as np
import torch
from torch.nn import functional

from polyheads.encoders.batches import Layout, Sentence, chunks
from polyheads.encoders.forward import word_logits
from polyheads.importance.how import How


def score(model: torch.nn.Module, sentences: Sequence[Sentence], **how: Unpack[How]) -> np.ndarray:
    """(layers, heads) raw scores: sum over the examples of the absolute gradients."""
    return summed(gate_gradients(model, sentences, **how))


def summed(gradients: np.ndarray) -> np.ndarray:
    """(layers, heads) sum over the examples of the absolute ``gradients``."""
    total: np.ndarray = np.abs(gradients.astype(np.float64)).sum(0)
    return total


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(N,) loss of every word, from (N, labels) logits and (N,) labels."""
    return functional.cross_entropy(logits, labels, reduction="none")


def gate_gradients(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    shape: tuple[int, int],
    batch_size: int,
    device: torch.device,
    value: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = cross_entropy,
    at: float = 1.0,
) -> np.ndarray:
    """(sentences, layers, heads) gradient of every sentence's value with respect to its gates.

    The value of a sentence is the mean of ``value`` over its words, by default the loss. All
    gates are ``at`` the same value, by default open. The weights are frozen, which halves the
    cost; float32 throughout. The numbers don't depend on ``batch_size`` (to rounding).
    """
    model.to(device).eval().requires_grad_(False)
    parts = []
    for batch in chunks(sentences, size=batch_size, layout=layout, device=device):
        gate = torch.full((batch.size, *shape), at, device=device, requires_grad=True)
        logits = word_logits(model, batch, gate)  # (N, labels)
        values = value(logits, batch.labels)  # (N,)
        words = torch.bincount(batch.example, minlength=batch.size)  # (E,)
        (values / words[batch.example]).sum().backward()
        assert gate.grad is not None, "the loss depends on the gates"
        parts.append(gate.grad.cpu().numpy())
    return np.concatenate(parts)
