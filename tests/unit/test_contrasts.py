"""Means of estimates, from the ends of their intervals."""

import random
from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from polyheads.analysis.contrasts import mean_of, mean_of_pairs, p_of_ends


def test_a_mean_adds_what_shares_a_test_set_and_squares_the_rest():
    parts = [("de", (1.0, 0.0, 3.0)), ("zh", (5.0, 4.0, 5.5)), ("de", (3.0, 2.5, 4.0))]
    value, low, high = mean_of(parts)
    assert value == pytest.approx(3.0)
    assert low == pytest.approx(3.0 - sqrt((1.0 + 0.5) ** 2 + 1.0**2) / 3)
    assert high == pytest.approx(3.0 + sqrt((2.0 + 1.0) ** 2 + 0.5**2) / 3)
    assert mean_of([("de", (1.0, 0.5, 2.0))]) == pytest.approx((1.0, 0.5, 2.0))


def test_what_is_of_one_test_set_does_not_cancel():
    one = (1.0, 0.4, 1.8)
    apart = mean_of([("de", one), ("zh", one)])
    assert mean_of([("de", one), ("de", one)]) == pytest.approx(one)
    assert apart[2] - apart[0] == pytest.approx(0.8 / 2**0.5)


def test_the_jackknife_of_pairs_covers_the_mean():
    """Numbers of pairs made of their members' own: the interval covers what they are made of."""
    chance, covered, rounds = random.Random(3), 0, 400
    names = [str(i) for i in range(9)]
    for _ in range(rounds):
        own = {name: chance.gauss(0.2, 1) for name in names}
        values = {(a, b): own[a] + own[b] for a, b in combinations(names, 2)}
        _, low, high, p = mean_of_pairs(values, names)
        assert (p < 0.05) == (not low <= 0 <= high)
        covered += low <= 0.4 <= high
    assert 0.92 <= covered / rounds <= 0.98


def test_a_mean_of_pairs_leaves_out_members_one_by_one():
    members = "abcde"
    numbers = np.random.default_rng(1)
    values = {pair: numbers.normal() for pair in combinations(members, 2)}
    value, low, high, _ = mean_of_pairs(values, members)
    assert value == pytest.approx(np.mean(list(values.values())))
    pseudo = [
        5 * value - 4 * np.mean([v for pair, v in values.items() if out not in pair])
        for out in members
    ]
    expected = stats.t.interval(0.95, 4, value, np.std(pseudo, ddof=1) / sqrt(5))
    assert (low, high) == pytest.approx(expected)


def test_a_mean_of_few_pairs():
    assert mean_of_pairs({("a", "b"): 0.5}, "ab") == (0.5, None, None, None)
    values = {("a", "b"): 0.1, ("a", "c"): 0.4, ("b", "c"): 0.7}
    value, low, high, p = mean_of_pairs(values, "abc")
    pseudo = [3 * 0.4 - 2 * values[pair] for pair in values]
    half = stats.t.ppf(0.975, 2) * np.std(pseudo, ddof=1) / sqrt(3)
    assert (value, low, high) == pytest.approx((0.4, 0.4 - half, 0.4 + half))
    assert p == pytest.approx(stats.ttest_1samp(pseudo, 0).pvalue)


def test_p_of_an_interval_of_a_normal_number():
    for value, error in ((1.0, 0.4), (-0.3, 0.2), (55.0, 3.0)):
        half = stats.norm.ppf(0.975) * error
        expected = 2 * stats.norm.sf(abs(value) / error)
        assert p_of_ends(value, value - half, value + half) == pytest.approx(expected)
    assert p_of_ends(55, 50, 60, 50) == pytest.approx(0.05)
    # By the side that faces what says nothing.
    assert p_of_ends(1.0, 0.5, 9.0) == pytest.approx(2 * stats.norm.sf(2 * 1.959964))
    assert p_of_ends(1.0, 1.0, 1.0) is None
