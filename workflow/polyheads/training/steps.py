"""What every kind of training shares: its batches, their order, its rates, its losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from polyheads.encoders import rows
from polyheads.encoders.batches import Batch, Layout, Sentence, cut_texts, epoch_order, pack
from polyheads.encoders.schedule import linear_schedule
from polyheads.errors import UserError
from polyheads.study.records import Fit, Recipe

# Batches of an epoch that a CPU's memory may hold; more are packed when their step comes, in half a
# millisecond, where a step takes ten or a thousand. A GPU would wait for them.
KEPT = 8000  # some 300 MB with 16 sentences each
UNREAD = 32  # losses that may wait on a GPU: reading one waits for all that the GPU has to do


@dataclass(frozen=True)
class Schedule:
    """How many steps a training has, and the learning rate of each; steps count from 0."""

    per_epoch: int
    epochs: int
    learning_rate: float  # the highest
    warmup: float  # part of the steps in which the rate rises

    @classmethod
    def of(cls, sentences: int, recipe: Recipe) -> Schedule:
        """The schedule of a recipe for so many sentences an epoch."""
        per_epoch = math.ceil(sentences / recipe["batch_size"])
        return cls(per_epoch, recipe["epochs"], recipe["learning_rate"], recipe["warmup"])

    @property
    def steps(self) -> int:
        return self.per_epoch * self.epochs

    def rate(self, step: int) -> float:
        rising = int(self.steps * self.warmup)
        return self.learning_rate * linear_schedule(step, steps=self.steps, rising=rising)


class Batches:
    """The batches of a training on the concatenated corpora of a mixture, source first.

    They are packed and put on the device an epoch at a time, and once where every epoch has the
    same order. Trainings that differ in their heads only share them.
    """

    def __init__(
        self,
        corpora: Sequence[Sequence[Sentence]],
        *,
        recipe: Recipe,
        layout: Layout,
        seed: int,
        device: torch.device,
    ) -> None:
        self.sentences = [sentence for corpus in corpora for sentence in corpus]
        self.words = sum(len(sentence.starts) for sentence in self.sentences)
        self.schedule = Schedule.of(len(self.sentences), recipe)
        self.layout = layout
        self.device = device
        self.tokens = rows.tokens(self.sentences, layout)  # (n,) those that they have
        self._sizes = [len(corpus) for corpus in corpora]
        self._size = recipe["batch_size"]
        self._how = {"order": recipe["order"], "mixing": recipe["mixing"]}
        self._seed = seed
        self._order = np.empty(0, np.int64)  # of the sentences of an epoch
        self._epoch: int | None = None  # which one that is
        self._packed: list[Batch] = []  # its batches, unless they are too many

    def at(self, step: int) -> Batch:
        """The batch of a step, counted from 0 over all epochs."""
        epoch, inside = divmod(step, self.schedule.per_epoch)
        if epoch != self._epoch:
            self._begin(epoch)
        return self._packed[inside] if self._packed else self._pack(inside)

    def _begin(self, epoch: int) -> None:
        order = epoch_order(self._sizes, **self._how, seed=self._seed, epoch=epoch)
        self._epoch = epoch
        if np.array_equal(order, self._order):
            return
        self._order, self._packed = order, []
        if self.device.type != "cpu" or self.schedule.per_epoch <= KEPT:
            self._packed = [self._pack(inside) for inside in range(self.schedule.per_epoch)]

    def _pack(self, inside: int) -> Batch:
        """A batch of the epoch that has begun, by its number."""
        chosen = self._order[inside * self._size : (inside + 1) * self._size]
        return pack([self.sentences[i] for i in chosen], self.layout, self.device)


class Losses:
    """The losses of a training's steps, each of which must be a number.

    On a GPU they are read many at a time, so that it never waits for Python; whoever reads them
    gets all. UserError, with the step, when one was NaN or infinite.
    """

    def __init__(
        self, *, name: str, steps: int, device: torch.device, before: Sequence[float] = ()
    ) -> None:
        """before: the losses of the steps that an interrupted training had done."""
        self._name, self._steps = name, steps
        self._at_once = 1 if device.type == "cpu" else UNREAD
        self._known = list(before)
        self._waiting: list[torch.Tensor] = []

    def add(self, loss: torch.Tensor) -> None:
        """The loss of the next step, ()."""
        self._waiting.append(loss.detach())
        if len(self._waiting) >= self._at_once:
            self.read()

    def read(self) -> list[float]:
        """The losses of all steps so far."""
        if self._waiting:
            found = torch.stack(self._waiting).tolist()
            self._waiting.clear()
            for loss in found:
                self._known.append(loss)
                check(loss, step=len(self._known), steps=self._steps, name=self._name)
        return self._known


def check(loss: float, *, step: int, steps: int, name: str) -> None:
    """UserError unless the loss of a step, counted from 1, is a number."""
    if not math.isfinite(loss):
        raise UserError(
            f"{name}: the loss became {loss} at step {step} of {steps}; lower "
            "learning_rate in the recipe, or set its precision to float32"
        )


def record(batches: Batches, losses: Sequence[float]) -> Fit:
    """What a finished training says of itself."""
    tenth = max(1, len(losses) // 10)
    found: Fit = {
        "sentences": len(batches.sentences),
        "words": batches.words,
        "steps": batches.schedule.steps,
        "epochs": batches.schedule.epochs,
        "loss_first": round(sum(losses[:tenth]) / tenth, 6),
        "loss_last": round(sum(losses[-tenth:]) / tenth, 6),
    }
    if batches.layout.first:
        found["cut_texts"] = cut_texts(batches.sentences, batches.layout)
    return found
