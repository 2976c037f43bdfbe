"""Layer-wise relevance propagation through the heads, as gradient x input.

Attention weights and the denominators of LayerNorm are held constant (Ali et al. 2022, XAI for
Transformers), and so is the factor of GELU (its output over its input): what comes out of an
activation goes to its input as it is, the identity rule of Achtibat et al. (2024, AttnLRP), who,
unlike this, also propagate through the attention weights. The encoder is then linear in its input,
but for the biases, and the relevance of anything is its value times the gradient of the output with
respect to it. The output is the mean over the words of a sentence of the logit of the gold label;
the relevance that passes through a head is its gate, 1, times the gradient with respect to the
gate. The score of a head is the sum over sentences of its absolute relevance.

Where a feed-forward layer multiplies two things that depend on its input (the gated ones of
ModernBERT, GTE, EuroBERT), each gets half of the relevance (the uniform rule of AttnLRP, Achtibat
et al. 2024); the gradient alone would give the whole of it to both.

Without biases relevance is conserved: in every layer that of the heads and of the connection
around them add up to the logit. This is tried with every model before it is scored.
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
        check_conservation(model, sentences[:SENTENCES], layout=layout, device=device, method="lrp")
        return summed(gate_gradients(model, sentences, value=gold_logit, **how))
