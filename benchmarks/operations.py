"""What a training step has to do at least, and how fast this machine does such things."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

# Of a trained weight in float32: read forward and backward, its gradient written and read, and
# AdamW reads and writes the weight and two means (4 + 4 + 4 + 4 + 6 x 4 bytes).
BYTES_OF_A_WEIGHT = 40


@dataclass(frozen=True)
class Work:
    """Of one step."""

    products: float  # operations of linear maps; a multiplication and an addition are two
    attention: float  # operations of the products of queries, keys and values
    moved: float  # bytes of weights, gradients and the optimiser's means

    @property
    def operations(self) -> float:
        return self.products + self.attention


def of_step(
    *,
    lengths: Sequence[int],
    layers: int,
    hidden: int,
    intermediate: int,
    labels: int,
    rows: int,
) -> Work:
    """Work of a step over windows of these ``lengths`` (tokens, special ones included).

    Linear maps: 6 x weights x tokens, 2 forward and 4 backward. Attention of a window of l tokens:
    4 x l x l x hidden forward and twice that backward, in each layer. rows: embedding rows that are
    trained. Biases, norms, softmax and activations count nothing.
    """
    tokens = sum(lengths)
    maps = layers * (4 * hidden**2 + 2 * hidden * intermediate) + hidden * labels
    return Work(
        products=6.0 * maps * tokens,
        attention=12.0 * layers * hidden * sum(length**2 for length in lengths),
        moved=float(BYTES_OF_A_WEIGHT) * (maps + rows * hidden),
    )


@dataclass(frozen=True)
class Peaks:
    """What one process with the threads it has was seen to do at most."""

    float32: float  # operations a second of matrix products
    bfloat16: float
    memory: float  # bytes a second, read and written, of a copy that fits into no cache


def measure(
    device: str, *, sizes: Sequence[int] = (768, 1024, 1536), megabytes: int = 256
) -> Peaks:
    """Take the best of a few repeats, since these are limits."""

    def products(dtype: torch.dtype) -> float:
        best = 0.0
        for size in sizes:
            one, other = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
            best = max(best, 2 * size**3 / _least(partial(torch.mm, one, other), device))
        return best

    source = torch.ones(megabytes * 2**18, device=device)
    target = torch.empty_like(source)
    copied = 2 * 4 * source.numel() / _least(lambda: target.copy_(source), device)
    return Peaks(products(torch.float32), products(torch.bfloat16), copied)


def by_processor(device: str) -> bool:
    """Whether seconds are those of the processor, which others on the machine change less."""
    return device == "cpu" and torch.get_num_threads() == 1


def _least(action: Callable[[], object], device: str, repeats: int = 6) -> float:
    """Seconds of the fastest of some calls, of 20 calls in a row on a GPU."""
    calls = 20 if device == "cuda" else 1
    clock = time.process_time if by_processor(device) else time.perf_counter
    seconds = []
    for _ in range(repeats):
        if device == "cuda":
            torch.cuda.synchronize()
        begin = clock()
        for _ in range(calls):
            action()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append((clock() - begin) / calls)
    return min(seconds)
