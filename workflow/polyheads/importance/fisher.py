"""The diagonal of the empirical Fisher information of the gates.

Kwon et al. (2022, A Fast Post-Training Pruning Framework for Transformers): around
gates of 1, where the gradient is taken to be small, the loss rises without head h by about half of

    I_hh  =  mean over examples of (d L / d gate_h)^2.

Their code squares what it has at hand, the gradient of a batch's mean loss, and sums over batches.
So does this, with the sum over a batch's sentences for the mean: the score is the sum over batches
of (sum over its sentences of d L / d gate)^2. Within a batch gradients of different signs cancel,
so the order of heads depends on `ranking_batch_size` (default, `batch_size`) and on the order of
the sentences; 1 is the paper's definition, 32 what their code has, on training sentences. The loss
of a sentence is the mean over its labelled words. Interactions of heads, the rest of the matrix,
are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence
from polyheads.importance.gradient import gate_gradients
from polyheads.importance.how import How


def score(model: torch.nn.Module, sentences: Sequence[Sentence], **how: Unpack[How]) -> np.ndarray:
    """(layers, heads) sum over the batches of the squared sum of their sentences' gradients."""
    return squared(gate_gradients(model, sentences, **how), how["batch_size"])


def squared(gradients: np.ndarray, batch_size: int) -> np.ndarray:
    """(layers, heads) sum over batches of squared sums, from (sentences, layers, heads)."""
    begins = np.arange(0, len(gradients), batch_size)
    total: np.ndarray = (np.add.reduceat(gradients.astype(np.float64), begins) ** 2).sum(0)
    return total
