"""What an encoder must be able to do before anything is trained with it, tried on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from polyheads.encoders.gates import (
    ATTENTION,
    Inputs,
    UnknownAttention,
    gate_without,
    number_layers,
    output_projections,
)
from polyheads.encoders.packing import Packing
from polyheads.encoders.subwords import Special, load_tokenizer, special_tokens
from polyheads.encoders.weights import in_one_line
from polyheads.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch.utils.hooks import RemovableHandle
    from transformers import PreTrainedModel

TOLERANCE = 1e-5  # the equalities hold to about 1e-6 in float32
SHORTEST = 16  # tokens; an encoder that takes fewer would cut nearly every sentence
LONG = 512  # tokens of the longest sentence, but for the length limit and wider windows
WIDEST = 4096  # tokens that are tried at the most


def position_offset(model: PreTrainedModel) -> int:
    """Position of the first token: 0 (BERT), pad_token_id + 1 (RoBERTa, XLM-R)."""
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(part, torch.nn.Embedding):
            return 0 if part.padding_idx is None else part.padding_idx + 1
    return 0


def length_limit(model: PreTrainedModel) -> int | None:
    """Tokens that a sentence may have at the most, special tokens included; None: unknown."""
    positions = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:  # XLNet says -1
        return None
    return positions - position_offset(model)


@torch.no_grad()
def probe(model: PreTrainedModel, *, name: str, tokenizer_dir: Path) -> list[list[int]]:
    """Refuse an encoder whose heads cannot be gated or whose sentences cannot be packed.

    Three sentences, one of them longer than any window of attention, must give the same hidden
    states one by one with the encoder's own attention and packed with ours, and gate 0 must
    equal zeroed output-projection columns, both to 1e-5. Relative positions, decoders and
    attention outside transformers' AttentionInterface fail here, by name, before anything is
    trained. Returns the heads, [layer, head], that do nothing: pruned before, columns of zeros.
    """
    model.eval()
    number_layers(model)
    own = model.config._attn_implementation
    tokenizer = load_tokenizer(tokenizer_dir)
    try:
        _check_limits(model, tokenizer)
        windows, projections = _look_at_layers(model, special_tokens(tokenizer))
        limit = length_limit(model)
        if limit is None:
            raise _Refused("its configuration has no max_position_embeddings")
        longest = min(limit, WIDEST, max(LONG, *(2 * (window or 0) for window in windows)))
        sentences = _sentences(model, special_tokens(tokenizer), (11, longest, 7))
        heads = np.ndindex(len(projections), model.config.num_attention_heads)
        missing = [list(head) for head in heads if _is_zero(model, projections, *head)]
        try:
            _compare(model, sentences, projections, own)
        except _Refused:  # is it only rounding, which adds up in deep encoders?
            _compare(model.double(), sentences, projections, own)
        return missing
    except _Refused as refused:
        raise UserError(
            f"model {name} ({type(model).__name__}) cannot be used: {refused}"
        ) from refused
    finally:
        model.float().set_attn_implementation(own)


class _Refused(Exception):
    """Why a model cannot be used."""


def _check_limits(model: PreTrainedModel, tokenizer: Tokenizer) -> None:
    """Sentences of some length fit, and the model has a vector for every id of the tokenizer."""
    limit, size = length_limit(model), getattr(model.config, "vocab_size", None)
    if size is None:
        raise _Refused("it is no encoder of text with a vocabulary (vocab_size in config.json)")
    if limit is not None and limit < SHORTEST:
        raise _Refused(
            f"it takes {limit} tokens at the most (max_position_embeddings in config.json); "
            f"at least {SHORTEST} are needed"
        )
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    token = max(vocabulary, key=vocabulary.__getitem__, default="")
    if vocabulary.get(token, 0) >= size:
        raise _Refused(
            f"its tokenizer has the id {vocabulary[token]} ({token!r}), its vocabulary only "
            f"{size} tokens; tokenizer and weights are of different models"
        )


def _look_at_layers(
    model: PreTrainedModel, special: Special
) -> tuple[list[int | None], list[torch.nn.Linear]]:
    """Window of attention (None: all) and output projection of every layer."""
    config = model.config
    heads = getattr(config, "num_attention_heads", None)
    windows: list[int | None] = []

    def see(
        _: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rest: dict[str, Any]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        windows.append(rest.get("sliding_window"))
        if query.shape[1] != heads:
            raise UnknownAttention(f"its layers have {query.shape[1]} heads, not {heads}")
        return query, key, value

    try:
        row = _row(model, _sentences(model, special, (9,)))
        model.set_attn_implementation(ATTENTION)
        model(**row, see=see)
        projections = output_projections(model, row)
    except UnknownAttention as error:
        raise _Refused(str(error)) from error
    except Exception as error:  # whatever a class does with keywords that it does not know
        raise _Refused(_outside(in_one_line(error))) from error
    if not windows:
        raise _Refused(_outside("it is never called"))
    if not len(windows) == len(projections) == config.num_hidden_layers:
        raise _Refused("the heads of its layers cannot be found")
    return windows, projections


def _compare(
    model: PreTrainedModel,
    sentences: Sequence[torch.Tensor],
    projections: Sequence[torch.nn.Linear],
    own: str,
) -> None:
    """The equalities of ``probe``; own: the name of the encoder's own attention."""
    layers, heads = model.config.num_hidden_layers, model.config.num_attention_heads
    row = _row(model, sentences)
    model.set_attn_implementation(own)
    alone = torch.cat([model(input_ids=ids[None])[0][0] for ids in sentences])
    model.set_attn_implementation(ATTENTION)
    packed = model(**row)[0][0]
    if not _close(packed, alone):
        worst = (packed - alone).abs().max().item()
        raise _Refused(f"sentences packed into one row change its output (by {worst:.1e})")
    there = [h for h in np.ndindex(layers, heads) if not _is_zero(model, projections, *h)]
    if not there:
        raise _Refused("all of its heads are pruned already")
    chosen = [there[0], there[-1]]
    gated = model(**row, head_gate=gate_without(chosen, layers, heads))[0][0]
    with without_columns(projections, chosen, heads):
        zeroed = model(**row)[0][0]
    if torch.equal(zeroed, packed) or not _close(gated, zeroed):
        raise _Refused("a gate of 0 is not the same as removing the head")


def _is_zero(
    model: PreTrainedModel, projections: Sequence[torch.nn.Linear], layer: int, head: int
) -> bool:
    """Whether nothing of what a head finds out goes on."""
    weight = projections[layer].weight
    size = weight.shape[1] // model.config.num_attention_heads
    return not weight[:, head * size : (head + 1) * size].any()


def _sentences(
    model: PreTrainedModel, special: Special, lengths: Sequence[int]
) -> list[torch.Tensor]:
    """Random tokens between special ones, of these lengths in all."""
    size, padding = model.config.vocab_size, model.config.pad_token_id
    generator = torch.Generator().manual_seed(0)
    around = len(special["prefix"]) + len(special["suffix"])
    made = []
    for length in lengths:
        ids = torch.randint(0, size, (length - around,), generator=generator)
        if padding is not None:  # from which some encoders derive positions
            ids[ids == padding] = (padding + 1) % size
        made.append(torch.tensor([*special["prefix"], *ids.tolist(), *special["suffix"]]))
    return made


def _row(model: PreTrainedModel, sentences: Sequence[torch.Tensor]) -> Inputs:
    """Keywords of a model call for sentences in one packed row."""
    offset = position_offset(model)
    lengths = [len(ids) for ids in sentences]
    return {
        "input_ids": torch.cat(list(sentences))[None],
        "position_ids": torch.cat([torch.arange(length) + offset for length in lengths])[None],
        "packing": Packing.of(lengths, range(len(lengths)), torch.device("cpu")),
    }


def _outside(reason: str) -> str:
    return f"its attention does not go through transformers' AttentionInterface ({reason})"


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, atol=TOLERANCE, rtol=TOLERANCE)


@contextmanager
def without_columns(
    projections: Sequence[torch.nn.Linear], chosen: Sequence[tuple[int, int]], heads: int
) -> Iterator[None]:
    """Zero the columns of the ``chosen`` (layer, head) of the output projections in the block.

    projections: of every layer. Layers may share a projection: then the columns are zero in
    that use of it only, counted within each call of the model.
    """
    hooks = []
    for part in dict.fromkeys(projections):
        uses = [layer for layer, other in enumerate(projections) if other is part]
        hooks += _zeroing(part, [[h for at, h in chosen if at == layer] for layer in uses], heads)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _zeroing(part: torch.nn.Linear, uses: list[list[int]], heads: int) -> list[RemovableHandle]:
    """Hooks that take the columns of ``uses[n]``, head numbers, away from the n-th use."""
    size = part.weight.shape[1] // heads
    whole = part.weight.detach().clone()
    count = 0

    def take_away(*_: object) -> None:
        nonlocal count
        for head in uses[count % len(uses)]:
            part.weight.data[:, head * size : (head + 1) * size] = 0
        count += 1

    def give_back(*_: object) -> None:
        part.weight.data.copy_(whole)

    return [part.register_forward_pre_hook(take_away), part.register_forward_hook(give_back)]
