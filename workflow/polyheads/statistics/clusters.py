"""How many pairs improved, counted by what pairs share.

The pairs of one source and model share trained models (the sweep of a source serves all its
targets) and one ranking: "88 of 96 improved" are not 96 independent observations. They are
counted for each source and model; over many of these a proportion gets an interval, over few none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from polyheads import exhibits
from polyheads.evaluation import TASK_NAMES
from polyheads.exhibits.tables import READING_NAMES, Table, cell
from polyheads.statistics import resampling
from polyheads.statistics.rows import ALPHA, LEVEL, READINGS, Row, of_choices, tells

Choice = Mapping[str, Any]
_COLUMNS = {
    "sound": ("Improved", "Above 0*", "Below 0*"),
    "best": ("Improved", "Above 0*"),  # tested for gains only
}
FEW = 20  # clusters; below, their bootstrap is far too sure (Cameron, Gelbach and Miller 2008)


def improved(choices: Sequence[Choice], reading: str) -> dict[tuple[str, str], tuple[int, int]]:
    """(model, source) -> (pairs that improved, pairs with a gain), a pair's gain over its seeds."""
    pairs: dict[tuple, list[float]] = {}
    for row in choices:
        place = (row["model"], row["source"])
        pairs.setdefault((place, row["target"], row["setting"], row["experiment"]), [])
        if row[f"{reading}_gain"] is not None:
            pairs[place, row["target"], row["setting"], row["experiment"]].append(
                row[f"{reading}_gain"]
            )
    out: dict[tuple[str, str], tuple[int, int]] = {}
    for (place, *_), gains in pairs.items():
        up, count = out.get(place, (0, 0))
        out[place] = (up + bool(gains and fmean(gains) > 0), count + bool(gains))
    return out


def share(
    clusters: Sequence[tuple[int, int]], *, resamples: int = resampling.RESAMPLES
) -> tuple[float, float] | None:
    """Interval of the share that improved, whole clusters (improved, pairs) drawn; None for few."""
    table = np.array([cluster for cluster in clusters if cluster[1]], float).reshape(-1, 2)
    if len(table) < FEW:
        return None
    random = resampling.generator(f"{len(table)} clusters")
    drawn = table[random.integers(0, len(table), (resamples, len(table)))].sum(1)
    return resampling.interval(drawn[:, 0] / drawn[:, 1])


def counts_table(
    choices: Sequence[Choice], languages: exhibits.Languages, statistics: Sequence[Row] = ()
) -> Table:
    """One line per task, setting, model and source: pairs improved, and those told apart from zero.

    choices: in the experiments' own metrics. Without `statistics` nothing is told apart.
    """
    groups: dict[tuple, list[Choice]] = {}
    for row in choices:
        kind = exhibits.ranking_kind(row["ranking"], row["source"])
        key = (row["task"], row["experiment"], kind, row["setting"], row["model"], row["source"])
        groups.setdefault(key, []).append(row)
    several = len({key[1:3] for key in groups}) > len({key[0] for key in groups})
    names = ["Task", *(["Experiment"] if several else []), "Setting", "Model", "Source"]
    body, records = [], []
    for (task, experiment, kind, setting, model, source), rows in groups.items():
        record = {"task": task, "experiment": experiment, "ranking": kind, "setting": setting}
        record |= {"model": model, "source": source}
        texts = [setting, model, exhibits.language_name(source, languages)]
        if several:
            texts.insert(0, f"{experiment} ({kind})")
        cells = [cell(TASK_NAMES[task], th="row"), *(cell(text, kind="name") for text in texts)]
        mine = of_choices(statistics, rows)
        for reading in READINGS:
            up, pairs = improved(rows, reading)[model, source]
            told = [row for row in mine if row["reading"] == reading and tells(row)]
            above = sum(row["gain"] > 0 for row in told)
            numbers = {"pairs": pairs, "improved": up, "above": above, "below": len(told) - above}
            record |= {f"{reading}_{name}": number for name, number in numbers.items()}
            cells.append(cell(f"{up} of {pairs}", kind=f"{reading} first"))
            shown = (above, len(told) - above)[: len(_COLUMNS[reading]) - 1]
            cells += [cell(str(number), kind=reading) for number in shown]
        body.append(cells)
        records.append(record)
    top = [cell(name, th="col", rowspan=2, kind="name") for name in names]
    low = []
    for reading, columns in _COLUMNS.items():
        kinds = [f"{reading} first"] + [reading] * (len(columns) - 1)
        top.append(cell(READING_NAMES[reading], th="colgroup", colspan=len(columns), kind=kinds[0]))
        low += [cell(name, th="col", kind=k) for name, k in zip(columns, kinds, strict=True)]
    return {
        "name": "improved",
        "title": "Pairs that improved, by source and model",
        "notes": _notes(choices),
        "head": [top, low],
        "body": body,
        "foot": [],
        "records": records,
    }


def _notes(choices: Sequence[Choice]) -> list[str]:
    notes = [
        f"* Gains with a Holm-adjusted p < {ALPHA} in their table; best on test is tested with the"
        " maximum in the test, and for gains only."
    ]
    few = False
    groups: dict[tuple[str, str, str], list[Choice]] = {}
    for row in choices:
        kind = exhibits.ranking_kind(row["ranking"], row["source"])
        groups.setdefault((row["task"], row["experiment"], kind), []).append(row)
    for (task, experiment, kind), rows in groups.items():
        for reading in READINGS:
            clusters = list(improved(rows, reading).values())
            bounds = share(clusters)
            few |= bounds is None
            if bounds:
                up, pairs = (sum(side) for side in zip(*clusters, strict=True))
                low, high = (f"{100 * bound:.0f}" for bound in bounds)
                notes.append(
                    f"{TASK_NAMES[task]}, experiment {experiment}, {exhibits.ranking_name(kind)},"
                    f" {READING_NAMES[reading]}: {up} of {pairs} improved, {LEVEL} %"
                    f" interval of the share {low}–{high} %, {len(clusters)} sources and models"
                    " drawn."
                )
    if few:
        notes.append(
            "Pairs of one source and model share trained models, so they are no independent"
            f" observations; under {FEW} sources and models the share has no interval."
        )
    return notes
