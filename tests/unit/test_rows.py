"""Rows of statistics: what is written is read, and a table finds its own."""

import pytest

from polyheads.analysis import rows

PAIR = dict.fromkeys(rows.COLUMNS, "") | {
    **{"exhibit": "table-1", "level": "pair", "criterion": "dev_selected", "experiment": "pos"},
    **{"task": "pos", "corpus": "ud", "model": "mbert", "recipe": "paper"},
    **{"ranking": "gradient", "setting": "cross-lingual", "source": "en", "target": "de"},
    **{"mixture": "en", "metric": "accuracy", "seeds": 2, "k": "3 4", "sentences": 100},
    **{"gain": 1.25, "low": -0.5, "high": 2.0, "p_sentences": 0.01, "p_seeds": 0.5, "p": 0.5},
    **{"p_runs": None, "p_interval": 0.03, "above": 0.75, "within": 0.2, "below": 0.05},
    "delta": 0.5,
    **{"p_holm": 0.04, "resamples": 9999},
}
MEAN = PAIR | {"level": "mean", "source": "", "target": "", "mixture": "", "p_holm": None}
CHOICE = {
    **{"experiment": "pos", "model": "mbert", "source": "en", "target": "de", "mixture": "en"},
    **{"setting": "cross-lingual", "metric": "accuracy", "ranking": "gradient-en"},
}


def test_what_is_written_is_read(tmp_path):
    without = PAIR | dict.fromkeys(("gain", "low", "p", "resamples"), None)
    without["problem"] = 'Größe, "not" whole'
    rows.write([PAIR, without], tmp_path / "statistics.csv")
    text = (tmp_path / "statistics.csv").read_text(encoding="utf-8")
    head, first, _ = text.splitlines()
    assert head == ",".join(rows.COLUMNS) and "\r" not in text
    assert first.endswith(
        "2,3 4,100,1.250000,-0.500000,2.000000,0.010000,0.500000,,0.500000,0.040000,"
        "9999,,0.030000,0.750000,0.200000,0.050000,0.500000"
    )
    assert rows.read(tmp_path / "statistics.csv") == [PAIR, without]


def test_columns_of_ones_own(tmp_path):
    made = {"pairs": 3, "null_mean": 0.5, "null_low": 0.1, "null_high": None, "n": 7}
    rows.write([made | {"other": 1}], tmp_path / "nulls.csv", columns=tuple(made))
    assert rows.read(tmp_path / "nulls.csv") == [made]


def test_cells_of_a_table():
    other = PAIR | {"exhibit": "table-2"}
    best = PAIR | {"criterion": "test_oracle"}
    assert rows.by_cell([other, PAIR, best, MEAN], "table-1") == {
        ("mbert", "en", "de", "dev_selected"): PAIR,
        ("mbert", "en", "de", "test_oracle"): best,
        ("mbert", "", "", "dev_selected"): MEAN,
    }


def test_marks():
    assert rows.mark(PAIR) == rows.mark(PAIR | {"p_seeds": None, "p_runs": 0.3}) == "*"
    assert rows.mark(PAIR | {"p_seeds": None}) == "°"
    assert rows.mark(PAIR | {"p_holm": 0.05}) == rows.mark(None) == ""


@pytest.mark.parametrize(
    ("p", "told"), [(0.0499, True), (0.05, False), (None, False), (1.0, False)]
)
def test_what_is_told_apart(p, told):
    assert rows.tells(PAIR | {"p_holm": p}) is told
    assert rows.tells(None) is False


def test_rows_of_choices():
    problem = PAIR | {"problem": "k-3.parquet: gone", "p_holm": None}
    fresh = PAIR | {"criterion": rows.FRESH}
    others = [
        PAIR | {name: "another"}
        for name in ("experiment", "model", "source", "target", "setting", "mixture", "metric")
    ]
    others += [PAIR | {"ranking": "lrp"}, fresh]
    best = PAIR | {"criterion": "test_oracle"}
    every = [PAIR, problem, MEAN, best, *others]
    assert rows.of_choices(every, [CHOICE, CHOICE]) == [PAIR, best]
    assert rows.all_of_choices(every, [CHOICE]) == [PAIR, problem, best]
    assert rows.of_choices(every, []) == []


def test_means_of_choices():
    others = [MEAN | {name: "another"} for name in ("experiment", "model", "setting", "metric")]
    others += [MEAN | {"ranking": "lrp"}, MEAN | {"criterion": rows.FRESH}]
    assert rows.of_means([PAIR, *others, MEAN], [CHOICE]) == [MEAN]


def test_the_same_gain():
    assert rows.same_gain(PAIR, 1.250004)
    assert not rows.same_gain(PAIR, 1.2502)
    assert not rows.same_gain(PAIR, None)
    assert not rows.same_gain(PAIR | {"gain": None}, 1.25)


def test_notes_say_what_noise_is_in_the_numbers():
    assert rows.resampling_notes([]) == [] == rows.problem_notes([PAIR])
    first, star, seeds = rows.resampling_notes(iter([PAIR]))
    runs = PAIR | {"p_runs": 0.2}
    assert rows.resampling_notes([runs])[3].startswith("Unpruned runs with other seeds: ")
    assert "95 % interval" in first and "9,999 draws" in first and "Best on test" in first
    assert "p < 0.05" in star and "9,999 random exchanges" in star
    assert seeds.startswith("Several seeds: ")
    alone = PAIR | {"seeds": 1, "p_seeds": None}
    *_, one = rows.resampling_notes([alone])
    assert one.startswith("° instead of *: one seed")
    assert len(rows.resampling_notes([alone | {"p_runs": 0.2}])) == 3
    assert rows.resampling_notes([PAIR | {"seeds": 1}, PAIR])[2] == seeds
    gone = [PAIR | {"problem": text} for text in ("a: gone", "b: gone", "a: gone")]
    assert rows.problems([*gone, PAIR, {"gain": 1.0}]) == ["a: gone", "b: gone"]
    *_, last = rows.resampling_notes([PAIR, *gone])
    assert last.startswith("No intervals and no p") and last.endswith(
        "means over them. a: gone; b: gone."
    )
