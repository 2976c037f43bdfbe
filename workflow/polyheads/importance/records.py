"""The content of the files of scores and rankings."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from polyheads.origins import OfTraining


class ScoresFile(TypedDict):
    """Raw scores of the heads of one fine-tuned model, and what they were made on."""

    kind: str
    model: str
    corpus: str
    recipe: str
    task: str
    language: str
    seed: int
    split: str
    sentences: int
    batch_size: int
    made_of: OfTraining
    raw: list[list[float]]  # (layers, heads), the least important lowest


class OfRanking(TypedDict):
    """What a ranking was made of."""

    code: str
    normalisation: str | None
    scores: list[OfTraining]


class ScoredOn(TypedDict):
    """What the scores behind a ranking were made on; a random ranking has none."""

    task: NotRequired[str]
    language: str | None  # `de+ar` where several are put together
    split: str | None
    sentences: int
    normalisation: str | None


class RankingAbout(ScoredOn):
    """Which ranking it is."""

    ranking: str
    kind: str
    reversed: bool
    model: str
    corpus: str
    recipe: str
    seed: int
    made_of: OfRanking


class RankingFile(RankingAbout):
    """The content of ranking.json. Orders: [layer, head] each, counted from 0, lowest first."""

    order: list[list[int]]
    order_unnormalised: list[list[int]]
