"""What a study's tables and curves are and how their files are called, known before any number.

Imported at parse time by the Snakefile, so it needs nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyheads.catalogue.methods import KINDS
from polyheads.catalogue.tasks import METRICS, PUBLISHED_METRIC, TASK_NAMES
from polyheads.exhibits.published import TABLES, rows
from polyheads.study.rankings import ranking_kind

Exhibit = dict[str, Any]
Languages = Mapping[str, Mapping[str, str]]

SETTINGS = ("cross-lingual", "multi-lingual", "mono-lingual")
CONTROLS = "controls"  # stands for the reversed and random rankings of an experiment
SEVERAL = "several-sources"  # stands for the rankings of all sources, put together or compared
LOW_RESOURCE = "low-resource"  # the setting in which one pair has a sweep for every share of data


def plan(sweeps: Sequence[dict], published: Iterable[Mapping[str, str]] = ()) -> list[Exhibit]:
    """Tables, curves and gain overviews of a study (all exhibits: `contents.plan`).

    One table per experiment, kind of ranking, setting and metric; curves split it by source; one
    overview of gains per experiment and kind of ranking. The setting low-resource has one exhibit
    for each source (kind shares): a table and a figure over the share of data. The metric is the
    sweeps' own; a second table has the metric of the published numbers where `published` has any
    of the table's cells. Every exhibit: kind (table | curves | gains | shares | sources), name (of
    its files), title, and what picks its sweeps (`of`): experiment, ranking, setting, source,
    metric as far as they apply.
    """
    sweeps = [sweep for sweep in sweeps if sweep["role"] == "main"]
    there = {point(row) for row in published}
    groups: dict[tuple[str, str], list[dict]] = {}
    for sweep in sweeps:
        kind = ranking_kind(sweep["ranking"], sweep["source"])
        groups.setdefault((sweep["experiment"], kind), []).append(sweep)
    out: list[Exhibit] = _several(sweeps)
    for (experiment, kind), members in groups.items():
        of = {"experiment": experiment, "ranking": kind}
        task, metric = members[0]["task"], members[0]["metric"]
        settings = [s for s in SETTINGS if any(m["setting"] == s for m in members)]
        for setting in settings:
            inside = [m for m in members if m["setting"] == setting]
            metrics = [metric]
            if any(point(m) in there for m in inside):
                metrics = list(dict.fromkeys([metric, PUBLISHED_METRIC[task]]))
            for name in metrics:
                out.append(exhibit("table", of | {"setting": setting, "metric": name}, inside))
            for source in dict.fromkeys(m["source"] for m in inside if len(m["ks"]) > 1):
                parts = {"setting": setting, "source": source, "metric": metric}
                out.append(exhibit("curves", of | parts, inside))
        low = [m for m in members if m["setting"] == LOW_RESOURCE]
        for source in dict.fromkeys(m["source"] for m in low):
            parts = {"setting": LOW_RESOURCE, "source": source, "metric": metric}
            out.append(exhibit("shares", of | parts, low))
        if settings and any(len(m["ks"]) > 1 for m in members):
            out.append(exhibit("gains", of | {"metric": metric}, members))
    return out


def _several(sweeps: Sequence[dict]) -> list[Exhibit]:
    """A table (kind sources) for each experiment that puts rankings of several sources together."""
    found = []
    for experiment in dict.fromkeys(sweep["experiment"] for sweep in sweeps):
        inside = [s for s in sweeps if s["experiment"] == experiment and "+" in s["source"]]
        if any(s["ranking"].startswith(("merged-", "summed-")) for s in inside):
            of = {"experiment": experiment, "ranking": SEVERAL}
            for setting in dict.fromkeys(s["setting"] for s in inside):
                parts = {"setting": setting, "metric": inside[0]["metric"]}
                found.append(exhibit("sources", of | parts, inside))
    return found


def members(exhibit: Exhibit, choices: Iterable[Any]) -> list[Any]:
    """The rows of choices (or of scores) that an exhibit shows; nulls and fresh seeds have their
    own tables."""
    of = exhibit["of"]
    return [
        row
        for row in choices
        if row["role"] == "main"
        and row["experiment"] == of["experiment"]
        and row["metric"] == of["metric"]
        and ranking_kind(row["ranking"], row["source"]) == of["ranking"]
        and row["setting"] == of.get("setting", row["setting"])
        and row["source"] == of.get("source", row["source"])
        and (row["setting"] != LOW_RESOURCE or exhibit["kind"] == "shares")
    ]


def largest_k(sweeps: Iterable[Mapping[str, Any]]) -> int:
    """The most heads that the study prunes."""
    return max(max(sweep["ks"]) for sweep in sweeps if sweep["role"] == "main")


def criteria(exhibits: Iterable[Exhibit], sweeps: Sequence[dict]) -> list[dict]:
    """The sweeps, and once more those that tables of their task show in other metrics."""
    shown: dict[str, list[str]] = {}
    for exhibit in exhibits:
        if "metric" in exhibit["of"]:
            shown.setdefault(exhibit["task"], []).append(exhibit["of"]["metric"])
    found = list(sweeps)
    for sweep in sweeps:
        if sweep["role"] in ("main", "random"):
            others = dict.fromkeys(m for m in shown.get(sweep["task"], ()) if m != sweep["metric"])
            found += [{**sweep, "metric": metric} for metric in others]
    return found


def main_choices(exhibits: Iterable[Exhibit], choices: Sequence[Any]) -> list[Any]:
    """The rows of choices in the experiments' own metrics, in the order of the report."""
    kinds = ("gains", "shares")
    return [row for e in exhibits if e["kind"] in kinds for row in members(e, choices)]


def paths(exhibits: Iterable[Exhibit], kind: str, directory: str, *suffixes: str) -> list[str]:
    """File names of the exhibits of one kind: DIRECTORY/NAME plus each of the suffixes."""
    names = [exhibit["name"] for exhibit in exhibits if exhibit["kind"] == kind]
    return [f"{directory}/{name}{suffix}" for name in names for suffix in suffixes]


def read_published() -> list[dict[str, str]]:
    """The published F1 of Tables 2-4: task, model, source, target, setting, *_f1 in percent."""
    return rows(TABLES)


def published_cells(
    published: Iterable[Mapping[str, str]],
) -> dict[tuple[str, ...], tuple[float, float]]:
    """(task, model, source, target, setting) -> published F1 (unpruned, best pruned)."""
    return {point(r): (float(r["unpruned_f1"]), float(r["pruned_f1"])) for r in published}


def language_name(code: str, languages: Languages) -> str:
    """English name of a language, or of several (`en+zh`); the code where the table has none."""
    return " + ".join(languages.get(part, {}).get("name", part) for part in code.split("+"))


def pair_name(source: str, target: str, languages: Languages) -> str:
    """`English → German`; one name where both are the same language."""
    names = [language_name(code, languages) for code in (source, target)]
    return names[0] if source == target else " → ".join(names)


def ranking_name(kind: str) -> str:
    """What a kind of ranking is, in words."""
    if kind == SEVERAL:
        return "several sources"
    if kind == CONTROLS:
        return "controls"
    core = kind.removeprefix("reversed-")
    back = core != kind
    if core.startswith("random-"):
        words = f"random ranking, seed {core.removeprefix('random-')}"
        return f"{words}, reversed" if back else words
    side = " reversed, highest heads first" if back else ", lowest heads first"
    for method, words in (("merged", "mean rank"), ("summed", "summed scores")):
        if core.startswith(f"{method}-"):
            return f"{core.removeprefix(f'{method}-')} rankings of all sources, {words}{side}"
    for name in sorted(KINDS, key=len, reverse=True):
        if core == name:
            return f"{name} ranking{side}"
        if core.startswith(f"{name}-"):  # of another language than the source
            return f"{name} ranking scored on {core.removeprefix(f'{name}-')}{side}"
    return f"ranking {kind}"


def heat_map_title(ranking: Mapping[str, Any], languages: Languages) -> str:
    """Whose scores of which kind a heat map shows, from ranking.json:
    `gradient: tiny-bert, grammar-pos, English, seed 42`.
    """
    parts = [f"{ranking['kind']}: {ranking['model']}", ranking["corpus"]]
    if ranking.get("language"):
        parts.append(language_name(ranking["language"], languages))
    return ", ".join([*parts, f"seed {ranking['seed']}"])


def point(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What picks a published number: task, model, source, target, setting."""
    return tuple(row[key] for key in ("task", "model", "source", "target", "setting"))


def exhibit(kind: str, of: dict[str, str], inside: Sequence[dict]) -> Exhibit:
    """An exhibit of these sweeps; its name spells what picks them."""
    task = inside[0]["task"]
    parts = [of["experiment"], of.get("setting"), of.get("source"), of["ranking"]]
    if kind not in ("table", "curves", "shares", "sources", of["ranking"]):
        parts.append(kind)
    if of["metric"] != inside[0]["metric"]:
        parts.append(of["metric"])
    what = TASK_NAMES[task] + (f", {of['setting']}" if "setting" in of else "")
    return {
        "kind": kind,
        "name": ".".join(part for part in parts if part),
        "title": f"{what}: {METRICS[task][of['metric']]}",
        "of": of,
        "task": task,
        "corpus": inside[0]["corpus"],
    }
