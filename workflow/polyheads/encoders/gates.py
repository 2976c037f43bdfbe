"""Attention heads behind gates: one mechanism for scoring, for pruning and for packed batches.

A head's gate multiplies what the head hands to the layer's output projection. Gate 0 is
therefore the same function as removing the head: its rows of the query, key and value
projections and its *input columns* of the output projection. The gradient of the loss with
respect to a gate at 1 is the head importance of Michel et al. (2019), equation 2.

The gates travel to the attention function as keywords of the model call
(``head_gate=..., packing=...``) through transformers' AttentionInterface. Layers are numbered by
the order in which they call it, so that a layer that is used several times (ALBERT) has other
gates at each use. Where several query heads share keys and values, a head is a query head.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NotRequired, TypedDict, TypeVar
from unittest import mock

import torch
from torch.nn import functional
from transformers import utils

# transformers imports SciPy for the loss of models that find objects in images, where it is
# installed. That takes a job as long as some trainings.
with mock.patch.object(utils, "is_scipy_available", lambda: False):
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

from polyheads.encoders.dropout import Stream, drop
from polyheads.encoders.packing import Packing

Model = TypeVar("Model", bound=torch.nn.Module)

ATTENTION = "polyheads"  # the name our attention function has in a model's configuration
# Keywords of the AttentionInterface by which an encoder changes its attention weights in ways
# that are not computed here, and what they stand for.
UNKNOWN = {
    "position_bias": "relative positions",
    "softcap": "capped logits",
    "s_aux": "attention sinks",
}


class UnknownAttention(Exception):
    """Attention that is not computed here; the message says what kind."""


class Inputs(TypedDict):
    """Keywords of a model call for a packed row of T tokens."""

    input_ids: torch.Tensor  # (1, T)
    position_ids: torch.Tensor  # (1, T)
    token_type_ids: NotRequired[torch.Tensor]  # (1, T), of pairs of texts
    packing: Packing


# (layer, query, key, value, other keywords) -> the query, key and value to go on with
See = Callable[
    [int, torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]],
    tuple[torch.Tensor, torch.Tensor, torch.Tensor],
]


def attend(
    layer: int,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    head_gate: torch.Tensor | None = None,
    packing: Packing | None = None,
    sliding_window: int | None = None,
    stream: Stream | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Scaled dot-product attention of a layer with a gate per head.

    query, key, value: (B, H, T, D). ``head_gate``: (layers, H), the same for everybody, or
    (examples, layers, H), one per example (row of the batch, or sentence of the packed row).
    ``stream``: where dropout on a CPU comes from; None: from PyTorch.
    Returns (B, T, H, D).
    """
    how: _How = {"scaling": scaling, "dropout": dropout, "stream": stream}
    if packing is None:
        out = _look(query, key, value, attention_mask, **how)
    else:
        parts = zip(*map(packing.unpack, (query, key, value)), packing.grids, strict=True)
        looks = [_look(q, k, v, grid.mask(sliding_window), **how) for q, k, v, grid in parts]
        out = packing.pack(looks)  # (1, T, H, D)
    if head_gate is not None:
        if head_gate.dim() == 2:
            gate = head_gate[layer]  # (H,)
        else:
            gate = head_gate[:, layer]  # (examples, H)
            gate = gate[packing.example] if packing is not None else gate[:, None]
        out = out * gate[..., None].to(out.dtype)
    return out.contiguous(), None


class _How(TypedDict):
    """How a layer looks at its windows."""

    scaling: float | None
    dropout: float
    stream: Stream | None


def _look(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    *,
    scaling: float | None,
    dropout: float,
    stream: Stream | None,
) -> torch.Tensor:
    """(S, H, L, D) three times -> (S, L, H, D). mask: True where a token may look."""
    if stream is None or dropout == 0 or query.device.type != "cpu":
        out = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropout, scale=scaling
        )
        return out.transpose(1, 2)
    # PyTorch has no fused kernel with dropout for CPUs. What it does instead takes several times
    # as long as these products.
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    logits = (query * scale) @ key.transpose(2, 3)  # (S, H, L, L)
    if mask is not None:  # to add is ten times as fast as to fill where a mask is
        logits += torch.zeros(mask.shape).masked_fill_(~mask, -torch.inf)
    low = logits.dtype in (torch.bfloat16, torch.float16)
    weights = logits.softmax(-1, dtype=torch.float32 if low else None)
    return (drop(weights, dropout, stream).to(value.dtype) @ value).transpose(1, 2)


def _gated_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    numbers: Iterator[int] | None = None,
    see: See | None = None,
    **rest: Any,
) -> tuple[torch.Tensor, None]:
    """What a model calls: ``attend`` with the number of the layer and a key for every head.

    ``see`` (layer, query, key, value, rest) gives the query, key and value to go on with.
    UnknownAttention where the model asks for what is not computed here.
    """
    if getattr(module, "is_causal", False):
        raise UnknownAttention("it reads from left to right only")
    for keyword, meaning in UNKNOWN.items():
        if rest.get(keyword) is not None:
            raise UnknownAttention(f"its attention has {meaning}")
    if key.shape[1] != query.shape[1]:  # several heads share a key and a value
        shared = query.shape[1] // key.shape[1]
        key, value = (part.repeat_interleave(shared, dim=1) for part in (key, value))
    if numbers is None:  # see number_layers
        raise UnknownAttention("its layers do not hand the keywords of a call on to attention")
    layer = next(numbers)
    if see is not None:
        query, key, value = see(layer, query, key, value, rest)
    return attend(layer, query, key, value, attention_mask, **rest)


AttentionInterface.register(ATTENTION, _gated_attention)
# Without its twin in the mask interface the padding mask is lost without an error.
AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def number_layers(model: Model) -> Model:
    """Make every call of ``model`` count the layers of its attention; returns ``model``.

    From 0, unless the call says with ``numbers`` from where.
    """

    def count(
        _: torch.nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, {"numbers": itertools.count(), **keywords}

    model.register_forward_pre_hook(count, with_kwargs=True)
    return model


def gate_without(heads: Sequence[Sequence[int]], layers: int, per_layer: int) -> torch.Tensor:
    """(layers, per_layer) of ones, with 0 for every (layer, head) in ``heads``."""
    gate = torch.ones(layers, per_layer)
    for layer, head in heads:
        gate[layer, head] = 0.0
    return gate


def output_projections(model: torch.nn.Module, inputs: Inputs) -> list[torch.nn.Linear]:
    """The output projection of every layer: the first linear map after its attention.

    Found by watching one forward pass over ``inputs`` (keywords of the model call), so that no
    module names of particular encoders are needed. Columns h*D..(h+1)*D-1 belong to head h.
    Layers that share their weights have the same projection.
    """
    found: dict[int, torch.nn.Linear] = {}
    waiting: list[int] = []  # layers whose attention was seen and whose projection was not

    def see(
        layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, _: object
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        waiting.append(layer)
        return query, key, value

    def watch(module: torch.nn.Module, *_: object) -> None:
        if waiting:
            assert isinstance(module, torch.nn.Linear), "only these are watched"
            found[waiting.pop()] = module

    linears = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
    hooks = [part.register_forward_pre_hook(watch) for part in linears]
    try:
        with torch.no_grad():
            model(**inputs, see=see)
    finally:
        for hook in hooks:
            hook.remove()
    return [found[layer] for layer in sorted(found)]
