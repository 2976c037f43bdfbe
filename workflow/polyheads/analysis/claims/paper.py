"""The paper's claims. A new one is an entry here, and its words in report.tables.claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from polyheads.analysis.claims import differences, gains, languages
from polyheads.analysis.claims.evidence import Evidence
from polyheads.analysis.claims.records import ClaimLine, Kind
from polyheads.analysis.several_sources import HEURISTICS
from polyheads.catalogue import published
from polyheads.study.controls import HIGHEST, RANDOM
from polyheads.study.displays import TRANSFER


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the paper says, and where a study has it."""

    id: str
    kind: Kind
    lines: Callable[[Evidence], Iterable[ClaimLine]]  # without claim, kind and verdict
    numbers: Callable[[], Iterable[float]] = tuple  # all that the paper has


def _ending(numbers: Callable[[], Mapping[Any, float]], name: str) -> list[float]:
    """The numbers whose place ends with a name."""
    return [number for (*_, end), number in numbers().items() if end == name]


CLAIMS = (
    *(
        Claim(
            id=f"gains-{setting}",
            kind=Kind.GAIN,
            lines=partial(gains.of_setting, setting=setting),
            numbers=partial(_ending, published.mean_gains, setting),
        )
        for setting in TRANSFER
    ),
    Claim(id="most-pairs", kind=Kind.SHARE, lines=gains.most_pairs),
    Claim(
        id="settings",
        kind=Kind.DIFFERENCE,
        lines=differences.of_settings,
        numbers=differences.published_settings,
    ),
    *(
        Claim(
            id=control,
            kind=Kind.DIFFERENCE,
            lines=partial(differences.of_controls, control=control),
            numbers=partial(_ending, published.control_differences, control),
        )
        for control in (HIGHEST, RANDOM)
    ),
    Claim(
        id="lrp",
        kind=Kind.DIFFERENCE,
        lines=differences.of_lrp,
        numbers=lambda: differences.published_lrp().values(),
    ),
    *(
        Claim(
            id=f"several-{heuristic}",
            kind=Kind.GAIN,
            lines=partial(gains.of_several_sources, heuristic=heuristic),
            numbers=partial(_ending, published.several_gains, heuristic),
        )
        for heuristic in HEURISTICS
    ),
    Claim(id="low-resource", kind=Kind.GAIN, lines=gains.low_resource),
    Claim(
        id="rankings-alike",
        kind=Kind.SIMILARITY,
        lines=languages.rankings_alike,
        numbers=lambda: published.mean_rho().values(),
    ),
    *(
        Claim(
            id=f"gains-by-{name}",
            kind=Kind.RELATION,
            lines=partial(languages.related, predictors=predictors),
        )
        for name, predictors in languages.PREDICTORS.items()
    ),
    Claim(
        id="heads",
        kind=Kind.HEADS,
        lines=gains.heads,
        numbers=lambda: published.mean_heads().values(),
    ),
)
