"""Partial rank correlations of languages in families, on truths that were planted."""

import numpy as np
import pytest
from scipy import stats

from polyheads.analysis import clustered
from polyheads.analysis.clustered import Clustered

SIZES = (40, 20, 12, 10, 8, 6, 4, 3, 2, 2, 1, 1, 1)
FAMILIES = [f"family {i}" for i, size in enumerate(SIZES) for _ in range(size)]
OF = np.repeat(np.arange(len(SIZES)), SIZES)
DRAWS = 499


def numbers(seed):
    random = np.random.default_rng(seed)

    def drawn(of_families=0.0):
        """Noise of languages, and of families beside it."""
        return of_families * random.normal(size=len(SIZES))[OF] + random.normal(size=len(OF))

    return drawn


def partial(outcome, control, predictor, families=FAMILIES, **changed):
    changed = {"key": "test", "resamples": DRAWS} | changed
    return Clustered(outcome, control, families, **changed).partial(predictor)


def test_over_all_is_the_partial_correlation_of_ranks():
    drawn = numbers(1)
    control, predictor = drawn(), drawn()
    outcome = control + predictor + drawn()
    sides = [stats.rankdata(side) for side in (outcome, predictor, control)]
    one, other = (side - np.polyval(np.polyfit(sides[2], side, 1), sides[2]) for side in sides[:2])
    found = partial(outcome, control, predictor)
    assert found.rho == pytest.approx(stats.pearsonr(one, other).statistic)
    plain = Clustered(outcome, None, FAMILIES, key="test", resamples=DRAWS)
    assert plain.over_all(predictor) == pytest.approx(stats.spearmanr(outcome, predictor).statistic)


def test_weights_are_as_many_languages():
    drawn = numbers(2)
    sides = [np.round(drawn()) for _ in range(3)]  # with ties
    weights = np.random.default_rng(3).integers(0, 4, len(OF))
    repeated = [np.repeat(side, weights) for side in sides]
    found = clustered._partial(sides, weights[None])[0]
    assert found == pytest.approx(clustered._partial(repeated, np.ones((1, weights.sum())))[0])


def test_what_goes_with_distance_given_the_score_is_found_within_and_between():
    drawn = numbers(4)
    distance = drawn(2.0)
    score = drawn(2.0) - distance
    found = partial(3 * distance + score + drawn(), score, distance)
    assert found.p_within == 1 / (1 + DRAWS) and found.p_between < 0.05
    assert found.within > 0.5 and found.between > 0.5
    assert 0 < found.low < found.rho < found.high and not found.one_family


def test_what_goes_through_the_score_only_is_not_found():
    shares = []
    for seed in range(60):
        drawn = numbers(seed)
        distance = drawn(1.0)
        score = drawn() - 2 * distance
        found = partial(score + drawn(), score, distance, key=f"{seed}", resamples=99)
        shares.append((found.p_within < 0.05, found.p_between < 0.05))
    assert np.mean(shares) < 0.15


def test_what_follows_families_only_is_not_found():
    """Gain and distance both differ by family, and have nothing else in common."""
    shares, naive = [], []
    for seed in range(60):
        drawn = numbers(seed)
        gain, distance, score = drawn(3.0), drawn(3.0), drawn(1.0)
        found = partial(gain, score, distance, key=f"{seed}", resamples=99)
        shares.append((found.p_within < 0.05, found.p_between < 0.05))
        naive.append(stats.spearmanr(gain, distance).pvalue < 0.05)
    assert np.mean(shares, axis=0) == pytest.approx([0.05, 0.05], abs=0.1)
    assert np.mean(naive) > 0.5  # of languages as if they were independent


def test_exchanges_stay_in_families():
    orders = clustered._inside(OF, 20, np.random.default_rng(5))
    assert (np.sort(orders, axis=1) == np.arange(len(OF))).all()
    assert (OF[orders] == OF).all() and (orders != np.arange(len(OF))).any()


def test_families_out_of_order_are_the_same():
    drawn = numbers(6)
    distance, score = drawn(1.0), drawn()
    gain = distance + score + drawn()
    shuffled = np.random.default_rng(7).permutation(len(OF))
    names = [FAMILIES[i] for i in shuffled]
    one = partial(gain, score, distance)
    other = partial(gain[shuffled], score[shuffled], distance[shuffled], names)
    assert other.rho == pytest.approx(one.rho) and other.within == pytest.approx(one.within)
    assert other.between == pytest.approx(one.between)


def test_a_difference_of_one_family_has_no_test_between_families():
    drawn = numbers(8)
    distance = np.where(OF == 1, drawn() / 10, 1.0)
    found = partial(drawn(), drawn(), distance)
    assert found.one_family == "family 1"
    assert found.between is found.p_between is found.low is found.high is None
    assert found.rho is not None and found.p_within is not None


def test_languages_without_a_value_are_left_out():
    drawn = numbers(9)
    gain, score, distance = drawn(), drawn(), drawn()
    lacking = distance.copy()
    lacking[:45] = np.nan  # the whole first family, and a part of the second
    found = partial(gain, score, lacking)
    alone = partial(gain[45:], score[45:], distance[45:], FAMILIES[45:])
    assert found == alone and found.families == len(SIZES) - 1


@pytest.mark.parametrize("values", [np.ones(len(OF)), np.full(len(OF), np.nan)])
def test_what_is_constant_or_missing_says_nothing(values):
    drawn = numbers(10)
    for sides in ((drawn(), drawn(), values), (values, drawn(), drawn())):
        if np.isnan(sides[0]).any():
            continue
        found = partial(*sides)
        assert found.rho is found.within is found.p_within is found.between is None


def test_few_families_have_tests_within_them_only():
    drawn = numbers(11)
    kept = OF < 3
    names = [name for name, there in zip(FAMILIES, kept, strict=True) if there]
    found = partial(drawn()[kept], drawn()[kept], drawn()[kept], names)
    assert found.p_between is found.low is None and found.p_within is not None
    found = partial(drawn(), drawn(), drawn(), [f"{i}" for i in range(len(OF))])
    assert found.p_within is None and found.p_between is not None  # a family each
