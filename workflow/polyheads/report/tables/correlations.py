"""Tables of gains and how far apart the languages are: rho, means by family, and all pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polyheads.analysis import tidy
from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.correlations import (
    FAMILY,
    OTHER,
    PREDICTORS,
    SAME,
    Correlation,
    FamilyGain,
    Point,
)
from polyheads.analysis.estimates import ALPHA
from polyheads.analysis.resampling import RESAMPLES
from polyheads.catalogue import distances
from polyheads.report.cells import CRITERION_NAMES, cell, gain, number, signed
from polyheads.report.names import Languages, language_name, pair_name, ranking_name, title
from polyheads.report.table import Cell, Table
from polyheads.study.displays import Display

PREDICTOR_NAMES = {kind: f"{kind} distance" for kind in distances.KINDS} | {
    "rankings": "similarity of rankings",
    "family": "another family",
}
_GROUPS = {SAME: "the source's family", OTHER: "another family than the source's"}


def table(display: Display, rows: Sequence[Correlation], languages: Languages) -> Table:
    """A line for each setting, model and predictor; rho and p of both criteria."""
    lines = tidy.grouped(rows, lambda row: (row.setting, row.model, row.predictor))
    return Table(
        name=display.name,
        title=f"{title(display)}, gain and how far apart the languages are",
        notes=_notes(display, rows),
        head=_head(),
        body=[_line(criteria) for criteria in lines.values()],
        records=[tidy.flat(row) for row in rows],
    )


def families_table(display: Display, rows: Sequence[FamilyGain], languages: Languages) -> Table:
    """Mean gain by family of the target, and of pairs of one family against the others."""
    notes = [
        "Mean gains of pairs, percentage points of the test score; the seeds of a pair are one"
        " number. Few languages of a family, and the pairs of a source share a trained model: no"
        " p here. That of pairs of one family against the others, with permuted languages, is in"
        " the table of correlations (another family)."
    ]
    if unknown := sorted({code for row in rows for code in row.unknown}):
        notes.append(f"Left out, because their family is not known: {', '.join(unknown)}.")
    return Table(
        name=f"{display.name}.families",
        title=f"{title(display)}, gain by family of languages",
        notes=notes,
        head=[_columns(("Setting", "Model", "Targets of", "Languages"), ("Pairs",))],
        body=[_family_line(row, languages) for row in rows],
        records=[
            {
                "setting": row.setting,
                "model": row.model,
                "targets_of": _group_name(row),
                "targets": " ".join(row.targets),
                "pairs": row.pairs,
                **{f"{criterion}_gain": row.gain(criterion) for criterion in CRITERIA},
            }
            for row in rows
        ],
    )


def pairs_table(display: Display, points: Sequence[Point], languages: Languages) -> Table:
    """What is correlated: both gains of every pair and what is known of its two languages."""
    return Table(
        name=f"{display.name}.pairs",
        title=f"{title(display)}, gains and distances of all pairs",
        notes=["Gains: means over seeds, percentage points. Empty: not known."],
        head=[_columns(("Setting", "Model", "Source → target"), (), PREDICTOR_NAMES.values())],
        body=[
            [
                cell(point.setting, kind="name"),
                cell(point.model, kind="name"),
                cell(pair_name(*point.pair, languages), th="row"),
                *(gain(point.gain(criterion), kind=criterion) for criterion in CRITERIA),
                *(cell(_value(point, name)) for name in PREDICTORS),
            ]
            for point in points
        ],
        records=[tidy.flat(point) for point in points],
    )


def _columns(names: Iterable[str], counts: Iterable[str], others: Iterable[str] = ()) -> list[Cell]:
    """The head of a table with columns of names, of counts, of both gains, and others."""
    numbers = (*counts, *CRITERION_NAMES.values(), *others)
    return [
        *(cell(name, th="col", kind="name") for name in names),
        *(cell(name, th="col") for name in numbers),
    ]


def _head() -> list[list[Cell]]:
    top = [
        *(cell(n, th="col", rowspan=2, kind="name") for n in ("Setting", "Model", "Gain against")),
        *(cell(n, th="col", rowspan=2) for n in ("Pairs", "Languages")),
        *(cell(n, th="colgroup", colspan=3, kind="first") for n in CRITERION_NAMES.values()),
    ]
    low = [cell("ρ", th="col", kind="first"), cell("p", th="col"), cell("p (Holm)", th="col")]
    return [top, low * len(CRITERION_NAMES)]


def _line(criteria: Sequence[Correlation]) -> list[Cell]:
    """One line. criteria: its rows, one a criterion."""
    first = criteria[0]
    cells = [
        cell(first.setting, kind="name"),
        cell(first.model, kind="name"),
        cell(PREDICTOR_NAMES[first.predictor], th="row"),
        cell(str(first.pairs)),
        cell(str(first.languages)),
    ]
    for row in criteria:
        rho = "–" if row.rho is None else signed(row.rho) + "*" * row.told_apart
        cells += [cell(rho, kind="first"), cell(number(row.p, 4)), cell(number(row.p_holm, 4))]
    return cells


def _family_line(row: FamilyGain, languages: Languages) -> list[Cell]:
    targets = ", ".join(language_name(code, languages) for code in row.targets)
    return [
        cell(row.setting, kind="name"),
        cell(row.model, kind="name"),
        cell(_group_name(row), th="row"),
        cell(targets or "–", kind="name"),
        cell(str(row.pairs)),
        *(
            gain(row.gain(criterion), kind=criterion) if row.pairs else cell("–", kind=criterion)
            for criterion in CRITERIA
        ),
    ]


def _group_name(row: FamilyGain) -> str:
    return row.family if row.group == FAMILY else _GROUPS[row.group]


def _value(point: Point, predictor: str) -> str:
    value = point.predictor(predictor)
    if value is None:
        return ""
    if predictor == "family":
        return "yes" if value else "no"
    return number(value)


def _notes(display: Display, rows: Sequence[Correlation]) -> list[str]:
    notes = [
        f"Corpus {display.corpus}; {ranking_name(display.ranking)}. Spearman's ρ of the gains of"
        " pairs (means over seeds) with six distances of URIEL (Littell et al. 2017; 0: alike),"
        " with ρ of the two languages' rankings (1: alike), and with being of two families. The"
        " paper doesn't say which distance it took.",
        "p, two-sided: the languages change places, not the pairs, because pairs share languages"
        f" and trained models; {_permutations(rows)}. p (Holm): adjusted for all lines of a"
        f" criterion; * marks one below {ALPHA}.",
    ]
    if rows and max(row.sources for row in rows) == 1:
        notes.append(
            "There is one source, so what changes places is its targets: all that can be told is"
            " whether nearer targets gain more from this source."
        )
    lacking = {row.predictor: row.left_out for row in rows if row.left_out}
    if lacking:
        words = ", ".join(f"{PREDICTOR_NAMES[name]} {count}" for name, count in lacking.items())
        notes.append(f"Pairs left out of a line, because the value isn't known: {words}.")
    return notes


def _permutations(rows: Iterable[Correlation]) -> str:
    ways = {row.exact for row in rows if row.p is not None}
    every, some = "all orders are tried", f"{RESAMPLES:,} random orders are tried"
    if len(ways) < 2:
        return every if ways == {True} else some
    return f"{every} where they are no more than {RESAMPLES:,}, else {some}"
