"""d) Masking without training again: labels of dev and test for every k."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks import ours, padded, trainer
from benchmarks.options import Case, Options
from benchmarks.records import Row
from benchmarks.turns import take_turns, wall

CASES = [Case("e5-small", 32)]
NOTES = """\
*Ours* is what `mask.py` runs. The other is a forward pass over both sets for each k, in batches
that are padded to their longest sentence, sentences in file order. Heads come off in a random
order, the same for both.
"""


def measure(options: Options) -> list[Row]:
    rows = []
    number = options.sentences or options.on_device(32, 1024)
    ks = range(options.largest_k + 1)
    for case in options.cases or CASES:
        runner = options.material(case.shape).runner(
            precision="float32", dev_sentences=number, test_sentences=number
        )
        lowest = ours.random_order(runner)
        both = trainer.sentences(runner, "dev") + trainer.sentences(runner, "test")
        passes = partial(
            padded.mask,
            runner.fresh_model(),
            both,
            lowest,
            ks,
            size=case.batch,
            layout=runner.layout,
            shape=runner.shape,
            device=runner.device,
        )
        variants: dict[str, Callable[[], object]] = {
            "ours": ours.masking(runner, lowest, ks),
            "a pass for each k, padded batches": passes,
        }
        times = take_turns(
            {name: partial(wall, run, options.device) for name, run in variants.items()},
            options.turns or options.on_device(2, 5),
        )
        what = f"labels for k = 0..{ks[-1]}"
        facts = {"sentences": len(both), "tokens": sum(len(s.subwords) + 2 for s in both)}
        rows += [Row(str(case), what, name, found, facts) for name, found in times.items()]
    return rows
