"""How many pairs improved, counted by what pairs share.

The pairs of one source and model share trained models (the sweep of a source serves all its
targets) and one ranking: "88 of 96 improved" are not 96 independent observations. They are
counted for each source and model; over many of these a proportion gets an interval, over few none.
Pairs whose score stayed as it was (k = 0 was chosen) are no failures: the proportion is of those
that moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from polyheads import exhibits
from polyheads.analysis import resampling
from polyheads.analysis.rows import ALPHA, CRITERIA, LEVEL, OF_SENTENCES, Row, of_choices, tells
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.exhibits.tables import CRITERION_NAMES, Table, cell

Choice = Mapping[str, Any]
_COLUMNS = {
    "dev_selected": ("Up", "Down", "As before", "Above 0", "Below 0"),
    "test_oracle": ("Up", "Down", "As before", "Above 0"),  # tested for gains only
}
FEW = 20  # clusters; below, their bootstrap is far too sure (Cameron, Gelbach and Miller 2008)


class Moved(NamedTuple):
    """Pairs by the sign of their gain."""

    up: int
    down: int
    same: int  # k = 0 was chosen, or no score changed: neither for pruning nor against it

    def __str__(self) -> str:
        return f"{self.up} up, {self.down} down"

    @property
    def rest(self) -> str:
        """Those that did not move, in words; nothing where all did."""
        return f"{self.same} as before" if self.same else ""

    @property
    def share(self) -> float | None:
        """Of the pairs that moved, those that improved (0 to 1); None where nothing moved."""
        return self.up / (self.up + self.down) if self.up + self.down else None


def moved(choices: Sequence[Choice], criterion: str) -> dict[tuple[str, str], Moved]:
    """(model, source) -> pairs that moved up, down or not; a pair's gain is its mean over seeds."""
    pairs: dict[tuple, list[float]] = {}
    for row in choices:
        place = (row["model"], row["source"])
        pairs.setdefault((place, row["target"], row["setting"], row["experiment"]), [])
        if row[f"{criterion}_gain"] is not None:
            pairs[place, row["target"], row["setting"], row["experiment"]].append(
                row[f"{criterion}_gain"]
            )
    out: dict[tuple[str, str], Moved] = {}
    for (place, *_), gains in pairs.items():
        here = count([fmean(gains)] if gains else [])
        out[place] = total([out.get(place, Moved(0, 0, 0)), here])
    return out


def count(gains: Iterable[float]) -> Moved:
    """Gains by their sign."""
    signs = [(gain > 0) - (gain < 0) for gain in gains]
    return Moved(signs.count(1), signs.count(-1), signs.count(0))


def total(of: Iterable[Moved]) -> Moved:
    """The sum over clusters."""
    return Moved(*map(sum, zip(*of, strict=True)))


def share(
    clusters: Sequence[Moved], *, resamples: int = resampling.RESAMPLES
) -> tuple[float, float] | None:
    """Interval of the share of improved pairs among those that moved, whole clusters drawn.

    Clusters in which nothing moved have no share and are left out; None for few others.
    """
    table = np.array([(c.up, c.up + c.down) for c in clusters if c.up + c.down], float)
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
        for criterion in CRITERIA:
            here = moved(rows, criterion)[model, source]
            told = [row for row in mine if row["criterion"] == criterion and tells(row)]
            above = sum(row["gain"] > 0 for row in told)
            numbers = {"pairs": sum(here), "improved": here.up, "down": here.down}
            numbers |= {"same": here.same, "above": above, "below": len(told) - above}
            record |= {f"{criterion}_{name}": number for name, number in numbers.items()}
            shown = (*here, above, len(told) - above)[: len(_COLUMNS[criterion])]
            kinds = [f"{criterion} first"] + [criterion] * (len(shown) - 1)
            cells += [cell(str(n), kind=kind) for n, kind in zip(shown, kinds, strict=True)]
        body.append(cells)
        records.append(record)
    top = [cell(name, th="col", rowspan=2, kind="name") for name in names]
    low = []
    for criterion, columns in _COLUMNS.items():
        kinds = [f"{criterion} first"] + [criterion] * (len(columns) - 1)
        top.append(
            cell(CRITERION_NAMES[criterion], th="colgroup", colspan=len(columns), kind=kinds[0])
        )
        low += [cell(name, th="col", kind=k) for name, k in zip(columns, kinds, strict=True)]
    return {
        "name": "improved",
        "title": "Pairs that went up and down, by source and model",
        "notes": _notes(choices),
        "head": [top, low],
        "body": body,
        "foot": [],
        "records": records,
    }


def _notes(choices: Sequence[Choice]) -> list[str]:
    notes = [
        "As before: the score is that of the unpruned model, as where k = 0 was chosen; that says"
        " nothing for pruning or against it, so shares are of the pairs that moved.",
        f"Above and below 0: gains with a Holm-adjusted p < {ALPHA} in their table, * or"
        f" {OF_SENTENCES} there; best on test is tested with the maximum in the test, and for gains"
        " only.",
    ]
    few = False
    groups: dict[tuple[str, str, str], list[Choice]] = {}
    for row in choices:
        kind = exhibits.ranking_kind(row["ranking"], row["source"])
        groups.setdefault((row["task"], row["experiment"], kind), []).append(row)
    for (task, experiment, kind), rows in groups.items():
        for criterion in CRITERIA:
            clusters = list(moved(rows, criterion).values())
            bounds = share(clusters)
            few |= bounds is None
            if bounds:
                low, high = (f"{100 * bound:.0f}" for bound in bounds)
                notes.append(
                    f"{TASK_NAMES[task]}, experiment {experiment}, {exhibits.ranking_name(kind)},"
                    f" {CRITERION_NAMES[criterion]}: {total(clusters)}; {LEVEL} % interval of the"
                    f" share of those that moved {low}–{high} %, {len(clusters)} sources and"
                    " models drawn."
                )
    if few:
        notes.append(
            "Pairs of one source and model share trained models, so they are no independent"
            f" observations; under {FEW} sources and models the share has no interval."
        )
    return notes
