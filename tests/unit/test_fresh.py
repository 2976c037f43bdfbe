"""Fresh seeds: gains of a chosen k without the luck of its choice."""

from statistics import fmean, stdev

import numpy as np
import pytest
from polyheads.exhibits import fresh
from test_tables import full_width, texts

from polyheads.analysis import student

EXHIBIT = {"kind": "fresh", "name": "ner.gradient.fresh", "title": "Named entities"}
EXHIBIT |= {"task": "ner", "corpus": "panx"}
EXHIBIT["of"] = {"experiment": "ner", "ranking": "gradient", "metric": "f1_strict"}
LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


def choice(target, k, gain, seed, of_seed=None, **changed):
    role = "main" if of_seed is None else "fresh"
    made = {"experiment": "ner", "model": "tiny", "corpus": "panx", "task": "ner"}
    made |= {"recipe": "small", "source": "en", "mixture": "en", "setting": "cross-lingual"}
    made |= {"target": target, "ranking": "gradient-en", "protocol": "prune", "seed": seed}
    made |= {"role": role, "of_seed": of_seed, "metric": "f1_strict", "dev_selected_k": k}
    return (
        made | {"dev_selected_gain": gain, "dev_selected_trial": f"{target}/{seed}.json"} | changed
    )


def choices(seeds=(1, 2, 3, 4)):
    """Two pairs; the gain of German with seed n is n, that of Chinese 2n - 3."""
    found = [choice("de", 4, 6.0, 42), choice("zh", 4, 2.0, 42)]
    found += [choice("de", 4, float(seed), seed, 42) for seed in seeds]
    return found + [choice("zh", 4, 2.0 * seed - 3, seed, 42) for seed in seeds]


def test_gains_of_fresh_seeds():
    rows = choices()
    german, chinese, mean = fresh.lines(EXHIBIT, rows)
    assert (german["k"], german["gain_chosen"], german["seeds"]) == ("4", 6, 4)
    assert german["gain_fresh"] == 2.5
    assert german["sd_fresh"] == pytest.approx(stdev([1, 2, 3, 4]))
    assert (german["low"], german["high"]) == pytest.approx(student.interval([1, 2, 3, 4]))
    assert chinese["gain_fresh"] == 2
    # within a seed first: 0, 1.5, 3, 4.5
    assert (mean["level"], mean["pairs"], mean["gain_chosen"]) == ("mean", 2, 4)
    assert mean["gain_fresh"] == 2.25
    assert (mean["low"], mean["high"]) == pytest.approx(student.interval([0, 1.5, 3, 4.5]))


def test_pairs_that_go_together_do_not_shorten_the_interval_of_their_mean():
    rows = choices()
    copies = [{**r, "target": t} for r in rows if r["target"] == "de" for t in ("de", "zh", "ar")]
    *_, mean = fresh.lines(EXHIBIT, copies)
    assert mean["pairs"] == 3
    assert (mean["low"], mean["high"]) == pytest.approx(student.interval([1, 2, 3, 4]))


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
        *_, mean = fresh.lines(EXHIBIT, rows)
        inside += mean["low"] <= 1 <= mean["high"]
    error = 2.6 * (0.05 * 0.95 / repetitions) ** 0.5
    assert inside / repetitions == pytest.approx(0.95, abs=error)


def test_k_0_compares_nothing_and_few_seeds_have_no_interval():
    rows = [choice("de", 0, 0.0, 42), *(choice("de", 0, 0.0, seed, 42) for seed in range(4))]
    pair, mean = fresh.lines(EXHIBIT, rows)
    assert (pair["gain_fresh"], pair["low"], mean["low"]) == (0, None, None)
    pair, *_ = fresh.lines(EXHIBIT, choices((1, 2)))
    assert (pair["gain_fresh"], pair["seeds"], pair["low"]) == (1.5, 2, None)
    assert pair["sd_fresh"] is not None


def test_several_seeds_choose():
    rows = choices()
    rows += [choice("de", 2, 1.0, 43), choice("zh", 0, 0.0, 43)]
    rows += [choice("de", 2, -1.0, seed, 43) for seed in (1, 2, 3, 4)]
    rows += [choice("zh", 0, 0.0, seed, 43) for seed in (1, 2, 3, 4)]
    german, chinese, _ = fresh.lines(EXHIBIT, rows)
    assert (german["k"], german["gain_chosen"]) == ("4 2", 3.5)
    assert german["gain_fresh"] == fmean([0, 0.5, 1, 1.5])
    assert chinese["gain_fresh"] == 1


def test_missing_trials_are_no_gain_of_zero():
    rows = choices()
    # The chosen trial is missing: all that is left is k = 0, whose gain is 0.
    lost = next(r for r in rows if r["role"] == "fresh" and r["target"] == "zh")
    lost |= {"dev_selected_k": 0, "dev_selected_gain": 0.0}
    german, chinese, mean = fresh.lines(EXHIBIT, rows)
    assert (german["seeds"], chinese["seeds"], mean["seeds"]) == (4, 3, 3)
    assert (chinese["missing_seeds"], mean["missing_seeds"]) == (1, 1)
    assert mean["gain_fresh"] == 3  # seeds 2, 3, 4
    table = fresh.table(EXHIBIT, rows, LANGUAGES)
    assert texts(table["body"])[1][-1] == "3†"
    assert any(note.startswith("†") for note in table["notes"])
    none = [r for r in rows if r["role"] == "main" or r["target"] == "de"]
    german, chinese, mean = fresh.lines(EXHIBIT, none)
    assert (chinese["seeds"], chinese["gain_fresh"], mean["pairs"]) == (0, None, 1)
    assert texts(fresh.table(EXHIBIT, none, LANGUAGES)["body"])[1][5] == "missing"


def test_table():
    told = {"level": "pair", "experiment": "ner", "model": "tiny", "source": "en", "target": "de"}
    told |= {
        "setting": "cross-lingual",
        "mixture": "en",
        "metric": "f1_strict",
        "ranking": "gradient",
    }
    told |= {
        "criterion": "dev_selected",
        "gain": 6.0,
        "low": 5.0,
        "high": 7.0,
        "p": 0.001,
        "p_holm": 0.002,
    }
    told |= {"exhibit": "ner.cross-lingual.gradient", "seeds": 1, "resamples": 10}
    table = fresh.table(EXHIBIT, choices(), LANGUAGES, [told])
    assert full_width(table) == 7
    german = texts(table["body"])[0]
    assert german[1:5] == ["English → German", "tiny", "4", "+6.00°"]
    assert table["body"][0][4]["below"] == "[+5.00, +7.00]"
    assert german[5] == "+2.50 ± 1.29"
    low, high = student.interval([1, 2, 3, 4])
    assert table["body"][0][5]["below"] == f"[{low:+.2f}, {high:+.2f}]".replace("-", "−")
    assert texts(table["foot"])[0][1:6] == [
        "Mean of the pairs",
        "tiny",
        "",
        "+4.00",
        "+2.25 ± 1.94",
    ]


_DRAWN = {"p_interval": 0.3, "above": 0.9, "within": 0.1, "below": 0.0, "delta": 0.5}


def resampled(target="", **changed):
    """A row of the statistics: the gain of the pair from English, of the mean without target."""
    row = {"exhibit": EXHIBIT["name"], "level": "pair" if target else "mean", "criterion": "fresh"}
    row |= {"experiment": "ner", "model": "tiny", "setting": "cross-lingual", "mixture": "en"}
    row |= {"source": "en" if target else "", "target": target, "metric": "f1_strict"}
    row |= {"ranking": "gradient", "seeds": 4, "resamples": 10, "problem": ""}
    return (
        row | {"gain": 2.5, "low": None, "high": None, "p": None, "p_holm": None} | _DRAWN | changed
    )


def test_interval_has_the_noise_of_training_and_of_sentences():
    low, high = student.interval([1, 2, 3, 4])
    rows = [resampled("de", low=2.0, high=9.0), resampled("zh", low=-9.0, high=2.0)]
    rows.append(resampled(low=2.2, high=2.3))
    german, chinese, mean = fresh.lines(EXHIBIT, choices(), rows)
    assert (german["low"], german["high"]) == pytest.approx((low, 9))
    assert chinese["low"] == -9
    assert chinese["high"] == pytest.approx(student.interval([-1, 1, 3, 5])[1])
    assert (mean["low"], mean["high"]) == pytest.approx(student.interval([0, 1.5, 3, 4.5]))
    assert german["p_interval"] == 0.3 > student.p_value([1, 2, 3, 4])
    alone = fresh.lines(EXHIBIT, choices())[0]
    assert alone["p_interval"] == pytest.approx(student.p_value([1, 2, 3, 4]))
    assert (german["within"], alone["within"]) == (0.1, None)
    table = fresh.table(EXHIBIT, choices(), LANGUAGES, rows)
    assert table["body"][0][5]["below"].endswith(", +9.00]")
    assert any("training noise and the choice of test sentences" in n for n in table["notes"])
    plain = fresh.table(EXHIBIT, choices(), LANGUAGES)
    assert any("about training noise, given" in note for note in plain["notes"])


def test_no_interval_without_either_noise():
    assert [line["low"] for line in fresh.lines(EXHIBIT, choices((1, 2)), [resampled("de")])] == [
        *[None] * 3
    ]
    rows = [resampled("de", low=1.0, high=2.0), resampled("zh", gain=None, problem="x.parquet: no")]
    german, chinese, mean = fresh.lines(EXHIBIT, choices(), [*rows, resampled(gain=None)])
    assert german["low"] is not None and chinese["low"] is mean["low"] is mean["high"] is None
    assert chinese["gain_fresh"] == 2
    notes = fresh.table(EXHIBIT, choices(), LANGUAGES, rows)["notes"]
    assert "x.parquet: no" in notes[-1]


def test_notes_tell_what_the_interval_as_chosen_has():
    row = resampled("de", criterion="dev_selected", exhibit="ner.cross-lingual.gradient", seeds=1)
    row |= {"low": 5.0, "high": 7.0, "p": 0.001, "p_holm": 0.002}
    notes = fresh.table(EXHIBIT, choices(), LANGUAGES, [row])["notes"]
    (note,) = [n for n in notes if n.startswith("[ ] below a gain as chosen")]
    assert "without any training noise" in note and "*" in note


def test_planned():
    assert fresh.planned(choices()) == [("ner", "gradient")]
    assert fresh.planned(choices(seeds=())) == []


def test_rows_lead_to_their_trials():
    table = fresh.table(EXHIBIT, choices(), LANGUAGES)
    k, _, gain = table["body"][0][3:6]
    assert k["links"] == [("4", "de/42.json")]
    paths = [f"de/{seed}.json" for seed in (1, 2, 3, 4)]
    assert gain["links"] == [(str(i), path) for i, path in enumerate(paths, 1)]
    assert table["records"][0]["chosen_trial"] == "de/42.json"
    assert table["records"][0]["fresh_trial"] == " ".join(paths)
    assert not table["foot"][0][3]["links"]
