"""How sure heads are where to look: the mean of the largest attention weight.

Voita et al. (2019), section 4: the average over tokens of a head's largest attention weight,
leaving out the token that ends the sentence, which is no real one. Here all special tokens are
left out, as places that are looked at and as tokens that look; encoders rest attention on them
where a head has nothing to do. Needs no labels, no loss and no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence
from polyheads.importance.attention import mean_over_subwords
from polyheads.importance.how import How


def score(model: torch.nn.Module, sentences: Sequence[Sentence], **how: Unpack[How]) -> np.ndarray:
    """(layers, heads) mean over the subwords of the largest weight, in [0, 1]."""
    return mean_over_subwords(_largest, model, sentences, **how)


def _largest(weights: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    return weights.masked_fill(~real[:, None, None], 0).amax(-1)
