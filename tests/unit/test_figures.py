"""Figures: there, whole, the same twice, and saying what the data say."""

from dataclasses import replace
from xml.etree import ElementTree

import made_up
import pytest
import records
from records import head_scores

from polyheads.analysis import curves, dev_test, sweep_gains, tidy
from polyheads.analysis.choices import load_scores
from polyheads.analysis.rankings import Ranking
from polyheads.report.figures import curves as curves_figure
from polyheads.report.figures import dev_test as dev_test_figure
from polyheads.report.figures import gains as gains_figure
from polyheads.report.figures import heat_map
from polyheads.report.names import heat_map_title

pytestmark = pytest.mark.slow

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


def study(directory, *, without=(), **changed):
    """The displays of a study, its choices and its scores."""
    sweeps = [records.planned(made) for made in made_up.study(directory, **changed)]
    return read(sweeps, without=without)


def read(sweeps, *, without=()):
    plan, choices = records.chosen(sweeps, without=without)
    paths = {path for sweep in sweeps for path in sweep.trials} - set(without)
    return plan, choices, load_scores(paths, sweeps)


def draw(plan, choices, scores, directory):
    drawn = {}
    for display in plan:
        path = directory / f"{display.name}.svg"
        if display.kind == "curves":
            rows = curves.rows(display, choices, scores)
            curves_figure.draw(display, rows, LANGUAGES, path)
        elif display.kind == "gains":
            rows = sweep_gains.rows(display, choices)
            gains_figure.draw(display, rows, LANGUAGES, path)
        elif display.kind == "dev-test":
            rows = dev_test.rows(display, choices)
            dev_test_figure.draw(display, rows, LANGUAGES, path)
        else:
            continue
        drawn[display.kind, display.name] = path
    return drawn


@pytest.mark.parametrize("seeds", [(42,), (1, 2, 3)])
def test_figures_are_whole_and_the_same_twice(tmp_path, seeds):
    data = study(tmp_path, seeds=seeds)
    drawn = draw(*data, tmp_path / "one")
    assert {kind for kind, _ in drawn} == {"gains", "curves", "dev-test"}
    again = draw(*data, tmp_path / "two")
    for name, path in drawn.items():
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert path.read_bytes() == again[name].read_bytes()
        assert b"<dc:date>" not in path.read_bytes()
    assert not list((tmp_path / "one").glob(".*"))


def test_figures_with_missing_trials(tmp_path):
    sweeps = [records.planned(made) for made in made_up.study(tmp_path)]
    without = [sweeps[0].trials[0], *sweeps[2].trials, *sweeps[-1].trials]
    assert len(draw(*read(sweeps, without=without), tmp_path)) == 4
    nothing = {path for sweep in sweeps for path in sweep.trials}
    drawn = draw(*read(sweeps, without=nothing), tmp_path)
    assert len(drawn) == 4
    for path in drawn.values():
        ElementTree.parse(path)


def test_rows_of_figures_are_kept_in_files(tmp_path):
    sweeps = [records.planned(made) for made in made_up.study(tmp_path, seeds=(1, 2))]
    plan, choices, scores = read(sweeps, without=[sweeps[0].trials[0], *sweeps[1].trials])
    scores, choices = with_random(scores, choices, 3)
    curve = next(display for display in plan if display.kind == "curves")
    made = {
        curves.Curve: curves.rows(curve, choices, scores),
        sweep_gains.SweepGain: sweep_gains.rows(plan[-1], choices),
        dev_test.DevTest: dev_test.rows(plan[-1], choices),
    }
    for kind, rows in made.items():
        assert rows
        tidy.write(rows, tmp_path / "rows.csv", columns=tidy.columns_of(kind))
        assert tidy.read(kind, tmp_path / "rows.csv") == rows


def with_random(scores, choices, count, *, role="random", **changed):
    """The rows, and as many random rankings: ranking i is i points below the sweep for k >= 1."""
    found = [list(scores), list(choices)]
    for rows, all_rows in zip((scores, choices), found, strict=True):
        for i in range(1, count + 1):
            for row in rows:
                new = replace(row, role=role, ranking=f"random-{i}", experiment="null")
                new = replace(new, **{k: v for k, v in changed.items() if hasattr(row, k)})
                if hasattr(row, "value") and row.k:
                    new = replace(new, value=row.value - i)
                all_rows.append(new)
    return found


def cross_lingual(plan):
    (display,) = [d for d in plan if d.kind == "curves" and "cross" in d.name]
    return display


@pytest.fixture
def drawn_axes(monkeypatch):
    """The axes of the curves that were drawn, test and dev panels by turns."""
    axes, keep = [], curves_figure.score_axis
    monkeypatch.setattr(curves_figure, "score_axis", lambda one: [keep(one), axes.append(one)][0])
    return axes


def band(axes):
    """k -> (low, high) of the only band of a panel."""
    (collection,) = axes.collections
    found = {}
    for x, y in collection.get_paths()[0].vertices:
        found.setdefault(int(x), set()).add(round(float(y), 6))
    return {k: (min(ys), max(ys)) for k, ys in found.items()}


def test_band_has_all_k_of_experiments_that_share_random_rankings(tmp_path):
    plan, choices, scores = study(tmp_path, models=("mbert",), targets=("de",))
    display = cross_lingual(plan)
    tried = sorted({row.k for row in scores})
    more_scores, more_choices = list(scores), list(choices)
    for count, experiment, ks in ((3, "null", tried[:2]), (2, "breaking", [0, tried[-1]])):
        some = [row for row in scores if row.k in ks]
        found = with_random(some, choices, count, experiment=experiment)
        more_scores += [row for row in found[0] if row.role == "random"]
        more_choices += [row for row in found[1] if row.role == "random"]
    (row,) = curves.rows(display, more_choices, more_scores)
    assert row.random_test.ks == (*tried[:2], tried[-1])
    assert (row.random_rankings, row.random_fewest) == (3, 2)
    own = dict(zip(row.test.ks, row.test.means, strict=True))
    means = dict(zip(row.random_test.ks, row.random_test.means, strict=True))
    assert means[tried[1]] == pytest.approx(own[tried[1]] - 2)
    assert means[tried[-1]] == pytest.approx(own[tried[-1]] - 1.5)


@pytest.mark.parametrize("count", [3, 11])
def test_band_of_random_rankings(tmp_path, drawn_axes, count):
    plan, choices, scores = study(tmp_path, models=("mbert",), targets=("de",))
    display = cross_lingual(plan)
    more_scores, more_choices = with_random(scores, choices, count)
    rows = curves.rows(display, more_choices, more_scores)
    assert [(row.random_rankings, row.in_percentiles) for row in rows] == [(count, count == 11)]
    curves_figure.draw(display, rows, LANGUAGES, tmp_path / "a.svg")
    top, low = drawn_axes
    at = {
        (row.split, row.k): row.value
        for row in scores
        if (row.setting, row.metric, row.heads) == ("cross-lingual", display.metric, "pruned")
    }
    # 11 rankings, 1 to 11 points below: their percentiles are 2 and 10 points below.
    least, most = (2, 10) if count == 11 else (1, 3)
    for axes, split in ((top, "test"), (low, "dev")):
        ends = band(axes)
        assert ends[0] == pytest.approx((at[split, 0],) * 2)
        for k in (1, 2, 3):
            assert ends[k] == pytest.approx((at[split, k] - most, at[split, k] - least))
    middle = (1 + count) / 2
    expected = [at["test", k] - middle for k in (1, 2, 3)]
    assert top.lines[0].get_ydata()[1:] == pytest.approx(expected)


def test_no_band_of_other_rankings(tmp_path, drawn_axes):
    plan, choices, scores = study(tmp_path, models=("mbert",), targets=("de",))
    display, out = cross_lingual(plan), tmp_path / "a.svg"
    plain = curves.rows(display, choices, scores)
    curves_figure.draw(display, plain, LANGUAGES, out)
    others = [
        with_random(scores, choices, 3, role="main"),
        with_random(scores, choices, 3, role="noise"),
        with_random(scores, choices, 3, recipe="x"),
        with_random(scores, choices, 3, protocol="mask"),
        (with_random(scores, choices, 3)[0], choices),
        (scores, [replace(r, heads="all") if r.role == "random" else r for r in choices]),
    ]
    for more_scores, more_choices in others:
        assert curves.rows(display, more_choices, more_scores) == plain
    assert not any(axes.collections for axes in drawn_axes)


def test_curves_of_trials_tested_with_all_heads(tmp_path, drawn_axes):
    made = made_up.sweep(tmp_path, heads="all")
    values = {("dev", "en"): [80.0, 81, 82, 83], ("test", "de"): [60.0, 61, 62, 63]}
    made_up.write_sweep(made, values)  # with all heads 5 points less
    plan, choices, scores = read([records.planned(made)])
    display = cross_lingual(plan)
    rows = curves.rows(display, choices, scores)
    curves_figure.draw(display, rows, LANGUAGES, tmp_path / "a.svg")
    top, low = drawn_axes
    assert list(top.lines[0].get_ydata()) == [60, 56, 57, 58]
    assert list(low.lines[0].get_ydata()) == [80, 81, 82, 83]


def test_curves_have_the_range_of_seeds_and_what_each_selects(tmp_path):
    plan, choices, scores = study(tmp_path, models=("mbert",), targets=("de",), seeds=(1, 2))
    display = cross_lingual(plan)
    (row,) = curves.rows(display, choices, scores)
    mine = [choice for choice in choices if choice.setting == display.setting]
    mine = [choice for choice in mine if choice.metric == display.metric]
    at = {
        (score.seed, score.k): score.value
        for score in scores
        if (score.setting, score.metric) == (display.setting, display.metric)
        and (score.split, score.heads) == ("test", "pruned")
    }
    assert row.test.ks == (0, 1, 2, 3)
    assert row.test.lows == tuple(min(at[1, k], at[2, k]) for k in row.test.ks)
    assert row.test.highs == tuple(max(at[1, k], at[2, k]) for k in row.test.ks)
    assert row.test.means == pytest.approx([(at[1, k] + at[2, k]) / 2 for k in row.test.ks])
    assert row.dev_selected.ks == tuple(choice.dev_selected.k for choice in mine)
    assert [p.test for p in row.test_oracle.points] == [c.test_oracle.test for c in mine]
    (single,) = curves.rows(display, mine[:1], scores)
    assert single.test.lows == () and single.test.ks == (0, 1, 2, 3)


def test_what_dev_says_about_test(tmp_path):
    plan, choices, _ = study(tmp_path, seeds=(1, 2))
    (display,) = [d for d in plan if d.kind == "gains"]
    some = [replace(r, dev_test_spearman=None) if r.target == "de" else r for r in choices]
    none = [replace(row, dev_test_spearman=None) for row in choices]
    paths = [tmp_path / name for name in ("a.svg", "b.svg", "c.svg", "d.svg")]
    for rows, path in zip((choices, choices, some, none), paths, strict=True):
        made = dev_test.rows(display, rows)
        dev_test_figure.draw(display, made, LANGUAGES, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len({path.read_bytes() for path in paths}) == 3
    for path in paths:
        ElementTree.parse(path)
    first = dev_test.rows(display, some)[0]
    rhos = [r.dev_test_spearman for r in some if (r.setting, r.model) == ("cross-lingual", "mbert")]
    known = sorted(rho for rho in rhos if rho is not None)[: len(first.rhos)]
    assert (first.sweeps, first.rhos) == (4, tuple(known))
    assert first.mean == pytest.approx(sum(known) / len(known))
    assert {row.mean for row in dev_test.rows(display, none)} == {None}


def test_equal_dots_stand_beside_each_other():
    assert dev_test_figure._offsets([-0.5, 0.0, 0.5]) == [0, 0, 0]
    offsets = dev_test_figure._offsets([0.1, 0.1, 0.1])
    assert len(set(offsets)) == 3 and max(map(abs, offsets)) < 0.5


@pytest.mark.parametrize(("layers", "heads"), [(2, 4), (12, 12), (1, 1)])
def test_heat_maps(tmp_path, layers, heads):
    rows = head_scores(layers, heads)
    paths = [tmp_path / name for name in ("a.svg", "b.svg")]
    for path in paths:
        heat_map.score_heat_map(rows, title="tiny", raw="sums", by_layer=True, out=path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    ElementTree.parse(paths[0])


def test_heat_map_of_zeros(tmp_path):
    rows = [row | {"raw": 0.0, "normalised": 0.0} for row in head_scores(2, 2)]
    out = tmp_path / "a.svg"
    heat_map.score_heat_map(rows, title="zeros", raw="sums", by_layer=True, out=out)
    assert out.exists()


def test_heat_map_of_negative_scores(tmp_path):
    rows = [row | {"raw": -row["rank"] - 1.0} for row in head_scores(2, 2)]
    out = tmp_path / "a.svg"
    heat_map.score_heat_map(rows, title="less", raw="rise", by_layer=False, out=out)
    assert out.exists()


def test_heat_map_titles():
    made = Ranking(
        **{"model": "tiny", "corpus": "ud-2.7", "recipe": "paper", "language": "de", "seed": 42},
        **{"kind": "lrp", "reversed": False, "task": "pos", "normalisation": "none"},
        **{"order": (), "order_unnormalised": ()},
    )
    assert heat_map_title(made, LANGUAGES) == "lrp: tiny, ud-2.7, German, seed 42"
    drawn = replace(made, kind="random", language=None)
    assert heat_map_title(drawn, LANGUAGES) == "random: tiny, ud-2.7, seed 42"
