"""State of an interrupted training: weights, optimiser, position, random state.

One safetensors file (never pickle), replaced atomically, outside of every rule's declared
outputs so that Snakemake does not delete it before a rerun; removed when the training ends.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypedDict

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from polyheads.encoders.dropout import Stream
from polyheads.files import writing


class Record(TypedDict):
    """What a training says of its steps so far."""

    losses: list[float]  # of every step; of a stack, step by step those of all its trials


class Checkpoint:
    """Saves at most every ``minutes``; restores only what has the same ``fingerprint``.

    fingerprint: anything that determines the numbers (recipe, data, code); a checkpoint of
    another training is ignored and overwritten.
    """

    def __init__(self, path: Path | None, *, minutes: float, fingerprint: str) -> None:
        self.path = None if path is None else Path(path)
        self.seconds = minutes * 60
        self.fingerprint = fingerprint
        self.last = time.monotonic()

    def due(self) -> bool:
        return self.path is not None and time.monotonic() - self.last >= self.seconds

    def save(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        step: int,
        record: Record,
        stream: Stream | None,
    ) -> None:
        """Write weights, optimiser state, random state, ``step`` and ``record``.

        stream: where dropout on a CPU comes from.
        """
        tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
        for index, state in optimizer.state_dict()["state"].items():
            for key, value in state.items():
                tensors[f"optimizer.{index}.{key}"] = torch.as_tensor(value)
        tensors["random.cpu"] = torch.get_rng_state()
        if stream is not None:
            tensors["random.dropout"] = stream.state()
        if torch.cuda.is_available():
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        meta = {"fingerprint": self.fingerprint, "step": str(step), "record": json.dumps(record)}
        assert self.path is not None, "save where one is due"
        with writing(self.path) as temporary:
            save_file(
                {k: v.detach().cpu().contiguous() for k, v in tensors.items()}, temporary, meta
            )
        self.last = time.monotonic()

    def restore(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        stream: Stream | None,
    ) -> tuple[int, Record] | None:
        """Load the state if there is one of this training: (step, record), else None."""
        found = None if self.path is None else _read(self.path, self.fingerprint)
        if found is None:
            return None
        tensors, meta = found
        model.load_state_dict(_part(tensors, "model."))
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in _part(tensors, "optimizer.").items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        torch.set_rng_state(tensors["random.cpu"])
        if stream is not None:
            stream.restore(tensors["random.dropout"])
        if "random.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random.cuda"])
        return int(meta["step"]), json.loads(meta["record"])

    def remove(self) -> None:
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def split(
    path: Path,
    fingerprint: str,
    parts: Sequence[tuple[Path, str, int]],
    *,
    stacked: Collection[str],
) -> None:
    """Make a checkpoint of each part of the checkpoint of a stack, which then is gone.

    parts: path, fingerprint and number of trials of each, in the stack's order; the first has the
    stack's path. stacked: names of the weights that have a first axis of trials. Nothing happens
    where there is no checkpoint with this fingerprint.
    """
    found = _read(path, fingerprint)
    if found is None:
        return
    tensors, meta = found
    count = sum(size for _, _, size in parts)
    losses = json.loads(meta["record"])["losses"]
    end = count
    for place, own, size in reversed(parts):  # the first last: it takes the place of the stack's
        begin = end - size
        kept = {
            key: value[begin:end].contiguous() if _has_trials(key, value, stacked) else value
            for key, value in tensors.items()
        }
        record = {"losses": [loss for i, loss in enumerate(losses) if begin <= i % count < end]}
        with writing(place) as temporary:
            save_file(kept, temporary, {**meta, "fingerprint": own, "record": json.dumps(record)})
        end = begin


def _has_trials(key: str, value: torch.Tensor, stacked: Collection[str]) -> bool:
    """Whether the first axis of a tensor of a stack's checkpoint is that of its trials."""
    if key.startswith("optimizer."):
        return value.dim() > 0  # all but the number of steps
    return key.removeprefix("model.") in stacked


def _read(path: Path, fingerprint: str) -> tuple[dict[str, torch.Tensor], dict[str, str]] | None:
    """Tensors and metadata of a checkpoint with this fingerprint; None where there is none."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as stored:
            meta = stored.metadata() or {}
            if meta.get("fingerprint") != fingerprint:
                return None
            return {key: stored.get_tensor(key) for key in stored.keys()}, meta  # noqa: SIM118
    except SafetensorError:
        return None  # damaged from outside: start again rather than stop


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
