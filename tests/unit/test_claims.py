"""Claims of the paper: every line says what the numbers say, and the table what the line says."""

from dataclasses import replace
from functools import partial

import made_up
import numpy as np
import pytest
import records
from records import full_width, texts
from scipy import stats

from polyheads.analysis import claim_contrasts, claims, groups, student, tidy
from polyheads.analysis.claims import printed
from polyheads.analysis.claims.records import ClaimLine, Code, Published
from polyheads.analysis.differences import Difference
from polyheads.analysis.null_baselines import NullBaseline
from polyheads.catalogue import distances, language_facts, published
from polyheads.report import pages
from polyheads.report.tables import claim_words
from polyheads.report.tables import claims as claims_table
from polyheads.report.tables import made as all_tables
from polyheads.study import displays
from polyheads.study.contents import Contents
from polyheads.study.rankings import ranking_kind

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
CROSS = "Pruning the lowest heads raises cross-lingual scores"
MULTI = "Pruning the lowest heads raises multi-lingual scores"
LARGER = "Cross-lingual gains are larger than multi-lingual ones"
RANDOM = "Random heads pruned give less than the lowest"
MOST = "Most pairs of languages improve (%)"
HIGHEST = "The highest heads pruned give less than the lowest"
MERGED = "Several sources, mean rank (MD): pruning raises scores"
SUMMED = "Several sources, summed scores (SD): pruning raises scores"
LITTLE = "Pruning raises scores with little target data, too"
ALIKE = "Rankings of the languages of a task are alike (mean Spearman's ρ)"
DISTANCE = "Gain against the distance of the two languages (URIEL, ρ)"
LIKE = "Gain against the similarity of the two languages' rankings (ρ)"
FAMILY = "Gain against being of two language families (ρ)"
HEADS = "Heads pruned at the best k, on average"
NOT_RUN = "not run in this study"
GAINS = published.gains()


def contents_of(sweeps, plan=None):
    shown = displays.plan(sweeps) if plan is None else plan
    return Contents(sweeps=tuple(sweeps), displays=tuple(shown), comparisons=())


def held(contents, choices, *, languages=LANGUAGES, **more):
    return claims_table.table(claims.rows(contents, choices, languages=languages, **more))


def lines(table, claim, **wanted):
    """The rows of the table's CSV that are about a claim."""
    return [
        record
        for record in table.records
        if record["claim"] == claim and all(record[key] == value for key, value in wanted.items())
    ]


def with_gains(choice, dev_selected=None, test_oracle=None, k=None):
    """A choice with other gains, and the k of the first."""
    selected, best = choice.dev_selected, choice.test_oracle
    if dev_selected is not None:
        selected = replace(selected, gain=dev_selected, k=selected.k if k is None else k)
    if test_oracle is not None:
        best = replace(best, gain=test_oracle)
    return replace(choice, dev_selected=selected, test_oracle=best)


def estimates_of(contents, choices, *, half=0.5):
    """What is known of the gains of result tables, with intervals of one width."""
    out = []
    for display in contents.displays:
        if display.kind == "results":
            members = displays.members(display, choices)
            for rows in tidy.grouped(members, lambda row: row.model).values():
                out += _estimates(display, rows, half)
    return out


def _estimates(display, rows, half):
    first = rows[0]
    shared = {name: getattr(first, name) for name in ("experiment", "task", "corpus", "model")}
    shared |= {"recipe": first.recipe, "metric": display.metric, "setting": first.setting}
    shared |= {"table": display.name, "ranking": ranking_kind(first.ranking, first.source)}
    for row in rows:
        gain = row.dev_selected.gain
        ends = {"low": gain - half, "high": gain + half}
        if row.dev_selected.k == 0:
            ends = {"low": None, "high": None}
        place = {"source": row.source, "target": row.target, "mixture": row.mixture}
        yield records.estimate(**shared, **place, **ends, gain=gain)
    gain = sum(row.dev_selected.gain for row in rows) / len(rows)
    if len(rows) > 1:
        yield records.mean_estimate(**shared, gain=gain, low=gain - half, high=gain + half)


def differences_of(contents, choices, *, half=0.5):
    """What is known of the differences that claims are about, with intervals of one width."""
    study = groups.study(contents.displays, contents.sweeps, choices)
    out = []
    for contrast in claim_contrasts.contrasts(study):
        if contrast.sweeps:
            out += _differences(contrast, half)
    return out


def _differences(contrast, half):
    one, other = contrast.one, contrast.other
    row = partial(
        Difference,
        what=contrast.what,
        criterion="dev_selected",
        **{name: getattr(one, name) for name in ("task", "corpus", "model", "metric")},
        **{"experiment": one.experiment, "ranking": one.kind, "setting": one.setting},
        **{"other_experiment": other.experiment, "other_ranking": other.kind},
        other_setting=other.setting,
        seeds=len(contrast.seeds),
        resamples=100,
    )
    for source, target in contrast.pairs:
        yield row(level="pair", source=source, target=target)
    mean = contrast.difference("dev_selected")
    yield row(level="mean", difference=mean, low=mean - half, high=mean + half)


def null_baseline(**changed):
    """The cross-lingual gain of mBERT against unpruned runs, p = 0.4."""
    values = {"experiment": "pos", "task": "pos", "corpus": "ud-2.7", "model": "mbert"}
    values |= {"setting": "cross-lingual", "metric": "accuracy", "ranking": "gradient"}
    values |= {"criterion": "dev_selected", "null": "noise", "pairs": 2, "gain": 5.0, "n": 12}
    values |= {"null_mean": 0.2, "null_low": -1.0, "null_high": 1.0, "p": 0.4}
    return NullBaseline(**values | changed)


def fresh_of(choice, *gains):
    """The choices of seeds that repeat what a choice chose."""
    return [
        replace(with_gains(choice, gain), role="fresh", of_seed=choice.seed, seed=seed)
        for seed, gain in enumerate(gains)
    ]


def with_fresh(contents, choice):
    """The contents of a study that has fresh seeds for what a choice is about."""
    fresh = records.sweep(
        experiment=choice.experiment,
        ranking=choice.ranking,
        source=choice.source,
        setting=choice.setting,
        role="fresh",
        of_seed=choice.seed,
    )
    return contents_of([*contents.sweeps, fresh])


def published_of(**wanted):
    """The gains of the paper from English to German and Chinese: setting, target -> gain."""
    return {
        (setting, target): gain
        for (task, model, source, target, setting), gain in GAINS.items()
        if (task, model, source) == ("pos", "mbert", "en") and target in ("de", "zh")
    }


@pytest.fixture
def tried(tmp_path):
    sweeps = made_up.study(tmp_path)
    for control in ("reversed-gradient-en", "random-7"):
        for target in ("de", "zh"):
            made = made_up.sweep(tmp_path, experiment="controls", target=target, ranking=control)
            sweeps.append(made)
            places = [("dev", "en"), ("test", "de"), ("test", "zh")]
            values = {
                (s, c): [made_up.score("mbert", c, s, [control], k, 1) - 1 for k in range(4)]
                for s, c in places
            }
            pruned = {"ks": made["ks"][1:], "trials": made["trials"][1:]}  # k = 0 is there
            made_up.write_sweep(made | pruned, {place: v[1:] for place, v in values.items()})
    return of_sweeps(sweeps)


def of_sweeps(sweeps, **more):
    """Contents and choices of made-up sweeps."""
    planned = [records.planned(made) for made in sweeps]
    shown, choices = records.chosen(planned, **more)
    return contents_of(planned, shown), choices


def test_lines_say_what_the_choices_say(tried):
    contents, choices = tried
    table = held(contents, choices, estimates=estimates_of(contents, choices))
    main = displays.main_rows(contents.displays, choices)

    def mean(criterion, experiment="pos", **wanted):
        gains = [
            row.by(criterion).gain
            for row in main
            if row.experiment == experiment
            and all(getattr(row, key) == value for key, value in wanted.items())
        ]
        return sum(gains) / len(gains)

    mine = {"model": "mbert", "setting": "cross-lingual"}
    (cross,) = lines(table, CROSS, model="mbert")
    assert cross["dev_selected"] == pytest.approx(mean("dev_selected", **mine))
    assert cross["test_oracle"] == pytest.approx(mean("test_oracle", **mine))
    assert cross["high"] - cross["low"] == pytest.approx(1.0)
    # of its 24 pairs those that were run, as the overview has them
    run = published_of()
    theirs = (run["cross-lingual", "de"] + run["cross-lingual", "zh"]) / 2
    assert cross["published"] == f"{theirs:+.2f}" and cross["published_models"] == ""
    assert cross["published_of"] == "of the pairs run"
    assert cross["table"] == "pos.cross-lingual.gradient"
    (tiny,) = lines(table, CROSS, model="tiny")
    assert tiny["published"] == "+0.91 to +1.78" and tiny["published_models"] == "mBERT, XLM-R"

    (larger,) = lines(table, LARGER, model="mbert")
    multi = mean("dev_selected", model="mbert", setting="multi-lingual")
    assert larger["dev_selected"] == pytest.approx(cross["dev_selected"] - multi)
    assert larger["low"] is None  # no draws of both sides together
    theirs -= (run["multi-lingual", "de"] + run["multi-lingual", "zh"]) / 2
    assert larger["published"] == f"{theirs:+.2f}" and larger["published_of"] == "of the pairs run"

    for claim, ranking in ((HIGHEST, "reversed-gradient-en"), (RANDOM, "random-7")):
        (control,) = lines(table, claim)
        other = mean("test_oracle", experiment="controls", ranking=ranking)
        assert control["test_oracle"] == pytest.approx(cross["test_oracle"] - other)
        assert control["setting"] == "cross-lingual" and control["model"] == "mbert"

    several = [row for row in table.records if "Several sources" in row["claim"]]
    assert {row["verdict"] for row in several} == {NOT_RUN}
    (counts,) = lines(table, MOST)
    gains = [row.dev_selected.gain for row in main if row.experiment == "pos"]
    up, down = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    assert counts["dev_selected_text"] == f"{up} up, {down} down"
    same = f"{8 - up - down} as before" * (up + down < 8)
    assert counts["dev_selected_below"] == same
    assert counts["dev_selected"] == pytest.approx(100 * up / (up + down))
    # one of the two models isn't the paper's: all of its pairs
    assert counts["published"] == "90 of 96" and counts["published_of"] == "its text: 88"
    (heads,) = lines(table, HEADS, model="mbert")
    assert heads["published"] == "7.52" and heads["verdict"] == "for comparison"


def test_a_line_is_a_row_of_a_file(tried, tmp_path):
    contents, choices = tried
    estimates, nulls = estimates_of(contents, choices), [null_baseline()]
    rows = claims.rows(contents, choices, estimates, nulls)
    tidy.write(rows, tmp_path / "claims.csv", columns=tidy.columns_of(ClaimLine))
    assert tidy.read(ClaimLine, tmp_path / "claims.csv") == rows


@pytest.mark.parametrize("changed", [{"protocol": "mask"}, {"recipe": "x"}, {"k_max": 9}])
def test_controls_are_compared_with_trials_that_differ_in_the_heads_only(tried, changed):
    contents, choices = tried
    (expected,) = lines(held(contents, choices), HIGHEST)
    mine = [row for row in choices if (row.experiment, row.model) == ("pos", "mbert")]
    more = [
        replace(
            with_gains(row, test_oracle=row.test_oracle.gain + 9), experiment="first", **changed
        )
        for row in mine
    ]
    also = {"experiment": "first"} | changed
    if "k_max" in also:
        also["ks"] = (0, 1, 2, also.pop("k_max"))
    first = [
        replace(sweep, **also)
        for sweep in contents.sweeps
        if (sweep.experiment, sweep.model) == ("pos", "mbert")
    ]
    plan = [replace(d, experiment="first") for d in contents.displays if d.kind == "gains"]
    both = contents_of([*first, *contents.sweeps], [*plan[:1], *contents.displays])
    table = held(both, [*more, *choices])
    (control,) = lines(table, HIGHEST)
    assert control["test_oracle"] == pytest.approx(expected["test_oracle"])
    if "protocol" in changed:  # nor do masked heads stand for the paper's tables
        assert lines(table, CROSS, model="mbert")[0]["table"] == "pos.cross-lingual.gradient"


def test_differences_are_of_pairs_that_both_sides_have_gains_of(tried):
    contents, choices = tried

    def kept(row):
        if row.target != "zh":
            return row
        if row.experiment == "controls":
            return replace(
                row, dev_selected=records.selected(None), test_oracle=records.selected(None)
            )
        return with_gains(row, test_oracle=9.0)

    (control,) = lines(held(contents, [kept(row) for row in choices]), HIGHEST)

    def gain(experiment, ranking):
        (row,) = [
            row
            for row in choices
            if (row.experiment, row.ranking, row.pair) == (experiment, ranking, ("en", "de"))
            and (row.model, row.setting, row.metric) == ("mbert", "cross-lingual", "accuracy")
        ]
        return row.test_oracle.gain

    apart = gain("pos", "gradient-en") - gain("controls", "reversed-gradient-en")
    assert control["test_oracle"] == pytest.approx(apart)


def test_several_sources_have_a_line_for_each_setting(tmp_path):
    sweeps = []
    for i, setting in enumerate(("cross-lingual", "multi-lingual")):
        common = {"setting": setting, "source": "de+zh", "target": "en"}
        made = made_up.sweep(tmp_path, ranking="merged-gradient-de+zh", **common)
        sides = {("dev", code): [80.0, 81, 82, 83] for code in made["mixture"]}
        made_up.write_sweep(made, sides | {("test", "en"): [60.0, 61, 62, 65 + 10 * i]})
        sweeps.append(made)
    contents, choices = of_sweeps(sweeps)
    estimates = estimates_of(contents, choices)
    found = lines(held(contents, choices, estimates=estimates), MERGED)
    assert [(row["setting"], row["dev_selected"], row["low"]) for row in found] == [
        ("cross-lingual", 5.0, 4.5),
        ("multi-lingual", 15.0, 14.5),
    ]
    assert [row["verdict"] for row in found] == ["holds in one run"] * 2
    assert [row["table"] for row in found] == [
        "pos.cross-lingual.several-sources",
        "pos.multi-lingual.several-sources",
    ]
    # Null baselines and fresh seeds decide here as elsewhere.
    chose = next(r for r in choices if (r.setting, r.metric) == ("multi-lingual", "accuracy"))
    again = [*choices, *fresh_of(chose, 0.1, 0.5, -0.6)]
    contents = with_fresh(contents, chose)
    for p, verdict in ((0.4, "not shown"), (0.001, "holds")):
        null = null_baseline(ranking="merged-gradient", pairs=1, p=p)
        table = held(contents, again, estimates=estimates, null_baselines=[null])
        found = lines(table, MERGED)
        assert [row["verdict"] for row in found] == [verdict, "not shown"]
        assert (found[0]["p"], found[1]["fresh"]) == (p, pytest.approx(0))
    (not_run,) = lines(table, SUMMED)
    assert not_run["verdict"] == NOT_RUN


def test_one_source_of_several_is_chosen_on_dev(tmp_path):
    """EC takes the sweep with the best dev score, and the best on test by the other criterion."""
    place = {"source": "de+zh", "target": "en"}
    tests = {"merged-gradient-de+zh": 61.0, "gradient-de": 63.0, "gradient-zh": 65.0}
    devs = {"merged-gradient-de+zh": 81.0, "gradient-de": 83.0, "gradient-zh": 82.0}
    sweeps = []
    for ranking, test in tests.items():
        made = made_up.sweep(tmp_path, ranking=ranking, ks=(0, 1), **place)
        sides = {("dev", code): [80.0, devs[ranking]] for code in ("de", "zh")}
        made_up.write_sweep(made, sides | {("test", "en"): [60.0, test]})
        sweeps.append(made)
    contents, choices = of_sweeps(sweeps)
    table = held(contents, choices, estimates=estimates_of(contents, choices))
    (made,) = lines(table, "Several sources, one source's own (EC): pruning raises scores")
    assert (made["dev_selected"], made["test_oracle"], made["low"]) == (3.0, 5.0, None)
    assert made["verdict"] == "same direction, no interval"
    (made,) = lines(table, MERGED)
    assert (made["dev_selected"], made["test_oracle"], made["low"]) == (1.0, 1.0, 0.5)


def test_null_baselines_and_fresh_seeds_decide(tried):
    contents, choices = tried
    choices = [with_gains(row, 5.0, k=2) for row in choices]
    estimates = estimates_of(contents, choices, half=1.0)
    one = next(row for row in choices if (row.model, row.metric) == ("mbert", "accuracy"))
    contents = with_fresh(contents, one)
    wanted = {CROSS: "", RANDOM: "cross-lingual"}

    def of(claim, nulls=(), more=()):
        made = held(contents, [*choices, *more], estimates=estimates, null_baselines=nulls)
        full_width(made)
        return lines(made, claim, model="mbert", setting=wanted[claim])[0]

    assert of(CROSS)["verdict"] == "holds in one run"
    shown = of(CROSS, [null_baseline()])
    assert (shown["verdict"], shown["p"]) == ("not shown", 0.4)
    assert shown["note"] == "against 12 further unpruned runs: p = 0.4000"
    assert of(CROSS, [null_baseline(p=0.01)])["verdict"] == "holds"
    # A null of a part of the pairs decides nothing, and so doesn't that of another table.
    made = of(CROSS, [null_baseline(p=0.01, pairs=1)])
    assert (made["verdict"], made["p"]) == ("holds in one run", None)
    assert made["note"].endswith("p is known of other pairs than these only")
    for other in ({"metric": "macro_f1"}, {"ranking": "lrp"}, {"experiment": "other"}):
        made = of(CROSS, [null_baseline(p=0.01, **other)])
        assert (made["verdict"], made["p"], made["note"]) == ("holds in one run", None, "")
    null = null_baseline(null="random", p=0.01, gain=1.0)
    made = of(RANDOM, [null])
    assert (made["verdict"], made["note"]) == ("holds", "against 12 random rankings")
    assert made["dev_selected"] == pytest.approx(0.8)
    assert of(CROSS, [null])["p"] is None  # another claim's null

    made = of(CROSS, more=fresh_of(one, -1.0, -0.8, -1.2))
    ends = student.interval([-1.0, -0.8, -1.2])
    assert (made["fresh"], made["verdict"]) == (pytest.approx(-1.0), "contradicted")
    assert (made["fresh_low"], made["fresh_high"]) == pytest.approx(ends)
    assert made["low"] == 4.0  # the seed that chose is shown, and decides nothing
    assert made["table"] == "pos.gradient.fresh"
    again = fresh_of(one, 1.0, 0.8, 1.2)
    assert of(CROSS, more=again)["verdict"] == "holds"
    assert of(CROSS, [null_baseline()], more=again)["verdict"] == "not shown"
    assert of(CROSS, more=fresh_of(one, 1.0))["verdict"] == "same direction, no interval"
    table = held(contents, [*choices, *again], estimates=estimates)
    column = texts(table.head)[0].index("Fresh seeds")
    low, high = student.interval([1.0, 0.8, 1.2])
    assert table.body[0][column].below == f"[{low:+.2f}, {high:+.2f}]"
    assert any(note.startswith("Fresh seeds: ") for note in table.notes)


def test_fresh_seeds_decide_about_differences(tmp_path):
    """Both sides of the difference are of the same fresh seeds, in all pairs."""
    contents, choices = of_sweeps(made_up.study(tmp_path, models=("mbert",)))
    gains = {"cross-lingual": 5.0, "multi-lingual": 2.0}
    choices = [with_gains(row, gains[row.setting], k=2) for row in choices]
    cross, multi = (1.0, 0.8, 1.2), (0.5, -0.5, 0.0)

    drawn = [
        replace(row, above=0.9, within=0.1, below=0.0, delta=0.5)
        for row in differences_of(contents, choices)
    ]

    def larger(seeds, differences=()):
        again = {"cross-lingual": cross[:seeds], "multi-lingual": multi[:seeds]}
        fresh = [one for row in choices for one in fresh_of(row, *again[row.setting])]
        table = held(contents, [*choices, *fresh], differences=differences)
        assert full_width(table) == 8 - (seeds < 3)  # without p where nothing is tested
        (made,) = lines(table, LARGER)
        return made

    made = larger(3)
    apart = [0.5, 1.3, 1.2]
    assert (made["dev_selected"], made["fresh"]) == (3.0, pytest.approx(1.0))
    assert (made["fresh_low"], made["fresh_high"]) == pytest.approx(student.interval(apart))
    assert made["fresh_p"] == made["p_holm"] == pytest.approx(student.p_value(apart))
    assert made["verdict"] == ("holds" if made["fresh_p"] < 0.05 else "not shown")
    made = larger(1)
    assert (made["fresh"], made["fresh_low"]) == (pytest.approx(0.5), None)
    assert made["verdict"] == "same direction, no interval"
    # The shares of draws of the seeds that chose k are not those of the fresh ones.
    made = larger(2, drawn)
    assert (made["fresh_low"], made["above"], made["delta"]) == (None, None, None)
    assert made["low"] is not None


def test_run_noise_decides_about_low_resource(tmp_path):
    sweeps = []
    for share in (10, 50):
        mixture = ("en", f"de@{share}")
        made = made_up.sweep(tmp_path, setting="low-resource", mixture=mixture)
        tests = [60.0, 61, 62, 60 + share]
        made_up.write_sweep(made, {("dev", "de"): [80.0, 81, 82, 83], ("test", "de"): tests})
        sweeps.append(made)
    contents, choices = of_sweeps(sweeps)
    (display,) = [d for d in contents.displays if d.kind == "low-resource"]
    mean = records.mean_estimate(
        table=display.name, setting="low-resource", gain=30.0, low=29.0, high=31.0, p_interval=0.001
    )
    expected = {None: "holds in one run", 0.4: "not shown", 0.01: "holds"}
    for p, verdict in expected.items():
        nulls = [null_baseline(setting="low-resource", gain=30.0, p=p)] if p else []
        table = held(contents, choices, estimates=[mean], null_baselines=nulls)
        (made,) = lines(table, LITTLE)
        assert (made["dev_selected"], made["verdict"], made["p"]) == (30.0, verdict, p)
        assert made["dev_selected_below"] == "above 0 at 2 of 2 shares"
        assert (made["published"], made["table"]) == ("drawn only", display.name)


def test_where_k_0_was_chosen_nothing_is_compared(tried):
    contents, choices = tried
    still = [with_gains(row, 0.0, 0.0, k=0) for row in choices]
    estimates = estimates_of(contents, still)
    flat = [replace(row, low=0.0, high=0.0, gain=0.0) for row in estimates]
    # Nor would intervals with a width say anything of it.
    apart = differences_of(contents, still)
    for more in ({"estimates": flat}, {"estimates": estimates, "differences": apart}):
        table = held(contents, still, **more)
        shown = [r for r in table.records if r["claim"] in (CROSS, MULTI, LARGER, HIGHEST, RANDOM)]
        assert len(shown) == 8
        assert {(r["dev_selected"], r["low"], r["high"], r["verdict"]) for r in shown} == {
            (0.0, None, None, "not shown")
        }
    (counts,) = lines(table, MOST)
    assert (counts["dev_selected"], counts["verdict"]) == (None, "not shown")
    assert counts["dev_selected_text"] == counts["test_oracle_text"] == "0 up, 0 down"
    assert counts["dev_selected_below"] == "8 as before"
    full_width(table)
    # One side that moved is compared with one that didn't.
    half = [
        with_gains(row, 0.0, 0.0, k=0) if row.experiment == "controls" else row for row in choices
    ]
    apart = differences_of(contents, half)
    (control,) = lines(held(contents, half, differences=apart), HIGHEST)
    assert control["high"] - control["low"] == pytest.approx(1.0)


def test_predictions_that_cannot_be_used_leave_no_interval(tried):
    contents, choices = tried
    estimates = estimates_of(contents, choices)
    nothing = {"low": None, "high": None, "gain": None, "problem": "x.parquet: missing"}
    broken = [
        replace(row, **nothing) if row.level == "mean" or row.target == "zh" else row
        for row in estimates
    ]
    (cross,) = lines(held(contents, choices, estimates=broken), CROSS, model="mbert")
    assert (cross["low"], cross["verdict"][-11:]) == (None, "no interval")
    # Of pairs alone an interval is put together, and a note says so.
    pairs = [row for row in estimates if row.level == "pair"]
    together = held(contents, choices, estimates=pairs)
    (cross,) = lines(together, CROSS, model="mbert")
    moved = [row for row in pairs if row.low is not None and row.table == cross["table"]]
    half = 0.5 * sum(row.model == "mbert" for row in moved) ** 0.5 / 2
    assert cross["high"] - cross["low"] == pytest.approx(2 * half)
    assert any("square-and-add" in note for note in together.notes)
    whole = held(contents, choices, estimates=estimates)
    assert not any("square-and-add" in note for note in whole.notes)


def of_settings(tmp_path, second=(), without=(), **changed):
    """The claim about both settings where the multi-lingual sweeps are changed, and more sweeps
    (keys of made_up.sweep) run. without: (target, seed) of multi-lingual sweeps without k = 0."""
    sweeps = made_up.study(tmp_path, models=("mbert",), seeds=(1, 2))
    sweeps = [s | changed if s["setting"] == "multi-lingual" else s for s in sweeps]
    extra = [made_up.sweep(tmp_path, **keys) for keys in second]
    for made in extra:
        places = [("dev", c) for c in made["dev"]] + [("test", c) for c in ("de", "zh")]
        places += [("dev", "zh")]
        made_up.write_sweep(made, {place: [70.0 + k for k in made["ks"]] for place in places})
    sweeps += extra
    multi = [s for s in sweeps if s["setting"] == "multi-lingual"]
    gone = {s["trials"][0] for s in multi if (s["target"], s["seed"]) in without}
    contents, choices = of_sweeps(sweeps, without=gone)
    (made,) = lines(held(contents, choices), LARGER)
    gains = {
        (row.experiment, row.setting, row.target, row.seed): row.dev_selected.gain
        for row in displays.main_rows(contents.displays, choices)
    }
    return gains, made


def test_settings_are_compared_where_nothing_else_differs(tmp_path):
    gains, made = of_settings(tmp_path)
    both = [("de", 1), ("de", 2), ("zh", 1), ("zh", 2)]
    apart = [
        gains["pos", "cross-lingual", *one] - gains["pos", "multi-lingual", *one] for one in both
    ]
    assert made["dev_selected"] == pytest.approx(np.mean(apart)) and made["note"] == ""
    # Trials of one seed and pair are missing: its seed is left out of all pairs.
    _, made = of_settings(tmp_path, without=[("zh", 2)])
    assert made["dev_selected"] == pytest.approx(np.mean(apart[::2]))
    assert made["note"] == (
        "left out: 1 sweep (trials are missing), 1 sweep (other pairs lack the seed)"
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"recipe": "large"}, "different recipes"),
        ({"protocol": "mask"}, "different protocol"),
        ({"seed": 3}, "one side alone has the seed"),
        ({"ks": (0, 1, 2, 4)}, "different k were tried"),
        ({"ranking": "lrp-en"}, "different rankings"),
    ],
)
def test_settings_that_differ_in_more_are_not_compared(tmp_path, changed, why):
    sweeps = made_up.study(tmp_path, models=("mbert",))
    sweeps = [s | changed if s["setting"] == "multi-lingual" else s for s in sweeps]
    table = held(*of_sweeps(sweeps))
    (made,) = lines(table, LARGER)
    assert (made["dev_selected"], made["verdict"]) == (None, "not compared")
    assert why in made["note"] and any(made["note"] in note for note in table.notes)
    full_width(table)


def test_settings_take_other_experiments_that_are_alike(tmp_path):
    """The tables' own experiments differ in their largest k; another one has the right one."""
    more = [
        {"experiment": "second", "setting": "multi-lingual", "target": "de", "seed": seed}
        for seed in (1, 2)
    ]
    gains, made = of_settings(tmp_path, more, ks=(0, 1, 2, 4))
    apart = [
        gains["pos", "cross-lingual", "de", seed] - gains["second", "multi-lingual", "de", seed]
        for seed in (1, 2)
    ]
    assert made["dev_selected"] == pytest.approx(np.mean(apart))
    assert made["note"] == (
        "left out: 2 sweeps (one side alone has the pair), 4 sweeps (different k were tried)"
    )


def test_shares_are_of_the_pairs_that_moved(tried):
    contents, choices = tried
    gains = {("mbert", "de"): 1.0, ("mbert", "zh"): 0.0, ("tiny", "de"): 2.0, ("tiny", "zh"): -1.0}
    moved = [with_gains(row, gains[row.model, row.target]) for row in choices]
    (counts,) = lines(held(contents, moved), MOST)
    assert (counts["dev_selected_text"], counts["dev_selected_below"]) == (
        "4 up, 2 down",
        "2 as before",
    )
    assert counts["dev_selected"] == pytest.approx(400 / 6)
    assert counts["verdict"] == "same direction, no interval"
    even = [with_gains(row, 1.0 if row.target == "de" else -1.0) for row in choices]
    assert lines(held(contents, even), MOST)[0]["verdict"] == "not shown"
    # Of the paper's models alone its pairs that were run.
    mine = [row for row in choices if row.model == "mbert"]
    (counts,) = lines(held(contents, mine), MOST)
    up = [gain > 0 for gain in published_of().values()]
    assert counts["published"] == f"{sum(up)} of 4"
    assert counts["published_of"] == "of the pairs run"


def test_published_numbers_are_of_the_pairs_run():
    values = {("mbert", "de"): 1.0, ("mbert", "zh"): 3.0, ("xlmr", "de"): 5.0, ("xlmr", "zh"): 9.0}
    part = Published(low=1.0, high=1.0, of_part=True)
    assert printed.of_pairs(values, "mbert", ["de", "fr"]) == part
    whole = Published(low=2.0, high=2.0)
    assert printed.of_pairs(values, "mbert", ["de", "zh", "fr"]) == whole
    assert printed.of_pairs(values, "mbert", ["fr"]) == Published()
    both = Published(low=2.0, high=7.0, models=("mbert", "xlmr"))
    assert printed.of_pairs(values, "tiny", ["de"]) == both
    assert printed.of_pairs({}, "mbert", ["de"]) == Published()
    assert printed.of_models({"mbert": 2.0, "xlmr": 7.0}, "tiny") == both
    assert printed.of_models({"mbert": 2.0, "xlmr": 7.0}, "mbert") == whole
    assert printed.of_models({}, "tiny") == printed.of_all([]) == Published()


def correlated(tmp_path, gain_of):
    """POS from English with gains by a rule: target -> gain; families and rankings as they are."""
    targets = ("de", "nl", "ar", "he", "zh", "ja", "fa", "ur")
    sweeps = made_up.study(tmp_path, models=("mbert",), targets=targets)
    contents, choices = of_sweeps(sweeps)
    choices = [with_gains(row, gain_of(row.target), k=2) for row in choices]
    table = held(contents, choices, languages=language_facts.languages())
    return table, [d.name for d in contents.displays if d.kind == "correlations"]


def test_gains_and_languages(tmp_path):
    languages = language_facts.languages()
    near = distances.between(languages, languages)["syntactic"]
    table, names = correlated(tmp_path, lambda target: -near["en", target])
    full_width(table)
    (made,) = lines(table, DISTANCE, setting="cross-lingual")
    assert made["dev_selected"] == pytest.approx(-1)
    assert made["dev_selected_below"] == "8 pairs, syntactic"
    assert [made["table"]] == names and (made["low"], made["fresh"]) == (None, None)
    theirs = {
        target: gain
        for (task, model, source, target, setting), gain in GAINS.items()
        if (task, model, source, setting) == ("pos", "mbert", "en", "cross-lingual")
    }
    rho = stats.spearmanr(list(theirs.values()), [near["en", t] for t in theirs]).statistic
    assert made["published"] == f"{rho:.2f}".replace("-", "−")
    assert made["published_of"] == "of the pairs run"
    assert made["p"] < 0.05
    # Six distances were looked at; the note has four decimals.
    alone = float(made["note"].split()[-1])
    assert made["p"] == pytest.approx(6 * alone, abs=6 * 0.5e-4) and made["p"] > 4 * alone
    assert made["verdict"] == ("holds" if rho < 0 else "contradicted") + " in one run"
    (family,) = lines(table, FAMILY, setting="cross-lingual")
    assert family["p"] > made["p"] and family["verdict"] == "not shown"
    assert (family["dev_selected_below"], family["note"]) == ("8 pairs", "")
    # No rankings were read: there is nothing to correlate with.
    (like,) = lines(table, LIKE, setting="cross-lingual")
    assert (like["dev_selected"], like["dev_selected_below"], like["verdict"]) == (
        None,
        "known of too few pairs",
        "not shown",
    )
    same, _ = correlated(tmp_path / "same", lambda target: 0.0)
    (made,) = lines(same, DISTANCE, setting="cross-lingual")
    assert (made["dev_selected_below"], made["verdict"]) == ("all gains are the same", "not shown")
    assert lines(held(contents_of([]), []), FAMILY)[0]["verdict"] == NOT_RUN


def test_the_page_has_whole_rows_links_and_rules(tried, tmp_path):
    contents, choices = tried
    table = held(contents, choices, estimates=estimates_of(contents, choices, half=0.001))
    assert full_width(table) == 7
    assert texts(table.body)[0][0] == CROSS
    links = {cell.href for row in table.body for cell in row if cell.href}
    names = {d.name for d in contents.displays if d.kind == "results"} | {"improved", "overview"}
    assert links and links <= {f"#table-{name}" for name in names}
    unlinked = all_tables.alone(table)
    assert not [cell for row in unlinked.body for cell in row if cell.href]
    assert texts(unlinked.body) == texts(table.body)
    notes = " ".join(table.notes)
    assert "95 % interval" in notes and "p < 0.05" in notes and "In one run, in" in notes
    assert "by Holm over all of its lines" in notes
    page = pages.page("x", here=tmp_path, tables=[table])
    assert 'href="#table-pos.cross-lingual.gradient"' in page


def test_every_claim_has_words():
    judged = claims.rows(contents_of([]), [])
    assert {line.claim for line in judged} == set(claim_words.CLAIMS)
    assert all(code in claim_words.VERDICTS for code in Code)


def test_missing_trials_and_nothing_at_all(tmp_path):
    sweeps = made_up.study(tmp_path, models=("mbert",))
    every = {path for made in sweeps for path in made["trials"]}
    contents, choices = of_sweeps(sweeps, without=every)
    table = held(contents, choices)
    assert lines(table, CROSS)[0]["verdict"] == "trials missing"
    full_width(table)
    nothing = held(contents_of([]), [])
    assert {record["verdict"] for record in nothing.records} == {NOT_RUN}
    assert nothing.body == []
    assert nothing.notes[0].startswith("Not tested in this study: Pruning the lowest heads raises")
    assert nothing.notes[0].endswith(f"; {HEADS}.")
    full_width(nothing)


def test_rankings_of_languages(tmp_path):
    contents, choices = of_sweeps(made_up.study(tmp_path, models=("mbert",)))
    order = tuple((0, head) for head in range(8))
    orders = {"en": order, "de": order[::-1], "zh": (*order[4:], *order[:4])}
    rankings = [records.ranking(order, language=code) for code, order in orders.items()]
    (alike,) = lines(held(contents, choices, rankings=rankings), ALIKE)
    shifted = 1 - 6 * 8 * 16 / (8 * 63)
    assert alike["dev_selected"] == pytest.approx((-1 + shifted - shifted) / 3)
    assert alike["low"] < alike["dev_selected"] < alike["high"]
    theirs = published.rankings_rho()
    pairs = (("en", "de"), ("en", "zh"), ("de", "zh"))
    mean = sum(theirs["pos", "mbert", *pair] for pair in pairs) / 3
    assert alike["published"] == f"{mean:.2f}"
    assert alike["published_of"] == "of the pairs run"
