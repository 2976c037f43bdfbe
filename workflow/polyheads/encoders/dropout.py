"""Dropout that costs little on a CPU: masks cut from cheap random bits.

PyTorch draws a number for every element, one after the other, 6 to 20 ns each. Here a 64-bit word
of a small fast generator (SFC64) decides about four elements, and all the rest are vectorised
passes: about 0.7 ns. The probability is right to 2 ** -17, and what is kept is scaled by what that
probability really is, so that the mean stays. On a GPU PyTorch's own dropout stays.

``install`` gives all dropout modules of a model one ``Stream``; attention takes its masks from it,
too (``gates.attend``). A mask has no dimension of a ``torch.func.vmap``: whatever is stacked there
(the weights of several trainings) has the same dropout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

LANE = 2**16  # a word is cut into four numbers below this


class Stream:
    """An endless sequence of masks that its seed determines, whatever the number of threads.

    On machines of another byte order the masks are others.
    """

    def __init__(self, seed: int) -> None:
        self._words = np.random.SFC64(seed)

    def mask(self, shape: Sequence[int], p: float) -> torch.Tensor:
        """What to multiply a tensor of this shape by: 0 with probability p, else 1 / (1 - p).

        float32; each element is independent of all others. ValueError unless 0 <= p <= 1.
        """
        if not 0 <= p <= 1:
            raise ValueError(f"a dropout probability is between 0 and 1, not {p}")
        dropped = round(p * LANE)
        if dropped == LANE:
            return torch.zeros(shape)
        count = math.prod(shape)
        lanes = self._words.random_raw(-(-count // 4)).view(np.uint16)[:count]
        kept = np.greater_equal(lanes, np.uint16(dropped)).view(np.int8)
        # From int8, because conversion from bool is not vectorised.
        mask = torch.from_numpy(kept).to(torch.float32).mul_(LANE / (LANE - dropped))
        return mask.view(tuple(shape))

    def state(self) -> torch.Tensor:
        """(4,) int64: where the stream is."""
        words: np.ndarray = self._words.state["state"]["state"]  # a copy
        return torch.from_numpy(words.view(np.int64))

    def restore(self, state: torch.Tensor) -> None:
        """Go on from where ``state()`` was taken."""
        whole = self._words.state
        whole["state"]["state"] = state.numpy().view(np.uint64).copy()
        self._words.state = whole


def install(model: torch.nn.Module, *, seed: int) -> Stream:
    """Let every dropout of ``model`` and of its attention take masks from one new stream.

    That is in training on a CPU; in evaluation nothing changes, nor on a GPU. Attention is reached
    by the keyword ``stream`` of the model call. A later stream replaces an earlier one.
    """
    stream = Stream(seed)
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.forward = partial(_drop, part, stream)  # type: ignore[method-assign]
    model.register_forward_pre_hook(partial(_hand_on, stream), with_kwargs=True)
    return stream


def drop(hidden: torch.Tensor, p: float, stream: Stream) -> torch.Tensor:
    """``hidden`` with a new mask; of its own dtype. Its gradient goes through the same mask."""
    return (hidden * stream.mask(hidden.shape, p)).to(hidden.dtype)


def _drop(module: torch.nn.Dropout, stream: Stream, hidden: torch.Tensor) -> torch.Tensor:
    if not module.training or module.p == 0:
        return hidden
    if hidden.device.type != "cpu":
        return functional.dropout(hidden, module.p, training=True)
    return drop(hidden, module.p, stream)


def _hand_on(
    stream: Stream, _: torch.nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, {**keywords, "stream": stream}
