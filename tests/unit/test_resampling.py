"""Resampling against scipy, slow computations, and simulated noise."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from polyheads.analysis import resampling
from polyheads.analysis.counts import SCORES

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
    null = resampling.exchanged([counts], F1, key="x")
    p = resampling.p_value(observed, null, two_sided=True)
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 10_000))


def test_an_exchange_keeps_what_the_systems_have_together_and_is_the_same_for_all_seeds():
    random = np.random.default_rng(5)
    one = words(random, 50, 2)
    found = []

    def total(sums):
        found.append(sums)
        return sums[..., 0]

    gains = resampling.exchanged([one, one[:, ::-1]], total, key="x", resamples=200)
    assert gains.shape == (200,)
    assert (gains == 0).all()  # what one seed gains the other loses, draw by draw
    for sums in found:
        assert (sums[..., 0].sum(1) == one[..., 0].sum()).all()
        assert sums[..., 0].mean(0) == pytest.approx(np.full(2, one[..., 0].sum() / 2), rel=0.02)


def test_same_numbers_for_any_block_and_any_float(monkeypatch):
    counts = spans(np.random.default_rng(6), 60, 4)
    found = []
    for cells in (2**22, 60 * 7):
        monkeypatch.setattr(resampling, "CELLS", cells)
        options = {"key": "x", "resamples": 100}
        found.append(resampling.bootstrap(counts, F1, **options))
        found.append(resampling.exchanged([counts[:, :2]], F1, **options))
    assert (found[0] == found[2]).all() and (found[1] == found[3]).all()
    large = counts * 2**22  # sums no longer fit the small floats; F1 is the same
    assert (resampling.bootstrap(large, F1, **options) == found[0]).all()
    assert (resampling.bootstrap(counts, F1, **(options | {"key": "y"})) != found[0]).any()


def claims(repetitions, test):
    """Share of repetitions in which the test claims something, and its upper tolerance."""
    random = np.random.default_rng(7)
    share = np.mean([test(random) for _ in range(repetitions)])
    return share, 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions)


def noise_p(random, systems, *, alike=0.0):
    """p over sentences of one sweep of equally good systems: of the second one, or of the best.

    alike: share of a sentence's words in which the pruned systems do as one of them does.
    """
    counts = spans(random, 40, systems)
    same = random.random(len(counts)) < alike
    counts[same, 1:] = counts[same, 1:2]
    whole, key = of(counts, F1), str(random.integers(2**32))
    if systems == 2:
        null = resampling.exchanged([counts], F1, key=key, resamples=400)
        return resampling.p_value(resampling.gains(whole), null, two_sided=True)
    draws = resampling.bootstrap(counts, F1, key=key, resamples=400)
    return resampling.p_of_best([whole], [draws])


@pytest.mark.parametrize(("systems", "alike"), [(2, 0), (6, 0), (13, 0), (13, 0.8)])
def test_sentences_alone_are_seldom_called_a_gain(systems, alike):
    share, limit = claims(1000, lambda random: noise_p(random, systems, alike=alike) < 0.05)
    assert 0.01 < share <= limit  # the test isn't mute, either


def both_p(random, systems):
    """p of both criteria of one sweep of noise: of the system that dev chose, and of the best."""
    made = spans(random, 40, systems)
    key, pair = str(random.integers(2**32)), made[:, [0, random.integers(1, systems)]]
    null = resampling.exchanged([pair], F1, key=key, resamples=400)
    draws = resampling.bootstrap(made, F1, key=key, resamples=400)
    return [
        resampling.p_value(resampling.gains(of(pair, F1)), null, two_sided=True),
        resampling.p_of_best([of(made, F1)], [draws]),
    ]


@pytest.mark.parametrize("systems", [2, 5])
def test_a_table_of_noise_seldom_has_a_claim_by_either_reading(systems):
    """The family of p is the table: whoever looks at both criteria is wrong in 5 % at most."""
    alone, both = [], []

    def test(random):
        criteria = list(zip(*(both_p(random, systems) for _ in range(5)), strict=True))
        alone.append(min(min(resampling.holm(p)) for p in criteria) < 0.05)
        both.append(min(resampling.holm([*criteria[0], *criteria[1]])) < 0.05)
        return both[-1]

    share, limit = claims(400, test)
    assert share <= limit
    assert sum(alone) > sum(both)  # families of one criterion each claim more than one test may


def runs(random, *, seeds, k_max, alike, heavy, effect=0.0):
    """For each seed dev and test scores of k_max + 1 runs, the unpruned one first."""
    noise = (lambda n: random.standard_t(3, n)) if heavy else random.standard_normal
    dev, test = [], []
    for _ in range(seeds):
        quality = noise(k_max + 1)
        quality[1:] = math.sqrt(alike) * noise(1) + math.sqrt(1 - alike) * quality[1:] + effect
        dev.append(quality + 0.5 * random.standard_normal(k_max + 1))
        test.append(quality + 0.5 * random.standard_normal(k_max + 1))
    return dev, test


def p_of_runs(random, *, best=False, **design):
    return resampling.p_of_seeds(*runs(random, **design), best=best, resamples=400)


@pytest.mark.parametrize("best", [False, True])
@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("alike", [0.0, 0.9])
@pytest.mark.parametrize(("seeds", "k_max"), [(3, 12), (5, 4), (8, 12)])
def test_the_luckiest_of_many_runs_is_seldom_called_a_gain(seeds, k_max, alike, heavy, best):
    design = {"seeds": seeds, "k_max": k_max, "alike": alike, "heavy": heavy, "best": best}
    share, limit = claims(400, lambda random: p_of_runs(random, **design) < 0.05)
    assert share <= limit


@pytest.mark.parametrize("best", [False, True])
def test_a_gain_of_pruning_is_found_with_several_seeds(best):
    design = {
        "seeds": 8,
        "k_max": 4,
        "alike": 0.5,
        "heavy": False,
        "effect": 2.0,
        "best": best,
    }
    share, _ = claims(50, lambda random: p_of_runs(random, **design) < 0.05)
    assert share > 0.8


def test_a_real_difference_is_found():
    random = np.random.default_rng(9)
    better = spans(random, 200, 1, right=0.8)
    counts = np.concatenate([spans(random, 200, 1, right=0.5), better], axis=1)
    counts[:, 0, 2] = counts[:, 1, 2]
    null = resampling.exchanged([counts], F1, key="x")
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
        p.append(resampling.p_of_best([of(counts, F1)], [scores]))
    error = np.std(middles) / math.sqrt(len(middles))
    assert np.mean(middles) > 5 * error  # a gain on average, where there is none
    assert abs(np.mean(single)) < 3 * np.std(single) / math.sqrt(len(single))
    assert np.mean(np.array(p) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 60)


def test_p_of_the_best_by_hand():
    """The maximum is taken anew in every draw, of what the draws are away from the test set."""
    whole = [np.array([60.0, 61.0, 63.0]), np.array([50.0, 51.0, 49.0])]
    away = [
        np.array([[0, 0, 0], [0, 5, 0], [1, 0, 0], [-2, 0, 1], [0, 2, 0]]),
        np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 2, 2], [0, 0, 2]]),
    ]
    draws = [side + moved for side, moved in zip(whole, away, strict=True)]
    # Gained 3 and 1; in the draws 0 + 0, 5 + 0, -1 + 0, 3 + 1 (as far as observed), 2 + 2.
    assert resampling.p_of_best(whole, draws) == pytest.approx((1 + 3) / (1 + 5))
    assert resampling.p_of_best(whole[:1], draws[:1]) == pytest.approx((1 + 2) / (1 + 5))


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


def slow_p_of_seeds(dev, test, *, best):
    """Both null hypotheses as they are worded, every combination spelled out."""

    def gain(dev, test, unpruned, others):
        if best:
            return max(test[i] for i in others) - test[unpruned]
        order = [unpruned, *others]  # of equal ones the unpruned one, then the smaller k
        return test[max(order, key=lambda i: dev[i])] - test[unpruned]

    found = []
    for way in ("relabelled", "mirrored"):
        choices = []
        for d, t in zip(dev, test, strict=True):
            ks = range(len(d))
            if way == "relabelled":
                chosen = max(ks, key=lambda i: (d[i], -i))
                every = [
                    max(t[i] for i in ks if i != j) - t[j] if best else t[chosen] - t[j] for j in ks
                ]
            else:
                sides = [(d, t), ([-x for x in d], [-x for x in t])]
                every = [gain(*side, 0, [i for i in ks if i]) for side in sides]
            choices.append(every)
        observed = np.mean([every[0] for every in choices])
        means = [np.mean(ways) for ways in itertools.product(*choices)]
        found.append(np.mean(np.array(means) >= observed - 1e-9))
    return max(found)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(2, 4).flatmap(
        lambda systems: st.lists(
            st.tuples(*[st.lists(st.integers(0, 9), min_size=systems, max_size=systems)] * 2),
            min_size=2,
            max_size=3,
        )
    ),
    st.booleans(),
)
def test_p_of_seeds_equals_a_slow_one(seeds, best):
    dev, test = ([np.array(side, float) for side in sides] for sides in zip(*seeds, strict=True))
    exact = slow_p_of_seeds(dev, test, best=best)
    assert resampling.p_of_seeds(dev, test, best=best) == pytest.approx(exact)


def test_p_of_seeds_of_many_combinations_is_drawn():
    dev, test = runs(np.random.default_rng(3), seeds=3, k_max=6, alike=0, heavy=False)
    exact = resampling.p_of_seeds(dev, test, best=False)
    drawn = resampling.p_of_seeds(dev, test, best=False, resamples=300)
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 300))
    # As many as there are draws are still spelt out: 3 of 9 relabelled (1 of 4 mirrored) ways
    # gain as much as observed, 3 + 1, where 9 draws could say tenths only.
    dev, test = [np.array([0.0, 2, 1])] * 2, [np.array([0.0, 3, 1]), np.array([1.0, 2, 0])]
    assert resampling.p_of_seeds(dev, test, best=False, resamples=9) == pytest.approx(3 / 9)


def test_one_seed_has_no_p_of_seeds():
    assert resampling.p_of_seeds([np.arange(3.0)], [np.arange(3.0)], best=False) is None


def test_draws_over_seeds_are_those_of_students_t():
    sentences = np.random.default_rng(11).normal(0, 1e-9, (4, 200_000))
    observed = [1.0, 2.0, 4.0, 5.0]
    draws = list(sentences + np.array(observed)[:, None])
    assert (resampling.over_seeds(observed[:1], draws[:1]) == draws[0]).all()
    mean = resampling.over_seeds(observed, draws, resamples=200_000)
    low, high = stats.t.interval(0.95, 3, loc=3, scale=stats.sem(observed))
    assert resampling.interval(mean) == pytest.approx((low, high), abs=0.05)


def test_the_mean_of_draws_over_seeds_is_a_draw_of_the_mean():
    random = np.random.default_rng(12)
    draws = random.normal(size=(2, 3, 500))
    observed = random.normal(size=(2, 3))
    alone = [
        resampling.over_seeds(o, d, resamples=500) for o, d in zip(observed, draws, strict=True)
    ]
    together = resampling.over_seeds(observed.mean(0), draws.mean(0), resamples=500)
    assert np.mean(alone, axis=0) == pytest.approx(together)
