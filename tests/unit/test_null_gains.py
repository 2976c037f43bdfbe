"""Mean gains next to their nulls: what stands on one line of the figure."""

from dataclasses import fields, replace
from xml.etree import ElementTree

from polyheads.analysis import null_gains
from polyheads.analysis.estimates import FRESH, Estimate
from polyheads.analysis.null_baselines import NullBaseline
from polyheads.report.figures import null_baselines as figure

ABOUT = {"experiment": "pos", "ranking": "gradient", "task": "pos", "corpus": "ud", "model": "tiny"}
ABOUT |= {"setting": "cross-lingual", "metric": "accuracy"}
RANDOM = NullBaseline(
    **ABOUT, criterion="dev_selected", pairs=3, gain=0.8, null="random", null_mean=-0.5,
    null_low=-1.5, null_high=0.4, n=20, p=0.05,
)  # fmt: skip
NOISE = replace(RANDOM, null="noise", null_mean=0.1, null_low=-0.3, null_high=0.6, n=12)
MEAN = Estimate(
    **ABOUT, table="t", level="mean", criterion="dev_selected", recipe="r", gain=0.8, low=0.2,
    high=1.4,
)  # fmt: skip
NEW = replace(MEAN, criterion=FRESH, gain=0.3, low=-0.4, high=1.0)


def test_a_line_has_the_gain_its_interval_both_nulls_and_fresh_seeds():
    (row,) = null_gains.rows([RANDOM, NOISE], [NEW, MEAN])
    assert (row.gain, row.low, row.high) == (0.8, 0.2, 1.4)
    assert (row.random_low, row.random_mean, row.random_high) == (-1.5, -0.5, 0.4)
    assert (row.noise_low, row.noise_mean, row.noise_high) == (-0.3, 0.1, 0.6)
    assert (row.fresh, row.fresh_low, row.fresh_high) == (0.3, -0.4, 1.0)


def test_intervals_and_fresh_seeds_are_of_the_same_pairs_and_criterion():
    (row,) = null_gains.rows([replace(RANDOM, gain=0.7)], [MEAN, NEW])
    assert (row.gain, row.low, row.fresh) == (0.7, None, None)
    oracle = replace(RANDOM, criterion="test_oracle")
    best = replace(MEAN, criterion="test_oracle")
    (row,) = null_gains.rows([oracle], [best, MEAN, NEW])
    assert (row.low, row.fresh) == (0.2, None)
    (row,) = null_gains.rows([RANDOM], [replace(MEAN, setting="multi-lingual")])
    assert row.low is None
    (row,) = null_gains.rows([RANDOM], [replace(MEAN, level="pair")])
    assert row.low is None


def test_nulls_of_other_pairs_make_no_line():
    assert null_gains.rows([RANDOM, replace(NOISE, gain=0.5)], [MEAN]) == []


def test_the_figure_shows_what_there_is(tmp_path):
    rows = null_gains.rows([RANDOM, NOISE], [MEAN, NEW])
    figure.draw(rows, tmp_path / "both.svg")
    figure.draw(null_gains.rows([NOISE], []), tmp_path / "noise.svg")
    figure.draw([], tmp_path / "none.svg")
    both, noise, none = (
        ElementTree.parse(tmp_path / f"{name}.svg").getroot() for name in ("both", "noise", "none")
    )
    count = [sum(1 for _ in root.iter()) for root in (both, noise, none)]
    assert count[0] > count[1] > count[2]
    # Every number that a line can show is drawn: without any one of them, the figure is another.
    whole = (tmp_path / "both.svg").read_bytes()
    for field in fields(null_gains.NullGain):
        value = getattr(rows[0], field.name)
        if isinstance(value, float):
            figure.draw([replace(rows[0], **{field.name: value + 0.2})], tmp_path / "other.svg")
            assert (tmp_path / "other.svg").read_bytes() != whole, field.name
