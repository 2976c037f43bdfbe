"""CV*: how near own scores are to the published ones, and how the report says it."""

from math import pi, sqrt

import pytest

from polyheads.analysis import reproduction
from polyheads.analysis.reproduction import Reproduction
from polyheads.report import notes


def test_cv_star_by_hand():
    # 60 and 62: s = sqrt(2), c4 of two = sqrt(2 / pi), so s / c4 = sqrt(pi); mean 61.
    expected = (1 + 1 / 8) * 100 * sqrt(pi) / 61
    assert expected == pytest.approx(3.2689, abs=1e-4)
    assert reproduction.cv_star([60.0, 62.0]) == pytest.approx(expected)
    # 1, 2, 3: s = 1, c4 of three = sqrt(pi) / 2 (0.8862), mean 2.
    expected = (1 + 1 / 12) * 100 * (2 / sqrt(pi)) / 2
    assert reproduction.cv_star([1.0, 2.0, 3.0]) == pytest.approx(expected)
    assert reproduction.cv_star([50.0, 50.0]) == 0
    assert reproduction.cv_star([50.0]) is reproduction.cv_star([0.0, 0.0]) is None
    assert reproduction.of_both(None, 60.0) is reproduction.of_both(60.0, None) is None


def test_a_table_has_the_median_of_its_published_scores():
    assert reproduction.of_table([3.0, None, 1.0, 2.5]) == Reproduction(median=2.5, scores=3)
    assert reproduction.of_table([None, None]) == Reproduction() == reproduction.of_table([])


def test_the_report_says_how_near_scores_are():
    known = Reproduction(median=1.25, scores=4)
    (note,) = notes.reproduction_notes(known)
    assert "a median of 1.25 over 4 scores, unpruned and pruned" in note
    (sentence,) = notes.reproduction_sentences([("One", Reproduction()), ("Other (%)", known)])
    assert "median of each table: Other (%): 1.25 over 4 scores." in sentence
    assert notes.reproduction_notes(Reproduction()) == []
    assert notes.reproduction_sentences([("One", Reproduction())]) == []
