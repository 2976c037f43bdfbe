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

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Unpack

import numpy as np
import torch
from transformers.activations import ACT2CLS

from polyheads.encoders.batches import Layout, Sentence, pack
from polyheads.encoders.forward import word_logits
from polyheads.errors import UserError
from polyheads.importance.gradient import gate_gradients, summed
from polyheads.importance.how import How
from polyheads.importance.watching import watched

# The modules that transformers makes of an encoder's `hidden_act`, and PyTorch's own GELU.
_NAMED = [named[0] if isinstance(named, tuple) else named for named in ACT2CLS.values()]
ACTIVATIONS: tuple[Any, ...] = (torch.nn.GELU, *_NAMED)
SENTENCES = 4  # with which conservation is tried
TOLERANCE = 1e-3  # share of the relevance that may be lost; rounding takes about 1e-6


def score(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    **how: Unpack[How],
) -> np.ndarray:
    """(layers, heads) raw scores. UserError for an encoder that loses or makes relevance."""
    layout, device = how["layout"], how["device"]
    model.to(device).eval().requires_grad_(False)
    with constant_factors(model):
        check_conservation(model, sentences[:SENTENCES], layout=layout, device=device)
        return summed(gate_gradients(model, sentences, value=gold_logit, **how))


def gold_logit(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(N,) logit of every word's label, from (N, labels) logits and (N,) labels."""
    return logits.gather(1, labels[:, None])[:, 0]


@contextmanager
def constant_factors(model: torch.nn.Module) -> Iterator[None]:
    """Hold the factors constant while the block runs; the outputs of ``model`` stay the same."""
    products = _Products()
    hooks = []
    for part in model.modules():
        if isinstance(part, torch.nn.LayerNorm):
            hooks.append(part.register_forward_hook(_norm))
        elif isinstance(part, ACTIVATIONS):
            hooks.append(part.register_forward_hook(products.activation))
        elif type(part).__name__.endswith("RMSNorm"):  # each class of transformers has its own
            hooks.append(part.register_forward_hook(_factor))
        elif isinstance(part, torch.nn.Linear):
            hooks.append(part.register_forward_pre_hook(products.before_linear))
            hooks.append(part.register_forward_hook(products.linear))
    try:
        with watched(model, _constant_weights):
            yield
    finally:
        for hook in hooks:
            hook.remove()


def check_conservation(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    device: torch.device,
) -> None:
    """UserError unless the embeddings' relevance is the logit, biases being set to 0 meanwhile.

    To be called where factors are constant. Whatever is not held constant or multiplied twice
    shows here, so that no names of classes and layers need to be known.
    """
    biases = [weight for name, weight in model.named_parameters() if name.endswith("bias")]
    kept = [bias.data.clone() for bias in biases]
    embedded: list[torch.Tensor] = []

    def keep(_: torch.nn.Module, __: object, output: torch.Tensor) -> torch.Tensor:
        embedded.append(output.detach().requires_grad_(True))
        return embedded[-1].clone()  # which the model may change in place

    tables = [part for part in model.modules() if isinstance(part, torch.nn.Embedding)]
    hooks = [part.register_forward_hook(keep) for part in tables]
    try:
        for bias in biases:
            bias.data.zero_()
        batch = pack(sentences, layout, device)
        logit = gold_logit(word_logits(model, batch, None), batch.labels).sum()
        gradients = torch.autograd.grad(logit, embedded, allow_unused=True)
    finally:
        for bias, values in zip(biases, kept, strict=True):
            bias.data.copy_(values)
        for hook in hooks:
            hook.remove()
    relevance = [
        (value * gradient).sum(-1).double()
        for value, gradient in zip(embedded, gradients, strict=True)
        if gradient is not None
    ]
    found = sum(part.sum().item() for part in relevance)
    size = sum(part.abs().sum().item() for part in relevance)
    if abs(found - logit.item()) > TOLERANCE * max(size, abs(logit.item())):
        raise UserError(
            f"{type(model).__name__} has parts in which relevance is not conserved, so its heads"
            " have no lrp scores; use the gradient ranking"
        )


class _Products:
    """Finds gated feed-forward layers while they run, and halves what goes back through them.

    The input of the linear map behind an activation is the activation's output, or a product of
    that and of the output of another linear map, or of half of the same map's.
    """

    def __init__(self) -> None:
        self.activated: torch.Tensor | None = None  # output whose linear map has not come yet
        self.made: list[torch.Tensor] = []  # the last outputs of linear maps
        self.gated: dict[torch.nn.Module, bool] = {}  # linear maps behind activations

    def activation(
        self, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor
    ) -> torch.Tensor:
        self.activated = _factor(module, inputs, output)
        return self.activated

    def linear(self, _: object, __: object, output: torch.Tensor) -> None:
        self.made = [*self.made[-2:], output]

    def before_linear(
        self, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, ...] | None:
        after, value = self.activated, inputs[0]
        if after is not None and value.shape == after.shape:
            if torch.equal(value, after):
                self.gated[module], self.activated = False, None
            elif any(torch.equal(value, after * other) for other in self._others(after)):
                self.gated[module], self.activated = True, None
        return (value / 2 + (value / 2).detach(), *inputs[1:]) if self.gated.get(module) else None

    def _others(self, after: torch.Tensor) -> Iterator[torch.Tensor]:
        for output in self.made:
            if output.shape == after.shape:
                yield output
            elif output.shape[-1] == 2 * after.shape[-1]:
                yield from output.chunk(2, dim=-1)


def _constant_weights(
    _: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, __: object
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    # Attention weights are made of queries and keys and of nothing else.
    return query.detach(), key.detach(), value


def _norm(
    module: torch.nn.LayerNorm, inputs: tuple[torch.Tensor, ...], _: torch.Tensor
) -> torch.Tensor:
    last = tuple(range(-len(module.normalized_shape), 0))
    centred = inputs[0] - inputs[0].mean(last, keepdim=True)
    variance = inputs[0].detach().var(last, unbiased=False, keepdim=True)
    out = centred * torch.rsqrt(variance + module.eps)
    if module.weight is not None:
        out = out * module.weight
    return out if module.bias is None else out + module.bias


def _factor(
    _: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor
) -> torch.Tensor:
    # At 0 an activation that is 0 there has no factor; nothing passes, whatever it is.
    x = inputs[0]
    factor = torch.where(x == 0, 0, output / torch.where(x == 0, 1, x))
    return x * factor.detach()
