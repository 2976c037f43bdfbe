"""The same pairs four times: published, the paper's protocol, the released code's, k chosen on dev.

An experiment with `heads_at_test: all` does what the paper's released code does; its partner does
what the paper says, and its trials are read by both criteria (see study.replication). Scores in
percent, gains in percentage points, means over seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from polyheads.analysis import tidy
from polyheads.analysis.accuracy import Accuracies, accuracies, mean_accuracy
from polyheads.analysis.choices import Choice, Score
from polyheads.analysis.estimates import Estimate, blank, of_choices
from polyheads.analysis.results import MEAN, PAIR, Outcome, Published, outcome
from polyheads.catalogue import published
from polyheads.study.displays import SETTINGS, Display, members


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an experiment gives for a pair and model by one criterion."""

    run: bool  # whether the experiment has the pair
    unpruned: float | None
    unpruned_accuracy: float | None = None  # as in results.Outcome
    missing_ks: tuple[str, ...] = ()  # `2 5` of every sweep that lacks some
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class ReplicationRow:
    """A pair and model in one setting, or the mean of a setting's and model's pairs."""

    level: str  # of PAIR, MEAN
    setting: str
    source: str = ""  # "" of a mean
    target: str = ""
    model: str
    published: Published
    paper: Run  # the partner, best on test
    released: Run  # best on test
    dev_selected: Run  # the partner, k chosen on dev
    pairs: int = 1  # of a mean: those that both experiments have

    @property
    def runs(self) -> dict[str, Run]:
        """What was run, by name."""
        return {
            "paper": self.paper,
            "released": self.released,
            "dev_selected": self.dev_selected,
        }


class _Place(NamedTuple):
    setting: str
    source: str
    target: str
    model: str


class _Experiment(NamedTuple):
    """The sweeps of one side, and what their gains are worth."""

    display: Display
    sweeps: Mapping[_Place, Sequence[Choice]]
    estimates: Mapping[tuple[_Place, str], Estimate]  # of a criterion
    accuracies: Accuracies


def rows(
    display: Display,
    choices: Iterable[Choice],
    estimates: Iterable[Estimate] = (),
    scores: Iterable[Score] = (),
) -> list[ReplicationRow]:
    """The pairs that were run as released, in the order of SETTINGS, then the means.

    estimates: of the two experiments' own result tables, where they have this metric. scores: for
    accuracies beside F1.
    """
    choices, estimates = list(choices), list(estimates)
    known = accuracies(scores, display.metric)
    partner = replace(display, experiment=display.partner, ranking=display.partner_ranking)
    paper, released = (_experiment(side, choices, estimates, known) for side in (partner, display))
    places = sorted(released.sweeps, key=lambda place: SETTINGS.index(place.setting))
    pairs = [_pair(display.task, place, paper, released) for place in places]
    # Means are of the pairs that both experiments have.
    whole = [row for row in pairs if all(run.outcome.gain is not None for run in row.runs.values())]
    groups = tidy.grouped(whole, lambda row: (row.setting, row.model))
    return pairs + [_mean(display, group) for group in groups.values() if len(group) > 1]


def _place(row: Choice | Estimate) -> _Place:
    return _Place(row.setting, row.source, row.target, row.model)


def _experiment(
    display: Display,
    choices: Iterable[Choice],
    estimates: Iterable[Estimate],
    accuracy: Accuracies,
) -> _Experiment:
    sweeps = members(display, choices)
    known = {(_place(row), row.criterion): row for row in of_choices(estimates, sweeps)}
    return _Experiment(display, tidy.grouped(sweeps, _place), known, accuracy)


def _pair(task: str, place: _Place, paper: _Experiment, released: _Experiment) -> ReplicationRow:
    point = (task, place.model, place.source, place.target, place.setting)
    numbers = Published()
    if scores := published.scores().get(point):
        unpruned, best = scores
        numbers = Published(unpruned=unpruned, pruned=best, gain=best - unpruned)
    return ReplicationRow(
        level=PAIR,
        setting=place.setting,
        source=place.source,
        target=place.target,
        model=place.model,
        published=numbers,
        paper=_run(paper, place, "test_oracle"),
        released=_run(released, place, "test_oracle"),
        dev_selected=_run(paper, place, "dev_selected"),
    )


def _run(experiment: _Experiment, place: _Place, criterion: str) -> Run:
    choices = experiment.sweeps.get(place, [])
    pair = (place.source, place.target)
    nothing = blank(experiment.display, PAIR, criterion, place.model, pair)
    estimate = experiment.estimates.get((place, criterion), nothing)
    return Run(
        run=bool(choices),
        unpruned=tidy.mean(choice.unpruned for choice in choices),
        missing_ks=tuple(choice.missing_k for choice in choices if choice.missing_k),
        unpruned_accuracy=mean_accuracy(experiment.accuracies, choices, None),
        outcome=outcome(choices, criterion, estimate, experiment.accuracies),
    )


def _mean(display: Display, pairs: Sequence[ReplicationRow]) -> ReplicationRow:
    """The mean of pairs that have all numbers of ours; of the paper's where it has all."""
    first = pairs[0]
    sides = [row.published for row in pairs]
    return ReplicationRow(
        level=MEAN,
        setting=first.setting,
        model=first.model,
        published=Published(
            unpruned=tidy.mean_of_all(side.unpruned for side in sides),
            pruned=tidy.mean_of_all(side.pruned for side in sides),
            gain=tidy.mean_of_all(side.gain for side in sides),
        ),
        paper=_mean_run(display, [row.paper for row in pairs]),
        released=_mean_run(display, [row.released for row in pairs]),
        dev_selected=_mean_run(display, [row.dev_selected for row in pairs]),
        pairs=len(pairs),
    )


def _mean_run(display: Display, runs: Sequence[Run]) -> Run:
    """The means of an experiment's pairs; without an estimate, which is of other pairs."""
    outcomes = [run.outcome for run in runs]
    estimate = outcomes[0].estimate
    return Run(
        run=True,
        unpruned=tidy.mean_of_all(run.unpruned for run in runs),
        unpruned_accuracy=tidy.mean_of_all(run.unpruned_accuracy for run in runs),
        outcome=Outcome(
            k=tidy.mean_of_all(one.k for one in outcomes),
            dev=None,
            test=tidy.mean_of_all(one.test for one in outcomes),
            gain=tidy.mean_of_all(one.gain for one in outcomes),
            spread=None,
            ks=(),
            trials=(),
            heads=(),
            estimate=blank(display, MEAN, estimate.criterion, estimate.model, ("", "")),
            accuracy=tidy.mean_of_all(one.accuracy for one in outcomes),
        ),
    )
