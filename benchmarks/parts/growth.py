"""e) How time and memory grow: with trials, with the tokens of a batch, with heads."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import ours, trainer
from benchmarks.options import Case, Options
from benchmarks.parts.training import warm_up
from benchmarks.records import Row, Time
from benchmarks.turns import in_own_process, peak_memory, steps, wall
from polyheads.training.trials import Trials

CASES = [Case("e5-small")]
BATCHES = (4, 16, 64)  # sentences
TRIALS = (1, 2, 3)
HEADS = (2, 6, 12)  # of a layer, with the same width of all together
SCORED = 8  # sentences
NOTES = """\
Each line of a figure is a process of its own, which goes from the smallest point to the largest;
memory is the most that it ever had (on a GPU: that PyTorch had there), with Python and PyTorch.
"""


class Point(NamedTuple):
    at: int  # trials, tokens or heads
    times: list[Time]
    memory: float  # MB


def measure(options: Options) -> list[Row]:
    case = (options.cases or CASES)[0]
    options.material(case.shape)  # so that all processes find it
    lines: list[tuple[str, str, str, Callable[..., list[Point]], str]] = [
        ("tokens", "a step", "ours", tokens, "ours"),
        ("tokens", "a step", "Trainer", tokens, "Trainer"),
        ("trials", "all trials", "ours", trials, "ours"),
        ("trials", "all trials", "Trainer", trials, "Trainer"),
        ("heads", "scores of a set", "gradient, each example", heads, "gradient"),
        ("heads", "scores of a set", "leave-one-out", heads, "leave_one_out"),
    ]
    rows = []
    for axis, what, variant, function, which in lines:
        for point in in_own_process(function, options, case.shape, which):
            facts = {axis: point.at, "memory MB": round(point.memory)}
            rows.append(Row(f"{case.shape}: {axis}", what, variant, point.times, facts))
    return rows


def tokens(options: Options, shape: str, which: str) -> list[Point]:
    """A step with more and more sentences in a batch."""
    points = []
    number = options.steps or options.on_device(2, 20)
    for size in BATCHES:
        runner = options.material(shape).runner(
            batch_size=size, train_sentences=number * size, precision="float32"
        )
        found = steps(_fit(which, runner), options.device)
        count = sum(len(s.subwords) + 2 for s in runner.train_sets[0]) // number
        points.append(Point(count, found, peak_memory()))
    return points


def trials(options: Options, shape: str, which: str) -> list[Point]:
    """More and more trainings of the same length."""
    warm_up(options)
    points = []
    number = options.steps or options.on_device(2, 20)
    runner = options.material(shape).runner(
        batch_size=16, train_sentences=number * 16, dev_sentences=8, test_sentences=8
    )
    lowest = ours.random_order(runner)
    for count in TRIALS:

        def run(count: int = count) -> None:
            if which == "ours":
                ours.sweep(runner, lowest, range(count))
            else:
                for _ in range(count):
                    trainer.fit(runner, predict=True)

        points.append(Point(count, wall(run, options.device), peak_memory()))
    return points


def heads(options: Options, shape: str, which: str) -> list[Point]:
    """Scores of more and more heads."""
    from benchmarks import material

    warm_up(options)
    points = []
    for each in HEADS:
        if material.SHAPES[shape].hidden_size % each:
            continue
        name = f"{shape}-{each}-heads"
        with tempfile.TemporaryDirectory() as directory:
            material.SHAPES[name] = material.with_heads(shape, each)
            narrow = replace(options, directory=Path(directory), installed={})
            runner = narrow.material(name).runner(
                ranking_sentences=options.sentences or SCORED, batch_size=16
            )
            run = ours.scoring(runner, which)
            found = wall(run, options.device)
        points.append(Point(each * runner.shape[0], found, peak_memory()))
    return points


def _fit(which: str, runner: Trials) -> Callable[[], object]:
    return partial(ours.fit, runner, []) if which == "ours" else partial(trainer.fit, runner)


def curves(rows: Sequence[Row], path: Path) -> None:
    """Draw time above memory for each axis, a line for each variant; an SVG at ``path``."""
    from polyheads.report.figures.style import MARKERS, OKABE_ITO, drawing

    cases = list(dict.fromkeys(row.case for row in rows))
    with drawing(path, 3.2 * len(cases), 4.8) as figure:
        axes = figure.subplots(2, len(cases), sharex="col", squeeze=False)
        for column, case in enumerate(cases):
            mine = [row for row in rows if row.case == case]
            time, memory = axes[:, column]
            axis = case.split(": ")[1]
            for number, variant in enumerate(dict.fromkeys(row.variant for row in mine)):
                line = [row for row in mine if row.variant == variant]
                at = [row.facts[axis] for row in line]
                look = {"color": OKABE_ITO[number], "marker": MARKERS[number]}
                time.plot(at, [row.seconds for row in line], label=variant, **look)
                memory.plot(at, [row.facts["memory MB"] for row in line], **look)
            time.set(title=case, ylabel=f"seconds: {mine[0].what}")
            memory.set(ylabel="largest memory, MB", xlabel=axis)
            time.legend()
            for one in (time, memory):
                one.set_ylim(bottom=0)
                one.set_xlim(left=0)
