"""The forward pass as everything here runs it: reproducible, in one precision, words only."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch

from polyheads.encoders.batches import Batch
from polyheads.encoders.gates import Inputs
from polyheads.errors import UserError


def prepare_torch(*, device: str, threads: int) -> torch.device:
    """Pin what results depend on (threads, deterministic kernels) and pick the device.

    ``auto`` is CUDA where there is one. UserError when cuda is asked for and missing.
    """
    # Read when CUDA starts; without it some matrix products are not reproducible.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # It would write NaN into every new tensor before an operation fills it: 5 % of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "config key device is cuda, but PyTorch finds no CUDA device; set device: cpu (or "
            "auto), or install a CUDA build of PyTorch"
        )
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """bfloat16 on GPUs that have it (precision ``auto``) or where asked for; else float32."""
    able = device.type == "cuda" and torch.cuda.is_bf16_supported()
    wanted = precision == "bfloat16" or (precision == "auto" and able)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=wanted)


def word_logits(
    model: Callable[..., Any], batch: Batch, head_gate: torch.Tensor | None
) -> torch.Tensor:
    """(N, labels) logits of the words of a packed batch, in float32."""
    return token_logits(model, batch.inputs, head_gate)[batch.positions]


def token_logits(
    model: Callable[..., Any], inputs: Inputs, head_gate: torch.Tensor | None, **keywords: Any
) -> torch.Tensor:
    """(T, labels) logits of all tokens of a packed row, in float32.

    keywords: others of the model call, for attention (``see``, ``numbers``).
    """
    logits: torch.Tensor = model(**inputs, head_gate=head_gate, **keywords).logits
    return logits[0].float()
