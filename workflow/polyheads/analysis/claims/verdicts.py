"""The rule behind the verdicts of claims: p of every line, adjusted within its claim, and a code.

A line has up to two p for either direction: of its interval (bootstrap draws, t over seeds), and
against null baselines. A gain must be more than both, so the larger one is the line's p
(intersection-union test, Berger 1982). Both directions are families of their own, each adjusted by
Holm (1979) over all lines of the claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polyheads.analysis.claims.records import Absence, ClaimLine, Code, Kind, Null, Runs, Verdict
from polyheads.analysis.contrasts import p_of_ends
from polyheads.analysis.estimates import ALPHA, LEVEL
from polyheads.analysis.resampling import holm

_ABSENT = {Absence.MISSING: Code.MISSING, Absence.UNLIKE: Code.NOT_COMPARED}


def judge(lines: Sequence[ClaimLine]) -> list[ClaimLine]:
    """The lines of one claim with their verdicts.

    Plain ones stand only where run noise or fresh seeds decide (`training_noise`): with one seed or
    several others a verdict is of these runs.
    """
    sides = [_sides(line) for line in lines]
    above, below = (holm([p[i] for p in sides]) for i in (0, 1))
    judged = []
    for line, p_above, p_below in zip(lines, above, below, strict=True):
        p = p_below if _falls(line) else p_above
        judged.append(replace(line, verdict=_verdict(line, p)))
    return judged


def _sides(line: ClaimLine) -> tuple[float | None, float | None]:
    """The p that the number is above, and the p that it is below, what says nothing.

    None where nothing is tested. One of the two is 1: that of the direction in which the number
    doesn't lie.
    """
    value = line.deciding
    if value is None or line.kind is Kind.HEADS:
        return None, None
    if line.kind is Kind.RELATION:
        return line.relation.p, line.relation.p
    again, against_null = line.fresh.value is not None, line.null.p
    own = line.fresh.bounds.p_interval if again else _of_interval(line)
    if own is None and (against_null is None or again):
        return None, None
    if value == line.kind.neutral:
        return 1.0, 1.0
    if value > line.kind.neutral:
        return _larger(own, against_null), 1.0
    # Fresh seeds chose nothing: to be below 0 is no luck that a null could have.
    return 1.0, _larger(own, None if again else _other_side(line.null))


def _larger(*ps: float | None) -> float:
    return max(p for p in ps if p is not None)


def _other_side(null: Null) -> float | None:
    """The p against a null baseline that the number is below it."""
    if null.p is None:
        return None
    itself = 1 / (null.n + 1) if null.baseline == "random" and null.n else 0.0
    return min(1.0, 1 - null.p + itself)


def _of_interval(line: ClaimLine) -> float | None:
    """The p of the interval; by a normal distribution where only its ends are known."""
    bounds, value = line.bounds, line.dev_selected.value
    if bounds.p_interval is not None or bounds.low is None or bounds.high is None or value is None:
        return bounds.p_interval
    return p_of_ends(value, bounds.low, bounds.high, line.kind.neutral)


def _falls(line: ClaimLine) -> bool:
    value = line.deciding
    return line.kind is not Kind.RELATION and value is not None and value < line.kind.neutral


def _verdict(line: ClaimLine, p: float | None) -> Verdict:
    """p: adjusted, of the direction in which the number lies; None where nothing is tested."""
    value, neutral = line.deciding, line.kind.neutral
    if line.kind is Kind.HEADS:
        return Verdict(code=Code.FOR_COMPARISON)
    if value is None:
        return Verdict(code=_ABSENT.get(line.absent, Code.NOT_SHOWN))
    some = Runs.SEVERAL if line.runs > 1 else Runs.ONE
    runs = Runs.ANY if line.training_noise else some
    shown = p is not None and p < ALPHA
    if line.kind is Kind.RELATION:
        if not shown:
            return Verdict(code=Code.NOT_SHOWN, p_holm=p)
        same = value * line.published.sign
        code = Code.HOLDS if same > 0 else Code.CONTRADICTED if same < 0 else Code.RELATED
        return Verdict(code=code, runs=runs, p_holm=p)
    small = _is_small(line)
    if shown and value > neutral:
        return Verdict(code=Code.HOLDS, runs=runs, small=small, p_holm=p)
    if shown:
        return Verdict(code=Code.CONTRADICTED, runs=runs, p_holm=p)
    if small:
        # A null tells gains from luck; that there is none to speak of only fresh seeds can say.
        runs = some if line.fresh.bounds.p_interval is None else Runs.ANY
        return Verdict(code=Code.NOTHING_WORTH_HAVING, runs=runs, p_holm=p)
    luck = line.null.p is not None and line.null.p >= ALPHA and value > neutral
    if p is not None or value == neutral or luck:
        return Verdict(code=Code.NOT_SHOWN, p_holm=p)
    return Verdict(code=Code.SAME_DIRECTION if value > neutral else Code.OPPOSITE_DIRECTION)


def _is_small(line: ClaimLine) -> bool:
    """Whether LEVEL percent of the draws are within delta.

    Of fresh seeds their interval, too, because draws of few seeds vary too little.
    """
    bounds = line.deciding_bounds
    if bounds.within is None or bounds.within < LEVEL / 100:
        return False
    if line.fresh.value is None:
        return True
    if bounds.low is None or bounds.high is None or bounds.delta is None:
        return False
    return max(abs(bounds.low), abs(bounds.high)) <= bounds.delta
