"""Differences between gains: both sides drawn together, sentences and seeds; draws and their p."""

from dataclasses import replace
from pathlib import Path

import made_up
import numpy as np
import pytest
from polyheads.exhibits import (
    claim_contrasts,
    claim_study,
    claims,
    contents,
    control_sweeps,
    controls,
    read_published,
)
from polyheads.exhibits.results import Results
from scipy import stats
from test_gains import GAIN, NO_GAIN, fresh_sweep, run

from polyheads import exhibits
from polyheads.analysis import (
    contrasts,
    differences,
    draws,
    gains,
    null_baselines,
    resampling,
    rows,
    selection,
    student,
    whole,
)

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
HIGHEST = "The highest heads pruned give less than the lowest"


def controlled(directory, *, targets=("de", "zh"), seeds=(1, 2, 3), worse=NO_GAIN, model="tiny"):
    """Sweeps of the lowest and of the highest heads that share their k = 0.

    Nothing is published of the model.
    """
    made = []
    for target in targets:
        for seed in seeds:
            place = {"target": target, "seed": seed, "model": model}
            lowest = made_up.predicted_sweep(directory / target, GAIN, **place)
            place |= {"ranking": "reversed-gradient-en", "experiment": "controls"}
            made += [lowest, made_up.predicted_sweep(directory / target, worse, **place)]
    return made


def drawn(sweeps, directory, *, resamples=400, delta=None, kept=None):
    """(plan, choices, contrasts, rows of differences) of a study of these sweeps."""
    plan, choices, found = run(sweeps, directory, resamples=resamples, plan=contents.plan)
    results = Results(choices, [], [], LANGUAGES, [], found)
    of = claim_contrasts.contrasts(claim_study.study(plan, sweeps, results))
    of += control_sweeps.contrasts(plan, sweeps, choices)
    made = differences.rows(of, sweeps, choices, resamples=resamples, delta=delta)
    path = directory / "differences.csv"
    rows.write(made, path, differences.COLUMNS)
    return plan, choices, of, rows.read(path)


def gains_drawn(made, choice, *, resamples=400):
    """(resamples,) gains of a sweep at the k of its choice, by its files alone."""
    ks = dict(zip(made["ks"], made["trials"], strict=True))
    files = [Path(ks[k]).with_suffix(".parquet") for k in (0, choice["dev_selected_k"])]
    counts = [gains.count(gains.read(path, language=made["target"]), "accuracy") for path in files]
    scores = resampling.bootstrap(
        np.stack(counts, axis=1),
        gains.SCORES["accuracy"],
        key=f"ud-2.7 {made['target']}",
        resamples=resamples,
    )
    return scores[:, 1] - scores[:, 0]


def test_both_sides_are_drawn_together(tmp_path):
    sweeps = controlled(tmp_path)
    _, choices, _, found = drawn(sweeps, tmp_path, delta=0.5)
    assert [(r["what"], r["level"], r["target"]) for r in found] == [
        *(("highest", "pair", "de"), ("highest", "pair", "zh"), ("highest", "mean", ""))
    ]
    of = {(c["target"], c["seed"], c["experiment"]): c for c in choices}
    by_hand = {}
    for target in ("de", "zh"):
        apart, observed = [], []
        for seed in (1, 2, 3):
            sides = [s for s in sweeps if (s["target"], s["seed"]) == (target, seed)]
            mine = [of[target, seed, s["experiment"]] for s in sides]
            low, high = (gains_drawn(*side) for side in zip(sides, mine, strict=True))
            apart.append(low - high)
            observed.append(mine[0]["dev_selected_gain"] - mine[1]["dev_selected_gain"])
        by_hand[target] = resampling.over_seeds(observed, apart, resamples=400)
    by_hand[""] = (by_hand["de"] + by_hand["zh"]) / 2
    for row in found:
        mine = by_hand[row["target"]]
        assert (row["low"], row["high"]) == pytest.approx(resampling.interval(mine), abs=1e-5)
        assert row["above"] == pytest.approx(np.mean(mine > 0.5))
        assert row["within"] == pytest.approx(np.mean(np.abs(mine) <= 0.5))
        assert (row["seeds"], row["delta"], row["experiment"]) == (3, 0.5, "pos")
        assert row["other_experiment"] == "controls"
    pairs = [c["dev_selected_gain"] for c in choices if c["experiment"] == "pos"]
    others = [c["dev_selected_gain"] for c in choices if c["experiment"] == "controls"]
    mean = np.mean(pairs) - np.mean(others)
    assert found[-1]["difference"] == pytest.approx(mean, abs=1e-5)


def test_each_contrast_stands_once_and_those_behind_it_too(tmp_path):
    sweeps = controlled(tmp_path, targets=("de",), seeds=(1,))
    _, choices, (first, *_), _ = drawn(sweeps, tmp_path, resamples=20)
    other, empty = replace(first, what="other"), replace(first, what="empty", sweeps=())
    given = (first, first, empty, other)
    made = differences.rows(given, sweeps, choices, resamples=20)
    assert [(r["what"], r["level"]) for r in made] == [
        *(("highest", "pair"), ("highest", "mean"), ("other", "pair"), ("other", "mean"))
    ]


def test_sides_that_are_the_same_differ_by_nothing(tmp_path):
    """What both sides share cancels: two intervals put together would be wide."""
    sweeps = controlled(tmp_path, targets=("de",), seeds=(1,))
    low, high = sweeps
    for a, b in zip(low["trials"], high["trials"], strict=True):
        for suffix in (".json", ".parquet"):
            Path(b).with_suffix(suffix).write_bytes(Path(a).with_suffix(suffix).read_bytes())
    *_, found = drawn(sweeps, tmp_path)
    assert {(r["difference"], r["low"], r["high"], r["p_interval"]) for r in found} == {
        (0, 0, 0, 1)
    }


def test_claims_and_tables_read_them(tmp_path):
    sweeps = controlled(tmp_path)
    plan, choices, _, found = drawn(sweeps, tmp_path, delta=0.5)
    results = Results(choices, [], [], LANGUAGES, [], differences=found)
    held = claims.claims(plan, sweeps, results)
    (made,) = [r for r in held["records"] if r["claim"] == HIGHEST]
    mean = found[-1]
    for name in ("low", "high", "p_interval", "within"):
        assert made[name] == mean[name] is not None
    assert made["verdict"] == "holds in these runs"
    (exhibit,) = [e for e in plan if e["kind"] == "controls"]
    table = controls.table(exhibit, choices, LANGUAGES, (), found)
    for line, row in zip(table["records"], found[:2], strict=True):
        assert line["difference_low"] == -row["high"] and line["difference_high"] == -row["low"]
    assert table["body"][0][3]["below"] and table["foot"][0][2]["below"]
    # Rows of other sweeps than the ones compared are not taken.
    other = [r | {"difference": r["difference"] + 1} for r in found]
    held = claims.claims(plan, sweeps, Results(choices, [], [], LANGUAGES, [], differences=other))
    (made,) = [r for r in held["records"] if r["claim"] == HIGHEST]
    assert made["low"] is None and made["verdict"] == "same direction, no interval"
    table = controls.table(exhibit, choices, LANGUAGES, (), other)
    assert table["records"][0]["difference_low"] is None


def test_fresh_seeds_decide_about_differences(tmp_path):
    sweeps = controlled(tmp_path, targets=("de",), seeds=(42,), worse=GAIN)
    for seed in (1, 2, 3, 4):
        for side, made in enumerate(sweeps[:2]):
            right = (0.4, 0.8 - 0.2 * side + 0.01 * seed)
            again = fresh_sweep(tmp_path / "again" / str(side), 1, right, seed=seed, model="tiny")
            sweeps.append(again | {name: made[name] for name in ("experiment", "ranking")})
    plan, choices, _, found = drawn(sweeps, tmp_path)
    (row,) = [r for r in found if r["criterion"] == "fresh"]
    of = {(c["seed"], c["experiment"]): c["dev_selected_gain"] for c in choices}
    of_seed = [of[seed, "pos"] - of[seed, "controls"] for seed in (1, 2, 3, 4)]
    assert row["difference"] == pytest.approx(np.mean(of_seed), abs=1e-5)
    low, high = student.interval(of_seed)
    for more in ((), found):
        held = claims.claims(
            plan, sweeps, Results(choices, [], [], LANGUAGES, [], differences=more)
        )
        (made,) = [r for r in held["records"] if r["claim"] == HIGHEST]
        assert made["fresh"] == pytest.approx(np.mean(of_seed))
        ends = (min(low, row["low"]), max(high, row["high"])) if more else (low, high)
        assert (made["fresh_low"], made["fresh_high"]) == pytest.approx(ends, abs=1e-6)
        p = stats.ttest_1samp(of_seed, 0).pvalue
        assert made["fresh_p"] == pytest.approx(max(p, row["p_interval"] if more else 0))
        assert made["verdict"] == "holds"
    short = [c for c in choices if c["role"] == "main" or c["seed"] < 3]
    held = claims.claims(plan, sweeps, Results(short, [], [], LANGUAGES, []))
    (made,) = [r for r in held["records"] if r["claim"] == HIGHEST]
    assert (made["fresh_low"], made["verdict"]) == (None, "same direction, no interval")


def test_predictions_that_cannot_be_used_cost_a_contrast_its_numbers(tmp_path):
    sweeps = controlled(tmp_path, seeds=(1,))
    _, choices, of, whole = drawn(sweeps, tmp_path)
    chosen = next(c for c in choices if c["experiment"] == "controls" and c["target"] == "zh")
    path = Path(chosen["dev_selected_trial"]).with_suffix(".parquet")
    path.unlink()
    (row,) = differences.rows(of, sweeps, choices, resamples=20)
    assert [row[name] for name in ("level", "what", "criterion")] == [
        "mean",
        "highest",
        "dev_selected",
    ]
    assert str(path) in row["problem"]
    assert "low" not in row and whole[-1]["low"] is not None
    assert rows.problems([row]) == [row["problem"]]


def test_all_statistics_of_a_study_are_those_of_its_parts(tmp_path):
    """With a random ranking for the nulls, and a second metric, which has no nulls."""
    sweeps = controlled(tmp_path, targets=("de",), seeds=(1,), model="mbert")
    for number in (1, 2):
        more = {"target": "de", "seed": 1, "role": "random", "ranking": f"random-{number}"}
        sweeps.append(made_up.predicted_sweep(tmp_path, NO_GAIN, **more))
    plan, choices, _ = run(sweeps, tmp_path, plan=contents.plan, published=read_published())
    scores = selection.read(tmp_path / "scores.csv")
    made = whole.statistics(plan, sweeps, choices, scores, delta=0.5, resamples=40)
    criteria = exhibits.criteria(plan, sweeps)
    options = {"resamples": 40, "delta": 0.5}
    assert made.gains == gains.statistics(plan, criteria, choices, scores, **options)
    assert {r["metric"] for r in made.gains} == {"accuracy", "f1_runs_as_published"}
    own = [c for c in choices if c["metric"] == "accuracy"]
    assert (
        made.nulls
        == null_baselines.rows(own, scores, draws=40)
        != null_baselines.rows(choices, scores, draws=40)
    )
    assert {(r["null"], r["n"]) for r in made.nulls} == {("random", 2)}
    results = Results(choices, [], [], LANGUAGES, [], made.gains, made.nulls)
    of_claims = claim_contrasts.contrasts(claim_study.study(plan, sweeps, results))
    of_tables = control_sweeps.contrasts(plan, sweeps, choices)
    for of in (of_claims, of_tables):
        for row in differences.rows(of, criteria, choices, **options):
            assert row in made.differences
    assert {r["what"] for r in made.differences} >= {"highest"} and of_claims and of_tables


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
    made = draws.columns(np.array([-2.0, -0.5, 0.0, 0.5, 0.6, 3.0, 4.0, 5.0]), 0.5)
    assert (made["above"], made["within"], made["below"]) == pytest.approx((4 / 8, 3 / 8, 1 / 8))
    assert made["delta"] == 0.5
    assert draws.columns(np.array([1.0, 2.0]), None).keys() == {"low", "high", "p_interval"}


def test_p_of_an_interval_of_a_normal_number():
    for value, error in ((1.0, 0.4), (-0.3, 0.2), (55.0, 3.0)):
        half = stats.norm.ppf(0.975) * error
        expected = 2 * stats.norm.sf(abs(value) / error)
        assert contrasts.p_of_ends(value, value - half, value + half) == pytest.approx(expected)
    assert contrasts.p_of_ends(55, 50, 60, 50) == pytest.approx(0.05)
    # By the side that faces what says nothing.
    assert contrasts.p_of_ends(1.0, 0.5, 9.0) == pytest.approx(2 * stats.norm.sf(2 * 1.959964))
    assert contrasts.p_of_ends(1.0, 1.0, 1.0) is None
