"""How relevance goes back through an encoder, for ``lrp`` and ``attn-lrp``.

Norms, activations and gated products are changed while a block of code runs, so that a gradient
times its input is the relevance that they pass on:

* a LayerNorm or RMSNorm has a constant denominator (Ali et al. 2022);
* an activation has a constant factor, its output over its input: the identity rule of Achtibat et
  al. (2024, AttnLRP);
* of a product of two things that depend on the input, each has half of the relevance (their
  uniform rule); the gradient alone would give the whole of it to both.

What happens to attention is the method's own, and is given as it is to ``watched``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers.activations import ACT2CLS

from polyheads.encoders.batches import Layout, Sentence, pack
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import See
from polyheads.errors import UserError
from polyheads.importance.watching import watched

# The modules that transformers makes of an encoder's `hidden_act`, and PyTorch's own GELU.
_NAMED = [named[0] if isinstance(named, tuple) else named for named in ACT2CLS.values()]
ACTIVATIONS: tuple[Any, ...] = (torch.nn.GELU, *_NAMED)
SENTENCES = 4  # with which conservation is tried
TOLERANCE = 1e-3  # share of the relevance that may be lost; rounding takes about 1e-6


def gold_logit(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(N,) logit of every word's label, from (N, labels) logits and (N,) labels."""
    return logits.gather(1, labels[:, None])[:, 0]


@contextmanager
def constant_factors(model: torch.nn.Module, attention: See) -> Iterator[None]:
    """Hold the factors constant while the block runs; the outputs of ``model`` stay the same.

    attention: what stands before every attention (see ``watched``), such as ``constant_weights``.
    """
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
        with watched(model, attention):
            yield
    finally:
        for hook in hooks:
            hook.remove()


def constant_weights(
    _: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, __: object
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Attention weights as constants: they are made of queries and keys and of nothing else."""
    return query.detach(), key.detach(), value


def check_conservation(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    device: torch.device,
    method: str,
) -> None:
    """UserError unless the embeddings' relevance is the logit, biases being set to 0 meanwhile.

    To be called where factors are constant, attention weights among them. Whatever is not held
    constant or multiplied twice shows here, so that no names of classes and layers need to be
    known. method: what the message calls the scores that there cannot be.
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
            f" have no {method} scores; use the gradient ranking"
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
