"""What gains are worth: an estimate with interval and p of each, and how tables find theirs.

One estimate per result table, model, pair of languages and criterion, over all seeds; and one per
table, model and criterion for the mean of the pairs (level `mean`). Tables of fresh seeds have
estimates of a criterion of their own (FRESH), without p; their means are of one setting each. Where
predictions can't be used, `problem` says why, and the pair and the means over it have no numbers.
What the draws of `dev_selected` and of fresh seeds say besides (p_interval to delta): `draws`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from polyheads.analysis import tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.study.displays import Display
from polyheads.study.rankings import ranking_kind

FRESH = "fresh"  # the k of `dev_selected`, with seeds that took no part in choosing it
LEVEL = 95  # percent of an interval
ALPHA = 0.05  # a gain with a smaller Holm-adjusted p is told apart from zero
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A gain in percentage points, its interval and its p."""

    table: str
    level: str  # pair | mean
    criterion: str  # of CRITERIA, or FRESH
    experiment: str
    task: str
    corpus: str
    model: str
    recipe: str
    ranking: str  # kind of ranking
    setting: str
    source: str = ""  # "" of a mean
    target: str = ""
    mixture: str = ""
    metric: str
    seeds: int | None = None
    k: str = ""  # of the seeds, `2, 3`
    sentences: int | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    p_sentences: float | None = None
    p_seeds: float | None = None
    p_runs: float | None = None
    p: float | None = None
    p_holm: float | None = None
    resamples: int | None = None
    problem: str = ""
    p_interval: float | None = None
    above: float | None = None  # share of draws above delta
    within: float | None = None
    below: float | None = None
    delta: float | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """Source and target; ("", "") of a mean."""
        return self.source, self.target

    @property
    def told_apart(self) -> bool:
        """Whether the gain is told apart from zero: Holm-adjusted p below ALPHA."""
        return self.p_holm is not None and self.p_holm < ALPHA

    @property
    def has_training_noise(self) -> bool:
        """Whether p holds the noise of training: of several seeds, or of further runs."""
        return self.p_seeds is not None or self.p_runs is not None


COLUMNS = tuple(field.name for field in fields(Estimate))


def write(estimates: Iterable[Estimate], path: str | Path) -> None:
    """statistics.csv."""
    tidy.write(estimates, path, columns=COLUMNS, digits=DIGITS)


def read(path: str | Path) -> list[Estimate]:
    """The rows of statistics.csv."""
    return tidy.read(Estimate, path)


def of_table(estimates: Iterable[Estimate], table: str) -> dict[tuple[str, ...], Estimate]:
    """(model, source, target, criterion) -> estimate of one table; ("", "") for its means."""
    return {(row.model, *row.pair, row.criterion): row for row in estimates if row.table == table}


def problems(estimates: Iterable[Estimate]) -> list[str]:
    """Why gains have no numbers, each reason once."""
    return list(dict.fromkeys(row.problem for row in estimates if row.problem))


def of_choices(estimates: Iterable[Estimate], choices: Iterable[Choice]) -> list[Estimate]:
    """The pairs' estimates that belong to these choices, each once; those with a gain.

    A pair can be in two tables, in two metrics: the choices' own metric picks one.
    """
    return [row for row in all_of_choices(estimates, choices) if not row.problem]


def all_of_choices(estimates: Iterable[Estimate], choices: Iterable[Choice]) -> list[Estimate]:
    """As `of_choices`, with those that only say what their problem is."""
    wanted = set(map(_of_choice, choices))
    return [
        row
        for row in estimates
        if row.level == "pair" and row.criterion in CRITERIA and _of_estimate(row) in wanted
    ]


def of_means(estimates: Iterable[Estimate], choices: Iterable[Choice]) -> list[Estimate]:
    """The means of the tables that these choices are in."""
    wanted = {_table(row) for row in choices}
    return [
        row
        for row in estimates
        if row.level == "mean" and row.criterion in CRITERIA and _place(row) in wanted
    ]


def _table(choice: Choice) -> tuple[str, ...]:
    kind = ranking_kind(choice.ranking, choice.source)
    return choice.experiment, choice.model, choice.setting, choice.metric, kind


def _place(row: Estimate) -> tuple[str, ...]:
    return row.experiment, row.model, row.setting, row.metric, row.ranking


def blank(
    display: Display, level: str, criterion: str, model: str, pair: tuple[str, str] = ("", "")
) -> Estimate:
    """An estimate without numbers: of a gain that nothing was resampled for."""
    return Estimate(
        table=display.name,
        level=level,
        criterion=criterion,
        experiment=display.experiment,
        task=display.task,
        corpus=display.corpus,
        model=model,
        recipe="",
        ranking=display.ranking,
        setting=display.setting,
        source=pair[0],
        target=pair[1],
        metric=display.metric,
    )


def is_of(estimate: Estimate, choices: Iterable[Choice]) -> bool:
    """Whether a pair's estimate is about the gain of exactly these choices, one for each seed.

    Elsewhere a mean may be of fewer seeds, or of a sweep that tried other k: then other k are
    chosen, or the gain is the same.
    """
    selected = [row.by(estimate.criterion) for row in choices]
    ks = [one.k for one in selected if one.gain is not None]
    return estimate.seeds == len(ks) and estimate.k == " ".join(map(str, ks))


def of_mean(
    estimates: Iterable[Estimate],
    choices: Iterable[Choice],
    criterion: str,
    *,
    study: Iterable[Choice] | None = None,
) -> Estimate | None:
    """The estimate of the mean gain of these choices, where a result table has the same mean.

    The same: of the same pairs, each of the same trials. Without p, which is about that table. None
    where there is none.

    study: all choices, so that tables of other experiments are looked through, too, which may share
    trials; without, only those of the choices' own.
    """
    choices = list(choices)
    pairs = tidy.grouped(choices, lambda row: row.pair)
    behind = tidy.grouped(choices if study is None else study, _of_choice)
    tables = tidy.grouped(
        (row for row in estimates if row.criterion == criterion),
        lambda row: (row.table, row.model),
    )
    for rows in tables.values():
        members = [row for row in rows if row.level == "pair"]
        same = {
            row.pair
            for row in members
            if row.pair in pairs
            and is_of(row, pairs[row.pair])
            and _trials(behind.get(_of_estimate(row), ()), criterion)
            == _trials(pairs[row.pair], criterion)
        }
        if len(members) == len(pairs) and same == set(pairs):
            whole = [row for row in rows if row.level == "mean"] if len(pairs) > 1 else members
            if whole:
                return replace(whole[0], p=None, p_holm=None)
    return None


def _trials(choices: Iterable[Choice], criterion: str) -> set[tuple[str, str, int, str]]:
    """The trials that are chosen, the heads on at test, and what k they are chosen among."""
    return {
        (row.by(criterion).trial, row.heads, row.k_max, row.missing_k)
        for row in choices
        if row.by(criterion).gain is not None
    }


def _of_choice(row: Choice) -> tuple[str, ...]:
    return (*_table(row), *row.pair, row.mixture)


def _of_estimate(row: Estimate) -> tuple[str, ...]:
    return (*_place(row), *row.pair, row.mixture)
