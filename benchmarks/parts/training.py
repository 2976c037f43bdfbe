"""b) A step of a training, and a trial from its start to its files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks import ours, trainer
from benchmarks.options import Case, Options
from benchmarks.records import Facts, Row
from benchmarks.turns import steps, take_turns, wall
from polyheads.encoders.batches import Sentence
from polyheads.training.trials import Trials

CASES = [Case("e5-small"), Case("xlmr-base"), Case("mbert", 32)]
PADDED = 256  # tokens of a row in the paper's released code
PADDED_NAME = f"Trainer, padded to {PADDED}"
NOTES = """\
All variants train on the same batches in the same order, with dropout. *Trainer* is transformers'
own with its defaults: a fused AdamW, gradients clipped to 1, batches padded to their longest
sentence. A step is the time from one optimiser step to the next; the first of every training is
left out. Slow variants take part in the first turn only.

A trial: the encoder is loaded and trained for an epoch, labels of a dev and a test set are
predicted; ours also writes its files. No variant evaluates while it trains.
"""


def measure(options: Options) -> list[Row]:
    warm_up(options)
    rows = []
    for number, case in enumerate(options.cases or CASES):
        # What takes minutes is measured with the first, smallest encoder only.
        rows += _steps(options, case, padded=number == 0)
        if number == 0:
            rows += _trial(options, case)
    return rows


def warm_up(options: Options) -> None:
    """Train a tiny encoder once in each way, which loads all that is loaded when it is needed."""
    runner = options.material("tiny").runner(train_sentences=16, dev_sentences=1, test_sentences=1)
    ours.trial(runner, [])
    trainer.fit(runner, predict=True)


def runners(options: Options, case: Case, **recipe: object) -> dict[str, Trials]:
    """Precision -> trials that train in it."""
    material = options.material(case.shape)
    return {
        precision: material.runner(batch_size=case.batch, precision=precision, **recipe)
        for precision in ("float32", "bfloat16")
    }


def tokens(sentences: list[Sentence], size: int) -> Facts:
    """Tokens of a mean batch, as they are and with padding to its longest sentence."""
    lengths = [len(s.subwords) + 2 for s in sentences]
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    padded = sum(max(batch) * len(batch) for batch in batches)
    count = len(batches)
    return {"tokens": round(sum(lengths) / count), "with padding": round(padded / count)}


def _steps(options: Options, case: Case, *, padded: bool) -> list[Row]:
    number = options.steps or options.on_device(3, 40)
    of = runners(options, case, train_sentences=number * case.batch)
    train: dict[str, Callable[[], object]] = {
        f"ours, {name}": partial(ours.fit, runner, []) for name, runner in of.items()
    }
    train["Trainer"] = partial(trainer.fit, of["float32"])
    train["Trainer, bf16"] = partial(trainer.fit, of["float32"], bf16=True)
    once = {"Trainer, bf16"} if options.device == "cpu" else set()
    if padded:
        few = options.material(case.shape).runner(
            batch_size=case.batch, train_sentences=min(number, 2) * case.batch
        )
        train[PADDED_NAME] = partial(trainer.fit, few, padded_to=PADDED)
        once.add(PADDED_NAME)
    times = take_turns(
        {name: partial(steps, run, options.device) for name, run in train.items()},
        options.turns or options.on_device(2, 3),
        once=once,
    )
    facts = tokens(of["float32"].train_sets[0], case.batch)
    rows = []
    for name, found in times.items():
        mine = {**facts, "with padding": facts["tokens"]} if name.startswith("ours") else facts
        if name == PADDED_NAME:
            mine = {**facts, "with padding": PADDED * case.batch}
        rows.append(Row(str(case), "a step", name, found, mine))
    return rows


def _trial(options: Options, case: Case) -> list[Row]:
    number = options.sentences or options.on_device(64, 2048)
    few = max(1, number * 7 // 100)  # as many as the published study predicts; see part `paper`
    of = runners(options, case, train_sentences=number, dev_sentences=few, test_sentences=few)
    run: dict[str, Callable[[], object]] = {
        f"ours, {name}": partial(ours.trial, runner, []) for name, runner in of.items()
    }
    run["Trainer"] = partial(trainer.fit, of["float32"], predict=True)
    if options.device == "cuda":
        run["Trainer, bf16"] = partial(trainer.fit, of["float32"], bf16=True, predict=True)
    times = take_turns(
        {name: partial(wall, one, options.device) for name, one in run.items()}, options.turns or 2
    )
    facts: Facts = {"trained": number, "predicted": 2 * few}
    return [Row(str(case), "a trial", name, found, facts) for name, found in times.items()]
