"""How many trials a rule for stopping needs, and what stopping loses.

The paper stops at 12 heads "or when the score starts to drop". Every sweep of a study has all its
trials, so that what a rule would have seen of it is a prefix of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice, Score
from polyheads.analysis.estimates import Estimate, of_mean
from polyheads.study.displays import Display, members


class Rule(NamedTuple):
    """When to stop, and what the score is read on."""

    name: str
    criterion: str  # dev_selected: stop and choose on dev; test_oracle: both on test
    stop: Callable[[Sequence[float]], int]  # scores in the order of k -> how many are seen


def until_drop(scores: Sequence[float]) -> int:
    """Stop at the first score below the one before it, which has then been seen."""
    for i in range(1, len(scores)):
        if scores[i] < scores[i - 1]:
            return i + 1
    return len(scores)


def patience(count: int) -> Callable[[Sequence[float]], int]:
    """Stop after `count` scores in a row that are no new best."""

    def stop(scores: Sequence[float]) -> int:
        best = 0
        for i in range(1, len(scores)):
            best = i if scores[i] > scores[best] else best
            if i - best == count:
                return i + 1
        return len(scores)

    return stop


RULES = (
    Rule("until dev drops", "dev_selected", until_drop),
    Rule("patience 2 on dev", "dev_selected", patience(2)),
    Rule("patience 3 on dev", "dev_selected", patience(3)),
    Rule("all k, best on dev", "dev_selected", len),
    Rule("until test drops, best on test (the paper's)", "test_oracle", until_drop),
    Rule("all k, best on test", "test_oracle", len),
)


@dataclass(frozen=True, kw_only=True)
class StoppingRow:
    """What a rule makes of the sweeps of one setting and model; None where none is whole.

    Gains in percentage points of the test score. The interval is that of the result table, which
    has the rules that see all k.
    """

    setting: str
    model: str
    rule: str
    criterion: str
    sweeps: int  # with all their trials; the others are left out
    left_out: int
    masked: bool  # whether trials are tests of a trained model instead of trainings
    trials: float | None  # seen, with k > 0; mean of the sweeps
    of_trials: float | None  # there are
    trainings: int  # that the rule runs, those that targets share counted once
    k: float | None
    gain: float | None
    all_k: bool  # whether the rule sees all k
    against_all: float | None  # the gain less that of all k
    low: float | None
    high: float | None
    above: float | None  # shares of the draws of a mean of several pairs, see analysis.draws
    within: float | None
    below: float | None


class _Curve(NamedTuple):
    """A sweep that has all its trials."""

    choice: Choice
    ks: Sequence[int]  # 0 first
    dev: Sequence[float]
    test: Sequence[float]
    paths: Sequence[str]


class _Run(NamedTuple):
    """What a rule sees of a sweep, and what it chooses."""

    paths: Sequence[str]  # of the trials seen, beyond k = 0
    k: int
    gain: float


class _Place(NamedTuple):
    """What names a score inside its sweep."""

    split: str
    heads: str
    language: str
    k: int


_Scores = Mapping[_Place, Score]


def rows(
    display: Display,
    choices: Iterable[Choice],
    scores: Iterable[Score],
    estimates: Iterable[Estimate] = (),
) -> list[StoppingRow]:
    """A row for each setting, model and rule, in the order of RULES.

    estimates: of the study's result tables, for the rules that see all k.
    """
    of_sweeps = {
        sweep: {_Place(one.split, one.heads, one.language, one.k): one for one in group}
        for sweep, group in tidy.grouped(members(display, scores), lambda one: one.sweep).items()
    }
    # Trials are shared across experiments, but only this one's tables are of the same seeds.
    own = [row for row in estimates if row.experiment == display.experiment]
    out = []
    for group in tidy.grouped(members(display, choices), _place).values():
        curves = [_curve(choice, of_sweeps.get(choice.sweep, {})) for choice in group]
        out += _rows(group, [curve for curve in curves if curve], own)
    return out


def _place(choice: Choice) -> tuple[str, str]:
    return choice.setting, choice.model


def _rows(
    choices: Sequence[Choice], curves: Sequence[_Curve], estimates: Sequence[Estimate]
) -> list[StoppingRow]:
    """The rows of one setting and model. curves: of those choices that have all trials."""
    runs = {rule: [_run(rule, curve) for curve in curves] for rule in RULES}
    gains = {rule: tidy.mean(run.gain for run in runs[rule]) for rule in RULES}
    of_all = {rule.criterion: gains[rule] for rule in RULES if rule.stop is len}
    whole = [curve.choice for curve in curves]
    out = []
    for rule in RULES:
        # Only what sees all k is in a result table; a rule that chooses the same is not.
        all_k = rule.stop is len
        estimate = of_mean(estimates, whole, rule.criterion) if all_k else None
        drawn = estimate if estimate and estimate.level == "mean" else None
        out.append(
            StoppingRow(
                setting=choices[0].setting,
                model=choices[0].model,
                rule=rule.name,
                criterion=rule.criterion,
                sweeps=len(curves),
                left_out=len(choices) - len(curves),
                masked=any(choice.protocol == "mask" for choice in whole),
                trials=tidy.mean(len(run.paths) for run in runs[rule]),
                of_trials=tidy.mean(len(curve.ks) - 1 for curve in curves),
                trainings=len({path for run in runs[rule] for path in run.paths}),
                k=tidy.mean(run.k for run in runs[rule]),
                gain=gains[rule],
                all_k=all_k,
                against_all=tidy.difference(gains[rule], of_all[rule.criterion]),
                low=estimate.low if estimate else None,
                high=estimate.high if estimate else None,
                above=drawn.above if drawn else None,
                within=drawn.within if drawn else None,
                below=drawn.below if drawn else None,
            )
        )
    return out


def _run(rule: Rule, curve: _Curve) -> _Run:
    """What a rule makes of a sweep; ties to the smaller k, as everywhere."""
    on_dev = rule.criterion == "dev_selected"
    scores = curve.dev if on_dev else curve.test
    seen = rule.stop(scores)
    first = 0 if on_dev else 1  # the paper's best is one of the pruned ones
    chosen = max(range(first, seen), key=lambda i: (scores[i], -i))
    return _Run(curve.paths[1:seen], curve.ks[chosen], curve.test[chosen] - curve.test[0])


def _curve(choice: Choice, scores: _Scores) -> _Curve | None:
    """The scores of a sweep over k; None where trials are missing."""
    ks = sorted({place.k for place in scores})
    dev, test, paths = [], [], []
    for k in ks:
        # As in `choices`: dev without the heads, and nothing to put back at k = 0.
        on = choice.heads if k else "pruned"
        sides = [scores.get(_Place("dev", "pruned", code, k)) for code in choice.dev.split("+")]
        known = [side.value for side in sides if side]
        end = scores.get(_Place("test", on, choice.target, k))
        if end and len(known) == len(sides):
            dev.append(sum(known) / len(known))
            test.append(end.value)
            paths.append(end.trial_path)
    if choice.missing_k or len(test) < len(ks) or len(ks) < 2 or ks[0] != 0:
        return None
    return _Curve(choice, ks, dev, test, paths)
