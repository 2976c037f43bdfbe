"""Result tables: the paper's Tables 2-4 with both criteria, and what tables are made of.

A table is plain data for the template `table.html.j2` and for CSV:
{name, title, notes, head: rows of cells, body: rows of cells, foot: rows of cells, records: rows
for the CSV}. A cell: {text, below, kind (css class), th, colspan, rowspan, note (on hover), href,
links}; links are (text, path of a file), paths as the run sees them: pages make them their own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from polyheads import exhibits
from polyheads.analysis.rows import LEVEL, Row, by_cell, mark, resampling_notes, same_gain
from polyheads.catalogue.tasks import METRICS, PUBLISHED_METRIC
from polyheads.exhibits import reproduction
from polyheads.study.rankings import ranking_kind

Table = dict[str, Any]
Choice = dict[str, Any]  # a row of selection.choose, as selection.read gives it

MISSING = "missing"
PUBLISHED_CORPORA = {"pos": "UD 2.7", "ner": "CoNLL and others", "sf": "MultiATIS++"}
CRITERION_NAMES = {"dev_selected": "k chosen on dev", "test_oracle": "best of k ≥ 1 on test"}


def result_table(
    exhibit: exhibits.Exhibit,
    choices: Sequence[Choice],
    languages: exhibits.Languages,
    published: Iterable[Mapping[str, str]] = (),
    statistics: Iterable[Row] = (),
) -> Table:
    """Rows source x target, per model: unpruned, both criteria, and the published numbers if any.

    `choices` are those of the exhibit's metric. With several seeds a cell is their mean, a gain
    with its standard deviation over seeds. Scores in percent, gains in percentage points. With
    `statistics` (statistics.rows) a gain has its interval below it and a mark where it is told
    apart from zero.
    """
    rows = exhibits.members(exhibit, choices)
    known = by_cell(statistics, exhibit["name"])
    models = list(dict.fromkeys(row["model"] for row in rows))
    pairs = list(dict.fromkeys((row["source"], row["target"]) for row in rows))
    task, metric, setting = (exhibit["task"], exhibit["of"]["metric"], exhibit["of"]["setting"])
    printed = {}
    if metric == PUBLISHED_METRIC[task]:
        printed = exhibits.published_cells(published)
    shown = [m for m in models if any((task, m, *pair, setting) in printed for pair in pairs)]

    body, means, apart = [], {m: [] for m in models}, {m: [] for m in models}
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
            cells += _choice_cells(here, _of(known, model, source, target))
            if model in shown:
                numbers = printed.get((task, model, source, target, setting))
                ours = mean(row["test_oracle_gain"] for row in here)
                apart[model].append(_apart(ours, numbers))
                cells += _published_cells(numbers, apart[model][-1])
        body.append(cells)
    foot = [[cell("Mean of the pairs", th="row", colspan=2)]]
    for model in models:
        with_gains = complete(row for here in means[model] for row in here)
        foot[0] += _mean_cells(with_gains, _of(known, model, "", ""))
        if model in shown:
            run = [p for p, here in zip(pairs, means[model], strict=True) if complete(here)]
            numbers = [printed.get((task, model, *pair, setting)) for pair in run]
            # Over the same pairs as ours, or none.
            sides = [fmean(side) for side in zip(*numbers, strict=True)] if all(numbers) else None
            foot[0] += _published_cells(sides, mean(apart[model]) if sides else None)
    records = [_record(row, printed, known) for row in rows]
    if printed:
        reproduction.add(records)
    return {
        "name": exhibit["name"],
        "title": exhibit["title"] + " (%)",
        "notes": [
            *_notes(rows, shown, task, metric, exhibit),
            *reproduction.note(records),
            *resampling_notes(known.values()),
        ],
        "head": _head(models, shown),
        "body": body,
        "foot": foot if len(pairs) > 1 and any(row["k_max"] for row in rows) else [],
        "records": records,
    }


def empty(name: str, why: str) -> Table:
    """A table that has nothing to show, and says why, where its files are expected."""
    shape = {"name": name, "title": "Nothing to show", "notes": [why], "head": [], "body": []}
    return shape | {"foot": [], "records": [{"note": why}]}


def csv_text(table: Table) -> str:
    """The table's records; floats with six decimals, nothing for what is missing."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    columns = list(dict.fromkeys(name for record in table["records"] for name in record))
    if columns:
        out.writerow(columns)
    for record in table["records"]:
        out.writerow([_plain(record.get(name)) for name in columns])
    return text.getvalue()


def cell(
    text: str,
    *,
    kind: str = "",
    th: str = "",
    colspan: int = 1,
    rowspan: int = 1,
    note: str = "",
    below: str = "",
    href: str = "",
    links: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """One cell; `th` is the scope of a header cell (row, col, rowgroup, colgroup), `below` a small
    line under its text, `href` where the text leads to. `links`: parts of the text, with which it
    begins, comma and space between them, and the file that each leads to; others stand below."""
    more = {"colspan": colspan, "rowspan": rowspan, "href": href, "links": list(links)}
    return {"text": text, "below": below, "kind": kind, "th": th, "note": note, **more}


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
    return fmean(there) if there else None


def score(value: float | None, kind: str = "") -> dict[str, Any]:
    """A cell with a score in percent."""
    if value is None:
        return cell(MISSING, kind=f"{kind} missing".strip())
    return cell(number(value), kind=kind)


def gain(
    value: float | None, spread: float | None = None, kind: str = "", row: Row | None = None
) -> dict[str, Any]:
    """A cell with a difference in percentage points, marked by sign (and by colour).

    row: its statistics: an interval below it, p on hover, a mark where it is told apart from zero.
    """
    if value is None:
        return cell(MISSING, kind=f"{kind} missing".strip())
    text = signed(value)
    sign = {"+": "up", "−": "down"}.get(text[0], "")
    if spread is not None:
        text += f" ± {number(spread)}"
    text += mark(row)
    below = note = ""
    if row and row["low"] is not None:
        below = f"[{signed(row['low'])}, {signed(row['high'])}]"
        if row.get("level") == "mean":
            below += shares(row)
    if row and row["p"] is not None:
        note = f"p = {row['p']:.4f}, adjusted by Holm {row['p_holm']:.4f}"
    return cell(text, kind=f"{kind} {sign}".strip(), below=below, note=note)


def shares(row: Row) -> str:
    """Of a number's draws those above delta, within and below it, for the line below it; "" for a
    number without (see statistics.draws)."""
    if row.get("within") is None:
        return ""
    return f" {' / '.join(f'{100 * row[name]:.0f}' for name in ('above', 'within', 'below'))} %"


def k_cell(rows: Sequence[Choice], criterion: str, kind: str = "") -> dict[str, Any]:
    """The k of these sweeps (one for each seed) by a criterion, each leading to its trial's file,
    which has recipe, ranking and pruned heads. † where trials of one are missing."""
    there = [row for row in rows if row[f"{criterion}_k"] is not None]
    if not there:
        return cell(MISSING, kind=f"{kind} missing".strip())
    links = [(str(row[f"{criterion}_k"]), row[f"{criterion}_trial"]) for row in there]
    mark = "†" if any(row["missing_k"] for row in rows) else ""
    notes = [f"missing: k = {row['missing_k']}" for row in rows if row["missing_k"]]
    notes += [path for _, path in links]
    text = ", ".join(k for k, _ in links) + mark
    return cell(text, kind=kind, note="; ".join(notes), links=links)


def leading(made: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """A cell that leads to these files: by its text where there is one, by 1, 2, … below it where
    there are several."""
    paths = list(paths)
    names = [made["text"]] if len(paths) == 1 else [str(i + 1) for i in range(len(paths))]
    return made | {"links": list(zip(names, paths, strict=True))}


def trial_paths(rows: Iterable[Choice], criterion: str) -> str:
    """The trials that a criterion chose, for a record: paths with a space between them."""
    return " ".join(path for row in rows if (path := row[f"{criterion}_trial"]))


def mean_row(
    statistics: Iterable[Row], rows: Sequence[Choice], criterion: str, value: float | None
) -> Row | None:
    """The interval of the mean gain of these choices, where a result table has the same mean (its
    p is about that table): of any experiment, since those of the same point share their trials.
    None where there is none, or the means are of other pairs."""
    names = ("corpus", "model", "recipe", "setting", "metric")
    points = {(*(r[n] for n in names), ranking_kind(r["ranking"], r["source"])) for r in rows}
    if value is None or len(points) != 1:
        return None
    (point,) = points
    by_exhibit: dict[str, list[Row]] = {}
    for row in statistics:
        if row["criterion"] == criterion and (*(row[n] for n in names), row["ranking"]) == point:
            by_exhibit.setdefault(row["exhibit"], []).append(row)
    wanted = {(row["source"], row["target"]) for row in rows}
    level = "mean" if len(wanted) > 1 else "pair"
    for here in by_exhibit.values():
        pairs = {(row["source"], row["target"]) for row in here if row["level"] == "pair"}
        same = [r for r in here if r["level"] == level and same_gain(r, value)]
        if same and pairs == wanted:
            return same[0] | {"p": None, "p_holm": None}
    return None


def mean_notes(rows: Iterable[Row | None]) -> list[str]:
    """What the intervals of `mean_row` mean."""
    if not any(row and row["low"] is not None for row in rows):
        return []
    return [
        f"[ ]: {LEVEL} % interval of the mean over draws of test sentences, from the result table"
        " that has the same mean."
    ]


def complete(rows: Iterable[Choice]) -> list[Choice]:
    """The rows that have both gains: what means are taken over, so that their parts add up."""
    return [
        r for r in rows if r["dev_selected_gain"] is not None and r["test_oracle_gain"] is not None
    ]


def _of(known: Mapping[tuple, Row], model: str, source: str, target: str) -> dict[str, Row]:
    """Criterion -> statistics of one pair (of a model's mean for "" and "")."""
    found = {
        criterion: known.get((model, source, target, criterion)) for criterion in CRITERION_NAMES
    }
    return {criterion: row for criterion, row in found.items() if row}


def _choice_cells(rows: Sequence[Choice], known: Mapping[str, Row]) -> list[dict]:
    """Cells of one source, target and model: one row of choices per seed; criterion -> statistics.

    Empty ones for a pair that isn't run with this model.
    """
    if not rows:
        kinds = (
            "first",
            "dev_selected first",
            *("dev_selected",) * 3,
            "test_oracle first",
            *("test_oracle",) * 2,
        )
        return [cell("", kind=kind) for kind in kinds]
    cells = [score(mean(row["unpruned"] for row in rows), kind="first")]
    for criterion in CRITERION_NAMES:
        if criterion == "test_oracle" and not any(row["k_max"] for row in rows):
            # No head was to be pruned: there is no k >= 1, and none is missing.
            cells += [
                cell("–", kind=kind) for kind in ("test_oracle first", "test_oracle", "test_oracle")
            ]
            continue
        gains = [g for row in rows if (g := row[f"{criterion}_gain"]) is not None]
        spread = stdev(gains) if len(gains) > 1 else None
        cells += [
            score(mean(row[f"{criterion}_test"] for row in rows), kind=f"{criterion} first"),
            gain(mean(gains), spread, kind=criterion, row=known.get(criterion)),
            k_cell(rows, criterion, kind=criterion),
        ]
        if criterion == "dev_selected":
            rho = mean(row["dev_test_spearman"] for row in rows)
            cells.append(cell(number(rho), kind=criterion))
    return cells


def _mean_cells(rows: Sequence[Choice], known: Mapping[str, Row]) -> list[dict]:
    cells = [score(mean(row["unpruned"] for row in rows), kind="first")]
    for criterion in CRITERION_NAMES:
        columns = (f"{criterion}_test", f"{criterion}_gain", f"{criterion}_k")
        test, difference, k = (mean(row[column] for row in rows) for column in columns)
        cells += [
            score(test, kind=f"{criterion} first"),
            gain(difference, kind=criterion, row=known.get(criterion)),
            cell(number(k, 1), kind=criterion),
        ]
        if criterion == "dev_selected":
            rho = mean(row["dev_test_spearman"] for row in rows)
            cells.append(cell(number(rho), kind=criterion))
    return cells


def _published_cells(numbers: Sequence[float] | None, apart: float | None) -> list[dict]:
    """Published unpruned, best and gain, and how far our gain is from it; empty for what isn't."""
    compared = cell("", kind="published") if apart is None else gain(apart, kind="published")
    if not numbers:
        blank = [cell("–", kind="published" + (" first" if i == 0 else "")) for i in range(3)]
        return [*blank, compared]
    unpruned, best = numbers
    difference = gain(best - unpruned, kind="published")
    shown = [score(unpruned, kind="published first"), score(best, kind="published"), difference]
    return [*shown, compared]


def _apart(ours: float | None, numbers: Sequence[float] | None) -> float | None:
    """Our gain (best on test) less the published one, None where there is only one of them."""
    return None if ours is None or not numbers else ours - (numbers[1] - numbers[0])


def _head(models: Sequence[str], shown: Sequence[str]) -> list[list[dict]]:
    top = [cell("Source", th="col", rowspan=3), cell("Target", th="col", rowspan=3)]
    for head in top:
        head["kind"] = "name"
    middle, low = [], []
    for model in models:
        top.append(cell(model, th="colgroup", colspan=12 if model in shown else 8, kind="first"))
        middle += [
            cell("Unpruned", th="col", rowspan=2, kind="first"),
            cell(
                CRITERION_NAMES["dev_selected"], th="colgroup", colspan=4, kind="dev_selected first"
            ),
            cell(
                CRITERION_NAMES["test_oracle"], th="colgroup", colspan=3, kind="test_oracle first"
            ),
        ]
        low += [
            cell("pruned", th="col", kind="dev_selected first"),
            cell("gain", th="col", kind="dev_selected"),
            cell("k", th="col", kind="dev_selected"),
            cell("ρ", th="col", kind="dev_selected", note="Spearman's rho of dev and test over k"),
            cell("pruned", th="col", kind="test_oracle first"),
            cell("gain", th="col", kind="test_oracle"),
            cell("k", th="col", kind="test_oracle"),
        ]
        if model in shown:
            middle.append(cell("published", th="colgroup", colspan=4, kind="published first"))
            names = ("unpruned", "test_oracle", "gain", "ours −")
            low += [
                cell(
                    n,
                    th="col",
                    kind="published" + (" first" if i == 0 else ""),
                    note="our gain, best on test, less the published gain" if i == 3 else "",
                )
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
            " Ours −: our gain, best on test, less the published one. The published mean is over"
            " the same pairs as ours, and is left out where one of these has no published number.",
        )
    return notes


def _record(
    row: Choice,
    printed: Mapping[tuple, tuple[float, float]],
    known: Mapping[tuple[str, ...], Row],
) -> dict[str, Any]:
    record = dict(row)
    if known:
        # Of the pair's mean over seeds: the same in the row of each seed.
        of = _of(known, row["model"], row["source"], row["target"])
        for criterion in CRITERION_NAMES:
            for name in ("low", "high", "p", "p_holm"):
                record[f"{criterion}_{name}"] = of[criterion][name] if criterion in of else None
    if printed:
        key = tuple(row[name] for name in ("task", "model", "source", "target", "setting"))
        numbers = printed.get(key, (None, None))
        record |= {"published_unpruned": numbers[0], "published_test_oracle": numbers[1]}
        there = numbers if key in printed else None
        record["test_oracle_gain_less_published"] = _apart(row["test_oracle_gain"], there)
    return record


def _plain(value: Any) -> Any:
    return f"{value:.6f}" if isinstance(value, float) else value
