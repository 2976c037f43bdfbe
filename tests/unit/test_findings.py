"""What a study ran and found: counts and means, and the sentences made of them."""

from dataclasses import replace

import made_up
import pytest
import records

from polyheads.analysis.findings import Extras, ToldApart, findings
from polyheads.report.findings import sentences
from polyheads.study import displays

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


def said(*args, **more):
    """The sentences about a study."""
    return sentences(findings(*args, **more), LANGUAGES)


def two_sweeps(directory, **changed):
    """Sweeps from English to German and to Chinese with one set of trials, and their choices."""
    values = {
        ("dev", "en"): [80.0, 81.0, 79.0, 78.0],
        ("test", "de"): [60.0, 62.0, 64.0, 61.0],
        ("test", "zh"): [50.0, 49.0, 48.0, 50.5],
    }
    made = [made_up.sweep(directory, target=code, **changed) for code in ("de", "zh")]
    made_up.write_sweep(made[0], values)
    sweeps = [records.planned(one) for one in made]
    shown, choices = records.chosen(sweeps)
    return sweeps, displays.main_rows(shown, choices)


def test_findings_count_and_average(tmp_path):
    sweeps, main = two_sweeps(tmp_path)
    found = findings(sweeps, sweeps[0].trials, main)
    (gains,) = found.gains
    assert (gains.ranking, gains.setting, gains.sweeps) == ("gradient", "cross-lingual", 2)
    assert (gains.up, gains.down, gains.same, gains.unpruned) == (1, 1, 0, 0)
    assert (gains.dev_selected, gains.test_oracle) == pytest.approx((0.5, 2.25))
    assert (gains.oracle_up, gains.oracle_sweeps) == (2, 2)
    assert gains.oracle_less_dev == pytest.approx(1.75)
    words = sentences(found, LANGUAGES)
    assert words.summary == (
        "This study ran 4 trainings of 1 encoder on 1 task in 3 languages, without the attention"
        " heads that a ranking calls least important.",
        "With k chosen on development data, pruning changed test scores by +0.50 (cross-lingual)"
        " points on average.",
        "There is one seed and the noise of training was not measured, so the gains are not"
        " evidence that pruning helps.",
    )
    assert words.numbers[0] == ("4", "trainings")
    dev_selected, best = words.found
    assert (
        "by +0.50 percentage points on average over 2 sweeps. 1 went up, 1 down, 0" in dev_selected
    )
    assert "give +2.25 on average, and 2 of 2 go up" in best
    assert "by +1.75" in best
    assert "from English to German and Chinese (cross-lingual); k = 0–3" in words.run[0]


def test_masking_is_no_training(tmp_path):
    sweep = records.planned(made_up.sweep(tmp_path, protocol="mask"))
    words = said([sweep], sweep.trials, [])
    assert words.numbers[:2] == (("1", "training"), ("3", "evaluations of masked models"))
    assert "masked after training" in words.run[0]


def test_gains_that_are_told_apart():
    """Of four gains one has no estimate, one no p, because k = 0 was chosen."""
    gains = {"de": 2.0, "zh": -1.0, "ar": 0.0, "he": 3.0}
    choices = [
        records.choice((1 if gain else 0, gain), (2, 4.0), target=target)
        for target, gain in gains.items()
    ]
    nothing = {"low": None, "high": None, "p": None, "p_holm": None}
    estimates = [
        records.estimate(target="de", gain=2.0),
        records.estimate(target="zh", gain=-1.0),
        records.estimate(target="ar", gain=0.0, k="0", **nothing),
        records.estimate(target="he", gain=None, problem="x.parquet: missing", **nothing),
        # Of another table, and of the mean.
        records.estimate(target="he", experiment="other", gain=3.0),
        records.mean_estimate(gain=1.0),
    ]
    estimates += [
        records.estimate(target=target, criterion="test_oracle", gain=4.0, p_holm=p)
        for target, p in (("de", 0.01), ("zh", 0.05))
    ]
    sweeps = [records.sweep(target=target) for target in gains]
    found = findings(sweeps, [], choices, estimates)
    assert found.gains[0].apart("dev_selected") == ToldApart(gains=3, tested=2, above=1, below=1)
    assert found.gains[0].apart("test_oracle") == ToldApart(gains=2, tested=2, above=1, below=0)
    words = sentences(found, LANGUAGES)
    assert words.summary[1].endswith(
        "; of 2 tested gains, 1 is significantly above zero and 1 below."
    )
    apart = ToldApart(gains=9, tested=7, above=3, below=2)
    more = replace(found, gains=(replace(found.gains[0], dev_selected_apart=apart),))
    assert (
        sentences(more, LANGUAGES)
        .summary[1]
        .endswith("; of 7 tested gains, 3 are significantly above zero and 2 below.")
    )
    dev_selected, best = words.found
    assert dev_selected.endswith(
        "With resampled test sentences, 2 of 2 gains with k ≥ 1 differ significantly from"
        " zero: 1 above, 1 below."
    )
    assert best.endswith(
        "With resampled test sentences and a new best k in every sample, 1 of 2 gains differ"
        " significantly from zero: 1 above, 0 below."
    )
    none = said(sweeps, [], choices, [replace(row, p_holm=0.5) for row in estimates])
    assert none.found[0].endswith("0 of 2 gains with k ≥ 1 differ significantly from zero.")
    assert "resampled" not in " ".join(said(sweeps, [], choices).found)


def test_gains_of_two_scored_rankings_are_in_words():
    kinds = ("random-7", "gradient-en", "lrp-en", "leave-one-out-en")
    choices = [records.choice(ranking=ranking) for ranking in kinds]
    found = findings([], [], choices)
    assert [gains.ranking for gains in found.gains] == ["gradient", "lrp"]
    words = sentences(found, LANGUAGES).found
    assert words[0].startswith("Cross-lingual, gradient ranking, lowest heads first, k chosen on")
    alone = findings([], [], choices[:1])
    assert [gains.ranking for gains in alone.gains] == ["random-7"]
    assert sentences(alone, LANGUAGES).found[0].startswith("Cross-lingual, k chosen on dev")


def test_missing_trials_leave_no_gains():
    lost = records.choice(records.selected(None), records.selected(None), dev_test_spearman=None)
    (sentence,) = said([], [], [lost]).found
    assert sentence == "Cross-lingual: no gains, because trials are missing."
    whole = records.choice(dev_test_spearman=None)
    assert "Spearman" not in said([], [], [lost, whole]).found[0]
    assert "mean Spearman's ρ of 0.25" in said([], [], [lost, records.choice()]).found[0]


def test_what_is_beside_an_experiment():
    roles = [
        records.sweep(),
        *(records.sweep(role="random", ranking=f"random-{seed}") for seed in (1, 2)),
        records.sweep(role="noise", ks=(0, 1, 2)),
        *(
            records.sweep(role="fresh", seed=seed, of_seed=42, target=t)
            for seed in (7, 8, 9)
            for t in ("de", "zh")
        ),
    ]
    found = findings(roles, [], [])
    assert found.extras == (
        Extras(experiment="pos", random_rankings=2, further_seeds=2, fresh_seeds=3),
    )
    assert found.extent.sweeps == 1
    assert sentences(found, LANGUAGES).run[1] == (
        "Beside experiment pos: 2 random rankings, 2 further seeds of each unpruned model and 3"
        " fresh seeds of the chosen k."
    )
    assert said(roles[:1] + roles[3:4], [], []).run[1] == (
        "Beside experiment pos: 2 further seeds of each unpruned model."
    )
    assert len(said(roles[:1], [], []).run) == 1


def test_what_an_experiment_ran():
    more = {"experiment": "x", "ks": (0, 2, 4), "heads": "all", "ranking": "random-7"}
    words = said([records.sweep(), records.sweep(ranking="lrp-en", target="zh")], [], []).run
    assert words == (
        "Part of speech: mbert on ud-2.7, recipe paper; from English to German and Chinese"
        " (cross-lingual); k = 0–3, heads pruned before training; rankings gradient and lrp;"
        " accuracy.",
    )
    words = said([records.sweep(**more, source="de", setting="mono-lingual")], [], []).run
    assert words == (
        "Part of speech (experiment x): mbert on ud-2.7, recipe paper; German (mono-lingual);"
        " k = 0, 2, 4, heads pruned before training; random ranking, seed 7; accuracy, test read"
        " with all heads on.",
    )
    assert "; no head is pruned; accuracy." in said([records.sweep(ks=(0,))], [], []).run[0]


def limits(*sweeps, done=None, choices=()):
    done = [path for sweep in sweeps for path in sweep.trials] if done is None else done
    return " ".join(said(sweeps, done, choices).limits)


def test_limits_are_those_of_the_study():
    one = records.sweep()
    assert "with one seed" in limits(one) and "noise was not measured here" in limits(one)
    assert "was run with 2 seeds" in limits(one, records.sweep(seed=43))
    noise = limits(one, records.sweep(role="noise"))
    assert "was measured in some experiments" in noise and "one seed" not in noise
    alone = "not compared with random ones"
    assert alone in limits(one)
    assert alone not in limits(one, records.sweep(role="random", ranking="random-1"))
    assert alone not in limits(one, records.sweep(ranking="random-1"))
    assert "In the cross-lingual setting" in limits(one, choices=[records.choice()])
    multi = records.choice(setting="multi-lingual")
    assert "In the cross-lingual setting" not in limits(one, choices=[multi])
    assert "missing" not in limits(one)
    assert "Trials that are missing: 1." in limits(one, done=one.trials[1:])
