"""What pruning by each kind of ranking does to the test score, on the same pairs of languages."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice, Score
from polyheads.analysis.estimates import Estimate, of_mean
from polyheads.study.comparisons import on_the_same_pairs

LastScores = Mapping[Hashable, float]  # sweep -> its test score at the largest k


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a criterion selects: means over sweeps; None where there is none.

    The interval is that of the result table that has the same mean, if any.
    """

    test: float | None  # percent
    gain: float | None  # percentage points
    k: float | None
    low: float | None
    high: float | None
    above: float | None  # shares of the draws of a mean of several pairs, see analysis.draws
    within: float | None
    below: float | None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A kind of ranking among those that were tried on the same pairs; means over its sweeps."""

    group: int  # of kinds that are compared, counted from 0
    task: str
    corpus: str
    model: str
    recipe: str
    setting: str
    protocol: str
    heads: str
    metric: str
    k_max: int
    ranking: str
    pairs: tuple[tuple[str, str], ...]  # source and target
    sweeps: int  # of which all kinds of the group have all numbers
    unpruned: float | None  # percent
    dev_selected: Outcome
    test_oracle: Outcome
    last_test: float | None  # at the largest k
    last_gain: float | None

    def by(self, criterion: str) -> Outcome:
        """What a criterion of CRITERIA selects."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle


class _Known(NamedTuple):
    """A study's estimates, and the choices that they are about."""

    estimates: Sequence[Estimate]
    choices: Sequence[Choice]


def rows(
    choices: Iterable[Choice], scores: Iterable[Score], estimates: Sequence[Estimate] = ()
) -> list[Cost]:
    """Rows for each task, model, setting and protocol in which rankings can be compared.

    That is, in which two kinds of rankings or more, a scored one among them, were tried on the same
    pairs; [] where nothing can be compared.

    choices: in the experiments' own metrics; roles other than main are left out. Means are over the
    pairs and seeds of which all kinds of the group have all trials.
    """
    choices = list(choices)
    known = _Known(estimates, choices)
    groups = on_the_same_pairs(choices)
    tried = (row for kinds in groups for sweeps in kinds.values() for row in sweeps.values())
    last = _at_largest_k(scores, tried)
    out = []
    for i, kinds in enumerate(groups):
        every = next(iter(kinds.values()))
        pairs = [p for p in every if all(_whole(sweeps[p], last) for sweeps in kinds.values())]
        for kind, sweeps in kinds.items():
            first = next(iter(sweeps.values()))
            out.append(_cost(i, kind, first, [sweeps[pair] for pair in pairs], last, known))
    return out


def _at_largest_k(scores: Iterable[Score], choices: Iterable[Choice]) -> LastScores:
    """Of the choices' sweeps, in percent, in the sweep's metric."""
    sweeps = {row.sweep: row for row in choices}
    last: dict[Hashable, float] = {}
    for score in scores:
        row = sweeps.get(score.sweep)
        if row is None or score.split != "test" or score.k != row.k_max:
            continue
        wanted = (row.heads, row.metric, row.target)
        if (score.heads, score.metric, score.language) == wanted:
            last[score.sweep] = score.value
    return last


def _whole(choice: Choice, last: LastScores) -> bool:
    """Whether a sweep has every number of the table."""
    return choice.whole and choice.sweep in last


def _cost(
    group: int,
    kind: str,
    first: Choice,
    choices: Sequence[Choice],
    last: LastScores,
    known: _Known,
) -> Cost:
    """The row of one kind. first: some sweep of it; choices: those that are whole."""
    tests = [last[row.sweep] for row in choices]
    unpruned = [row.unpruned for row in choices if row.unpruned is not None]
    return Cost(
        group=group,
        task=first.task,
        corpus=first.corpus,
        model=first.model,
        recipe=first.recipe,
        setting=first.setting,
        protocol=first.protocol,
        heads=first.heads,
        metric=first.metric,
        k_max=first.k_max,
        ranking=kind,
        pairs=tuple(dict.fromkeys(row.pair for row in choices)),
        sweeps=len(choices),
        unpruned=tidy.mean(unpruned),
        dev_selected=_outcome(choices, "dev_selected", known),
        test_oracle=_outcome(choices, "test_oracle", known),
        last_test=tidy.mean(tests),
        last_gain=tidy.mean(test - score for test, score in zip(tests, unpruned, strict=True)),
    )


def _outcome(choices: Sequence[Choice], criterion: str, known: _Known) -> Outcome:
    selected = [row.by(criterion) for row in choices]
    estimate = of_mean(known.estimates, choices, criterion, study=known.choices)
    drawn = estimate if estimate and estimate.level == "mean" else None
    return Outcome(
        test=tidy.mean(one.test for one in selected),
        gain=tidy.mean(one.gain for one in selected),
        k=tidy.mean(one.k for one in selected),
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        above=drawn.above if drawn else None,
        within=drawn.within if drawn else None,
        below=drawn.below if drawn else None,
    )
