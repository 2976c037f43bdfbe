"""What the code released with Ma et al. (2021) computes, which is no score of the heads.

It cuts the key and value weight matrices, [out, in], into stretches of *input columns*, one for
each head. Column i belongs to the i-th number of the layer's input, whatever the head; the heads
of a layer can be permuted, which is the same function, without any change of this score. It is
here so that anyone can see what the published rankings were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence
from polyheads.importance.how import How
from polyheads.importance.weight_gradient import projection_gradients


def score(model: torch.nn.Module, sentences: Sequence[Sentence], **how: Unpack[How]) -> np.ndarray:
    """(layers, heads) raw scores from stretches of input columns."""
    return projection_gradients(model, sentences, axis=1, **how)
