"""Several sources: the three ways to a ranking side by side (Table 6 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
from polyheads.exhibits import Exhibit, Languages, language_name, published, reproduction
from polyheads.exhibits.tables import (
    CRITERION_NAMES,
    Choice,
    Table,
    cell,
    gain,
    leading,
    mean,
    number,
    score,
    signed,
    trial_paths,
)
from polyheads.study.rankings import parse

HEURISTICS = {
    "MD": "mean rank over the sources (MD)",
    "SD": "summed scores (SD)",
    "EC": "each source's own ranking, one chosen (EC)",
}
METHODS = {"MD": "merged", "SD": "summed", "EC": None}  # as in the names of rankings


def table(
    exhibit: Exhibit,
    choices: Sequence[Choice],
    languages: Languages,
    statistics: Sequence[Row] = (),
) -> Table:
    """A line for each target and model: published scores, ours by both criteria.

    EC takes the source whose sweep has the best dev score (ties to the first), or the best test
    score in the other criterion. Means over seeds. Below a score is its gain over the unpruned model
    (percentage points), with the interval that `statistics` has of this sweep.
    """
    rows = [r for r in choices if shows(exhibit, r)]
    printed = _published(exhibit["task"])
    pairs = list(dict.fromkeys((r["target"], r["model"]) for r in rows))
    shown = any((model, target, "unpruned") in printed for target, model in pairs)
    columns = ["unpruned", *HEURISTICS]
    run = {heuristic(r["ranking"]) for r in rows}
    body, lines = [], []
    for target, model in pairs:
        here = [r for r in rows if (r["target"], r["model"]) == (target, model)]
        line: dict[str, Any] = {"target": target, "model": model, "source": here[0]["source"]}
        line |= {f"published_{c}": printed.get((model, target, c)) for c in columns}
        line["unpruned"] = mean(r["unpruned"] for r in here)
        for name in HEURISTICS:
            line |= _scores(name, here, statistics)
            theirs = [line["published_unpruned"], line[f"published_{name}"]]
            ours = line[f"{name}_test_oracle_gain"]
            apart = None if None in (*theirs, ours) else ours - (theirs[1] - theirs[0])
            line[f"{name}_test_oracle_gain_less_published"] = apart
        if exhibit["of"]["metric"] == PUBLISHED_METRIC[exhibit["task"]]:
            for c in columns:
                own = line["unpruned" if c == "unpruned" else f"{c}_test_oracle"]
                cv = reproduction.of_both(line[f"published_{c}"], own)
                line[f"{reproduction.CV}{c}"] = cv
        lines.append(line)
        body.append(_cells(line, columns, run, shown, languages))
    foot = []
    for model in dict.fromkeys(line["model"] for line in lines):
        mine = [line for line in lines if line["model"] == model]
        if len(mine) > 1:
            of_model = [row for row in rows if row["model"] == model]
            found = _mean(mine, of_means(statistics, of_model))
            foot.append(_cells(found, columns, run, shown, languages))
    head = [
        [cell("Target", th="col", rowspan=2, kind="name"), cell("Model", th="col", rowspan=2)],
        [],
    ]
    groups = [("published", columns), ("gain: ours − published", [*HEURISTICS])] if shown else []
    groups += [
        (CRITERION_NAMES["dev_selected"], columns),
        (CRITERION_NAMES["test_oracle"], [*HEURISTICS]),
    ]
    for name, members in groups:
        head[0].append(cell(name, th="colgroup", colspan=len(members), kind="first"))
        head[1] += [cell(c, th="col", kind="first" if c == members[0] else "") for c in members]
    notes = [
        "Trained on the source's languages, tested on the target. Rankings: "
        f"{'; '.join(HEURISTICS.values())}: on dev, the mean of the sources'; in the other criterion,"
        " on test.",
        "Below a score: the gain over the unpruned model, in percentage points.",
    ]
    if shown:
        notes[-1] += (
            f" Ours − published: our gain, {CRITERION_NAMES['test_oracle']}, less the gain that Ma et al."
            " (2021) print; comparable only where corpus and recipe are the same."
        )
    known = [row for row in of_choices(statistics, rows) if row["low"] is not None]
    if known:
        several = any(row["seeds"] > 1 for row in known)
        noise = "and of seeds" if several else "only: training noise is not included"
        notes.append(
            f"[ ] the gain's {LEVEL} % interval over draws of test sentences {noise}. That of EC"
            " takes the source that dev chose as given; its best on test, which takes the best of"
            f" all sources too, and its mean have none. {BEST_REDONE}. The tests are in the"
            " rankings' own tables."
        )
    notes += reproduction.note(lines)
    notes += problem_notes(all_of_choices(statistics, rows))
    shape = {"name": exhibit["name"], "title": exhibit["title"] + " (%)", "notes": notes}
    return shape | {"head": head, "body": body, "foot": foot, "records": lines}


def heuristic(ranking: str) -> str:
    """MD, SD or EC, by the name of a ranking."""
    return next(name for name, method in METHODS.items() if method == parse(ranking).method)


def shows(exhibit: Exhibit, row: Choice) -> bool:
    """Whether a choice belongs to the exhibit; nulls and fresh seeds have their own tables."""
    if row["role"] != "main":
        return False
    of = exhibit["of"]
    same = all(row[key] == of[key] for key in ("experiment", "setting", "metric"))
    return same and "+" in row["source"] and bool(parse(row["ranking"]).language)


def _scores(name: str, rows: Sequence[Choice], statistics: Sequence[Row]) -> dict[str, Any]:
    """Test scores and gains by both criteria (means over seeds), intervals of the gains, and the
    source that dev chooses.
    """
    taken: dict[str, list[Choice]] = {criterion: [] for criterion in CRITERION_NAMES}
    for seed in dict.fromkeys(row["seed"] for row in rows):
        mine = [r for r in rows if r["seed"] == seed and heuristic(r["ranking"]) == name]
        mine = [
            r
            for r in mine
            if r["dev_selected_dev"] is not None and r["test_oracle_test"] is not None
        ]
        if mine:
            taken["dev_selected"].append(max(mine, key=lambda r: r["dev_selected_dev"]))
            taken["test_oracle"].append(max(mine, key=lambda r: r["test_oracle_test"]))
    line: dict[str, Any] = {}
    for criterion, chosen in taken.items():
        line[f"{name}_{criterion}"] = mean(row[f"{criterion}_test"] for row in chosen)
        line[f"{name}_{criterion}_gain"] = mean(row[f"{criterion}_gain"] for row in chosen)
        line[f"{name}_{criterion}_trial"] = trial_paths(chosen, criterion)
        line |= dict.fromkeys((f"{name}_{criterion}_low", f"{name}_{criterion}_high"))
        if name == "EC" and criterion == "test_oracle":
            continue  # a maximum over the sources, too, which no draw has looked for again
        # Over several seeds of one sweep; where they choose different sources there is none.
        found = [row for row in of_choices(statistics, chosen) if row["criterion"] == criterion]
        if len(found) == 1 and same_gain(found[0], line[f"{name}_{criterion}_gain"]):
            line[f"{name}_{criterion}_low"] = found[0]["low"]
            line[f"{name}_{criterion}_high"] = found[0]["high"]
    sources = [parse(row["ranking"]).language for row in taken["dev_selected"]]
    line[f"{name}_source"] = sources[0] if sources and name == "EC" else None
    return line


def _mean(lines: Sequence[dict[str, Any]], statistics: Sequence[Row]) -> dict[str, Any]:
    """The mean of a model's lines; statistics: of the means of its sweeps."""
    text = ("target", "source", "model", *(f"{name}_source" for name in HEURISTICS))
    numbers = [key for key in lines[0] if key not in text and not key.endswith("_trial")]
    found: dict[str, Any] = {key: mean(line[key] for line in lines) for key in numbers}
    for name in ("unpruned", *HEURISTICS):
        # Over the same lines as ours, or none.
        ours = "unpruned" if name == "unpruned" else f"{name}_test_oracle"
        theirs = [line[f"published_{name}"] for line in lines if line[ours] is not None]
        found[f"published_{name}"] = None if None in theirs else mean(theirs)
    for name in HEURISTICS:
        for criterion in CRITERION_NAMES:
            place = f"{name}_{criterion}"
            found |= dict.fromkeys((f"{place}_low", f"{place}_high"))
            for row in statistics:
                # EC has none: its sweeps are of different tables.
                mine = row["criterion"] == criterion and row["ranking"].startswith(
                    f"{METHODS[name]}-"
                )
                if mine and same_gain(row, found[f"{place}_gain"]):
                    found |= {f"{place}_low": row["low"], f"{place}_high": row["high"]}
    return found | {"target": None, "model": lines[0]["model"], "EC_source": None}


def _cells(
    line: dict[str, Any], columns: Sequence[str], run: set[str], shown: bool, languages: Languages
) -> list[dict]:
    """Cells of a line; a dash for a heuristic that isn't among those that were run."""
    name = "Mean" if line["target"] is None else language_name(line["target"], languages)
    cells = [cell(name, th="row"), cell(line["model"], kind="name")]
    if shown:
        for c in columns:
            value = line[f"published_{c}"]
            cells.append(cell(number(value), kind="first" if c == "unpruned" else ""))
        for i, c in enumerate(HEURISTICS):
            apart, kind = line[f"{c}_test_oracle_gain_less_published"], "" if i else "first"
            cells.append(cell("–", kind=kind) if apart is None else gain(apart, kind=kind))
    cells.append(score(line["unpruned"], kind="first"))
    for c in HEURISTICS:
        source = line.get(f"{c}_source")
        note = f"the ranking of {language_name(source, languages)}" if source else ""
        cells.append(_score(line, f"{c}_dev_selected") if c in run else cell("–"))
        cells[-1]["note"] = note
    for i, c in enumerate(HEURISTICS):
        kind = "" if i else "first"
        cells.append(_score(line, f"{c}_test_oracle", kind) if c in run else cell("–", kind=kind))
    return cells


def _score(line: dict[str, Any], place: str, kind: str = "") -> dict[str, Any]:
    """A score, below it its gain and its interval where it has one."""
    made = score(line[place], kind=kind)
    change, low, high = (line[f"{place}_{name}"] for name in ("gain", "low", "high"))
    if change is not None:
        bounds = "" if low is None else f" [{signed(low)}, {signed(high)}]"
        made["below"] = signed(change) + bounds
    return leading(made, line.get(f"{place}_trial", "").split())


def _published(task: str) -> dict[tuple[str, str, str], float]:
    """(model, target, unpruned or heuristic) -> published F1."""
    rows = published.rows(published.SEVERAL)
    return {
        (r["model"], r["target"], r["heuristic"]): float(r["f1"]) for r in rows if r["task"] == task
    }
