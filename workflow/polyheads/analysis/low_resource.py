"""Scores and gains over the share of the target's training set (the paper's Figures 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from polyheads.analysis import estimates as study_estimates
from polyheads.analysis import tidy
from polyheads.analysis.accuracy import Accuracies, accuracies, mean_accuracy
from polyheads.analysis.choices import CRITERIA, Choice, Score
from polyheads.analysis.estimates import Estimate, blank
from polyheads.analysis.results import PAIR, Known, Outcome, outcome
from polyheads.study import mixtures
from polyheads.study.displays import LOW_RESOURCE, Display, members


@dataclass(frozen=True, kw_only=True)
class Share:
    """The sweeps of a pair and model with one share of data: means over seeds."""

    source: str
    target: str
    model: str
    percent: int  # of the target's training set
    setting: str  # multi-lingual where it is all of it
    seeds: int
    missing_ks: tuple[str, ...]  # `2 5` of every sweep that lacks some
    unpruned: float | None  # percent
    unpruned_accuracy: float | None = None  # where the metric is an F1 of part of speech
    dev_selected: Outcome
    test_oracle: Outcome

    @property
    def pair(self) -> tuple[str, str]:
        """Source and target."""
        return self.source, self.target

    def by(self, criterion: str) -> Outcome:
        """What a criterion of CRITERIA selects."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle


def percent(choice: Choice) -> int:
    """Percentage of the target's training set behind a choice."""
    return mixtures.percent_of(choice.mixture.split("+")[-1])


def rows(
    display: Display,
    choices: Iterable[Choice],
    estimates: Iterable[Estimate] = (),
    scores: Iterable[Score] = (),
) -> list[Share]:
    """Pairs in the order of the study, their models by name, shares rising.

    Beside the shares stands the multi-lingual setting of the same pairs, as 100 %. Its estimates
    have no p: Holm's adjustment is by the gains of another table.
    """
    choices = list(choices)
    low = members(display, choices)
    pairs = {row.pair for row in low}
    all_data = replace(display, setting="multi-lingual")
    shown = low + [row for row in members(all_data, choices) if row.pair in pairs]
    known: Known = {
        (row.criterion, row.model, *row.pair, row.mixture): row
        for row in study_estimates.all_of_choices(estimates, shown)
    }
    accuracy = accuracies(scores, display.metric)
    groups = tidy.grouped(shown, lambda row: (row.pair, row.model, percent(row)))
    order = {pair: i for i, pair in enumerate(dict.fromkeys(row.pair for row in shown))}
    return [
        _share(display, groups[key], known, accuracy)
        for key in sorted(groups, key=lambda key: (order[key[0]], key[1], key[2]))
    ]


def _share(display: Display, sweeps: list[Choice], known: Known, accuracy: Accuracies) -> Share:
    """The means of the sweeps of one pair, model and share."""
    first = sweeps[0]
    dev_selected, test_oracle = (
        outcome(sweeps, criterion, _estimate(display, first, criterion, known))
        for criterion in CRITERIA
    )
    return Share(
        source=first.source,
        target=first.target,
        model=first.model,
        percent=percent(first),
        setting=first.setting,
        seeds=len(sweeps),
        missing_ks=tuple(row.missing_k for row in sweeps if row.missing_k),
        unpruned=tidy.mean(row.unpruned for row in sweeps),
        unpruned_accuracy=mean_accuracy(accuracy, sweeps, None),
        dev_selected=dev_selected,
        test_oracle=test_oracle,
    )


def _estimate(display: Display, choice: Choice, criterion: str, known: Known) -> Estimate:
    row = known.get((criterion, choice.model, *choice.pair, choice.mixture))
    if row is None:
        return blank(display, PAIR, criterion, choice.model, choice.pair)
    return row if choice.setting == LOW_RESOURCE else replace(row, p=None, p_holm=None)
