"""Gains with fresh seeds: k = 0 and the chosen k, trained with seeds that took no part in choosing.

The seed that chose k has the best of its runs on dev; that luck stays behind when the same k is
trained again. What a study should report is the mean gain with fresh seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean, stdev

from polyheads.analysis import draws, tidy
from polyheads.analysis import estimates as study_estimates
from polyheads.analysis.choices import Choice
from polyheads.analysis.draws import Bounds
from polyheads.analysis.estimates import FRESH, Estimate, blank
from polyheads.study.displays import SETTINGS, Display, members


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """What fresh seeds repeat of one pair."""

    chosen: Sequence[Choice]  # of the seeds that chose a k
    again: Mapping[int, Sequence[Choice]]  # fresh seed -> its choices, one for each of these
    incomplete: int  # fresh seeds that lack one and are left out


@dataclass(frozen=True, kw_only=True)
class FreshGain:
    """A gain as chosen and with fresh seeds, in percentage points.

    Of a pair, or the mean of the pairs of one setting and model.
    """

    level: str  # pair | mean
    setting: str
    source: str = ""  # "" of a mean
    target: str = ""
    model: str
    pairs: int
    k: str = ""  # of the seeds that chose, `2 3`
    gain_chosen: float | None
    sd_chosen: float | None = None  # over the seeds that chose
    gain_fresh: float | None
    sd_fresh: float | None
    low: float | None = None
    high: float | None = None
    p_interval: float | None = None  # two-sided
    above: float | None = None  # share of draws above delta
    within: float | None = None
    below: float | None = None
    delta: float | None = None
    seeds: int  # fresh ones behind the gain
    missing_seeds: int  # fresh ones that lack something
    chosen_trials: tuple[str, ...] = ()  # paths of their JSON
    fresh_trials: tuple[str, ...] = ()
    estimate: Estimate  # of the gain as chosen, about test sentences; without numbers for none
    resamples: int | None = None  # draws of seeds and sentences
    problems_chosen: tuple[str, ...] = ()  # why the gain as chosen has no interval
    problem_fresh: str = ""


_Gains = Mapping[int, float]  # fresh seed -> gain


def rows(
    display: Display, choices: Sequence[Choice], estimates: Sequence[Estimate] = ()
) -> list[FreshGain]:
    """The pairs, then their means, each in the order of the settings. choices: of all roles.

    A fresh seed's gain is its mean over the seeds that chose a k; a seed that lacks one of them
    is left out (missing_seeds). The mean of the pairs is taken within each fresh seed, over the
    pairs that have any, by the seeds that have all of these; sd and the t interval are over these
    means. Seeds share no training, so this holds whatever the pairs of one seed share (in the
    cross-lingual setting those of one source are read from the same two trainings). Without an
    interval where k = 0 was chosen by all: nothing is compared.

    With estimates of this table low and high are the smaller and the larger ones of the t interval
    and of the one that draws seeds and test sentences (see draws.wider); none where either is
    missing.
    """
    pairs = [_pair_row(display, repeated) for repeated in of_pairs(display, choices)]
    groups = tidy.grouped(
        (pair for pair in pairs if pair[1]), lambda pair: (pair[0].setting, pair[0].model)
    )
    means = [_mean_row(display, group) for group in groups.values()]
    drawn = [row for row in estimates if row.criterion == FRESH and row.table == display.name]
    gains = _with_draws([*(row for row, _ in pairs), *means], drawn)
    chosen = study_estimates.all_of_choices(estimates, members(display, choices))
    return _with_estimates(gains, chosen)


def _pair_row(display: Display, repeated: Repeated) -> tuple[FreshGain, _Gains]:
    """A pair's row, and the gains of its fresh seeds."""
    chosen = repeated.chosen
    gains = {
        seed: fmean(row.dev_selected.gain for row in rows if row.dev_selected.gain is not None)
        for seed, rows in repeated.again.items()
    }
    ks = [row.dev_selected.k for row in chosen if row.dev_selected.k is not None]
    as_chosen = [row.dev_selected.gain for row in chosen if row.dev_selected.gain is not None]
    values = list(gains.values())
    row = FreshGain(
        level="pair",
        setting=chosen[0].setting,
        source=chosen[0].source,
        target=chosen[0].target,
        model=chosen[0].model,
        pairs=1,
        k=" ".join(map(str, ks)),
        gain_chosen=tidy.mean(as_chosen),
        sd_chosen=_spread(as_chosen),
        gain_fresh=tidy.mean(values),
        sd_fresh=_spread(values),
        **asdict(draws.of_seeds(values) if any(ks) else Bounds()),
        seeds=len(values),
        missing_seeds=repeated.incomplete,
        chosen_trials=_trials(chosen),
        fresh_trials=_trials(row for rows in repeated.again.values() for row in rows),
        estimate=blank(display, "pair", "dev_selected", chosen[0].model),
    )
    return row, gains


def _mean_row(display: Display, pairs: Sequence[tuple[FreshGain, _Gains]]) -> FreshGain:
    """The mean of the pairs of one setting and model that have fresh seeds."""
    seeds = list(dict.fromkeys(seed for _, gains in pairs for seed in gains))
    whole = [seed for seed in seeds if all(seed in gains for _, gains in pairs)]
    values = [fmean(gains[seed] for _, gains in pairs) for seed in whole]
    compared = any(row.low is not None for row, _ in pairs)
    return FreshGain(
        level="mean",
        setting=pairs[0][0].setting,
        model=pairs[0][0].model,
        pairs=len(pairs),
        gain_chosen=tidy.mean(row.gain_chosen for row, _ in pairs),
        gain_fresh=tidy.mean(values),
        sd_fresh=_spread(values),
        **asdict(draws.of_seeds(values) if compared else Bounds()),
        seeds=len(values),
        missing_seeds=len(seeds) - len(whole),
        estimate=blank(display, "mean", "dev_selected", pairs[0][0].model),
    )


def _with_draws(gains: Sequence[FreshGain], drawn: Sequence[Estimate]) -> list[FreshGain]:
    """The rows with the wider interval. drawn: this table's estimates; none, as they are."""
    known = {_place(row): row for row in drawn}
    out = []
    for row in gains:
        estimate = known.get(_place(row))
        if drawn:
            bounds = draws.of_row(estimate) if estimate else None
            row = replace(row, **asdict(draws.wider(draws.of_row(row), bounds)))
        if estimate:
            row = replace(row, resamples=estimate.resamples, problem_fresh=estimate.problem)
        out.append(row)
    return out


def _with_estimates(gains: Sequence[FreshGain], estimates: Sequence[Estimate]) -> list[FreshGain]:
    """The pairs' rows with what is known of their gains as chosen."""
    known = tidy.grouped(estimates, _place)
    out = []
    for row in gains:
        mine = known.get(_place(row), [])
        by_dev = [one for one in mine if one.criterion == "dev_selected" and not one.problem]
        problems = tuple(study_estimates.problems(mine))
        estimate = by_dev[-1] if by_dev else row.estimate
        out.append(replace(row, estimate=estimate, problems_chosen=problems))
    return out


def _place(row: FreshGain | Estimate) -> tuple[str, ...]:
    return row.setting, row.source, row.target, row.model


def _spread(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _trials(choices: Iterable[Choice]) -> tuple[str, ...]:
    return tuple(row.dev_selected.trial for row in choices if row.dev_selected.trial)


def of_pairs(display: Display, choices: Sequence[Choice]) -> list[Repeated]:
    """One for each pair, in the order of the settings. choices: of all roles."""
    main = tidy.grouped(members(display, choices), _pair)
    fresh = tidy.grouped(members(display, choices, role="fresh"), _pair)
    ordered = sorted(main, key=lambda pair: SETTINGS.index(pair[0]))
    return [_repeated(main[pair], fresh.get(pair, [])) for pair in ordered]


def _pair(choice: Choice) -> tuple[str, ...]:
    return choice.setting, choice.source, choice.target, choice.model, choice.mixture


def _repeated(chosen: Sequence[Choice], fresh: Iterable[Choice]) -> Repeated:
    ks = {row.seed: row.dev_selected.k for row in chosen if row.dev_selected.k is not None}
    seeds = tidy.grouped(fresh, lambda row: row.seed)
    expected = len({row.of_seed for rows in seeds.values() for row in rows})
    # Without its second trial a fresh sweep looks as if k = 0 had been chosen.
    there = {
        seed: [
            row
            for row in rows
            if row.dev_selected.gain is not None
            and row.of_seed is not None
            and row.dev_selected.k == ks.get(row.of_seed)
        ]
        for seed, rows in seeds.items()
    }
    again = {seed: rows for seed, rows in there.items() if len(rows) == expected}
    return Repeated(chosen=chosen, again=again, incomplete=len(seeds) - len(again))
