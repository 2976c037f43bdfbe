"""Rank correlation against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from polyheads.analysis.ranks import rho, spearman, spearman_of_orders
from polyheads.importance.orders import random_order

POINTS = st.tuples(st.integers(0, 4), st.integers(0, 4))


@given(st.lists(POINTS, min_size=3, max_size=9))
def test_equals_scipys(points):
    a, b = zip(*points, strict=True)
    if len(set(a)) < 2 or len(set(b)) < 2:
        assert spearman(a, b) is None
    else:
        assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)


def test_too_few_points():
    assert spearman([1, 2], [2, 1]) is None
    assert spearman([1, 1, 2], [4, 5, 6]) == pytest.approx(3**0.5 / 2)


def test_many_at_once():
    random = np.random.default_rng(1)
    values, others = random.integers(0, 4, 7), random.integers(0, 4, (50, 7))
    others[3] = 2  # a constant side
    many = rho(values, others)
    assert np.isnan(many[3]) and np.isnan(many).sum() == 1
    assert rho(values, others[:3]).tolist() == [spearman(values, other) for other in others[:3]]
    order = random.permutation(7)
    assert rho(values[order], others[:3, order]).tolist() == many[:3].tolist()  # to the last bit


def test_orders_of_heads():
    one, other = (random_order(3, 4, seed) for seed in (1, 2))
    places = [[order.index([i, j]) for i, j in np.ndindex(3, 4)] for order in (one, other)]
    expected = stats.spearmanr(*places).statistic
    assert spearman_of_orders(one, other) == pytest.approx(expected, abs=1e-12)
    assert spearman_of_orders(one, one) == 1
    assert spearman_of_orders(one, one[::-1]) == -1
    assert spearman_of_orders(one[:2], one[1::-1]) == -1
    assert spearman_of_orders(one[:1], one[:1]) == 0
