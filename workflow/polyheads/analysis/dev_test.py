"""How well dev ranks the k of a sweep on test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice
from polyheads.study.displays import Display, members


@dataclass(frozen=True, kw_only=True)
class DevTest:
    """Spearman's rho of dev and test over k, of the sweeps of a source and model in a setting."""

    setting: str
    source: str
    model: str
    sweeps: int
    rhos: tuple[float, ...]  # rising; of the sweeps that have one (see choices.choose)
    mean: float | None


def rows(display: Display, choices: Iterable[Choice]) -> list[DevTest]:
    """A row for each setting, source and model, in the order in which they come."""
    groups = tidy.grouped(
        members(display, choices), lambda row: (row.setting, row.source, row.model)
    )
    out = []
    for (setting, source, model), sweeps in groups.items():
        rhos = [row.dev_test_spearman for row in sweeps]
        out.append(
            DevTest(
                setting=setting,
                source=source,
                model=model,
                sweeps=len(sweeps),
                rhos=tuple(sorted(rho for rho in rhos if rho is not None)),
                mean=tidy.mean(rhos),
            )
        )
    return out
