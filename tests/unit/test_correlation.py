"""Rank correlation over pairs of languages, with permuted languages."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from polyheads.analysis.correlation import permuted_languages
from polyheads.errors import UserError


def apart(random, codes):
    return {pair: random.random() for pair in itertools.combinations(codes, 2)}


def test_equals_all_orders_of_the_languages():
    random, codes = np.random.default_rng(1), "abcde"
    distances = apart(random, codes)
    pairs = [(a, b) for a in "ab" for b in codes if a != b]
    values = random.random(len(pairs)).round(1)  # with ties

    def rho(order):
        moved = dict(zip(codes, order, strict=True))
        there = [distances[tuple(sorted((moved[a], moved[b])))] for a, b in pairs]
        return stats.spearmanr(values, there).statistic

    observed = rho(codes)
    every = np.array([rho(order) for order in itertools.permutations(codes)])
    found = permuted_languages(pairs, values, distances)
    assert found["rho"] == pytest.approx(observed)
    assert found["p"] == pytest.approx(np.mean(np.abs(every) >= abs(observed) - 1e-9))
    assert (found["n"], found["languages"]) == (8, 5)
    some = permuted_languages(pairs, values, distances, permutations=100)
    assert some["p"] == pytest.approx(found["p"], abs=0.2)
    assert permuted_languages(pairs, values, distances, permutations=100) == some


def test_of_one_source_the_targets_change_places():
    """Then it is the usual permutation test of Spearman's rho, all orders tried."""
    random, codes = np.random.default_rng(4), "abcdef"
    distances = apart(random, codes)
    pairs = [("c", code) for code in codes if code != "c"]
    values = random.random(len(pairs))
    there = [distances[tuple(sorted(pair))] for pair in pairs]
    observed = stats.spearmanr(values, there).statistic
    every = [stats.spearmanr(values, order).statistic for order in itertools.permutations(there)]
    found = permuted_languages(pairs, values, distances)
    assert found["rho"] == pytest.approx(observed) and found["exact"]
    assert found["p"] == pytest.approx(np.mean(np.abs(every) >= abs(observed) - 1e-9))
    assert not permuted_languages(pairs, values, distances, permutations=119)["exact"]
    # Were the source moved too, more orders would be needed, and with ties p would be another.
    assert permuted_languages(pairs, values, distances, permutations=120) == found
    tied = {pair: round(distance) for pair, distance in distances.items()}
    there = [tied[tuple(sorted(pair))] for pair in pairs]
    every = [stats.spearmanr(values, order).statistic for order in itertools.permutations(there)]
    observed = stats.spearmanr(values, there).statistic
    assert 0 < np.mean(there) < 1 and permuted_languages(pairs, values, tied)["p"] == pytest.approx(
        np.mean(np.abs(every) >= abs(observed) - 1e-9)
    )


def test_what_follows_the_distance_is_found():
    random, codes = np.random.default_rng(2), "abcdefgh"
    distances = apart(random, codes)
    pairs = list(itertools.permutations(codes, 2))
    values = [-distances[tuple(sorted(pair))] + random.normal(0, 0.05) for pair in pairs]
    found = permuted_languages(pairs, values, distances, permutations=999)
    assert found["rho"] < -0.9 and found["p"] == pytest.approx(0.001)


def test_shared_languages_are_no_evidence():
    """Numbers and distances that hang on languages, not on pairs: a usual p is far too small."""
    random, codes = np.random.default_rng(3), "abcdefg"
    pairs = [(a, b) for a in "abc" for b in codes if a != b]
    usual, mine = [], []
    for _ in range(200):
        far, good = (dict(zip(codes, random.normal(size=7), strict=True)) for _ in range(2))
        distances = {(a, b): far[a] + far[b] for a, b in itertools.combinations(codes, 2)}
        values = [good[a] + good[b] for a, b in pairs]
        there = [far[a] + far[b] for a, b in pairs]
        usual.append(stats.spearmanr(values, there).pvalue < 0.05)
        found = permuted_languages(pairs, values, distances, permutations=300)
        mine.append(found["p"] < 0.05)
    assert np.mean(usual) > 0.15
    assert np.mean(mine) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def test_three_pairs_are_enough():
    distances = {("a", "b"): 1.0, ("c", "a"): 2.0, ("b", "c"): 3.0, ("a", "a"): 0.5}
    pairs = [("b", "a"), ("a", "c"), ("b", "c")]
    assert permuted_languages(pairs, [5, 6, 7], distances)["rho"] == pytest.approx(1)
    # a language with itself: 0, or as given
    assert permuted_languages([*pairs, ("a", "a"), ("b", "b")], [5, 6, 7, 4, 3], distances)[
        "rho"
    ] == pytest.approx(1)


def test_nothing_to_correlate():
    distances = {("a", "b"): 1.0, ("a", "c"): 1.0, ("b", "c"): 1.0}
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    for these, values in ((pairs, [1, 2, 3]), (pairs[:2], [1, 2]), ([], [])):
        found = permuted_languages(these, values, distances)
        assert (found["rho"], found["p"], found["n"]) == (None, None, len(these))
    with pytest.raises(UserError, match="no distance between the languages a and c"):
        permuted_languages(pairs, [1, 2, 3], {("a", "b"): 1.0, ("b", "c"): 1.0})
    with pytest.raises(UserError, match="no distance between the languages a and c"):
        permuted_languages(pairs, [1, 2, 3], distances | {("a", "c"): float("nan")})
