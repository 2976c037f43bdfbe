"""What the command line says, as the parts read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.material import Material


@dataclass(frozen=True)
class Case:
    """An encoder's shape and the sentences in a batch."""

    shape: str
    batch: int = 16

    @classmethod
    def parse(cls, text: str) -> Case:
        """Of ``mbert`` or ``mbert:32``."""
        shape, _, batch = text.partition(":")
        return cls(shape, int(batch or 16))

    def __str__(self) -> str:
        return f"{self.shape}, batch {self.batch}"


@dataclass(frozen=True)
class Options:
    """None is a part's own default."""

    directory: Path  # for encoders and encodings that are made here
    out: Path  # where the JSON files are
    device: str = "cpu"
    threads: int = 1
    turns: int | None = None
    cases: Sequence[Case] | None = None
    steps: int | None = None  # of a training that is timed by steps, the first of them not counted
    sentences: int | None = None  # of a trial, or of a set that is scored or predicted
    largest_k: int = 12
    jobs: Sequence[int] | None = None  # jobs of a study that is planned
    studies: int | None = None  # runs of the default study
    installed: dict[str, Path] = field(default_factory=dict)  # shape -> encoder to take for it
    encoding: Path | None = None

    def material(self, shape: str) -> Material:
        """An encoder of that shape and its sentences; made once."""
        from benchmarks import material

        return material.make(
            shape,
            self.directory,
            installed=self.installed.get(shape),
            encoding=self.encoding,
            device=self.device,
            threads=self.threads,
        )

    def on_device(self, cpu: int, cuda: int) -> int:
        """A GPU takes more of everything, so that what is timed is more than its start."""
        return cuda if self.device == "cuda" else cpu
