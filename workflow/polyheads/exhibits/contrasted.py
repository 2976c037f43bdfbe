"""Sweeps that differ in one thing, side by side: whose gains are compared, and what was left out.

Gains are taken from each other sweep by sweep, of the same pair of languages and seed; a mean of
such differences is of the seeds that all its pairs have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polyheads import exhibits
from polyheads.analysis import student
from polyheads.analysis.rows import FRESH, Row, same_gain
from polyheads.exhibits import fresh
from polyheads.exhibits.claim_study import SHARES, Group, Ks, sweep
from polyheads.exhibits.tables import Choice, mean

Sides = tuple[Choice, Choice]

_LIKE = ("recipe", "protocol", "heads", "metric")
_WHY = {
    "one side": "one side alone has the pair",
    "seed": "one side alone has the seed",
    "missing": "trials are missing",
    "k": "different k were tried",
    "seeds": "other pairs lack the seed",
    **{name: f"different {name}" for name in _LIKE},
}
_WHY |= {"ranking": "different rankings"}
_WHY |= {"heads": "different heads on at test", "recipe": "different recipes"}


@dataclass(frozen=True)
class Contrast:
    """The gains of one group of sweeps less those of another."""

    what: str  # settings | highest | random | lrp
    one: Group
    other: Group
    sweeps: Sequence[Sides]  # matched, both with both gains
    left_out: Counter[str] = field(default_factory=Counter)  # reason (_WHY) -> sweeps

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(source, target), each once."""
        return list(dict.fromkeys(_pair(one) for one, _ in self.sweeps))

    @property
    def seeds(self) -> list[int]:
        return list(dict.fromkeys(one["seed"] for one, _ in self.sweeps))

    @property
    def moved(self) -> bool:
        """Whether dev chose a k above 0 anywhere: else nothing is compared."""
        return any(row["dev_selected_k"] for sides in self.sweeps for row in sides)

    def difference(self, criterion: str) -> float | None:
        """Mean difference of the gains by a criterion, in percentage points."""
        return mean(a[f"{criterion}_gain"] - b[f"{criterion}_gain"] for a, b in self.sweeps)

    def place(self) -> dict[str, str]:
        """What picks the rows of its statistics."""
        same = ("task", "corpus", "model", "metric")
        of = {name: getattr(self.one, name) for name in same} | {"what": self.what}
        for prefix, side in (("", self.one), ("other_", self.other)):
            of |= {f"{prefix}experiment": side.experiment, f"{prefix}ranking": side.kind}
            of[f"{prefix}setting"] = side.setting
        return of

    def row(self, rows: Iterable[Row], criterion: str, value: float | None) -> Row | None:
        """Its mean's row of statistics.differences, which says why where there are no numbers;
        None where it is of other sweeps than these, whose mean difference is `value`."""
        place = self.place() | {"level": "mean", "criterion": criterion}
        for row in rows:
            if all(row[name] == text for name, text in place.items()):
                there = row | {"gain": row["difference"]}
                return row if row.get("problem") or same_gain(there, value) else None
        return None


def matched(
    what: str,
    one: tuple[Group, Sequence[Choice]],
    other: tuple[Group, Sequence[Choice]],
    ks: Ks,
) -> Contrast:
    """The sweeps of two groups that differ in what the groups differ in, and in nothing else.

    Of one recipe, protocol and metric, with the same heads on at test, the same k tried, the same
    pair and seed. ks: of the study's sweeps.
    """
    theirs: dict[tuple[str, str], dict[int, Choice]] = {}
    for row in other[1]:
        theirs.setdefault(_pair(row), {})[row["seed"]] = row
    found, left_out = [], Counter()
    for row in one[1]:
        candidates = theirs.get(_pair(row), {})
        against = candidates.get(row["seed"])
        why = (
            ("seed" if candidates else "one side") if against is None else _unlike(row, against, ks)
        )
        if why or against is None:
            left_out[why] += 1
        else:
            found.append((row, against))
    mine = {(_pair(row), row["seed"]) for row in one[1]}
    pairs = {pair for pair, _ in mine}
    for pair, of_seed in theirs.items():
        alone = sum((pair, seed) not in mine for seed in of_seed)
        left_out["seed" if pair in pairs else "one side"] += alone
    whole = _whole(found)
    left_out["seeds"] += len(found) - len(whole)
    return Contrast(what, one[0], other[0], whole, +left_out)


def reasons(left_out: Mapping[str, int]) -> str:
    """Why sweeps were left out, in words; "" for none."""
    return ", ".join(
        f"{count} {'sweep' if count == 1 else 'sweeps'} ({_WHY[why]})"
        for why, count in left_out.items()
    )


def with_fresh(contrast: Contrast, choices: Sequence[Choice]) -> dict[int, list[Sides]]:
    """Fresh seed -> the sweeps of it, one for each that chose a k, side by side.

    Of the seeds that both sides of all pairs have; {} where there are none. Which k they have was
    chosen on either side by itself.
    """
    sides = [_fresh(group, contrast, choices) for group in (contrast.one, contrast.other)]
    if any(not of_pair.keys() >= set(contrast.pairs) for of_pair in sides):
        return {}
    seeds = [
        seed
        for seed in next(iter(sides[0].values()), {})
        if all(seed in side[pair] for side in sides for pair in contrast.pairs)
    ]
    return {
        seed: [
            sides_of
            for pair in contrast.pairs
            for sides_of in zip(sides[0][pair][seed], sides[1][pair][seed], strict=True)
        ]
        for seed in seeds
    }


def fresh_difference(
    contrast: Contrast, choices: Sequence[Choice], differences: Sequence[Row]
) -> dict[str, Any]:
    """Mean difference with seeds that chose nothing, as columns of a line; {} without such seeds.

    The interval is the wider one of Student's t over the seeds' means and that of the draws of
    seeds and sentences, as for gains (see fresh.lines); p the larger one.
    """
    of_seed = [
        mean(a["dev_selected_gain"] - b["dev_selected_gain"] for a, b in sides)
        for sides in with_fresh(contrast, choices).values()
    ]
    if not of_seed:
        return {}
    out: dict[str, Any] = {"fresh": mean(of_seed)}
    bounds = student.interval(of_seed) if contrast.moved else None
    row = contrast.row(differences, FRESH, out["fresh"])
    if bounds and not (differences and (row is None or row["low"] is None)):
        found = {"fresh_low": bounds[0], "fresh_high": bounds[1]}
        found["fresh_p"] = student.p_value(of_seed)
        if row:
            found["fresh_low"] = min(found["fresh_low"], row["low"])
            found["fresh_high"] = max(found["fresh_high"], row["high"])
            found["fresh_p"] = max(found["fresh_p"], row["p_interval"])
            found |= {name: row[name] for name in SHARES}
        out |= found
    return out


def _unlike(one: Choice, other: Choice, ks: Ks) -> str:
    """In what two sweeps differ that should not; "" for nothing."""
    for name in _LIKE:
        if one[name] != other[name]:
            return name
    if None in (
        *(row[f"{r}_gain"] for row in (one, other) for r in ("dev_selected", "test_oracle")),
    ):
        return "missing"
    return "" if _tried(one, ks) == _tried(other, ks) else "k"


def _tried(row: Choice, ks: Ks) -> set[int] | None:
    """The k that a choice was made among."""
    missing = {int(k) for k in row["missing_k"].split()}
    return set(ks[sweep(row)]) - missing


def _whole(found: Sequence[Sides]) -> list[Sides]:
    """The sweeps of the seeds that all pairs have; where there is none, those of the seed that
    most pairs have."""
    pairs = {_pair(one) for one, _ in found}
    having = Counter(one["seed"] for one, _ in found)
    seeds = {seed for seed, count in having.items() if count == len(pairs)}
    seeds = seeds or {seed for seed, _ in having.most_common(1)}
    return [(one, other) for one, other in found if one["seed"] in seeds]


def _fresh(
    group: Group, contrast: Contrast, choices: Sequence[Choice]
) -> dict[tuple[str, str], dict[int, list[Choice]]]:
    """Pair -> fresh seed -> its choices, for the contrast's seeds, in their order."""
    parts = {"experiment": group.experiment, "ranking": group.kind, "metric": group.metric}
    inside = [row for sides in contrast.sweeps for row in sides]
    exhibit = exhibits.exhibit("fresh", parts, inside)
    chose = {str(seed) for seed in contrast.seeds}
    out = {}
    for chosen, repeats, _ in fresh.of_pairs(exhibit, choices):
        if (chosen[0]["setting"], chosen[0]["model"]) == (group.setting, group.model) and repeats:
            of_seed = {seed: _in_order(rows, chose) for seed, rows in repeats.items()}
            out[_pair(chosen[0])] = {s: r for s, r in of_seed.items() if len(r) == len(chose)}
    return out


def _in_order(rows: Iterable[Choice], chose: set[str]) -> list[Choice]:
    mine = [row for row in rows if str(row["of_seed"]) in chose]
    return sorted(mine, key=lambda row: int(row["of_seed"]))


def _pair(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["source"], row["target"]
