"""The trials of a job: as many at once as a GPU's memory takes, on a CPU one after the other."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from polyheads.study.records import Point
from polyheads.training import stacked
from polyheads.training.checkpoints import split
from polyheads.training.trials import Trials

AtOnce = int | Literal["auto"]


@dataclass(frozen=True)
class Trial:
    """One trial of a job: any gate of the training that all of them share."""

    path: Path  # where the workflow expects it, without suffix
    stage: Path  # its place among the checkpoints
    point: Point
    pruned: Sequence[Sequence[int]]  # heads that are off, (layer, head), lowest first


def run(runner: Trials, trials: Sequence[Trial], *, at_once: AtOnce) -> None:
    """Train, evaluate and keep trials, those that wait finished in their stages left out.

    at_once: how many train in one pass, at most; `auto`: on a GPU as many as fit by an estimate of
    memory, on a CPU, which gains nothing by it, one. Where memory doesn't suffice, the number is
    halved. UserError where it doesn't suffice for one.
    """
    waiting: list[Trial] = []
    for trial in trials:
        if runner.is_finished(trial.stage, trial.pruned):
            print(f"{trial.path}: finished by an earlier run", flush=True)
        else:
            waiting.append(trial)
    size = _at_once(runner, at_once, len(waiting))
    while waiting:
        part = waiting[:size]
        if len(part) == 1:
            (trial,) = part
            runner.run(trial.path, trial=trial.point, pruned=trial.pruned, stage=trial.stage)
        elif not _run_together(runner, part):
            size = len(part) - len(part) // 2
            print(f"too little memory for {len(part)} trials: {size} at once", flush=True)
            _split_checkpoint(runner, part, size)
            continue
        waiting = waiting[size:]


def _at_once(runner: Trials, wanted: AtOnce, waiting: int) -> int:
    """How many trials train in one pass."""
    if waiting < 2 or wanted == 1 or (wanted == "auto" and runner.device.type == "cpu"):
        return 1
    if reason := runner.reason_against_stacking:
        print(f"this encoder's trials train one after the other: {reason}", flush=True)
        return 1
    if wanted == "auto":
        wanted = runner.trials_that_fit()
    return min(wanted, waiting)


def _run_together(runner: Trials, part: Sequence[Trial]) -> bool:
    """Train and keep these trials in one pass; False where there was too little memory for it.

    They are marked as finished when all are, so that a job that is killed in between finds the
    same stack again, and its checkpoint.
    """
    names = [f"{runner.name(t.pruned)} {t.point.get('ranking') or ''}".strip() for t in part]
    print(f"{len(part)} trials in one pass: {', '.join(names)}", flush=True)
    try:
        model, trained = runner.fit_together(
            [trial.pruned for trial in part],
            checkpoint_path=part[0].stage.with_suffix(".safetensors"),
            names=names,
        )
        for place, trial in enumerate(part):
            stacked.put(model, trained, place)
            runner.write(
                trial.stage,
                trial=trial.point,
                pruned=trial.pruned,
                training=runner.record(trained, place),
                rows=runner.tested(model, trial.pruned),
            )
    except torch.OutOfMemoryError:
        return False  # what the exception holds on to is free when it is gone
    for trial in reversed(part):  # the checkpoint, which lies with the first, goes last
        runner.mark_finished(trial.stage, trial.pruned)
    return True


def _split_checkpoint(runner: Trials, part: Sequence[Trial], size: int) -> None:
    """Let the parts of a stack that was too large go on from where it was."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    smaller = [part[:size], part[size:]]
    split(
        part[0].stage.with_suffix(".safetensors"),
        runner.fingerprint_of_stack([trial.pruned for trial in part]),
        [
            (
                some[0].stage.with_suffix(".safetensors"),
                runner.fingerprint_of_stack([trial.pruned for trial in some]),
                len(some),
            )
            for some in smaller
        ],
        stacked={name for name, _ in runner.fresh_model().named_parameters()},
    )
