"""Several sources: what the three ways to a ranking give, side by side (Table 6 of the paper).

MD prunes by the mean rank over the sources, SD by summed scores; EC tries each source's own ranking
and takes the one whose sweep has the best dev score (ties to the first), or by the other criterion
the best test score. Scores in percent, gains in percentage points, both means over seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from polyheads.analysis import reproduction, tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.analysis.estimates import Estimate, all_of_choices, is_of, of_mean, problems
from polyheads.analysis.reproduction import Reproduction
from polyheads.catalogue import published
from polyheads.catalogue.tasks import PUBLISHED_METRIC
from polyheads.study.displays import Display
from polyheads.study.rankings import parse

HEURISTICS = ("MD", "SD", "EC")
METHODS = {"MD": "merged", "SD": "summed", "EC": None}  # as in the names of rankings
TARGET, MEAN = "target", "mean"  # levels of rows

_UNPRUNED = "unpruned"  # the model without a heuristic, in the file of the paper's numbers


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a criterion selects of a heuristic's sweeps; None where there is nothing."""

    test: float | None
    gain: float | None
    low: float | None  # of the gain's interval, where the rankings' own tables have one
    high: float | None
    trials: tuple[str, ...] = ()  # paths of their JSON, one for each seed; none of a mean


@dataclass(frozen=True, kw_only=True)
class Heuristic:
    """One of HEURISTICS by both criteria, beside what the paper has."""

    dev_selected: Outcome
    test_oracle: Outcome
    source: str = ""  # of EC: whose ranking dev chose, with the first seed
    published: float | None
    gain_apart: float | None  # our gain of the test oracle less the published one
    cv: float | None = None  # degree of reproduction (see `reproduction`)

    def by(self, criterion: str) -> Outcome:
        """What a criterion of CRITERIA selects."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle


@dataclass(frozen=True, kw_only=True)
class SourcesRow:
    """A target and model, or the mean of a model's targets."""

    level: str  # TARGET | MEAN
    target: str = ""  # "" of a mean
    model: str
    source: str = ""
    unpruned: float | None
    published_unpruned: float | None
    cv_unpruned: float | None = None
    md: Heuristic
    sd: Heuristic
    ec: Heuristic
    interval_seeds: int = 0  # the most behind an interval of one of its sweeps; 0 for no interval
    problems: tuple[str, ...] = ()  # why sweeps have no interval
    run: tuple[str, ...] = ()  # of HEURISTICS, those of the whole table
    reproduction: Reproduction = Reproduction()  # of the whole table

    def heuristic(self, name: str) -> Heuristic:
        """One of HEURISTICS."""
        return {"MD": self.md, "SD": self.sd, "EC": self.ec}[name]


def rows(
    display: Display, choices: Iterable[Choice], estimates: Iterable[Estimate] = ()
) -> list[SourcesRow]:
    """A row for each target and model, then one for the mean of each model that has several.

    estimates: of the study's result tables, of which each ranking has its own.
    """
    shown = [choice for choice in choices if shows(display, choice)]
    own = [row for row in estimates if row.experiment == display.experiment]
    groups = tidy.grouped(shown, lambda choice: (choice.target, choice.model))
    targets = [_target(display, group, own) for group in groups.values()]
    out = list(targets)
    for model, members in tidy.grouped(targets, lambda row: row.model).items():
        if len(members) > 1:
            sweeps = [group for (_, of_model), group in groups.items() if of_model == model]
            out.append(_mean(members, sweeps, own))
    run = {heuristic(choice.ranking) for choice in shown}
    in_order = tuple(name for name in HEURISTICS if name in run)
    cvs = [cv for row in targets for cv in (row.cv_unpruned, row.md.cv, row.sd.cv, row.ec.cv)]
    table = reproduction.of_table(cvs)
    return [replace(row, run=in_order, reproduction=table) for row in out]


def heuristic(ranking: str) -> str:
    """MD, SD or EC, by the name of a ranking."""
    return next(name for name, method in METHODS.items() if method == parse(ranking).method)


def shows(display: Display, choice: Choice) -> bool:
    """Whether a choice belongs to the table; null baselines and fresh seeds have their own."""
    return (
        choice.role == "main"
        and choice.experiment == display.experiment
        and choice.setting == display.setting
        and choice.metric == display.metric
        and "+" in choice.source
        and bool(parse(choice.ranking).language)
    )


def _target(
    display: Display, choices: Sequence[Choice], estimates: Sequence[Estimate]
) -> SourcesRow:
    """The row of one target and model."""
    first = choices[0]
    printed = _printed(display.task, first.model, first.target)
    known = all_of_choices(estimates, choices)
    md, sd, ec = (_heuristic(name, choices, printed, estimates) for name in HEURISTICS)
    row = SourcesRow(
        level=TARGET,
        target=first.target,
        model=first.model,
        source=first.source,
        unpruned=tidy.mean(choice.unpruned for choice in choices),
        published_unpruned=printed.get(_UNPRUNED),
        md=md,
        sd=sd,
        ec=ec,
        interval_seeds=max((one.seeds or 0 for one in known if one.low is not None), default=0),
        problems=tuple(problems(known)),
    )
    return _with_cv(row) if display.metric == PUBLISHED_METRIC.get(display.task) else row


def _with_cv(row: SourcesRow) -> SourcesRow:
    """The row with the degree of reproduction of its scores."""
    md, sd, ec = (
        replace(one, cv=reproduction.of_both(one.published, one.test_oracle.test))
        for one in (row.md, row.sd, row.ec)
    )
    cv = reproduction.of_both(row.published_unpruned, row.unpruned)
    return replace(row, cv_unpruned=cv, md=md, sd=sd, ec=ec)


def _heuristic(
    name: str,
    choices: Sequence[Choice],
    printed: Mapping[str, float],
    estimates: Sequence[Estimate],
) -> Heuristic:
    """What a heuristic gives for one target and model. printed: the paper's scores of it."""
    by_dev = _taken(name, choices, "dev_selected")
    best = _outcome(_taken(name, choices, "test_oracle"), "test_oracle", estimates)
    if name == "EC":  # a maximum over the sources, too, which no draw has looked for again
        best = replace(best, low=None, high=None)
    theirs = printed.get(name)
    published_gain = tidy.difference(theirs, printed.get(_UNPRUNED))
    return Heuristic(
        dev_selected=_outcome(by_dev, "dev_selected", estimates),
        test_oracle=best,
        source=(parse(by_dev[0].ranking).language or "") if name == "EC" and by_dev else "",
        published=theirs,
        gain_apart=tidy.difference(best.gain, published_gain),
    )


def _taken(name: str, choices: Iterable[Choice], criterion: str) -> list[Choice]:
    """The sweep that a heuristic ends with by a criterion, for each seed."""
    scores = [
        (choice, choice.dev_selected.dev, choice.test_oracle.test)
        for choice in choices
        if heuristic(choice.ranking) == name
    ]
    whole = [
        (choice, dev if criterion == "dev_selected" else test)
        for choice, dev, test in scores
        if dev is not None and test is not None
    ]
    seeds = tidy.grouped(whole, lambda scored: scored[0].seed)
    return [max(sweeps, key=lambda scored: scored[1])[0] for sweeps in seeds.values()]


def _outcome(choices: Sequence[Choice], criterion: str, estimates: Sequence[Estimate]) -> Outcome:
    """The means of a target's sweeps, one for each seed."""
    selected = [choice.by(criterion) for choice in choices]
    known = [row for row in all_of_choices(estimates, choices) if row.criterion == criterion]
    # Over several seeds of one sweep; where they choose different sources there is none.
    one = known[0] if len(known) == 1 and is_of(known[0], choices) else None
    return Outcome(
        test=tidy.mean(row.test for row in selected),
        gain=tidy.mean(row.gain for row in selected),
        low=one.low if one else None,
        high=one.high if one else None,
        trials=tuple(row.trial for row in selected if row.trial),
    )


def _mean(
    targets: Sequence[SourcesRow],
    sweeps: Sequence[Sequence[Choice]],
    estimates: Sequence[Estimate],
) -> SourcesRow:
    """The mean of a model's targets. sweeps: of each of them."""
    md, sd, ec = (
        _mean_heuristic([row.heuristic(name) for row in targets], name, sweeps, estimates)
        for name in HEURISTICS
    )
    return SourcesRow(
        level=MEAN,
        model=targets[0].model,
        unpruned=tidy.mean(row.unpruned for row in targets),
        published_unpruned=_of_same((row.published_unpruned, row.unpruned) for row in targets),
        md=md,
        sd=sd,
        ec=ec,
    )


def _mean_heuristic(
    targets: Sequence[Heuristic],
    name: str,
    sweeps: Sequence[Sequence[Choice]],
    estimates: Sequence[Estimate],
) -> Heuristic:
    dev_selected, test_oracle = (
        _mean_outcome(
            [one.by(criterion) for one in targets],
            # Those of EC are of different tables, which have no mean together.
            [] if name == "EC" else [_taken(name, group, criterion) for group in sweeps],
            criterion,
            estimates,
        )
        for criterion in CRITERIA
    )
    return Heuristic(
        dev_selected=dev_selected,
        test_oracle=test_oracle,
        published=_of_same((one.published, one.test_oracle.test) for one in targets),
        gain_apart=tidy.mean(one.gain_apart for one in targets),
    )


def _mean_outcome(
    targets: Sequence[Outcome],
    taken: Sequence[Sequence[Choice]],
    criterion: str,
    estimates: Sequence[Estimate],
) -> Outcome:
    """The mean of targets' outcomes. taken: the sweeps of each that have it, one for each seed."""
    gained = [[one for one in group if one.by(criterion).gain is not None] for group in taken]
    # In a ranking's own table a target with more seeds than others weighs more.
    alike = len({len(group) for group in gained if group}) == 1
    every = [one for group in gained for one in group]
    known = of_mean(estimates, every, criterion) if alike else None
    return Outcome(
        test=tidy.mean(one.test for one in targets),
        gain=tidy.mean(one.gain for one in targets),
        low=known.low if known else None,
        high=known.high if known else None,
    )


def _of_same(scores: Iterable[tuple[float | None, float | None]]) -> float | None:
    """The mean of the paper's scores of what has one of ours; None where it lacks one."""
    return tidy.mean_of_all(printed for printed, ours in scores if ours is not None)


def _printed(task: str, model: str, target: str) -> dict[str, float]:
    """unpruned, MD, SD or EC -> published F1 of a target, as far as there is any."""
    return {
        row["heuristic"]: float(row["f1"])
        for row in published.rows(published.SEVERAL)
        if (row["task"], row["model"], row["target"]) == (task, model, target)
    }
