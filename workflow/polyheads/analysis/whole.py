"""All that resampling says of a study: gains, nulls and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from polyheads import exhibits
from polyheads.analysis import differences, gains, null_baselines, resampling
from polyheads.analysis.rows import Row
from polyheads.exhibits import claim_contrasts, claim_study, control_sweeps
from polyheads.exhibits.results import Results


class Statistics(NamedTuple):
    """Rows of statistics.csv, null_baselines.csv and differences.csv."""

    gains: list[Row]
    nulls: list[Row]
    differences: list[Row]


def statistics(
    plan: Sequence[exhibits.Exhibit],
    sweeps: Sequence[dict],
    choices: Sequence[Mapping[str, Any]],
    scores: Sequence[Mapping[str, Any]],
    *,
    delta: float | None,
    resamples: int = resampling.RESAMPLES,
) -> Statistics:
    """The statistics of a study, from its plan and the rows of choices.csv and scores.csv.

    delta: the smallest gain that is worth having, in percentage points.
    """
    criteria = exhibits.criteria(plan, sweeps)
    found = gains.statistics(plan, criteria, choices, scores, resamples=resamples, delta=delta)
    # Nulls in the experiments' own metrics only: choices has those of other tables, too.
    own = {(sweep["experiment"], sweep["metric"]) for sweep in sweeps}
    chosen = [row for row in choices if (row["experiment"], row["metric"]) in own]
    against = null_baselines.rows(chosen, scores, draws=resamples)
    # Which groups a claim compares depends on which of them have nulls.
    results = Results(choices, (), (), {}, (), found, against)
    contrasts = claim_contrasts.contrasts(claim_study.study(plan, sweeps, results))
    contrasts += control_sweeps.contrasts(plan, sweeps, choices)
    apart = differences.rows(contrasts, criteria, choices, resamples=resamples, delta=delta)
    return Statistics(found, against, apart)
