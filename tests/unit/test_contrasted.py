"""Which sweeps are held against each other, and what is left out of a comparison."""

from collections import Counter
from dataclasses import replace

import pytest
import records

from polyheads.analysis import claim_contrasts, contrasted, control_contrasts, groups
from polyheads.analysis.choices import SweepRow, sweep_values
from polyheads.report.tables.contrast_words import reasons
from polyheads.study import displays


def choice(target="de", seed=1, gains=(1.0, 2.0), k=1, **changed):
    selected = [(k, gain) for gain in gains]
    place = {"target": target, "seed": seed, "model": "tiny"}
    return records.choice(*selected, **place | changed)


def other(target="de", seed=1, gains=(0.25, 0.5), **changed):
    """Of the highest heads."""
    return choice(target, seed, gains, **{"ranking": "reversed-gradient-en", **changed})


def matched(one, two, *, ks=(0, 1, 2, 3), **of_sweep):
    """A contrast of two lists of choices; of_sweep: other k of the sweeps of a ranking."""
    tried = {row.sweep: of_sweep.get(row.ranking.partition("-")[0], ks) for row in (*one, *two)}
    sides = [(groups.group_of(rows[0]), rows) for rows in (one, two)]
    return contrasted.matched("highest", *sides, tried)


def test_gains_are_taken_from_each_other_sweep_by_sweep():
    one = [choice(seed=1), choice(seed=2, gains=(3.0, 4.0)), choice("zh", seed=1)]
    two = [other(seed=2), other(seed=1, gains=(0.5, 0.0)), other("zh", seed=1)]
    contrast = matched(one, two)
    # Seed 2 has no Chinese: the mean is of the seeds that all pairs have.
    assert contrast.seeds == [1] and contrast.pairs == [("en", "de"), ("en", "zh")]
    assert contrast.left_out == Counter(seeds=1)
    assert contrast.difference("dev_selected") == pytest.approx((0.5 + 0.75) / 2)
    assert contrast.difference("test_oracle") == pytest.approx((2.0 + 1.5) / 2)
    assert contrast.moved


def test_all_seeds_that_every_pair_has_count():
    places = [(target, seed) for target in ("de", "zh") for seed in (1, 2)]
    contrast = matched([choice(*place) for place in places], [other(*place) for place in places])
    assert contrast.seeds == [1, 2] and len(contrast.sweeps) == 4 and not contrast.left_out


def test_where_no_seed_has_all_pairs_the_one_with_most_stands():
    one = [choice("de", 1), choice("zh", 2), choice("ar", 2)]
    two = [other("de", 1), other("zh", 2), other("ar", 2)]
    contrast = matched(one, two)
    assert contrast.seeds == [2] and contrast.pairs == [("en", "zh"), ("en", "ar")]
    assert contrast.left_out == Counter(seeds=1)


@pytest.mark.parametrize(
    "changed, reason",
    [
        ({"recipe": "other"}, "recipe"),
        ({"protocol": "mask"}, "protocol"),
        ({"heads": "all"}, "heads"),
        ({"gains": (0.25, None)}, "missing"),
        ({"missing_k": "3"}, "k"),
        ({"seed": 2}, "seed"),
        ({"target": "zh"}, "one side"),
    ],
)
def test_sweeps_that_differ_in_more_are_left_out(changed, reason):
    contrast = matched([choice()], [other(**changed)])
    # Of another seed or pair both sides are left out.
    alone = 2 if reason in ("seed", "one side") else 1
    assert not contrast.sweeps and contrast.left_out == Counter({reason: alone})
    assert contrast.difference("dev_selected") is None and not contrast.moved
    noun = "sweep" if alone == 1 else "sweeps"
    assert reasons(contrast.left_out).startswith(f"{alone} {noun} (")


def test_the_k_that_were_tried_are_those_of_the_plan_without_the_missing_ones():
    fewer = matched([choice()], [other()], gradient=(0, 1, 2, 3), reversed=(0, 1, 2))
    assert fewer.left_out == Counter(k=1)
    same = matched([choice(missing_k="3")], [other()], gradient=(0, 1, 2, 3), reversed=(0, 1, 2))
    assert len(same.sweeps) == 1
    assert reasons(fewer.left_out) == "1 sweep (different k were tried)"
    assert reasons({}) == ""


def test_every_reason_has_words():
    assert reasons(dict.fromkeys(contrasted.REASONS, 1)).count("(") == len(contrasted.REASONS)


def fresh(row, seed, k=None, gain=1.0):
    """The choice's k with a fresh seed."""
    selected = records.selected(row.dev_selected.k if k is None else k, gain)
    again = {"role": "fresh", "seed": seed, "of_seed": row.seed}
    return replace(row, dev_selected=selected, test_oracle=records.selected(None), **again)


def test_fresh_seeds_are_those_that_both_sides_of_all_pairs_have():
    main = [choice("de"), choice("zh")], [other("de"), other("zh")]
    contrast = matched(*main)
    every = [row for side in main for row in side]
    repeats = [fresh(row, seed) for row in every for seed in (11, 12)]
    found = contrasted.with_fresh(contrast, every + repeats)
    assert list(found) == [11, 12]
    sides = [(one.target, two.target, one.seed) for one, two in found[12]]
    assert sides == [("de", "de", 12), ("zh", "zh", 12)]
    lost = (11, "zh", "gradient-en")
    less = [row for row in repeats if (row.seed, row.target, row.ranking) != lost]
    assert list(contrasted.with_fresh(contrast, every + less)) == [12]
    # Without its second trial a sweep looks as if k = 0 had been chosen.
    lost = [fresh(row, 11, k=0) if row.role == "main" else row for row in every]
    assert contrasted.with_fresh(contrast, every + lost) == {}
    assert contrasted.with_fresh(contrast, every) == {}
    assert contrasted.with_fresh(replace(contrast, sweeps=[]), every + repeats) == {}


def planned(*rows):
    """(displays, sweeps) that have these choices."""
    sweeps = []
    for row in rows:
        values = {name: getattr(row, name) for name in ("experiment", "task", "corpus", "model")}
        values |= {name: getattr(row, name) for name in ("source", "target", "setting", "ranking")}
        values |= {name: getattr(row, name) for name in ("protocol", "seed", "recipe", "heads")}
        sweeps.append(records.sweep(**values, mixture=tuple(row.mixture.split("+"))))
    assert [SweepRow(**sweep_values(sweep)).sweep for sweep in sweeps] == [
        row.sweep for row in rows
    ]
    return displays.plan(sweeps), sweeps


def study(*rows, **options):
    return groups.study(*planned(*rows), list(rows), **options)


def names(found):
    return [group.experiment for group, _ in found]


def test_the_group_that_stands_for_the_tables():
    """One that prunes before training, then one with nulls, then the one with most pairs."""
    first = [choice("de")]
    wide = [choice(target, experiment="wide") for target in ("de", "zh")]
    masks = [choice(t, experiment="masks", protocol="mask") for t in ("de", "zh", "ar")]
    whole = [choice("de", experiment="whole", heads="all")]
    turned = [other(t, experiment="turned") for t in ("de", "zh", "ar", "fa")]
    every = (*first, *wide, *masks, *whole, *turned)
    main = groups.main_groups(study(*every), "cross-lingual")
    assert names(main) == ["wide"] and main[0][0].kind == "gradient"
    main = groups.main_groups(study(*every, with_nulls=["pos"]), "cross-lingual")
    assert names(main) == ["pos"]
    assert names(groups.main_groups(study(*masks), "cross-lingual")) == ["masks"]
    assert groups.main_groups(study(*every), "multi-lingual") == []
    assert "whole" not in {group.experiment for group in study(*every).groups}


def test_tables_of_groups():
    rows = choice("de"), other("de")
    shown, _ = planned(*rows)
    assert groups.table_of(shown, groups.group_of(rows[0])) == "pos.cross-lingual.gradient"
    assert groups.table_of(shown, groups.group_of(rows[0])._replace(metric="macro_f1")) == ""


def test_settings_and_kinds_of_rankings_are_compared():
    cross = [choice("de"), choice("zh")]
    multi = [
        choice(t, setting="multi-lingual", mixture=f"en+{t}", gains=(0.5, 0.5))
        for t in ("de", "zh")
    ]
    lrp = [choice("de", ranking="lrp-en"), choice("zh", ranking="lrp-en")]
    drawn = [choice("de", ranking=f"random-{number}") for number in (7, 8)]
    found = claim_contrasts.contrasts(study(*cross, *multi, *lrp, other("de"), *drawn))
    sides = [(one.what, one.one.kind, one.other.kind, one.other.setting) for one in found]
    assert sides == [
        ("settings", "gradient", "gradient", "multi-lingual"),
        ("highest", "gradient", "reversed-gradient", "cross-lingual"),
        ("random", "gradient", "random-7", "cross-lingual"),  # the first of a place
        ("lrp", "gradient", "lrp", "cross-lingual"),
    ]
    assert found[0].difference("dev_selected") == pytest.approx(0.5)
    assert found[1].left_out == Counter({"one side": 1})


def test_settings_of_different_rankings_have_no_sweeps():
    rows = choice("de"), choice("de", setting="multi-lingual", mixture="en+de", ranking="lrp-en")
    (contrast,) = claim_contrasts.of_settings(study(*rows))
    assert not contrast.sweeps and contrast.left_out == Counter(ranking=1)


def test_controls_are_held_against_the_lowest_heads_of_any_experiment():
    lowest = choice("de"), choice("de", ranking="lrp-en")
    drawn = choice("de", ranking="random-7", experiment="controls")
    turned = other("de", experiment="controls")
    rows = (*lowest, drawn, turned)
    shown, sweeps = planned(*rows)
    (display,) = [one for one in shown if one.kind == "controls"]
    controls = control_contrasts.controls_of(display, rows)
    assert controls == [drawn, turned]
    partners = control_contrasts.lowest_of(rows)
    assert control_contrasts.sides_of(controls, partners) == [
        (lowest[0], drawn),
        (lowest[0], turned),
    ]
    assert control_contrasts.scored_kind(controls) == "gradient"
    found = control_contrasts.contrasts(shown, sweeps, rows)
    assert [one.what for one in found] == ["random", "highest"]
    assert all(one.one.experiment == "pos" for one in found)
    # Another largest k, seed or recipe is another point.
    for changed in ({"k_max": 2}, {"seed": 2}, {"recipe": "other"}):
        assert control_contrasts.partner(replace(turned, **changed), partners, "") is None
