"""Prose that several tables share: what intervals, marks, missing numbers and CV* mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from polyheads.analysis import estimates
from polyheads.analysis.estimates import ALPHA, LEVEL, Estimate
from polyheads.analysis.reproduction import Reproduction
from polyheads.report.cells import OF_SENTENCES

BEST_REDONE = (
    "Best on test looks for its k again in every draw, so that noise alone lifts its interval above"
    " zero"
)


ACCURACY = "acc.: accuracy of the same trials, at the k that the table's metric selects."


class Bounded(Protocol):
    """An estimate, or a row that has its interval."""

    @property
    def low(self) -> float | None: ...


def resampling_notes(shown: Iterable[Estimate]) -> list[str]:
    """What the intervals and stars of gains mean, and what noise is in them.

    [] for gains that nothing was resampled for.
    """
    known = [row for row in shown if row.resamples is not None]
    if not known:
        return []
    draws = f"{known[0].resamples:,}"
    notes = [
        f"[ ]: {LEVEL} % interval of the gain over {draws} draws of test sentences, the same draws"
        f" for all systems. {BEST_REDONE}; rely on the star there.",
        f"* Holm-adjusted p < {ALPHA} among all gains of its table, by both criteria. p is from"
        f" {draws} random exchanges of the two systems' labels, sentence by sentence; for the best"
        " on test, from White's reality check (among all k, gains only). p is on hover and in the"
        " CSV. Where k = 0 was chosen there is nothing to test.",
        *_training_noise_notes(known),
    ]
    deltas = [row.delta for row in known if row.delta is not None]
    if deltas and any(row.level == "mean" for row in known):
        delta = f"{max(deltas):g}"
        notes.append(
            f"Next to the interval of a mean: the shares of its draws above +{delta} / within"
            f" ±{delta} / below −{delta} points. Most draws of a gain that is not worth having are"
            " within; those of an uncertain one are on all sides."
        )
    return notes


def _training_noise_notes(known: list[Estimate]) -> list[str]:
    """Whether the noise of training is in intervals and p."""
    notes = []
    if any(row.seeds is not None and row.seeds > 1 for row in known):
        notes.append(
            "Several seeds: intervals include their spread (Student's t), and p is at least that of"
            " pruning that only relabels the runs of a seed, with k chosen again (gains only). With"
            " n seeds it is never below 1 / 2ⁿ, so with four seeds or fewer no gain has a star."
        )
    if any(row.p_runs is not None for row in known):
        notes.append(
            "Unpruned runs with other seeds: p is at least that of the noise between them, with k"
            " chosen again (gains only). Intervals leave this noise out."
        )
    if not all(row.has_training_noise for row in known if row.p is not None):
        notes.append(
            f"{OF_SENTENCES} instead of *: one seed, so neither p nor the interval includes the"
            " noise of training. The choice of test sentences doesn't explain the gain, but another"
            " run may give a different one."
        )
    return notes


def problem_notes(shown: Iterable[Estimate]) -> list[str]:
    """Why gains lack their interval; [] where none does."""
    return no_interval_notes(estimates.problems(shown))


def no_interval_notes(problems: Iterable[str]) -> list[str]:
    """Why gains lack their interval, each reason once; [] for none."""
    if not (problems := list(dict.fromkeys(problems))):
        return []
    words = "No intervals and no p where predictions can't be used: gains of these pairs, and means"
    return [f"{words} over them. {'; '.join(problems)}."]


def mean_notes(shown: Iterable[Bounded | None]) -> list[str]:
    """What the intervals of `estimates.of_mean` mean; [] where there is none."""
    if not any(row and row.low is not None for row in shown):
        return []
    return [
        f"[ ]: {LEVEL} % interval of the mean over draws of test sentences, from the result table"
        " that has the same mean."
    ]


def reproduction_notes(table: Reproduction) -> list[str]:
    """How near a table's scores are to the published ones; [] where none of them is."""
    if table.median is None:
        return []
    return [
        f"Degree of reproduction: CV* of the published score and ours has a median of"
        f" {table.median:.2f} over {table.scores} scores, unpruned and pruned (0: the same score"
        " twice; each is in the CSV)."
    ]


def reproduction_sentences(tables: Iterable[tuple[str, Reproduction]]) -> list[str]:
    """For the start page: title and degree of reproduction of every table that has any."""
    medians = [
        f"{title}: {table.median:.2f} over {table.scores} scores"
        for title, table in tables
        if table.median is not None
    ]
    if not medians:
        return []
    return [
        "Degree of reproduction (CV*, Belz et al. 2022, of the published score and ours, unpruned"
        f" and pruned; 0: the same score twice), median of each table: {'; '.join(medians)}."
    ]
