"""Claims, their places, verdicts and what stands beside their numbers, in words."""

from __future__ import annotations

from polyheads.analysis.claims.records import (
    Absence,
    ClaimLine,
    Code,
    Kind,
    Number,
    Published,
    Relation,
    Runs,
    Verdict,
)
from polyheads.analysis.draws import Bounds
from polyheads.catalogue.distances import KINDS as DISTANCES
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.report.cells import number, signed
from polyheads.report.names import MODELS
from polyheads.report.tables.contrast_words import reasons

CLAIMS = {
    "gains-cross-lingual": "Pruning the lowest heads raises cross-lingual scores",
    "gains-multi-lingual": "Pruning the lowest heads raises multi-lingual scores",
    "most-pairs": "Most pairs of languages improve (%)",
    "settings": "Cross-lingual gains are larger than multi-lingual ones",
    "highest": "The highest heads pruned give less than the lowest",
    "random": "Random heads pruned give less than the lowest",
    "lrp": "Rankings by gradient give more than those by LRP",
    "several-MD": "Several sources, mean rank (MD): pruning raises scores",
    "several-SD": "Several sources, summed scores (SD): pruning raises scores",
    "several-EC": "Several sources, one source's own (EC): pruning raises scores",
    "low-resource": "Pruning raises scores with little target data, too",
    "rankings-alike": "Rankings of the languages of a task are alike (mean Spearman's ρ)",
    "gains-by-distance": "Gain against the distance of the two languages (URIEL, ρ)",
    "gains-by-rankings": "Gain against the similarity of the two languages' rankings (ρ)",
    "gains-by-family": "Gain against being of two language families (ρ)",
    "heads": "Heads pruned at the best k, on average",
}
"""Id of a claim -> what it says."""

VERDICTS = {
    Code.HOLDS: "holds",
    Code.CONTRADICTED: "contradicted",
    Code.RELATED: "related",
    Code.NOTHING_WORTH_HAVING: "no {what} worth having",
    Code.NOT_SHOWN: "not shown",
    Code.SAME_DIRECTION: "same direction, no interval",
    Code.OPPOSITE_DIRECTION: "opposite direction, no interval",
    Code.NOT_COMPARED: "not compared",
    Code.MISSING: "trials missing",
    Code.FOR_COMPARISON: "for comparison",
    Code.NOT_RUN: "not run in this study",
}
_RUNS = {Runs.ANY: "", Runs.ONE: " in one run", Runs.SEVERAL: " in these runs"}
_ABSENT = {
    Absence.FEW_PAIRS: "known of too few pairs",
    Absence.SAME_GAINS: "all gains are the same",
}
_DIGITS = {Kind.SHARE: 0, Kind.RELATION: 2, Kind.SIMILARITY: 2, Kind.HEADS: 2}


def value(kind: Kind, given: float | None) -> str:
    """A number of a claim; those in percentage points have their sign."""
    if given is None:
        return "–"
    return number(given, _DIGITS[kind]) if kind in _DIGITS else signed(given)


def interval(kind: Kind, bounds: Bounds) -> str:
    """The ends of an interval in brackets, "" for none."""
    if bounds.low is None or bounds.high is None:
        return ""
    return f"[{value(kind, bounds.low)}, {value(kind, bounds.high)}]"


def place(line: ClaimLine, *, corpus: bool = True) -> str:
    """Task, corpus and setting of a line, as far as they are said."""
    task = TASK_NAMES[line.task] + (f" ({line.corpus})" if corpus else "")
    return task + (f", {line.setting}" if line.setting else "")


def published(line: ClaimLine) -> str:
    """The paper's number; from the lowest to the highest where there are several."""
    paper = line.published
    if paper.drawn:
        return "drawn only"
    if paper.improved is not None:
        return f"{paper.improved} of {paper.pairs}"
    ends = dict.fromkeys(value(line.kind, end) for end in (paper.low, paper.high))
    return " to ".join(ends)


def published_models(paper: Published) -> str:
    """Whose the numbers are, where they are of other models than the line."""
    return ", ".join(MODELS[name] for name in paper.models)


def published_of(paper: Published) -> str:
    """What the number is of, where it isn't of all pairs, or what the paper's text says instead."""
    if paper.of_part:
        return "of the pairs run"
    return "" if paper.text_improved is None else f"its text: {paper.text_improved}"


def counts(kind: Kind, shown: Number) -> tuple[str, str]:
    """What stands instead of a number and below it, where its pairs or shares are counted."""
    if shown.up is None or shown.down is None or shown.same is None:
        return "", ""
    if kind is Kind.SHARE:
        rest = f"{shown.same} as before" if shown.same else ""
        return f"{shown.up} up, {shown.down} down", rest
    return "", f"above 0 at {shown.up} of {shown.up + shown.down + shown.same} shares"


def beside(line: ClaimLine) -> str:
    """What a correlation is of, or why there is none; "" for other numbers."""
    if line.dev_selected.value is None:
        return _ABSENT.get(line.absent, "")
    return _pairs(line.relation)


def _pairs(relation: Relation) -> str:
    if relation.pairs is None:
        return ""
    distance = f", {relation.predictor}" if relation.predictor in DISTANCES else ""
    return f"{relation.pairs} pairs{distance}"


def verdict(given: Verdict, kind: Kind) -> str:
    """A verdict as the table says it."""
    what = "difference" if kind is Kind.DIFFERENCE else "gain"
    nothing = VERDICTS[Code.NOTHING_WORTH_HAVING].format(what=what)
    words = nothing if given.code is Code.NOTHING_WORTH_HAVING else VERDICTS[given.code]
    return words + _RUNS[given.runs] + (f", but {nothing}" if given.small else "")


def note(line: ClaimLine) -> str:
    """What a line's p is, or what is left out of its number; "" for nothing."""
    null, relation = line.null, line.relation
    if null.baseline == "random":
        return f"against {null.n} random rankings"
    if null.baseline == "noise":
        against = f"against {null.n} further unpruned runs"
        if null.p is None:
            return f"{against} p is known of other pairs than these only"
        return f"{against}: p = {null.p:.4f}"
    if relation.tried is not None and relation.tried > 1:
        return f"p of this distance alone {number(relation.p_alone, 4)}"
    return f"left out: {reasons(dict(line.left_out))}" if line.left_out else ""
