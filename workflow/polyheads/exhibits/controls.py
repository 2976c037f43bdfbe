"""Controls: the highest heads or random ones pruned, not the lowest (the paper's Table 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from statistics import stdev
from typing import Any

from polyheads import exhibits
from polyheads.analysis.rows import (
    BEST_REDONE,
    LEVEL,
    Row,
    all_of_choices,
    of_choices,
    of_means,
    problem_notes,
    same_gain,
)
from polyheads.catalogue.tasks import PUBLISHED_METRIC
from polyheads.exhibits import published
from polyheads.exhibits.control_sweeps import (
    HIGHEST,
    POINT,
    RANDOM,
    control_of,
    controls_of,
    interval_apart,
    is_control,
    lowest_of,
    partner,
    scored_kind,
)
from polyheads.exhibits.tables import (
    CRITERION_NAMES,
    Choice,
    Table,
    cell,
    gain,
    leading,
    mean,
    signed,
    trial_paths,
)
from polyheads.study.rankings import ranking_kind


def planned(sweeps: Iterable[Mapping[str, Any]]) -> list[tuple[dict[str, str], list[dict]]]:
    """(`of`, sweeps) of every table of controls: one per experiment, setting and metric.

    Experiments with a reversed or random ranking in the role main that prunes something. The
    metric is their own; a second table has that of the paper's Table 5 where it has a number for
    one of the sweeps.
    """
    groups: dict[tuple[str, str], list[dict]] = {}
    for sweep in sweeps:
        if is_control(sweep) and "+" not in sweep["source"] and len(sweep["ks"]) > 1:
            groups.setdefault((sweep["experiment"], sweep["setting"]), []).append(sweep)
    printed = set(_published())
    found = []
    for (experiment, setting), inside in groups.items():
        if setting == exhibits.LOW_RESOURCE:  # one pair has many sweeps there
            continue
        metrics = [inside[0]["metric"]]
        points = {(*exhibits.point(sweep), name) for sweep in inside for name in _NAMES}
        if points & printed:
            metrics.append(PUBLISHED_METRIC[inside[0]["task"]])
        for metric in dict.fromkeys(metrics):
            of = {"experiment": experiment, "ranking": exhibits.CONTROLS}
            found.append((of | {"setting": setting, "metric": metric}, inside))
    return found


def table(
    exhibit: exhibits.Exhibit,
    choices: Sequence[Choice],
    languages: exhibits.Languages,
    statistics: Sequence[Row] = (),
    differences: Sequence[Row] = (),
) -> Table:
    """A line for each pair and model: published change and ours, beside pruning the lowest heads.

    `choices`: those of the whole study, because the sweeps that prune the lowest heads may be of
    another experiment. They are of the same point, seed, protocol, metric and largest k.
    Random rankings and seeds are averaged; differences are taken sweep by sweep before. A gain of
    one ranking has the interval that `statistics` has of its sweep, its difference to the lowest
    heads that of `differences` (statistics.differences).
    """
    of = exhibit["of"]
    rows = controls_of(exhibit, choices)
    lowest = lowest_of(choices)
    columns = sorted(dict.fromkeys(map(control_of, rows)), key=lambda c: c[0] == RANDOM)
    default = scored_kind(rows)
    printed = _published() if of["metric"] == PUBLISHED_METRIC[exhibit["task"]] else {}
    shown = {c for c in columns for r in rows if (*exhibits.point(r), c[0]) in printed}
    models = list(dict.fromkeys(row["model"] for row in rows))
    pairs = list(dict.fromkeys((row["source"], row["target"]) for row in rows))
    body, records = [], []
    for pair in pairs:
        there = [r for r in rows if (r["source"], r["target"]) == pair]
        of_pair = list(dict.fromkeys(row["model"] for row in there))
        for model in of_pair:
            here = [r for r in there if r["model"] == model]
            lines = [
                _line(column, default, here, lowest, printed) | _intervals(column, here, statistics)
                for column in columns
            ]
            for line, column in zip(lines, columns, strict=True):
                mine = [row for row in here if control_of(row) == column]
                line |= interval_apart(differences, mine, line, dict(zip(_PAIR, pair, strict=True)))
            cells = []
            if model == of_pair[0]:
                name = exhibits.pair_name(*pair, languages)
                cells.append(cell(name, th="rowgroup", rowspan=len(of_pair)))
            cells.append(cell(model, th="row"))
            body.append(cells + _cells(lines, columns, shown))
            records += [line for line in lines if line["rankings"]]
    foot = []
    for model in models if len(pairs) > 1 else []:
        lines = []
        for control, kind in columns:
            of_column = [r for r in records if (r["model"], r["control"]) == (model, control)]
            lines.append(_mean([r for r in of_column if r["reversed"] == kind]))
            of_model = [r for r in rows if r["model"] == model and control_of(r) == (control, kind)]
            if len({ranking_kind(row["ranking"], row["source"]) for row in of_model}) == 1:
                lines[-1] |= _bounds(of_means(statistics, of_model), lines[-1])
            lines[-1] |= interval_apart(differences, of_model, lines[-1], dict.fromkeys(_PAIR, ""))
        name = cell(f"Mean of the pairs, {model}", th="row", colspan=2)
        foot.append([name, *_cells(lines, columns, shown)])
    return {
        "name": exhibit["name"],
        "title": f"{exhibit['title']}, controls (percentage points)",
        "notes": [
            *_notes(rows, records, columns, shown),
            *_interval_notes(of_choices(statistics, rows), records),
            *problem_notes(all_of_choices(statistics, rows)),
        ],
        "head": _head(columns, shown),
        "body": body,
        "foot": foot,
        "records": records,
    }


_NAMES = (HIGHEST, RANDOM)
_PAIR = ("source", "target")
_NUMBERS = tuple(
    f"{prefix}{criterion}{suffix}"
    for criterion in CRITERION_NAMES
    for prefix, suffix in (("", "_gain"), ("lowest_", "_gain"), ("", "_difference"))
)


def _line(
    column: tuple[str, str],
    default: str,
    rows: Sequence[Choice],
    lowest: Mapping[tuple, Choice],
    printed: Mapping[tuple[str, ...], float],
) -> dict[str, Any]:
    """What one control of a pair and model gives, in percentage points; None for what is not run.

    default: the kind of ranking that random ones are held against where the study has it.
    """
    control, kind = column
    mine = [row for row in rows if control_of(row) == column]
    partners = [partner(row, lowest, default) for row in mine]
    names = [partner["experiment"] for partner in partners if partner]
    line: dict[str, Any] = {key: rows[0][key] for key in ("experiment", *POINT, "metric")}
    line |= {"control": control, "reversed": kind}
    line["lowest_experiment"] = names[0] if names else None
    line["rankings"] = len({row["ranking"] for row in mine})
    line["seeds"] = len({row["seed"] for row in mine})
    line["published_delta"] = printed.get((*exhibits.point(rows[0]), control))
    line["test_oracle_gain_less_published"] = None
    for criterion in CRITERION_NAMES:
        gains = [row[f"{criterion}_gain"] for row in mine]
        others = [partner and partner[f"{criterion}_gain"] for partner in partners]
        both = [(g, o) for g, o in zip(gains, others, strict=True) if None not in (g, o)]
        there = [value for value in gains if value is not None]
        line[f"{criterion}_k"] = mean(row[f"{criterion}_k"] for row in mine)
        line[f"{criterion}_trial"] = trial_paths(mine, criterion)
        line[f"{criterion}_gain"] = mean(gains)
        line[f"{criterion}_sd"] = stdev(there) if len(there) > 1 else None
        line[f"lowest_{criterion}_gain"] = mean(o for _, o in both)
        line[f"{criterion}_difference"] = mean(g - o for g, o in both)
    if line["published_delta"] is not None and line["test_oracle_gain"] is not None:
        line["test_oracle_gain_less_published"] = line["test_oracle_gain"] - line["published_delta"]
    return line


def _intervals(
    column: tuple[str, str], rows: Sequence[Choice], statistics: Sequence[Row]
) -> dict[str, float | None]:
    """The ends of the intervals of a line's gains; of several rankings together there is none."""
    mine = [row for row in rows if control_of(row) == column]
    gains = {f"{r}_gain": mean(row[f"{r}_gain"] for row in mine) for r in CRITERION_NAMES}
    found = of_choices(statistics, mine) if len({row["ranking"] for row in mine}) == 1 else []
    return _bounds(found, gains)


def _bounds(rows: Sequence[Row], line: Mapping[str, Any]) -> dict[str, float | None]:
    """The ends of the intervals that the rows have of the line's gains, None where they don't."""
    ends: dict[str, float | None] = {}
    for criterion in CRITERION_NAMES:
        found = [row for row in rows if row["criterion"] == criterion]
        row = next((row for row in found if same_gain(row, line[f"{criterion}_gain"])), None)
        ends |= {f"{criterion}_{end}": row and row[end] for end in ("low", "high")}
    return ends


def _mean(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means over pairs; gains and differences over those that have all of them, so they add up."""
    whole = [line for line in lines if all(line[name] is not None for name in _NUMBERS)]
    if not whole:  # the lowest heads were not pruned: the control's own gains
        whole = [
            line for line in lines if all(line[f"{r}_gain"] is not None for r in CRITERION_NAMES)
        ]
    found: dict[str, Any] = {name: mean(line[name] for line in whole) for name in _NUMBERS}
    found |= {f"{criterion}_{name}": None for criterion in CRITERION_NAMES for name in _OF_LINES}
    for name in ("published_delta", "test_oracle_gain_less_published"):
        theirs = [line[name] for line in whole]
        # Over the same lines as ours, or none.
        found[name] = None if None in theirs else mean(theirs)
    return found | {"rankings": len(lines)}


_OF_LINES = ("sd", "low", "high")


def _cells(
    lines: Sequence[Mapping[str, Any]],
    columns: Sequence[tuple[str, str]],
    shown: Iterable[tuple[str, str]],
) -> list[dict]:
    cells = []
    for line, column in zip(lines, columns, strict=True):
        if column in shown:
            cells.append(_change(line["published_delta"], None, kind="published first"))
            apart = line["test_oracle_gain_less_published"]
            cells.append(_change(apart, "our gain, best on test, less theirs", kind="published"))
        for criterion in CRITERION_NAMES:
            kind = f"{criterion} first"
            value = line[f"{criterion}_gain"]
            if line["rankings"]:
                ends = {end: line[f"{criterion}_{end}"] for end in ("low", "high")}
                # Without p: a star is about the gains of the ranking's own table.
                ends |= {"p": None, "p_holm": None}
                first = gain(value, line[f"{criterion}_sd"], kind=kind, row=ends)
                first = leading(first, line.get(f"{criterion}_trial", "").split())
            else:
                first = cell("–", kind=kind)  # not run: nothing is missing
            other = line[f"lowest_{criterion}_gain"]
            note = "" if other is None else f"lowest heads pruned: {gain(other)['text']}"
            low, high = (line[f"difference_{end}"] for end in ("low", "high"))
            apart = _change(line[f"{criterion}_difference"], note, kind=criterion)
            if criterion == "dev_selected" and low is not None:
                apart["below"] = f"[{signed(low)}, {signed(high)}]"
            cells += [first, apart]
    return cells


def _change(value: float | None, note: str | None, *, kind: str) -> dict[str, Any]:
    """A difference, or an empty cell: there is nothing that it could be taken of."""
    made = cell("–", kind=kind) if value is None else gain(value, kind=kind)
    return made | {"note": note or ""}


def _head(
    columns: Sequence[tuple[str, str]], shown: Iterable[tuple[str, str]]
) -> list[list[dict[str, Any]]]:
    top = [cell(n, th="col", rowspan=3, kind="name") for n in ("Source → target", "Model")]
    middle, low = [], []
    several = len({kind for control, kind in columns if control == HIGHEST}) > 1
    for control, kind in columns:
        wide = 6 if (control, kind) in shown else 4
        name = f"{control.capitalize()} heads pruned" + (f" ({kind})" if several and kind else "")
        top.append(cell(name, th="colgroup", colspan=wide, kind="first"))
        if wide == 6:
            middle.append(cell("published", th="colgroup", colspan=2, kind="published first"))
            low.append(cell("change", th="col", kind="published first"))
            low.append(cell("ours −", th="col", kind="published"))
        for criterion, words in CRITERION_NAMES.items():
            middle.append(cell(words, th="colgroup", colspan=2, kind=f"{criterion} first"))
            low.append(cell("gain", th="col", kind=f"{criterion} first"))
            low.append(cell("less lowest", th="col", kind=criterion))
    return [top, middle, low]


def _notes(
    rows: Sequence[Choice],
    records: Sequence[Mapping[str, Any]],
    columns: Sequence[tuple[str, str]],
    shown: Iterable[tuple[str, str]],
) -> list[str]:
    turned = [kind for _, kind in columns if kind]
    notes = [
        "Gain: test score with k heads pruned less the one with all heads. Less lowest: this gain"
        " less that of pruning the lowest heads, from the same seed and with the same largest k;"
        " below 0 the lowest heads are the better ones to prune."
    ]
    if turned:
        notes[0] += f" Highest: by the ranking {', '.join(turned)} from its other end."
    drawn = sorted({r["rankings"] for r in records if r["control"] == RANDOM})
    seeds = len({row["seed"] for row in rows})
    if drawn and drawn[-1] > 1:
        words = "–".join(str(n) for n in dict.fromkeys((drawn[0], drawn[-1])))
        notes.append(f"Random: means over {words} random rankings ± their standard deviation.")
    elif drawn:
        notes.append("One random ranking: what others would have given is not in these numbers.")
    if seeds > 1:
        notes.append(f"Means over {seeds} seeds; ± is the standard deviation of the sweeps.")
    if any(r[f"{criterion}_difference"] is None for r in records for criterion in CRITERION_NAMES):
        notes.append(
            "– stands where the study has no sweep of the lowest heads to compare with, or where"
            " trials of one are missing. Means are over the pairs that have all of ours."
        )
    if shown:
        notes.append(
            "Published: the change of F1 that Ma et al. (2021) print in Table 5, best of 12 trials."
            " Beside it belongs the gain of the best k on test, taking the change for one from the"
            " model with all heads; comparable only where corpus and recipe are the same. Ours −:"
            " this gain of ours less the published change. The published mean is over the same"
            " lines as ours, and is left out where one of these has no published number."
        )
    return notes


def _interval_notes(rows: Sequence[Row], lines: Sequence[Mapping[str, Any]]) -> list[str]:
    compared = [row for row in rows if row["low"] is not None]
    if not compared:
        return []
    several = any(row["seeds"] > 1 for row in compared)
    noise = "and of seeds" if several else "only: training noise is not included"
    notes = [
        f"[ ]: {LEVEL} % interval of a gain over draws of test sentences {noise}. Gains of several"
        f" random rankings together have none. {BEST_REDONE}. The tests are in the rankings' own"
        " tables."
    ]
    if any(line["difference_low"] is not None for line in lines):
        notes.append(
            "[ ] below a difference to the lowest, k chosen on dev: its interval over draws that"
            " are the same for both sides."
        )
    return notes


@cache
def _published() -> dict[tuple[str, ...], float]:
    """(task, model, source, target, setting, control) -> published change of F1, in points."""
    rows = published.rows(published.CONTROLS)
    return {(*exhibits.point(row), row["control"]): float(row["delta_f1"]) for row in rows}
