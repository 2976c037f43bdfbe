"""Which estimate a mean gain has: that of the same trials and of no others."""

from dataclasses import replace

import pytest
from records import choice, estimate, mean_estimate, selected

from polyheads.analysis.estimates import is_of, of_mean

PAIRS = (("en", "de"), ("en", "zh"))


def chosen(experiment, directory="prune", **changed):
    """A choice of k = 1 for each pair, of trials in a directory."""
    return [
        choice(
            selected(1, 0.5, trial=f"{directory}/{target}/k-1.json"),
            experiment=experiment,
            source=source,
            target=target,
            **changed,
        )
        for source, target in PAIRS
    ]


def table(experiment):
    """The estimates of an experiment's result table: both pairs and their mean."""
    of_table = {"experiment": experiment, "table": f"{experiment}.cross-lingual.gradient"}
    pairs = [estimate(source=s, target=t, **of_table) for s, t in PAIRS]
    return [*pairs, mean_estimate(low=0.1, high=0.9, **of_table)]


def found(mine, estimates, study=None):
    row = of_mean(estimates, mine, "dev_selected", study=study)
    return row and row.table


def test_a_mean_has_the_estimate_of_its_table_without_p():
    mine = chosen("pos")
    row = of_mean(table("pos"), mine, "dev_selected")
    assert (row.level, row.low, row.high, row.p, row.p_holm) == ("mean", 0.1, 0.9, None, None)
    one = of_mean(table("pos")[:1], mine[:1], "dev_selected")
    assert (one.level, one.target) == ("pair", "de")
    assert of_mean(table("pos"), mine, "test_oracle") is None


def test_a_table_of_more_or_fewer_pairs_is_another_mean():
    mine = chosen("pos")
    assert found(mine[:1], table("pos")) is None
    assert found(mine, [table("pos")[0], table("pos")[2]]) is None
    assert found(mine, table("pos")[:2]) is None  # the mean itself is missing


def test_the_models_of_a_table_have_means_of_their_own():
    of_other = [replace(row, model="xlmr", low=-9.0) for row in table("pos")]
    row = of_mean([*of_other, *table("pos")], chosen("pos"), "dev_selected")
    assert (row.model, row.low) == ("mbert", 0.1)


def test_other_experiments_count_where_they_share_the_trials():
    mine, shared = chosen("pos"), chosen("more")
    assert found(mine, table("more")) is None  # nothing says what it is of
    assert found(mine, table("more"), [*mine, *shared]) == "more.cross-lingual.gradient"


@pytest.mark.parametrize(
    "changed",
    [
        {"directory": "mask"},
        {"heads": "all"},
        {"k_max": 12},
        {"missing_k": "2"},
    ],
)
def test_the_same_k_of_other_trials_is_no_match(changed):
    mine, other = chosen("pos"), chosen("more", **changed)
    assert [row.dev_selected.k for row in mine] == [row.dev_selected.k for row in other]
    assert found(mine, table("more"), [*mine, *other]) is None


def test_an_estimate_is_of_all_seeds_with_a_gain():
    two = [choice(seed=1), choice((2, 0.0), seed=2)]
    assert is_of(estimate(seeds=2, k="1 2"), two)
    assert not is_of(estimate(seeds=1, k="1"), two)
    assert not is_of(estimate(seeds=2, k="1 1"), two)
    lost = [two[0], replace(two[1], dev_selected=selected(None))]
    assert is_of(estimate(seeds=1, k="1"), lost)
