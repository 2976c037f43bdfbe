"""Claims of the paper: verdicts are rules, and every line says what the numbers say."""

import made_up
import numpy as np
import pytest
from scipy import stats
from test_tables import LANGUAGES, PUBLISHED, full_width, rows_of, texts

from polyheads import catalogue, exhibits
from polyheads.analysis import contrasts, student
from polyheads.exhibits import (
    claim_contrasts,
    claim_languages,
    claim_study,
    claims,
    contents,
    distances,
    similarity,
    verdicts,
)
from polyheads.exhibits.results import Results
from polyheads.report import pages

CROSS = "Pruning the lowest heads raises cross-lingual scores"
MULTI = "Pruning the lowest heads raises multi-lingual scores"
LARGER = "Cross-lingual gains are larger than multi-lingual ones"
RANDOM = "Random heads pruned give less than the lowest"
MOST = "Most pairs of languages improve (%)"
RHO = {"dev_selected": 0.5, "low": None, "high": None, "two_sided": True}
HIGHEST = "The highest heads pruned give less than the lowest"


def held(plan, sweeps, choices, *, rankings=(), **more):
    results = Results(choices, [], rankings, LANGUAGES, PUBLISHED, **more)
    return claims.claims(plan, sweeps, results)


def line(**changed):
    given = {"dev_selected": 1.0, "low": 0.5, "high": 1.5, "noise": True}
    return claim_study.line("pos", "ud-2.7", "mbert", "", "–", **given | changed)


FRESH = {"fresh": 0.2, "fresh_low": 0.1, "fresh_high": 0.3, "fresh_p": 0.01}
BELOW = {"dev_selected": -1.0, "low": -2.0, "high": -0.1}
WIDE = {"low": -0.3, "high": 0.4, "dev_selected": 0.05}
SMALL = {"above": 0.01, "within": 0.97, "below": 0.02, "delta": 0.5}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "holds"),
        ({"noise": False}, "holds in one run"),
        # several seeds alone don't make it plain: each chose its luckiest training
        ({"noise": False, "runs": 5}, "holds in these runs"),
        (BELOW | {"noise": False, "runs": 3}, "contradicted in these runs"),
        ({"low": -0.1}, "not shown"),
        ({"low": 0.0}, "not shown"),
        (BELOW, "contradicted"),
        (BELOW | {"noise": False}, "contradicted in one run"),
        ({"p": 0.04}, "holds"),
        ({"p": 0.05}, "not shown"),
        # fresh seeds decide instead of the one that chose, once there are enough of them
        ({"fresh": -0.2}, "opposite direction, no interval"),
        ({"fresh": 0.2}, "same direction, no interval"),
        ({"fresh": 0.2, "p": 0.4}, "not shown"),
        ({"fresh": 0.2, "p": 0.01}, "same direction, no interval"),
        ({"fresh": 0.0}, "not shown"),
        (FRESH, "holds"),
        (FRESH | {"p": 0.05}, "not shown"),
        (FRESH | {"fresh_p": 0.05}, "not shown"),
        (FRESH | {"fresh": -0.2}, "contradicted"),
        # the null is about the luck of the choice, which fresh seeds don't have
        (FRESH | {"fresh": -0.2, "p": 0.9}, "contradicted"),
        (FRESH | {"low": -1.0, "high": 3.0}, "holds"),
        ({"low": None, "high": None}, "same direction, no interval"),
        ({"dev_selected": -1.0, "low": None, "high": None}, "opposite direction, no interval"),
        ({"dev_selected": 0.0, "low": None, "high": None}, "not shown"),
        (
            {"dev_selected": 60.0, "low": None, "high": None, "neutral": 50.0},
            "same direction, no interval",
        ),
        ({"dev_selected": 40.0, "low": 30.0, "high": 49.0, "neutral": 50.0}, "contradicted"),
        ({"low": None, "high": None, "p": 0.01}, "holds"),
        ({"low": None, "high": None, "p": 0.3}, "not shown"),
        ({"dev_selected": -1.0, "low": None, "high": None, "p": 0.98}, "contradicted"),
        # 19 random rankings, all of them better: one of 20 is always the lowest
        ({"dev_selected": -1.0, "low": None, "high": None, "p": 1.0, "null_n": 19}, "not shown"),
        ({"dev_selected": -1.0, "low": None, "high": None, "p": 1.0, "null_n": 20}, "contradicted"),
        # less than 0 for the choice of sentences, but no less than other seeds give
        (BELOW | {"p": 0.9}, "not shown"),
        (BELOW | {"p": 0.97}, "contradicted"),
        # p of the draws, not of a normal distribution, where there are draws
        ({"p_interval": 0.06}, "not shown"),
        ({"low": -0.1, "p_interval": 0.04}, "holds"),
        # what is small and what is not known
        (WIDE, "not shown"),
        (WIDE | SMALL | {"noise": False}, "no gain worth having in one run"),
        (WIDE | SMALL | {"noise": False, "runs": 2}, "no gain worth having in these runs"),
        (WIDE | SMALL | {"p": 0.5}, "no gain worth having in one run"),
        (WIDE | SMALL | {"compared": True}, "no difference worth having in one run"),
        (WIDE | SMALL | {"within": 0.94}, "not shown"),
        (WIDE | SMALL | FRESH | {"fresh_p": 0.2}, "no gain worth having"),
        # draws of few seeds vary too little: the interval says more
        (WIDE | SMALL | FRESH | {"fresh_p": 0.2, "fresh_high": 0.6}, "not shown"),
        (SMALL, "holds, but no gain worth having"),
        (SMALL | {"noise": False}, "holds in one run, but no gain worth having"),
        (SMALL | {"dev_selected": -0.2, "low": -0.3, "high": -0.1}, "contradicted"),
        ({"dev_selected": None, "low": None, "high": None, "unlike": True}, "not compared"),
        # dev chose k = 0 everywhere: no gain, whatever the null has
        ({"dev_selected": 0.0, "low": None, "high": None, "p": 0.98}, "not shown"),
        ({"dev_selected": None, "low": None, "high": None}, "trials missing"),
        ({"dev_selected": None, "low": None, "high": None, "unmoved": True}, "not shown"),
        # rank correlations: p in either direction, the sign of the published ones
        ({**RHO, "p": 0.04, "direction": 1}, "holds"),
        ({**RHO, "p": 0.04, "direction": -1}, "contradicted"),
        ({**RHO, "p": 0.04}, "related"),
        ({**RHO, "p": 0.04, "direction": 1, "noise": False}, "holds in one run"),
        ({**RHO, "p": 0.05, "direction": 1}, "not shown"),
        ({**RHO, "p": 0.99, "direction": -1}, "not shown"),
        ({**RHO, "dev_selected": None, "unmoved": True}, "not shown"),
        ({**RHO, "dev_selected": None}, "trials missing"),
    ],
)
def test_verdicts(changed, expected):
    assert verdicts.decide([line(**changed)])[0]["verdict"] == expected


def test_verdicts_of_a_claim_are_adjusted_for_their_number():
    """Holm by hand: 0.02 of three is 0.06; both directions are families of three of their own."""
    mine = [line(p_interval=p) for p in (0.02, 0.03, 0.01)]
    told = verdicts.decide(mine)
    assert [t["p_holm"] for t in told] == pytest.approx([0.04, 0.04, 0.03])
    assert {t["verdict"] for t in told} == {"holds"}
    mine[0]["p_interval"] = mine[1]["p_interval"] = 0.03
    told = verdicts.decide(mine)
    assert [t["p_holm"] for t in told] == pytest.approx([0.06, 0.06, 0.03])
    assert [t["verdict"] for t in told] == ["not shown", "not shown", "holds"]
    # A line that lies below is one of the family, a line without a test is not.
    mine[:2] = [line(dev_selected=-1.0, p_interval=0.02), line(low=None, high=None)]
    told = verdicts.decide(mine)
    assert [t["p_holm"] for t in told] == pytest.approx([0.04, None, 0.02])
    assert [t["verdict"] for t in told] == ["contradicted", "same direction, no interval", "holds"]
    # The larger p counts; fresh seeds' instead of the choosing seed's.
    (told,) = verdicts.decide([line(p_interval=0.001, p=0.03)])
    assert told["p_holm"] == 0.03
    (told,) = verdicts.decide([line(p_interval=0.6, **FRESH)])
    assert told["p_holm"] == 0.01


def statistics(plan, rows, *, half=0.5):
    """Rows as statistics.gains writes them, with intervals of one width."""
    out = []
    for exhibit in (e for e in plan if e["kind"] == "table"):
        for model in dict.fromkeys(r["model"] for r in rows):
            mine = [r for r in exhibits.members(exhibit, rows) if r["model"] == model]
            shared = {
                **exhibit["of"],
                "exhibit": exhibit["name"],
                "model": model,
                "criterion": "dev_selected",
            }
            for row in mine:
                g = row["dev_selected_gain"]
                ends = {"low": g - half, "high": g + half}
                if row["dev_selected_k"] == 0:
                    ends = {"low": None, "high": None}
                place = {"source": row["source"], "target": row["target"], "level": "pair"}
                out.append(shared | place | ends | {"gain": g})
            g = sum(r["dev_selected_gain"] for r in mine) / max(len(mine), 1)
            ends = {"low": g - half, "high": g + half, "gain": g, "level": "mean"}
            if len(mine) > 1:
                out.append(shared | ends | {"source": "", "target": ""})
    return out


def apart(plan, sweeps, rows, *, half=0.5, **more):
    """Rows as statistics.differences writes them, with intervals of one width."""
    results = Results(rows, [], [], LANGUAGES, PUBLISHED, **more)
    found = claim_contrasts.contrasts(claim_study.study(plan, sweeps, results))
    shared = {
        "criterion": "dev_selected",
        "level": "mean",
        "source": "",
        "target": "",
        "p_interval": None,
    }
    return [
        c.place() | shared | {"difference": d, "low": d - half, "high": d + half, "problem": ""}
        for c in found
        if (d := c.difference("dev_selected")) is not None
    ]


def records(table, claim, **wanted):
    return [
        r
        for r in table["records"]
        if r["claim"] == claim and all(r[key] == value for key, value in wanted.items())
    ]


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
    plan, rows = rows_of(sweeps, tmp_path)
    return plan, sweeps, rows


def test_lines_say_what_the_choices_say(tried):
    plan, sweeps, rows = tried
    table = held(plan, sweeps, rows, statistics=statistics(plan, rows))
    main = exhibits.main_choices(plan, rows)

    def mean(name, **wanted):
        found = [
            r[name]
            for r in main
            if r["experiment"] == wanted.get("experiment", "pos")
            and all(r[key] == value for key, value in wanted.items())
        ]
        return sum(found) / len(found)

    mine = {"model": "mbert", "setting": "cross-lingual"}
    (cross,) = records(table, CROSS, model="mbert")
    assert cross["dev_selected"] == pytest.approx(mean("dev_selected_gain", **mine))
    assert cross["test_oracle"] == pytest.approx(mean("test_oracle_gain", **mine))
    assert cross["high"] - cross["low"] == pytest.approx(1.0)
    # of its 24 pairs those that were run, as the overview has them
    run = [r for r in PUBLISHED if (r["task"], r["model"], r["source"]) == ("pos", "mbert", "en")]
    run = {
        (r["setting"], r["target"]): float(r["pruned_f1"]) - float(r["unpruned_f1"]) for r in run
    }
    theirs = (run["cross-lingual", "de"] + run["cross-lingual", "zh"]) / 2
    assert cross["published"] == f"{theirs:+.2f}" and cross["published_models"] == ""
    assert cross["published_of"] == "of the pairs run"
    assert cross["exhibit"] == "pos.cross-lingual.gradient"
    (tiny,) = records(table, CROSS, model="tiny")
    assert tiny["published"] == "+0.91 to +1.78" and tiny["published_models"] == "mBERT, XLM-R"

    (larger,) = records(table, LARGER, model="mbert")
    multi = mean("dev_selected_gain", model="mbert", setting="multi-lingual")
    assert larger["dev_selected"] == pytest.approx(cross["dev_selected"] - multi)
    assert larger["low"] is None  # no draws of both sides together
    theirs -= (run["multi-lingual", "de"] + run["multi-lingual", "zh"]) / 2
    assert larger["published"] == f"{theirs:+.2f}" and larger["published_of"] == "of the pairs run"

    for claim, ranking in ((HIGHEST, "reversed-gradient-en"), (RANDOM, "random-7")):
        (control,) = records(table, claim)
        other = mean("test_oracle_gain", experiment="controls", ranking=ranking)
        assert control["test_oracle"] == pytest.approx(cross["test_oracle"] - other)
        assert control["setting"] == "cross-lingual" and control["model"] == "mbert"

    assert {r["verdict"] for r in table["records"] if "Several sources" in r["claim"]} == {
        claims.NOT_RUN
    }
    counts = records(table, MOST)[0]
    signs = [r["dev_selected_gain"] for r in main if r["experiment"] == "pos"]
    up, down = sum(g > 0 for g in signs), sum(g < 0 for g in signs)
    same = f"{8 - up - down} as before" * (up + down < 8)
    assert (counts["dev_selected_text"], counts["dev_selected_below"]) == (
        f"{up} up, {down} down",
        same,
    )
    assert counts["dev_selected"] == pytest.approx(100 * up / (up + down))
    # one of the two models isn't the paper's: all of its pairs
    assert counts["published"] == "90 of 96" and counts["published_of"] == "its text: 88"
    heads = records(table, "Heads pruned at the best k, on average", model="mbert")[0]
    assert heads["published"] == "7.52" and heads["verdict"] == "for comparison"


@pytest.mark.parametrize("changed", [{"protocol": "mask"}, {"recipe": "x"}, {"k_max": 9}])
def test_controls_are_compared_with_trials_that_differ_in_the_heads_only(tried, changed):
    plan, sweeps, rows = tried
    (expected,) = records(held(plan, sweeps, rows), HIGHEST)
    mine = [r for r in rows if r["experiment"] == "pos" and r["model"] == "mbert"]
    more = [
        r | changed | {"experiment": "first", "test_oracle_gain": r["test_oracle_gain"] + 9}
        for r in mine
    ]
    also = {"experiment": "first"} | changed
    if "k_max" in also:
        also["ks"] = (0, 1, 2, also.pop("k_max"))
    first = [s | also for s in sweeps if s["experiment"] == "pos" and s["model"] == "mbert"]
    sweeps = [*first, *sweeps]
    first = [e | {"of": e["of"] | {"experiment": "first"}} for e in plan if e["kind"] == "gains"]
    table = held([*first[:1], *plan], sweeps, [*more, *rows])
    (control,) = records(table, HIGHEST)
    assert control["test_oracle"] == pytest.approx(expected["test_oracle"])
    if "protocol" in changed:  # nor do masked heads stand for the paper's tables
        assert records(table, CROSS, model="mbert")[0]["exhibit"] == "pos.cross-lingual.gradient"


def test_differences_are_of_pairs_that_both_sides_have_gains_of(tried):
    plan, sweeps, rows = tried
    nothing = {
        "dev_selected_gain": None,
        "test_oracle_gain": None,
        "dev_selected_k": None,
        "test_oracle_k": None,
    }
    large = {"test_oracle_gain": 9.0}
    kept = [
        r | (nothing if r["experiment"] == "controls" else large) if r["target"] == "zh" else r
        for r in rows
    ]
    (control,) = records(held(plan, sweeps, kept), HIGHEST)

    def gain(experiment, ranking):
        wanted = {"experiment": experiment, "ranking": ranking, "target": "de", "model": "mbert"}
        wanted |= {"setting": "cross-lingual", "metric": "accuracy"}
        (row,) = [r for r in rows if all(r[k] == v for k, v in wanted.items())]
        return row["test_oracle_gain"]

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
    plan, rows = rows_of(sweeps, tmp_path)
    table = held(plan, sweeps, rows, statistics=statistics(plan, rows))
    found = records(table, "Several sources, mean rank (MD): pruning raises scores")
    assert [(r["setting"], r["dev_selected"], r["low"]) for r in found] == [
        ("cross-lingual", 5.0, 4.5),
        ("multi-lingual", 15.0, 14.5),
    ]
    assert [r["verdict"] for r in found] == ["holds in one run"] * 2
    # Nulls and fresh seeds decide here as elsewhere.
    null = {"experiment": "pos", "task": "pos", "corpus": "ud-2.7", "model": "mbert", "n": 12}
    null |= {"setting": "cross-lingual", "metric": "accuracy", "ranking": "merged-gradient"}
    null |= {"criterion": "dev_selected", "null": "noise", "gain": 5.0, "pairs": 1, "p": 0.4}
    chose = next(r for r in rows if r["setting"] == "multi-lingual" and r["metric"] == "accuracy")
    again = {"role": "fresh", "of_seed": 42}
    again = [
        chose | again | {"seed": i, "dev_selected_gain": v} for i, v in enumerate((0.1, 0.5, -0.6))
    ]
    for p, verdict in ((0.4, "not shown"), (0.001, "holds")):
        table = held(
            plan,
            sweeps,
            [*rows, *again],
            statistics=statistics(plan, rows),
            nulls=[null | {"p": p}],
        )
        found = records(table, "Several sources, mean rank (MD): pruning raises scores")
        assert [r["verdict"] for r in found] == [verdict, "not shown"]
        assert (found[0]["p"], found[1]["fresh"]) == (p, pytest.approx(0))
    (not_run,) = records(table, "Several sources, summed scores (SD): pruning raises scores")
    assert not_run["verdict"] == claims.NOT_RUN


def test_nulls_and_fresh_seeds_decide(tried):
    plan, sweeps, rows = tried
    key = {"experiment": "pos", "ranking": "gradient", "task": "pos", "corpus": "ud-2.7"}
    key |= {"model": "mbert", "setting": "cross-lingual", "metric": "accuracy", "n": 12}
    noise = key | {
        "criterion": "dev_selected",
        "null": "noise",
        "null_mean": 0.2,
        "p": 0.4,
        "pairs": 2,
    }
    noise["gain"] = 5.0
    rows = [r | {"dev_selected_gain": 5.0, "dev_selected_k": 2} for r in rows]
    fake = statistics(plan, rows, half=1.0)

    def of(claim, nulls=(), more=()):
        made = held(plan, sweeps, [*rows, *more], statistics=fake, nulls=nulls)
        full_width(made)
        return records(made, claim, model="mbert", setting=wanted[claim])[0]

    wanted = {CROSS: "", RANDOM: "cross-lingual"}
    assert of(CROSS)["verdict"] == "holds in one run"
    assert of(CROSS, [noise])["verdict"] == "not shown" and of(CROSS, [noise])["p"] == 0.4
    assert of(CROSS, [noise | {"p": 0.01}])["verdict"] == "holds"
    # A null of other pairs, or of a part of them, decides nothing.
    for other in ({"pairs": 1}, {"gain": 0.5}):
        made = of(CROSS, [noise | {"p": 0.01} | other])
        assert (made["verdict"], made["p"]) == ("holds in one run", None)
        assert "other pairs" in made["note"]
    null = noise | {"null": "random", "p": 0.01, "gain": 1.0}
    assert of(RANDOM, [null])["verdict"] == "holds"
    assert of(RANDOM, [null])["dev_selected"] == pytest.approx(0.8)
    assert of(CROSS, [null])["p"] is None  # another claim's null

    def fresh(*values):
        first = next(r for r in rows if r["model"] == "mbert" and r["metric"] == "accuracy")
        k = {"dev_selected_k": 2, "role": "fresh", "of_seed": 42}
        return [first | k | {"dev_selected_gain": v, "seed": i} for i, v in enumerate(values)]

    one = next(r for r in rows if r["model"] == "mbert" and r["metric"] == "accuracy")
    one |= {"dev_selected_k": 2}  # what the fresh seeds have
    (low, high), made = (
        student.interval([-1.0, -0.8, -1.2]),
        of(CROSS, more=fresh(-1.0, -0.8, -1.2)),
    )
    assert (made["fresh"], made["verdict"]) == (pytest.approx(-1.0), "contradicted")
    assert (made["fresh_low"], made["fresh_high"]) == pytest.approx((low, high))
    assert made["low"] == 4.0  # the seed that chose is shown, and decides nothing
    assert of(CROSS, more=fresh(1.0, 0.8, 1.2))["verdict"] == "holds"
    assert of(CROSS, [noise], more=fresh(1.0, 0.8, 1.2))["verdict"] == "not shown"
    assert of(CROSS, more=fresh(1.0))["verdict"] == "same direction, no interval"
    table = held(plan, sweeps, [*rows, *fresh(1.0, 0.8, 1.2)], statistics=fake)
    column = texts(table["head"])[0].index("Fresh seeds")
    low, high = student.interval([1.0, 0.8, 1.2])
    assert table["body"][0][column]["below"] == f"[{low:+.2f}, {high:+.2f}]"
    assert any(note.startswith("Fresh seeds: ") for note in table["notes"])


def test_run_noise_decides_about_low_resource(tmp_path):
    sweeps = []
    for share in (10, 50):
        mixture = ("en", f"de@{share}")
        made = made_up.sweep(tmp_path, setting="low-resource", mixture=mixture)
        made_up.write_sweep(
            made, {("dev", "de"): [80.0, 81, 82, 83], ("test", "de"): [60.0, 61, 62, 60 + share]}
        )
        sweeps.append(made)
    plan, rows = rows_of(sweeps, tmp_path)
    (exhibit,) = [e for e in plan if e["kind"] == "shares"]
    mean = {
        **exhibit["of"],
        "exhibit": exhibit["name"],
        "model": "mbert",
        "criterion": "dev_selected",
    }
    mean |= {"level": "mean", "gain": 30.0, "low": 29.0, "high": 31.0, "p_interval": 0.001}
    null = {"experiment": "pos", "task": "pos", "corpus": "ud-2.7", "model": "mbert", "n": 12}
    null |= {"setting": "low-resource", "metric": "accuracy", "ranking": "gradient", "pairs": 2}
    null |= {"criterion": "dev_selected", "null": "noise", "gain": 30.0}
    expected = {None: "holds in one run", 0.4: "not shown", 0.01: "holds"}
    for p, verdict in expected.items():
        nulls = [null | {"p": p}] if p else []
        table = held(plan, sweeps, rows, statistics=[mean], nulls=nulls)
        (made,) = records(table, "Pruning raises scores with little target data, too")
        assert (made["dev_selected"], made["verdict"], made["p"]) == (30.0, verdict, p)


def test_where_k_0_was_chosen_nothing_is_compared(tried):
    plan, sweeps, rows = tried
    nothing = {"dev_selected_k": 0, "dev_selected_gain": 0.0, "test_oracle_gain": 0.0}
    still = [r | nothing for r in rows]
    fake = [r | {"low": 0.0, "high": 0.0, "gain": 0.0} for r in statistics(plan, still)]
    table = held(plan, sweeps, still, statistics=fake)
    shown = [r for r in table["records"] if r["claim"] in (CROSS, MULTI, LARGER, HIGHEST, RANDOM)]
    assert len(shown) == 8
    assert {(r["dev_selected"], r["low"], r["high"], r["verdict"]) for r in shown} == {
        (0.0, None, None, "not shown")
    }
    (counts,) = records(table, MOST)
    assert (counts["dev_selected"], counts["verdict"]) == (None, "not shown")
    assert counts["dev_selected_text"] == counts["test_oracle_text"] == "0 up, 0 down"
    assert counts["dev_selected_below"] == "8 as before"
    full_width(table)
    # One side that moved is compared with one that didn't.
    half = [r | nothing if r["experiment"] == "controls" else r for r in rows]
    (control,) = records(held(plan, sweeps, half, differences=apart(plan, sweeps, half)), HIGHEST)
    assert control["high"] - control["low"] == pytest.approx(1.0)


def test_predictions_that_cannot_be_used_leave_no_interval(tried):
    plan, sweeps, rows = tried
    broken = [
        r | {"low": None, "high": None, "gain": None, "problem": "x.parquet: missing"}
        if r["target"] in ("", "zh")
        else r
        for r in statistics(plan, rows)
    ]
    (cross,) = records(held(plan, sweeps, rows, statistics=broken), CROSS, model="mbert")
    assert (cross["low"], cross["verdict"][-11:]) == (None, "no interval")
    # Of pairs alone an interval is put together, and a note says so.
    pairs = [r for r in statistics(plan, rows) if r["level"] == "pair"]
    together = held(plan, sweeps, rows, statistics=pairs)
    (cross,) = records(together, CROSS, model="mbert")
    moved = [r for r in pairs if r["low"] is not None and r["exhibit"] == cross["exhibit"]]
    half = 0.5 * sum(r["model"] == "mbert" for r in moved) ** 0.5 / 2
    assert cross["high"] - cross["low"] == pytest.approx(2 * half)
    assert any("square-and-add" in note for note in together["notes"])
    whole = held(plan, sweeps, rows, statistics=statistics(plan, rows))
    assert not any("square-and-add" in note for note in whole["notes"])


def of_settings(tmp_path, second=(), **changed):
    """The claim about both settings where the multi-lingual sweeps are changed, and more sweeps
    (keys of made_up.sweep) run."""
    sweeps = made_up.study(tmp_path, models=("mbert",), seeds=(1, 2))
    sweeps = [s | changed if s["setting"] == "multi-lingual" else s for s in sweeps]
    extra = [made_up.sweep(tmp_path, **keys) for keys in second]
    for made in extra:
        places = [("dev", c) for c in made["dev"]] + [("test", c) for c in ("de", "zh")]
        places += [("dev", "zh")]
        values = {(s, c): [70.0 + k for k in made["ks"]] for s, c in places}
        made_up.write_sweep(made, values)
    sweeps += extra
    plan, rows = rows_of(sweeps, tmp_path)
    return plan, sweeps, rows, records(held(plan, sweeps, rows), LARGER)


def test_settings_are_compared_where_nothing_else_differs(tmp_path):
    plan, sweeps, rows, (made,) = of_settings(tmp_path)
    main = [r for r in exhibits.main_choices(plan, rows)]
    gains = {(r["setting"], r["target"], r["seed"]): r["dev_selected_gain"] for r in main}
    both = [("de", 1), ("de", 2), ("zh", 1), ("zh", 2)]
    apart = [gains["cross-lingual", *b] - gains["multi-lingual", *b] for b in both]
    assert made["dev_selected"] == pytest.approx(np.mean(apart)) and made["note"] == ""
    # Trials of one seed and pair are missing: its seed is left out of all pairs.
    gone = {p for s in sweeps for p in s["trials"][:1] if (s["target"], s["seed"]) == ("zh", 2)}
    gone = {p for p in gone if "en+zh" in p}
    plan, rows = rows_of(sweeps, tmp_path, without=gone)
    (made,) = records(held(plan, sweeps, rows), LARGER)
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
    plan, rows = rows_of(sweeps, tmp_path)
    table = held(plan, sweeps, rows)
    (made,) = records(table, LARGER)
    assert (made["dev_selected"], made["verdict"]) == (None, "not compared")
    assert why in made["note"] and any(made["note"] in note for note in table["notes"])
    full_width(table)


def test_settings_take_other_experiments_that_are_alike(tmp_path):
    """The tables' own experiments differ in their largest k; another one has the right one."""
    more = [
        {"experiment": "second", "setting": "multi-lingual", "target": "de", "seed": seed}
        for seed in (1, 2)
    ]
    plan, _, rows, (made,) = of_settings(tmp_path, more, ks=(0, 1, 2, 4))
    gains = {
        (r["experiment"], r["setting"], r["seed"]): r["dev_selected_gain"]
        for r in exhibits.main_choices(plan, rows)
        if r["target"] == "de"
    }
    apart = [gains["pos", "cross-lingual", s] - gains["second", "multi-lingual", s] for s in (1, 2)]
    assert made["dev_selected"] == pytest.approx(np.mean(apart))
    assert made["note"] == (
        "left out: 2 sweeps (one side alone has the pair), 4 sweeps (different k were tried)"
    )


def test_shares_are_of_the_pairs_that_moved(tried):
    plan, sweeps, rows = tried
    gains = {("mbert", "de"): 1.0, ("mbert", "zh"): 0.0, ("tiny", "de"): 2.0, ("tiny", "zh"): -1.0}
    moved = [r | {"dev_selected_gain": gains[r["model"], r["target"]]} for r in rows]
    (counts,) = records(held(plan, sweeps, moved), MOST)
    assert (counts["dev_selected_text"], counts["dev_selected_below"]) == (
        "4 up, 2 down",
        "2 as before",
    )
    assert counts["dev_selected"] == pytest.approx(400 / 6)
    assert counts["verdict"] == "same direction, no interval"
    even = [r | {"dev_selected_gain": 1.0 if r["target"] == "de" else -1.0} for r in rows]
    assert records(held(plan, sweeps, even), MOST)[0]["verdict"] == "not shown"
    # Of the paper's models alone its pairs that were run.
    mine = [r for r in rows if r["model"] == "mbert"]
    (counts,) = records(held(plan, sweeps, mine), MOST)
    run = [
        float(r["pruned_f1"]) > float(r["unpruned_f1"])
        for r in PUBLISHED
        if (r["task"], r["model"], r["source"]) == ("pos", "mbert", "en")
        and r["target"] in ("de", "zh")
    ]
    assert counts["published"] == f"{sum(run)} of 4"
    assert counts["published_of"] == "of the pairs run"


def test_published_numbers_are_of_the_pairs_run():
    values = {("mbert", "de"): 1.0, ("mbert", "zh"): 3.0, ("xlmr", "de"): 5.0, ("xlmr", "zh"): 9.0}
    part = {"published": 1.0, "published_of": "of the pairs run"}
    assert claim_study.paper(values, "mbert", ["de", "fr"]) == part
    assert claim_study.paper(values, "mbert", ["de", "zh", "fr"]) == {
        "published": 2.0,
        "published_of": "",
    }
    assert claim_study.paper(values, "mbert", ["fr"])["published"] == "–"
    assert claim_study.paper(values, "tiny", ["de"]) == {"published": {"mbert": 2.0, "xlmr": 7.0}}
    assert claim_study.paper({}, "mbert", ["de"]) == {"published": "–"}


DISTANCE, LIKE, FAMILY = claim_languages.RELATED_WORDS.values()


def correlated(tmp_path, gain_of):
    """POS from English with gains by a rule: target -> gain; families and rankings as they are."""
    targets = ("de", "nl", "ar", "he", "zh", "ja", "fa", "ur")
    sweeps = made_up.study(tmp_path, models=("mbert",), targets=targets)
    _, rows = rows_of(sweeps, tmp_path)
    rows = [r | {"dev_selected_gain": gain_of(r["target"]), "dev_selected_k": 2} for r in rows]
    plan = contents.plan(sweeps, PUBLISHED)
    return claims.claims(plan, sweeps, Results(rows, [], [], catalogue.languages(), PUBLISHED)), [
        e["name"] for e in plan if e["kind"] == "correlations"
    ]


def test_gains_and_languages(tmp_path):
    near = distances.read()["syntactic"]
    table, names = correlated(tmp_path, lambda target: -near["en", target])
    full_width(table)
    (made,) = records(table, DISTANCE, setting="cross-lingual")
    assert (
        made["dev_selected"] == pytest.approx(-1)
        and made["dev_selected_below"] == "8 pairs, syntactic"
    )
    assert [made["exhibit"]] == names and (made["low"], made["fresh"]) == (None, None)
    mine = [
        r
        for r in PUBLISHED
        if (r["task"], r["model"], r["source"], r["setting"])
        == ("pos", "mbert", "en", "cross-lingual")
    ]
    gains = [float(r["pruned_f1"]) - float(r["unpruned_f1"]) for r in mine]
    rho = stats.spearmanr(np.round(gains, 2), [near["en", r["target"]] for r in mine]).statistic
    assert made["published"] == f"{rho:.2f}".replace("-", "−")
    assert made["published_of"] == "of the pairs run"
    assert made["p"] < 0.05
    # Six distances were looked at; the note has four decimals.
    alone = float(made["note"].split()[-1])
    assert made["p"] == pytest.approx(6 * alone, abs=6 * 0.5e-4) and made["p"] > 4 * alone
    assert made["verdict"] == ("holds" if rho < 0 else "contradicted") + " in one run"
    (family,) = records(table, FAMILY, setting="cross-lingual")
    assert family["p"] > made["p"] and family["verdict"] == "not shown"
    # No rankings were read: there is nothing to correlate with.
    (like,) = records(table, LIKE, setting="cross-lingual")
    assert (like["dev_selected"], like["dev_selected_below"], like["verdict"]) == (
        None,
        "known of too few pairs",
        "not shown",
    )
    same, _ = correlated(tmp_path / "same", lambda target: 0.0)
    (made,) = records(same, DISTANCE, setting="cross-lingual")
    assert (made["dev_selected_below"], made["verdict"]) == ("all gains are the same", "not shown")
    assert records(held([], [], []), FAMILY)[0]["verdict"] == claims.NOT_RUN


def test_the_page_has_whole_rows_links_and_rules(tried, tmp_path):
    plan, sweeps, rows = tried
    table = held(plan, sweeps, rows, statistics=statistics(plan, rows, half=0.001))
    assert full_width(table) == 7
    assert texts(table["body"])[0][0] == CROSS
    links = {c["href"] for row in table["body"] for c in row if c["href"]}
    names = {e["name"] for e in plan if e["kind"] == "table"} | {"improved", "overview"}
    assert links and links <= {f"#table-{name}" for name in names}
    assert not [c for row in claims.without_links(table)["body"] for c in row if c["href"]]
    notes = " ".join(table["notes"])
    assert "95 % interval" in notes and "p < 0.05" in notes and "In one run, in" in notes
    assert "by Holm over all of its lines" in notes
    page = pages.page("x", here=tmp_path, tables=[table])
    assert 'href="#table-pos.cross-lingual.gradient"' in page


def test_missing_trials_and_nothing_at_all(tmp_path):
    sweeps = made_up.study(tmp_path, models=("mbert",))
    every = {path for made in sweeps for path in made["trials"]}
    plan, rows = rows_of(sweeps, tmp_path, without=every)
    table = held(plan, sweeps, rows)
    assert records(table, CROSS)[0]["verdict"] == "trials missing"
    full_width(table)
    nothing = held([], [], [])
    assert {r["verdict"] for r in nothing["records"]} == {claims.NOT_RUN}
    full_width(nothing)


def test_rankings_of_languages(tmp_path):
    sweeps = made_up.study(tmp_path, models=("mbert",))
    plan, rows = rows_of(sweeps, tmp_path)
    order = [[0, h] for h in range(8)]
    orders = {"en": order, "de": order[::-1], "zh": [*order[4:], *order[:4]]}
    rankings = [
        {
            **{"kind": "gradient", "model": "mbert", "corpus": "ud-2.7", "task": "pos"},
            **{"recipe": "small", "seed": 42, "reversed": False, "language": code, "order": o},
        }
        for code, o in orders.items()
    ]
    table = held(plan, sweeps, rows, rankings=rankings)
    (alike,) = [r for r in table["records"] if r["claim"].startswith("Rankings of the languages")]
    shifted = 1 - 6 * 8 * 16 / (8 * 63)
    assert alike["dev_selected"] == pytest.approx((-1 + shifted - shifted) / 3)
    assert alike["low"] < alike["dev_selected"] < alike["high"]
    theirs = similarity.read_published()
    of = [theirs["pos", "mbert", *pair] for pair in (("en", "de"), ("en", "zh"), ("de", "zh"))]
    assert alike["published"] == f"{sum(of) / 3:.2f}"
    assert alike["published_of"] == "of the pairs run"


def test_intervals_put_together():
    one = (1.0, 0.4, 1.8)
    apart = contrasts.mean_of([("de", one), ("zh", one)])
    together = contrasts.mean_of([("de", one), ("de", one)])
    assert together == pytest.approx(one)
    assert apart[2] - apart[0] == pytest.approx(0.8 / 2**0.5)


def test_jackknife_of_pairs_covers_the_mean():
    """Numbers of pairs made of their members' own: the interval covers what they are made of."""
    import random

    chance, covered, rounds = random.Random(3), 0, 400
    for _ in range(rounds):
        own = [chance.gauss(0.2, 1) for _ in range(9)]
        names = [str(i) for i in range(9)]
        values = {(names[i], names[j]): own[i] + own[j] for i in range(9) for j in range(i + 1, 9)}
        value, low, high, p = contrasts.mean_of_pairs(values, names)
        assert (p < 0.05) == (not low <= 0 <= high)
        covered += low <= 0.4 <= high
    assert 0.92 <= covered / rounds <= 0.98
    assert contrasts.mean_of_pairs({("a", "b"): 0.5}, ["a", "b"]) == (0.5, None, None, None)


@pytest.mark.parametrize("noise", ["normal", "t3"])
def test_noise_seldom_holds_with_few_fresh_seeds(noise):
    """Four lines whose chosen runs are lucky, three fresh seeds each: one holds in few studies."""
    random = np.random.default_rng(7)
    shape = (1000, 4, 3)
    table = random.standard_normal(shape) if noise == "normal" else random.standard_t(3, shape)

    def held_of(shift):
        held = 0
        for study in table + shift:
            mine = []
            for seeds in study:
                low, high = student.interval(seeds)
                fresh = {"fresh": seeds.mean(), "fresh_low": low, "fresh_high": high}
                mine.append(line(p_interval=0.001, **fresh, fresh_p=student.p_value(seeds)))
            held += any(told["verdict"] == "holds" for told in verdicts.decide(mine))
        return held / len(table)

    assert held_of(0.0) < 0.05 + 2 * (0.05 * 0.95 / len(table)) ** 0.5
    assert held_of(9.0) > 0.8
