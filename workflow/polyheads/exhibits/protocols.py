"""One pair, four criteria: published, the paper's protocol, the released code's, the sound one.

An experiment with `heads_at_test: all` runs what the paper's released code does; its partner is
the experiment that runs what the paper says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyheads.analysis.rows import LEVEL, Row, of_choices
from polyheads.catalogue.tasks import METRICS, PUBLISHED_METRIC, TASK_NAMES
from polyheads.exhibits import (
    SETTINGS,
    Exhibit,
    Languages,
    members,
    pair_name,
    published_cells,
    ranking_name,
)
from polyheads.exhibits.tables import (
    MISSING,
    Choice,
    Table,
    cell,
    gain,
    k_cell,
    mean,
    number,
    score,
    trial_paths,
)
from polyheads.study.rankings import parse, ranking_kind

GROUPS = {
    "published": ("Published", ("unpruned", "test_oracle", "gain")),
    "paper": ("The paper's protocol", ("unpruned", "test_oracle", "gain", "k")),
    "released": ("As released", ("unpruned", "test_oracle", "gain", "k")),
    "dev_selected": ("Sound: k chosen on dev", ("pruned", "gain", "k")),
}
_KINDS = {
    "published": "published",
    "paper": "test_oracle",
    "released": "",
    "dev_selected": "dev_selected",
}


def partners(sweeps: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(experiment with all heads on at test, its partner), those that have one.

    The partner is of the same corpus and protocol, tests without those heads and prunes by a scored
    ranking from its lowest end: the experiment that has most pairs, settings and models in common,
    of several the first.
    """
    return [(of["experiment"], of["partner"]) for of in planned(sweeps)]


def planned(sweeps: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What picks the sweeps (`of`) of each table: experiment (as released) and its ranking,
    partner and partner_ranking, metric (that of the published numbers).
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for sweep in sweeps:
        name = parse(sweep["ranking"]) if sweep["role"] == "main" else None
        if name and name.language and not name.reversed:
            kind = ranking_kind(sweep["ranking"], sweep["source"])
            groups.setdefault((sweep["experiment"], kind), []).append(sweep)
    found: dict[str, dict[str, str]] = {}
    for (experiment, kind), inside in groups.items():
        if inside[0]["heads"] != "all" or experiment in found:
            continue
        most = 0
        for (other, other_kind), candidates in groups.items():
            first = candidates[0]
            same = all(first[name] == inside[0][name] for name in ("corpus", "protocol"))
            same = same and first["heads"] == "pruned" and len(first["ks"]) > 1
            common = len(_places(inside) & _places(candidates)) if same else 0
            if common > most:
                most = common
                found[experiment] = {
                    "experiment": experiment,
                    "ranking": kind,
                    "partner": other,
                    "partner_ranking": other_kind,
                    "metric": PUBLISHED_METRIC[first["task"]],
                }
    return list(found.values())


def table(
    exhibit: Exhibit,
    choices: Sequence[Choice],
    languages: Languages,
    published: Iterable[Mapping[str, str]],
    statistics: Sequence[Row] = (),
) -> Table:
    """A line per setting, pair and model, and the means of each setting and model.

    exhibit: `of` as `planned` gives it. Scores in percent, gains in percentage points, means over
    seeds. What was not run or not published is a dash, what is missing of what was run says so.
    statistics: intervals and stars of the gains that the tables of the two experiments have, too.
    """
    of = exhibit["of"]
    partner = {
        **exhibit,
        "of": of | {"experiment": of["partner"], "ranking": of["partner_ranking"]},
    }
    runs = {"released": members(exhibit, choices), "paper": members(partner, choices)}
    printed = published_cells(published)
    known = {name: of_choices(statistics, rows) for name, rows in runs.items()}
    # The partner may have more pairs; the table is about those that were run as released.
    places = sorted(
        dict.fromkeys(_place(row) for row in runs["released"]),
        key=lambda place: SETTINGS.index(place[0]),
    )
    records = []
    for place in places:
        here = {name: [r for r in rows if _place(r) == place] for name, rows in runs.items()}
        setting, source, target, model = place
        line: dict[str, Any] = {"level": "pair", "task": exhibit["task"], "setting": setting}
        line |= {"source": source, "target": target, "model": model}
        numbers = printed.get((exhibit["task"], model, source, target, setting))
        line |= {f"published_{name}": None for name in GROUPS["published"][1]}
        if numbers:
            unpruned, best = numbers
            line |= {"published_unpruned": unpruned, "published_test_oracle": best}
            line["published_gain"] = best - unpruned
        for name in ("paper", "released"):
            columns = ("unpruned", "test_oracle_test", "test_oracle_gain", "test_oracle_k")
            values = [mean(row[column] for row in here[name]) for column in columns]
            line |= {f"{name}_{c}": v for c, v in zip(GROUPS[name][1], values, strict=True)}
        for column, name in zip(GROUPS["dev_selected"][1], ("test", "gain", "k"), strict=True):
            line[f"dev_selected_{column}"] = mean(
                row[f"dev_selected_{name}"] for row in here["paper"]
            )
        line |= {f"{name}_run": bool(rows) for name, rows in here.items()}
        for group, (name, criterion) in _READ.items():
            line[f"{group}_trial"] = trial_paths(here[name], criterion)
            line[f"{group}_rows"] = here[name]
            row = _row(known[name], place, criterion)
            line[f"{group}_row"] = row
            line |= {f"{group}_{n}": row[n] if row else None for n in ("low", "high", "p_holm")}
        records.append(line)
    means = _means(records)
    names = ("Setting", "Source → target", "Model")
    head = [[cell(name, th="col", rowspan=2, kind="name") for name in names], []]
    for name, (title, columns) in GROUPS.items():
        kind = _KINDS[name]
        head[0].append(
            cell(title, th="colgroup", colspan=len(columns), kind=f"{kind} first".strip())
        )
        for i, column in enumerate(columns):
            head[1].append(cell(column, th="col", kind=f"{kind}{'' if i else ' first'}".strip()))
    return {
        "name": exhibit["name"],
        "title": f"{TASK_NAMES[exhibit['task']]}: four criteria,"
        f" {METRICS[exhibit['task']][of['metric']]} (%)",
        "notes": _notes(exhibit, records),
        "head": head,
        "body": [_cells(line, languages) for line in records],
        "foot": [_cells(line, languages) for line in means],
        "records": [
            {key: value for key, value in line.items() if not key.endswith(_INNER)}
            for line in records + means
        ],
    }


_READ = {
    "paper": ("paper", "test_oracle"),
    "released": ("released", "test_oracle"),
    "dev_selected": ("paper", "dev_selected"),
}
"""Group of columns -> whose trials it reads, and how."""

_INNER = ("_run", "_row", "_rows")  # ends of what a line has for its cells only


def _row(rows: Iterable[Row], place: tuple, criterion: str) -> Row | None:
    """The statistics of one place by one criterion."""
    return next(
        (row for row in rows if row["criterion"] == criterion and _place(row) == place), None
    )


def _places(rows: Iterable[Mapping[str, Any]]) -> set[tuple]:
    return {_place(row) for row in rows if row["setting"] in SETTINGS}


def _place(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return row["setting"], row["source"], row["target"], row["model"]


def _means(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Over the pairs that both experiments have; published ones where all of these are."""
    out = []
    numbers = [f"{name}_{column}" for name, (_, columns) in GROUPS.items() for column in columns]
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in records:
        gains = (line["paper_gain"], line["released_gain"], line["dev_selected_gain"])
        if None not in gains:
            groups.setdefault((line["setting"], line["model"]), []).append(line)
    for (setting, model), inside in groups.items():
        if len(inside) < 2:
            continue
        line = {"level": "mean", "task": inside[0]["task"], "setting": setting}
        line |= {"source": "", "target": "", "model": model}
        for name in numbers:
            values = [one[name] for one in inside]
            line[name] = None if None in values else mean(values)
        out.append(line | {"paper_run": True, "released_run": True, "pairs": len(inside)})
    return out


def _cells(line: Mapping[str, Any], languages: Languages) -> list[dict]:
    of_pairs = line["level"] == "mean"
    name = f"Mean of {line['pairs']} pairs" if of_pairs else ""
    name = name or pair_name(line["source"], line["target"], languages)
    cells = [cell(line["setting"], th="row"), cell(name, kind="name")]
    cells.append(cell(line["model"], kind="name"))
    for group, (_, columns) in GROUPS.items():
        run = line.get(f"{'paper' if group == 'dev_selected' else group}_run", False)
        for i, column in enumerate(columns):
            kind = f"{_KINDS[group]}{'' if i else ' first'}".strip()
            value = line[f"{group}_{column}"]
            if value is None:
                dash = cell("–", kind=kind)
                cells.append(cell(MISSING, kind=f"{kind} missing".strip()) if run else dash)
            elif column == "gain":
                cells.append(gain(value, kind=kind, row=line.get(f"{group}_row")))
            elif column == "k" and of_pairs:
                cells.append(cell(number(value, 1), kind=kind))
            elif column == "k":
                cells.append(k_cell(line[f"{group}_rows"], _READ[group][1], kind=kind))
            else:
                cells.append(score(value, kind=kind))
    return cells


def _notes(exhibit: Exhibit, records: Sequence[Mapping[str, Any]]) -> list[str]:
    of = exhibit["of"]
    notes = [
        f"Corpus {exhibit['corpus']}; best: the best of k ≥ 1 on test. As released: experiment"
        f" {of['experiment']}, {ranking_name(of['ranking'])}, all heads on when test is read. The"
        f" paper's protocol and the sound criterion: experiment {of['partner']},"
        f" {ranking_name(of['partner_ranking'])}, the same trials read twice, without the pruned"
        " heads at test; the sound criterion's k = 0 is the paper's unpruned.",
        "Published: Ma et al. (2021), Tables 2 to 4, with its corpora. Means are over the pairs"
        " that both experiments have, of the published numbers where none of these lacks one.",
        "Not as released: sentences beyond the length limit are split into windows and all of their"
        " words are scored; the released code cuts them at 256 subwords and scores what is left.",
    ]
    if any(line[f"{group}_row"] for line in records for group in _READ):
        notes.append(
            f"[ ] and *: {LEVEL} % intervals and tests of the experiments' own tables, where they"
            " are explained; * is adjusted among the gains there."
        )
    return notes
