"""Result tables: the paper's Tables 2-4 with both readings, an overview, the heads pruned.

A table is plain data for the template `table.html.j2` and for CSV:
{name, title, notes, head: rows of cells, body: rows of cells, foot: rows of cells, records: rows
for the CSV}. A cell: {text, kind (css class), th, colspan, rowspan, note (on hover)}.
"""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyheads import exhibits
from polyheads.evaluation import METRICS, PUBLISHED_METRIC, TASK_NAMES

Table = dict[str, Any]
Choice = dict[str, Any]  # a row of selection.choose, as selection.read gives it

MISSING = "missing"
PUBLISHED_CORPORA = {"pos": "UD 2.7", "ner": "CoNLL and others", "sf": "MultiATIS++"}
_READINGS = {"sound": "k chosen on dev", "best": "best of k ≥ 1 on test"}


def result_table(
    exhibit: exhibits.Exhibit,
    choices: Sequence[Choice],
    languages: exhibits.Languages,
    published: Iterable[Mapping[str, str]] = (),
) -> Table:
    """Rows source x target, per model: unpruned, both readings, and the published numbers if any.

    `choices` are those of the exhibit's metric. With several seeds a cell is their mean, a gain
    with its standard deviation over seeds. Scores in percent, gains in percentage points.
    """
    rows = exhibits.members(exhibit, choices)
    models = list(dict.fromkeys(row["model"] for row in rows))
    pairs = list(dict.fromkeys((row["source"], row["target"]) for row in rows))
    task, metric, setting = (exhibit["task"], exhibit["of"]["metric"], exhibit["of"]["setting"])
    printed = {}
    if metric == PUBLISHED_METRIC[task]:
        printed = exhibits.published_cells(published)
    shown = [m for m in models if any((task, m, *pair, setting) in printed for pair in pairs)]

    body, means = [], {model: [] for model in models}
    for source, target in pairs:
        of_source = [pair for pair in pairs if pair[0] == source]
        cells = []
        if (source, target) == of_source[0]:
            name = exhibits.language_name(source, languages)
            cells.append(cell(name, th="rowgroup", rowspan=len(of_source)))
        cells.append(cell(exhibits.language_name(target, languages), th="row"))
        for model in models:
            here = [r for r in rows if (r["source"], r["target"]) == (source, target)]
            here = [r for r in here if r["model"] == model]
            means[model].append(here)
            cells += _choice_cells(here)
            if model in shown:
                cells += _published_cells(printed.get((task, model, source, target, setting)))
        body.append(cells)
    foot = [[cell("Mean of the pairs", th="row", colspan=2)]]
    for model in models:
        foot[0] += _mean_cells(_with_gains(row for here in means[model] for row in here))
        if model in shown:
            numbers = [printed.get((task, model, *pair, setting)) for pair in pairs]
            numbers = [n for n in numbers if n]
            foot[0] += _published_cells(
                [statistics.fmean(side) for side in zip(*numbers, strict=True)]
            )
    return {
        "name": exhibit["name"],
        "title": exhibit["title"] + " (%)",
        "notes": _notes(rows, shown, task, metric, exhibit),
        "head": _head(models, shown),
        "body": body,
        "foot": foot if len(pairs) > 1 else [],
        "records": [_record(row, printed) for row in rows],
    }


def overview(choices: Sequence[Choice]) -> Table:
    """One line per experiment, setting and model: mean gains and how many sweeps improved."""
    groups: dict[tuple, list[Choice]] = {}
    # rows come experiment by experiment; inside one the settings stay together
    for row in choices:
        kind = exhibits.ranking_kind(row["ranking"], row["source"])
        key = (row["task"], row["experiment"], kind, row["setting"])
        groups.setdefault(key, []).append(row)
    groups = {
        (*key, model): [row for row in rows if row["model"] == model]
        for key, rows in groups.items()
        for model in dict.fromkeys(row["model"] for row in rows)
    }
    several = len({(key[1], key[2]) for key in groups}) > len({key[0] for key in groups})
    head = [
        [
            cell("Task", th="col", rowspan=2, kind="name"),
            *([cell("Experiment", th="col", rowspan=2, kind="name")] if several else []),
            cell("Setting", th="col", rowspan=2, kind="name"),
            cell("Model", th="col", rowspan=2, kind="name"),
            cell("Sweeps", th="col", rowspan=2),
            cell("Unpruned (%)", th="col", rowspan=2),
            *(cell(_READINGS[r], th="colgroup", colspan=3, kind=r) for r in _READINGS),
            cell("Dev–test ρ over k", th="col", rowspan=2, kind="first"),
        ],
        [
            cell(text, th="col", kind=reading + (" first" if text == "Gain" else ""))
            for reading in _READINGS
            for text in ("Gain", "Improved", "Mean k")
        ],
    ]
    body, lines = [], []
    for (task, experiment, kind, setting, model), members in groups.items():
        rows = _with_gains(members)
        line: dict[str, Any] = {
            "task": task,
            "experiment": experiment,
            "ranking": kind,
            "setting": setting,
            "model": model,
            "metric": members[0]["metric"],
            "sweeps": len(members),
            "with_gains": len(rows),
            "unpruned": mean(row["unpruned"] for row in rows),
        }
        cells = [cell(TASK_NAMES[task], th="row")]
        if several:
            cells.append(cell(f"{experiment} ({exhibits.ranking_name(kind)})", kind="name"))
        cells += [cell(setting, kind="name"), cell(model, kind="name")]
        cells += [cell(str(len(members))), score(line["unpruned"])]
        for reading in _READINGS:
            gains = [row[f"{reading}_gain"] for row in rows]
            line[f"{reading}_gain"] = mean(gains)
            line[f"{reading}_improved"] = sum(gain > 0 for gain in gains)
            line[f"{reading}_mean_k"] = mean(row[f"{reading}_k"] for row in rows)
            cells += [
                gain(line[f"{reading}_gain"], kind="first"),
                cell(f"{line[f'{reading}_improved']} of {len(gains)}"),
                cell(number(line[f"{reading}_mean_k"], 1)),
            ]
        line["dev_test_spearman"] = mean(row["dev_test_spearman"] for row in rows)
        cells.append(cell(number(line["dev_test_spearman"]), kind="first"))
        body.append(cells)
        lines.append(line)
    return {
        "name": "overview",
        "title": "Mean gain from pruning (percentage points), by task, setting and model",
        "notes": [
            "The two groups of columns read the same trials. Best on test is a maximum over noisy"
            " numbers and is above 0 more often than pruning helps."
        ],
        "head": head,
        "body": body,
        "foot": [],
        "records": lines,
    }


def heads_table(choices: Sequence[Choice], languages: exhibits.Languages) -> Table:
    """The heads pruned at the k that dev chose (columns `sound_heads` of `pruned_heads`)."""
    names = ("Task", "Model", "Setting", "Source → target", "Seed", "k", "Heads (layer.head)")
    body = []
    for row in choices:
        pair = exhibits.pair_name(row["source"], row["target"], languages)
        texts = (TASK_NAMES[row["task"]], row["model"], row["setting"], pair)
        cells = [cell(texts[0], th="row"), *(cell(text, kind="name") for text in texts[1:])]
        k = row["sound_k"]
        heads = MISSING if k is None else row["sound_heads"] or "none"
        cells += [cell(str(row["seed"])), cell(MISSING if k is None else str(k))]
        body.append([*cells, cell(heads, kind="name heads")])
    keys = ("experiment", "model", "ranking", "setting", "source", "target", "seed")
    keys += ("sound_k", "sound_heads", "best_k", "best_heads")
    return {
        "name": "pruned-heads",
        "title": "Heads pruned at the k chosen on dev",
        "notes": ["Layers and heads count from 0; the head with the lowest score comes first."],
        "head": [[cell(n, th="col", kind="" if n in ("Seed", "k") else "name") for n in names]],
        "body": body,
        "foot": [],
        "records": [{key: row[key] for key in keys} for row in choices],
    }


def csv_text(table: Table) -> str:
    """The table's records; floats with six decimals, nothing for what is missing."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    if table["records"]:
        out.writerow(table["records"][0])
    for record in table["records"]:
        out.writerow([_plain(value) for value in record.values()])
    return text.getvalue()


def cell(
    text: str, *, kind: str = "", th: str = "", colspan: int = 1, rowspan: int = 1, note: str = ""
) -> dict[str, Any]:
    """One cell; `th` is the scope of a header cell (row, col, rowgroup, colgroup)."""
    span = {"colspan": colspan, "rowspan": rowspan}
    return {"text": text, "kind": kind, "th": th, "note": note, **span}


def number(value: float | None, digits: int = 2) -> str:
    """A number with a real minus sign, an em dash for none."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign; what rounds to zero has none."""
    text = f"{value:+.{digits}f}".replace("-", "−")
    return text[1:] if float(text[1:]) == 0 else text


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are there, None for none."""
    there = [value for value in values if value is not None]
    return statistics.fmean(there) if there else None


def score(value: float | None, kind: str = "") -> dict[str, Any]:
    """A cell with a score in percent."""
    if value is None:
        return cell(MISSING, kind=f"{kind} missing".strip())
    return cell(number(value), kind=kind)


def gain(value: float | None, spread: float | None = None, kind: str = "") -> dict[str, Any]:
    """A cell with a difference in percentage points, marked by sign (and by colour)."""
    if value is None:
        return cell(MISSING, kind=f"{kind} missing".strip())
    text = signed(value)
    sign = {"+": "up", "−": "down"}.get(text[0], "")
    if spread is not None:
        text += f" ± {number(spread)}"
    return cell(text, kind=f"{kind} {sign}".strip())


def _choice_cells(rows: Sequence[Choice]) -> list[dict]:
    """Cells of one source, target and model: one row of choices per seed."""
    cells = [score(mean(row["unpruned"] for row in rows), kind="first")]
    for reading in _READINGS:
        gains = [g for row in rows if (g := row[f"{reading}_gain"]) is not None]
        ks = [row[f"{reading}_k"] for row in rows if row[f"{reading}_k"] is not None]
        mark = "†" if any(row["missing_k"] for row in rows) else ""
        note = "; ".join(f"missing: k = {r['missing_k']}" for r in rows if r["missing_k"])
        spread = statistics.stdev(gains) if len(gains) > 1 else None
        chosen = ", ".join(str(k) for k in ks)
        cells += [
            score(mean(row[f"{reading}_test"] for row in rows), kind=f"{reading} first"),
            gain(mean(gains), spread, kind=reading),
            cell(chosen + mark, kind=reading, note=note)
            if ks
            else cell(MISSING, kind=f"{reading} missing"),
        ]
        if reading == "sound":
            rho = mean(row["dev_test_spearman"] for row in rows)
            cells.append(cell(number(rho), kind=reading))
    return cells


def _with_gains(rows: Iterable[Choice]) -> list[Choice]:
    """The rows that have both gains: what means are taken over, so that their parts add up."""
    return [r for r in rows if r["sound_gain"] is not None and r["best_gain"] is not None]


def _mean_cells(rows: Sequence[Choice]) -> list[dict]:
    cells = [score(mean(row["unpruned"] for row in rows), kind="first")]
    for reading in _READINGS:
        columns = (f"{reading}_test", f"{reading}_gain", f"{reading}_k")
        test, difference, k = (mean(row[column] for row in rows) for column in columns)
        cells += [
            score(test, kind=f"{reading} first"),
            gain(difference, kind=reading),
            cell(number(k, 1), kind=reading),
        ]
        if reading == "sound":
            rho = mean(row["dev_test_spearman"] for row in rows)
            cells.append(cell(number(rho), kind=reading))
    return cells


def _published_cells(numbers: Sequence[float] | None) -> list[dict]:
    if not numbers:
        return [cell("–", kind="published" + (" first" if i == 0 else "")) for i in range(3)]
    unpruned, best = numbers
    difference = gain(best - unpruned, kind="published")
    return [score(unpruned, kind="published first"), score(best, kind="published"), difference]


def _head(models: Sequence[str], shown: Sequence[str]) -> list[list[dict]]:
    top = [cell("Source", th="col", rowspan=3), cell("Target", th="col", rowspan=3)]
    for head in top:
        head["kind"] = "name"
    middle, low = [], []
    for model in models:
        top.append(cell(model, th="colgroup", colspan=11 if model in shown else 8, kind="first"))
        middle += [
            cell("Unpruned", th="col", rowspan=2, kind="first"),
            cell(_READINGS["sound"], th="colgroup", colspan=4, kind="sound first"),
            cell(_READINGS["best"], th="colgroup", colspan=3, kind="best first"),
        ]
        low += [
            cell("pruned", th="col", kind="sound first"),
            cell("gain", th="col", kind="sound"),
            cell("k", th="col", kind="sound"),
            cell("ρ", th="col", kind="sound", note="Spearman's rho of dev and test over k"),
            cell("pruned", th="col", kind="best first"),
            cell("gain", th="col", kind="best"),
            cell("k", th="col", kind="best"),
        ]
        if model in shown:
            middle.append(cell("published", th="colgroup", colspan=3, kind="published first"))
            names = ("unpruned", "best", "gain")
            low += [
                cell(n, th="col", kind="published" + (" first" if i == 0 else ""))
                for i, n in enumerate(names)
            ]
    return [top, middle, low]


def _notes(
    rows: Sequence[Choice],
    shown: Sequence[str],
    task: str,
    metric: str,
    exhibit: exhibits.Exhibit,
) -> list[str]:
    ranking = exhibits.ranking_name(exhibit["of"]["ranking"])
    notes = [f"Corpus {exhibit['corpus']}; {ranking}; test scores, gains in percentage points."]
    if any(row["missing_k"] for row in rows):
        notes.append(
            "† Trials are missing; the choice was made among the others. Means are over the pairs"
            " that have gains."
        )
    if len({row["seed"] for row in rows}) > 1:
        notes.append("Means over seeds, gains ± their standard deviation; one k per seed.")
    if shown:
        notes.append(
            f"Published: Ma et al. (2021), {PUBLISHED_CORPORA[task]}, best of 12 trials; its F1 is"
            f" our {METRICS[task][metric]}. Comparable only where corpus and recipe are the same."
        )
    return notes


def _record(row: Choice, printed: Mapping[tuple, tuple[float, float]]) -> dict[str, Any]:
    record = {key: value for key, value in row.items() if not key.endswith("_trial")}
    if printed:
        key = tuple(row[name] for name in ("task", "model", "source", "target", "setting"))
        numbers = printed.get(key, (None, None))
        record |= {"published_unpruned": numbers[0], "published_best": numbers[1]}
    return record


def _plain(value: Any) -> Any:
    return f"{value:.6f}" if isinstance(value, float) else value
