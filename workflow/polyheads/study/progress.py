"""How far a run has come: its trainings that are done, and how long those to come take.

The time is measured in this run, never assumed: the seconds of its finished jobs for a sentence and
epoch, and how many jobs ran at once. So it holds for any number of cores, and on a cluster, where a
job's seconds begin when it is queued, too. It says nothing before a job of each kind is done: of
small encoders, a baseline's only training takes longer than one of several in a trials' job.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from polyheads.study import costs
from polyheads.study.plan import Plan, Training


@dataclass(frozen=True)
class Job:
    """A job that trains."""

    kind: str  # baseline | trials
    trainings: int
    work: float  # sentences times epochs, all trainings together


def works(plan: Plan) -> Callable[[Training], float]:
    """A function: sentences times epochs of a training; 1 where no size of its corpus is known."""
    known: dict[str, dict[str, int]] = {}

    def work(training: Training) -> float:
        if training.corpus not in known:
            known[training.corpus] = costs.sizes(plan, training.corpus)
        of_corpus = known[training.corpus]
        return costs.passes(plan, training, of_corpus) if of_corpus else 1.0

    return work


class Progress:
    """Follows the jobs of a run by their ids. What it is told of other jobs changes nothing."""

    def __init__(
        self,
        jobs: Mapping[int, Job],
        *,
        done: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """jobs: those that train in this run, by id; done: trainings that are there already."""
        self.left, self.clock = dict(jobs), clock
        self.done, self.total = done, done + sum(job.trainings for job in jobs.values())
        self.running: dict[int, float] = {}  # id -> when it began
        self.at_once = 0  # the most that ran at the same time
        # Kind of job -> sentences times epochs to come; the same of finished jobs; their seconds.
        self.ahead, self.work, self.seconds = (defaultdict[str, float](float) for _ in range(3))
        for job in jobs.values():
            self.ahead[job.kind] += job.work

    def start(self, number: int) -> None:
        """A job begins, or begins again after it failed."""
        if number in self.left:
            self.running[number] = self.clock()
            self.at_once = max(self.at_once, len(self.running))

    def stop(self, number: int) -> None:
        """A job failed."""
        self.running.pop(number, None)

    def finish(self, number: int) -> str | None:
        """A job is done; what there is to say."""
        job = self.left.pop(number, None)
        if job is None:
            return None
        self.done += job.trainings
        self.ahead[job.kind] -= job.work
        if (began := self.running.pop(number, None)) is not None:
            self.seconds[job.kind] += self.clock() - began
            self.work[job.kind] += job.work
        text = f"{self.done:,} of {self.total:,} trainings done"
        seconds = self._seconds_left()
        return f"{text}; about {_time(seconds)} left" if self.left and seconds else text

    def _seconds_left(self) -> float | None:
        """None while a kind of job that is to come is not measured."""
        kinds = {kind for kind, work in self.ahead.items() if work > 0}
        if any(not self.work[kind] for kind in kinds):
            return None
        rate = {kind: self.seconds[kind] / self.work[kind] for kind in kinds}
        whole = sum(rate[kind] * self.ahead[kind] for kind in kinds)
        # Of what runs, the part that is over; more than all of it is no help.
        for number, began in self.running.items():
            job = self.left[number]
            whole -= min(self.clock() - began, rate[job.kind] * job.work)
        return max(0.0, whole) / self.at_once


def _time(seconds: float) -> str:
    """1:40 min, or 2:05 h."""
    unit = "min"
    if seconds >= 3600:
        seconds, unit = seconds / 60, "h"
    large, small = divmod(round(seconds), 60)
    return f"{large:,}:{small:02d} {unit}"
