"""Gains of sweeps on draws of their test sentences, from the trials' kept predictions.

What is missing among the trials is left out. Predictions that are missing or don't fit each other
or the scores are a UserError.
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from polyheads.analysis import resampling
from polyheads.analysis.choices import Choice, SweepRow, sweep_values
from polyheads.analysis.counts import SCORES, check_same, count
from polyheads.errors import UserError
from polyheads.study.plan import Sweep
from polyheads.study.predictions import Predictions, read

NEAR = 2e-6  # percentage points: choices.csv has six decimals

Key = tuple[Hashable, ...]  # what names a sweep in one metric
Sweeps = Mapping[Key, Sweep]


class DrawnGain(NamedTuple):
    """A gain, or a difference of gains, in percentage points, and (resamples,) of it on draws.

    The draws are of sentences.
    """

    gain: float
    draws: np.ndarray


@dataclass(frozen=True)
class SweepCounts:
    """The trials of one sweep that are there."""

    choice: Choice
    test_set: str  # see `test_set`
    ks: tuple[int, ...]  # 0 first
    trials: tuple[str, ...]  # their paths, in the order of ks
    counts: np.ndarray  # (sentences, systems in the order of ks, width)

    def of(self, criterion: str) -> np.ndarray:
        """(sentences, systems, width) of the systems that a criterion compares, k = 0 first."""
        return self.counts if criterion == "test_oracle" else self.counts[:, self._chosen]

    def compared(self, draws: np.ndarray, criterion: str) -> np.ndarray:
        """(resamples, systems) of the same systems, from the scores of all."""
        return draws if criterion == "test_oracle" else draws[:, self._chosen]

    @property
    def _chosen(self) -> list[int]:
        k = self.choice.dev_selected.k
        assert k is not None  # a sweep without has no k = 0 either, and isn't loaded
        return [0, self.ks.index(k)]


def by_key(sweeps: Iterable[Sweep]) -> dict[Key, Sweep]:
    """The sweeps by what `key_of` says of their choices."""
    return {(*SweepRow(**sweep_values(sweep)).sweep, sweep.metric): sweep for sweep in sweeps}


def key_of(choice: Choice) -> Key:
    """What names a choice's sweep in one metric."""
    return (*choice.sweep, choice.metric)


def of_sweeps(choices: Sequence[Choice], sweeps: Sweeps, resamples: int) -> list[DrawnGain]:
    """The gain of each choice at the k chosen on dev: all of one test set, on the same draws."""
    counted = load(choices, sweeps)
    return [
        gain_of(one, draws, "dev_selected")
        for one, draws in zip(counted, scores(counted, resamples), strict=True)
    ]


def load(choices: Iterable[Choice], sweeps: Sweeps) -> list[SweepCounts]:
    """The counts of one test set's sweeps.

    Those without k = 0 or any choice have no gain and are left out.
    """
    first: tuple[str, Predictions] | None = None
    named = ""
    out = []
    for choice in choices:
        if choice.dev_selected.gain is None and choice.test_oracle.gain is None:
            continue
        trials = _there(choice, sweeps[key_of(choice)])
        counts = []
        for k, trial in trials:
            path = str(Path(trial).with_suffix(".parquet"))
            heads = choice.heads if k else "pruned"
            predictions = read(path, language=choice.target, heads=heads)
            if first is None:
                first = path, predictions
                named = test_set(choice.corpus, choice.target, choice.task, predictions)
            check_same(first[1], predictions, paths=(first[0], path))
            counts.append(count(predictions, choice.metric))
        ks, paths = zip(*trials, strict=True)
        out.append(SweepCounts(choice, named, ks, paths, np.stack(counts, axis=1)))
    return out


def scores(counted: Sequence[SweepCounts], resamples: int) -> list[np.ndarray]:
    """For each sweep (resamples, systems) scores on draws of sentences, the same for all sweeps."""
    every = np.concatenate([one.counts for one in counted], axis=1)
    drawn = resampling.bootstrap(
        every,
        SCORES[counted[0].choice.metric],
        key=counted[0].test_set,
        resamples=resamples,
    )
    ends = np.cumsum([len(one.ks) for one in counted])
    return np.split(drawn, ends[:-1], axis=1)


def gain_of(counted: SweepCounts, draws: np.ndarray, criterion: str) -> DrawnGain:
    """The gain of a sweep; UserError for another one than choices have.

    draws: (resamples, systems) scores of all its systems.
    """
    gain = float(resampling.gains(whole(counted, counted.of(criterion))))
    _check(gain, counted.choice, criterion)
    return DrawnGain(gain, resampling.gains(counted.compared(draws, criterion)))


def whole(counted: SweepCounts, counts: np.ndarray) -> np.ndarray:
    """(systems,) scores on the whole test set. counts: (sentences, systems, width)."""
    return SCORES[counted.choice.metric](counts.sum(0).astype(np.float64))


def test_set(corpus: str, target: str, task: str, found: Predictions) -> str:
    """A name for the test set, the same wherever the same sentences are drawn.

    The languages of a corpus whose texts have the same labels one by one are translations of each
    other: they share the draws, so that a mean over languages has the noise of sentences that are
    hard in all of them.
    """
    if task != "classification":
        return f"{corpus} {target}"
    return f"{corpus} {zlib.crc32(found.gold.astype('<i8').tobytes()):08x}"


def _check(gain: float, choice: Choice, criterion: str) -> None:
    """UserError unless predictions and scores tell the same gain."""
    selected = choice.by(criterion)
    assert selected.gain is not None
    if abs(gain - selected.gain) > NEAR:
        raise UserError(
            f"{Path(selected.trial).with_suffix('.parquet')}: its predictions give a gain of"
            f" {gain:.4f}, the scores in the trials' JSON files {selected.gain:.4f}; delete this"
            " trial and the one with k = 0 and run again"
        )


def _there(choice: Choice, sweep: Sweep) -> list[tuple[int, str]]:
    """(k, trial) of the sweep's trials that the choice was made among, k = 0 first."""
    trials = sorted(zip(sweep.ks, sweep.trials, strict=True))
    if choice.role == "fresh":
        # The plan doesn't know which k the second one has. If it is 0, too, one is enough.
        (_, unpruned), (_, chosen) = trials
        k = choice.dev_selected.k
        return [(0, unpruned), (k, chosen)] if k else [(0, unpruned)]
    # Files of a partial report's missing trials may be there, made of older inputs.
    return [(k, path) for k, path in trials if k not in choice.missing]
