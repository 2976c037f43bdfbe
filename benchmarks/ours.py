"""What users run: trainings, trials, sweeps and scores, as the workflow's scripts call them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from polyheads.importance import scores
from polyheads.study.records import Point
from polyheads.training import together
from polyheads.training.trials import Trials

Heads = list[list[int]]
POINT: Point = {
    "model": "model",
    "corpus": "corpus",
    "recipe": "recipe",
    "mixture": ["en"],
    "protocol": None,
    "ranking": None,
    "k": 0,
}


def random_order(runner: Trials) -> Heads:
    """All [layer, head] in an order that is random and always the same."""
    layers, heads = runner.shape
    drawn = np.random.default_rng(42).permutation(layers * heads)
    return [[int(i) // heads, int(i) % heads] for i in drawn]


@contextmanager
def _somewhere() -> Iterator[Path]:
    """A directory for a while, without the lines of progress of what runs meanwhile."""
    with TemporaryDirectory() as directory, redirect_stdout(io.StringIO()):
        yield Path(directory)


def fit(runner: Trials, pruned: Heads) -> None:
    """Load the encoder and fine-tune it (`baseline.py`, and the training of a trial)."""
    with _somewhere() as place:
        runner.fit(pruned=pruned, checkpoint_path=place / "checkpoint.safetensors", name="ours")


def trial(runner: Trials, pruned: Heads) -> None:
    """Load, fine-tune, predict dev and test, write the files (`trials.py`, one k)."""
    with _somewhere() as place:
        runner.run(place / "trial", trial=POINT, pruned=pruned, stage=place / "stage")


def sweep(runner: Trials, lowest: Heads, ks: Iterable[int]) -> None:
    """The trials of all ``ks`` of an order of heads (`trials.py`)."""
    with _somewhere() as place:
        members = [
            together.Trial(
                path=place / f"trial-{k}",
                stage=place / f"stage-{k}",
                point={**POINT, "k": k},
                pruned=lowest[:k],
            )
            for k in ks
        ]
        together.run(runner, members, at_once="auto")


def masking(runner: Trials, lowest: Heads, ks: Sequence[int]) -> Callable[[], object]:
    """Predict dev and test without the k lowest heads, for each k (`mask.py`)."""
    model = runner.fresh_model()
    return partial(runner.evaluate_each, model, [lowest[:k] for k in ks])


def scoring(runner: Trials, scorer: str = "gradient") -> Callable[[], None]:
    """Score every head on the dev set (`score_heads.py`). scorer: a module of `importance`."""
    model = runner.fresh_model()

    def run() -> None:
        with redirect_stdout(io.StringIO()):
            scores.score(
                f"polyheads.importance.{scorer}",
                model,
                runner.setup.encodings["en"],
                recipe=runner.setup.recipe,
                layout=runner.layout,
                shape=runner.shape,
                device=runner.device,
                seed=runner.setup.seed,
            )

    return run
