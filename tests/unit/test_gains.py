"""Estimates of a made-up study's gains: numbers, what is missing, what is wrong."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import made_up
import numpy as np
import pytest
import records

from polyheads.analysis import choices as study_choices
from polyheads.analysis import counts, drawn_gains, estimates, fresh, gains, resampling
from polyheads.exports import card
from polyheads.report.tables import fresh as fresh_table
from polyheads.study import contents, displays, predictions

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
NO_GAIN = {0: 0.6, 1: 0.6, 2: 0.6, 3: 0.6}
GAIN = {0: 0.3, 1: 0.9, 2: 0.5, 3: 0.5}


def predicted(directory, right, *, model="tiny", **changed):
    """A sweep with kept predictions. Nothing is published of the model."""
    return records.planned(made_up.predicted_sweep(directory, right, model=model, **changed))


def study(directory, rights, *, seeds=(42,), **changed):
    """Cross-lingual sweeps from English, target -> k -> share of words that are right anyway."""
    return [
        predicted(directory / target, right, target=target, seed=seed, **changed)
        for target, right in rights.items()
        for seed in seeds
    ]


def selected(sweeps, directory, *, without=()):
    """(displays, sweeps in all their metrics, choices, scores), from files as rules have them."""
    shown = displays.plan(sweeps)
    criteria = displays.with_metrics(shown, sweeps)
    paths = {path for sweep in sweeps for path in sweep.trials} - set(without)
    scores = study_choices.load_scores(paths, sweeps)
    study_choices.write_scores(scores, directory / "scores.csv")
    chosen = study_choices.with_heads(study_choices.choose(scores, criteria))
    study_choices.write(chosen, directory / "choices.csv")
    kept = study_choices.read(directory / "choices.csv")
    return shown, criteria, kept, study_choices.read_scores(directory / "scores.csv")


def run(sweeps, directory, *, resamples=300, without=(), delta=None):
    """(displays, choices, estimates)"""
    shown, criteria, chosen, scores = selected(sweeps, directory, without=without)
    made = gains.rows(shown, criteria, chosen, scores, resamples=resamples, delta=delta)
    estimates.write(made, directory / "statistics.csv")
    return shown, chosen, estimates.read(directory / "statistics.csv")


def of(found, target, criterion="dev_selected"):
    (row,) = [r for r in found if r.target == target and r.criterion == criterion]
    return row


def numbers(row):
    return row.gain, row.low, row.high, row.p, row.p_holm


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_every_gain_has_an_interval_and_p(tmp_path, task):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN}, task=task, experiment=task)
    _, chosen, found = run(sweeps, tmp_path)
    assert [row.level for row in found] == ["pair"] * 4 + ["mean"] * 2
    for row in found[:4]:
        (choice,) = [c for c in chosen if c.target == row.target]
        assert row.gain == pytest.approx(choice.by(row.criterion).gain, abs=2e-6)
        assert row.k == str(choice.by(row.criterion).k)
        assert (row.seeds, row.sentences, row.resamples) == (1, 40, 300)
        if row.k != "0":
            assert row.low <= row.high and 0 < row.p <= row.p_holm <= 1
            assert row.p == row.p_sentences and row.p_seeds is None
    assert of(found, "de").told_apart and of(found, "de", "test_oracle").told_apart
    assert of(found, "de").low > 0
    assert not of(found, "zh").told_apart
    for row in found[4:]:
        pairs = [r.gain for r in found[:4] if r.criterion == row.criterion]
        assert row.gain == pytest.approx(np.mean(pairs), abs=1e-5)
        assert row.low < row.gain < row.high and row.p is None


@pytest.mark.parametrize("task", ["pos", "classification"])
def test_languages_of_a_parallel_corpus_of_texts_share_the_draws(tmp_path, task):
    """Where trials give the same labels in both, so that their mean is as uncertain as each."""
    sweeps = study(tmp_path, {"de": GAIN, "zh": GAIN}, task=task, experiment=task)
    _, _, found = run(sweeps, tmp_path)
    mean = next(row for row in found if row.level == "mean" and row.criterion == "dev_selected")
    pairs = [of(found, target) for target in ("de", "zh")]
    assert pairs[0].gain == pairs[1].gain == mean.gain
    widths = [row.high - row.low for row in (*pairs, mean)]
    if task == "classification":
        assert widths[0] == widths[1] == pytest.approx(widths[2])
        assert pairs[0].p == pairs[1].p
    else:
        assert widths[2] < 0.85 * min(widths[:2])


def test_texts_with_other_labels_are_drawn_by_themselves(tmp_path):
    one, other = (
        predictions.Predictions(("x", "y"), np.ones(3, int), np.array(gold), np.zeros(3, int))
        for gold in ([0, 1, 1], [1, 0, 1])
    )
    names = [
        drawn_gains.test_set("c", target, "classification", found)
        for target, found in (("de", one), ("zh", one), ("ar", other))
    ]
    assert names[0] == names[1] != names[2]
    assert drawn_gains.test_set("c", "de", "pos", one) == "c de"


def test_same_numbers_twice_and_for_a_pair_alone(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    run(sweeps, tmp_path)
    first = (tmp_path / "statistics.csv").read_bytes()
    _, _, found = run(sweeps, tmp_path)
    assert (tmp_path / "statistics.csv").read_bytes() == first
    _, _, alone = run(sweeps[1:], tmp_path)
    mine, whole = (of(rows, "zh", "test_oracle") for rows in (alone, found))
    assert (mine.gain, mine.low, mine.high, mine.p) == (whole.gain, whole.low, whole.high, whole.p)


def test_both_criteria_of_a_table_are_one_family(tmp_path):
    _, _, found = run(study(tmp_path, {"de": GAIN, "zh": NO_GAIN}), tmp_path)
    tested = [row for row in found if row.p is not None]
    assert {row.criterion for row in tested} == {"dev_selected", "test_oracle"}
    adjusted = resampling.holm([row.p for row in tested])
    assert [row.p_holm for row in tested] == pytest.approx(adjusted, abs=1e-5)
    first = min(tested, key=lambda row: row.p)
    assert first.p_holm == pytest.approx(first.p * len(tested), abs=1e-5)


def test_where_k_0_is_chosen_nothing_is_compared(tmp_path):
    _, _, found = run(study(tmp_path, {"de": {0: 0.99, 1: 0.3, 2: 0.3}}), tmp_path)
    row = of(found, "de")
    assert (row.k, row.gain, row.low, row.p, row.p_holm) == ("0", 0, None, None, None)
    best = of(found, "de", "test_oracle")
    assert best.gain < 0 and best.high < 0 and best.p > 0.9  # one-sided


def test_several_seeds(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN}, seeds=(1, 2, 3))
    _, chosen, found = run(sweeps, tmp_path)
    row = of(found, "de")
    assert (row.seeds, row.k) == (3, " ".join(str(c.dev_selected.k) for c in chosen))
    assert row.gain == pytest.approx(np.mean([c.dev_selected.gain for c in chosen]), abs=1e-5)
    assert row.p_sentences < 0.05
    # The chosen run is the best of each seed: only signs as they are give as much as observed.
    assert row.p == row.p_seeds == 1 / 2**3
    _, _, one = run([sweep for sweep in sweeps if sweep.seed == 2], tmp_path)
    alone = of(one, "de")
    assert alone.p_seeds is None and alone.told_apart


@pytest.mark.parametrize("seeds", [(1,), (1, 2)])
def test_every_p_is_that_of_its_criterion(tmp_path, seeds):
    """By hand, from the files; none is significant, so that the tests differ."""
    right = {0: 0.55, 1: 0.6, 2: 0.61, 3: 0.58}
    sweeps = study(tmp_path, {"de": right}, seeds=seeds)
    _, chosen, found = run(sweeps, tmp_path)
    assert all(choice.dev_selected.k for choice in chosen)
    score, sides, dev, options = counts.SCORES["accuracy"], [], [], {"key": "ud-2.7 de"}
    for sweep in sweeps:
        files = [Path(path).with_suffix(".parquet") for path in sweep.trials]
        counted = {
            code: [
                counts.count(predictions.read(f, language=code, split=split), "accuracy")
                for f in files
            ]
            for code, split in (("de", "test"), ("en", "dev"))
        }
        sides.append(np.stack(counted["de"], axis=1))
        dev.append(score(np.stack(counted["en"], axis=1).sum(0).astype(float)))
    whole = [score(side.sum(0).astype(float)) for side in sides]
    every = resampling.bootstrap(np.concatenate(sides, axis=1), score, resamples=300, **options)
    draws = np.split(every, len(seeds), axis=1)
    pairs = [s[:, [0, c.dev_selected.k]] for s, c in zip(sides, chosen, strict=True)]
    null = resampling.exchanged(pairs, score, resamples=300, **options)
    gain = np.mean([resampling.gains(score(pair.sum(0).astype(float))) for pair in pairs])
    of_sentences = {
        "dev_selected": resampling.p_value(gain, null, two_sided=True),
        "test_oracle": resampling.p_of_best(whole, draws),
    }
    assert of_sentences["dev_selected"] != of_sentences["test_oracle"]
    for criterion, p in of_sentences.items():
        row = of(found, "de", criterion)
        of_seeds = resampling.p_of_seeds(dev, whole, best=criterion == "test_oracle", resamples=300)
        assert row.p_sentences == pytest.approx(p, abs=1e-6)
        assert row.p_seeds == (of_seeds and pytest.approx(of_seeds, abs=1e-6))
        assert row.p == pytest.approx(max(p, of_seeds or 0), abs=1e-6)
        assert row.p_runs is None


def test_the_noise_of_training_is_in_p_where_further_runs_say_it(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN})
    further = {k: 0.3 + 0.02 * k for k in range(7)}
    more = {"role": "noise", "ranking": "unpruned"}
    noise = predicted(tmp_path / "noise", further, target="de", seed=42, **more)
    _, _, found = run([*sweeps, noise], tmp_path)
    row = of(found, "de")
    assert row.has_training_noise and row.p == max(row.p_sentences, row.p_runs)
    assert row.p_runs > of(run(sweeps, tmp_path)[2], "de").p  # of 300 exchanges of few runs
    masked = [replace(sweep, protocol="mask") for sweep in (*sweeps, noise)]
    assert of(run(masked, tmp_path)[2], "de").p_runs is None


def test_a_mean_of_sweeps_that_lack_a_criterion_has_no_interval(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN}, seeds=(1, 2))
    shown, criteria, chosen, scores = selected(sweeps, tmp_path)
    for count, seeds in ((1, [1, 2]), (2, [2])):
        some = [
            replace(c, dev_selected=replace(c.dev_selected, gain=None)) if i < count else c
            for i, c in enumerate(chosen)
        ]
        found = gains.rows(shown, criteria, some, scores, resamples=20)
        german = [r.seeds for r in found if r.target == "de"]
        means = [r for r in found if r.level == "mean"]
        assert german == seeds and means[0].pair == ("", "")
        assert [r.low for r in means if r.criterion == "test_oracle"] == [None]
    Path(sweeps[0].trials[1]).with_suffix(".parquet").unlink()
    found = gains.rows(shown, criteria, chosen, scores, resamples=20)
    bad = [r for r in found if r.problem]
    assert len(bad) == 2 and all(r.gain is r.p is None for r in bad)


def test_pruned_runs_are_read_with_the_heads_that_the_sweep_reads(tmp_path, monkeypatch):
    """All heads on at test: of k = 0 that is the same, and is kept once."""
    (sweep,) = study(tmp_path, {"de": GAIN})
    _, (choice,), _ = run([sweep], tmp_path)
    asked, read = [], drawn_gains.read

    def spy(path, *, language, heads="pruned"):
        asked.append((Path(path).stem, language, heads))
        return read(path, language=language)

    monkeypatch.setattr(drawn_gains, "read", spy)
    drawn_gains.of_sweeps([replace(choice, heads="all")], drawn_gains.by_key([sweep]), 5)
    assert asked == [(f"k-0{k}", "de", "all" if k else "pruned") for k in range(4)]


def test_missing_trials_leave_their_cells_out_and_nothing_else(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN, "ar": GAIN, "fa": GAIN})
    _, _, whole = run(sweeps, tmp_path)
    for path in (sweeps[0].trials[0], sweeps[2].trials[3]):
        Path(path).unlink()
        Path(path).with_suffix(".parquet").unlink()
    for path in sweeps[3].trials:
        Path(path).unlink()
    _, _, found = run(sweeps, tmp_path)
    assert {row.target for row in found if row.level == "pair"} == {"zh", "ar"}
    assert of(found, "zh").low == of(whole, "zh").low
    assert of(found, "ar").gain == of(whole, "ar").gain
    for path in (path for sweep in sweeps for path in sweep.trials):
        Path(path).unlink(missing_ok=True)
    assert run(sweeps, tmp_path)[2] == []


def test_older_files_of_trials_that_a_partial_report_leaves_out_are_not_read(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN})
    _, chosen, found = run(sweeps, tmp_path, without=[sweeps[0].trials[1]])  # the best one
    assert Path(sweeps[0].trials[1]).exists() and chosen[0].missing_k == "1"
    best = of(found, "de", "test_oracle")
    assert best.k != "1"
    assert best.gain == pytest.approx(chosen[0].test_oracle.gain, abs=2e-6)


def test_predictions_that_do_not_fit_are_named(tmp_path):
    made = made_up.predicted_sweep(tmp_path / "de", GAIN, model="tiny")
    sweep = records.planned(made)
    path = Path(sweep.trials[2]).with_suffix(".parquet")
    places = [("dev", "en"), ("test", "de")]

    def swap(labels=None, **options):
        pairs = {place: made_up.predictions("pos", 0.5, **options) for place in places}
        made_up.write_predicted_trial(str(tmp_path / "other.json"), made, pairs, labels=labels)
        kept = path.read_bytes()
        path.write_bytes((tmp_path / "other.parquet").read_bytes())
        return kept

    def refuse(match, kept):
        _, _, found = run([sweep], tmp_path)
        (problem,) = estimates.problems(found)
        assert re.search(match, problem)
        assert "\n" not in problem and "k-02.parquet" in problem
        criteria = [row.criterion for row in found if row.problem]
        assert criteria == ["dev_selected", "test_oracle"]
        path.write_bytes(kept)

    refuse(r"different label sets \(of 5 and 5 labels\)", swap(labels=["A", "B", "C", "D", "E"]))
    refuse(r"not the same number of sentences \(40 and 39\)", swap(sentences=39))
    refuse("of different lengths", swap(gold_seed=5))
    kept = path.read_bytes()
    path.unlink()
    refuse("the predictions of this trial are missing", kept)
    path.write_bytes(b"PAR1")
    refuse("not a whole file of predictions", kept)
    assert not estimates.problems(run([sweep], tmp_path)[2])

    path = Path(sweep.trials[1]).with_suffix(".parquet")
    swap()  # the predictions of another run beside the scores of this one
    (problem,) = estimates.problems(run([sweep], tmp_path)[2])
    assert "k-01.parquet: its predictions give a gain of" in problem


def test_a_wrong_file_costs_its_own_cell_only(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN, "ar": GAIN})
    shown, chosen, whole = run(sweeps, tmp_path)
    wrong = Path(sweeps[2].trials[1]).with_suffix(".parquet")
    wrong.write_bytes(Path(sweeps[2].trials[0]).with_suffix(".parquet").read_bytes())
    again = run(sweeps, tmp_path)
    assert again[:2] == (shown, chosen)
    found = again[2]
    assert len(found) == len(whole)
    for criterion in study_choices.CRITERIA:
        for target in ("de", "zh"):
            mine, before = (of(rows, target, criterion) for rows in (found, whole))
            assert numbers(mine)[:4] == numbers(before)[:4]
        bad = of(found, "ar", criterion)
        assert numbers(bad) == (None,) * 5
        assert (bad.seeds, bad.k) == (1, of(whole, "ar", criterion).k)
        assert numbers(of(found, "", criterion)) == (None,) * 5
    (problem,) = estimates.problems(found)
    assert problem.startswith(f"{wrong}: its predictions give a gain of")
    assert len(estimates.of_choices(found, displays.main_rows(shown, chosen))) == 4


def test_means_say_how_many_of_their_draws_are_worth_having(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    _, _, found = run(sweeps, tmp_path, delta=0.5)
    mean = of(found, "")
    assert (mean.above, mean.within, mean.below, mean.delta) == (1, 0, 0, 0.5)
    assert mean.p_interval == pytest.approx(2 / 301, abs=1e-6)
    # A maximum over k is above delta by noise alone.
    best = of(found, "", "test_oracle")
    assert best.low is not None and best.within is best.p_interval is None


def test_a_second_metric_is_a_family_of_its_own(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN}, model="mbert")
    shown, chosen, found = run(sweeps, tmp_path)
    metrics = {row.table: row.metric for row in found}
    assert sorted(metrics.values()) == ["accuracy", "f1_runs_as_published"]
    mine = estimates.of_choices(found, displays.main_rows(shown, chosen))
    assert len(mine) == 4 and {row.metric for row in mine} == {"accuracy"}


def test_every_share_of_data_has_its_own_interval(tmp_path):
    place = {"setting": "low-resource", "target": "de"}
    sweeps = [
        predicted(tmp_path, right, mixture=("en", f"de@{share}"), **place)
        for share, right in {10: GAIN, 50: NO_GAIN}.items()
    ]
    shown, chosen, found = run(sweeps, tmp_path)
    assert {display.kind for display in shown} == {"low-resource"}
    pairs = [row for row in found if row.level == "pair" and row.criterion == "dev_selected"]
    assert [row.mixture for row in pairs] == ["en+de@10", "en+de@50"]
    for row, choice in zip(pairs, chosen, strict=True):
        assert row.gain == pytest.approx(choice.dev_selected.gain, abs=1e-6)


def fresh_sweep(directory, k, right, *, seed, of_seed=42, **changed):
    """k = 0 and a chosen k with a fresh seed; right: shares of words that are right anyway."""
    sweep = predicted(
        directory,
        dict(enumerate(right)),
        seed=seed,
        role="fresh",
        of_seed=of_seed,
        ranking=f"gradient-en-{of_seed}",  # only for a path of its own
        **changed,
    )
    for trial, heads in zip(sweep.trials, (0, k), strict=True):
        content = json.loads(Path(trial).read_text())
        content["pruned_heads"] = [[0, head] for head in range(heads)]
        Path(trial).write_text(json.dumps(content))
    return replace(sweep, ranking="gradient-en")


def fresh_study(directory, *, seeds=(1, 2, 3, 4), rights=((0.5, 0.7), (0.6, 0.6))):
    """Two pairs whose k is 1, and sweeps with fresh seeds: seed -> a little better each."""
    sweeps = study(directory, {"de": GAIN, "zh": GAIN})
    for target, (low, high) in zip(("de", "zh"), rights, strict=True):
        for seed in seeds:
            right = (low, high + 0.03 * seed)
            sweeps.append(fresh_sweep(directory / target, 1, right, seed=seed, target=target))
    return sweeps


def fresh_display(shown):
    (display,) = [one for one in shown if one.kind == "fresh"]
    return display


def test_fresh_seeds_have_rows_over_seeds_and_sentences(tmp_path):
    sweeps = fresh_study(tmp_path)
    shown, chosen, found = run(sweeps, tmp_path)
    display = fresh_display(shown)
    mine = [row for row in found if row.table == display.name]
    assert [(row.level, row.target) for row in mine] == [
        *(("pair", "de"), ("pair", "zh"), ("mean", ""))
    ]
    for row, line in zip(mine, fresh.rows(display, chosen), strict=True):
        assert row.criterion == "fresh" and row.seeds == 4
        assert row.setting == "cross-lingual" and row.model == "tiny"
        assert row.gain == pytest.approx(line.gain_fresh, abs=1e-5)
        assert row.low < row.gain < row.high
        assert row.p is row.p_holm is None and not row.problem
    # What the interval of a pair is made of: draws of its seeds and of its sentences.
    alone = run([sweep for sweep in sweeps if sweep.seed in (42, 1)], tmp_path)[2]
    (one,) = [r for r in alone if r.criterion == "fresh" and r.target == "de"]
    assert one.seeds == 1
    # No consumer of the tables' own rows takes them for these.
    main = displays.main_rows(shown, chosen)
    criteria = {row.criterion for row in estimates.of_choices(found, main)}
    assert criteria == {"dev_selected", "test_oracle"}


def test_means_of_fresh_seeds_are_of_one_model_each(tmp_path):
    sweeps = []
    for model, right in (("small", 0.7), ("tiny", 0.6)):
        sweeps += study(tmp_path, {"de": GAIN, "zh": GAIN}, model=model)
        sweeps += [
            fresh_sweep(tmp_path / t, 1, (0.5, right), seed=s, target=t, model=model)
            for t in ("de", "zh")
            for s in (1, 2)
        ]
    *_, found = run(sweeps, tmp_path)
    for model in ("small", "tiny"):
        *pairs, mean = [r for r in found if r.criterion == "fresh" and r.model == model]
        assert [r.level for r in (*pairs, mean)] == ["pair", "pair", "mean"]
        assert mean.gain == pytest.approx(np.mean([r.gain for r in pairs]), abs=1e-5)


def test_rows_of_fresh_seeds_are_drawn_as_by_hand(tmp_path):
    sweeps = fresh_study(tmp_path, seeds=(1, 2, 3))
    *_, found = run(sweeps, tmp_path)
    score = counts.SCORES["accuracy"]
    observed, drawn = {}, {}
    for sweep in sweeps:
        if sweep.role == "fresh":
            files = [Path(path).with_suffix(".parquet") for path in sweep.trials]
            tests = [predictions.read(path, language=sweep.target) for path in files]
            sides = np.stack([counts.count(test, "accuracy") for test in tests], axis=1)
            key = f"ud-2.7 {sweep.target}"
            draws = resampling.bootstrap(sides, score, key=key, resamples=300)
            drawn.setdefault(sweep.target, []).append(draws[:, 1] - draws[:, 0])
            whole = score(sides.sum(0).astype(float))
            observed.setdefault(sweep.target, []).append(whole[1] - whole[0])
    means = {
        code: resampling.over_seeds(observed[code], of, resamples=300) for code, of in drawn.items()
    }
    means[""] = (means["de"] + means["zh"]) / 2
    for row in found:
        if row.criterion == "fresh":
            bounds = resampling.interval(means[row.target])
            assert (row.low, row.high) == pytest.approx(bounds, abs=1e-6)


def test_fresh_seeds_of_several_choosing_seeds_are_told_apart(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN}, seeds=(42, 43))
    rights = {42: (0.5, 0.9), 43: (0.5, 0.6)}
    for seed in (1, 2, 3):
        for of_seed, right in rights.items():
            k = 1  # of both
            sweeps.append(fresh_sweep(tmp_path / "de", k, right, seed=seed, of_seed=of_seed))
    shown, chosen, found = run(sweeps, tmp_path)
    (row,) = [r for r in found if r.criterion == "fresh" and r.level == "pair"]
    line, *_ = fresh.rows(fresh_display(shown), chosen)
    assert (row.k, row.seeds, line.seeds) == ("1 1", 3, 3)
    assert row.gain == pytest.approx(line.gain_fresh, abs=1e-5)


def test_fresh_seeds_where_k_0_was_chosen_or_files_are_wrong(tmp_path):
    sweeps = study(tmp_path, {"de": {0: 0.99, 1: 0.3}, "zh": GAIN})
    for seed in (1, 2, 3):
        sweeps.append(fresh_sweep(tmp_path / "de", 0, (0.6, 0.6), seed=seed, target="de"))
        sweeps.append(fresh_sweep(tmp_path / "zh", 1, (0.5, 0.8), seed=seed, target="zh"))
    for sweep in sweeps:
        if sweep.role == "fresh" and sweep.target == "de":
            first, second = map(Path, sweep.trials)  # the second trial is a copy of the first
            for suffix in (".json", ".parquet"):
                second.with_suffix(suffix).write_bytes(first.with_suffix(suffix).read_bytes())
    *_, found = run(sweeps, tmp_path)
    german, chinese, mean = [row for row in found if row.criterion == "fresh"]
    assert (german.k, german.gain, german.low) == ("0", 0, None)
    assert chinese.low < mean.gain * 2 < chinese.high and mean.low is not None
    Path(sweeps[-1].trials[1]).with_suffix(".parquet").write_bytes(b"PAR1")
    shown, chosen, found = run(sweeps, tmp_path)
    german, chinese, mean = [row for row in found if row.criterion == "fresh"]
    assert german.gain == 0 and "not a whole file" in chinese.problem
    assert chinese.gain is mean.gain is mean.low is None
    assert not any(row.problem for row in found if row.criterion != "fresh")
    display = fresh_display(shown)
    table = fresh_table.table(display, fresh.rows(display, chosen, found), LANGUAGES)
    assert table.body[1][4].below and not table.body[1][5].below
    assert any(chinese.problem in note for note in table.notes)


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_the_card_of_an_export_has_the_same_gain_and_interval(tmp_path, task):
    (sweep,) = study(tmp_path, {"de": GAIN}, task=task, experiment=task)
    _, (choice,), found = run([sweep], tmp_path, resamples=resampling.RESAMPLES)
    row = of(found, "de")
    trials = [Path(sweep.trials[sweep.ks.index(k)]) for k in (0, choice.dev_selected.k)]
    (line,) = card.compare(
        [path.with_suffix("") for path in trials],
        metric=row.metric,
        corpus=row.corpus,
        task=task,
        languages=["de"],
    )
    assert row.k == "1"
    assert line["gain"] == pytest.approx((row.gain, row.low, row.high), abs=2e-6)
    assert line["unpruned"][0] == pytest.approx(choice.unpruned, abs=2e-6)
    assert line["pruned"][0] == pytest.approx(choice.dev_selected.test, abs=2e-6)
    for name in ("unpruned", "pruned"):
        value, low, high = line[name]
        assert low < value < high


def test_the_job_warns_and_goes_on(tmp_path):
    sweeps = study(tmp_path, {"de": GAIN, "zh": NO_GAIN})
    shown, *_ = selected(sweeps, tmp_path)
    Path(sweeps[1].trials[2]).with_suffix(".parquet").unlink()
    plan = contents.Contents(sweeps=tuple(sweeps), displays=tuple(shown), comparisons=())
    contents.write(contents.as_json(plan), tmp_path / "plan.json")
    script = Path(gains.__file__).parents[2] / "scripts" / "resample.py"
    code = f"""
import os, runpy
from types import SimpleNamespace as N
from polyheads.analysis import inference
inference.infer.__kwdefaults__["resamples"] = 20
os.chdir({str(tmp_path)!r})
class Files(N):
    __iter__ = lambda self: iter(vars(self).values())
job = N(
    input=N(contents="plan.json", choices="choices.csv", scores="scores.csv"),
    output=Files(
        gains="gains.csv", null_baselines="null-baselines.csv", differences="differences.csv"
    ),
    params=N(delta=0.5),
    log=["log"],
)
runpy.run_path({str(script)!r}, init_globals={{"snakemake": job}})
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
    (line,) = done.stderr.splitlines()
    assert line.startswith("Warning: ") and "predictions of this trial are missing" in line
    assert (tmp_path / "log").read_text().count(line) == 1
    assert of(estimates.read(tmp_path / "gains.csv"), "de").low is not None
    assert (tmp_path / "null-baselines.csv").exists()
