"""Scores over k by kind of ranking: means of the same pairs, and the band of random heads."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from test_ranking_costs import TEST, study

from polyheads.analysis import ranking_curves, tidy
from polyheads.analysis.ranking_curves import BAND
from polyheads.report.figures import ranking_curves as figure


def lines(rows):
    return {row.ranking: (row.test.ks, row.test.means) for row in rows}


def test_a_line_for_each_scored_kind_and_a_band_for_the_random_ones():
    choices, scores = study()
    rows = ranking_curves.rows(choices, choices, scores)
    assert [row.ranking for row in rows] == ["gradient", "reversed-gradient", BAND]
    found = lines(rows)
    assert found["gradient"] == ((0, 1, 2, 3), tuple(TEST["gradient-en"]))
    assert found["reversed-gradient"][1] == tuple(TEST["reversed-gradient-en"])
    band = rows[-1]
    assert (band.rankings, band.sweeps, band.in_percentiles) == (2, 2, False)
    both = list(zip(TEST["random-42"], TEST["random-7"], strict=True))
    assert band.test.means == pytest.approx([sum(pair) / 2 for pair in both])
    assert band.test.lows == tuple(map(min, both))
    assert band.test.highs == tuple(map(max, both))


def test_means_are_over_the_pairs_and_the_k_that_all_have():
    choices, scores = study()
    # German has 10 points more, and no k = 3 by the gradient.
    scores = [replace(s, value=s.value + 10 * (s.language == "de")) for s in scores]
    without = [
        s for s in scores if not (s.trial_path[:-5] == "gradient-en/k-3" and s.language == "de")
    ]
    found = lines(ranking_curves.rows(choices, choices, without))
    assert found["gradient"] == ((0, 1, 2), pytest.approx([65.0, 68.0, 67.0]))
    assert found["reversed-gradient"][0] == (0, 1, 2, 3)


def test_random_sweeps_of_the_null_are_in_the_band_where_they_have_all_pairs():
    choices, scores = study()
    named = [row for row in choices if not row.ranking.startswith("random-")]
    null = [
        replace(row, role="random", experiment="null")
        for row in choices
        if row.ranking.startswith("random-")
    ]
    scores = [
        replace(s, role="random", experiment="null") if s.ranking.startswith("random-") else s
        for s in scores
    ]
    band = ranking_curves.rows(named, [*named, *null], scores)[-1]
    assert (band.ranking, band.rankings) == (BAND, 2)
    part = [row for row in null if row.target == "de" or row.ranking == "random-7"]
    band = ranking_curves.rows(named, [*named, *part], scores)[-1]
    assert (band.rankings, band.test.lows) == (1, ())
    assert band.test.means == tuple(TEST["random-7"])
    other = [replace(row, metric="macro_f1") for row in null]
    rows = ranking_curves.rows(named, [*named, *other], scores)
    assert BAND not in lines(rows)


def test_rows_are_kept_in_files_and_drawn(tmp_path):
    choices, scores = study()
    rows = ranking_curves.rows(choices, choices, scores)
    columns = tidy.columns_of(ranking_curves.RankingCurve)
    tidy.write(rows, tmp_path / "rows.csv", columns=columns)
    assert tidy.read(ranking_curves.RankingCurve, tmp_path / "rows.csv") == rows
    figure.draw(rows, tmp_path / "all.svg")
    figure.draw(rows[:2], tmp_path / "kinds.svg")
    figure.draw([], tmp_path / "none.svg")
    sizes = [len((tmp_path / f"{n}.svg").read_bytes()) for n in ("all", "kinds", "none")]
    assert sizes[0] > sizes[1] > sizes[2]
    ElementTree.parse(tmp_path / "none.svg")


def test_sweeps_of_one_random_ranking_with_other_k_are_one_line():
    choices, scores = study()
    # The null tried k = 0, 1; another experiment k = 0, 3.
    named = [row for row in choices if not row.ranking.startswith("random-")]
    null, theirs = [], []
    for experiment, ks in (("null", (0, 1)), ("breaking", (0, 3))):
        about = {"role": "random", "experiment": experiment}
        null += [replace(r, **about) for r in choices if r.ranking.startswith("random-")]
        theirs += [
            replace(s, **about) for s in scores if s.ranking.startswith("random-") and s.k in ks
        ]
    band = ranking_curves.rows(named, [*named, *null], [*scores, *theirs])[-1]
    assert (band.test.ks, band.rankings) == ((0, 1, 3), 2)
    both = list(zip(TEST["random-42"], TEST["random-7"], strict=True))
    assert band.test.means == pytest.approx([sum(both[k]) / 2 for k in (0, 1, 3)])
