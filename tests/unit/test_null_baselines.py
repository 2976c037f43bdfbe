"""Null baselines: what they are made of; noise is seldom called a gain, and a gain is found."""

from dataclasses import replace

import numpy as np
import pytest
import records

from polyheads.analysis import null_baselines as numbers
from polyheads.analysis import run_noise
from polyheads.analysis.choices import CRITERIA
from polyheads.report import cells
from polyheads.report.tables import null_baselines
from polyheads.study import displays
from polyheads.study.displays import Display

pytestmark = pytest.mark.slow

K = 12
SOURCES, TARGETS = ("en", "zh"), ("de", "ar", "fa", "ja")


ABOUT = {"experiment": "ner", "task": "ner", "corpus": "panx", "model": "tiny"}
ABOUT |= {"recipe": "small", "metric": "f1_strict"}


def runs(random, count, planted=0.0, *, heavy=False, alike=0.0):
    """(dev, tests) of unpruned or pruned runs of one source: noise that targets share in part."""

    def noise(columns):
        shape = (count, columns)
        made = random.standard_t(3, shape) if heavy else random.normal(size=shape)
        together = random.standard_t(3, (1, columns)) if heavy else random.normal(size=(1, columns))
        return alike**0.5 * together + (1 - alike) ** 0.5 * made

    common = noise(1)
    dev = 0.3 * common + 0.95 * noise(1)
    tests = 0.8 * common + 0.6 * noise(len(TARGETS))
    return 70 + dev + planted, 50 + tests + planted


def chosen(scores, **place):
    """Choices of a source's sweep (dev, tests), one per target, by both criteria."""
    dev, tests = scores
    k = int(dev[:, 0].argmax())
    return [
        records.choice(
            (1, float(tests[k, i] - tests[0, i])),
            (1, float(tests[1:, i].max() - tests[0, i])),
            **ABOUT,
            **place,
            target=target,
        )
        for i, target in enumerate(TARGETS)
    ]


def of_run(k, split, language, value, **place):
    """One score of a run."""
    return records.score(k, float(value), split=split, language=language, **ABOUT, **place)


def without_gains(choice, *criteria):
    """The choice as if a trial that it needs were missing."""
    return replace(choice, **dict.fromkeys(criteria, records.selected(None)))


def study(random, *, planted=0.0, further=12, rankings=0, heavy=False, alike=0.0):
    """Choices and scores of two sources, four targets: main sweeps, their noise, their randoms."""
    choices, scores = [], []
    for source in SOURCES:
        dev, tests = runs(random, 1 + further, heavy=heavy)
        place = {"source": source, "mixture": source}
        for run in range(1 + further):
            here = place | {"role": "noise", "ranking": "unpruned", "trial_path": f"{source} {run}"}
            # Each pair has its own noise sweep, though it is read from the same runs.
            for i, target in enumerate(TARGETS):
                values = (("dev", source, dev[run, 0]), ("test", target, tests[run, i]))
                scores += [of_run(run, *value, target=target, **here) for value in values]
        sweeps = [("main", f"gradient-{source}", planted)]
        sweeps += [("random", f"random-{i + 1}", 0.0) for i in range(rankings)]
        for role, ranking, more in sweeps:
            pruned = runs(random, K, more, heavy=heavy, alike=alike)
            sides = [np.concatenate([a[:1], b]) for a, b in zip((dev, tests), pruned, strict=True)]
            for k in range(K + 1) if role == "main" else ():
                here = place | {"role": role, "ranking": ranking}
                here |= {"trial_path": f"{source} {ranking} {k}" if k else f"{source} 0"}
                for i, target in enumerate(TARGETS):
                    values = (("dev", source, sides[0][k, 0]), ("test", target, sides[1][k, i]))
                    scores += [of_run(k, *value, target=target, **here) for value in values]
            choices += chosen(sides, **place, dev=source, role=role, ranking=ranking)
    return choices, scores


def of(found, null, criterion):
    (line,) = (r for r in found if (r.null, r.criterion) == (null, criterion))
    return line


def claimed(repetitions, **options):
    """Share of simulated studies in which p < 0.05: (null, criterion) -> share."""
    random = np.random.default_rng(20260101)
    count: dict = {}
    for _ in range(repetitions):
        for r in numbers.rows(*study(random, **options), draws=1000):
            place = (r.null, r.criterion)
            count[place] = count.get(place, 0) + (r.p < 0.05)
    return {place: n / repetitions for place, n in count.items()}


def test_noise_alone_is_called_a_gain_in_at_most_5_percent():
    repetitions = 400
    shares = claimed(repetitions, rankings=20)
    assert len(shares) == 4  # two nulls, two criteria
    error = 2.33 * (0.05 * 0.95 / repetitions) ** 0.5
    assert max(shares.values()) <= 0.05 + error, shares


def test_a_p_of_few_runs_is_honest_too():
    repetitions = 400
    shares = claimed(repetitions, further=run_noise.FEWEST_FOR_P)
    assert len(shares) == 2
    error = 2.33 * (0.05 * 0.95 / repetitions) ** 0.5
    assert max(shares.values()) <= 0.05 + error, shares


def test_a_planted_gain_is_found():
    shares = claimed(60, planted=2.5, rankings=20)
    assert min(shares.values()) > 0.85, shares


def test_random_null_counts_rankings_with_all_pairs():
    random = np.random.default_rng(1)
    choices, _ = study(random, rankings=5)
    mine = [r for r in choices if r.role == "main"]
    by_ranking = {}
    for r in choices:
        if r.role == "random":
            by_ranking.setdefault(r.ranking, []).append(r.test_oracle.gain)
    means = {name: np.mean(gains) for name, gains in by_ranking.items()}
    line = of(numbers.rows(choices, []), "random", "test_oracle")
    gain = np.mean([r.test_oracle.gain for r in mine])
    above = sum(mean >= gain for mean in means.values())
    assert line.gain == pytest.approx(gain)
    assert line.p == pytest.approx((1 + above) / 6)
    assert (line.null_low, line.null_high) == pytest.approx(
        (min(means.values()), max(means.values()))
    )
    assert (line.n, line.pairs) == (5, 8)
    # a ranking that lacks one pair isn't compared
    less = [
        without_gains(r, *CRITERIA) if (r.ranking, r.target) == ("random-2", "fa") else r
        for r in choices
    ]
    line = of(numbers.rows(less, []), "random", "test_oracle")
    del means["random-2"]
    assert line.n == 4
    assert line.null_mean == pytest.approx(np.mean(list(means.values())))
    # a pair without a gain is in no mean, neither ours nor theirs
    less = [without_gains(r, *CRITERIA) if r is mine[0] else r for r in choices]
    assert of(numbers.rows(less, []), "random", "test_oracle").pairs == 7


def test_many_random_rankings_have_percentiles_and_p_is_one_sided():
    """A gain below all of the rankings' is as far out as one above them, but no gain."""
    choices, _ = study(np.random.default_rng(7), rankings=numbers.FOR_PERCENTILES)
    random = [r for r in choices if r.role == "random"]
    low = records.selected(1, -9.0)
    worse = [replace(r, test_oracle=low) if r.role == "main" else r for r in choices]
    line = of(numbers.rows(worse, []), "random", "test_oracle")
    gains: dict = {}
    for r in random:
        gains.setdefault(r.ranking, []).append(r.test_oracle.gain)
    expected = np.percentile([np.mean(of) for of in gains.values()], [2.5, 97.5])
    assert (line.null_low, line.null_high) == pytest.approx(tuple(expected))
    assert (line.gain, line.p) == (-9, 1)


def test_random_heads_and_sweeps_without_gains_have_no_random_null():
    choices, _ = study(np.random.default_rng(7), rankings=3)
    main, random = ([r for r in choices if r.role == role] for role in ("main", "random"))
    for ranking in ("random-9", "reversed-random-9"):
        assert not numbers.rows([replace(r, ranking=ranking) for r in main] + random, [])
    for gone in CRITERIA:
        assert not numbers.rows([without_gains(r, gone) for r in main] + random, [])
    assert len(numbers.rows(main + random, [])) == 2


def test_noise_null_has_the_spread_of_the_runs():
    """With many runs the null is what fresh runs from the same distribution give."""
    random = np.random.default_rng(2)
    choices, scores = study(random, further=600)
    found = numbers.rows(choices, scores, draws=3000)
    assert {r.null for r in found} == {"noise"}
    of_runs = run_noise.Runs.of(scores)
    for criterion in ("dev_selected", "test_oracle"):
        fresh = []
        for _ in range(3000):
            dev, tests = runs(random, K + 1)
            chosen = tests[dev.argmax()] if criterion == "dev_selected" else tests[1:].max(0)
            fresh.append(np.mean(chosen - 50))
        members = [r for r in choices if r.source == "en"]
        null = run_noise.against_runs(of_runs, members, criterion, draws=3000)
        gains = null.normal / len(members)
        assert gains.mean() == pytest.approx(np.mean(fresh), abs=0.1)
        spread = np.percentile(fresh, [2.5, 97.5])
        assert np.percentile(gains, [2.5, 97.5]) == pytest.approx(spread, abs=0.2)
        # The exchange is of the same runs, most of which are unpruned.
        assert null.exchanged.mean() / len(members) == pytest.approx(np.mean(fresh), abs=0.15)
        unpruned = np.mean([r.value for r in scores if r.role == "noise" and r.split == "test"])
        line = of(found, "noise", criterion)
        assert (line.n, line.pairs) == (600, 8)
        own = np.mean([r.value for r in scores if r.k == 0 and r.split == "test"])
        # The band is of gains over the sweeps' own unpruned runs, as our gain is.
        assert line.null_mean == pytest.approx(np.mean(fresh) + unpruned - own, abs=0.1)


def test_gain_over_all_unpruned_runs_by_hand():
    random = np.random.default_rng(8)
    choices, scores = study(random, further=4)
    members = [r for r in choices if r.source == "zh"]
    null = run_noise.against_runs(run_noise.Runs.of(scores), members, "dev_selected", draws=10)
    total = shift = 0.0
    for i, target in enumerate(TARGETS):
        values = {
            r.trial_path: r.value
            for r in scores
            if (r.source, r.target, r.split) == ("zh", target, "test")
        }
        unpruned = [v for path, v in values.items() if "gradient" not in path]
        assert len(unpruned) == 5 and len(values) == 5 + K
        chosen = members[i].dev_selected.gain + values["zh 0"]
        total += chosen - np.mean(unpruned)
        shift += np.mean(unpruned) - values["zh 0"]
    assert (null.gain, null.shift, null.further) == pytest.approx((total, shift, 4))


@pytest.mark.parametrize("heavy", [False, True])
def test_outliers_and_runs_that_are_alike_are_seldom_called_a_gain(heavy):
    """The exchange holds for the first, the normal draws for the second; both of one source."""
    repetitions, random, claimed = 300, np.random.default_rng(20260103), {}
    for alike in (0.0, 0.8):
        count = 0
        for _ in range(repetitions):
            choices, scores = study(random, heavy=heavy, alike=alike)
            mine = [r for r in choices if r.source == "en"]
            (line,) = [
                r for r in numbers.rows(mine, scores, draws=400) if r.criterion == "dev_selected"
            ]
            count += line.p < 0.05
        claimed[alike] = count / repetitions
    error = 2.33 * (0.05 * 0.95 / repetitions) ** 0.5
    assert max(claimed.values()) <= 0.05 + error, claimed


def test_targets_of_a_source_share_their_noise():
    """Pairs that are read from the same runs don't average their noise away."""
    random = np.random.default_rng(3)
    choices, scores = study(random)
    one = [r for r in choices if r.target == "de"]
    copies = [replace(r, target=t) for r in one for t in TARGETS]
    of_de = {r.trial_path: r.value for r in scores if r.language == "de"}
    scores = [replace(r, value=of_de[r.trial_path]) if r.split == "test" else r for r in scores]
    alone = of(numbers.rows(one, scores), "noise", "test_oracle")
    all_alike = of(numbers.rows(copies, scores), "noise", "test_oracle")
    span = alone.null_high - alone.null_low
    assert all_alike.null_high - all_alike.null_low == pytest.approx(span, rel=0.05)


def test_few_runs_have_no_p_and_masked_trials_no_noise():
    random = np.random.default_rng(4)
    choices, scores = study(random, further=3)
    found = numbers.rows(choices, scores)
    assert [r.p for r in found] == [None, None]
    assert [r.n for r in found] == [3, 3]
    assert not numbers.rows([replace(r, protocol="mask") for r in choices], scores)
    choices, scores = study(random, further=1)
    assert not numbers.rows(choices, scores)


def test_runs_that_are_all_alike_give_no_noise():
    random = np.random.default_rng(5)
    choices, scores = study(random)
    nothing = dict.fromkeys(CRITERIA, records.selected(1, 0.0))
    choices = [replace(r, **nothing) for r in choices]
    alike = [replace(r, value=50.0) for r in scores]
    line = of(numbers.rows(choices, alike), "noise", "test_oracle")
    assert (line.null_mean, line.null_low, line.null_high) == (0, 0, 0)


DISPLAY = Display(kind="null-baselines", name="null-baselines")


def test_table_has_both_nulls_in_a_line():
    random = np.random.default_rng(6)
    found = numbers.rows(*study(random, planted=4, rankings=20))
    table = null_baselines.table(DISPLAY, found, {})
    assert table.name == "null-baselines"
    assert records.full_width(table) == 4 + 2 * 5
    assert len(table.body) == 2
    first = records.texts(table.body)[0]
    assert first[3] == "k chosen on dev"
    noise, drawn = of(found, "noise", "dev_selected"), of(found, "random", "dev_selected")
    assert first[5] == cells.signed(noise.null_mean)
    assert table.body[0][5].below == cells.interval(noise.null_low, noise.null_high)
    assert first[8] == f"{noise.p:.3f}*"
    assert first[12:] == ["20", f"{drawn.p:.3f}*"]
    assert [list(record.values()) for record in table.records] == [
        list(vars(row).values()) for row in found
    ]
    only = null_baselines.table(DISPLAY, [r for r in found if r.null == "random"], {})
    assert records.full_width(only) == 4 + 5
    other = [replace(r, experiment="ner-2", ranking="lrp") for r in found if r.null == "noise"]
    both = null_baselines.table(DISPLAY, found + other, {})
    assert records.full_width(both) == 5 + 2 * 5
    assert records.texts(both.body)[-1][-5:] == [""] * 5
    metrics = [replace(r, metric="f1_lenient") for r in found]
    assert records.full_width(null_baselines.table(DISPLAY, found + metrics, {})) == 5 + 2 * 5


def test_notes_say_what_the_study_has():
    found = numbers.rows(*study(np.random.default_rng(4), further=3, rankings=3))
    first, noise, few, drawn = null_baselines.table(DISPLAY, found, {}).notes
    assert first.startswith("One p for each mean") and noise.startswith("Other seeds")
    assert few == "With fewer than 5 further runs run noise has no p."
    assert "their smallest and largest mean" in drawn and "here 0.250" in drawn


def test_rows_are_the_same_after_a_file(tmp_path):
    found = numbers.rows(*study(np.random.default_rng(4), further=3, rankings=3))
    numbers.write(found, tmp_path / "null_baselines.csv")
    kept = numbers.read(tmp_path / "null_baselines.csv")
    assert [replace(r, gain=0.0, null_mean=0.0, null_low=0.0, null_high=0.0) for r in kept[:1]] == [
        replace(r, gain=0.0, null_mean=0.0, null_low=0.0, null_high=0.0) for r in found[:1]
    ]
    assert kept[0].gain == pytest.approx(found[0].gain, abs=1e-6)


def test_planned():
    def kinds(role):
        sweeps = [records.sweep(), records.sweep(role=role, of_seed=42, ks=(0, 1))]
        return [display.kind for display in displays.plan(sweeps)]

    assert all("null-baselines" in kinds(role) for role in ("noise", "random"))
    assert "null-baselines" not in kinds("fresh")
