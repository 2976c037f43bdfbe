"""What a study ran and found: the counts and means behind the sentences of the start page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from polyheads.analysis import tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.analysis.estimates import Estimate, of_choices
from polyheads.analysis.improved import count
from polyheads.analysis.reproduction import Reproduction
from polyheads.analysis.signatures import runs
from polyheads.catalogue.methods import KINDS
from polyheads.study.plan import Sweep
from polyheads.study.rankings import ranking_kind

MOST_RANKINGS = 2  # whose gains are put into words; the rest is in the tables


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much a study ran."""

    trainings: int
    masked: int  # evaluations of models with heads masked after training
    sweeps: int  # of the role main, as what follows
    tasks: int
    models: int
    languages: int
    seeds: int
    rankings: int  # kinds, in words below or not


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an experiment ran. Names each once, in the order of the study."""

    experiment: str
    task: str
    corpus: str
    recipe: str
    metric: str
    models: tuple[str, ...]
    sources: tuple[str, ...]  # `en`, `en+zh`
    targets: tuple[str, ...]
    settings: tuple[str, ...]
    rankings: tuple[str, ...]  # kinds
    ks: tuple[int, ...]
    protocol: str
    heads: str  # pruned | all: those on when test is read


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What there is beside the sweeps of an experiment; 0 for none."""

    experiment: str
    random_rankings: int
    further_seeds: int  # of each unpruned model
    fresh_seeds: int


@dataclass(frozen=True, kw_only=True)
class ToldApart:
    """How many gains are more than the choice of test sentences makes."""

    gains: int = 0  # with an estimate
    tested: int = 0
    above: int = 0  # told apart from zero
    below: int = 0


@dataclass(frozen=True, kw_only=True)
class Gains:
    """The gains of one kind of ranking and setting, percentage points. Means None for no gains."""

    ranking: str
    setting: str
    sweeps: int  # with a gain by the choice on dev, of which
    up: int
    down: int
    same: int
    unpruned: int  # sweeps for which dev chose k = 0
    dev_selected: float | None
    dev_test_spearman: float | None  # over k
    oracle_sweeps: int  # with a gain by the best on test
    oracle_up: int
    test_oracle: float | None
    oracle_less_dev: float | None  # the second mean less the first
    dev_selected_apart: ToldApart
    test_oracle_apart: ToldApart

    def apart(self, criterion: str) -> ToldApart:
        """The gains by a criterion of CRITERIA that are told apart from zero."""
        return self.dev_selected_apart if criterion == CRITERIA[0] else self.test_oracle_apart


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a study can't say, or not well."""

    seeds: int
    run_noise: bool  # whether it was measured in some experiment
    random_rankings: bool  # whether there are any
    cross_lingual: bool
    missing: int  # trials


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """How near the scores of a table are to the published ones."""

    table: str
    degree: Reproduction


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that the start page says in sentences."""

    extent: Extent
    runs: tuple[Run, ...]
    extras: tuple[Extras, ...]
    gains: tuple[Gains, ...]
    limits: Limits
    reproduced: tuple[Reproduced, ...] = ()  # tables that have published scores of what was run


def findings(
    sweeps: Sequence[Sweep],
    done: Iterable[str],
    choices: Sequence[Choice],
    estimates: Sequence[Estimate] = (),
    reproduced: Iterable[Reproduced] = (),
) -> Findings:
    """What a study ran and found.

    done: paths of the trials that are there; choices: in the experiments' own metrics, of the role
    main; estimates: of the tables' gains.
    """
    done = set(done)
    main = [sweep for sweep in sweeps if sweep.role == "main"]
    return Findings(
        extent=_extent(sweeps, main, choices, done),
        runs=tuple(_run(group) for group in _by_experiment(main)),
        extras=tuple(_extras(group) for group in _by_experiment(sweeps)),
        gains=tuple(_gains(choices, estimates)),
        limits=_limits(sweeps, main, done, choices),
        reproduced=tuple(table for table in reproduced if table.degree.scores),
    )


def _by_experiment(sweeps: Iterable[Sweep]) -> Collection[list[Sweep]]:
    return tidy.grouped(sweeps, lambda sweep: sweep.experiment).values()


def _extent(
    sweeps: Sequence[Sweep], main: Sequence[Sweep], choices: Sequence[Choice], done: set[str]
) -> Extent:
    trained, masked = runs(sweeps, done)
    return Extent(
        trainings=len(trained),
        masked=len(masked),
        sweeps=len(main),
        tasks=len({sweep.task for sweep in main}),
        models=len({sweep.model for sweep in main}),
        languages=len({c for s in main for side in (s.source, s.target) for c in side.split("+")}),
        seeds=len({sweep.seed for sweep in main}),
        rankings=len({ranking_kind(row.ranking, row.source) for row in choices}),
    )


def _run(sweeps: Sequence[Sweep]) -> Run:
    """What one experiment ran. Of sweeps that differ, the first one's metric, k and protocol."""
    first = sweeps[0]
    return Run(
        experiment=first.experiment,
        task=first.task,
        corpus=first.corpus,
        recipe=first.recipe,
        metric=first.metric,
        models=_each(sweep.model for sweep in sweeps),
        sources=_each(sweep.source for sweep in sweeps),
        targets=_each(sweep.target for sweep in sweeps),
        settings=_each(sweep.setting for sweep in sweeps),
        rankings=_each(ranking_kind(sweep.ranking, sweep.source) for sweep in sweeps),
        ks=first.ks,
        protocol=first.protocol,
        heads=first.heads,
    )


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _extras(sweeps: Sequence[Sweep]) -> Extras:
    noise = next((sweep for sweep in sweeps if sweep.role == "noise"), None)
    return Extras(
        experiment=sweeps[0].experiment,
        random_rankings=len({sweep.ranking for sweep in sweeps if sweep.role == "random"}),
        further_seeds=len(noise.ks) - 1 if noise else 0,
        fresh_seeds=len({sweep.seed for sweep in sweeps if sweep.role == "fresh"}),
    )


def _gains(choices: Sequence[Choice], estimates: Sequence[Estimate]) -> list[Gains]:
    """The gains of the first scored rankings; where none is scored, those of all."""
    groups = tidy.grouped(choices, lambda row: (ranking_kind(row.ranking, row.source), row.setting))
    scored = _each(ranking for ranking, _ in groups if ranking in KINDS)[:MOST_RANKINGS]
    return [
        _gains_of(ranking, setting, rows, estimates)
        for (ranking, setting), rows in groups.items()
        if ranking in scored or not scored
    ]


def _gains_of(
    ranking: str, setting: str, choices: Sequence[Choice], estimates: Sequence[Estimate]
) -> Gains:
    selected = [row.dev_selected.gain for row in choices if row.dev_selected.gain is not None]
    best = [row.test_oracle.gain for row in choices if row.test_oracle.gain is not None]
    dev_selected, test_oracle = tidy.mean(selected), tidy.mean(best)
    apart = None
    if dev_selected is not None and test_oracle is not None:
        apart = test_oracle - dev_selected
    mine = of_choices(estimates, choices)
    return Gains(
        ranking=ranking,
        setting=setting,
        sweeps=len(selected),
        **count(selected)._asdict(),
        unpruned=sum(row.dev_selected.k == 0 for row in choices),
        dev_selected=dev_selected,
        dev_test_spearman=tidy.mean(row.dev_test_spearman for row in choices),
        oracle_sweeps=len(best),
        oracle_up=count(best).up,
        test_oracle=test_oracle,
        oracle_less_dev=apart,
        dev_selected_apart=_told_apart(mine, "dev_selected"),
        test_oracle_apart=_told_apart(mine, "test_oracle"),
    )


def _told_apart(estimates: Sequence[Estimate], criterion: str) -> ToldApart:
    rows = [row for row in estimates if row.criterion == criterion]
    apart = [row.gain for row in rows if row.told_apart and row.gain is not None]
    above = sum(gain > 0 for gain in apart)
    return ToldApart(
        gains=len(rows),
        tested=sum(row.p is not None for row in rows),
        above=above,
        below=len(apart) - above,
    )


def _limits(
    sweeps: Sequence[Sweep], main: Sequence[Sweep], done: set[str], choices: Sequence[Choice]
) -> Limits:
    roles = {sweep.role for sweep in sweeps}
    rankings = {ranking_kind(sweep.ranking, sweep.source) for sweep in main}
    return Limits(
        seeds=len({sweep.seed for sweep in main}),
        run_noise="noise" in roles,
        random_rankings="random" in roles or any(kind.startswith("random-") for kind in rankings),
        cross_lingual=any(row.setting == "cross-lingual" for row in choices),
        missing=len({path for sweep in sweeps for path in sweep.trials} - done),
    )
