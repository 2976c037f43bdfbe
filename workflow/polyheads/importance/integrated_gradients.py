"""What the heads take off the loss, shared out among them along a path from none to all.

Integrated gradients (Sundararajan et al. 2017, equation 1), of the loss by the gates: all gates
together go from 0 to 1, and a head has the integral over the way of the gradient by its own gate,

    score_h  =  - integral from 0 to 1 of  d L(t, ..., t) / d gate_h  dt,

as Hao et al. (2021) do with attention weights. Nothing is lost or counted twice (completeness,
their proposition 1): over all heads the scores sum up to L(0) - L(1), the loss without any head
less that with all. Signed: a negative score is a head that adds to the loss. L is the sum over
sentences of the mean loss of their words.

The integral is a mean over the midpoints of POINTS equal steps, so the sum is exact only up to the
rule's error, which falls with the square of POINTS; a line of the log says how large it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence, chunks
from polyheads.encoders.forward import word_logits
from polyheads.importance.gradient import cross_entropy, gate_gradients
from polyheads.importance.how import How

POINTS = 20


def score(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    points: int = POINTS,
    **how: Unpack[How],
) -> np.ndarray:
    """(layers, heads) shares of L(0) - L(1), by ``points`` passes forth and back."""
    total = np.zeros(how["shape"])
    for step in range(points):
        at = (step + 0.5) / points
        total -= gate_gradients(model, sentences, at=at, **how).astype(np.float64).sum(0)
    total /= points
    fall = loss(model, sentences, at=0.0, **how) - loss(model, sentences, at=1.0, **how)
    print(
        f"integrated-gradients: the heads' shares sum up to {total.sum():.6g}, and the loss falls"
        f" by {fall:.6g} from no head to all",
        flush=True,
    )
    return total


@torch.no_grad()
def loss(
    model: torch.nn.Module, sentences: Sequence[Sentence], *, at: float, **how: Unpack[How]
) -> float:
    """Sum over the sentences of the mean loss of their words, with all gates ``at`` a value."""
    model.to(how["device"]).eval()
    total = 0.0
    batches = chunks(sentences, size=how["batch_size"], layout=how["layout"], device=how["device"])
    for batch in batches:
        gate = torch.full(how["shape"], at, device=how["device"])
        losses = cross_entropy(word_logits(model, batch, gate), batch.labels).double()
        words = torch.bincount(batch.example, minlength=batch.size)  # (E,)
        total += (losses / words[batch.example]).sum().item()
    return total
