"""The table of the two nulls: are mean gains more than run noise, more than random rankings give?

The numbers are those of `statistics.nulls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyheads import exhibits
from polyheads.analysis.rows import ALPHA, LEVEL, Row
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.exhibits.tables import CRITERION_NAMES, Table, cell, gain, signed

NAMES = {"noise": "Unpruned runs with other seeds", "random": "Random rankings"}
_LINE = ("task", "experiment", "ranking", "setting", "model", "metric", "criterion")


def planned(sweeps: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a study has a null."""
    return any(sweep["role"] in NAMES for sweep in sweeps)


def table(rows: Sequence[Row]) -> Table:
    """A line per task, experiment, setting, model and criterion; its gain and p for each null.

    rows: of statistics.nulls. An empty cell is a null that the study does not have there. p below
    ALPHA has a star.
    """
    lines: dict[tuple, dict[str, Row]] = {}
    for row in rows:
        lines.setdefault(tuple(row[name] for name in _LINE), {})[row["null"]] = row
    several = len({key[1:3] for key in lines}) > len({key[0] for key in lines})
    metrics = len({(key[0], key[5]) for key in lines}) > len({key[0] for key in lines})
    shown = [null for null in NAMES if any(null in found for found in lines.values())]
    body = []
    for (task, experiment, ranking, setting, model, metric, criterion), found in lines.items():
        names = [setting, model, CRITERION_NAMES[criterion]]
        if several:
            names.insert(0, f"{experiment} ({exhibits.ranking_name(ranking)})")
        if metrics:
            names.insert(-1, METRICS[task][metric])
        cells = [cell(TASK_NAMES[task], th="row"), *(cell(name, kind="name") for name in names)]
        for null in shown:
            cells += _cells(found.get(null))
        body.append(cells)
    names = ["Task", *(["Experiment"] if several else []), "Setting", "Model"]
    names += [*(["Metric"] if metrics else []), "Criterion"]
    head = [[cell(name, th="col", rowspan=2, kind="name") for name in names], []]
    for null in shown:
        head[0].append(cell(NAMES[null], th="colgroup", colspan=5, kind="first"))
        head[1] += [
            cell("our gain", th="col", kind="first", note="mean over the pairs"),
            cell("gain of the null", th="col", note="its mean, and its range below"),
            cell("pairs", th="col"),
            cell("n", th="col", note=_COUNTED[null]),
            cell("p", th="col"),
        ]
    return {
        "name": "nulls",
        "title": "Mean gains beside what chance gives by the same choice (percentage points)",
        "notes": _notes(rows, shown),
        "head": head,
        "body": body,
        "foot": [],
        "records": list(rows),
    }


_COUNTED = {
    "noise": "unpruned runs of each training beside the sweep's own",
    "random": "random rankings",
}


def _cells(row: Row | None) -> list[dict]:
    if row is None:
        return [cell("", kind="first"), *(cell("") for _ in range(4))]
    chance = cell(
        signed(row["null_mean"]), below=f"[{signed(row['null_low'])}, {signed(row['null_high'])}]"
    )
    p = "–" if row["p"] is None else f"{row['p']:.3f}" + "*" * (row["p"] < ALPHA)
    counts = [cell(str(row["pairs"])), cell(str(row["n"])), cell(p)]
    return [gain(row["gain"], kind="first"), chance, *counts]


def _notes(rows: Sequence[Row], shown: Sequence[str]) -> list[str]:
    from polyheads.analysis.null_baselines import FOR_PERCENTILES
    from polyheads.analysis.run_noise import FEWEST_FOR_P

    notes = [
        f"One p for each mean, none for its pairs, one-sided; * p < {ALPHA}, not adjusted for the"
        " number of lines. [ ]: where the means of the null lie."
    ]
    of = {null: [row for row in rows if row["null"] == null] for null in shown}
    if "noise" in of:
        draws = f"{LEVEL} % of their means"
        notes.append(
            "Other seeds: the same choice among unpruned runs, as many as the sweep has trials,"
            f" drawn from the normal distribution that fits the n + 1 unpruned runs ([ ]: {draws})."
            " Pairs of a training (in the cross-lingual setting all targets of a source) are read"
            " from the same runs. p is the larger one of these draws and of exchanging the roles"
            " of all runs, pruned or not, which assumes nothing about the distribution; both"
            " compare the chosen run with the mean of all unpruned ones. A gain above it is more"
            " than another seed gives."
        )
        if any(row["p"] is None for row in of["noise"]):
            notes.append(f"With fewer than {FEWEST_FOR_P} further runs run noise has no p.")
    if "random" in of:
        few = any(row["n"] < FOR_PERCENTILES for row in of["random"])
        span = "their smallest and largest mean" if few else f"{LEVEL} % of their means"
        least = 1 / (1 + max(row["n"] for row in of["random"]))
        notes.append(
            "Random rankings: those with all pairs of the line, the same k, seeds and k = 0"
            f" ([ ]: {span}). p is at least 1 / (1 + n), here {least:.3f}. A gain above them is"
            " due to which heads are pruned, not to pruning some."
        )
    return notes
