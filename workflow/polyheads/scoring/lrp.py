"""Layer-wise relevance propagation through the heads, as gradient x input.

Attention weights and the denominators of LayerNorm are held constant (Ali et al. 2022, XAI for
Transformers), and so is the factor of GELU (its output over its input): what comes out of an
activation goes to its input as it is, the identity rule of Achtibat et al. (2024, AttnLRP), who,
unlike this, also propagate through the attention weights. The encoder is then linear in its input,
but for the biases, and the relevance of anything is its value times the gradient of the output with
respect to it. The output is the mean over the words of a sentence of the logit of the gold label;
the relevance that passes through a head is its gate, 1, times the gradient with respect to the
gate. The score of a head is the sum over sentences of its absolute relevance.

Without biases relevance is conserved: in every layer that of the heads and of the connection
around them add up to the logit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from transformers.activations import ACT2CLS

from polyheads.batches import Sentence
from polyheads.errors import UserError
from polyheads.scoring.gradient import gate_gradients, summed
from polyheads.scoring.watching import watched

# The modules that transformers makes of an encoder's `hidden_act`, and PyTorch's own GELU.
_NAMED = [named[0] if isinstance(named, tuple) else named for named in ACT2CLS.values()]
ACTIVATIONS = (torch.nn.GELU, *_NAMED)


def score(
    model: torch.nn.Module, sentences: Sequence[Sentence], *, shape: tuple[int, int], **how
) -> np.ndarray:
    """(layers, heads) raw scores. UserError for an encoder whose parts this does not know."""
    with constant_factors(model, layers=shape[0]):
        return summed(gate_gradients(model, sentences, shape=shape, value=gold_logit, **how))


def gold_logit(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(N,) logit of every word's label, from (N, labels) logits and (N,) labels."""
    return logits.gather(1, labels[:, None])[:, 0]


@contextmanager
def constant_factors(model: torch.nn.Module, *, layers: int) -> Iterator[None]:
    """Hold the factors constant while the block runs; the outputs of ``model`` stay the same.

    UserError unless the model has a norm and an activation, that can be held, for every layer.
    """
    parts = list(model.modules())
    norms = [part for part in parts if isinstance(part, torch.nn.LayerNorm)]
    activations = [part for part in parts if isinstance(part, ACTIVATIONS)]
    if min(len(norms), len(activations)) < layers:
        raise UserError(
            f"{type(model).__name__} has no LayerNorm or no activation that can be held constant,"
            " so its heads have no lrp scores; use the gradient ranking"
        )
    hooks = [part.register_forward_hook(_norm) for part in norms]
    hooks += [part.register_forward_hook(_activation) for part in activations]
    try:
        with watched(model, _constant_weights):
            yield
    finally:
        for hook in hooks:
            hook.remove()


def _constant_weights(module, query, key, value, _):
    # Attention weights are made of queries and keys and of nothing else.
    return query.detach(), key.detach(), value


def _norm(module: torch.nn.LayerNorm, inputs: tuple, _: torch.Tensor) -> torch.Tensor:
    last = tuple(range(-len(module.normalized_shape), 0))
    centred = inputs[0] - inputs[0].mean(last, keepdim=True)
    variance = inputs[0].detach().var(last, unbiased=False, keepdim=True)
    out = centred * torch.rsqrt(variance + module.eps)
    if module.weight is not None:
        out = out * module.weight
    return out if module.bias is None else out + module.bias


def _activation(module: torch.nn.Module, inputs: tuple, output: torch.Tensor) -> torch.Tensor:
    # At 0 an activation that is 0 there has no factor; nothing passes, whatever it is.
    x = inputs[0]
    factor = torch.where(x == 0, 0, output / torch.where(x == 0, 1, x))
    return x * factor.detach()
