"""Gains with fresh seeds: k = 0 and the chosen k, trained with seeds that took no part in choosing.

The seed that chose k has the best of its runs on dev; that luck stays behind when the same k is
trained again. What a study should report is the mean gain with fresh seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice
from polyheads.study.displays import SETTINGS, Display, members


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """What fresh seeds repeat of one pair."""

    chosen: Sequence[Choice]  # of the seeds that chose a k
    again: Mapping[int, Sequence[Choice]]  # fresh seed -> its choices, one for each of these
    incomplete: int  # fresh seeds that lack one and are left out


def of_pairs(display: Display, choices: Sequence[Choice]) -> list[Repeated]:
    """One for each pair, in the order of the settings. choices: of all roles."""
    main = tidy.grouped(members(display, choices), _pair)
    fresh = tidy.grouped(members(display, choices, role="fresh"), _pair)
    ordered = sorted(main, key=lambda pair: SETTINGS.index(pair[0]))
    return [_repeated(main[pair], fresh.get(pair, [])) for pair in ordered]


def _pair(choice: Choice) -> tuple[str, ...]:
    return choice.setting, choice.source, choice.target, choice.model, choice.mixture


def _repeated(chosen: Sequence[Choice], fresh: Iterable[Choice]) -> Repeated:
    ks = {row.seed: row.dev_selected.k for row in chosen if row.dev_selected.k is not None}
    seeds = tidy.grouped(fresh, lambda row: row.seed)
    expected = len({row.of_seed for rows in seeds.values() for row in rows})
    # Without its second trial a fresh sweep looks as if k = 0 had been chosen.
    there = {
        seed: [
            row
            for row in rows
            if row.dev_selected.gain is not None
            and row.of_seed is not None
            and row.dev_selected.k == ks.get(row.of_seed)
        ]
        for seed, rows in seeds.items()
    }
    again = {seed: rows for seed, rows in there.items() if len(rows) == expected}
    return Repeated(chosen=chosen, again=again, incomplete=len(seeds) - len(again))
