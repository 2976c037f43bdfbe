"""What every method of scoring heads is told beside the model and the sentences."""

from __future__ import annotations

from typing import TypedDict

import torch

from polyheads.encoders.batches import Layout


class How(TypedDict):
    """The keywords of every method's ``score``."""

    layout: Layout
    shape: tuple[int, int]  # (layers, heads)
    batch_size: int
    device: torch.device
