"""The rules behind verdicts, and what the numbers of the claims' table are."""

from __future__ import annotations

from collections.abc import Sequence

from polyheads.analysis.claims.records import ClaimLine, Kind, Runs
from polyheads.analysis.estimates import ALPHA, LEVEL
from polyheads.report.cells import number
from polyheads.report.tables import claim_words as words

RULES = (
    "Verdicts are rules. Holds: the criterion with k chosen on dev is above 0 (above 50 % for"
    f" shares) with p < {ALPHA}; contradicted: it is below, with p < {ALPHA}; not shown: neither. p"
    " is the larger one of the number's own, two-sided (0 is outside its"
    f" {LEVEL} % interval [ ] where this alone is below {ALPHA}), and of that against a null,"
    " one-sided; where there is one of them only it decides alone, without either only the"
    " direction is said. Best on test takes a maximum over noisy numbers and decides nothing.",
    "Every claim is a family: p is adjusted by Holm over all of its lines, for each direction."
    " Intervals are those of a line alone, so one without 0 need not hold.",
    "Gains and their differences in percentage points of the experiment's own metric. Published"
    " numbers are means recomputed from the paper's tables (LRP, mean k: its text); where the model"
    " is another one, the names of the paper's stand under them. A verdict leads to its table.",
)
OF_PART = (
    "Of the pairs run: a part of the paper's pairs was run, and the published number is recomputed"
    " over the same ones."
)
FRESH = (
    "Fresh seeds: the mean gain, and its interval, of the chosen k trained again with seeds that"
    " chose nothing. Where it is there, it is the gain to report: the verdict is by this interval"
    " (p: the larger one of Student's t over the seeds and of the draws of seeds and sentences) and"
    " not by that of the seed that chose k."
)
IN_ONE_RUN = (
    "In one run, in these runs: nothing that decides has the noise of training in it, so other runs"
    " may say something else. Of several seeds each has chosen the luckiest of its trainings on"
    " dev, and their interval does not know that. Only a null of unpruned runs, random rankings"
    " (for claims about rankings) or fresh seeds make a verdict plain."
)
SHARES = (
    "Shares: of the pairs that went up or down; one as before (k = 0 was chosen) says nothing for"
    " pruning or against it. Their p is that of a normal distribution with the same interval."
)
RELATIONS = (
    "ρ of gains: p is of permuted languages, two-sided; of six distances of URIEL the one with the"
    f" smallest p, multiplied by the number of distances. Holds: p < {ALPHA} and the sign is that"
    " of the published ρ; contradicted: the other sign; related: there is no published sign."
    " Published: recomputed from the paper's tables and its Figure 1 with the same distance; which"
    " one it took it doesn't say."
)
OF_PARTS = (
    "Where its table has no mean of all pairs, the interval of a mean is put together from those of"
    " its pairs by square-and-add (Zou and Donner 2008), which takes test sets of different"
    " languages as independent; its p is that of a normal distribution."
)
DIFFERENCES = (
    "Differences are taken sweep by sweep, and both sides are drawn together: the same sentences"
    " and seeds in every draw, because they share them."
)
SIMILARITIES = (
    "The interval of ρ is a jackknife that leaves out one language after another. Above 0 is more"
    " than chance and no more: how alike rankings are, the number says."
)


def notes(lines: Sequence[ClaimLine]) -> list[str]:
    """The notes that lines of claims need, of those that were run."""
    with_interval = {line.kind for line in lines if line.bounds.low is not None}
    wanted = {
        OF_PART: any(words.published_of(line.published) for line in lines),
        FRESH: any(line.fresh.value is not None for line in lines),
        IN_ONE_RUN: any(line.verdict.runs is not Runs.ANY for line in lines),
        _worth_having(lines): True,
        SHARES: any(line.kind is Kind.SHARE for line in lines),
        RELATIONS: any(line.kind is Kind.RELATION for line in lines),
        OF_PARTS: any(line.of_parts for line in lines),
        DIFFERENCES: Kind.DIFFERENCE in with_interval,
        **{_left_out(line): line.claim == "settings" for line in lines},
        SIMILARITIES: Kind.SIMILARITY in with_interval,
    }
    return [*RULES, *(note for note, needed in wanted.items() if needed and note)]


def _worth_having(lines: Sequence[ClaimLine]) -> str:
    """What delta is; "" without one."""
    deltas = {line.deciding_bounds.delta for line in lines}
    known = sorted(delta for delta in deltas if delta is not None)
    if not known:
        return ""
    delta = " or ".join(number(value, 2) for value in known)
    return (
        f"Worth having is a gain of more than {delta} points (delta in the study's file). Below an"
        f" interval: the shares of its draws above +{delta}, within ±{delta} and below −{delta}. No"
        f" gain worth having: {LEVEL} % or more are within (with fresh seeds their interval is,"
        " too), which is more than a gain that is not shown."
    )


def _left_out(line: ClaimLine) -> str:
    """Which sweeps a line leaves out; "" for none."""
    note = words.note(line)
    where = f"{words.CLAIMS[line.claim]}, {words.place(line)}, {line.model}"
    return f"{where}: {note}." if note else ""
