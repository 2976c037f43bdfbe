"""The floor of a step: operations and bytes over what this machine does; what lies above it."""

from __future__ import annotations

from functools import partial
from statistics import median

import numpy as np
from transformers import PretrainedConfig

from benchmarks import operations, ours, profiles
from benchmarks.operations import Peaks, Work
from benchmarks.options import Case, Options
from benchmarks.records import Facts, Row
from benchmarks.turns import steps
from polyheads.training.trials import Trials

CASES = [Case("e5-small"), Case("xlmr-base")]
NOTES = """\
Operations of a step: 6 x weights of the linear maps x tokens (2 forward, 4 backward), and 12 x
layers x width x sum of the squared lengths for attention; bytes: 40 for each trained weight, of
the embeddings only the rows in use. The floor is operations over the fastest matrix product seen,
plus bytes over the fastest copy: what a step takes if nothing else costs anything. Products in
bfloat16 leave weights, gradients and optimiser in float32. On one thread of a CPU, seconds of the
processor are compared, which other work on the machine changes less.

Shares of the time of a step by the profiler's own time of each operation, largest first; the
profiler itself makes many small operations look dearer than they are.
"""


def measure(options: Options) -> list[Row]:
    peaks = operations.measure(options.device)
    does: Facts = {
        "GFLOP/s float32": round(peaks.float32 / 1e9),
        "GFLOP/s bfloat16": round(peaks.bfloat16 / 1e9),
        "GB/s": round(peaks.memory / 1e9, 1),
    }
    spent = []
    rows = [Row("this machine", "at most", f"{options.threads} threads", (), does)]
    number = max(options.steps or options.on_device(3, 20), profiles.STEPS)
    for case in options.cases or CASES:
        for precision in ("float32", "bfloat16"):
            runner = options.material(case.shape).runner(
                batch_size=case.batch, precision=precision, train_sentences=number * case.batch
            )
            train = partial(ours.fit, runner, [])
            times = steps(train, options.device)
            facts = floor(work(runner), peaks, precision)
            exact = operations.by_processor(options.device)
            seconds = median(time.busy if exact else time.wall for time in times)
            above = round(seconds / float(facts["floor s"]), 2)
            facts = {**facts, "times the floor": above}
            rows.append(Row(str(case), "a step", f"ours, {precision}", times, facts))
            shares = profiles.shares(train, options.device)
            said = ", ".join(
                f"{name} {share:.0%}" for name, share in shares.items() if share > 0.01
            )
            spent.append(Row(str(case), "its time", f"ours, {precision}", (), {"profile": said}))
    return rows + spent


def work(runner: Trials) -> Work:
    """Of a mean step of a training."""
    sentences, size = runner.train_sets[0], runner.setup.recipe["batch_size"]
    config = PretrainedConfig.from_pretrained(runner.setup.model_dir)
    used = np.unique(np.concatenate([s.subwords for s in sentences]))
    count = -(-len(sentences) // size)
    whole = operations.of_step(
        lengths=[len(s.subwords) + 2 for s in sentences],
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        labels=len(runner.labels),
        rows=len(used),
    )
    return Work(whole.products / count, whole.attention / count, whole.moved)


def floor(step: Work, peaks: Peaks, precision: str) -> Facts:
    """Seconds that a step takes at least."""
    rate = peaks.bfloat16 if precision == "bfloat16" else peaks.float32
    computed, moved = step.operations / rate, step.moved / peaks.memory
    return {
        "GFLOP": round(step.operations / 1e9, 1),
        "GB": round(step.moved / 1e9, 2),
        "products s": round(computed, 4),
        "bytes s": round(moved, 4),
        "floor s": round(computed + moved, 4),
    }
