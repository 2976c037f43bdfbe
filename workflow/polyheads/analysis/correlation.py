"""Rank correlation of something of language pairs with how far the languages are apart.

Pairs that share a language aren't independent, so p of a usual rank correlation is too small. As
in Mantel (1967), the languages change places instead: a pair keeps its number and takes the
distance of two other languages. A language that is in every pair keeps its place: with one source
the targets change places, as in the usual test of a rank correlation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations as all_orders
from math import factorial
from typing import Any

import numpy as np

from polyheads.analysis.ranks import rho
from polyheads.analysis.resampling import CELLS, RESAMPLES, generator, p_value
from polyheads.errors import UserError


def permuted_languages(
    pairs: Sequence[tuple[str, str]],
    values: Sequence[float],
    distances: Mapping[tuple[str, str], float],
    *,
    permutations: int = RESAMPLES,
) -> dict[str, Any]:
    """Spearman's rho of `values` and distances over pairs, two-sided p by permuted languages.

    distances: of all pairs of the languages that occur, in either order. A pair may stand there
    several times (of several models); its copies move together. Returns rho, p, n (pairs),
    languages (their number) and exact; rho and p are None for under three pairs or a constant
    side. All orders of the languages are tried where they are no more than `permutations` (then p
    is exact), random ones otherwise. UserError for a pair of languages without a distance.
    """
    codes = sorted({code for pair in pairs for code in pair})
    moving = [i for i, code in enumerate(codes) if not all(code in pair for pair in pairs)]
    exact = factorial(len(moving)) <= permutations
    out = {"rho": None, "p": None, "n": len(pairs), "languages": len(codes), "exact": exact}
    matrix = _matrix(codes, distances)
    if len(pairs) < 3:
        return out
    ends = np.array([[codes.index(code) for code in pair] for pair in pairs])  # (pairs, 2)
    observed = rho(np.array(values, float), matrix[ends[:, 0], ends[:, 1]][None])[0]
    if np.isnan(observed):
        return out
    if exact:
        moved = np.array(list(all_orders(moving)))[1:]  # the first changes nothing
    else:
        random = generator(" ".join(codes))
        moved = random.permuted(np.tile(moving, (permutations, 1)), axis=1)
    orders = np.tile(np.arange(len(codes)), (len(moved), 1))
    orders[:, moving] = moved
    size = max(1, CELLS // len(pairs) ** 2)
    found = []
    for begin in range(0, len(orders), size):
        there = orders[begin : begin + size][:, ends]  # (orders, pairs, 2)
        found.append(rho(np.array(values, float), matrix[there[..., 0], there[..., 1]]))
    null = np.nan_to_num(np.concatenate(found))  # a constant side correlates with nothing
    return out | {"rho": float(observed), "p": p_value(observed, null, two_sided=True)}


def _matrix(codes: Sequence[str], distances: Mapping[tuple[str, str], float]) -> np.ndarray:
    """(languages, languages) distances; 0 on the diagonal unless it is given."""
    table = np.zeros((len(codes), len(codes)))
    for i, a in enumerate(codes):
        for j, b in enumerate(codes):
            value = distances.get((a, b), distances.get((b, a), 0.0 if a == b else None))
            if value is None or np.isnan(value):
                raise UserError(f"no distance between the languages {a} and {b}")
            table[i, j] = value
    return table
