"""Where the time of a step goes, by PyTorch's profiler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from torch.profiler import ProfilerActivity, profile, schedule

from benchmarks.turns import after_each_step

WAIT, WARM, ACTIVE = 0, 1, 2  # steps
STEPS = WAIT + WARM + ACTIVE
# What a kernel's name has in it -> what it is for; the first that fits.
KINDS = {
    "attention": ("scaled_dot_product", "softmax", "flash", "bmm", "baddbmm"),
    "products": ("addmm", "aten::mm", "matmul", "mkldnn_linear", "linear", "gemm"),
    "optimiser, clipping": ("adam", "foreach", "linalg_vector_norm", "_norm", "zero_"),
    "random numbers": ("dropout", "bernoulli", "random", "rand"),
    "embedding rows": ("embedding", "index", "gather", "scatter"),
    "activations, norms": ("gelu", "layer_norm", "tanh"),
    "copies, casts": ("copy", "_to_copy", "cat", "contiguous", "clone"),
    "sums, elementwise": ("add", "mul", "sum", "div", "where", "fill"),
}


def shares(train: Callable[[], object], device: str) -> dict[str, float]:
    """Kind of operation -> its share of the time of ``ACTIVE`` steps of a training of ``STEPS``."""
    kinds = [ProfilerActivity.CPU]
    if device == "cuda":
        kinds.append(ProfilerActivity.CUDA)
    plan = schedule(wait=WAIT, warmup=WARM, active=ACTIVE, repeat=1)
    with profile(activities=kinds, schedule=plan) as profiler:
        with after_each_step(lambda *_: profiler.step()):
            train()
        times: Counter[str] = Counter()
        for event in profiler.key_averages():
            if event.key.startswith("ProfilerStep"):
                continue
            spent = event.self_device_time_total if device == "cuda" else event.self_cpu_time_total
            times[_kind(event.key)] += spent
    total = sum(times.values())
    return {name: round(time / total, 3) for name, time in times.most_common()}


def _kind(name: str) -> str:
    lower = name.lower()
    for kind, parts in KINDS.items():
        if any(part in lower for part in parts):
            return kind
    return "rest"
