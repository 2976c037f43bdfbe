"""Intervals and p of every gain in a study's tables, from the trials' kept predictions.

Both criteria of `choices`: `dev_selected` compares the k chosen on dev with k = 0, `test_oracle`
the best of k >= 1 with k = 0, where the best is looked for again in every draw. What is tested how:
docs/statistics.md. What is missing among the trials leaves its cell out. Predictions that are
missing or don't fit cost their own cell its numbers, and its estimates say why (problem).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import NamedTuple

import numpy as np

from polyheads.analysis import drawn_gains, fresh, resampling, run_noise, tidy
from polyheads.analysis.choices import CRITERIA, Choice, Score
from polyheads.analysis.counts import SCORES
from polyheads.analysis.drawn_gains import DrawnGain, SweepCounts, Sweeps, whole
from polyheads.analysis.draws import Bounds, bounds
from polyheads.analysis.estimates import FRESH, Estimate
from polyheads.analysis.run_noise import Runs
from polyheads.errors import UserError
from polyheads.study.displays import Display, members
from polyheads.study.plan import Sweep


class Resampled(NamedTuple):
    """An estimate, and (resamples,) draws of its gain; None where there are none."""

    estimate: Estimate
    draws: np.ndarray | None


class PValues(NamedTuple):
    """p over sentences, and over whole trainings where there are several of any kind."""

    p_sentences: float
    p_seeds: float | None
    p_runs: float | None

    @property
    def p(self) -> float:
        """The larger one of two: by sentences and, where it was measured, by trainings.

        A gain must be more than the choice of sentences and more than the noise of training makes.
        """
        return max(value for value in self if value is not None)


class DevScore(NamedTuple):
    """What names a dev score."""

    trial: str
    language: str
    metric: str


@dataclass(frozen=True)
class Inputs:
    """What a study's estimates are made of, and how."""

    sweeps: Sweeps
    dev: Mapping[DevScore, float]  # percent
    runs: Runs
    resamples: int
    delta: float | None

    def dev_scores(self, counted: SweepCounts) -> np.ndarray:
        """(systems,) what k is chosen by: the mean over the languages that the choice looks at."""
        languages, metric = counted.choice.dev.split("+"), counted.choice.metric
        return np.array(
            [
                fmean(self.dev[DevScore(trial, code, metric)] for code in languages)
                for trial in counted.trials
            ]
        )


def rows(
    displays: Iterable[Display],
    sweeps: Iterable[Sweep],
    choices: Sequence[Choice],
    scores: Sequence[Score],
    *,
    resamples: int = resampling.RESAMPLES,
    delta: float | None = None,
) -> list[Estimate]:
    """The estimates of all tables, table by table; those of fresh seeds, too.

    sweeps: in the tables' metrics (`displays.with_metrics`). delta: the smallest gain that is worth
    having, in percentage points.
    """
    dev = {
        DevScore(row.trial_path, row.language, row.metric): row.value
        for row in scores
        if row.split == "dev" and row.heads == "pruned"
    }
    inputs = Inputs(drawn_gains.by_key(sweeps), dev, Runs.of(scores), resamples, delta)
    out = []
    for display in displays:
        if display.kind in ("results", "low-resource"):
            out += _of_table(display, members(display, choices), inputs)
        elif display.kind == "fresh":
            out += _of_fresh_seeds(display, choices, inputs)
    return out


def _of_table(display: Display, choices: Sequence[Choice], inputs: Inputs) -> list[Estimate]:
    """One table: its pairs, p adjusted by Holm over both criteria, then its means."""
    # In the setting low-resource a pair has a mixture for every share of its data.
    cells = tidy.grouped(choices, lambda row: (row.model, *row.pair, row.mixture))
    pairs = [one for cell in cells.values() for one in _pair(display, cell, inputs)]
    # Who reads the table sees both criteria, and may take any star in it for a finding.
    adjusted = resampling.holm([one.estimate.p for one in pairs])
    pairs = [
        one._replace(estimate=replace(one.estimate, p_holm=p))
        for one, p in zip(pairs, adjusted, strict=True)
    ]
    groups = tidy.grouped(pairs, lambda one: (one.estimate.model, one.estimate.criterion))
    means = [_mean(group, inputs.delta) for group in groups.values() if len(group) > 1]
    return [one.estimate for one in pairs] + means


def _pair(display: Display, choices: Sequence[Choice], inputs: Inputs) -> list[Resampled]:
    """Both criteria of one pair of languages, a choice for each seed.

    With draws for the mean over pairs only where it is of both: means are over the sweeps that have
    both gains, all or none.
    """
    try:
        counted = drawn_gains.load(choices, inputs.sweeps)
        estimates = _estimates(display, counted, inputs) if counted else []
    except UserError as error:
        estimates = [
            Resampled(replace(blank, problem=str(error)), None)
            for criterion in CRITERIA
            if (blank := _without_numbers(display, choices, criterion, inputs.resamples))
        ]
    seeds = {one.estimate.seeds for one in estimates}
    if len(seeds) == 1 and len(estimates) == len(CRITERIA):
        return estimates
    return [one._replace(draws=None) for one in estimates]


def _estimates(display: Display, counted: Sequence[SweepCounts], inputs: Inputs) -> list[Resampled]:
    scores = drawn_gains.scores(counted, inputs.resamples)
    out = []
    for criterion in CRITERIA:
        blank = _without_numbers(
            display, [one.choice for one in counted], criterion, inputs.resamples
        )
        if blank is None:
            continue
        sides = [
            (one, draws)
            for one, draws in zip(counted, scores, strict=True)
            if one.choice.by(criterion).gain is not None
        ]
        drawn = [drawn_gains.gain_of(one, draws, criterion) for one, draws in sides]
        gain, draws = _over_seeds(drawn, inputs.resamples)
        estimate = replace(blank, sentences=len(counted[0].counts), gain=gain)
        # Where k = 0 is chosen with every seed nothing is compared, and nothing can be claimed.
        if any(one.choice.by(criterion).k for one, _ in sides):
            known = _bounds(draws, criterion, inputs.delta)
            tests = _tests(criterion, sides, inputs)
            estimate = replace(estimate, **asdict(known), **tests._asdict(), p=tests.p)
        out.append(Resampled(estimate, draws))
    return out


def _without_numbers(
    display: Display, choices: Sequence[Choice], criterion: str, resamples: int
) -> Estimate | None:
    """What a pair's estimate says of its sweeps, one for each seed; None where none has a gain."""
    with_gain = [row for row in choices if row.by(criterion).gain is not None]
    if not with_gain:
        return None
    first = with_gain[0]
    return Estimate(
        table=display.name,
        level="pair",
        criterion=criterion,
        experiment=first.experiment,
        task=first.task,
        corpus=first.corpus,
        model=first.model,
        recipe=first.recipe,
        ranking=display.ranking,
        setting=first.setting,
        source=first.source,
        target=first.target,
        mixture=first.mixture,
        metric=first.metric,
        seeds=len(with_gain),
        k=" ".join(str(row.by(criterion).k) for row in with_gain),
        resamples=resamples,
    )


def _mean(pairs: Sequence[Resampled], delta: float | None = None) -> Estimate:
    """The mean gain of a model's pairs; those of one target language share their draws."""
    estimates = [one.estimate for one in pairs]
    seeds = [one.seeds for one in estimates if one.seeds is not None]
    gains = [one.gain for one in estimates if one.gain is not None]
    mean = _mean_without_numbers(estimates)
    if any(one.problem for one in estimates):
        return mean  # without a pair it would be the mean of other pairs than the table's
    mean = replace(mean, gain=float(np.average(gains, weights=seeds)))
    draws = [one.draws for one in pairs if one.draws is not None]
    compared = any(one.low is not None for one in estimates)
    if compared and len(draws) == len(pairs):
        averaged = np.average(draws, axis=0, weights=np.array(seeds, float))
        mean = replace(mean, **asdict(_bounds(averaged, mean.criterion, delta)))
    return mean


def _mean_without_numbers(estimates: Sequence[Estimate]) -> Estimate:
    """What the mean of these pairs says of them."""
    first = estimates[0]
    return Estimate(
        table=first.table,
        level="mean",
        criterion=first.criterion,
        experiment=first.experiment,
        task=first.task,
        corpus=first.corpus,
        model=first.model,
        recipe=first.recipe,
        ranking=first.ranking,
        setting=first.setting,
        metric=first.metric,
        seeds=max(one.seeds for one in estimates if one.seeds is not None),
        resamples=first.resamples,
    )


def _bounds(draws: np.ndarray, criterion: str, delta: float | None) -> Bounds:
    """What draws say of a gain; of a maximum over k no more than where they lie."""
    if criterion == "test_oracle":
        low, high = resampling.interval(draws)
        return Bounds(low=low, high=high)
    return bounds(draws, delta)


def _of_fresh_seeds(display: Display, choices: Sequence[Choice], inputs: Inputs) -> list[Estimate]:
    """A table of fresh seeds: its pairs, then the means of each setting and model.

    As `fresh.rows` has them: a seed's gain is its mean over the seeds that chose a k, a mean of
    pairs is of the seeds that have all of these. Intervals draw seeds and sentences; without p.
    """
    repeated = [one for one in fresh.of_pairs(display, choices) if one.again]
    pairs = [_repeated_pair(display, one, inputs) for one in repeated]
    groups = tidy.grouped(pairs, lambda pair: (pair[0].setting, pair[0].model))
    means = [_mean_of_fresh_seeds(group, inputs) for group in groups.values()]
    return [estimate for estimate, _ in pairs] + means


_Seeds = Mapping[int, DrawnGain]  # fresh seed -> its gain, the mean of its sweeps


def _repeated_pair(
    display: Display, repeated: fresh.Repeated, inputs: Inputs
) -> tuple[Estimate, _Seeds]:
    """A pair's estimate and its seeds; none where predictions can't be used."""
    choices = [row for rows in repeated.again.values() for row in rows]
    chosen = [row for row in repeated.chosen if row.dev_selected.k is not None]
    ks = " ".join(str(row.dev_selected.k) for row in chosen)
    blank = _without_numbers(display, choices, "dev_selected", inputs.resamples)
    assert blank is not None  # `again` has those with gains
    estimate = replace(blank, criterion=FRESH, k=ks, seeds=len(repeated.again))
    try:
        counted = drawn_gains.load(choices, inputs.sweeps)
        seeds = _by_seed(counted, inputs.resamples)
    except UserError as error:
        return replace(estimate, problem=str(error)), {}
    estimate = replace(estimate, sentences=len(counted[0].counts))
    compared = any(row.dev_selected.k for row in choices)
    return _with_seeds(estimate, list(seeds.values()), inputs, compared=compared), seeds


def _mean_of_fresh_seeds(pairs: Sequence[tuple[Estimate, _Seeds]], inputs: Inputs) -> Estimate:
    """The mean over pairs within each seed first: the same seeds are drawn for all pairs."""
    estimates, seeds = zip(*pairs, strict=True)
    mean = _mean_without_numbers(estimates)
    if not all(seeds):
        return mean
    # In the order of the first.
    common = [seed for seed in seeds[0] if all(seed in of_pair for of_pair in seeds)]
    drawn = [_average([of_pair[seed] for of_pair in seeds]) for seed in common]
    mean = replace(mean, seeds=len(common))
    compared = any(one.low is not None for one in estimates)
    return _with_seeds(mean, drawn, inputs, compared=compared) if drawn else mean


def _by_seed(counted: Sequence[SweepCounts], resamples: int) -> dict[int, DrawnGain]:
    """Seed -> its gain at the k chosen on dev, the mean of its sweeps."""
    scores = drawn_gains.scores(counted, resamples)
    drawn = [
        (one.choice.seed, drawn_gains.gain_of(one, draws, "dev_selected"))
        for one, draws in zip(counted, scores, strict=True)
    ]
    seeds = tidy.grouped(drawn, lambda pair: pair[0])
    return {seed: _average([gain for _, gain in members]) for seed, members in seeds.items()}


def _average(drawn: Sequence[DrawnGain]) -> DrawnGain:
    """The mean of gains on the same draws."""
    gain = float(np.mean([one.gain for one in drawn]))
    return DrawnGain(gain, np.mean([one.draws for one in drawn], axis=0))


def _with_seeds(
    estimate: Estimate, drawn: Sequence[DrawnGain], inputs: Inputs, *, compared: bool
) -> Estimate:
    """The estimate with the mean gain of seeds, and its bounds where anything is compared."""
    gain, draws = _over_seeds(drawn, inputs.resamples)
    known = bounds(draws, inputs.delta) if compared else Bounds()
    return replace(estimate, gain=gain, **asdict(known))


def _over_seeds(drawn: Sequence[DrawnGain], resamples: int) -> DrawnGain:
    """The mean gain of seeds, and its draws with the noise of training."""
    gains, draws = [one.gain for one in drawn], [one.draws for one in drawn]
    mean = resampling.over_seeds(gains, draws, resamples=resamples)
    return DrawnGain(float(np.mean(gains)), mean)


def _tests(
    criterion: str,
    sides: Sequence[tuple[SweepCounts, np.ndarray]],
    inputs: Inputs,
) -> PValues:
    """The p of a mean gain. sides: sweeps, each with its scores (see drawn_gains.scores)."""
    best = criterion == "test_oracle"
    resamples = inputs.resamples
    counted = [one for one, _ in sides]
    scores = [whole(one, one.counts) for one in counted]
    p = (
        resampling.p_of_best(scores, [draws for _, draws in sides])
        if best
        else _p_of_exchanges(counted, resamples)
    )
    of_seeds = resampling.p_of_seeds(
        [inputs.dev_scores(one) for one in counted], scores, best=best, resamples=resamples
    )
    choices = [one.choice for one in counted]
    return PValues(p, of_seeds, _p_of_runs(inputs.runs, choices, criterion, resamples))


def _p_of_exchanges(counted: Sequence[SweepCounts], resamples: int) -> float:
    """The p of the mean gain at the k chosen on dev, over exchanges of the two systems' labels."""
    choice = counted[0].choice
    counts = [one.of("dev_selected") for one in counted]
    null = resampling.exchanged(
        counts,
        SCORES[choice.metric],
        key=counted[0].test_set,
        resamples=resamples,
    )
    gains = [resampling.gains(whole(one, side)) for one, side in zip(counted, counts, strict=True)]
    return resampling.p_value(float(np.mean(gains)), null, two_sided=True)


def _p_of_runs(
    runs: Runs, choices: Sequence[Choice], criterion: str, resamples: int
) -> float | None:
    """The p of a pair's mean gain against the noise of its training; None if unknown."""
    if not all(map(run_noise.trained, choices)):
        return None
    target = choices[0].target
    null = run_noise.against_runs(runs, choices, criterion, draws=resamples, key=target)
    return run_noise.p_value([null]) if null else None
