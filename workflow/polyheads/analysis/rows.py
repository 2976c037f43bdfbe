"""The rows of a study's statistics: their columns, their file, and how tables find them.

One row per result table, model, pair of languages and criterion, over all seeds; and one per table,
model and criterion for the mean of the pairs (level `mean`). Tables of fresh seeds have rows of a
criterion of their own (FRESH), without p; their means are of one setting each. Where predictions
can't be used, `problem` says why, and the pair and the means over it have no numbers. What the
draws of `sound` and of fresh seeds say besides (p_interval to delta) is told in `draws`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads.files import writing
from polyheads.study.rankings import ranking_kind

Row = dict[str, Any]

COLUMNS = (
    *("exhibit", "level", "criterion", "experiment", "task", "corpus", "model", "recipe"),
    *("ranking", "setting", "source", "target", "mixture", "metric", "seeds", "k", "sentences"),
    *("gain", "low", "high", "p_sentences", "p_seeds", "p_runs", "p", "p_holm"),
    *("resamples", "problem", "p_interval", "above", "within", "below", "delta"),
)
CRITERIA = ("dev_selected", "test_oracle")
FRESH = "fresh"  # the k of `sound`, with seeds that took no part in choosing it
LEVEL = 95  # percent of an interval
ALPHA = 0.05  # a gain with a smaller Holm-adjusted p is told apart from zero
OF_SENTENCES = "°"  # behind a gain: more than the choice of test sentences makes, in one run
NEAR = 1e-5  # percentage points: six decimals, and means of them
BEST_REDONE = (
    "Best on test looks for its k again in every draw, so that noise alone lifts its interval above"
    " zero"
)
_INTEGERS = ("seeds", "sentences", "resamples", "pairs", "n")
_FLOATS = ("gain", "low", "high", "p_sentences", "p_seeds", "p_runs", "p", "p_holm")
_FLOATS += ("null_mean", "null_low", "null_high", "difference")
_FLOATS += ("p_interval", "above", "within", "below", "delta")


def write(
    rows: Iterable[Mapping[str, Any]], path: str | Path, columns: Sequence[str] = COLUMNS
) -> None:
    """Statistics (or nulls) as CSV: six decimals, nothing for what is missing."""
    with writing(Path(path)) as part, open(part, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        for row in rows:
            values = (row.get(name) for name in columns)
            out.writerow([f"{v:.6f}" if isinstance(v, float) else v for v in values])


def read(path: str | Path) -> list[Row]:
    """The rows of what `write` wrote; None for what is missing."""
    with open(path, encoding="utf-8", newline="") as file:
        return [{n: _parsed(n, text) for n, text in row.items()} for row in csv.DictReader(file)]


def by_cell(rows: Iterable[Row], exhibit: str) -> dict[tuple[str, ...], Row]:
    """(model, source, target, criterion) -> row of one table; ("", "") for its means."""
    return {
        (row["model"], row["source"], row["target"], row["criterion"]): row
        for row in rows
        if row["exhibit"] == exhibit
    }


def tells(row: Row | None) -> bool:
    """Whether a gain is told apart from zero: Holm-adjusted p below ALPHA."""
    return row is not None and row["p_holm"] is not None and row["p_holm"] < ALPHA


def mark(row: Row | None) -> str:
    """What stands behind a gain: nothing where it isn't told apart from zero, a star where p holds
    the noise of training, too, and OF_SENTENCES where it doesn't."""
    if not tells(row):
        return ""
    return "*" if measured(row) else OF_SENTENCES


def measured(row: Row) -> bool:
    """Whether a row's p holds the noise of training: of several seeds, or of further runs."""
    return row.get("p_seeds") is not None or row.get("p_runs") is not None


def problems(rows: Iterable[Row]) -> list[str]:
    """Why gains of these rows have no numbers, each reason once."""
    return list(dict.fromkeys(row["problem"] for row in rows if row.get("problem")))


def of_choices(rows: Iterable[Row], choices: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The pairs' rows that belong to these rows of choices, each once; those with a gain.

    A pair can be in two tables, in two metrics: the choices' own metric picks one.
    """
    return [row for row in all_of_choices(rows, choices) if not row.get("problem")]


def all_of_choices(rows: Iterable[Row], choices: Sequence[Mapping[str, Any]]) -> list[Row]:
    """As `of_choices`, with the rows that only say what their problem is."""
    names = ("experiment", "model", "source", "target", "setting", "mixture", "metric")
    return _of_tables(rows, choices, "pair", names)


def of_means(rows: Iterable[Row], choices: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The means' rows of the tables that these rows of choices are in."""
    return _of_tables(rows, choices, "mean", ("experiment", "model", "setting", "metric"))


def _of_tables(
    rows: Iterable[Row], choices: Sequence[Mapping[str, Any]], level: str, names: Sequence[str]
) -> list[Row]:
    """The rows of a level that share these columns, and the kind of ranking, with a choice."""
    wanted = {
        (*(row[n] for n in names), ranking_kind(row["ranking"], row["source"])) for row in choices
    }
    return [
        row
        for row in rows
        if row["level"] == level
        and row["criterion"] in CRITERIA
        and (*(row[n] for n in names), row["ranking"]) in wanted
    ]


def same_gain(row: Row, gain: float | None) -> bool:
    """Whether a row is about this gain: elsewhere a mean may be of fewer pairs or seeds."""
    return gain is not None and row["gain"] is not None and abs(row["gain"] - gain) < NEAR


def resampling_notes(rows: Iterable[Row]) -> list[str]:
    """What intervals and stars mean, and what noise is in them."""
    rows = list(rows)
    if not rows:
        return []
    seeds = {row["seeds"] for row in rows}
    draws = f"{rows[0]['resamples']:,}"
    notes = [
        f"[ ]: {LEVEL} % interval of the gain over {draws} draws of test sentences, the same draws"
        f" for all systems. {BEST_REDONE}: there only the star tells.",
        f"* Holm-adjusted p < {ALPHA} among all gains of this table, by both criteria. p is of"
        f" {draws} random exchanges of the two systems' labels, sentence by sentence; for the best"
        " on test, of White's reality check (among all k, gains only). p is on hover and in the"
        " CSV. Where k = 0 was chosen there is nothing to test.",
    ]
    if max(seeds) > 1:
        notes.append(
            "Several seeds: intervals hold their spread (Student's t), and p is at least that of"
            " pruning that only relabels the runs of a seed, with k chosen again (gains only). With"
            " n seeds it is never below 1 / 2ⁿ: of four seeds or fewer no gain has a star."
        )
    if any(row.get("p_runs") is not None for row in rows):
        notes.append(
            "Unpruned runs with other seeds: p is at least that of the noise between them, with k"
            " chosen again (gains only). It isn't in intervals."
        )
    if not all(map(measured, (row for row in rows if row["p"] is not None))):
        notes.append(
            f"{OF_SENTENCES} instead of *: one seed, so the noise of training is neither in p nor"
            " in the interval. The gain is more than the choice of test sentences makes; another"
            " run may say something else."
        )
    deltas = {row["delta"] for row in rows if row.get("delta") is not None}
    if deltas and any(row["level"] == "mean" for row in rows):
        delta = f"{max(deltas):g}"
        notes.append(
            f"Beside the interval of a mean: the shares of its draws above +{delta} / within"
            f" ±{delta} / below −{delta} points. A gain that is not worth having has most of them"
            " within; one that is not known has them on all sides."
        )
    return notes + problem_notes(rows)


def problem_notes(rows: Iterable[Row]) -> list[str]:
    """Why gains lack their interval, for the notes of a table."""
    found = problems(rows)
    if not found:
        return []
    words = "No intervals and no p where predictions can't be used: gains of these pairs, and means"
    return [f"{words} over them. {'; '.join(found)}."]


def _parsed(name: str, text: str) -> Any:
    if name in _INTEGERS or name in _FLOATS:
        return None if text == "" else (int if name in _INTEGERS else float)(text)
    return text
