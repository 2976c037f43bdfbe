"""Orders of all heads, lowest first: from scores or drawn, and the files that hold them.

A trial prunes the k lowest heads of an order. How rankings are named is in `study.rankings`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from polyheads.errors import UserError
from polyheads.files import writing
from polyheads.importance.records import RankingFile

Heads = Sequence[Sequence[int]]  # [layer, head] each, counted from 0


def normalise(raw: np.ndarray, how: str = "l2") -> np.ndarray:
    """Scores comparable across layers, in [0, 1].

    Each layer is divided by its norm (``l2``, or ``sum`` of absolute values; ``none`` leaves the
    layers as they are), then all heads are scaled by the smallest and the largest value. An
    all-zero layer stays 0; where all heads are equal, all become 0. The lowest head's 0 does not
    mean that the head has no effect. NaN, a head that the model lacks, counts for nothing and
    stays NaN.
    """
    raw = np.asarray(raw, dtype=np.float64)
    if how == "l2":
        norm = np.sqrt(np.nansum(raw**2, axis=1, keepdims=True))
    elif how == "sum":
        norm = np.nansum(np.abs(raw), axis=1, keepdims=True)
    else:
        norm = np.ones((len(raw), 1))
    scaled = np.divide(raw, norm, out=np.where(np.isnan(raw), raw, 0.0), where=norm > 0)
    low, high = np.nanmin(scaled), np.nanmax(scaled)
    found: np.ndarray = (scaled - low) / (high - low) if high > low else scaled - low
    return found


def without(scores: Sequence[Sequence[float]], missing: Sequence[Sequence[int]]) -> np.ndarray:
    """(layers, heads) scores with NaN for the heads, [layer, head], that the model lacks."""
    found = np.array(scores, dtype=np.float64)
    for layer, head in missing:
        found[layer, head] = np.nan
    return found


def order(scores: np.ndarray) -> list[list[int]]:
    """All [layer, head], lowest score first; ties by (layer, head); without those of NaN."""
    flat = np.argsort(scores, axis=None, kind="stable")[: np.sum(~np.isnan(scores))]
    return [[int(i) // scores.shape[1], int(i) % scores.shape[1]] for i in flat]


def together(scores: Sequence[np.ndarray], method: str) -> np.ndarray:
    """One (layers, heads) score from those of several languages; the lowest are pruned first.

    ``merged``: the mean position of a head in the orders (Borda). ``summed``: the sum of the
    scores. The paper (5.2) names both (MD, SD) and defines neither further.
    """
    if method == "summed":
        total: np.ndarray = np.sum(scores, axis=0)
        return total
    places = [np.argsort(np.argsort(s, axis=None, kind="stable")).reshape(s.shape) for s in scores]
    return np.where(np.isnan(scores[0]), np.nan, np.mean(places, axis=0))


def random_order(layers: int, heads: int, seed: int) -> list[list[int]]:
    """All [layer, head] in an order drawn from ``seed``."""
    flat = np.random.default_rng(seed).permutation(layers * heads)
    return [[int(i) // heads, int(i) % heads] for i in flat]


def write(path: Path, content: RankingFile) -> None:
    """Write ``ranking.json``."""
    with writing(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def write_scores(
    path: Path, *, raw: np.ndarray, normalised: np.ndarray, order: Heads, order_raw: Heads
) -> None:
    """Write ``scores.csv``: layer, head, raw, normalised, rank (0 lowest), rank_unnormalised."""
    rank = {tuple(h): i for i, h in enumerate(order)}
    rank_raw = {tuple(h): i for i, h in enumerate(order_raw)}
    with writing(path) as temporary, temporary.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["layer", "head", "raw", "normalised", "rank", "rank_unnormalised"])
        for at in np.ndindex(raw.shape):
            if at not in rank:  # a head that the model lacks
                continue
            layer, head = at
            scores = (repr(float(of[at])) for of in (raw, normalised))
            out.writerow([layer, head, *scores, rank[at], rank_raw[at]])


def read(path: Path) -> RankingFile:
    """``ranking.json``."""
    content: RankingFile = json.loads(Path(path).read_text())
    return content


def check(order: Heads, k: int) -> None:
    """UserError when a ranking has fewer than k heads."""
    if k > len(order):
        raise UserError(f"configuration, experiments: k = {k} is more than the {len(order)} heads")
