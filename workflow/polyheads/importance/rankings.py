"""From scores, or from a seed, to a ranking: an order of all heads and the files that hold it.

What a ranking's name says (study.rankings) comes as plain arguments: a method that is new changes
no code here, so that no other ranking is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyheads.importance import orders
from polyheads.importance.records import RankingAbout, RankingFile

Head = list[int]  # layer, head, both counted from 0


@dataclass(frozen=True)
class Ranking:
    """An order of all heads that the model has, and the scores behind it."""

    order: list[Head]  # lowest first
    order_unnormalised: list[Head]  # the same of scores that are not divided by layer
    raw: np.ndarray  # (layers, heads); NaN for heads that the model lacks, and where it is drawn
    normalised: np.ndarray  # the same


def rank(
    *,
    language: str | None,
    seed: int | None,
    reversed: bool,
    method: str | None,
    model: Mapping[str, Any],
    scores: Sequence[Mapping[str, Any]],
    normalisation: str | None,
) -> tuple[Ranking, dict[str, Any]]:
    """The ranking that these parts of a name stand for, and what it says of its scores.

    language to method: see study.rankings.Name. model: the content of model.json; scores: of the
    score files, one for each language. normalisation: see orders.normalise. A drawn order, which
    has a seed, has neither. What is said of the scores: language, split, sentences, normalisation,
    and the task, which a drawn order has none of.
    """
    missing = model.get("missing_heads", [])
    if seed is not None:
        ranking = draw(seed, (model["layers"], model["heads"]), missing)
        about: dict[str, Any] = {
            "language": None,
            "split": None,
            "sentences": 0,
            "normalisation": None,
        }
    else:
        raw = [orders.without(part["raw"], missing) for part in scores]
        ranking = of_scores(raw, normalisation or "none", method)
        about = {
            "task": scores[0]["task"],
            "language": language,
            "split": scores[0]["split"],
            "sentences": sum(part["sentences"] for part in scores),
            "normalisation": normalisation,
        }
    return (backwards(ranking) if reversed else ranking), about


def draw(seed: int, shape: tuple[int, int], missing: Sequence[Head]) -> Ranking:
    """An order drawn from ``seed``; shape: (layers, heads). It has no scores."""
    drawn = orders.random_order(*shape, seed)
    order = [head for head in drawn if head not in missing]
    nothing = np.full(shape, np.nan)
    return Ranking(order, order, nothing, nothing)


def of_scores(raw: Sequence[np.ndarray], normalisation: str, method: str | None) -> Ranking:
    """The order of raw scores, (layers, heads), of one language, or of several put together.

    method: how several are put together (orders.together); None for one.
    """
    normalised = [orders.normalise(part, normalisation) for part in raw]
    if method is None:
        (all_raw,), (all_normalised,) = raw, normalised
    else:
        all_raw = orders.together(raw, method)
        all_normalised = orders.normalise(orders.together(normalised, method), "none")
    return Ranking(orders.order(all_normalised), orders.order(all_raw), all_raw, all_normalised)


def backwards(ranking: Ranking) -> Ranking:
    """The same from its other end; scores stay as they are."""
    return Ranking(
        ranking.order[::-1], ranking.order_unnormalised[::-1], ranking.raw, ranking.normalised
    )


def write(path: Path, scores_path: Path, ranking: Ranking, about: RankingAbout) -> None:
    """Write ``ranking.json``, which begins with ``about``, and ``scores.csv``."""
    content: RankingFile = {
        **about,
        "order": ranking.order,
        "order_unnormalised": ranking.order_unnormalised,
    }
    orders.write(path, content)
    orders.write_scores(
        scores_path,
        raw=ranking.raw,
        normalised=ranking.normalised,
        order=ranking.order,
        order_raw=ranking.order_unnormalised,
    )
