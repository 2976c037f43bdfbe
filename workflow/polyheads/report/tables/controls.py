"""Controls: the highest heads or random ones pruned, as in the paper's Table 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polyheads.analysis import tidy
from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.controls import ControlRow, Outcome
from polyheads.analysis.estimates import LEVEL
from polyheads.analysis.results import MEAN, PAIR
from polyheads.report.cells import CRITERION_NAMES, cell, gain, interval, leading, signed
from polyheads.report.names import Languages, pair_name, title
from polyheads.report.notes import BEST_REDONE, no_interval_notes
from polyheads.report.table import Cell, Table, Value
from polyheads.study.controls import HIGHEST, RANDOM
from polyheads.study.displays import Display

_Column = tuple[str, str]  # control, and the kind of ranking that is turned round


def table(display: Display, rows: Sequence[ControlRow], languages: Languages) -> Table:
    """A line for each pair and model: published change and ours, beside pruning the lowest heads.

    Below a gain and below a difference to the lowest heads stands its interval.
    """
    pairs = [row for row in rows if row.level == PAIR]
    run = [row for row in pairs if row.run]
    columns = list(dict.fromkeys(map(_column, rows)))
    printed = {_column(row) for row in pairs if row.published_change is not None}
    return Table(
        name=display.name,
        title=f"{title(display)}, controls (percentage points)",
        notes=[*_notes(run, columns), *_interval_notes(run)],
        general=_general(run, printed),
        head=_head(columns, printed),
        body=_body(pairs, printed, languages),
        foot=_foot([row for row in rows if row.level == MEAN], printed),
        records=[_record(row) for row in run],
    )


def _column(row: ControlRow) -> _Column:
    return row.control, row.reversed


def _body(
    pairs: Sequence[ControlRow], printed: set[_Column], languages: Languages
) -> list[list[Cell]]:
    body = []
    for (source, target), of_pair in tidy.grouped(pairs, lambda r: (r.source, r.target)).items():
        models = tidy.grouped(of_pair, lambda row: row.model)
        name = pair_name(source, target, languages)
        first = [cell(name, th="rowgroup", rowspan=len(models))]
        for model, row in models.items():
            body.append([*first, cell(model, th="row"), *_cells(row, printed)])
            first = []
    return body


def _foot(means: Sequence[ControlRow], printed: set[_Column]) -> list[list[Cell]]:
    foot = []
    for model, row in tidy.grouped(means, lambda row: row.model).items():
        name = cell(f"Mean of the pairs, {model}", th="row", colspan=2)
        foot.append([name, *_cells(row, printed)])
    return foot


def _cells(controls: Sequence[ControlRow], printed: set[_Column]) -> list[Cell]:
    """The cells of a line, whose controls these are."""
    cells = []
    for row in controls:
        if _column(row) in printed:
            cells.append(_change(row.published_change, kind="published first"))
            note = "our gain, best on test, less theirs"
            cells.append(_change(row.gain_apart, kind="published", note=note))
        for criterion in CRITERIA:
            outcome = row.by(criterion)
            cells.append(
                _gain(outcome, kind=f"{criterion} first")
                if row.run
                else cell("–", kind=f"{criterion} first")  # not run: nothing is missing
            )
            lowest = outcome.lowest_gain
            note = "" if lowest is None else f"lowest heads pruned: {signed(lowest)}"
            apart = _change(outcome.difference, kind=criterion, note=note)
            if criterion == "dev_selected":
                apart = replace(apart, below=interval(row.difference_low, row.difference_high))
            cells.append(apart)
    return cells


def _gain(outcome: Outcome, kind: str) -> Cell:
    """A control's own gain; without a mark, which is about the gains of the ranking's own table."""
    made = gain(outcome.gain, outcome.spread, kind=kind)
    made = replace(made, below=interval(outcome.low, outcome.high))
    return leading(made, outcome.trials)


def _change(value: float | None, *, kind: str, note: str = "") -> Cell:
    """A difference, or an empty cell: there is nothing that it could be taken of."""
    made = cell("–", kind=kind) if value is None else gain(value, kind=kind)
    return replace(made, note=note)


def _head(columns: Sequence[_Column], printed: set[_Column]) -> list[list[Cell]]:
    top = [cell(n, th="col", rowspan=3, kind="name") for n in ("Source → target", "Model")]
    middle, low = [], []
    several = len([kind for control, kind in columns if control == HIGHEST]) > 1
    for control, kind in columns:
        published = (control, kind) in printed
        name = f"{control.capitalize()} heads pruned" + (f" ({kind})" if several and kind else "")
        top.append(cell(name, th="colgroup", colspan=6 if published else 4, kind="first"))
        if published:
            middle.append(cell("published", th="colgroup", colspan=2, kind="published first"))
            low.append(cell("change", th="col", kind="published first"))
            low.append(cell("ours −", th="col", kind="published"))
        for criterion, words in CRITERION_NAMES.items():
            middle.append(cell(words, th="colgroup", colspan=2, kind=f"{criterion} first"))
            low.append(cell("gain", th="col", kind=f"{criterion} first"))
            low.append(cell("less lowest", th="col", kind=criterion))
    return [top, middle, low]


def _record(row: ControlRow) -> dict[str, Value]:
    record: dict[str, Value] = {name: getattr(row, name) for name in _ABOUT}
    record["published_delta"] = row.published_change
    record["test_oracle_gain_less_published"] = row.gain_apart
    for criterion in CRITERIA:
        outcome = row.by(criterion)
        record[f"{criterion}_k"] = outcome.k
        record[f"{criterion}_trial"] = " ".join(outcome.trials)
        record |= {f"{criterion}_gain": outcome.gain, f"{criterion}_sd": outcome.spread}
        record[f"lowest_{criterion}_gain"] = outcome.lowest_gain
        record[f"{criterion}_difference"] = outcome.difference
    for criterion in CRITERIA:
        outcome = row.by(criterion)
        record |= {f"{criterion}_low": outcome.low, f"{criterion}_high": outcome.high}
    return record | {"difference_low": row.difference_low, "difference_high": row.difference_high}


_ABOUT = (
    *("experiment", "task", "corpus", "model", "recipe", "source", "target", "setting"),
    *("mixture", "metric", "control", "reversed", "lowest_experiment", "rankings", "seeds"),
)


def _notes(rows: Sequence[ControlRow], columns: Sequence[_Column]) -> list[str]:
    """rows: of the pairs that were run."""
    notes = []
    if turned := [kind for _, kind in columns if kind]:
        notes.append(f"Highest: by the ranking {', '.join(turned)} from its other end.")
    drawn = sorted({row.rankings for row in rows if row.control == RANDOM})
    if drawn and drawn[-1] > 1:
        counts = "–".join(str(n) for n in dict.fromkeys((drawn[0], drawn[-1])))
        notes.append(f"Random: means over {counts} random rankings ± their standard deviation.")
    elif drawn:
        notes.append("One random ranking: what others would have given is not in these numbers.")
    if seeds := {row.table_seeds for row in rows if row.table_seeds > 1}:
        notes.append(f"Means over {max(seeds)} seeds; ± is the standard deviation of the sweeps.")
    return notes


def _general(rows: Sequence[ControlRow], printed: set[_Column]) -> list[str]:
    notes = [
        "Gain: test score with k heads pruned less the one with all heads. Less lowest: this gain"
        " less that of pruning the lowest heads, from the same seed and with the same largest k;"
        " below 0 the lowest heads are the better ones to prune."
    ]
    if any(row.by(criterion).difference is None for row in rows for criterion in CRITERIA):
        notes.append(
            "– stands where the study has no sweep of the lowest heads to compare with, or where"
            " trials of one are missing. Means are over the pairs that have all of ours."
        )
    if printed:
        notes.append(
            "Published: the change of F1 that Ma et al. (2021) print in Table 5, best of 12 trials."
            " Beside it belongs the gain of the best k on test, taking the change for one from the"
            " model with all heads; comparable only where corpus and recipe are the same. Ours −:"
            " this gain of ours less the published change. The published mean is over the same"
            " lines as ours, and is left out where one of these has no published number."
        )
    return notes


def _interval_notes(rows: Sequence[ControlRow]) -> list[str]:
    notes = []
    if seeds := max((row.interval_seeds for row in rows), default=0):
        noise = "and of seeds" if seeds > 1 else "only: training noise is not included"
        notes.append(
            f"[ ]: {LEVEL} % interval of a gain over draws of test sentences {noise}. Gains of"
            f" several random rankings together have none. {BEST_REDONE}. The tests are in the"
            " rankings' own tables."
        )
        if any(row.difference_low is not None for row in rows):
            notes.append(
                "[ ] below a difference to the lowest, k chosen on dev: its interval over draws"
                " that are the same for both sides."
            )
    return notes + no_interval_notes(problem for row in rows for problem in row.problems)
