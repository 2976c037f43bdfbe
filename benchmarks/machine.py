"""What a measurement was made on: processor, threads, versions, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
PACKAGES = ("torch", "transformers", "accelerate", "numpy", "snakemake")
# Instructions that decide how fast matrix products are.
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile")


def facts(*, device: str, threads: int) -> dict[str, object]:
    """The machine as the JSON files have it. threads: those that PyTorch may use."""
    name, flags = _processor()
    found: dict[str, object] = {
        "processor": name,
        "flags": [flag for flag in FLAGS if flag in flags],
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "threads": threads,
        "memory_gb": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "commit": commit(),
    }
    if device == "cuda":
        found["gpu"] = torch.cuda.get_device_name()
        found["cuda"] = torch.version.cuda
    return found


def load() -> float:
    """Processes that wanted to run, mean of the last minute."""
    return round(os.getloadavg()[0], 2)


def commit() -> str:
    """The commit that is checked out, with a + where files differ from it."""
    try:
        head = _git("rev-parse", "--short=10", "HEAD").strip()
        # Results of the benchmark itself change no number.
        changed = _git("status", "--porcelain", "--", "workflow", "benchmarks", "config")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed.strip() else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def _processor() -> tuple[str, set[str]]:
    """(name, flags) of the first processor, as Linux says; elsewhere what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine(), set()
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = said.get("model name", platform.machine())
    # "AMD EPYC" alone, as virtual machines say, is five generations.
    if "cpu family" in said:
        name += f" (family {said['cpu family']}, model {said.get('model', '?')})"
    return name, set(said.get("flags", "").split())


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
