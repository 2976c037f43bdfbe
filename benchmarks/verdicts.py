"""How often the verdicts and p of a study are wrong on noise, and find a gain that is there.

    python benchmarks/verdicts.py                      200 studies of every cell, about an hour
    python benchmarks/verdicts.py --studies 20 --jobs 2
    python benchmarks/verdicts.py --cells "3 seeds"    cells whose name contains this

Made-up studies with a known truth go through the project's own choice of k, statistics, nulls and
claims, from predictions of single words to the word "holds". Where pruning does nothing it only
relabels runs: every run of a training has a quality of its own (the noise of training) and every
word its difficulty. Four targets; in the cross-lingual setting they are read from the same runs.

Prints a table in Markdown (docs/statistics.md has it) and writes one row a cell to --out: percent
of the studies in which a claim about a setting "holds"; percent of the gains of single pairs that
have p < 0.05, by the k chosen on dev and by the best on test, where p holds the noise of training
(*) and where it doesn't (°); percent of the mean gains that have p < 0.05 against unpruned runs.
"""

import argparse
import csv
import itertools
import math
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import numpy as np

from polyheads.analysis import (
    choices,
    claims,
    differences,
    drawn_gains,
    estimates,
    inference,
    null_baselines,
)
from polyheads.analysis.choices import Score, sweep_values
from polyheads.analysis.claims.records import Code, Runs
from polyheads.analysis.inference import Inference
from polyheads.study import displays
from polyheads.study.contents import Contents
from polyheads.study.plan import Sweep
from polyheads.study.predictions import Predictions

TARGETS = ("de", "ar", "fa", "ja")
SETTINGS = ("cross-lingual", "multi-lingual")
SENTENCES, WORDS = 150, 8
BASE = 70.0  # accuracy of a run of average quality, percent
RUN_SD = 1.0  # of its true accuracy between runs, points
JITTER = 0.08  # how far a word's difficulty differs between runs, as a share of all words
SHARED = 0.8  # of a run's quality that dev and all its test sets have in common
ALIKE = 0.7  # correlation of pruned runs among themselves, where they are alike
RESAMPLES = 400
SEED = 20261126


@dataclass(frozen=True)
class Cell:
    """A design, and the truth behind it."""

    design: str
    heavy: bool  # run noise of Student's t with 3 degrees of freedom instead of normal
    alike: bool  # pruned runs resemble each other more than the unpruned one
    k_max: int
    effect: float = 0.0  # of pruning, in standard deviations of a run
    run_sd: float = RUN_SD

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(range(1, 1 + DESIGNS[self.design][0]))

    @property
    def noise(self) -> int:
        """Further unpruned runs of every training."""
        return DESIGNS[self.design][1]

    @property
    def fresh(self) -> int:
        """Fresh seeds of the chosen k."""
        return DESIGNS[self.design][2]

    @property
    def measured(self) -> bool:
        """Whether p of a pair holds the noise of training: else its mark is ° and no star."""
        return len(self.seeds) > 1 or self.noise > 0

    @property
    def name(self) -> str:
        noise = "no run noise" if not self.run_sd else "t(3)" if self.heavy else "normal"
        runs = "alike" if self.alike else "independent"
        return f"{self.design}, {noise}, {runs}, K = {self.k_max}, effect {self.effect:g}"


DESIGNS = {
    "1 seed": (1, 0, 0),
    "3 seeds": (3, 0, 0),
    "5 seeds": (5, 0, 0),
    "1 seed + 12 noise": (1, 12, 0),
    "1 seed + 3 fresh": (1, 0, 3),
}


def cells() -> list[Cell]:
    """Every design on noise and with a planted effect; sentences without any run noise."""
    every = [
        Cell(design, heavy, alike, k_max, effect)
        for effect, design, heavy, alike, k_max in itertools.product(
            (0.0, 1.5), DESIGNS, (False, True), (False, True), (4, 12)
        )
    ]
    still = [
        Cell("1 seed", False, alike, k_max, run_sd=0.0)
        for alike, k_max in itertools.product((False, True), (4, 12))
    ]
    return every + still


class Made:
    """One made-up study: its sweeps, their scores, and the predictions behind every trial."""

    def __init__(self, cell: Cell, random: np.random.Generator) -> None:
        self.cell, self.random = cell, random
        self.sweeps: list[Sweep] = []
        self.scores: list[Score] = []
        self.dev: dict[str, float] = {}
        self.tests: dict[tuple[Path, str], Predictions] = {}
        self.difficulty = {code: random.uniform(size=SENTENCES * WORDS) for code in TARGETS}
        for setting in SETTINGS:
            trainings = [TARGETS] if setting == "cross-lingual" else [(t,) for t in TARGETS]
            for targets in trainings:
                self._training(setting, targets)

    def _training(self, setting: str, targets: tuple[str, ...]) -> None:
        """All runs of one training: sweeps of every seed, further unpruned runs."""
        cell = self.cell
        mixture = ("en",) if setting == "cross-lingual" else ("en", *targets)
        where = "+".join(mixture)
        place = (setting, mixture, targets)
        for seed in cell.seeds:
            quality = self._quality(cell.k_max + 1, len(targets))
            paths = [self._trial(f"{where}/{seed}/{k}", q, targets) for k, q in enumerate(quality)]
            sweeps = self._sweeps(place, paths, seed)
            for repeat in range(cell.fresh):
                for sweep in sweeps:
                    self._fresh(place, sweep, 100 * seed + repeat)
        further = self._quality(cell.noise, len(targets), pruned=0)
        paths = [self._trial(f"{where}/noise/{i}", q, targets) for i, q in enumerate(further)]
        if paths:
            self._sweeps(place, [f"{where}/1/0", *paths], 1, role="noise", ranking="unpruned")

    def _quality(self, runs: int, targets: int, pruned: int | None = None) -> np.ndarray:
        """(runs, 1 + targets) true accuracies in points on dev and on the test sets.

        pruned: how many of the runs are, the last ones; all but the first if nothing is said.
        """
        cell = self.cell
        pruned = runs - 1 if pruned is None else pruned

        def noise(*shape: int) -> np.ndarray:
            if cell.heavy:
                return self.random.standard_t(3, shape) / math.sqrt(3)
            return self.random.standard_normal(shape)

        def of_runs(columns: int) -> np.ndarray:
            found = noise(runs, columns)
            if cell.alike and pruned > 0:
                common = noise(1, columns)
                alike = math.sqrt(ALIKE) * common + math.sqrt(1 - ALIKE) * found[runs - pruned :]
                found[runs - pruned :] = alike
            return found

        common, own = of_runs(1), of_runs(1 + targets)
        made = SHARED * common + math.sqrt(1 - SHARED**2) * own
        made[runs - pruned :] += cell.effect
        return BASE + cell.run_sd * made

    def _trial(self, path: str, quality: np.ndarray, targets: tuple[str, ...]) -> str:
        """A run's predictions of all its test sets, and its dev score."""
        dev = self.random.binomial(SENTENCES * WORDS, min(quality[0] / 100, 1.0))
        self.dev[path] = 100 * dev / (SENTENCES * WORDS)
        for code, true in zip(targets, quality[1:], strict=True):
            jitter = JITTER * self.random.standard_normal(SENTENCES * WORDS)
            # Folded at the edges, so that difficulties stay uniform.
            harder = np.abs((self.difficulty[code] + jitter + 1) % 2 - 1)
            wrong = (harder >= true / 100).astype(np.int64)
            lengths = np.full(SENTENCES, WORDS)
            self.tests[Path(path), code] = Predictions(
                ("A", "B"), lengths, np.zeros_like(wrong), wrong
            )
        return path

    def _sweeps(
        self,
        place: tuple[str, tuple, tuple],
        paths: list[str],
        seed: int,
        *,
        role: str = "main",
        ranking: str = "gradient-en",
        of_seed: int | None = None,
        ks: tuple[int, ...] = (),
    ) -> list[Sweep]:
        """The sweeps of all targets that are read from the same runs."""
        setting, mixture, targets = place
        made = []
        for target in targets:
            sweep = Sweep(
                **{"experiment": "pos", "task": "pos", "corpus": "made-up", "model": "tiny"},
                **{"recipe": "small", "source": "en", "target": target, "setting": setting},
                **{"mixture": mixture, "ranking": ranking, "protocol": "prune", "seed": seed},
                **{"role": role, "of_seed": of_seed, "heads": "pruned", "metric": "accuracy"},
                dev=mixture[-1:],
                ks=tuple(range(len(paths))),
                trials=tuple(paths),
            )
            for k, path in zip(ks or sweep.ks, paths, strict=True):
                self.scores += self._scores(sweep, k, path)
            made.append(sweep)
        self.sweeps += made
        return made

    def _scores(self, sweep: Sweep, k: int, path: str) -> list[Score]:
        """A trial's numbers, as the sweep reads them."""
        test = self.tests[Path(path), sweep.target]
        right = 100 * float(np.mean(test.gold == test.predicted))
        sides = (("dev", sweep.dev[0], self.dev[path]), ("test", sweep.target, right))
        about = {"k": k, "heads": "pruned", "metric": "accuracy", "trial_path": path}
        return [
            Score(**sweep_values(sweep), **about, split=split, language=code, value=value)
            for split, code, value in sides
        ]

    def _fresh(self, place: tuple[str, tuple, tuple], sweep: Sweep, seed: int) -> None:
        """k = 0 and the k that this sweep chose, run again."""
        setting, mixture, targets = place
        dev = [self.dev[path] for path in sweep.trials]
        k = int(np.argmax(dev))
        where = f"{'+'.join(mixture)}/{seed}"
        if f"{where}/0" not in self.dev:
            # The targets of a training are read from the same fresh runs.
            for i, quality in enumerate(self._quality(2, len(targets))):
                # Where k = 0 was chosen nothing is trained, and the trial is the unpruned one.
                self._trial(f"{where}/{i}", quality, targets)
        if k == 0:
            self.dev[f"{where}/1"] = self.dev[f"{where}/0"]
            unpruned, chosen = Path(where, "0"), Path(where, "1")
            self.tests |= {(chosen, code): self.tests[unpruned, code] for code in targets}
        paths = [f"{where}/0", f"{where}/1"]
        fresh = (setting, mixture, (sweep.target,))
        self._sweeps(fresh, paths, seed, role="fresh", of_seed=sweep.seed, ks=(0, k))


def judged(cell: Cell, number: int) -> dict[str, list[bool]]:
    """What one study says: name of an outcome -> whether it claims a gain, for each chance to."""
    made = Made(cell, np.random.default_rng([SEED, number, *cell.name.encode()]))
    contents = Contents(
        sweeps=tuple(made.sweeps), displays=tuple(displays.plan(made.sweeps)), comparisons=()
    )
    # The predictions are here and in no file.
    drawn_gains.read = lambda path, language, **_: made.tests[Path(path).with_suffix(""), language]
    with tempfile.TemporaryDirectory() as directory:
        chosen, said = inferred(contents, made.scores, Path(directory))
    out: dict[str, list[bool]] = {}
    for line in claims.rows(contents, chosen, *said):
        setting = line.claim.removeprefix("gains-")
        if setting in SETTINGS and line.model:
            verdict = line.verdict
            plain = verdict.runs is Runs.ANY and not verdict.small
            holds = verdict.code is Code.HOLDS and plain
            out.setdefault(f"holds, {setting}", []).append(holds)
    for row in said.estimates:
        if row.level == "pair" and row.criterion in CRITERIA:
            # Where k = 0 was chosen there is no p, and nothing is claimed.
            claimed = row.p is not None and row.p < 0.05 and row.gain > 0
            mark = "*" if cell.measured else "°"
            out.setdefault(f"{mark} {CRITERIA[row.criterion]}", []).append(claimed)
    for row in said.null_baselines:
        claimed = row.p is not None and row.p < 0.05
        out.setdefault(f"noise null {CRITERIA[row.criterion]}", []).append(claimed)
    return out


def inferred(
    contents: Contents, scores: list[Score], directory: Path
) -> tuple[list[choices.Choice], Inference]:
    """The choices and statistics of a study, each through its file, as in a run."""
    sweeps = displays.with_metrics(contents.displays, contents.sweeps)
    choices.write(choices.choose(scores, sweeps), directory / "choices.csv")
    choices.write_scores(scores, directory / "scores.csv")
    chosen = choices.read(directory / "choices.csv")
    kept = choices.read_scores(directory / "scores.csv")
    said = inference.infer(contents, chosen, kept, delta=0.5, resamples=RESAMPLES)
    modules = (estimates, null_baselines, differences)
    read = []
    for name, module, rows in zip(said._fields, modules, said, strict=True):
        module.write(rows, directory / f"{name}.csv")
        read.append(module.read(directory / f"{name}.csv"))
    return chosen, Inference(*read)


def shares(cell: Cell, studies: range) -> dict[str, float]:
    """Outcome -> share of the chances, over studies."""
    every: dict[str, list[bool]] = {}
    for number in studies:
        for name, claimed in judged(cell, number).items():
            every.setdefault(name, []).extend(claimed)
    return {name: float(np.mean(claimed)) for name, claimed in every.items()}


CRITERIA = {"dev_selected": "dev", "test_oracle": "test oracle"}
OUTCOMES = (
    *(f"holds, {setting}" for setting in SETTINGS),
    *(
        f"{what} {criterion}"
        for what in ("*", "°", "noise null")
        for criterion in CRITERIA.values()
    ),
)


def shown(rows: list[dict[str, str]]) -> Iterator[str]:
    """The cells as a table in Markdown: percent on noise / with the planted effect."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        name, effect = row["cell"].rsplit(", effect ", 1)
        found.setdefault(name, {})[effect] = row
    yield "| " + " | ".join(["design", "run noise", "pruned runs", "K", *OUTCOMES]) + " |"
    yield "| --- | --- | --- | ---:" + " | ---:" * len(OUTCOMES) + " |"
    for name, effects in found.items():
        design, noise, runs, k_max = name.split(", ")
        cells = []
        for outcome in OUTCOMES:
            values = [row[outcome] for row in effects.values()]
            cells.append(" / ".join(f"{100 * float(v):.1f}" for v in values if v) or "–")
        yield "| " + " | ".join([design, noise, runs, k_max.removeprefix("K = "), *cells]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--cells", default="", help="only cells whose name contains this")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("verdicts.csv"))
    parser.add_argument("--show", type=Path, help="show the table of an earlier --out")
    given = parser.parse_args()
    if not given.show:
        wanted = [cell for cell in cells() if given.cells in cell.name]
        with (
            ProcessPoolExecutor(given.jobs) as pool,
            Path(given.out).open("w", encoding="utf-8", newline="") as file,
        ):
            table = csv.DictWriter(file, ("cell", "studies", *OUTCOMES))
            table.writeheader()
            found = [pool.submit(shares, cell, range(given.studies)) for cell in wanted]
            for cell, future in zip(wanted, found, strict=True):
                table.writerow({"cell": cell.name, "studies": given.studies, **future.result()})
                file.flush()
                print(cell.name, file=sys.stderr, flush=True)
    with Path(given.show or given.out).open(encoding="utf-8", newline="") as file:
        print(*shown(list(csv.DictReader(file))), sep="\n")


if __name__ == "__main__":
    main()
