"""Layer-wise relevance propagation through the heads and through their attention weights.

AttnLRP (Achtibat et al. 2024): as ``lrp``, whose rules for norms, activations and gated products
it shares, but relevance also goes through the attention weights, to queries and keys. Of each of
the two products of attention, weights x values and queries x keys, both factors have half of the
relevance (the uniform rule), and softmax, s = softmax(x), passes on its Taylor expansion at the
logits, R(x_i) = x_i (R(s_i) - s_i sum over j of R(s_j)), which is gradient x input. Altogether: the
gradient goes to the values by half and to the queries and keys by a quarter, half of a half.

The output is the mean over the words of a sentence of the logit of the gold label. The relevance
of a head is that of what it hands to the output projection, its gate, 1, times the gradient by the
gate, so the rules of attention act in the layers above it and heads of the last layer have the
scores of ``lrp``. The score is the sum over sentences of the absolute relevance.

Softmax does not conserve relevance (a part of it stays with the expansion's constant term), so
what is tried with every model before it is scored is that all else does, with constant weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence
from polyheads.importance.gradient import gate_gradients, summed
from polyheads.importance.how import How
from polyheads.importance.relevance import (
    SENTENCES,
    check_conservation,
    constant_factors,
    constant_weights,
    gold_logit,
)


def score(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    **how: Unpack[How],
) -> np.ndarray:
    """(layers, heads) raw scores. UserError for an encoder that loses or makes relevance."""
    layout, device = how["layout"], how["device"]
    model.to(device).eval().requires_grad_(False)
    with constant_factors(model, constant_weights):
        check_conservation(
            model, sentences[:SENTENCES], layout=layout, device=device, method="attn-lrp"
        )
    with constant_factors(model, shared_out):
        return summed(gate_gradients(model, sentences, value=gold_logit, **how))


def shared_out(
    _: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, __: object
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The same queries, keys and values, with their shares of what goes back."""
    return _less(query, 4), _less(key, 4), _less(value, 2)


def _less(part: torch.Tensor, times: int) -> torch.Tensor:
    """``part``, to the last bit, with a gradient that is so many times less."""
    return part.detach() + (part - part.detach()) / times
