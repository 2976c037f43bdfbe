"""The heads pruned at the k that dev chose."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.report.cells import MISSING, cell, k_cell
from polyheads.report.names import Languages, pair_name
from polyheads.report.table import Cell, Table, Value

_NAMES = ("Task", "Model", "Setting", "Source → target", "Seed", "k", "Heads (layer.head)")


def table(choices: Sequence[Choice], languages: Languages) -> Table:
    """A line for each choice in the experiments' own metrics (displays.main_rows)."""
    head = [cell(n, th="col", kind="" if n in ("Seed", "k") else "name") for n in _NAMES]
    return Table(
        name="pruned-heads",
        title="Heads pruned at the k chosen on dev",
        notes=["Layers and heads count from 0; the head with the lowest score comes first."],
        head=[head],
        body=[_line(choice, languages) for choice in choices],
        records=[_record(choice) for choice in choices],
    )


def _line(choice: Choice, languages: Languages) -> list[Cell]:
    selected = choice.dev_selected
    heads = MISSING if selected.k is None else selected.heads or "none"
    words = (choice.model, choice.setting, pair_name(*choice.pair, languages))
    return [
        cell(TASK_NAMES[choice.task], th="row"),
        *(cell(text, kind="name") for text in words),
        cell(str(choice.seed)),
        k_cell([choice], "dev_selected"),
        cell(heads, kind="name heads"),
    ]


def _record(choice: Choice) -> dict[str, Value]:
    names = ("experiment", "model", "ranking", "setting", "source", "target", "seed")
    record: dict[str, Value] = {name: getattr(choice, name) for name in names}
    for criterion in CRITERIA:
        selected = choice.by(criterion)
        record |= {
            f"{criterion}_k": selected.k,
            f"{criterion}_heads": selected.heads,
            f"{criterion}_trial": selected.trial,
        }
    return record
