"""Fresh seeds: gains of a chosen k without the luck of its choice, and their table."""

from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import pytest
import records
from records import notes

from polyheads.analysis import fresh, student, tidy
from polyheads.report.tables.fresh import table
from polyheads.study import displays
from polyheads.study.displays import Display

DISPLAY = Display(
    kind="fresh",
    name="ner.gradient.fresh",
    experiment="ner",
    ranking="gradient",
    metric="f1_strict",
    task="ner",
    corpus="panx",
)
LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
ABOUT = {"experiment": "ner", "task": "ner", "corpus": "panx", "model": "tiny"}
ABOUT |= {"recipe": "small", "metric": "f1_strict"}


def choice(target, k, gain, seed, of_seed=None):
    role = "main" if of_seed is None else "fresh"
    chosen = records.selected(k, gain, trial=f"{target}/{seed}.json")
    place = {"target": target, "seed": seed, "role": role, "of_seed": of_seed}
    return records.choice(chosen, **ABOUT, **place)


def choices(seeds=(1, 2, 3, 4)):
    """Two pairs; the gain of German with seed n is n, that of Chinese 2n - 3."""
    found = [choice("de", 4, 6.0, 42), choice("zh", 4, 2.0, 42)]
    found += [choice("de", 4, float(seed), seed, 42) for seed in seeds]
    return found + [choice("zh", 4, 2.0 * seed - 3, seed, 42) for seed in seeds]


def test_gains_of_fresh_seeds():
    german, chinese, mean = fresh.rows(DISPLAY, choices())
    assert (german.k, german.gain_chosen, german.seeds) == ("4", 6, 4)
    assert german.gain_fresh == 2.5
    assert german.sd_fresh == pytest.approx(stdev([1, 2, 3, 4]))
    assert (german.low, german.high) == pytest.approx(student.interval([1, 2, 3, 4]))
    assert chinese.gain_fresh == 2
    # within a seed first: 0, 1.5, 3, 4.5
    assert (mean.level, mean.pairs, mean.gain_chosen) == ("mean", 2, 4)
    assert mean.gain_fresh == 2.25
    assert (mean.low, mean.high) == pytest.approx(student.interval([0, 1.5, 3, 4.5]))


def test_pairs_that_go_together_do_not_shorten_the_interval_of_their_mean():
    german = [row for row in choices() if row.target == "de"]
    copies = [replace(row, target=target) for row in german for target in ("de", "zh", "ar")]
    *_, mean = fresh.rows(DISPLAY, copies)
    assert mean.pairs == 3
    assert (mean.low, mean.high) == pytest.approx(student.interval([1, 2, 3, 4]))


def test_interval_of_the_mean_holds_where_pairs_share_trainings():
    random = np.random.default_rng(20260102)
    repetitions, inside = 400, 0
    for _ in range(repetitions):
        rows = [choice(t, 4, 0.0, 42) for t in ("de", "zh", "ar")]
        for seed in range(4):
            shared = random.normal()
            rows += [
                choice(t, 4, 1 + shared + 0.3 * random.normal(), seed, 42)
                for t in ("de", "zh", "ar")
            ]
        *_, mean = fresh.rows(DISPLAY, rows)
        inside += mean.low <= 1 <= mean.high
    error = 2.6 * (0.05 * 0.95 / repetitions) ** 0.5
    assert inside / repetitions == pytest.approx(0.95, abs=error)


def test_k_0_compares_nothing_and_few_seeds_have_no_interval():
    rows = [choice("de", 0, 0.0, 42), *(choice("de", 0, 0.0, seed, 42) for seed in range(4))]
    pair, mean = fresh.rows(DISPLAY, rows)
    assert (pair.gain_fresh, pair.low, mean.low) == (0, None, None)
    pair, *_ = fresh.rows(DISPLAY, choices((1, 2)))
    assert (pair.gain_fresh, pair.seeds, pair.low) == (1.5, 2, None)
    assert pair.sd_fresh is not None


def test_several_seeds_choose():
    rows = choices()
    rows += [choice("de", 2, 1.0, 43), choice("zh", 0, 0.0, 43)]
    rows += [choice("de", 2, -1.0, seed, 43) for seed in (1, 2, 3, 4)]
    rows += [choice("zh", 0, 0.0, seed, 43) for seed in (1, 2, 3, 4)]
    german, chinese, _ = made = fresh.rows(DISPLAY, rows)
    assert (german.k, german.gain_chosen) == ("4 2", 3.5)
    assert german.gain_fresh == fmean([0, 0.5, 1, 1.5])
    assert chinese.gain_fresh == 1
    all_notes = notes(table(DISPLAY, made, LANGUAGES))
    assert any(note.startswith("Several seeds chose a k") for note in all_notes)


def test_missing_trials_are_no_gain_of_zero():
    rows = choices()
    # The chosen trial is missing: all that is left is k = 0, whose gain is 0.
    lost = next(i for i, r in enumerate(rows) if r.role == "fresh" and r.target == "zh")
    rows[lost] = replace(rows[lost], dev_selected=records.selected(0, 0.0))
    german, chinese, mean = made = fresh.rows(DISPLAY, rows)
    assert (german.seeds, chinese.seeds, mean.seeds) == (4, 3, 3)
    assert (chinese.missing_seeds, mean.missing_seeds) == (1, 1)
    assert mean.gain_fresh == 3  # seeds 2, 3, 4
    shown = table(DISPLAY, made, LANGUAGES)
    assert records.texts(shown.body)[1][-1] == "3†"
    assert any(note.startswith("†") for note in notes(shown))
    none = [r for r in rows if r.role == "main" or r.target == "de"]
    german, chinese, mean = made = fresh.rows(DISPLAY, none)
    assert (chinese.seeds, chinese.gain_fresh, mean.pairs) == (0, None, 1)
    shown = table(DISPLAY, made, LANGUAGES)
    assert records.texts(shown.body)[1][5] == "missing"
    assert any("1 have none" in note for note in notes(shown))


def as_chosen(**changed):
    """What the result table says of the German gain as chosen."""
    values = ABOUT | {"table": "ner.cross-lingual.gradient", "target": "de", "resamples": 10}
    values |= {"gain": 6.0, "low": 5.0, "high": 7.0, "p": 0.001, "p_holm": 0.002, "k": "4"}
    return records.estimate(**values | changed)


def test_table():
    shown = table(DISPLAY, fresh.rows(DISPLAY, choices(), [as_chosen()]), LANGUAGES)
    assert shown.title == "Named entities: F1 (strict), fresh seeds (percentage points)"
    assert records.full_width(shown) == 7
    german = records.texts(shown.body)[0]
    assert german[1:5] == ["English → German", "tiny", "4", "+6.00°"]
    assert shown.body[0][4].below == "[+5.00, +7.00]"
    assert german[5] == "+2.50 ± 1.29"
    low, high = student.interval([1, 2, 3, 4])
    assert shown.body[0][5].below == f"[{low:+.2f}, {high:+.2f}]".replace("-", "−")
    mean = ["Mean of the pairs", "tiny", "", "+4.00", "+2.25 ± 1.94"]
    assert records.texts(shown.foot)[0][1:6] == mean


_DRAWN = {"p_interval": 0.3, "above": 0.9, "within": 0.1, "below": 0.0, "delta": 0.5}


def resampled(target="", **changed):
    """The estimate of the pair from English with fresh seeds, of the mean without target."""
    values = ABOUT | {"table": DISPLAY.name, "criterion": "fresh", "seeds": 4, "resamples": 10}
    values |= {"gain": 2.5, "low": None, "high": None, "p": None, "p_holm": None} | _DRAWN
    if target:
        return records.estimate(**values | {"target": target} | changed)
    return records.mean_estimate(**values | changed)


def test_interval_has_the_noise_of_training_and_of_sentences():
    low, _high = student.interval([1, 2, 3, 4])
    estimates = [resampled("de", low=2.0, high=9.0), resampled("zh", low=-9.0, high=2.0)]
    estimates.append(resampled(low=2.2, high=2.3))
    german, chinese, mean = made = fresh.rows(DISPLAY, choices(), estimates)
    assert (german.low, german.high) == pytest.approx((low, 9))
    assert chinese.low == -9
    assert chinese.high == pytest.approx(student.interval([-1, 1, 3, 5])[1])
    assert (mean.low, mean.high) == pytest.approx(student.interval([0, 1.5, 3, 4.5]))
    assert german.p_interval == 0.3 > student.p_value([1, 2, 3, 4])
    alone, *_ = plain = fresh.rows(DISPLAY, choices())
    assert alone.p_interval == pytest.approx(student.p_value([1, 2, 3, 4]))
    assert (german.within, alone.within) == (0.1, None)
    shown = table(DISPLAY, made, LANGUAGES)
    assert shown.body[0][5].below.endswith(", +9.00]")
    assert any("training noise and the choice of test sentences" in n for n in notes(shown))
    assert any("about training noise, given" in n for n in notes(table(DISPLAY, plain, LANGUAGES)))


def test_no_interval_without_either_noise():
    made = fresh.rows(DISPLAY, choices((1, 2)), [resampled("de")])
    assert [row.low for row in made] == [None] * 3
    wrong = resampled("zh", gain=None, problem="x.parquet: no")
    estimates = [resampled("de", low=1.0, high=2.0), wrong, resampled(gain=None)]
    german, chinese, mean = made = fresh.rows(DISPLAY, choices(), estimates)
    assert german.low is not None and chinese.low is mean.low is mean.high is None
    assert chinese.gain_fresh == 2
    assert "x.parquet: no" in notes(table(DISPLAY, made, LANGUAGES))[-1]


def test_problems_of_the_gain_as_chosen_are_noted():
    wrong = as_chosen(gain=None, low=None, high=None, p=None, p_holm=None, problem="y.parquet: no")
    made = fresh.rows(DISPLAY, choices(), [wrong, replace(wrong, criterion="test_oracle")])
    shown = table(DISPLAY, made, LANGUAGES)
    assert notes(shown)[-1].endswith("over them. y.parquet: no.")
    assert (shown.body[0][4].text, shown.body[0][4].below) == ("+6.00", "")


def test_notes_tell_what_the_interval_as_chosen_has():
    for seeds, words in ((1, "without any training noise"), (2, "and of the seeds that chose")):
        made = fresh.rows(DISPLAY, choices(), [as_chosen(seeds=seeds)])
        all_notes = notes(table(DISPLAY, made, LANGUAGES))
        (note,) = [n for n in all_notes if n.startswith("[ ] below a gain as chosen")]
        assert words in note and "*" in note


def test_rows_lead_to_their_trials():
    shown = table(DISPLAY, fresh.rows(DISPLAY, choices()), LANGUAGES)
    k, _, gain = shown.body[0][3:6]
    assert k.links == (("4", "de/42.json"),)
    paths = [f"de/{seed}.json" for seed in (1, 2, 3, 4)]
    assert gain.links == tuple((str(i), path) for i, path in enumerate(paths, 1))
    assert shown.records[0]["chosen_trial"] == "de/42.json"
    assert shown.records[0]["fresh_trial"] == " ".join(paths)
    assert not shown.foot[0][3].links


def test_rows_are_the_same_after_a_file(tmp_path):
    made = fresh.rows(DISPLAY, choices(), [as_chosen(), resampled("de", low=2.0, high=9.0)])
    columns = tidy.columns_of(fresh.FreshGain)
    tidy.write(made, tmp_path / "fresh.csv", columns=columns)
    assert tidy.read(fresh.FreshGain, tmp_path / "fresh.csv") == made


def test_planned():
    sweeps = [records.sweep(), records.sweep(role="fresh", seed=1, of_seed=42, ks=(0, 1))]
    (display,) = [one for one in displays.plan(sweeps) if one.kind == "fresh"]
    assert (display.name, display.ranking) == ("pos.gradient.fresh", "gradient")
    assert not [one for one in displays.plan(sweeps[:1]) if one.kind == "fresh"]
