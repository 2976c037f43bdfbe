"""a) Scores of all heads on a dev set, for each example: one backward pass for a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks import ours, padded, trainer
from benchmarks.options import Case, Options
from benchmarks.parts.training import warm_up
from benchmarks.records import Row
from benchmarks.turns import take_turns, wall

CASES = [Case("e5-small"), Case("mbert")]
NOTES = """\
Every variant runs in evaluation mode. *Ours* is `importance.gradient`: packed batches, a gate for
each sentence, weights frozen. *One at a time* is a backward pass for each sentence, with the
gradients of all weights, as run_bertology and its descendants compute them, or without. *Padded
batches* have one gate for all: they give |sum of gradients| of a batch, so the gradients of
single examples are lost and the scores are others (`importance.gradient_batch`).
"""


def measure(options: Options) -> list[Row]:
    warm_up(options)
    rows = []
    number = options.sentences or options.on_device(24, 1024)
    for case in options.cases or CASES:
        runner = options.material(case.shape).runner(
            batch_size=case.batch, ranking_sentences=number, dev_sentences=number
        )
        sentences = trainer.sentences(runner, "dev")
        model = runner.fresh_model()
        peer = partial(
            padded.score,
            model,
            sentences,
            layout=runner.layout,
            shape=runner.shape,
            device=runner.device,
        )
        variants: dict[str, Callable[[], object]] = {
            "ours": ours.scoring(runner),
            "one at a time": partial(peer, size=1, frozen=False),
            "one at a time, weights frozen": partial(peer, size=1, frozen=True),
            "padded batches (other scores)": partial(peer, size=case.batch, frozen=False),
        }
        times = take_turns(
            {name: partial(wall, run, options.device) for name, run in variants.items()},
            options.turns or options.on_device(2, 5),
        )
        facts = {"sentences": len(sentences), "words": sum(len(s.starts) for s in sentences)}
        rows += [Row(str(case), "scores of a set", name, of, facts) for name, of in times.items()]
    return rows
