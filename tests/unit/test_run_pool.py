"""The noise of runs by hand: every exchange of a few runs, Student's t of the drawn ones."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import records
from scipy import stats

from polyheads.analysis import run_pool

ROW = {"experiment": "ner", "corpus": "panx", "recipe": "small", "model": "tiny"}
ROW |= {"metric": "f1_strict"}


def score_rows(path, dev, test, *, seed=1, k=0, role="main", heads="pruned", target="de"):
    """The scores of one run."""
    row = {**ROW, "target": target, "seed": seed, "role": role, "trial_path": path}
    sides = (("dev", "en", "pruned", dev), ("test", target, heads, test))
    return [
        records.score(k, value, **row, split=split, language=code, heads=on)
        for split, code, on, value in sides
    ]


def choice(dev, test, **changed):
    """The choice of a sweep by its dev and test scores, k = 0 first."""
    gains = (test[int(np.argmax(dev))] - test[0], max(test[1:]) - test[0])
    return records.choice(*((1, gain) for gain in gains), **ROW | {"seed": 1} | changed)


def study(sweeps, further, **changed):
    """(choices, scores) of seeds' sweeps [(dev, test of each k)] and of unpruned runs (dev, test).

    The sweeps' own unpruned runs are among those of the noise, too, as in a study.
    """
    choices, scores = [], []
    for seed, (dev, test) in enumerate(sweeps, start=1):
        choices.append(choice(dev, test, seed=seed, **changed))
        for k, values in enumerate(zip(dev, test, strict=True)):
            heads = choices[-1].heads if k else "pruned"
            scores += score_rows(f"{seed} {k}", *values, seed=seed, k=k, heads=heads)
        scores += score_rows(f"{seed} 0", dev[0], test[0], seed=seed, role="noise")
    for run, values in enumerate(further):
        scores += score_rows(f"further {run}", *values, seed=100 + run, role="noise")
    return choices, scores


def against(choices, scores, criterion, draws=20_000):
    return run_pool.against_runs(run_pool.Runs.of(scores), choices, criterion, draws=draws)


SWEEP = ([70.0, 72.0], [50.0, 53.0])
FURTHER = [(71.0, 48.0), (69.0, 51.5), (73.0, 47.0)]


def exchanges(sweeps, further, criterion):
    """The gain of every order of all runs: (orders,) summed over the seeds; as they are first."""
    runs = [run for sides in sweeps for run in zip(*sides, strict=True)] + further
    sizes = [len(dev) for dev, _ in sweeps]
    out = []
    for order in permutations(runs):
        rest, unpruned, chosen = list(order), [], []
        for size in sizes:
            sweep, rest = rest[:size], rest[size:]
            unpruned.append(sweep[0][1])
            best = max(test for _, test in sweep[1:])
            chosen.append(
                max(sweep, key=lambda r: r[0])[1] if criterion == "dev_selected" else best
            )
        mean = np.mean(unpruned + [test for _, test in rest])
        out.append(sum(chosen) - len(sizes) * mean)
    return np.array(out)


@pytest.mark.parametrize("criterion", ["dev_selected", "test_oracle"])
@pytest.mark.parametrize("seeds", [1, 2])
def test_an_exchange_is_one_of_all_orders_of_the_runs(seeds, criterion):
    sweeps = [SWEEP, ([68.0, 66.5, 68.5], [49.5, 55.0, 46.0])][:seeds]
    null = against(*study(sweeps, FURTHER), criterion)
    every = exchanges(sweeps, FURTHER, criterion)
    assert null.gain == pytest.approx(every[0])
    assert null.further == seeds + len(FURTHER) - 1
    values, count = np.unique(every.round(9), return_counts=True)
    drawn, often = np.unique(null.exchanged.round(9), return_counts=True)
    assert set(drawn) <= set(values)
    share = count / count.sum()
    found = dict(zip(drawn, often / len(null.exchanged), strict=True))
    error = 5 * np.sqrt(share * (1 - share) / len(null.exchanged))
    assert (np.abs([found.get(v, 0) for v in values] - share) <= error + 1e-12).all()


def test_the_larger_p_of_both_null_hypotheses_counts():
    low, high = np.full(999, -1.0), np.full(999, 2.0)
    nulls = [run_pool.Null(1.0, 0.0, a, b, 5) for a, b in ((low, high), (high, low), (low, low))]
    assert [run_pool.p_value([null]) for null in nulls] == pytest.approx([1, 1, 1 / 1000])
    # Of several trainings the sum counts, draw by draw: 2 against -1 + 2.
    assert run_pool.p_value(nulls[:1] + nulls[1:2]) == pytest.approx(1 / 1000)
    few = run_pool.Null(1.0, 0.0, low, low, 4)
    assert run_pool.p_value([few]) is None
    assert run_pool.p_value([nulls[0], few]) is None


def test_the_roles_are_exchanged_where_the_normal_draws_say_nothing():
    """The best of 10 pruned runs among 16: as many exchanges find it."""
    dev, test = [70.0] * 11, [50.0, 60.0, *([50.0] * 9)]
    dev[1] = 71.0
    null = against(*study([(dev, test)], [(70.0, 50.0)] * 5), "test_oracle")
    # Among the 10 of k >= 1 in 10 orders of 16; else among unpruned ones, and nothing is gained.
    assert run_pool.p_value([null]) == pytest.approx(10 / 16, abs=0.02)
    assert not null.normal.any()  # the unpruned runs are all alike


def test_the_mean_over_the_dev_languages_chooses_and_ties_go_to_k_0():
    dev, test = [70.0, 70.0, 69.0], [50.0, 58.0, 59.0]
    choices, scores = study([(dev, test)], FURTHER)
    mean = np.mean([50.0, *(t for _, t in FURTHER)])
    assert against(choices, scores, "dev_selected").gain == pytest.approx(50 - mean)
    # A second dev language turns it: k = 2 has the best mean.
    more = [
        replace(row, language="zh", value={0: 70.0, 1: 60.0, 2: 90.0}[row.k])
        for row in scores
        if row.split == "dev"
    ]
    (one,) = choices
    both = [replace(one, dev="en+zh", dev_selected=records.selected(1, 9.0))]
    null = against(both, scores + more, "dev_selected")
    assert null.gain == pytest.approx(59 - mean)
    assert null.shift == pytest.approx(9 - (59 - mean))


def test_runs_without_all_scores_take_no_part():
    choices, scores = study([SWEEP], FURTHER)
    more = score_rows("short", 80.0, 80.0, seed=300, role="noise")
    whole = against(choices, scores, "dev_selected")
    for lacking in more:  # one without dev, one without test
        found = against(choices, [*scores, lacking], "dev_selected")
        assert (found.gain, found.further) == (whole.gain, 3)
        assert (found.exchanged == whole.exchanged).all()
    assert against(choices, scores + more, "dev_selected").further == 4
    # Runs of another training, metric or role are no noise of this one.
    for key, value in (("mixture", "zh"), ("metric", "accuracy"), ("role", "fresh")):
        other = [replace(row, **{key: value}) for row in more]
        assert against(choices, scores + other, "dev_selected").further == 3


def test_with_fewer_than_two_further_runs_nothing_is_said():
    for count in range(4):
        null = against(*study([SWEEP], FURTHER[:count]), "test_oracle", draws=5)
        assert (null.further if null else None) == (count if count > 1 else None)
    # Two sweeps' own unpruned runs alone are no further ones.
    assert against(*study([SWEEP] * 3, []), "test_oracle", draws=5) is None
    assert against(*study([SWEEP] * 2, FURTHER[:1]), "test_oracle", draws=5).further == 2


def test_unpruned_runs_have_the_same_scores_with_all_heads():
    """Choices that read test with all heads: of a pruned run these, of an unpruned one the same."""
    pruned, whole = (
        against(*study([SWEEP], FURTHER, heads=heads), "dev_selected")
        for heads in ("pruned", "all")
    )
    assert (pruned.gain, pruned.further) == (whole.gain, whole.further)
    assert (pruned.exchanged == whole.exchanged).all()
    choices, scores = study([SWEEP], FURTHER, heads="all")
    scores += score_rows("1 1", 72.0, 99.0, k=1)  # with pruned heads, which nobody asks for
    assert against(choices, scores, "dev_selected").gain == pytest.approx(whole.gain)


def test_masked_trials_are_no_trainings_of_their_own():
    assert run_pool.trained(choice(*SWEEP))
    assert not run_pool.trained(choice(*SWEEP, protocol="mask"))


RUNS = np.array([[70.0, 50.0], [72.0, 51.5], [71.0, 49.0], [69.5, 52.0], [73.0, 50.5]])


@pytest.mark.parametrize("weights", [(1, 0), (0, 1), (1, 1), (2, -1)])
def test_drawn_scores_are_students_t_with_the_spread_of_the_runs(weights):
    """Of one column as of any combination of columns."""
    draws, weights = 40_000, np.array(weights, float)
    parts, columns = run_pool._drawn(RUNS, draws, 3, np.random.default_rng(1))
    assert parts.shape[:2] == (draws, 3)
    made = parts @ columns @ weights
    spread = (RUNS @ weights).std(ddof=1)
    shares = np.array([0.05, 0.25, 0.5, 0.9, 0.975])
    expected = stats.t.ppf(shares, len(RUNS) - 1) * spread
    error = np.sqrt(shares * (1 - shares) / draws)
    error /= stats.t.pdf(expected / spread, len(RUNS) - 1) / spread
    for run in made.T:
        assert (np.abs(np.quantile(run, shares) - expected) < 5 * error).all()
    # Runs of a draw share its unknown spread: their quotient is Cauchy's, as of normal numbers.
    far = np.mean(np.abs(made[:, 0] / made[:, 1]) > stats.cauchy.ppf(0.95))
    assert far == pytest.approx(0.1, abs=5 * (0.1 * 0.9 / draws) ** 0.5)
    assert stats.spearmanr(made[:, 0], made[:, 1]).statistic == pytest.approx(0, abs=0.03)


def test_drawn_runs_of_fewer_dimensions():
    twice = RUNS[:, [0, 0, 0]]
    parts, columns = run_pool._drawn(twice, 50, 2, np.random.default_rng(1))
    assert columns.shape == (1, 3)
    made = parts @ columns
    assert made[..., 0] == pytest.approx(made[..., 2]) and made.std() > 0.1
    parts, columns = run_pool._drawn(np.full((4, 2), 70.1), 50, 3, np.random.default_rng(1))
    assert (parts @ columns).shape == (50, 3, 2) and not (parts @ columns).any()
    # A small spread beside a large one is one.
    _, columns = run_pool._drawn(RUNS * [1, 1e-3], 5, 2, np.random.default_rng(1))
    assert columns.shape == (2, 2)
    # More columns than runs.
    wide = np.random.default_rng(2).normal(size=(4, 7))
    parts, columns = run_pool._drawn(wide, 5, 2, np.random.default_rng(1))
    assert (parts @ columns).shape == (5, 2, 7) and columns.shape == (3, 7)
