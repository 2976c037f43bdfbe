"""How widely heads look: the entropy of their attention, lower where they are focused.

The entropy of a subword's attention, H(a) = - sum over tokens j of a_j ln a_j, in nats, is what
Clark et al. (2019, What Does BERT Look At?, section 3.3) tell broad heads from focused ones by.
The widest heads count as the least important, as in ``confidence``: heads that look at one place
are the specialised ones of Voita et al. (2019), and attention spread evenly is a mean that other
heads of the layer and the connection around them have, too. The score is the entropy below 0, so
that the least important is lowest.

The distribution is the whole one. A head that rests on a special token, because it has nothing to
do, is focused by its entropy (and not by ``confidence``). Layers with a sliding window cannot have
more entropy than the window has room for, and so are pruned later. Needs no labels, no loss and
no gradient.
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
    """(layers, heads) less the mean over the subwords of the entropy of their attention, nats."""
    return -mean_over_subwords(_entropy, model, sentences, **how)


def _entropy(weights: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    summed: torch.Tensor = torch.special.entr(weights).sum(-1)
    return summed
