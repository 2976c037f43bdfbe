"""How good a fine-tuned model is without some of its heads, asked for many sets of heads.

A seam: methods that need very many of these numbers ask for them here, many at a time, so that
there is one place in which they can be made cheaper.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from polyheads.encoders.batches import Batch, Layout, Sentence, chunks
from polyheads.encoders.sharing import logits_of_gates


def packed(
    sentences: Sequence[Sentence], *, layout: Layout, batch_size: int, device: torch.device
) -> list[Batch]:
    """All sentences in batches, packed once, those of like length together."""
    by_length = sorted(sentences, key=lambda sentence: len(sentence.subwords))
    return list(chunks(by_length, size=batch_size, layout=layout, device=device))


def accuracies(
    model: torch.nn.Module, batches: Sequence[Batch], gates: Sequence[torch.Tensor]
) -> np.ndarray:
    """(gates,) share of all words whose label is the model's most likely, in [0, 1].

    gates: (layers, heads) each. ``model`` is where the batches are, and in evaluation mode. What
    gates have in common is computed once: sets of heads that contain each other, as along an
    order, cost about half of what they cost one by one.
    """
    words = sum(len(batch.labels) for batch in batches)
    right = np.zeros(len(gates))
    for batch, passes in logits_of_gates(model, batches, gates):
        for number, logits in passes:  # (N, labels)
            right[number] += (logits.argmax(-1) == batch.labels).sum().item()
    return right / words
