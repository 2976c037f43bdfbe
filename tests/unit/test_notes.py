"""Notes that several tables share: what they say of intervals, noise and problems."""

import records

from polyheads.report import notes

PAIR = {"seeds": 2, "k": "3 4", "p_seeds": 0.5, "delta": 0.5}


def test_notes_say_what_noise_is_in_the_numbers():
    assert notes.resampling_notes([]) == [] == notes.problem_notes([records.estimate(**PAIR)])
    first, star, seeds = notes.resampling_notes(iter([records.estimate(**PAIR)]))
    assert "95 % interval" in first and "9,999 draws" in first and "Best on test" in first
    assert "p < 0.05" in star and "9,999 random exchanges" in star
    assert seeds.startswith("Several seeds: ")
    runs = records.estimate(**PAIR, p_runs=0.2)
    assert notes.resampling_notes([runs])[3].startswith("Unpruned runs with other seeds: ")
    *_, one = notes.resampling_notes([records.estimate()])
    assert one.startswith("° instead of *: one seed")
    assert len(notes.resampling_notes([records.estimate(p_runs=0.2)])) == 3
    both = [records.estimate(p_seeds=0.5), records.estimate(**PAIR)]
    assert notes.resampling_notes(both)[2] == seeds


def test_what_is_not_tested_lacks_no_noise():
    untested = records.estimate(k="0", p=None, p_holm=None, low=None, high=None)
    assert len(notes.resampling_notes([untested])) == 2


def test_a_mean_says_which_of_its_draws_are_worth_having():
    mean = records.mean_estimate(above=0.75, within=0.2, below=0.05, delta=0.5)
    *_, shares = notes.resampling_notes([records.estimate(p_seeds=0.5), mean])
    assert "above +0.5 / within ±0.5 / below −0.5 points" in shares
    assert len(notes.resampling_notes([records.estimate(p_seeds=0.5, delta=0.5)])) == 2


def test_gains_without_estimates_need_no_notes():
    blank = dict.fromkeys(("seeds", "gain", "low", "high", "p", "p_holm", "resamples"))
    assert notes.resampling_notes([records.estimate(**blank)]) == []


def test_notes_say_each_problem_once():
    gone = [records.estimate(problem=text) for text in ("a: gone", "b: gone", "a: gone")]
    (last,) = notes.problem_notes([records.estimate(), *gone])
    assert last.startswith("No intervals and no p")
    assert last.endswith("means over them. a: gone; b: gone.")
    assert not any("gone" in note for note in notes.resampling_notes([records.estimate(), *gone]))


def test_where_intervals_of_means_come_from():
    (note,) = notes.mean_notes([None, records.mean_estimate()])
    assert note.startswith("[ ]: 95 % interval of the mean")
    assert notes.mean_notes([None, records.mean_estimate(low=None)]) == notes.mean_notes([]) == []
