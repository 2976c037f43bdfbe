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
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar

import torch
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

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


@dataclass(frozen=True)
class Packing:
    """Where the sentences (windows) of a packed row lie. T tokens, S windows, L the longest.

    A packed row holds the tokens of all windows one behind the other, so that linear layers
    see no padding; only attention looks at one window at a time.
    """

    scatter: torch.Tensor  # (S * L,) token of every cell of the padded (S, L) grid; padding: 0
    gather: torch.Tensor  # (T,) cell of every token
    key_mask: torch.Tensor | None  # (S, 1, 1, L) True where a token is; None: no padding at all
    example: torch.Tensor  # (T,) index of the example (sentence) that a token belongs to
    shape: tuple[int, int]  # (S, L)
    bands: dict[int, torch.Tensor] = field(default_factory=dict)  # masks by reach, made once

    @classmethod
    def of(cls, lengths: Sequence[int], examples: Sequence[int], device: torch.device) -> Packing:
        """Packing of windows with these lengths; ``examples[i]`` is the sentence of window i."""
        count, longest = len(lengths), max(lengths)
        sizes = torch.tensor(lengths)
        first = torch.cumsum(sizes, 0) - sizes  # (S,) where each window begins in the row
        cell = torch.arange(longest).expand(count, longest)  # (S, L)
        present = cell < sizes[:, None]  # (S, L)
        scatter = torch.where(present, first[:, None] + cell, 0).reshape(-1)
        full = bool(present.all())
        return cls(
            scatter=scatter.to(device),
            gather=present.reshape(-1).nonzero().squeeze(1).to(device),
            key_mask=None if full else present[:, None, None, :].to(device),
            example=torch.tensor(examples).repeat_interleave(sizes).to(device),
            shape=(count, longest),
        )

    def unpack(self, row: torch.Tensor) -> torch.Tensor:
        """(1, H, T, D) -> (S, H, L, D)"""
        _, heads, _, size = row.shape
        grid = row[0].index_select(1, self.scatter)  # (H, S * L, D)
        return grid.view(heads, *self.shape, size).transpose(0, 1)

    def pack(self, grid: torch.Tensor) -> torch.Tensor:
        """(S, L, H, D) -> (1, T, H, D)"""
        return grid.flatten(0, 1).index_select(0, self.gather)[None]

    def mask(self, sliding_window: int | None = None) -> torch.Tensor | None:
        """True where a token may look, (S, 1, 1 or L, L); None: everywhere.

        sliding_window: tokens look at less than so many to either side (the meaning that the
        AttentionInterface gives the keyword); None: at all.
        """
        longest = self.shape[1]
        if sliding_window is None or sliding_window >= longest:
            return self.key_mask
        if sliding_window not in self.bands:
            place = torch.arange(longest, device=self.scatter.device)
            far = (place[:, None] - place).abs()  # (L, L)
            band = (far < sliding_window)[None, None]
            if self.key_mask is not None:
                # Padding looks at itself: a softmax over nothing at all would be NaN.
                band = band & self.key_mask | (far == 0)
            self.bands[sliding_window] = band
        return self.bands[sliding_window]


class Inputs(TypedDict):
    """Keywords of a model call for a packed row of T tokens."""

    input_ids: torch.Tensor  # (1, T)
    position_ids: torch.Tensor  # (1, T)
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
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Scaled dot-product attention of a layer with a gate per head.

    query, key, value: (B, H, T, D). ``head_gate``: (layers, H), the same for everybody, or
    (examples, layers, H), one per example (row of the batch, or sentence of the packed row).
    Returns (B, T, H, D).
    """
    if packing is not None:
        query, key, value = packing.unpack(query), packing.unpack(key), packing.unpack(value)
        attention_mask = packing.mask(sliding_window)
    out = functional.scaled_dot_product_attention(
        query, key, value, attn_mask=attention_mask, dropout_p=dropout, scale=scaling
    ).transpose(1, 2)  # (S, L, H, D)
    if packing is not None:
        out = packing.pack(out)  # (1, T, H, D)
    if head_gate is not None:
        if head_gate.dim() == 2:
            gate = head_gate[layer]  # (H,)
        else:
            gate = head_gate[:, layer]  # (examples, H)
            gate = gate[packing.example] if packing is not None else gate[:, None]
        out = out * gate[..., None].to(out.dtype)
    return out.contiguous(), None


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
