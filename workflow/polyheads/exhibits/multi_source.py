"""Several sources: the three ways to a ranking side by side (Table 6 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polyheads.exhibits import Exhibit, Languages, language_name, published
from polyheads.exhibits.tables import Choice, Table, cell, mean, number, score
from polyheads.rankings import parse

HEURISTICS = {
    "MD": "mean rank over the sources (MD)",
    "SD": "summed scores (SD)",
    "EC": "each source's own ranking, one chosen (EC)",
}
_SOUND, _BEST = "k chosen on dev", "best k ≥ 1 on test"


def table(exhibit: Exhibit, choices: Sequence[Choice], languages: Languages) -> Table:
    """A line for each target and model: published scores, ours by both readings.

    EC takes the source whose sweep has the best dev score (ties to the first), or the best test
    score in the other reading. Means over seeds.
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
            sound, best, chosen = _scores(name, here)
            line |= {f"{name}_sound": sound, f"{name}_best": best, f"{name}_source": chosen}
        lines.append(line)
        body.append(_cells(line, columns, run, shown, languages))
    foot = [_cells(_mean(lines), columns, run, shown, languages)] if len(lines) > 1 else []
    head = [
        [cell("Target", th="col", rowspan=2, kind="name"), cell("Model", th="col", rowspan=2)],
        [],
    ]
    groups = [("published", columns)] if shown else []
    groups += [(_SOUND, columns), (_BEST, list(HEURISTICS))]
    for name, members in groups:
        head[0].append(cell(name, th="colgroup", colspan=len(members), kind="first"))
        head[1] += [cell(c, th="col", kind="first" if c == members[0] else "") for c in members]
    notes = [
        "Trained on all other languages of the line's source, tested on the target. "
        + "; ".join(HEURISTICS.values())
        + ": on dev, the mean of the sources'; in the other reading, on test."
    ]
    shape = {"name": exhibit["name"], "title": exhibit["title"] + " (%)", "notes": notes}
    return shape | {"head": head, "body": body, "foot": foot, "records": lines}


def heuristic(ranking: str) -> str:
    """MD, SD or EC, by the name of a ranking."""
    return {"merged": "MD", "summed": "SD", None: "EC"}[parse(ranking).method]


def shows(exhibit: Exhibit, row: Choice) -> bool:
    """Whether a choice belongs to the exhibit; nulls and fresh seeds have their own tables."""
    if row["role"] != "main":
        return False
    of = exhibit["of"]
    same = all(row[key] == of[key] for key in ("experiment", "setting", "metric"))
    return same and "+" in row["source"] and bool(parse(row["ranking"]).language)


def _scores(name: str, rows: Sequence[Choice]) -> tuple[float | None, float | None, str | None]:
    """Test scores by both readings (means over seeds), and the source that dev chooses."""
    sound, best, chosen = [], [], None
    for seed in dict.fromkeys(row["seed"] for row in rows):
        mine = [r for r in rows if r["seed"] == seed and heuristic(r["ranking"]) == name]
        mine = [r for r in mine if r["sound_dev"] is not None and r["best_test"] is not None]
        if not mine:
            continue
        first = max(mine, key=lambda r: r["sound_dev"])
        chosen = chosen or parse(first["ranking"]).language
        sound.append(first["sound_test"])
        best.append(max(r["best_test"] for r in mine))
    return mean(sound), mean(best), chosen if name == "EC" else None


def _mean(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    numbers = [key for key, value in lines[0].items() if not isinstance(value, str)]
    found: dict[str, Any] = {key: mean(line[key] for line in lines) for key in numbers}
    return found | {"target": None, "model": "", "EC_source": None}


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
    cells.append(score(line["unpruned"], kind="first"))
    for c in HEURISTICS:
        source = line.get(f"{c}_source")
        note = f"the ranking of {language_name(source, languages)}" if source else ""
        shape = score(line[f"{c}_sound"]) if c in run else cell("–")
        cells.append(shape | {"note": note})
    for i, c in enumerate(HEURISTICS):
        kind = "" if i else "first"
        shape = score(line[f"{c}_best"], kind=kind) if c in run else cell("–", kind=kind)
        cells.append(shape)
    return cells


def _published(task: str) -> dict[tuple[str, str, str], float]:
    """(model, target, unpruned or heuristic) -> published F1."""
    rows = published.rows(published.SEVERAL)
    return {
        (r["model"], r["target"], r["heuristic"]): float(r["f1"]) for r in rows if r["task"] == task
    }
