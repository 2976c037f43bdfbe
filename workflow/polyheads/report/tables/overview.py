"""The overview of a study: mean gains by experiment, setting and model."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.overview import Overview, Published
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.report.cells import CRITERION_NAMES, cell, gain, number, score
from polyheads.report.table import Cell, Table, Value

_COLUMNS = ("Gain", "Improved", "Mean k")
_PUBLISHED_NOTE = (
    "Published: Ma et al. (2021), best of 12 trials on test; gains and counts recomputed from its"
    " tables over the same pairs as ours, mean k of its text, over both settings. Its metric is F1;"
    " ours is that of the experiment."
)


def table(rows: Sequence[Overview]) -> Table:
    """A line for each experiment, setting and model: mean gains and how many sweeps improved.

    Where a line has pairs of the paper, and its ranking, the published numbers of the same pairs
    stand beside it.
    """
    experiments = {(row.experiment, row.ranking) for row in rows}
    several = len(experiments) > len({row.task for row in rows})
    printed = any(row.published.pairs for row in rows)
    return Table(
        name="overview",
        title="Mean gain from pruning (percentage points), by task, setting and model",
        notes=[
            "The two groups of columns read the same trials. Best on test is a maximum over noisy"
            " numbers and is above 0 more often than pruning helps.",
            *([_PUBLISHED_NOTE] if printed else []),
        ],
        head=_head(several, printed),
        body=[_line(row, several=several, printed=printed) for row in rows],
        records=[_record(row, printed=printed) for row in rows],
    )


def _head(several: bool, printed: bool) -> list[list[Cell]]:
    names = ["Task", *(["Experiment"] if several else []), "Setting", "Model"]
    top = [cell(name, th="col", rowspan=2, kind="name") for name in names]
    top += [cell(name, th="col", rowspan=2) for name in ("Sweeps", "Unpruned (%)")]
    low = []
    for criterion in CRITERIA:
        top.append(cell(CRITERION_NAMES[criterion], th="colgroup", colspan=3, kind=criterion))
    if printed:
        top.append(cell("published", th="colgroup", colspan=3, kind="published first"))
    for kind in (*CRITERIA, *(["published"] if printed else [])):
        kinds = (f"{kind} first", kind, kind)
        low += [cell(name, th="col", kind=k) for name, k in zip(_COLUMNS, kinds, strict=True)]
    top.append(cell("Dev–test ρ", th="col", rowspan=2, kind="first"))
    return [top, low]


def _line(row: Overview, *, several: bool, printed: bool) -> list[Cell]:
    cells = [cell(TASK_NAMES[row.task], th="row")]
    if several:
        cells.append(cell(f"{row.experiment} ({row.ranking})", kind="name where"))
    cells += [cell(row.setting, kind="name"), cell(row.model, kind="name")]
    cells += [cell(str(row.sweeps)), score(row.unpruned)]
    for criterion in CRITERIA:
        gains = row.by(criterion)
        unmoved = f"{gains.same} as before" if gains.same else ""
        cells += [
            gain(gains.mean, kind="first"),
            cell(f"{gains.up} of {row.with_gains}", below=unmoved),
            cell(number(gains.mean_k, 1)),
        ]
    if printed:
        cells += _published_cells(row.published)
    return [*cells, cell(number(row.dev_test_spearman), kind="first")]


def _published_cells(published: Published) -> list[Cell]:
    if not published.pairs:
        return [cell("", kind=kind) for kind in ("published first", "published", "published")]
    return [
        gain(published.mean, kind="published first"),
        cell(f"{published.up} of {published.pairs}", kind="published"),
        cell(number(published.mean_k), kind="published", note="mean of both settings"),
    ]


def _record(row: Overview, *, printed: bool) -> dict[str, Value]:
    names = ("task", "experiment", "ranking", "setting", "model", "metric", "sweeps", "with_gains")
    record: dict[str, Value] = {name: getattr(row, name) for name in (*names, "unpruned")}
    for criterion in CRITERIA:
        gains = row.by(criterion)
        record |= {
            f"{criterion}_gain": gains.mean,
            f"{criterion}_improved": gains.up,
            f"{criterion}_same": gains.same,
            f"{criterion}_mean_k": gains.mean_k,
        }
    if printed:
        record |= {
            "published_gain": row.published.mean,
            "published_pairs": row.published.pairs,
            "published_mean_k": row.published.mean_k,
            "published_improved": row.published.up,
        }
    return record | {"dev_test_spearman": row.dev_test_spearman}
