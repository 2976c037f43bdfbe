"""All that resampling says of a study: its gains, their null baselines and their differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from polyheads.analysis import (
    claim_contrasts,
    control_contrasts,
    differences,
    gains,
    groups,
    null_baselines,
    resampling,
)
from polyheads.analysis.choices import Choice, Score
from polyheads.analysis.differences import Difference
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.null_baselines import NullBaseline
from polyheads.study import displays
from polyheads.study.contents import Contents


class Inference(NamedTuple):
    """The rows of statistics.csv, null_baselines.csv and differences.csv."""

    estimates: list[Estimate]
    null_baselines: list[NullBaseline]
    differences: list[Difference]

    @property
    def problems(self) -> list[str]:
        """Why gains and differences have no numbers, each reason once."""
        problems = [row.problem for row in self.estimates]
        problems += [row.problem for row in self.differences]
        return list(dict.fromkeys(filter(None, problems)))


def infer(
    contents: Contents,
    choices: Sequence[Choice],
    scores: Sequence[Score],
    *,
    delta: float | None,
    resamples: int = resampling.RESAMPLES,
) -> Inference:
    """The statistics of a study.

    delta: the smallest gain that is worth having, in percentage points.
    """
    sweeps = displays.with_metrics(contents.displays, contents.sweeps)
    estimates = gains.rows(
        contents.displays, sweeps, choices, scores, resamples=resamples, delta=delta
    )
    # Null baselines in the experiments' own metrics only: choices has those of other tables, too.
    own = {(sweep.experiment, sweep.metric) for sweep in contents.sweeps}
    in_own = [row for row in choices if (row.experiment, row.metric) in own]
    nulls = null_baselines.rows(in_own, scores, draws=resamples)
    # Which groups a claim compares depends on which of them have nulls.
    study = groups.study(
        contents.displays, contents.sweeps, choices, with_nulls={row.experiment for row in nulls}
    )
    contrasts = [
        *claim_contrasts.contrasts(study),
        *control_contrasts.contrasts(contents.displays, contents.sweeps, choices),
    ]
    apart = differences.rows(contrasts, sweeps, choices, resamples=resamples, delta=delta)
    return Inference(estimates, nulls, apart)
