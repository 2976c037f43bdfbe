"""What draws of a number say: its interval, p, and shares beside the smallest gain worth having."""

import numpy as np
import pytest

from polyheads.analysis import draws, resampling, student
from polyheads.analysis.draws import Bounds


def test_p_of_draws_is_that_of_their_interval():
    random = np.random.default_rng(5)
    for shift in np.linspace(0, 4, 41):
        found = random.normal(shift, 1, 2000)
        p, (low, _) = draws.p_interval(found), resampling.interval(found)
        assert (low > 0) == (p < 0.05) or abs(p - 0.05) < 0.002
        assert p == draws.p_interval(-found)
    assert draws.p_interval(np.full(999, 1.0)) == pytest.approx(2 / 1000)
    assert draws.p_interval(np.zeros(999)) == 1
    # One draw of 99 is not above 0: 2 (1 + 1) / 100.
    assert draws.p_interval(np.array([-1.0] + [1.0] * 98)) == pytest.approx(0.04)


def test_shares_of_draws_beside_delta():
    made = draws.bounds(np.array([-2.0, -0.5, 0.0, 0.5, 0.6, 3.0, 4.0, 5.0]), 0.5)
    assert (made.above, made.within, made.below) == pytest.approx((4 / 8, 3 / 8, 1 / 8))
    assert made.delta == 0.5
    plain = draws.bounds(np.array([1.0, 2.0]), None)
    assert plain.ends == (plain.low, plain.high, plain.p_interval)
    assert plain.above is plain.within is plain.below is plain.delta is None


def test_the_wider_interval_has_both_noises():
    values = [1.0, 2.0, 3.0, 4.0]
    seeds = draws.of_seeds(values)
    low, high = student.interval(values)
    assert seeds.ends == pytest.approx((low, high, student.p_value(values)))
    drawn = Bounds(low=2.0, high=9.0, p_interval=0.3, above=0.9, within=0.1, below=0.0, delta=0.5)
    wide = draws.wider(seeds, drawn)
    assert wide.ends == pytest.approx((low, 9.0, 0.3))
    assert (wide.above, wide.delta) == (0.9, 0.5)
    # Nothing is said without either noise.
    assert draws.wider(seeds, None) == draws.wider(seeds, Bounds()) == Bounds()
    assert draws.of_seeds([1.0, 2.0]) == draws.wider(Bounds(), drawn) == Bounds()
