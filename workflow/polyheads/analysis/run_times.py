"""Jobs, time and memory of each stage, from Snakemake's benchmark files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunTime:
    """A stage's jobs; seconds of wall clock, megabytes."""

    stage: str
    jobs: int
    sum_s: float
    mean_s: float | None
    longest_s: float | None
    peak_memory_mb: float | None


@dataclass(frozen=True)
class RunTimes:
    """The stages, all of them together, and how many benchmark files are missing."""

    stages: tuple[RunTime, ...]
    whole: RunTime
    absent: int


def run_times(benchmarks: Mapping[str, Iterable[str | Path]]) -> RunTimes:
    """Of stage -> benchmark files. Those that aren't there (yet, or any more) are counted."""
    stages, absent = [], 0
    for stage, files in benchmarks.items():
        jobs: list[tuple[float, float | None]] = []
        for path in files:
            if Path(path).exists():
                jobs += _jobs(path)
            else:
                absent += 1
        if jobs:
            stages.append(_stage(stage, jobs))
    whole = RunTime(
        stage="all",
        jobs=sum(stage.jobs for stage in stages),
        sum_s=sum(stage.sum_s for stage in stages),
        mean_s=None,
        longest_s=max((stage.longest_s or 0.0 for stage in stages), default=None),
        peak_memory_mb=max((stage.peak_memory_mb or 0.0 for stage in stages), default=None),
    )
    return RunTimes(tuple(stages), whole, absent)


def _stage(stage: str, jobs: list[tuple[float, float | None]]) -> RunTime:
    seconds = [time for time, _ in jobs]
    return RunTime(
        stage=stage,
        jobs=len(seconds),
        sum_s=sum(seconds),
        mean_s=sum(seconds) / len(seconds),
        longest_s=max(seconds),
        peak_memory_mb=max((memory for _, memory in jobs if memory is not None), default=None),
    )


def _jobs(path: str | Path) -> list[tuple[float, float | None]]:
    """Seconds and megabytes of the jobs in a file; `-` stands for what Snakemake doesn't know."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    numbers = [(_number(row.get("s")), _number(row.get("max_rss"))) for row in rows]
    return [(seconds, memory) for seconds, memory in numbers if seconds is not None]


def _number(text: str | None) -> float | None:
    try:
        value = None if text is None else float(text)
    except ValueError:
        return None
    return value if value is not None and value >= 0 else None
