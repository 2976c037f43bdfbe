"""Scores that a corpus's own authors published, beside those of a study's unpruned runs."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis.corpus_baselines import TASK, Baseline
from polyheads.catalogue.tasks import METRICS, PUBLISHED_METRIC
from polyheads.report.cells import cell, gain, number
from polyheads.report.names import MODELS, Languages, language_name
from polyheads.report.table import Cell, Table, Value

_OURS = ("Corpus", "Model", "Language", "Recipe", "Ours", "Seeds")
_PUBLISHED = ("Published", "Seeds", "Difference")


def table(rows: Sequence[Baseline], languages: Languages) -> Table:
    """A line for each corpus, model, language and recipe."""
    head = [cell(n, th="col", kind="name" if n in _OURS[:4] else "") for n in _OURS]
    head += [cell(n, th="col", kind="published") for n in _PUBLISHED]
    return Table(
        name="corpus-baselines",
        title="Scores that a corpus's authors published",
        notes=[
            f"Unpruned, trained on the language alone; {METRICS[TASK][PUBLISHED_METRIC[TASK]]} in"
            " percent, mean ± standard deviation over seeds. Published: Adelani et al. (2022),"
            " MasakhaNER 2.0, means of the result files beside its code. It trained for 20 epochs"
            " on batches of 32 sentences of at most 164 subwords, and cut longer ones off; another"
            " recipe gives other scores."
        ],
        head=[head],
        body=[_line(row, languages) for row in rows],
        records=[_record(row) for row in rows],
    )


def _line(row: Baseline, languages: Languages) -> list[Cell]:
    words = (MODELS[row.model], language_name(row.language, languages), row.recipe)
    return [
        cell(row.corpus, th="row"),
        *(cell(text, kind="name") for text in words),
        _with_spread(row.f1, row.sd),
        cell(str(row.seeds)),
        _with_spread(row.published_f1, row.published_sd, "published"),
        cell(str(row.published_seeds), kind="published"),
        gain(row.difference, kind="published"),
    ]


def _record(row: Baseline) -> dict[str, Value]:
    ours = ("corpus", "model", "language", "recipe", "f1", "sd", "seeds")
    theirs = ("published_f1", "published_sd", "published_seeds")
    return {name: getattr(row, name) for name in (*ours, *theirs)}


def _with_spread(value: float, spread: float | None, kind: str = "") -> Cell:
    """A mean and, where there is one, its standard deviation."""
    text = number(value) if spread is None else f"{number(value)} ± {number(spread)}"
    return cell(text, kind=kind)
