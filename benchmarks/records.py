"""What a part of the benchmark leaves: rows of repeats, as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from polyheads.files import writing

Facts = Mapping[str, str | int | float]


class Time(NamedTuple):
    """How long something took."""

    wall: float  # seconds
    busy: float  # seconds of processors, of this process and of those that it started


@dataclass(frozen=True)
class Row:
    """One variant of one measurement; ratios are against the first row of a (case, what)."""

    case: str  # encoder and batch, or what else the rows of a group share
    what: str  # what was timed: a step, a trial, ...
    variant: str
    times: Sequence[Time] = ()  # every repeat; none where only facts are given
    facts: Facts = field(default_factory=dict)  # further columns

    @property
    def seconds(self) -> float:
        """Median over the repeats."""
        return statistics.median(time.wall for time in self.times)

    @property
    def busy(self) -> float:
        """Median of the seconds of processors."""
        return statistics.median(time.busy for time in self.times)


@dataclass(frozen=True)
class Result:
    """The content of a part's JSON file."""

    part: str
    command: str
    arguments: dict[str, object]
    machine: dict[str, object]
    load: dict[str, float]  # the machine's load (1 minute) before and after
    started: str
    seconds: float  # the whole part, with what it had to prepare
    notes: str
    rows: list[Row]


def write(result: Result, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as temporary:
        temporary.write_text(json.dumps(asdict(result), indent=1) + "\n")


def read(path: Path) -> Result:
    content = json.loads(path.read_text())
    rows = [
        Row(**{**row, "times": [Time(*time) for time in row["times"]]}) for row in content["rows"]
    ]
    return Result(**{**content, "rows": rows})
