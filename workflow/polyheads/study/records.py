"""What training and the study know of each other: recipes, encoders made here, trial files.

Each is a plain dict, as YAML and JSON have it. resources/schemas/config.schema.yaml describes every
key of a recipe and of a scratch encoder.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from polyheads.origins import OfTraining


class Recipe(TypedDict):
    """Options of a training. Those that a rule's numbers don't depend on are left out for it."""

    name: NotRequired[str]
    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float
    weight_decay: float
    clip: float
    order: str
    mixing: str
    max_length: int | None
    leave_out_repeated: bool
    subset: str
    train_sentences: int | None
    dev_sentences: NotRequired[int | None]
    test_sentences: NotRequired[int | None]
    ranking_split: NotRequired[str]
    ranking_sentences: NotRequired[int | None]
    ranking_batch_size: NotRequired[int | None]
    normalisation: NotRequired[str]
    precision: str


# `class` is no name in Python.
Scratch = TypedDict(
    "Scratch",
    {
        "class": str,
        "corpora": list[str],
        "languages": list[str],
        "vocabulary": int,
        "layers": int,
        "heads": int,
        "hidden": int,
        "intermediate": int,
        "positions": int,
        "sentences": int | None,
        "steps": int,
        "batch_size": int,
        "learning_rate": float,
        "warmup": float,
        "mask_probability": float,
        "seed": int,
    },
)
"""A small encoder that is pre-trained here."""


class Choice(TypedDict):
    """How the k of a trial with a fresh seed was chosen."""

    ks: list[int]
    dev: list[str]
    metric: str
    of_seed: int


class Point(TypedDict):
    """Where a trial lies in the space of trials."""

    model: str
    corpus: str
    recipe: str
    mixture: list[str]
    protocol: str | None  # None where k is 0
    ranking: str | None
    k: int
    chosen: NotRequired[Choice]


class WholePoint(Point):
    """The same as a trial's file has it."""

    task: str
    seed: int


class Fit(TypedDict):
    """How a training went; losses are means over the first and the last tenth of the steps."""

    sentences: int
    words: int
    cut_texts: NotRequired[int]  # texts to classify that were too long
    steps: int
    epochs: int
    loss_first: float
    loss_last: float


class TrainingRecord(Fit):
    """The same as a trial's file has it."""

    device: str
    trained_with: NotRequired[int]  # trials that trained in the same pass, itself among them
    place: NotRequired[int]  # its place among them, from 0


class Score(TypedDict):
    """The metrics of one test or development set, in percent."""

    language: str
    split: str
    heads: str  # pruned | all: those that were on
    sentences: int
    words: int
    cut_texts: NotRequired[int]  # texts to classify that were too long
    metrics: dict[str, float]


class TrialFile(TypedDict):
    """The JSON file of a trial."""

    trial: WholePoint
    recipe: Recipe
    heads_total: int
    pruned_heads: list[list[int]]  # [layer, head], lowest first
    training: TrainingRecord | None  # None where nothing was trained (protocol mask)
    versions: dict[str, str]
    metrics_code: NotRequired[str]  # digest of the code behind the scores; see trial_files
    made_of: OfTraining
    scores: list[Score]
