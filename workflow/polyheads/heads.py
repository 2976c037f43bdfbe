"""Attention heads behind gates: one mechanism for scoring, for pruning and for packed batches.

A head's gate multiplies what the head hands to the layer's output projection. Gate 0 is
therefore the same function as removing the head: its rows of the query, key and value
projections and its *input columns* of the output projection. The gradient of the loss with
respect to a gate at 1 is the head importance of Michel et al. (2019), equation 2.

The gates travel to the attention function as keywords of the model call
(``head_gate=..., packing=...``) through transformers' AttentionInterface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

ATTENTION = "polyheads"  # the name our attention function has in a model's configuration


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


def _gated_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    head_gate: torch.Tensor | None = None,
    packing: Packing | None = None,
    trace: list[int] | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Scaled dot-product attention with a gate per head.

    query, key, value: (B, H, T, D). ``head_gate``: (layers, H), the same for everybody, or
    (examples, layers, H), one per example (row of the batch, or sentence of the packed row).
    ``trace`` is told the index of the layer. Returns (B, T, H, D).
    """
    if trace is not None:
        trace.append(module.layer_idx)
    if packing is not None:
        query, key, value = packing.unpack(query), packing.unpack(key), packing.unpack(value)
        attention_mask = packing.key_mask
    out = functional.scaled_dot_product_attention(
        query, key, value, attn_mask=attention_mask, dropout_p=dropout, scale=scaling
    ).transpose(1, 2)  # (S, L, H, D)
    if packing is not None:
        out = packing.pack(out)  # (1, T, H, D)
    if head_gate is not None:
        if head_gate.dim() == 2:
            gate = head_gate[module.layer_idx]  # (H,)
        else:
            gate = head_gate[:, module.layer_idx]  # (examples, H)
            gate = gate[packing.example] if packing is not None else gate[:, None]
        out = out * gate[..., None].to(out.dtype)
    return out.contiguous(), None


AttentionInterface.register(ATTENTION, _gated_attention)
# Without its twin in the mask interface the padding mask is lost without an error.
AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def gate_without(heads: Sequence[Sequence[int]], layers: int, per_layer: int) -> torch.Tensor:
    """(layers, per_layer) of ones, with 0 for every (layer, head) in ``heads``."""
    gate = torch.ones(layers, per_layer)
    for layer, head in heads:
        gate[layer, head] = 0.0
    return gate


def output_projections(model: torch.nn.Module, inputs: dict) -> list[torch.nn.Linear]:
    """The output projection of every layer: the first linear map after its attention.

    Found by watching one forward pass over ``inputs`` (keywords of the model call), so that no
    module names of particular encoders are needed. Columns h*D..(h+1)*D-1 belong to head h.
    """
    found: dict[int, torch.nn.Linear] = {}
    waiting: list[int] = []  # layers whose attention was seen and whose projection was not

    def watch(module: torch.nn.Module, *_: object) -> None:
        if waiting:
            found[waiting.pop()] = module

    linears = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
    hooks = [part.register_forward_pre_hook(watch) for part in linears]
    try:
        with torch.no_grad():
            model(**inputs, trace=waiting)
    finally:
        for hook in hooks:
            hook.remove()
    return [found[layer] for layer in sorted(found)]
