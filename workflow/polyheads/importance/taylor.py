"""What the loss would rise by without a head, to first order, with its sign.

With the gate of head h off instead of on, the loss of a sentence changes by about

    L(gate_h = 0) - L(gate_h = 1)  =  - d L / d gate_h  +  terms of second order

(the Taylor criterion of Molchanov et al. 2017, section 2.2, before they take its absolute value, as
Michel et al. 2019 do, too). The score is - sum over sentences of the gradient at gate 1, so that it
estimates what ``leave-one-out`` measures, in one pass instead of one for each head. A negative
score is a head without which the model is better; absolute values cannot tell it from a useful one,
which is what Held and Yang (2023) hold against the ``gradient`` ranking.
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
    """(layers, heads) less the sum over sentences of the gradient of the loss at gate 1."""
    gradients = gate_gradients(model, sentences, **how)
    score: np.ndarray = 0 - gradients.astype(np.float64).sum(0)  # 0 has no sign here
    return score
