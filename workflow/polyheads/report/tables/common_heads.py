"""Tables of heads that matter for several languages, a family of languages, or one task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polyheads.analysis.common_heads import (
    ALL_TASKS,
    CommonHeads,
    FamilyHeads,
    Heads,
    RankedHeads,
    TaskHeads,
)
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.report.cells import cell, number
from polyheads.report.names import Languages, language_name
from polyheads.report.table import Cell, Table, Value
from polyheads.study.comparisons import COMMON, FAMILIES, TASKS

_CHANCE = (
    "By chance: the number expected of orders that are drawn independently. Heads are layer.head,"
    " counted from 0."
)
_NUMBERS = ("Languages", "Common", "By chance")


def common_table(rows: Sequence[CommonHeads], languages: Languages) -> Table:
    """The heads that are high, and low, in every language of a model and corpus."""
    body = []
    for row in rows:
        start = _names(row, languages, lines=2)
        for name, heads in (("highest", row.highest), ("lowest", row.lowest)):
            which = cell(f"{name} {row.chosen} of {row.heads}", kind="name")
            body.append([*start, which, *_heads_cells(heads, row.expected)])
            start = []
    share = _share(rows)
    notes = [
        f"Heads among the highest {share} (and among the lowest {share}) of the ranking of every"
        f" language. {_CHANCE}"
    ]
    return Table(
        name=COMMON,
        title="Heads that matter for all languages of a corpus, and for none",
        notes=notes,
        head=[_head("Among the")],
        body=body,
        records=[_common_record(row) for row in rows],
    )


def families_table(rows: Sequence[FamilyHeads], languages: Languages) -> Table:
    """The heads that are high in all languages of a family and in none, or one, of the others."""
    notes = [
        f"Heads among the highest {_share(rows)} of the ranking of every language of the family,"
        " and of none (or at most one) of the other languages; families with two languages or"
        f" more. {_CHANCE}"
    ]
    return Table(
        name=FAMILIES,
        title="Heads that matter for a family of languages",
        notes=notes,
        head=[_head("Family", "High in")],
        body=[line for row in rows for line in _family_lines(row, languages)],
        records=[_family_record(row) for row in rows],
    )


def tasks_table(rows: Sequence[TaskHeads], languages: Languages) -> Table:
    """The heads that are high in all languages of a corpus and in none of another task's.

    And those that are high in all languages of all tasks.
    """
    notes = [
        f"Heads among the highest {_share(rows)} of the ranking of every language of the line, and"
        " of no language of another task; all tasks: high in every ranking of the model."
        f" {_CHANCE} All start from the same pre-trained model, so that some agreement is to be"
        " expected."
    ]
    return Table(
        name=TASKS,
        title="Heads that matter for one task",
        notes=notes,
        head=[_head("Task", "High in")],
        body=[_task_line(row, languages) for row in rows],
        records=[_task_record(row) for row in rows],
    )


def heads_text(heads: Iterable[tuple[int, int]]) -> str:
    """`layer.head layer.head`."""
    return " ".join(f"{layer}.{head}" for layer, head in heads)


def _family_lines(row: FamilyHeads, languages: Languages) -> list[list[Cell]]:
    inside = f"all {len(row.family_languages)}"
    shown = [(f"{inside}, none of {row.others} others", row.in_none, row.expected_none)]
    if row.in_one is not None and row.expected_one is not None:
        shown.append(
            (f"{inside}, at most one of {row.others} others", row.in_one, row.expected_one)
        )
    words = _language_names(row.family_languages, languages)
    start = [
        *_names(row, languages, lines=len(shown)),
        cell(row.family, kind="name", note=words, rowspan=len(shown)),
    ]
    lines = []
    for which, heads, expected in shown:
        lines.append([*start, cell(which, kind="name"), *_heads_cells(heads, expected)])
        start = []
    return lines


def _task_line(row: TaskHeads, languages: Languages) -> list[Cell]:
    if row.task == ALL_TASKS:
        start = [cell(f"{row.model}, seed {row.seed}, {row.kind}", th="row"), cell("–")]
        task, which = "all tasks", f"all {row.rankings}"
    else:
        start = _names(row, languages)
        task, which = TASK_NAMES[row.task], f"all {row.rankings}, none of {row.others} others"
    names = (cell(task, kind="name"), cell(which, kind="name"))
    return [*start, *names, *_heads_cells(row.common, row.expected)]


def _names(row: RankedHeads, languages: Languages, *, lines: int = 1) -> list[Cell]:
    """The cells that a row's lines begin with."""
    name = f"{row.model}, {row.corpus}, {row.recipe}, seed {row.seed}, {row.kind}"
    words = _language_names(row.languages, languages)
    return [
        cell(name, th="rowgroup" if lines > 1 else "row", rowspan=lines),
        cell(str(len(row.languages)), note=words, rowspan=lines),
    ]


def _heads_cells(heads: Heads, expected: float) -> list[Cell]:
    # Very few by chance is not none.
    by_chance = number(expected) if expected >= 0.005 else "< 0.01"
    names = cell(heads_text(heads) or "none", kind="name heads")
    return [cell(str(len(heads))), cell(by_chance), names]


def _head(*columns: str) -> list[Cell]:
    names = ("Rankings", "Languages", *columns, "Common", "By chance", "Heads")
    return [cell(name, th="col", kind="" if name in _NUMBERS else "name") for name in names]


def _language_names(codes: Iterable[str], languages: Languages) -> str:
    return ", ".join(language_name(code, languages) for code in codes)


def _share(rows: Sequence[RankedHeads]) -> str:
    return " or ".join(dict.fromkeys(f"{row.share:.0%}" for row in rows))


def _record(row: RankedHeads) -> dict[str, Value]:
    """What all records begin with."""
    return {
        "model": row.model,
        "corpus": row.corpus,
        "recipe": row.recipe,
        "seed": row.seed,
        "kind": row.kind,
        "languages": "+".join(row.languages) or None,
    }


def _common_record(row: CommonHeads) -> dict[str, Value]:
    return _record(row) | {
        "heads": row.heads,
        "chosen": row.chosen,
        "expected": row.expected,
        "common_highest": len(row.highest),
        "highest_heads": heads_text(row.highest),
        "common_lowest": len(row.lowest),
        "lowest_heads": heads_text(row.lowest),
    }


def _family_record(row: FamilyHeads) -> dict[str, Value]:
    return _record(row) | {
        "family": row.family,
        "family_languages": "+".join(row.family_languages),
        "others": row.others,
        "heads": row.heads,
        "chosen": row.chosen,
        "in_none": len(row.in_none),
        "expected_none": row.expected_none,
        "none_heads": heads_text(row.in_none),
        "in_one": None if row.in_one is None else len(row.in_one),
        "expected_one": row.expected_one,
        "one_heads": None if row.in_one is None else heads_text(row.in_one),
    }


def _task_record(row: TaskHeads) -> dict[str, Value]:
    return _record(row) | {
        "task": row.task,
        "others": row.others,
        "heads": row.heads,
        "chosen": row.chosen,
        "common": len(row.common),
        "expected": row.expected,
        "common_heads": heads_text(row.common),
    }
