"""What tables and figures are made of: corpora, trainings and code.

So two tables can be told apart, or trusted to be of the same kind, without their study.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from polyheads import digests
from polyheads.analysis import corpus_baselines
from polyheads.catalogue import metrics as metrics_module
from polyheads.catalogue.tasks import PUBLISHED_METRIC
from polyheads.provenance import module_hash
from polyheads.study import comparisons, displays, mixtures
from polyheads.study.contents import Contents
from polyheads.study.controls import is_control
from polyheads.study.displays import Display
from polyheads.study.plan import Sweep
from polyheads.study.rankings import ON, parse, ranking_kind

LENGTH = 8  # of a digest as a reader sees it
ESTIMATES = "polyheads.analysis.inference"  # the code behind intervals and p


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What one table or figure is made of."""

    name: str  # of the display, or of a table over the whole study
    metrics: tuple[str, ...]  # none for rankings alone
    corpora: tuple[str, ...]
    locks: tuple[str, ...]  # digest of each corpus: its files' checksums, and how they are read
    recipes: tuple[str, ...]
    seeds: int
    trainings: int
    masked: int  # evaluations of models with heads masked after training
    rankings: int  # that the table is about, where it is about them alone
    training_code: tuple[str, ...]  # several where the code changed between trainings
    analysis_code: str  # of metrics, choices and estimates


@dataclass(frozen=True, kw_only=True)
class Origins:
    """What is known of a study's files."""

    locks: Mapping[tuple[str, str], str]  # corpus, language -> `lock`
    codes: Mapping[str, str]  # a trial's JSON -> hash of the code that trained it
    machines: Mapping[str, tuple[str, int]]  # the same -> type of device, threads


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What trials were made on."""

    device: str  # its type, `cpu` or `cuda`
    threads: int  # per training; 0 where files don't say
    trials: int


def lock(corpus: Mapping[str, Any]) -> str:
    """Digest of a corpus.json's files, and of how they were read."""
    files = {name: file["sha256"] for name, file in corpus.get("checksums", {}).items()}
    return digests.of([files, corpus.get("made_of")])


def read_origins(corpora: Iterable[str | Path], trials: Iterable[str | Path]) -> Origins:
    """Of corpus.json and trial files."""
    locks = {}
    for path in corpora:
        corpus = json.loads(Path(path).read_text(encoding="utf-8"))
        locks[corpus["corpus"], corpus["language"]] = lock(corpus)
    codes, machines = {}, {}
    for path in map(str, trials):
        made = json.loads(Path(path).read_text(encoding="utf-8")).get("made_of", {})
        codes[path] = made.get("code", "unknown")
        machines[path] = made.get("device", "unknown"), made.get("threads", 0)
    return Origins(locks=locks, codes=codes, machines=machines)


def machines(done: Iterable[str], origins: Origins) -> list[Machine]:
    """What the trials that are there were made on, the most used first."""
    counts = Counter(origins.machines[path] for path in done if path in origins.machines)
    return [
        Machine(device=device, threads=threads, trials=n)
        for (device, threads), n in counts.most_common()
    ]


def rows(contents: Contents, done: set[str], origins: Origins) -> list[Signature]:
    """One for each display, table over the whole study and table that compares rankings.

    done: paths of the trials that are there.
    """
    sweeps, out = contents.sweeps, []
    for display in contents.displays:
        out.append(_of_sweeps(display.name, sweeps_of(display, contents), done, origins))
    main = [sweep for sweep in sweeps if sweep.role == "main"]
    for name in (*displays.WHOLE, "corpus-baselines", comparisons.COSTS):
        chosen = {"claims": list(sweeps), "corpus-baselines": _alone(main)}.get(name, main)
        out.append(_of_sweeps(name, chosen, done, origins))
    for name in contents.comparisons:
        if name != comparisons.COSTS:
            out.append(_of_rankings(name, contents, origins))
    return out


def sweeps_of(display: Display, contents: Contents) -> list[Sweep]:
    """The sweeps that a display shows, in its metric."""
    sweeps = [
        replace(sweep, metric=display.metric or sweep.metric)
        for sweep in contents.sweeps
        if display.experiment in ("", sweep.experiment) or sweep.experiment == display.partner
    ]
    main = [sweep for sweep in sweeps if sweep.role == "main"]
    match display.kind:
        case "null-baselines":
            with_null = {s.experiment for s in sweeps if s.role in displays.NULL_ROLES}
            return [s for s in sweeps if s.role != "fresh" and s.experiment in with_null]
        case "fresh":
            return [
                sweep
                for sweep in sweeps
                if sweep.role in ("main", "fresh")
                and ranking_kind(sweep.ranking, sweep.source) == display.ranking
                and sweep.setting != displays.LOW_RESOURCE
            ]
        case "controls":
            return [s for s in main if is_control(s) and s.setting == display.setting]
        case "several-sources":
            inside = [s for s in main if "+" in s.source and s.setting == display.setting]
            return [sweep for sweep in inside if parse(sweep.ranking).language]
        case "replication":
            partner = replace(display, experiment=display.partner, ranking=display.partner_ranking)
            return [*displays.members(display, main), *displays.members(partner, main)]
    return displays.members(display, main)


def _alone(main: Sequence[Sweep]) -> list[Sweep]:
    """The unpruned runs that published scores of a corpus's authors are compared with."""
    metric = PUBLISHED_METRIC[corpus_baselines.TASK]
    return [
        replace(sweep, metric=metric, ks=(0,), trials=sweep.trials[:1])
        for sweep in main
        if sweep.task == corpus_baselines.TASK and sweep.mixture == (sweep.target,)
    ]


def _of_sweeps(name: str, sweeps: Sequence[Sweep], done: set[str], origins: Origins) -> Signature:
    trained, masked = runs(sweeps, done)
    languages = {
        (sweep.corpus, code)
        for sweep in sweeps
        for code in (*mixtures.languages(sweep.mixture), sweep.target)
    }
    corpora = sorted({sweep.corpus for sweep in sweeps})
    # A masked model has no training of its own, but was trained by some code, too.
    codes = {origins.codes.get(path, "unknown") for path in (*trained, *masked)}
    return Signature(
        name=name,
        metrics=tuple(dict.fromkeys(sweep.metric for sweep in sweeps)),
        corpora=tuple(corpora),
        locks=tuple(_lock(corpus, languages, origins) for corpus in corpora),
        recipes=tuple(dict.fromkeys(sweep.recipe for sweep in sweeps)),
        seeds=len({sweep.seed for sweep in sweeps}),
        trainings=len(trained),
        masked=len(masked),
        rankings=0,
        training_code=tuple(sorted(codes)),
        analysis_code=analysis_code(),
    )


def _of_rankings(name: str, contents: Contents, origins: Origins) -> Signature:
    """Of the rankings of a comparison."""
    groups = comparisons.of_languages(contents.rankings)
    of_group = {group.name: list(members.values()) for group, members in groups.items()}
    shown = of_group.get(name, contents.rankings)
    languages = {
        (ranking.corpus, code)
        for ranking in shown
        if ranking.language
        for code in ranking.language.split(ON)
    }
    corpora = sorted({ranking.corpus for ranking in shown})
    return Signature(
        name=name,
        metrics=(),
        corpora=tuple(corpora),
        locks=tuple(_lock(corpus, languages, origins) for corpus in corpora),
        recipes=tuple(dict.fromkeys(ranking.recipe for ranking in shown)),
        seeds=len({ranking.seed for ranking in shown}),
        trainings=0,
        masked=0,
        rankings=len(shown),
        training_code=(),
        analysis_code=analysis_code(),
    )


def runs(sweeps: Iterable[Sweep], done: Iterable[str]) -> tuple[set[str], set[str]]:
    """The trials of sweeps that are there: those trained, and those masked after training.

    Shared ones count once.
    """
    done = set(done)
    trained: set[str] = set()
    masked: set[str] = set()
    for sweep in sweeps:
        for k, path in zip(sweep.ks, sweep.trials, strict=True):
            if path in done:
                (masked if k and sweep.protocol == "mask" else trained).add(path)
    return trained, masked


def _lock(corpus: str, languages: set[tuple[str, str]], origins: Origins) -> str:
    """One digest for those languages of a corpus that are used."""
    used = {code: origins.locks.get((corpus, code)) for name, code in languages if name == corpus}
    return digests.of(used)[:LENGTH]


def analysis_code() -> str:
    """Digest of the code of metrics, choices of k and estimates."""
    modules = (metrics_module.__name__, "polyheads.analysis.choices", ESTIMATES)
    return digests.of([module_hash(module) for module in modules])[:LENGTH]
