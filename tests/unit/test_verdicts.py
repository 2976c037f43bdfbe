"""Verdicts about claims are rules: which numbers say what, and in which words."""

import numpy as np
import pytest

from polyheads.analysis import student
from polyheads.analysis.claims.records import (
    Absence,
    ClaimLine,
    Code,
    Fresh,
    Kind,
    Null,
    Number,
    Published,
    Relation,
    Runs,
    Verdict,
)
from polyheads.analysis.claims.verdicts import judge
from polyheads.analysis.draws import Bounds
from polyheads.report.tables import claim_words

pytestmark = pytest.mark.slow


def line(value=1.0, low=0.5, high=1.5, *, noise=True, p=None, p_interval=None, **more):
    """A line that holds. p: against unpruned runs; more: fields of a ClaimLine, and those of Bounds
    of the number that decides."""
    names = ("above", "within", "below", "delta")
    shares = {name: more.pop(name) for name in names if name in more}
    fresh = more.pop("fresh", None)
    if fresh is not None:
        more["fresh"] = fresh if isinstance(fresh, Fresh) else Fresh(value=fresh)
        bounds = Bounds(**vars(more["fresh"].bounds) | shares)
        more["fresh"] = Fresh(value=more["fresh"].value, bounds=bounds)
    if p is not None:
        more["null"] = Null(baseline="noise", n=12, p=p)
    return ClaimLine(
        dev_selected=Number(value=value),
        bounds=Bounds(low=low, high=high, p_interval=p_interval, **shares),
        training_noise=noise,
        **more,
    )


def fresh(value=0.2, low=0.1, high=0.3, p=0.01):
    return Fresh(value=value, bounds=Bounds(low=low, high=high, p_interval=p))


def random(n, p):
    return Null(baseline="random", n=n, p=p)


def rho(value, p, published=None, **more):
    """A line about a correlation, and the rho of the paper."""
    ends = Published(low=published, high=published)
    relation = Relation(predictor="family", pairs=8, tried=1, p=p)
    made = {"kind": Kind.RELATION, "published": ends, "relation": relation}
    return {"value": value} | NONE | made | more


NONE = {"low": None, "high": None}
BELOW = {"value": -1.0, "low": -2.0, "high": -0.1}
WIDE = {"value": 0.05, "low": -0.3, "high": 0.4}
SMALL = {"above": 0.01, "within": 0.97, "below": 0.02, "delta": 0.5}
ONE = {"noise": False}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "holds"),
        (ONE, "holds in one run"),
        # several seeds alone don't make it plain: each chose its luckiest training
        (ONE | {"runs": 5}, "holds in these runs"),
        (BELOW | ONE | {"runs": 3}, "contradicted in these runs"),
        ({"low": -0.1}, "not shown"),
        ({"low": 0.0}, "not shown"),
        (BELOW, "contradicted"),
        (BELOW | ONE, "contradicted in one run"),
        ({"p": 0.04}, "holds"),
        ({"p": 0.05}, "not shown"),
        # fresh seeds decide instead of the one that chose, once there are enough of them
        ({"fresh": -0.2}, "opposite direction, no interval"),
        ({"fresh": 0.2}, "same direction, no interval"),
        ({"fresh": 0.2, "p": 0.4}, "not shown"),
        ({"fresh": 0.2, "p": 0.01}, "same direction, no interval"),
        ({"fresh": 0.0}, "not shown"),
        ({"fresh": fresh()}, "holds"),
        ({"fresh": fresh(), "p": 0.05}, "not shown"),
        ({"fresh": fresh(p=0.05)}, "not shown"),
        ({"fresh": fresh(-0.2)}, "contradicted"),
        # the null is about the luck of the choice, which fresh seeds don't have
        ({"fresh": fresh(-0.2), "p": 0.9}, "contradicted"),
        ({"fresh": fresh(), "low": -1.0, "high": 3.0}, "holds"),
        (NONE, "same direction, no interval"),
        ({"value": -1.0} | NONE, "opposite direction, no interval"),
        ({"value": 0.0} | NONE, "not shown"),
        ({"value": 60.0, "kind": Kind.SHARE} | NONE, "same direction, no interval"),
        ({"value": 40.0, "low": 30.0, "high": 49.0, "kind": Kind.SHARE}, "contradicted"),
        (NONE | {"p": 0.01}, "holds"),
        (NONE | {"p": 0.3}, "not shown"),
        ({"value": -1.0, "p": 0.98} | NONE, "contradicted"),
        # 19 random rankings, all of them better: one of 20 is always the lowest
        ({"value": -1.0, "null": random(19, 1.0)} | NONE, "not shown"),
        ({"value": -1.0, "null": random(20, 1.0)} | NONE, "contradicted"),
        # less than 0 for the choice of sentences, but no less than other seeds give
        (BELOW | {"p": 0.9}, "not shown"),
        (BELOW | {"p": 0.97}, "contradicted"),
        # p of the draws, not of a normal distribution, where there are draws
        ({"p_interval": 0.06}, "not shown"),
        ({"low": -0.1, "p_interval": 0.04}, "holds"),
        # what is small and what is not known
        (WIDE, "not shown"),
        (WIDE | SMALL | ONE, "no gain worth having in one run"),
        (WIDE | SMALL | ONE | {"runs": 2}, "no gain worth having in these runs"),
        (WIDE | SMALL | {"p": 0.5}, "no gain worth having in one run"),
        (WIDE | SMALL | {"kind": Kind.DIFFERENCE}, "no difference worth having in one run"),
        (WIDE | SMALL | {"within": 0.94}, "not shown"),
        (WIDE | SMALL | {"fresh": fresh(p=0.2)}, "no gain worth having"),
        # draws of few seeds vary too little: the interval says more
        (WIDE | SMALL | {"fresh": fresh(p=0.2, high=0.6)}, "not shown"),
        (SMALL, "holds, but no gain worth having"),
        (SMALL | ONE, "holds in one run, but no gain worth having"),
        (SMALL | {"value": -0.2, "low": -0.3, "high": -0.1}, "contradicted"),
        ({"value": None, "absent": Absence.UNLIKE} | NONE, "not compared"),
        # dev chose k = 0 everywhere: no gain, whatever the null has
        ({"value": 0.0, "p": 0.98} | NONE, "not shown"),
        ({"value": None} | NONE, "trials missing"),
        ({"value": None, "absent": Absence.UNMOVED} | NONE, "not shown"),
        # rank correlations: p in either direction, the sign of the published ones
        (rho(0.5, 0.04, 0.1), "holds"),
        (rho(0.5, 0.04, -0.1), "contradicted"),
        (rho(0.5, 0.04), "related"),
        (rho(0.5, 0.04, 0.1, noise=False), "holds in one run"),
        (rho(0.5, 0.05, 0.1), "not shown"),
        (rho(0.5, 0.99, -0.1), "not shown"),
        (rho(None, None, absent=Absence.SAME_GAINS), "not shown"),
        (rho(None, None, absent=Absence.FEW_PAIRS), "not shown"),
        (rho(None, None), "trials missing"),
        ({"kind": Kind.HEADS}, "for comparison"),
    ],
)
def test_verdicts(given, expected):
    (judged,) = judge([line(**given)])
    assert claim_words.verdict(judged.verdict, judged.kind) == expected


def test_verdicts_are_codes_with_what_qualifies_them():
    (judged,) = judge([line(noise=False, runs=2, p_interval=0.01, **SMALL)])
    assert judged.verdict == Verdict(code=Code.HOLDS, runs=Runs.SEVERAL, small=True, p_holm=0.01)
    assert judge([line(kind=Kind.HEADS)])[0].verdict == Verdict(code=Code.FOR_COMPARISON)


def test_the_sign_of_what_was_published():
    assert Published(low=0.1, high=0.3).sign == 1
    assert Published(low=-0.3, high=-0.1).sign == -1
    assert Published(low=-0.1, high=0.1).sign == Published(low=0.0, high=0.2).sign == 0
    assert Published().sign == 0


def test_verdicts_of_a_claim_are_adjusted_for_their_number():
    """Holm by hand: 0.02 of three is 0.06; both directions are families of three of their own."""

    def judged(*lines):
        verdicts = [made.verdict for made in judge(lines)]
        return [verdict.p_holm for verdict in verdicts], [verdict.code for verdict in verdicts]

    ps, codes = judged(*(line(p_interval=p) for p in (0.02, 0.03, 0.01)))
    assert ps == pytest.approx([0.04, 0.04, 0.03])
    assert set(codes) == {Code.HOLDS}
    ps, codes = judged(*(line(p_interval=p) for p in (0.03, 0.03, 0.01)))
    assert ps == pytest.approx([0.06, 0.06, 0.03])
    assert codes == [Code.NOT_SHOWN, Code.NOT_SHOWN, Code.HOLDS]
    # A line that lies below is one of the family, a line without a test is not.
    ps, codes = judged(line(-1.0, p_interval=0.02), line(**NONE), line(p_interval=0.01))
    assert ps == pytest.approx([0.04, None, 0.02])
    assert codes == [Code.CONTRADICTED, Code.SAME_DIRECTION, Code.HOLDS]
    # The larger p counts; fresh seeds' instead of the choosing seed's.
    assert judged(line(p_interval=0.001, p=0.03))[0] == [0.03]
    assert judged(line(p_interval=0.6, fresh=fresh()))[0] == [0.01]


@pytest.mark.parametrize("noise", ["normal", "t3"])
def test_noise_seldom_holds_with_few_fresh_seeds(noise):
    """Four lines whose chosen runs are lucky, three fresh seeds each: one holds in few studies."""
    random = np.random.default_rng(7)
    shape = (1000, 4, 3)
    table = random.standard_normal(shape) if noise == "normal" else random.standard_t(3, shape)

    def held_of(shift):
        held = 0
        for study in table + shift:
            lines = []
            for seeds in study:
                ends = student.interval(seeds)
                again = fresh(seeds.mean(), *ends, student.p_value(seeds))
                lines.append(line(p_interval=0.001, fresh=again))
            held += any(judged.verdict.code is Code.HOLDS for judged in judge(lines))
        return held / len(table)

    assert held_of(0.0) < 0.05 + 2 * (0.05 * 0.95 / len(table)) ** 0.5
    assert held_of(9.0) > 0.8
