"""c) A sweep over k: the trials k = 0..K, against as many runs of the Trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from statistics import median

from benchmarks import ours, trainer
from benchmarks.options import Case, Options
from benchmarks.parts.training import runners, warm_up
from benchmarks.records import Facts, Row, Time
from benchmarks.turns import wall
from polyheads.training.trials import Trials

CASES = [Case("e5-small")]
CASES_CUDA = [Case("mbert"), Case("xlmr-base"), Case("e5-small")]
NOTES = """\
The trials of a sweep and the runs of the Trainer take turns, k by k, where trials are trained one
after the other. Every training is a whole one: nothing is extrapolated. *Trainer runs*: in how
many runs of the Trainer (their median) the same time goes by.
"""


def measure(options: Options) -> list[Row]:
    warm_up(options)
    rows = []
    default = CASES_CUDA if options.device == "cuda" else CASES
    for case in options.cases or default:
        number = options.sentences or options.on_device(32, 2048)
        few = max(1, number * 7 // 100)
        of = runners(options, case, train_sentences=number, dev_sentences=few, test_sentences=few)
        rows += _sweep(options, case, of, {"trained": number, "predicted": 2 * few})
    return rows


def _sweep(options: Options, case: Case, of: dict[str, Trials], facts: Facts) -> list[Row]:
    lowest, ks = ours.random_order(of["float32"]), range(options.largest_k + 1)
    together = options.device == "cuda"  # our trials train in one pass
    peers: dict[str, Callable[[], object]] = {
        "Trainer": partial(trainer.fit, of["float32"], predict=True)
    }
    if together:
        peers["Trainer, bf16"] = partial(peers["Trainer"], bf16=True)
    times: dict[str, list[Time]] = {f"ours, {name}": [] for name in of}
    times |= {name: [] for name in peers}
    for k in ks:
        for name, runner in of.items():
            if not together:
                one = partial(ours.trial, runner, lowest[:k])
                times[f"ours, {name}"] += wall(one, options.device)
            elif k == 0:
                all_of_them = partial(ours.sweep, runner, lowest, ks)
                times[f"ours, {name}"] += wall(all_of_them, options.device)
        for name, peer in peers.items():
            times[name] += wall(peer, options.device)
    return _rows(str(case), f"a sweep of {len(ks)} trials", times, facts)


def _rows(case: str, what: str, times: Mapping[str, list[Time]], facts: Facts) -> list[Row]:
    """The sums, and the trials that were timed one by one."""
    run = median(time.wall for time in times["Trainer"])
    rows = []
    for name, found in times.items():
        whole = Time(*map(sum, zip(*found, strict=True)))
        runs = {"Trainer runs": round(whole.wall / run, 2)}
        rows.append(Row(case, what, name, [whole], {**facts, **runs}))
    single = {name: found for name, found in times.items() if len(found) > 1}
    return rows + [Row(case, "one trial of it", *of_one, facts) for of_one in single.items()]
