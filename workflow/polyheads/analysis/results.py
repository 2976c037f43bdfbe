"""What result tables show: scores and gains of every pair of languages by both criteria.

A table has a row for every sweep; for every pair and model, the mean over its seeds; and for every
model, the mean over its pairs (of the sweeps that have both gains). Beside them stand the numbers
that the paper has of the same pairs (Tables 2 to 4). Scores in percent, gains in percentage points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import stdev
from types import MappingProxyType
from typing import NamedTuple

from polyheads.analysis import estimates as study_estimates
from polyheads.analysis import reproduction, tidy
from polyheads.analysis.accuracy import Accuracies, accuracies, mean_accuracy
from polyheads.analysis.choices import CRITERIA, Choice, Score
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.reproduction import Reproduction
from polyheads.catalogue import published
from polyheads.catalogue.tasks import PUBLISHED_METRIC
from polyheads.study.displays import Display, members

SWEEP, PAIR, MEAN = "sweep", "pair", "mean"  # levels of rows

Pair = tuple[str, str]  # source and target, ("", "") of a mean


Known = Mapping[tuple[str, ...], Estimate]  # see estimates.of_table


class _Numbers(NamedTuple):
    """What is known of a table's sweeps besides their choices."""

    estimates: Known
    accuracies: Accuracies


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a criterion selects of some sweeps: means, and k, trial and heads of every sweep."""

    k: float | None
    dev: float | None
    test: float | None
    gain: float | None
    spread: float | None  # standard deviation of the gain over seeds
    ks: tuple[int, ...]
    trials: tuple[str, ...]  # paths of their JSON
    heads: tuple[str, ...]  # pruned, as choices.Selected has them
    estimate: Estimate  # of the gain, that of the pair in a sweep's row; blank for none
    accuracy: float | None = None  # where the metric is an F1 of part of speech


@dataclass(frozen=True, kw_only=True)
class Published:
    """The paper's scores of the same pair; cv_: degree of reproduction (see `reproduction`)."""

    unpruned: float | None = None
    pruned: float | None = None
    gain: float | None = None
    apart: float | None = None  # our gain of the test oracle less the published one
    cv_unpruned: float | None = None
    cv_pruned: float | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """A sweep, the mean of a pair's sweeps, or that of a model's pairs."""

    level: str  # of SWEEP, PAIR, MEAN
    experiment: str
    task: str
    corpus: str
    model: str
    setting: str
    metric: str
    source: str = ""  # "" of a mean, as all that its pairs needn't share
    target: str = ""
    sweeps: int  # behind the row; 0 of a pair that isn't run with the model
    recipe: str = ""
    mixture: str = ""
    ranking: str = ""
    protocol: str = ""
    role: str = ""
    heads: str = ""  # pruned | all: those on when test is read
    dev: str = ""  # languages that choose k
    seed: int | None = None  # of a sweep
    of_seed: int | None = None
    k_max: int
    trials: int  # that are there
    missing_ks: tuple[str, ...]  # `2 5` of every sweep that lacks some
    unpruned: float | None
    dev_selected: Outcome
    test_oracle: Outcome
    dev_test_spearman: float | None
    unpruned_accuracy: float | None = None  # as in Outcome
    published: Published = Published()
    reproduction: Reproduction = Reproduction()  # of the whole table

    @property
    def pair(self) -> tuple[str, str]:
        """Source and target."""
        return self.source, self.target

    def by(self, criterion: str) -> Outcome:
        """What a criterion of CRITERIA selects."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle


def rows(
    display: Display,
    choices: Iterable[Choice],
    estimates: Iterable[Estimate] = (),
    scores: Iterable[Score] = (),
) -> list[Result]:
    """The rows of a result table: its sweeps in their order.

    Its pairs, each with all models; and of several pairs the models' means. scores: for accuracies
    next to F1.
    """
    shown = members(display, choices)
    estimated = study_estimates.of_table(estimates, display.name)
    known = _Numbers(estimated, accuracies(scores, display.metric))
    models = list(dict.fromkeys(row.model for row in shown))
    places = list(dict.fromkeys(row.pair for row in shown))
    groups = tidy.grouped(shown, lambda row: (row.model, *row.pair))
    pairs = {
        (model, *place): _pair(display, model, place, groups.get((model, *place), []), known)
        for place in places
        for model in models
    }
    out = [_sweep(display, row, pairs[row.model, *row.pair], known) for row in shown]
    out += pairs.values()
    if len(places) > 1:
        for model in models:
            sweeps = [row for row in shown if row.model == model and row.whole]
            out.append(_mean(display, model, sweeps, list(pairs.values()), known))
    printed = [row.published for row in pairs.values()]
    table = reproduction.of_table(cv for one in printed for cv in (one.cv_unpruned, one.cv_pruned))
    return [replace(row, reproduction=table) for row in out]


def outcome(
    choices: Sequence[Choice],
    criterion: str,
    estimate: Estimate,
    known: Accuracies = MappingProxyType({}),
) -> Outcome:
    """What a criterion selects of these sweeps; its means are of the numbers that are there."""
    selected = [row.by(criterion) for row in choices]
    ks = [one.k for one in selected if one.k is not None]
    gains = [one.gain for one in selected if one.gain is not None]
    return Outcome(
        k=tidy.mean(ks),
        dev=tidy.mean(one.dev for one in selected),
        test=tidy.mean(one.test for one in selected),
        gain=tidy.mean(gains),
        spread=stdev(gains) if len(gains) > 1 else None,
        ks=tuple(ks),
        trials=tuple(one.trial for one in selected if one.k is not None),
        heads=tuple(one.heads for one in selected if one.k is not None),
        estimate=estimate,
        accuracy=mean_accuracy(known, choices, criterion),
    )


def _sweep(display: Display, choice: Choice, pair: Result, known: _Numbers) -> Result:
    """The row of one sweep. pair: that of its pair and model."""
    made = _result(display, SWEEP, choice.model, choice.pair, [choice], known)
    apart = _apart(choice.test_oracle.gain, pair.published.gain)
    return replace(
        made,
        seed=choice.seed,
        of_seed=choice.of_seed,
        published=replace(pair.published, apart=apart),
    )


def _pair(
    display: Display, model: str, pair: Pair, choices: Sequence[Choice], known: _Numbers
) -> Result:
    """The means of a pair's sweeps, and what the paper has of it."""
    made = _result(display, PAIR, model, pair, choices, known)
    if display.metric != PUBLISHED_METRIC.get(display.task):
        return made
    scores = published.scores().get((display.task, model, *pair, display.setting))
    if scores is None:
        return made
    unpruned, pruned = scores
    ours = made.test_oracle
    numbers = Published(
        unpruned=unpruned,
        pruned=pruned,
        gain=pruned - unpruned,
        apart=_apart(ours.gain, pruned - unpruned),
        cv_unpruned=reproduction.of_both(unpruned, made.unpruned),
        cv_pruned=reproduction.of_both(pruned, ours.test),
    )
    return replace(made, published=numbers)


def _mean(
    display: Display,
    model: str,
    choices: Sequence[Choice],
    pairs: Iterable[Result],
    known: _Numbers,
) -> Result:
    """The means of a model's sweeps that have both gains.

    And of the paper's numbers of the same pairs, none where it lacks one of these.
    """
    made = _result(display, MEAN, model, ("", ""), choices, known)
    run = {row.pair for row in choices}
    printed = {row.pair: row.published for row in pairs if row.model == model}
    unpruned = [printed[pair].unpruned for pair in printed if pair in run]
    pruned = [printed[pair].pruned for pair in printed if pair in run]
    theirs = _mean_of_all(unpruned), _mean_of_all(pruned)
    if theirs[0] is None or theirs[1] is None:
        return made
    numbers = Published(
        unpruned=theirs[0],
        pruned=theirs[1],
        gain=theirs[1] - theirs[0],
        apart=tidy.mean(one.apart for one in printed.values()),
    )
    return replace(made, published=numbers)


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    """Their mean; None where one is missing, or all are."""
    return None if None in values else tidy.mean(values)


def _result(
    display: Display,
    level: str,
    model: str,
    pair: Pair,
    choices: Sequence[Choice],
    known: _Numbers,
) -> Result:
    """The means of these sweeps; their estimates are those of this model and pair."""
    dev_selected, test_oracle = (
        outcome(
            choices,
            criterion,
            known.estimates.get((model, *pair, criterion))
            or study_estimates.blank(display, level, criterion, model, pair),
            known.accuracies,
        )
        for criterion in CRITERIA
    )
    made = Result(
        level=level,
        experiment=display.experiment,
        task=display.task,
        corpus=display.corpus,
        model=model,
        setting=display.setting,
        metric=display.metric,
        source=pair[0],
        target=pair[1],
        sweeps=len(choices),
        k_max=max((row.k_max for row in choices), default=0),
        trials=sum(row.trials for row in choices),
        missing_ks=tuple(row.missing_k for row in choices if row.missing_k),
        unpruned=tidy.mean(row.unpruned for row in choices),
        dev_selected=dev_selected,
        test_oracle=test_oracle,
        dev_test_spearman=tidy.mean(row.dev_test_spearman for row in choices),
        unpruned_accuracy=mean_accuracy(known.accuracies, choices, None),
    )
    if level == MEAN or not choices:
        return made
    first = choices[0]
    return replace(
        made,
        recipe=first.recipe,
        mixture=first.mixture,
        ranking=first.ranking,
        protocol=first.protocol,
        role=first.role,
        heads=first.heads,
        dev=first.dev,
    )


def _apart(ours: float | None, printed: float | None) -> float | None:
    """Our gain less the published one, None where there is only one of them."""
    return None if ours is None or printed is None else ours - printed
