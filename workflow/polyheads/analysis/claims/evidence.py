"""What the paper's claims are held against: a study's numbers, and what decides about a mean gain.

What decides is its interval, p against unpruned runs, and the gain with seeds that chose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from polyheads.analysis import fresh, tidy
from polyheads.analysis.choices import Choice
from polyheads.analysis.claims.records import ClaimLine, Fresh, Null, Number
from polyheads.analysis.contrasts import mean_of, p_of_ends
from polyheads.analysis.correlations import Correlation
from polyheads.analysis.draws import Bounds
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.gain_differences import Difference
from polyheads.analysis.groups import Group, Study, moved, pairs_of
from polyheads.analysis.null_baselines import NullBaseline
from polyheads.analysis.rankings import Ranking
from polyheads.study.comparisons import Families
from polyheads.study.displays import Display


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """All that a study has."""

    study: Study
    displays: Sequence[Display]
    choices: Sequence[Choice]  # of all roles
    estimates: Sequence[Estimate]
    null_baselines: Sequence[NullBaseline]
    differences: Sequence[Difference]
    rankings: Sequence[Ranking]
    languages: Families
    correlations: Mapping[str, Sequence[Correlation]]  # name of their table -> its rows

    @property
    def groups(self) -> Mapping[Group, Sequence[Choice]]:
        """The groups of sweeps that are compared."""
        return self.study.groups

    def of_kind(self, kind: str) -> list[Display]:
        """The displays of a kind."""
        return [display for display in self.displays if display.kind == kind]
