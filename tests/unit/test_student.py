"""Student's t against scipy."""

import numpy as np
import pytest
from scipy import stats

from polyheads.analysis import student


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 10, 31, 200])
@pytest.mark.parametrize("level", [50, 95, 99.9])
def test_quantile(freedom, level):
    expected = stats.t.ppf(0.5 + level / 200, freedom)
    assert student.quantile(freedom, level) == pytest.approx(expected, rel=1e-9)


def test_interval():
    values = [1.5, -0.25, 2.0, 0.75]
    expected = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert student.interval(values) == pytest.approx(expected)
    assert student.interval([1.0, 1.0, 1.0]) == (1.0, 1.0)
    assert student.interval([1.0, 2.0]) is None


@pytest.mark.parametrize("size", [3, 4, 5, 12])
def test_p_value(size):
    random = np.random.default_rng(size)
    for shift in (0.0, 0.5, 3.0, -8.0):
        values = list(random.normal(shift, 1, size))
        expected = stats.ttest_1samp(values, 0).pvalue
        assert student.p_value(values) == pytest.approx(expected, rel=1e-6, abs=1e-12)
        low, high = student.interval(values)
        assert (student.p_value(values) < 0.05) == (not low <= 0 <= high)
    assert student.p_value([0.0, 0.0, 0.0]) == 1 and student.p_value([2.0, 2.0, 2.0]) == 0
    assert student.p_value([1.0, 2.0]) is None
