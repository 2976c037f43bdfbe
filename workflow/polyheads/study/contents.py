"""The plan of a study's report as a file: made once, read by every rule after the trials.

It has the sweeps, the displays and the names of the tables that compare rankings, and no word of
what a reader sees, so that rewording makes no number again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.files import writing
from polyheads.study import comparisons, displays
from polyheads.study.comparisons import Planned
from polyheads.study.displays import Display
from polyheads.study.plan import Plan, Sweep


@dataclass(frozen=True)
class Contents:
    """What a study's report is about."""

    sweeps: tuple[Sweep, ...]
    displays: tuple[Display, ...]
    comparisons: tuple[str, ...]  # names of the tables that compare rankings
    rankings: tuple[Planned, ...] = ()  # of one language's scores, those that can be drawn


def make(plan: Plan, scored: Sequence[str], languages: LanguageFacts) -> Contents:
    """The contents of a planned study. scored: paths of its rankings of one language's scores."""
    rankings = tuple(
        comparisons.planned(training, name, plan.catalogue[training.corpus]["task"])
        for training, name in (plan.rankings[path] for path in scored)
    )
    return Contents(
        sweeps=tuple(plan.sweeps),
        displays=tuple(displays.plan(plan.sweeps)),
        comparisons=tuple(comparisons.names(rankings, plan.sweeps, languages)),
        rankings=rankings,
    )


def as_json(contents: Contents) -> dict[str, Any]:
    """Plain data, which `read` takes: a parameter of the rule that writes it."""
    content: dict[str, Any] = json.loads(json.dumps(asdict(contents)))
    return content


def write(content: dict[str, Any], path: str | Path) -> None:
    """Write what `as_json` gave."""
    with writing(Path(path)) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: str | Path) -> Contents:
    """The contents in a file."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    return Contents(
        sweeps=tuple(_sweep(values) for values in content["sweeps"]),
        displays=tuple(Display(**values) for values in content["displays"]),
        comparisons=tuple(content["comparisons"]),
        rankings=tuple(Planned(**values) for values in content["rankings"]),
    )


def _sweep(values: dict[str, Any]) -> Sweep:
    lists = ("mixture", "dev", "ks", "trials")
    return Sweep(**{**values, **{name: tuple(values[name]) for name in lists}})
