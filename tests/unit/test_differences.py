"""Differences between gains: both sides drawn together, sentences and seeds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from test_gains import GAIN, NO_GAIN, fresh_sweep, predicted, selected

from polyheads.analysis import (
    claim_contrasts,
    control_contrasts,
    counts,
    differences,
    gains,
    groups,
    inference,
    null_baselines,
    resampling,
    student,
)
from polyheads.study import predictions
from polyheads.study.contents import Contents


def controlled(directory, *, targets=("de", "zh"), seeds=(1, 2, 3), worse=NO_GAIN, model="tiny"):
    """Sweeps of the lowest and of the highest heads that share their k = 0."""
    sweeps = []
    for target in targets:
        for seed in seeds:
            place = {"target": target, "seed": seed, "model": model}
            lowest = predicted(directory / target, GAIN, **place)
            place |= {"ranking": "reversed-gradient-en", "experiment": "controls"}
            sweeps += [lowest, predicted(directory / target, worse, **place)]
    return sweeps


def drawn(sweeps, directory, *, resamples=400, delta=None):
    """(choices, contrasts, differences) of a study of these sweeps."""
    shown, criteria, chosen, _ = selected(sweeps, directory)
    of = [
        *claim_contrasts.contrasts(groups.study(shown, sweeps, chosen)),
        *control_contrasts.contrasts(shown, sweeps, chosen),
    ]
    made = differences.rows(of, criteria, chosen, resamples=resamples, delta=delta)
    differences.write(made, directory / "differences.csv")
    return chosen, of, differences.read(directory / "differences.csv")


def gains_drawn(sweep, choice, *, resamples=400):
    """(resamples,) gains of a sweep at the k of its choice, by its files alone."""
    ks = dict(zip(sweep.ks, sweep.trials, strict=True))
    files = [Path(ks[k]).with_suffix(".parquet") for k in (0, choice.dev_selected.k)]
    tests = [predictions.read(path, language=sweep.target) for path in files]
    scores = resampling.bootstrap(
        np.stack([counts.count(test, "accuracy") for test in tests], axis=1),
        counts.SCORES["accuracy"],
        key=f"ud-2.7 {sweep.target}",
        resamples=resamples,
    )
    return scores[:, 1] - scores[:, 0]


def test_both_sides_are_drawn_together(tmp_path):
    sweeps = controlled(tmp_path)
    chosen, _, found = drawn(sweeps, tmp_path, delta=0.5)
    assert [(r.what, r.level, r.target) for r in found] == [
        *(("highest", "pair", "de"), ("highest", "pair", "zh"), ("highest", "mean", ""))
    ]
    of = {(c.target, c.seed, c.experiment): c for c in chosen}
    by_hand = {}
    for target in ("de", "zh"):
        apart, observed = [], []
        for seed in (1, 2, 3):
            sides = [s for s in sweeps if (s.target, s.seed) == (target, seed)]
            mine = [of[target, seed, s.experiment] for s in sides]
            low, high = (gains_drawn(*side) for side in zip(sides, mine, strict=True))
            apart.append(low - high)
            observed.append(mine[0].dev_selected.gain - mine[1].dev_selected.gain)
        by_hand[target] = resampling.over_seeds(observed, apart, resamples=400)
    by_hand[""] = (by_hand["de"] + by_hand["zh"]) / 2
    for row in found:
        mine = by_hand[row.target]
        assert (row.low, row.high) == pytest.approx(resampling.interval(mine), abs=1e-5)
        assert row.above == pytest.approx(np.mean(mine > 0.5))
        assert row.within == pytest.approx(np.mean(np.abs(mine) <= 0.5))
        assert (row.seeds, row.delta, row.experiment) == (3, 0.5, "pos")
        assert row.other_experiment == "controls"
    lowest, highest = (
        np.mean([c.dev_selected.gain for c in chosen if c.experiment == name])
        for name in ("pos", "controls")
    )
    assert found[-1].difference == pytest.approx(lowest - highest, abs=1e-5)


def test_each_contrast_stands_once_and_those_behind_it_too(tmp_path):
    sweeps = controlled(tmp_path, targets=("de",), seeds=(1,))
    chosen, (first, *_), _ = drawn(sweeps, tmp_path, resamples=20)
    other, empty = replace(first, what="other"), replace(first, what="empty", sweeps=())
    given = (first, first, empty, other)
    made = differences.rows(given, sweeps, chosen, resamples=20)
    assert [(r.what, r.level) for r in made] == [
        *(("highest", "pair"), ("highest", "mean"), ("other", "pair"), ("other", "mean"))
    ]


def test_sides_that_are_the_same_differ_by_nothing(tmp_path):
    """What both sides share cancels: two intervals put together would be wide."""
    low, high = sweeps = controlled(tmp_path, targets=("de",), seeds=(1,))
    for a, b in zip(low.trials, high.trials, strict=True):
        for suffix in (".json", ".parquet"):
            Path(b).with_suffix(suffix).write_bytes(Path(a).with_suffix(suffix).read_bytes())
    *_, found = drawn(sweeps, tmp_path)
    assert {(r.difference, r.low, r.high, r.p_interval) for r in found} == {(0, 0, 0, 1)}


def test_where_nothing_moved_there_is_no_interval(tmp_path):
    still = {0: 0.99, 1: 0.2, 2: 0.2, 3: 0.2}
    place = {"target": "de", "seed": 1}
    sweeps = [
        predicted(tmp_path, still, **place),
        predicted(tmp_path, still, ranking="reversed-gradient-en", **place),
    ]
    *_, found = drawn(sweeps, tmp_path, delta=0.5)
    assert {(r.difference, r.low, r.p_interval, r.within) for r in found} == {(0, *[None] * 3)}


def test_they_are_found_by_groups_pairs_and_seeds(tmp_path):
    _chosen, (contrast, *_), found = drawn(controlled(tmp_path), tmp_path)
    german, _chinese, mean = found
    sides = (contrast.one, contrast.other)
    assert mean.groups == sides
    assert differences.of_contrast(found, contrast) == mean
    of_german = [both for both in contrast.sweeps if both[0].target == "de"]
    assert differences.of_pair(found, sides, of_german) == german
    # Rows of other sweeps than the ones compared are not taken.
    assert differences.of_pair(found, sides, of_german[1:]) is None
    assert differences.of_pair(found, sides[::-1], of_german) is None
    assert differences.of_sweeps(found, sides, of_german) is None
    less = [both for both in contrast.sweeps if both[0].seed != 2]
    assert differences.of_sweeps(found, sides, less) is None
    assert differences.of_sweeps(found[:1] + found[2:], sides, contrast.sweeps) is None
    # A seed whose gain is missing on one side is in no mean of gains.
    one, other = of_german[0]
    lost = replace(other, seed=4, dev_selected=replace(other.dev_selected, gain=None))
    more = [*of_german, (replace(one, seed=4), lost)]
    assert differences.of_pair(found, sides, more) == german
    wrong = replace(mean, difference=None, low=None, problem="x.parquet: no")
    assert differences.of_contrast([wrong], contrast) == wrong


def test_fresh_seeds_of_both_sides(tmp_path):
    sweeps = controlled(tmp_path, targets=("de",), seeds=(42,), worse=GAIN)
    for seed in (1, 2, 3, 4):
        for side, sweep in enumerate(sweeps[:2]):
            right = (0.4, 0.8 - 0.2 * side + 0.01 * seed)
            again = fresh_sweep(tmp_path / "again" / str(side), 1, right, seed=seed)
            place = {"experiment": sweep.experiment, "ranking": sweep.ranking}
            sweeps.append(replace(again, **place))
    chosen, (contrast, *_), found = drawn(sweeps, tmp_path, delta=0.5)
    (row,) = [r for r in found if r.criterion == "fresh"]
    of = {(c.seed, c.experiment): c.dev_selected.gain for c in chosen}
    of_seed = [of[seed, "pos"] - of[seed, "controls"] for seed in (1, 2, 3, 4)]
    assert (row.level, row.seeds) == ("mean", 4)
    assert row.difference == pytest.approx(np.mean(of_seed), abs=1e-5)
    assert row.low < row.difference < row.high
    low, high = student.interval(of_seed)
    p = stats.ttest_1samp(of_seed, 0).pvalue
    plain = differences.with_fresh_seeds(contrast, chosen, [])
    assert plain.difference == pytest.approx(np.mean(of_seed))
    assert plain.bounds.ends == pytest.approx((low, high, p))
    made = differences.with_fresh_seeds(contrast, chosen, found)
    ends = (min(low, row.low), max(high, row.high), max(p, row.p_interval))
    assert made.bounds.ends == pytest.approx(ends, abs=1e-6)
    assert (made.bounds.within, made.bounds.delta) == (row.within, 0.5)
    # Of other differences only, there is no interval; of too few seeds neither.
    other = [replace(r, seeds=9) for r in found]
    assert differences.with_fresh_seeds(contrast, chosen, other).bounds.ends is None
    short = [c for c in chosen if c.role == "main" or c.seed < 3]
    assert differences.with_fresh_seeds(contrast, short, []).bounds.ends is None
    none = [c for c in chosen if c.role == "main"]
    assert differences.with_fresh_seeds(contrast, none, []) is None


def test_predictions_that_cannot_be_used_cost_a_contrast_its_numbers(tmp_path):
    sweeps = controlled(tmp_path, seeds=(1,))
    chosen, of, whole = drawn(sweeps, tmp_path)
    control = next(c for c in chosen if c.experiment == "controls" and c.target == "zh")
    path = Path(control.dev_selected.trial).with_suffix(".parquet")
    path.unlink()
    (row,) = differences.rows(of, sweeps, chosen, resamples=20)
    assert (row.level, row.what, row.criterion) == ("mean", "highest", "dev_selected")
    assert str(path) in row.problem
    assert row.low is row.difference is None and whole[-1].low is not None


def test_all_statistics_of_a_study_are_those_of_its_parts(tmp_path):
    """With a random ranking for the nulls, and a second metric, which has no nulls."""
    sweeps = controlled(tmp_path, targets=("de",), seeds=(1,), model="mbert")
    for number in (1, 2):
        more = {"role": "random", "ranking": f"random-{number}", "model": "mbert"}
        sweeps.append(predicted(tmp_path, NO_GAIN, target="de", seed=1, **more))
    shown, criteria, chosen, scores = selected(sweeps, tmp_path)
    contents = Contents(sweeps=tuple(sweeps), displays=tuple(shown), comparisons=())
    made = inference.infer(contents, chosen, scores, delta=0.5, resamples=40)
    options = {"resamples": 40, "delta": 0.5}
    assert made.estimates == gains.rows(shown, criteria, chosen, scores, **options)
    assert {r.metric for r in made.estimates} == {"accuracy", "f1_runs_as_published"}
    own = [c for c in chosen if c.metric == "accuracy"]
    assert made.null_baselines == null_baselines.rows(own, scores, draws=40)
    assert made.null_baselines != null_baselines.rows(chosen, scores, draws=40)
    assert {(r.null, r.n) for r in made.null_baselines} == {("random", 2)}
    nulls = [row.experiment for row in made.null_baselines]
    study = groups.study(shown, sweeps, chosen, with_nulls=nulls)
    of_claims = claim_contrasts.contrasts(study)
    of_tables = control_contrasts.contrasts(shown, sweeps, chosen)
    for of in (of_claims, of_tables):
        for row in differences.rows(of, criteria, chosen, **options):
            assert row in made.differences
    assert {r.what for r in made.differences} >= {"highest"} and of_claims and of_tables
    assert made.problems == []
    path = Path(sweeps[0].trials[1]).with_suffix(".parquet")
    path.unlink()
    (problem,) = inference.infer(contents, chosen, scores, delta=0.5, resamples=40).problems
    assert str(path) in problem
