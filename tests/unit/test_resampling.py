"""Resampling against scipy, slow computations, and simulated noise."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from polyheads.statistics import resampling
from polyheads.statistics.counts import SCORES

F1 = SCORES["f1_strict"]
ACCURACY = SCORES["accuracy"]


def spans(random, sentences, systems, *, right=0.6):
    """(sentences, systems, 3) counts of entities; gold is the same for all systems."""
    gold = random.integers(0, 4, sentences)
    made = []
    for _ in range(systems):
        hits = random.binomial(gold, right)
        made.append(np.stack([hits, hits + random.binomial(2, 0.3, sentences), gold], axis=1))
    return np.stack(made, axis=1)


def words(random, sentences, systems, *, right=0.7):
    """(sentences, systems, 2) correct words and words; some sentences are harder for all."""
    length = random.integers(1, 20, sentences)
    hard = random.uniform(right - 0.2, right + 0.2, sentences)
    columns = [np.stack([random.binomial(length, hard), length], axis=1) for _ in range(systems)]
    return np.stack(columns, axis=1)


def of(counts, score):
    return score(counts.sum(0).astype(float))


@pytest.mark.parametrize("made", [spans, words])
def test_intervals_agree_with_scipys(made):
    score = F1 if made is spans else ACCURACY
    counts = made(np.random.default_rng(1), 120, 2)
    draws = resampling.gains(resampling.bootstrap(counts, score, key="x"))
    mine = resampling.interval(draws)

    def statistic(*columns, axis):
        sums = np.stack([np.sum(column, axis=axis) for column in columns], axis=-1)
        return resampling.gains(score(sums.reshape(*sums.shape[:-1], 2, -1)))

    flat = counts.reshape(len(counts), -1).astype(float).T
    theirs = stats.bootstrap(
        tuple(flat),
        statistic,
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=10_000,
        rng=np.random.default_rng(2),
    )
    # Error of a quantile q of N draws: sqrt(q (1 - q) / N) / density, here of a normal; of the
    # difference of two such, and four of these errors wide.
    spread = draws.std()
    density = stats.norm.pdf(stats.norm.ppf(0.025)) / spread
    error = 4 * math.sqrt(2) * math.sqrt(0.025 * 0.975 / 10_000) / density
    assert error < spread / 4
    assert mine == pytest.approx(tuple(theirs.confidence_interval), abs=error)
    assert spread == pytest.approx(theirs.standard_error, rel=0.05)


def test_bootstrap_means_are_those_of_the_sample():
    counts = words(np.random.default_rng(3), 300, 3)
    scores = resampling.bootstrap(counts, ACCURACY, key="x")
    assert scores.shape == (10_000, 3)
    assert scores.mean(0) == pytest.approx(of(counts, ACCURACY), abs=0.1)


def test_exchange_equals_all_exchanges():
    """p of a small sample against all 2 ** n ways to exchange two systems."""
    counts = spans(np.random.default_rng(4), 9, 2)
    observed = resampling.gains(of(counts, F1))
    every = []
    for swapped in itertools.product((False, True), repeat=9):
        turned = counts.copy()
        turned[list(swapped)] = turned[list(swapped), ::-1]
        every.append(abs(resampling.gains(of(turned, F1))))
    exact = np.mean(np.array(every) >= abs(observed) - 1e-9)
    null = resampling.gains(resampling.randomised([counts], F1, key="x"))
    p = resampling.p_value(observed, null, two_sided=True)
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 10_000))


def test_a_turn_keeps_what_the_systems_have_together():
    random = np.random.default_rng(5)
    seeds = [words(random, 50, 4), words(random, 50, 3)]
    total = lambda sums: sums[..., 0]  # noqa: E731
    scores = resampling.randomised(seeds, total, key="x", resamples=200)
    assert scores.shape == (200, 7)
    for side, got in zip(seeds, np.split(scores, [4], axis=1), strict=True):
        assert (got.sum(1) == side[..., 0].sum()).all()
        assert got.mean(0) == pytest.approx(np.full(got.shape[1], got.mean()), rel=0.02)


def test_same_numbers_for_any_block_and_any_float(monkeypatch):
    counts = spans(np.random.default_rng(6), 60, 4)
    found = []
    for cells in (2**22, 60 * 7):
        monkeypatch.setattr(resampling, "CELLS", cells)
        options = {"key": "x", "resamples": 100}
        found.append(resampling.bootstrap(counts, F1, **options))
        found.append(resampling.randomised([counts], F1, **options))
    assert (found[0] == found[2]).all() and (found[1] == found[3]).all()
    large = counts * 2**22  # sums no longer fit the small floats; F1 is the same
    assert (resampling.bootstrap(large, F1, **options) == found[0]).all()
    assert (resampling.bootstrap(counts, F1, **(options | {"key": "y"})) != found[0]).any()


def claims(repetitions, test):
    """Share of repetitions in which the test claims something, and its upper tolerance."""
    random = np.random.default_rng(7)
    share = np.mean([test(random) for _ in range(repetitions)])
    return share, 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions)


def noise_p(random, systems, *, seeds=1):
    """p of a gain where all systems are of one kind; the best of several where there are some."""
    made = [spans(random, 40, systems) for _ in range(seeds)]
    two_sided = systems == 2
    whole = [of(side, F1) for side in made]
    observed = np.mean([resampling.gains(side) for side in whole])
    key = str(random.integers(2**32))
    null = resampling.randomised(made, F1, key=key, resamples=400)
    null = resampling.gains(null.reshape(400, seeds, systems)).mean(1)
    p = resampling.p_value(observed, null, two_sided=two_sided)
    of_seeds = resampling.p_of_seeds(whole, two_sided=two_sided, resamples=400)
    return max(p, of_seeds or 0)


@pytest.mark.parametrize("systems", [2, 6])
def test_noise_alone_is_seldom_claimed(systems):
    share, limit = claims(1000, lambda random: noise_p(random, systems) < 0.05)
    assert 0.01 < share <= limit  # the test isn't mute, either


def both_p(random, systems):
    """p of both readings of one sweep of noise: of the system that dev chose, and of the best."""
    made = spans(random, 40, systems)
    key, found = str(random.integers(2**32)), []
    for counts in (made[:, [0, random.integers(1, systems)]], made):
        null = resampling.randomised([counts], F1, key=key, resamples=400)
        observed = resampling.gains(of(counts, F1))
        two_sided = counts.shape[1] == 2
        found.append(resampling.p_value(observed, resampling.gains(null), two_sided=two_sided))
    return found


@pytest.mark.parametrize("systems", [2, 5])
def test_a_table_of_noise_seldom_has_a_claim_by_either_reading(systems):
    """The family of p is the table: whoever looks at both readings is wrong in 5 % at most."""
    alone, both = [], []

    def test(random):
        readings = list(zip(*(both_p(random, systems) for _ in range(5)), strict=True))
        alone.append(min(min(resampling.holm(p)) for p in readings) < 0.05)
        both.append(min(resampling.holm([*readings[0], *readings[1]])) < 0.05)
        return both[-1]

    share, limit = claims(400, test)
    assert share <= limit
    assert sum(alone) > sum(both)  # families of one reading each claim more than one test may


def test_noise_of_several_seeds_is_seldom_claimed():
    share, limit = claims(300, lambda random: noise_p(random, 2, seeds=7) < 0.05)
    assert share <= limit


def test_training_noise_is_claimed_only_where_it_was_not_measured():
    """Models that differ by more than their sentences: the p of sentences alone is too small."""
    random, alone, both = np.random.default_rng(8), [], []
    length = random.integers(1, 20, 60)
    for _ in range(200):
        made = []
        for _ in range(7):
            right = np.clip(random.normal(0.6, 0.08, 2), 0, 1)
            found = [random.binomial(length, r) for r in right]
            made.append(np.stack([np.stack([hits, length], axis=1) for hits in found], axis=1))
        whole = [of(side, ACCURACY) for side in made]
        null = resampling.randomised(made, ACCURACY, key="x", resamples=200)
        null = resampling.gains(null.reshape(200, 7, 2)).mean(1)
        observed = np.mean([resampling.gains(side) for side in whole])
        alone.append(resampling.p_value(observed, null, two_sided=True))
        both.append(max(alone[-1], resampling.p_of_seeds(whole, two_sided=True)))
    assert np.mean(np.array(alone) < 0.05) > 0.15
    assert np.mean(np.array(both) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def test_a_real_difference_is_found():
    random = np.random.default_rng(9)
    better = spans(random, 200, 1, right=0.8)
    counts = np.concatenate([spans(random, 200, 1, right=0.5), better], axis=1)
    counts[:, 0, 2] = counts[:, 1, 2]
    null = resampling.gains(resampling.randomised([counts], F1, key="x"))
    observed = resampling.gains(of(counts, F1))
    assert resampling.p_value(observed, null, two_sided=True) < 0.001
    low, _ = resampling.interval(resampling.gains(resampling.bootstrap(counts, F1, key="x")))
    assert low > 0


def test_best_on_test_gains_from_noise_and_its_interval_shows_it():
    random, middles, single, p = np.random.default_rng(10), [], [], []
    for repetition in range(60):
        counts = spans(random, 60, 9)
        scores = resampling.bootstrap(counts, F1, key=str(repetition), resamples=400)
        middles.append(np.mean(resampling.interval(resampling.gains(scores))))
        single.append(np.mean(resampling.interval(resampling.gains(scores[:, :2]))))
        null = resampling.randomised([counts], F1, key=str(repetition), resamples=400)
        observed = resampling.gains(of(counts, F1))
        p.append(resampling.p_value(observed, resampling.gains(null), two_sided=False))
    error = np.std(middles) / math.sqrt(len(middles))
    assert np.mean(middles) > 5 * error  # a gain on average, where there is none
    assert abs(np.mean(single)) < 3 * np.std(single) / math.sqrt(len(single))
    assert np.mean(np.array(p) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 60)


def slow_holm(values):
    """Adjusted p: the smallest level at which Holm's procedure rejects, found step by step."""
    out = []
    for p in values:
        steps = sorted(values)
        place = steps.index(p)
        out.append(max(min(1.0, (len(steps) - i) * steps[i]) for i in range(place + 1)))
    return out


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=9))
def test_holm_equals_a_slow_one(values):
    adjusted = resampling.holm(values)
    assert [a is None for a in adjusted] == [v is None for v in values]
    there = [v for v in values if v is not None]
    assert [a for a in adjusted if a is not None] == pytest.approx(slow_holm(there))


def test_holm_of_a_known_family():
    assert resampling.holm([0.01, 0.04, None, 0.03, 0.005]) == pytest.approx(
        [0.03, 0.06, None, 0.06, 0.02], nan_ok=True
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=6))
def test_p_of_seeds_equals_all_exchanges_of_trainings(pairs):
    scores = [np.array(pair, float) for pair in pairs]
    observed = abs(np.mean([b - a for a, b in pairs]))
    signs = itertools.product((1, -1), repeat=len(pairs))
    every = [
        abs(np.mean([s * (b - a) for s, (a, b) in zip(sign, pairs, strict=True)])) for sign in signs
    ]
    exact = np.mean(np.array(every) >= observed - 1e-9)
    assert resampling.p_of_seeds(scores, two_sided=True) == pytest.approx(exact)
    assert resampling.p_of_seeds(scores, two_sided=True, resamples=1) >= 0.5  # random ones


def test_seeds_are_drawn_in_pairs():
    assert resampling.p_of_seeds([np.array([1.0, 2.0])], two_sided=True) is None
    draws = [np.full(10_000, 1.0), np.full(10_000, 3.0)]
    assert (resampling.over_seeds(draws[:1]) == 1).all()
    mean = resampling.over_seeds(draws)
    assert set(mean) == {1, 2, 3}
    assert np.mean(mean == 2) == pytest.approx(0.5, abs=0.03)
    assert (resampling.over_seeds(draws) == mean).all()
