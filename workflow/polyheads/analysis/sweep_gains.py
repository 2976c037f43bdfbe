"""The gain of every sweep of an experiment by both criteria."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polyheads.analysis.choices import Choice
from polyheads.study.displays import Display, members


@dataclass(frozen=True, kw_only=True)
class SweepGain:
    """Gains of one sweep in percentage points, None for a missing one."""

    setting: str
    model: str
    source: str
    target: str
    seed: int
    dev_selected: float | None
    test_oracle: float | None

    @property
    def pair(self) -> tuple[str, str]:
        """Source and target."""
        return self.source, self.target


def rows(display: Display, choices: Iterable[Choice]) -> list[SweepGain]:
    """A row for every sweep that a display shows."""
    return [
        SweepGain(
            setting=row.setting,
            model=row.model,
            source=row.source,
            target=row.target,
            seed=row.seed,
            dev_selected=row.dev_selected.gain,
            test_oracle=row.test_oracle.gain,
        )
        for row in members(display, choices)
    ]
