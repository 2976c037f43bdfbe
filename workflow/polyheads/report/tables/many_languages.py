"""Tables of gains in many languages: what goes with them, who gains most and least, groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polyheads.analysis import tidy
from polyheads.analysis.estimates import ALPHA
from polyheads.analysis.many_languages import (
    EXTREMES,
    FAMILY,
    KNOWN,
    OF_TOKENIZER,
    PRETRAINING,
    SCORE,
    SCRIPT,
    UNKNOWN,
    Association,
    GroupGain,
    Target,
    extremes,
)
from polyheads.analysis.resampling import RESAMPLES
from polyheads.catalogue import distances
from polyheads.report.cells import cell, gain, interval, number, score, signed
from polyheads.report.names import Languages, language_name, ranking_name, title
from polyheads.report.table import Cell, Table
from polyheads.study.displays import Display

PREDICTOR_NAMES = {
    SCORE: "score",
    **{kind: f"{kind} distance" for kind in distances.KINDS},
    "other_script": "another script than the source's",
    **dict(
        zip(
            OF_TOKENIZER,
            ("subwords per word", "subwords per character", "unknown tokens (%)"),
            strict=True,
        )
    ),
    PRETRAINING: "in the pre-training text",
}
_GROUPS = {
    FAMILY: {"": "family not known"},
    SCRIPT: {"": "script not known"},
    PRETRAINING: {
        "": "no list of the pre-training text",
        KNOWN: "in the pre-training text",
        UNKNOWN: "not in the pre-training text",
    },
}
_FEW = 4  # languages of a group that are named; the others are in the CSV
_PLACE = ("Setting", "Model", "Source")


def table(display: Display, rows: Sequence[Association], languages: Languages) -> Table:
    """A line for each setting, model, source and predictor."""
    top = [
        *(cell(name, th="col", rowspan=2, kind="name") for name in (*_PLACE, "Gain against")),
        *(cell(name, th="col", rowspan=2) for name in ("Languages", "Families")),
        cell("All languages", th="colgroup", colspan=2, kind="first"),
        cell("Within families", th="colgroup", colspan=3, kind="first"),
        cell("Between families", th="colgroup", colspan=3, kind="first"),
    ]
    tested = [cell("ρ", th="col", kind="first"), cell("p", th="col"), cell("p (Holm)", th="col")]
    low = [cell("ρ", th="col", kind="first"), cell("ρ given score", th="col"), *tested, *tested]
    return Table(
        name=display.name,
        title=f"{title(display)}, what goes with the gain of many languages",
        notes=_notes(display, rows, languages),
        head=[top, low],
        body=[_line(row, languages) for row in rows],
        records=[tidy.flat(row) for row in rows],
    )


def extremes_table(display: Display, targets: Sequence[Target], languages: Languages) -> Table:
    """The languages that gain most, and those that gain least."""
    body: list[list[Cell]] = []
    records = []
    groups = tidy.grouped(targets, lambda row: (row.setting, row.model, row.source))
    for group in groups.values():
        for words, rows in zip(("most", "least"), extremes(group), strict=True):
            for rank, row in enumerate(rows, start=1):
                body.append(
                    [*_place(row, languages), cell(words, kind="name"), *_target(row, languages)]
                )
                records.append({"gains": words, "rank": rank, **tidy.flat(row)})
    names = (*_PLACE, "Gains", "Language", "Family", "Script")
    numbers = ("Gain", "Unpruned", *(PREDICTOR_NAMES[name] for name in OF_TOKENIZER))
    return Table(
        name=f"{display.name}.extremes",
        title=f"{title(display)}, the languages that gain most and least",
        notes=[
            f"The {EXTREMES} ends of the list; all languages are in {display.name}.targets.csv."
            " Whoever stands at an end of a long list is there by chance, too: no p here. Gains:"
            " k chosen on dev, means over seeds, percentage points.",
        ],
        head=[
            [
                *(cell(name, th="col", kind="name") for name in names),
                *(cell(name[:1].upper() + name[1:], th="col") for name in numbers),
            ]
        ],
        body=body,
        records=records,
    )


def groups_table(display: Display, rows: Sequence[GroupGain], languages: Languages) -> Table:
    """Mean gains by family, script and what the pre-training knows."""
    names, numbers = (*_PLACE, "Targets of"), ("Languages", "Gain", "Lowest", "Highest", "Unpruned")
    return Table(
        name=f"{display.name}.groups",
        title=f"{title(display)}, gains by family, script and pre-training",
        notes=[
            "Means over languages, percentage points; the seeds of a language are one number."
            " Families are Glottolog's, scripts those of the corpus."
        ],
        head=[
            [
                *(cell(name, th="col", kind="name") for name in names),
                *(cell(name, th="col") for name in numbers),
                cell("Which", th="col", kind="name"),
            ]
        ],
        body=[
            [
                *_place(row, languages),
                cell(_GROUPS[row.group].get(row.name, row.name), th="row"),
                cell(str(len(row.targets))),
                *(gain(value) for value in (row.gain, row.lowest, row.highest)),
                score(row.unpruned),
                cell(_few(row.targets, languages), kind="name"),
            ]
            for row in rows
        ],
        records=[{**tidy.flat(row), "targets": " ".join(row.targets)} for row in rows],
    )


def targets_table(display: Display, targets: Sequence[Target], languages: Languages) -> Table:
    """Every language with its gain and all that is known of it."""
    names = (*_PLACE, "Language", "Family", "Script")
    numbers = ("Gain", "Unpruned", *PREDICTOR_NAMES.values())
    return Table(
        name=f"{display.name}.targets",
        title=f"{title(display)}, gains of all languages",
        notes=["Gains: k chosen on dev, means over seeds, percentage points. Empty: not known."],
        head=[
            [
                *(cell(name, th="col", kind="name") for name in names),
                *(cell(name[:1].upper() + name[1:], th="col") for name in numbers),
            ]
        ],
        body=[
            [*_place(row, languages), *_target(row, languages, tuple(PREDICTOR_NAMES))]
            for row in targets
        ],
        records=[tidy.flat(row) for row in targets],
    )


def _place(row: Association | Target | GroupGain, languages: Languages) -> list[Cell]:
    values = (row.setting, row.model, language_name(row.source, languages))
    return [cell(value, kind="name") for value in values]


def _target(
    row: Target, languages: Languages, predictors: Sequence[str] = OF_TOKENIZER
) -> list[Cell]:
    return [
        cell(language_name(row.target, languages), th="row"),
        cell(row.family or "–", kind="name"),
        cell(row.script or "–", kind="name"),
        gain(row.gain),
        score(row.unpruned),
        *(cell(number(row.predictor(name))) for name in predictors),
    ]


def _line(row: Association, languages: Languages) -> list[Cell]:
    controlled = row.predictor != SCORE
    cells = [
        *_place(row, languages),
        cell(PREDICTOR_NAMES[row.predictor], th="row"),
        cell(str(row.languages)),
        cell(str(row.families)),
        cell(_rho(row.plain), kind="first"),
        cell(_rho(row.rho), below=interval(row.low, row.high)) if controlled else cell(""),
    ]
    if not controlled:
        cells[-2] = cell(_rho(row.plain), kind="first", below=interval(row.low, row.high))
    for rho, p, adjusted, apart in (
        (row.within, row.p_within, row.p_within_holm, row.within_told_apart),
        (row.between, row.p_between, row.p_between_holm, row.between_told_apart),
    ):
        cells += [
            cell(_rho(rho) + "*" * apart, kind="first"),
            cell(number(p, 4)),
            cell(number(adjusted, 4)),
        ]
    return cells


def _rho(value: float | None) -> str:
    return "–" if value is None else signed(value)


def _few(codes: Sequence[str], languages: Languages) -> str:
    names = [language_name(code, languages) for code in codes[:_FEW]]
    more = len(codes) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _notes(display: Display, rows: Sequence[Association], languages: Languages) -> list[str]:
    notes = [
        f"Corpus {display.corpus}; {ranking_name(display.ranking)}. Spearman's ρ of the targets'"
        " gains (k chosen on dev, means over seeds) with distances from the source (URIEL; 0:"
        " alike), with what the tokenizer makes of the test text, and with the score. All but"
        " that of the score are partial correlations given the score, too: the mean of the"
        " unpruned and the pruned one, since a gain shares the noise of either (Oldham 1962).",
        "All languages: 95 % intervals of draws of whole families. Within families: ranks less"
        " their family's mean; what the score leaves of the gains changes places inside each"
        " family. Between families: a point for each family, its mean rank; these change places."
        f" {RESAMPLES:,} exchanges each, two-sided. p (Holm): adjusted for all p of the table; *"
        f" marks one below {ALPHA}.",
    ]
    alone = {row.predictor: row.one_family for row in rows if row.one_family}
    if alone:
        words = _listed(f"{PREDICTOR_NAMES[name]} ({family})" for name, family in alone.items())
        notes.append(
            "No interval and no test between families, because one family makes most of the"
            f" differences between them: {words}."
        )
    if lacking := {row.predictor: row.left_out for row in rows if row.left_out}:
        words = _listed(f"{PREDICTOR_NAMES[name]} {count}" for name, count in lacking.items())
        notes.append(f"Languages left out, because the value or the family isn't known: {words}.")
    return notes


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
