"""Intervals of differences between two groups of gains, both sides drawn together.

The sides of a contrast (exhibits.contrasted) are read from the same test sentences, mostly beside
the same trainings without pruned heads, and have the same seeds. What they share cancels in their
difference, and two intervals that were put together afterwards could not know it: so each draw of
sentences and seeds is one for both sides and for all pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from polyheads.analysis import gains, resampling
from polyheads.analysis.draws import columns
from polyheads.analysis.rows import FRESH, Row
from polyheads.analysis.selection import Sweep
from polyheads.errors import UserError
from polyheads.exhibits.contrasted import Contrast, Sides, with_fresh

COLUMNS = (
    *("what", "level", "criterion", "task", "corpus", "model", "metric"),
    *("experiment", "ranking", "setting", "other_experiment", "other_ranking", "other_setting"),
    *("source", "target", "seeds", "difference", "low", "high", "p_interval"),
    *("above", "within", "below", "delta", "resamples", "problem"),
)

_Drawn = tuple[float, np.ndarray]  # a difference, and (resamples,) of it on draws of sentences


def rows(
    contrasts: Iterable[Contrast],
    sweeps: Sequence[Sweep],
    choices: Sequence[Mapping[str, Any]],
    *,
    resamples: int = resampling.RESAMPLES,
    delta: float | None = None,
) -> list[Row]:
    """Rows (COLUMNS) of each contrast once: its pairs and their mean, by the k chosen on dev; and
    a mean with fresh seeds where both sides have some. Percentage points.

    sweeps, choices, delta: as gains.statistics has them. A contrast in which nothing moved has no
    interval. Predictions that are missing or don't fit cost it all numbers (column problem).
    """
    by_sweep = {gains.sweep_key(found): found for found in sweeps}
    done, out = set(), []
    for contrast in contrasts:
        place = contrast.place()
        if tuple(place.items()) in done or not contrast.sweeps:
            continue
        done.add(tuple(place.items()))
        about = place | {"resamples": resamples, "seeds": len(contrast.seeds)}
        nothing = about | {"criterion": "dev_selected", "level": "mean"}
        try:
            out += [about | row for row in _dev_selected(contrast, by_sweep, resamples, delta)]
            fresh = with_fresh(contrast, choices)
            if fresh:
                nothing |= {"criterion": FRESH, "seeds": len(fresh)}
                out.append(nothing | _fresh(contrast, fresh, by_sweep, resamples, delta))
        except UserError as error:
            out.append(nothing | {"problem": str(error)})
    return out


def _dev_selected(
    contrast: Contrast, sweeps: Mapping[tuple, Sweep], resamples: int, delta: float | None
) -> list[Row]:
    """The pairs' rows, then their mean's."""
    found, draws, out = [], [], []
    for pair in contrast.pairs:
        mine = [s for s in contrast.sweeps if (s[0]["source"], s[0]["target"]) == pair]
        drawn = _of_target(mine, sweeps, resamples)
        values, of_seed = zip(*drawn, strict=True)
        found.append(float(np.mean(values)))
        draws.append(resampling.over_seeds(values, of_seed, resamples=resamples))
        row = {"level": "pair", "criterion": "dev_selected", "source": pair[0], "target": pair[1]}
        row["difference"] = found[-1]
        if any(side["dev_selected_k"] for sides in mine for side in sides):
            row |= columns(draws[-1], delta)
        out.append(row)
    mean = {"level": "mean", "criterion": "dev_selected", "difference": float(np.mean(found))}
    if contrast.moved:
        mean |= columns(np.mean(draws, axis=0), delta)
    return [*out, mean]


def _fresh(
    contrast: Contrast,
    of_seed: Mapping[int, Sequence[Sides]],
    sweeps: Mapping[tuple, Sweep],
    resamples: int,
    delta: float | None,
) -> Row:
    """The mean difference with fresh seeds: seeds and sentences drawn."""
    values = {seed: [] for seed in of_seed}
    draws: dict[int, list[np.ndarray]] = {seed: [] for seed in of_seed}
    for pair in contrast.pairs:
        mine = [
            (seed, sides)
            for seed, found in of_seed.items()
            for sides in found
            if (sides[0]["source"], sides[0]["target"]) == pair
        ]
        drawn = _of_target([sides for _, sides in mine], sweeps, resamples)
        for (seed, _), (value, of) in zip(mine, drawn, strict=True):
            values[seed].append(value)
            draws[seed].append(of)
    observed = [float(np.mean(found)) for found in values.values()]
    row: Row = {"difference": float(np.mean(observed))}
    if contrast.moved:
        means = [np.mean(found, axis=0) for found in draws.values()]
        mean = resampling.over_seeds(observed, means, resamples=resamples)
        row |= columns(mean, delta)
    return row


def _of_target(
    found: Sequence[Sides], sweeps: Mapping[tuple, Sweep], resamples: int
) -> list[_Drawn]:
    """The differences of sweeps that are all read on one test set, one for each two sides."""
    both = [row for sides in found for row in sides]
    # k = 0 and the chosen k: the others are never looked at.
    few = {gains.sweep_key(row): _chosen(row, sweeps[gains.sweep_key(row)]) for row in both}
    drawn = gains.of_sweeps(both, few, resamples)
    return [
        (one[0] - other[0], one[1] - other[1])
        for one, other in zip(drawn[::2], drawn[1::2], strict=True)
    ]


def _chosen(choice: Mapping[str, Any], sweep: Sweep) -> Sweep:
    """The sweep with k = 0 and the k that dev chose only; one of a fresh seed has no others."""
    if choice["role"] == FRESH:
        return sweep
    kept = sorted({0, choice["dev_selected_k"]})
    of = dict(zip(sweep["ks"], sweep["trials"], strict=True))
    return {**sweep, "ks": tuple(kept), "trials": tuple(of[k] for k in kept)}
