"""Only the embedding rows in use: those of the tokens that a training reads.

Most weights of a multilingual encoder are rows of its vocabulary, and a training's sentences have
a small part of it. All other rows get no gradient, and without weight decay AdamW leaves them as
they are; but their gradients, moments and copies would be written and read at every step. So a
training has an embedding of the rows in use only, and the encoder gets its own back afterwards,
with what was learned. Numbers differ from those of the whole embedding by float rounding, in the
norm of the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from polyheads.encoders.batches import Layout, Sentence
from polyheads.files import writing

TOKENS = "rows.tokens"  # which rows a file of weights has, where it doesn't have all


class Rows(torch.nn.Embedding):
    """The rows of some tokens of an embedding, looked up by the tokens' own ids."""

    places: torch.Tensor

    def __init__(self, whole: torch.nn.Embedding, tokens: torch.Tensor) -> None:
        device = whole.weight.device
        weight = whole.weight.detach()[tokens.to(device)]
        super().__init__(len(tokens), whole.embedding_dim, _weight=weight)
        self.weight.requires_grad_(whole.weight.requires_grad)
        # A token without a row has the place -1, which no lookup allows.
        places = torch.full((whole.num_embeddings,), -1, dtype=torch.int64)
        places[tokens] = torch.arange(len(tokens))
        self.register_buffer("places", places.to(device), persistent=False)
        if whole.padding_idx is not None:  # its row gets no gradient
            self.padding_idx = int(places[whole.padding_idx])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """(..., hidden) rows of token ids of any shape."""
        return functional.embedding(self.places[ids], self.weight, self.padding_idx)


def tokens(sentences: Sequence[Sentence], layout: Layout) -> torch.Tensor:
    """(n,) ids of the tokens that packed batches of these sentences have, increasing."""
    used = [np.array([*layout.prefix, *layout.suffix], np.int64)]
    used += [sentence.subwords for sentence in sentences]
    return torch.from_numpy(np.unique(np.concatenate(used)).astype(np.int64))


def trained(
    model: torch.nn.Module, used: torch.Tensor, *, weight_decay: float
) -> torch.Tensor | None:
    """The tokens whose rows a training of ``model`` changes, ``used`` ones and padding.

    None: it may change all of them. So it does with weight decay, and so it must be taken to do
    where the embedding is more than a table that is read at one place.
    """
    table = _table(model)
    if weight_decay or table is None:
        return None
    padding = [] if table.whole.padding_idx is None else [table.whole.padding_idx]
    together: torch.Tensor = torch.cat([used, torch.tensor(padding, dtype=torch.int64)]).unique()
    return together


@contextmanager
def only(model: torch.nn.Module, tokens: torch.Tensor | None) -> Iterator[None]:
    """Inside, ``model`` has no other embedding rows than those of ``tokens``; None: it has all.

    Before and after it is whole; meanwhile the whole embedding stays on its device, and the model
    may be moved.
    """
    if tokens is None:
        yield
        return
    table = _table(model)
    assert table is not None, "trained says None then"
    part = Rows(table.whole, tokens)
    model.set_submodule(table.name, part)
    try:
        yield
    finally:
        device = table.whole.weight.device
        with torch.no_grad():
            table.whole.weight[tokens.to(device)] = part.weight.to(device)
        model.set_submodule(table.name, table.whole)


def save(model: torch.nn.Module, path: Path, tokens: torch.Tensor | None) -> None:
    """Keep a model's weights as safetensors, of the embedding only the rows of ``tokens``."""
    weights = {key: weight.detach().cpu() for key, weight in model.state_dict().items()}
    if tokens is not None:
        key = _weight(model)
        weights |= {key: weights[key][tokens], TOKENS: tokens}
    with writing(path) as temporary:
        save_file({key: weight.contiguous() for key, weight in weights.items()}, temporary)


def load(model: torch.nn.Module, path: Path) -> None:
    """Give ``model``, on the CPU, the weights that ``save`` kept; other rows stay as they are."""
    weights = load_file(path)
    tokens = weights.pop(TOKENS, None)
    if tokens is not None:
        key = _weight(model)
        whole = model.get_parameter(key).detach()
        whole[tokens] = weights[key]
        weights[key] = whole
    model.load_state_dict(weights)


class _Table(NamedTuple):
    name: str  # of the module
    whole: torch.nn.Embedding


def _table(model: torch.nn.Module) -> _Table | None:
    """The input embedding where its rows in use can stand for it: a plain table of its own.

    None for subclasses (which scale or share), for what shares its weights with another part, and
    for options by which rows are changed that no sentence uses, or by how often.
    """
    try:
        whole = model.get_input_embeddings()  # type: ignore[operator]
    except (AttributeError, NotImplementedError):
        return None
    if type(whole) is not torch.nn.Embedding:
        return None
    if whole.max_norm is not None or whole.sparse or whole.scale_grad_by_freq:
        return None
    modules = model.named_modules(remove_duplicate=False)
    names = [name for name, part in modules if part is whole]
    parameters = model.named_parameters(remove_duplicate=False)
    owners = sum(weight is whole.weight for _, weight in parameters)
    return _Table(names[0], whole) if len(names) == owners == 1 else None


def _weight(model: torch.nn.Module) -> str:
    """The name of the input embedding's weight."""
    table = _table(model)
    assert table is not None, "trained says None then"
    return f"{table.name}.weight"
