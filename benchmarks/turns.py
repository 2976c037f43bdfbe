"""Timing: variants take turns, steps are timed inside whatever trains.

Beside the time on the wall stands that of the processor, which other work on the machine changes
less.
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import ParamSpec, TypeVar

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks.records import Time

Measure = Callable[[], list[Time]]  # runs a variant once and gives the times of its parts
P = ParamSpec("P")
T = TypeVar("T")


def take_turns(
    variants: Mapping[str, Measure], turns: int, *, once: Collection[str] = ()
) -> dict[str, list[Time]]:
    """Variant -> times. A slower moment of the machine hits all variants.

    Every turn begins with the second of the turn before. once: slow variants that run in the
    first turn only.
    """
    times: dict[str, list[Time]] = {name: [] for name in variants}
    names = list(variants)
    for turn in range(turns):
        begin = turn % len(names)
        for name in names[begin:] + names[:begin]:
            if turn and name in once:
                continue
            gc.collect()
            times[name] += variants[name]()
    return times


def wall(action: Callable[[], object], device: str) -> list[Time]:
    """The time of one call."""
    begin, busy = time.perf_counter(), _busy()
    action()
    if device == "cuda":
        torch.cuda.synchronize()
    return [Time(time.perf_counter() - begin, _busy() - busy)]


def _busy() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def steps(train: Callable[[], object], device: str) -> list[Time]:
    """Times from one optimiser step to the next while ``train`` runs; the first warms up.

    Whoever trains, the clock is the same: PyTorch calls a hook after each step of any optimiser.
    On a GPU the hook only puts a mark into the stream, so that nothing waits for it.
    """
    events: list[torch.cuda.Event] = []
    marks: list[Time] = []

    def mark(*_: object) -> None:
        if device == "cuda":
            events.append(torch.cuda.Event(enable_timing=True))
            events[-1].record()
        marks.append(Time(time.perf_counter(), _busy()))

    with after_each_step(mark):
        train()
    if len(marks) < 2:
        raise ValueError("a training of two steps at least can be timed")
    found = [Time(b.wall - a.wall, b.busy - a.busy) for a, b in pairwise(marks)]
    if device == "cuda":
        torch.cuda.synchronize()
        seconds = [a.elapsed_time(b) / 1000 for a, b in pairwise(events)]
        found = [Time(wall, time.busy) for wall, time in zip(seconds, found, strict=True)]
    return found


@contextmanager
def after_each_step(action: Callable[..., None]) -> Iterator[None]:
    handle = register_optimizer_step_post_hook(action)
    try:
        yield
    finally:
        handle.remove()


def in_own_process(function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
    """What ``function`` gives in a new process, whose memory nobody else has used."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments, **keywords).result()


def peak_memory() -> float:
    """The most MB that this process had so far: on a GPU that PyTorch uses there, else in all."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path("/proc/self/status")
    if status.is_file():
        # Not ru_maxrss: a new process begins with that of the one that started it.
        high = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(high.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS has bytes
