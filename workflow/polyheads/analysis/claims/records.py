"""What a study says to a claim of the paper, as a record: numbers first, the verdict last.

A line is made in two steps: what it compares is computed, without a verdict; `verdicts` then judges
all lines of a claim together. Words for all of it are the report's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from polyheads.analysis.draws import Bounds


class Kind(StrEnum):
    """What the numbers of a claim are."""

    GAIN = "gain"  # percentage points
    DIFFERENCE = "difference"  # of gains, percentage points
    SHARE = "share"  # of the pairs that moved, percent
    RELATION = "relation"  # of gains and something else of a pair, rho
    SIMILARITY = "similarity"  # of rankings, rho
    HEADS = "heads"  # pruned on average; to compare, nothing that could hold or not

    @property
    def neutral(self) -> float:
        """The number that says nothing for or against the claim."""
        return 50.0 if self is Kind.SHARE else 0.0


class Absence(StrEnum):
    """Why a line has no number of its own."""

    MISSING = "missing"  # trials are
    UNLIKE = "unlike"  # no two sides differ in one thing only
    UNMOVED = "unmoved"  # k = 0 was chosen everywhere
    SAME_GAINS = "same gains"  # nothing varies that could go with anything
    FEW_PAIRS = "few pairs"  # of which both numbers are known


class Code(StrEnum):
    """What a verdict is."""

    HOLDS = "holds"
    CONTRADICTED = "contradicted"
    RELATED = "related"
    NOTHING_WORTH_HAVING = "nothing worth having"
    NOT_SHOWN = "not shown"
    SAME_DIRECTION = "same direction"
    OPPOSITE_DIRECTION = "opposite direction"
    NOT_COMPARED = "not compared"
    MISSING = "missing"
    FOR_COMPARISON = "for comparison"
    NOT_RUN = "not run"


class Runs(StrEnum):
    """Of which trainings a verdict is."""

    ANY = "any"  # the noise of training is in what decides
    ONE = "one"
    SEVERAL = "several"


@dataclass(frozen=True, kw_only=True)
class Published:
    """The paper's side of a line.

    One number, those of several models from the lowest to the highest, or how many of its pairs
    improved; nothing at all where the paper has none.
    """

    low: float | None = None
    high: float | None = None  # of one number the same
    models: tuple[str, ...] = ()  # whose numbers, where the line's model is none of the paper's
    improved: int | None = None
    pairs: int | None = None
    text_improved: int | None = None  # as its text has it, where that differs from its tables
    drawn: bool = False  # in a figure only, without numbers
    of_part: bool = False  # a part of its pairs was run, and the number is of these

    @property
    def sign(self) -> int:
        """1 or -1 where all its numbers have this sign, else 0."""
        if self.low is None or self.high is None:
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


@dataclass(frozen=True, kw_only=True)
class Number:
    """The number of a line by one criterion.

    Beside it stands how many of the pairs (or of the shares of target data) that it is of went up,
    down or neither, where they are counted.
    """

    value: float | None = None
    up: int | None = None
    down: int | None = None
    same: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """The same number with seeds that chose nothing; without an interval for too few of them."""

    value: float | None = None
    bounds: Bounds = Bounds()


@dataclass(frozen=True, kw_only=True)
class Null:
    """The null baseline that a number is held against."""

    baseline: str = ""  # noise | random
    n: int | None = None  # further unpruned runs, or random rankings
    p: float | None = None  # one-sided; of noise None where it is known of other pairs only


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A correlation of gains with something of the two languages: with what, and its p."""

    predictor: str = ""  # of correlations.PREDICTORS
    pairs: int | None = None
    tried: int | None = None  # predictors that were looked at, of which this one has the smallest p
    p_alone: float | None = None  # of permuted languages, two-sided
    p: float | None = None  # times `tried`


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the numbers of a line say to its claim."""

    code: Code = Code.NOT_RUN
    runs: Runs = Runs.ANY
    small: bool = False  # it holds, by a gain that isn't worth having
    p_holm: float | None = None  # that the verdict is by


@dataclass(frozen=True, kw_only=True)
class ClaimLine:
    """One line of a claim: what was published, what this study has, and the verdict.

    Numbers in the unit of `kind`. A claim that a study doesn't touch has one line, without a task.
    """

    claim: str = ""  # id of a Claim
    kind: Kind = Kind.GAIN
    task: str = ""
    corpus: str = ""
    model: str = ""  # several with commas between
    setting: str = ""  # where it isn't the claim's own
    published: Published = Published()
    dev_selected: Number = Number()
    bounds: Bounds = Bounds()  # of dev_selected
    of_parts: bool = False  # whether its interval is put together from those of pairs
    test_oracle: Number = Number()
    fresh: Fresh = Fresh()
    null: Null = Null()
    relation: Relation = Relation()
    training_noise: bool = False  # whether it is in what decides
    runs: int = 1  # seeds behind dev_selected
    absent: Absence = Absence.MISSING  # where dev_selected has no value
    left_out: tuple[tuple[str, int], ...] = ()  # reason -> sweeps that aren't in a difference
    table: str = ""  # name of the table with the details
    verdict: Verdict = Verdict()

    @property
    def deciding(self) -> float | None:
        """The number that decides: that of fresh seeds, where there are any."""
        return self.dev_selected.value if self.fresh.value is None else self.fresh.value

    @property
    def deciding_bounds(self) -> Bounds:
        """What is known beside the number that decides."""
        return self.bounds if self.fresh.value is None else self.fresh.bounds
