"""What a study shows: its tables and figures, known before there is any number.

A display is a table, or a figure, of a set of sweeps, and its name the name of its files. Names
spell what picks the sweeps, so they are the same in every run. What a display is called in words
is the report's business, how its numbers are made that of `analysis`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from polyheads.catalogue import published
from polyheads.catalogue.tasks import PUBLISHED_METRIC
from polyheads.study import replication
from polyheads.study.controls import is_control
from polyheads.study.plan import Sweep
from polyheads.study.rankings import parse, ranking_kind
from polyheads.study.rows import Row

TRANSFER = ("cross-lingual", "multi-lingual")  # settings of a source and another target
SETTINGS = (*TRANSFER, "mono-lingual")
LOW_RESOURCE = "low-resource"  # the setting in which one pair has a sweep for every share of data
CONTROLS = "controls"  # stands for the reversed and random rankings of an experiment
SEVERAL = "several-sources"  # stands for the rankings of all sources, put together or compared
NULL_ROLES = ("noise", "random")
LEAST_PAIRS = 4  # of languages, for correlations
MANY = 20  # targets of one source, for tests that tell families of languages apart

TABLES: dict[str, tuple[str, ...]] = {
    "results": ("",),
    "several-sources": ("",),
    "low-resource": ("",),
    "controls": ("",),
    "replication": ("",),
    "null-baselines": ("",),
    "fresh": ("",),
    "stopping": ("",),
    "correlations": ("", ".families", ".pairs"),
    "many-languages": ("", ".extremes", ".groups", ".targets"),
}
"""Kind of display -> what the names of its tables end with."""

FIGURES = (
    *("gains", "curves", "low-resource", "dev-test", "correlations", "many-languages"),
    "null-baselines",
)
"""Kinds of displays that have a figure."""

WHOLE = ("claims", "overview", "improved", "pruned-heads")
"""Names of the tables over the whole study."""

_UNNAMED = ("results", "curves", "low-resource", "several-sources")  # kinds that no name spells


@dataclass(frozen=True, kw_only=True)
class Display:
    """One table or figure, and what picks its sweeps; "" for what doesn't pick any."""

    kind: str  # of TABLES or FIGURES
    name: str
    experiment: str = ""
    ranking: str = ""  # kind of ranking, or CONTROLS, or SEVERAL
    metric: str = ""
    setting: str = ""
    source: str = ""
    task: str = ""
    corpus: str = ""
    partner: str = ""  # of a replication: the experiment that does what the paper says
    partner_ranking: str = ""


R = TypeVar("R", bound=Row)


def plan(sweeps: Sequence[Sweep]) -> list[Display]:
    """All displays of a study: experiments in its order, inside each the kinds in a fixed order."""
    main = [sweep for sweep in sweeps if sweep.role == "main"]
    displays = [
        *_several_sources(main),
        *_results(main),
        *_controls(main),
        *_replications(main),
        *_of_first_rankings(main),
        *_many_languages(main),
        *_fresh(sweeps),
    ]
    if any(sweep.role in NULL_ROLES for sweep in sweeps):
        displays.append(Display(kind="null-baselines", name="null-baselines"))
    order = {name: i for i, name in enumerate(dict.fromkeys(s.experiment for s in sweeps))}
    return sorted(displays, key=lambda display: order.get(display.experiment, -1))


def members(display: Display, rows: Iterable[R], *, role: str = "main") -> list[R]:
    """The rows that a display shows: those of the role main.

    Null baselines and fresh seeds have displays of their own, and so has the setting low-resource.
    """
    return [
        row
        for row in rows
        if row.role == role
        and row.experiment == display.experiment
        and row.metric == display.metric
        and ranking_kind(row.ranking, row.source) == display.ranking
        and display.setting in ("", row.setting)
        and display.source in ("", row.source)
        and (row.setting != LOW_RESOURCE or display.kind == "low-resource")
    ]


def main_rows(displays: Iterable[Display], rows: Sequence[R]) -> list[R]:
    """The rows in the experiments' own metrics, in the order of the report."""
    return [
        row
        for display in displays
        if display.kind in ("gains", "low-resource")
        for row in members(display, rows)
    ]


def with_metrics(displays: Iterable[Display], sweeps: Sequence[Sweep]) -> list[Sweep]:
    """The sweeps, and once more those that tables of their task show in other metrics."""
    shown: dict[str, list[str]] = {}
    for display in displays:
        if display.metric:
            shown.setdefault(display.task, []).append(display.metric)
    out = list(sweeps)
    for sweep in sweeps:
        if sweep.role in ("main", "random"):
            metrics = dict.fromkeys(m for m in shown.get(sweep.task, ()) if m != sweep.metric)
            out += [replace(sweep, metric=metric) for metric in metrics]
    return out


def largest_k(sweeps: Iterable[Sweep]) -> int:
    """The most heads that the study prunes."""
    return max(max(sweep.ks) for sweep in sweeps if sweep.role == "main")


def is_pair(row: Row) -> bool:
    """Whether a row is of one source and another target, in a setting of transfer."""
    single = "+" not in row.source and row.source != row.target
    return single and row.setting in TRANSFER and row.role == "main"


def paths(displays: Iterable[Display], kind: str, directory: str, *suffixes: str) -> list[str]:
    """File names of the displays of one kind: DIRECTORY/NAME plus each of the suffixes."""
    names = [display.name for display in displays if display.kind == kind]
    return [f"{directory}/{name}{suffix}" for name in names for suffix in suffixes]


def display(kind: str, members: Sequence[Sweep], *, ranking: str, **picks: str) -> Display:
    """A display of these sweeps. picks: setting, source, metric, partner, as far as they apply."""
    first = members[0]
    metric = picks.pop("metric", first.metric)
    parts = [first.experiment, picks.get("setting"), picks.get("source"), ranking]
    if kind not in (*_UNNAMED, ranking):
        parts.append(kind)
    if metric != first.metric:
        parts.append(metric)
    return Display(
        kind=kind,
        name=".".join(part for part in parts if part),
        experiment=first.experiment,
        ranking=ranking,
        metric=metric,
        task=first.task,
        corpus=first.corpus,
        **picks,
    )


def _by_ranking(sweeps: Iterable[Sweep]) -> dict[tuple[str, str], list[Sweep]]:
    """(experiment, kind of ranking) -> its sweeps."""
    groups: dict[tuple[str, str], list[Sweep]] = {}
    for sweep in sweeps:
        kind = ranking_kind(sweep.ranking, sweep.source)
        groups.setdefault((sweep.experiment, kind), []).append(sweep)
    return groups


def _results(main: Sequence[Sweep]) -> list[Display]:
    """Result tables, curves and overviews of gains; the low-resource setting has its own.

    One result table per experiment, kind of ranking, setting and metric; curves split it by source;
    one overview of gains per experiment and kind of ranking. The metric is the sweeps' own; a
    second result table has that of the published numbers where the paper has one of its cells.
    """
    printed = set(published.scores())
    out = []
    for (_, ranking), group in _by_ranking(main).items():
        settings = [name for name in SETTINGS if any(s.setting == name for s in group)]
        for setting in settings:
            inside = [sweep for sweep in group if sweep.setting == setting]
            metrics = [inside[0].metric]
            if any(published.point(sweep) in printed for sweep in inside):
                metrics.append(PUBLISHED_METRIC[inside[0].task])
            for metric in dict.fromkeys(metrics):
                out.append(
                    display("results", inside, ranking=ranking, setting=setting, metric=metric)
                )
            for source in dict.fromkeys(s.source for s in inside if len(s.ks) > 1):
                out.append(
                    display("curves", inside, ranking=ranking, setting=setting, source=source)
                )
        low = [sweep for sweep in group if sweep.setting == LOW_RESOURCE]
        for source in dict.fromkeys(sweep.source for sweep in low):
            picks = {"setting": LOW_RESOURCE, "source": source}
            out.append(display("low-resource", low, ranking=ranking, **picks))
        if settings and any(len(sweep.ks) > 1 for sweep in group):
            out.append(display("gains", group, ranking=ranking))
    return out


def _several_sources(main: Sequence[Sweep]) -> list[Display]:
    """A table for each experiment and setting that puts rankings of several sources together."""
    out = []
    for experiment in dict.fromkeys(sweep.experiment for sweep in main):
        inside = [s for s in main if s.experiment == experiment and "+" in s.source]
        if any(s.ranking.startswith(("merged-", "summed-")) for s in inside):
            out += [
                display("several-sources", inside, ranking=SEVERAL, setting=setting)
                for setting in dict.fromkeys(sweep.setting for sweep in inside)
            ]
    return out


def _controls(main: Sequence[Sweep]) -> list[Display]:
    """A table of controls for each experiment and setting with a reversed or random ranking.

    The metric is the sweeps' own; a second table has that of the paper's Table 5 where it has a
    number for one of them.
    """
    groups: dict[tuple[str, str], list[Sweep]] = {}
    for sweep in main:
        wanted = is_control(sweep) and "+" not in sweep.source and len(sweep.ks) > 1
        if wanted and sweep.setting != LOW_RESOURCE:  # one pair has many sweeps there
            groups.setdefault((sweep.experiment, sweep.setting), []).append(sweep)
    printed = {place for place, _ in published.control_changes()}
    out = []
    for (_, setting), inside in groups.items():
        metrics = [inside[0].metric]
        if any(published.point(sweep) in printed for sweep in inside):
            metrics.append(PUBLISHED_METRIC[inside[0].task])
        for metric in dict.fromkeys(metrics):
            picks = {"setting": setting, "metric": metric}
            out.append(display("controls", inside, ranking=CONTROLS, **picks))
    return out


def _replications(main: Sequence[Sweep]) -> list[Display]:
    """A table for each experiment that does what the paper's released code does."""
    out = []
    for found in replication.pairs(main, SETTINGS):
        inside = [sweep for sweep in main if sweep.experiment == found.experiment]
        picks = {"partner": found.partner, "partner_ranking": found.partner_ranking}
        metric = PUBLISHED_METRIC.get(inside[0].task, inside[0].metric)
        out.append(display("replication", inside, ranking=found.ranking, metric=metric, **picks))
    return out


def _of_first_rankings(main: Sequence[Sweep]) -> list[Display]:
    """What each experiment shows of its first scored ranking, lowest heads first, of one source.

    One ranking of an experiment is enough to tell when to stop, and how dev follows test; what
    others cost is compared elsewhere. In the setting low-resource a pair has a sweep for every
    share of data, which these displays leave out.
    """
    plain = []
    for sweep in main:
        name = parse(sweep.ranking)
        scored = name.language and not name.reversed and not name.method
        one = "+" not in sweep.source and sweep.setting != LOW_RESOURCE
        if scored and one and sweep.heads == "pruned":
            plain.append(sweep)
    firsts: dict[str, tuple[str, list[Sweep]]] = {}
    for (experiment, ranking), group in _by_ranking(plain).items():
        firsts.setdefault(experiment, (ranking, group))
    out = []
    for ranking, group in firsts.values():
        long = len(group[0].ks) > 2
        if long and len({(sweep.source, sweep.target) for sweep in group}) > 1:
            out.append(display("dev-test", group, ranking=ranking))
        if any(len(sweep.ks) > 2 for sweep in group):
            out.append(display("stopping", group, ranking=ranking))
        if len(group[0].ks) > 1 and _enough_pairs(group):
            out.append(display("correlations", group, ranking=ranking))
    return out


def _many_languages(main: Sequence[Sweep]) -> list[Display]:
    """What goes with the gain, for each kind of scored ranking with many targets of a source."""
    out = []
    for (_, ranking), group in _by_ranking(main).items():
        targets: dict[tuple[str, str, str], set[str]] = {}
        for sweep in group:
            if is_pair(sweep) and sweep.heads == "pruned" and len(sweep.ks) > 1:
                place = (sweep.setting, sweep.model, sweep.source)
                targets.setdefault(place, set()).add(sweep.target)
        scored = parse(group[0].ranking).language and not ranking.startswith("reversed-")
        if scored and any(len(codes) >= MANY for codes in targets.values()):
            out.append(display("many-languages", group, ranking=ranking))
    return out


def _fresh(sweeps: Sequence[Sweep]) -> list[Display]:
    """A table for each experiment and kind of ranking with fresh seeds."""
    fresh = [s for s in sweeps if s.role == "fresh" and s.setting in SETTINGS]
    out = []
    for experiment, ranking in _by_ranking(fresh):
        inside = [s for s in sweeps if s.role == "main" and s.experiment == experiment]
        out.append(display("fresh", inside, ranking=ranking))
    return out


def _enough_pairs(sweeps: Iterable[Sweep]) -> bool:
    """Whether some setting has LEAST_PAIRS pairs of languages."""
    pairs: dict[str, set[tuple[str, str]]] = {}
    for sweep in filter(is_pair, sweeps):
        pairs.setdefault(sweep.setting, set()).add((sweep.source, sweep.target))
    return any(len(group) >= LEAST_PAIRS for group in pairs.values())
