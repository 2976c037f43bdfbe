"""Look at what goes into attention, or change it, while a block of code runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from polyheads.encoders.gates import See


@contextmanager
def watched(model: torch.nn.Module, see: See) -> Iterator[None]:
    """Let ``see(layer, query, key, value, rest)`` stand before every attention of ``model``.

    layer: its number, from 0. query, key, value: (B, H, T, D). rest: the other keywords of the
    attention function, among them ``packing``. It returns the query, key and value that
    attention goes on with.
    """

    def pass_on(
        _: torch.nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, {**keywords, "see": see}

    hook = model.register_forward_pre_hook(pass_on, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()
