"""Sweeps that differ in one thing, side by side: whose gains are compared, and what was left out.

Gains are taken from each other sweep by sweep, of the same pair of languages and seed; a mean of
such differences is of the seeds that all its pairs have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from polyheads.analysis import fresh, tidy
from polyheads.analysis.choices import Choice
from polyheads.analysis.groups import Group, Tried, moved
from polyheads.study.displays import Display

Sides = tuple[Choice, Choice]

ALIKE = ("recipe", "protocol", "heads", "metric")  # of both sides
REASONS = ("one side", "seed", "missing", "k", "seeds", "ranking", *ALIKE)
"""Why sweeps are left out: one side alone has the pair, or the seed; trials are missing; other k
were tried; other pairs lack the seed; rankings differ, or what both sides share."""


@dataclass(frozen=True)
class Contrast:
    """The gains of one group of sweeps less those of another."""

    what: str  # settings | highest | random | lrp
    one: Group
    other: Group
    sweeps: Sequence[Sides]  # matched, both with both gains
    left_out: Counter[str] = field(default_factory=Counter)  # reason (REASONS) -> sweeps

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(source, target), each once."""
        return list(dict.fromkeys(one.pair for one, _ in self.sweeps))

    @property
    def seeds(self) -> list[int]:
        """Each once."""
        return list(dict.fromkeys(one.seed for one, _ in self.sweeps))

    @property
    def moved(self) -> bool:
        """Whether dev chose a k above 0 anywhere: else nothing is compared."""
        return moved(row for sides in self.sweeps for row in sides)

    def difference(self, criterion: str) -> float | None:
        """Mean difference of the gains by a criterion, in percentage points."""
        return mean_difference(self.sweeps, criterion)


def mean_difference(sides: Iterable[Sides], criterion: str) -> float | None:
    """Mean difference of gains by a criterion, in percentage points, of sweeps that have both."""
    gains = [(one.by(criterion).gain, other.by(criterion).gain) for one, other in sides]
    return tidy.mean(a - b for a, b in gains if a is not None and b is not None)


def matched(
    what: str,
    one: tuple[Group, Sequence[Choice]],
    other: tuple[Group, Sequence[Choice]],
    tried: Tried,
) -> Contrast:
    """The sweeps of two groups that differ in what the groups differ in, and in nothing else.

    Of one recipe, protocol and metric, with the same heads on at test, the same k tried, the same
    pair and seed. tried: of the study's sweeps.
    """
    others = {(row.pair, row.seed): row for row in other[1]}
    other_pairs = {row.pair for row in other[1]}
    both: list[Sides] = []
    left_out: Counter[str] = Counter()
    for row in one[1]:
        against = others.get((row.pair, row.seed))
        if against is None:
            left_out["seed" if row.pair in other_pairs else "one side"] += 1
        elif reason := _unlike(row, against, tried):
            left_out[reason] += 1
        else:
            both.append((row, against))
    mine = {(row.pair, row.seed) for row in one[1]}
    pairs = {pair for pair, _ in mine}
    for pair, rows in tidy.grouped(others.values(), lambda row: row.pair).items():
        alone = sum((pair, row.seed) not in mine for row in rows)
        left_out["seed" if pair in pairs else "one side"] += alone
    whole = _of_common_seeds(both)
    left_out["seeds"] += len(both) - len(whole)
    return Contrast(what, one[0], other[0], whole, +left_out)


def with_fresh(contrast: Contrast, choices: Sequence[Choice]) -> dict[int, list[Sides]]:
    """Fresh seed -> the sweeps of it, one for each that chose a k, side by side.

    Of the seeds that both sides of all pairs have; {} where there are none. Which k they have was
    chosen on either side by itself.
    """
    one, other = (_fresh(group, contrast, choices) for group in (contrast.one, contrast.other))
    sides = [(side, pair) for side in (one, other) for pair in contrast.pairs]
    if not sides or any(pair not in side for side, pair in sides):
        return {}
    seeds = [
        seed
        for seed in next(iter(one.values()), {})
        if all(seed in side[pair] for side, pair in sides)
    ]
    return {
        seed: [
            both
            for pair in contrast.pairs
            for both in zip(one[pair][seed], other[pair][seed], strict=True)
        ]
        for seed in seeds
    }


def _unlike(one: Choice, other: Choice, tried: Tried) -> str:
    """In what two sweeps differ that should not; "" for nothing."""
    for name in ALIKE:
        if getattr(one, name) != getattr(other, name):
            return name
    if not (one.whole and other.whole):
        return "missing"
    ks, other_ks = (set(tried[row.sweep]) - set(row.missing) for row in (one, other))
    return "" if ks == other_ks else "k"


def _of_common_seeds(both: Sequence[Sides]) -> list[Sides]:
    """The sweeps of the seeds that all pairs have.

    Where there is none, those of the seed that most pairs have.
    """
    pairs = {one.pair for one, _ in both}
    counts = Counter(one.seed for one, _ in both)
    seeds = {seed for seed, count in counts.items() if count == len(pairs)}
    seeds = seeds or {seed for seed, _ in counts.most_common(1)}
    return [(one, other) for one, other in both if one.seed in seeds]


def _fresh(
    group: Group, contrast: Contrast, choices: Sequence[Choice]
) -> dict[tuple[str, str], dict[int, list[Choice]]]:
    """Pair -> fresh seed -> its choices, for the contrast's seeds, in their order."""
    table = Display(
        kind="fresh",
        name="",
        experiment=group.experiment,
        ranking=group.kind,
        metric=group.metric,
        setting=group.setting,
    )
    chose = set(contrast.seeds)
    out = {}
    for repeated in fresh.of_pairs(table, choices):
        if repeated.chosen[0].model == group.model and repeated.again:
            seeds = {seed: _of_seeds(rows, chose) for seed, rows in repeated.again.items()}
            whole = {seed: rows for seed, rows in seeds.items() if len(rows) == len(chose)}
            out[repeated.chosen[0].pair] = whole
    return out


def _of_seeds(rows: Iterable[Choice], seeds: set[int]) -> list[Choice]:
    """The choices of the k that these seeds chose, in the seeds' order."""
    of = [(row.of_seed, row) for row in rows if row.of_seed is not None and row.of_seed in seeds]
    return [row for _, row in sorted(of, key=lambda item: item[0])]
