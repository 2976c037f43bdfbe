"""Gains of the chosen k with fresh seeds, beside those of the seeds that chose it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from polyheads.analysis import student
from polyheads.analysis.estimates import ALPHA, LEVEL
from polyheads.analysis.fresh import FreshGain
from polyheads.report.cells import MISSING, OF_SENTENCES, cell, gain, interval, leading
from polyheads.report.names import Languages, pair_name, ranking_name, title
from polyheads.report.notes import no_interval_notes
from polyheads.report.table import Cell, Table, Value
from polyheads.study.displays import Display

_HEAD = (
    *(("Setting", "name"), ("Source → target", "name"), ("Model", "name"), ("k", "")),
    *(("Gain as chosen", ""), ("Gain, fresh seeds", "first"), ("Seeds", "")),
)
_RECORD = (
    *("level", "setting", "source", "target", "model", "pairs", "k", "gain_chosen", "sd_chosen"),
    *("gain_fresh", "sd_fresh", "low", "high", "p_interval", "above", "within", "below", "delta"),
    *("seeds", "missing_seeds"),
)


def table(display: Display, rows: Sequence[FreshGain], languages: Languages) -> Table:
    """A line per pair and model, and for the mean of the pairs of each setting and model."""
    lines = {
        level: [_cells(row, languages) for row in rows if row.level == level]
        for level in ("pair", "mean")
    }
    return Table(
        name=display.name,
        title=f"{title(display)}, fresh seeds (percentage points)",
        notes=_notes(display, rows),
        general=_GENERAL,
        head=[[cell(name, th="col", kind=kind) for name, kind in _HEAD]],
        body=lines["pair"],
        foot=lines["mean"],
        records=[_record(row) for row in rows],
    )


def _cells(row: FreshGain, languages: Languages) -> list[Cell]:
    pair = row.level == "pair"
    name = pair_name(row.source, row.target, languages) if pair else "Mean of the pairs"
    k = row.k or (MISSING if pair else "")
    fresh = gain(row.gain_fresh, row.sd_fresh, kind="first")
    mark = "†" if row.missing_seeds else ""
    note = f"missing or incomplete: {row.missing_seeds} seeds" if mark else ""
    return [
        cell(row.setting, th="row"),
        cell(name, kind="name"),
        cell(row.model, kind="name"),
        leading(cell(k), row.chosen_trials),
        gain(row.gain_chosen, row.sd_chosen, estimate=row.estimate),
        leading(replace(fresh, below=interval(row.low, row.high)), row.fresh_trials),
        cell(str(row.seeds) + mark, note=note),
    ]


def _record(row: FreshGain) -> Mapping[str, Value]:
    numbers: dict[str, Value] = {name: getattr(row, name) for name in _RECORD}
    trials = {"chosen_trial": row.chosen_trials, "fresh_trial": row.fresh_trials}
    return numbers | {name: " ".join(paths) for name, paths in trials.items()}


def _notes(display: Display, rows: Sequence[FreshGain]) -> list[str]:
    ranking = ranking_name(display.ranking)
    notes = [f"{ranking[:1].upper()}{ranking[1:]}.", *_interval_notes(rows)]
    if any(" " in row.k for row in rows):
        notes.append("Several seeds chose a k; a fresh seed's gain is its mean over their k.")
    if any(row.missing_seeds for row in rows):
        notes.append("† Without the seeds that lack trials.")
    if left_out := sum(row.level == "pair" and not row.seeds for row in rows):
        notes.append(f"Means are over the pairs with fresh seeds; {left_out} have none.")
    problems = [problem for row in rows for problem in row.problems_chosen]
    problems += [row.problem_fresh for row in rows if row.problem_fresh]
    return notes + no_interval_notes(problems)


_GENERAL = (
    "As chosen: the seed that chose k. Fresh seeds chose nothing; report the mean of their gains, ±"
    " its standard deviation over seeds.",
    "The mean of the pairs is taken within each seed first, so its interval holds although pairs of"
    " a seed share trainings (in the cross-lingual setting those of a source).",
)


def _interval_notes(rows: Sequence[FreshGain]) -> list[str]:
    notes = []
    few = f"for {student.FEWEST} seeds or more"
    if resamples := [row.resamples for row in rows if row.resamples is not None]:
        notes.append(
            f"[ ] below a gain with fresh seeds: training noise and the choice of test sentences,"
            f" given the k that were chosen, {few}. It reaches from the smaller lower end to the"
            f" larger upper end of two {LEVEL} % intervals: Student's t over the seeds, and the"
            f" mean over {max(resamples):,} draws of seeds and test sentences."
        )
    else:
        notes.append(
            f"[ ] below a gain with fresh seeds: {LEVEL} % t interval of the mean over the seeds,"
            f" {few}. It is about training noise, given the k that were chosen and these test"
            " sets."
        )
    as_chosen = [row.estimate for row in rows]
    if any(one.low is not None for one in as_chosen):
        several = any(one.seeds is not None and one.seeds > 1 for one in as_chosen)
        noise = "and of the seeds that chose" if several else "only, without any training noise"
        notes.append(
            f"[ ] below a gain as chosen: its {LEVEL} % interval over draws of test sentences"
            f" {noise}, and * or {OF_SENTENCES} a Holm-adjusted p < {ALPHA} among all gains of its"
            " own result table, all as there. They don't take into account that the seed is"
            " flattered by its own luck on dev."
        )
    return notes
