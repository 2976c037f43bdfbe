"""The rule behind the verdicts of claims: p of every line, adjusted within its claim, and words.

A line has up to two p for either direction: of its interval (bootstrap draws, t over seeds), and
against nulls. A gain must be more than both, so the larger one is the line's p (intersection-union
test, Berger 1982). Both directions are families of their own, each adjusted by Holm (1979) over
all lines of the claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyheads.analysis.contrasts import p_of_ends
from polyheads.analysis.resampling import holm
from polyheads.analysis.rows import ALPHA, LEVEL

Line = Mapping[str, Any]

HOLDS, CONTRADICTED, RELATED = "holds", "contradicted", "related"
NOT_SHOWN, MISSING, UNLIKE = "not shown", "trials missing", "not compared"
ONE_RUN, RUNS = " in one run", " in these runs"


def decide(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """For each line of one claim its verdict and p_holm, the p that it is by (None for none).

    Lines are as claim_study.line gives them. Plain words stand only where run noise or fresh seeds
    decide (`noise`): with one seed or several others it says of which runs the verdict is.
    """
    sides = [_sides(line) for line in lines]
    up, down = (holm([p[i] for p in sides]) for i in (0, 1))
    out = []
    for line, *ps in zip(lines, up, down, strict=True):
        value = _value(line)
        p = None if value is None else ps[1 if _falls(line) else 0]
        out.append({"verdict": _words(line, p), "p_holm": p})
    return out


def _sides(line: Line) -> tuple[float | None, float | None]:
    """p that the number is above, and that it is below what says nothing; None where nothing is
    tested. One of the two is 1: that of the direction in which the number doesn't lie."""
    value, p = _value(line), line["p"]
    if value is None:
        return None, None
    if line["two_sided"]:
        return p, p
    again = line["fresh"] is not None
    own = line["fresh_p"] if again else _of_interval(line)
    if own is None and (p is None or again):
        return None, None
    if value == line["neutral"]:
        return 1.0, 1.0
    above, below = [own], [own]
    if p is not None:
        above.append(p)
        # Fresh seeds chose nothing: to be below 0 is no luck that a null could have.
        below += [] if again else [_other_side(line)]
    found = [max(q for q in side if q is not None) for side in (above, below)]
    return (found[0], 1.0) if value > line["neutral"] else (1.0, found[1])


def _other_side(line: Line) -> float:
    """p against a null that the number is below it. p counts the number itself among n + 1."""
    return min(1.0, 1 - line["p"] + (1 / (line["null_n"] + 1) if line["null_n"] else 0.0))


def _of_interval(line: Line) -> float | None:
    if line["p_interval"] is not None or line["low"] is None:
        return line["p_interval"]
    return p_of_ends(line["dev_selected"], line["low"], line["high"], line["neutral"])


def _value(line: Line) -> float | None:
    """Fresh seeds, where there are any, decide instead of the seed that chose k."""
    return line["dev_selected"] if line["fresh"] is None else line["fresh"]


def _falls(line: Line) -> bool:
    value = _value(line)
    return not line["two_sided"] and value is not None and value < line["neutral"]


def _words(line: Line, p: float | None) -> str:
    value, neutral = _value(line), line["neutral"]
    runs = "" if line["noise"] else RUNS if line["runs"] > 1 else ONE_RUN
    if value is None:
        return UNLIKE if line["unlike"] else NOT_SHOWN if line["unmoved"] else MISSING
    told = p is not None and p < ALPHA
    if line["two_sided"]:
        same = value * line["direction"]
        word = HOLDS if same > 0 else CONTRADICTED if same < 0 else RELATED
        return word + runs if told else NOT_SHOWN
    small = _is_small(line)
    what = f"no {'difference' if line['compared'] else 'gain'} worth having"
    if told:
        word = (HOLDS if value > neutral else CONTRADICTED) + runs
        return f"{word}, but {what}" if small and value > neutral else word
    if small:
        # A null tells gains from luck; that there is none to speak of only fresh seeds can say.
        again = line["fresh_p"] is not None
        return what + ("" if again else RUNS if line["runs"] > 1 else ONE_RUN)
    if p is not None or value == neutral:
        return NOT_SHOWN
    if line["p"] is not None and line["p"] >= ALPHA and value > neutral:
        return NOT_SHOWN
    return f"{'same' if value > neutral else 'opposite'} direction, no interval"


def _is_small(line: Line) -> bool:
    """Whether LEVEL percent of the draws are within delta; of fresh seeds their interval, too,
    because draws of few seeds vary too little."""
    if line["within"] is None or line["within"] < LEVEL / 100:
        return False
    if line["fresh"] is None:
        return True
    ends = (line["fresh_low"], line["fresh_high"])
    return None not in ends and max(map(abs, ends)) <= line["delta"]
