"""Intervals and p of every gain in a study's tables, from the trials' kept predictions.

Both readings of `selection`: `sound` compares the k chosen on dev with k = 0, `best` the best of
k >= 1 with k = 0, where the best is looked for again in every draw. What is missing among the
trials leaves its cell out; predictions that are missing or don't fit are a UserError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyheads import exhibits
from polyheads.errors import UserError
from polyheads.selection import Sweep
from polyheads.statistics import resampling
from polyheads.statistics.counts import SCORES, Predictions, check_same, count, read
from polyheads.statistics.rows import READINGS, Row

Choice = Mapping[str, Any]
NEAR = 2e-6  # percentage points: choices.csv has six decimals
_SWEEP = ("role", "experiment", "model", "source", "target", "setting", "ranking", "seed", "metric")


@dataclass(frozen=True)
class Seed:
    """The trials of one sweep that are there."""

    choice: Choice
    ks: tuple[int, ...]  # 0 first
    counts: np.ndarray  # (sentences, systems in the order of ks, width)

    def of(self, reading: str) -> np.ndarray:
        """(sentences, systems, width) of the systems that a reading compares, k = 0 first."""
        if reading == "best":
            return self.counts
        return self.counts[:, [0, self.ks.index(self.choice["sound_k"])]]


def statistics(
    plan: Sequence[exhibits.Exhibit],
    sweeps: Sequence[Sweep],
    choices: Sequence[Choice],
    *,
    resamples: int = resampling.RESAMPLES,
) -> list[Row]:
    """The rows (see `rows`) of all tables of a plan, table by table.

    sweeps: with the readings in the tables' metrics (`exhibits.readings`); choices: their rows in
    choices.csv.
    """
    by_sweep = {_key(sweep): sweep for sweep in sweeps}
    out: list[Row] = []
    for exhibit in plan:
        if exhibit["kind"] in ("table", "shares"):
            out += _table(exhibit, exhibits.members(exhibit, choices), by_sweep, resamples)
    return out


def _table(
    exhibit: exhibits.Exhibit,
    choices: Sequence[Choice],
    sweeps: Mapping[tuple, Sweep],
    resamples: int,
) -> list[Row]:
    """The rows of one exhibit: its pairs, p adjusted by Holm in each reading, then its means."""
    cells: dict[tuple[str, ...], list[Choice]] = {}
    for choice in choices:
        # In the setting low-resource a pair has a mixture for every share of its data.
        place = (choice["model"], choice["source"], choice["target"], choice["mixture"])
        cells.setdefault(place, []).append(choice)
    pairs: list[Row] = []
    means: dict[tuple[str, str], list[tuple[Row, np.ndarray]]] = {}
    for members in cells.values():
        found = _cell(members, sweeps, resamples)
        # Means are over the sweeps that have both gains (see tables), all of them or none.
        complete = len({row["seeds"] for row, _ in found}) == 1 and len(found) == len(READINGS)
        for row, draws in found:
            row |= {"exhibit": exhibit["name"], "ranking": exhibit["of"]["ranking"]}
            pairs.append(row)
            drawn = draws if complete else np.full(resamples, np.nan)
            means.setdefault((row["model"], row["reading"]), []).append((row, drawn))
    for reading in READINGS:
        family = [row for row in pairs if row["reading"] == reading]
        adjusted = resampling.holm([row["p"] for row in family])
        for row, p in zip(family, adjusted, strict=True):
            row["p_holm"] = p
    return pairs + [_mean(members) for members in means.values() if len(members) > 1]


def _mean(members: Sequence[tuple[Row, np.ndarray]]) -> Row:
    """The mean gain of a model's pairs; those of one target language share their draws."""
    rows = [row for row, _ in members]
    weights = np.array([row["seeds"] for row in rows], float)
    draws = np.average([drawn for _, drawn in members], axis=0, weights=weights)
    shared = ("exhibit", "reading", "experiment", "task", "corpus", "model", "recipe")
    shared += ("ranking", "setting", "metric", "resamples")
    out = {name: rows[0][name] for name in shared} | {"level": "mean", "source": "", "target": ""}
    out["mixture"] = ""
    out["seeds"] = max(row["seeds"] for row in rows)
    out["gain"] = float(np.average([row["gain"] for row in rows], weights=weights))
    compared = any(row.get("low") is not None for row in rows)
    if compared and not np.isnan(draws).any():
        out["low"], out["high"] = resampling.interval(draws)
    return out


def _cell(
    choices: Sequence[Choice], sweeps: Mapping[tuple, Sweep], resamples: int
) -> list[tuple[Row, np.ndarray]]:
    """Both readings of one pair of languages, one choice per seed: (row, (resamples,) gains)."""
    seeds = _load(choices, sweeps)
    if not seeds:
        return []
    first = choices[0]
    score = SCORES[first["metric"]]
    # A name for the test set, the same wherever the same sentences are drawn.
    key = f"{first['corpus']} {first['target']}"
    every = np.concatenate([seed.counts for seed in seeds], axis=1)
    scores = resampling.bootstrap(every, score, key=key, resamples=resamples)
    ends = np.cumsum([len(seed.ks) for seed in seeds])
    of_seed = np.split(scores, ends[:-1], axis=1)
    out = []
    for reading in READINGS:
        here = [
            (seed, drawn)
            for seed, drawn in zip(seeds, of_seed, strict=True)
            if seed.choice[f"{reading}_gain"] is not None
        ]
        if not here:
            continue
        gains, drawn = [], []
        for seed, draws in here:
            counts = seed.of(reading)
            whole = score(counts.sum(0).astype(np.float64))
            gains.append(float(resampling.gains(whole)))
            _check(gains[-1], seed, reading)
            if reading == "sound":
                draws = draws[:, [0, seed.ks.index(seed.choice["sound_k"])]]
            drawn.append(resampling.gains(draws))
        row = {
            **{name: first[name] for name in ("experiment", "task", "corpus", "model", "recipe")},
            **{name: first[name] for name in ("setting", "source", "target", "mixture")},
            **{"metric": first["metric"]},
            **{"level": "pair", "reading": reading, "seeds": len(here)},
            "k": " ".join(str(seed.choice[f"{reading}_k"]) for seed, _ in here),
            "sentences": len(every),
            "gain": float(np.mean(gains)),
            "resamples": resamples,
            "p": None,
        }
        mean = resampling.over_seeds(drawn, resamples=resamples)
        # Where k = 0 is chosen with every seed nothing is compared, and nothing can be claimed.
        if any(seed.choice[f"{reading}_k"] for seed, _ in here):
            row["low"], row["high"] = resampling.interval(mean)
            row |= _tests(reading, [seed for seed, _ in here], key=key, resamples=resamples)
        out.append((row, mean))
    return out


def _tests(reading: str, seeds: Sequence[Seed], *, key: str, resamples: int) -> dict[str, Any]:
    """p of a mean gain: by exchange in sentences, with several seeds also of whole trainings.

    The larger one counts: a gain must be more than the choice of sentences and, as far as it was
    measured, more than the noise of training makes.
    """
    two_sided = reading == "sound"
    score = SCORES[seeds[0].choice["metric"]]
    counts = [seed.of(reading) for seed in seeds]
    whole = [score(side.sum(0).astype(np.float64)) for side in counts]
    observed = float(np.mean([resampling.gains(side) for side in whole]))
    null = resampling.randomised(counts, score, key=key, resamples=resamples)
    ends = np.cumsum([len(side) for side in whole])
    null = np.mean([resampling.gains(s) for s in np.split(null, ends[:-1], axis=1)], axis=0)
    p = resampling.p_value(observed, null, two_sided=two_sided)
    of_seeds = resampling.p_of_seeds(whole, two_sided=two_sided, resamples=resamples)
    return {"p_sentences": p, "p_seeds": of_seeds, "p": max(p, of_seeds or 0.0)}


def _load(choices: Sequence[Choice], sweeps: Mapping[tuple, Sweep]) -> list[Seed]:
    """The counts of one pair's trials; sweeps without k = 0 or any choice have no gain."""
    reference: tuple[str, Predictions] | None = None
    out = []
    for choice in choices:
        if choice["sound_gain"] is None and choice["best_gain"] is None:
            continue
        sweep = sweeps[_key(choice)]
        # Files of a partial report's missing trials may be there, made of older inputs.
        missing = {int(k) for k in choice["missing_k"].split()}
        there = [(k, path) for k, path in _sorted(sweep) if k not in missing]
        counts = []
        for k, trial in there:
            path = str(Path(trial).with_suffix(".parquet"))
            heads = choice["heads"] if k else "pruned"
            found = read(path, language=choice["target"], heads=heads)
            if reference is None:
                reference = (path, found)
            check_same(reference[1], found, paths=(reference[0], path))
            counts.append(count(found, choice["metric"]))
        out.append(Seed(choice, tuple(k for k, _ in there), np.stack(counts, axis=1)))
    return out


def _check(gain: float, seed: Seed, reading: str) -> None:
    """UserError unless predictions and scores tell the same gain."""
    choice = seed.choice
    expected = choice[f"{reading}_gain"]
    if abs(gain - expected) > NEAR:
        raise UserError(
            f"{Path(choice[f'{reading}_trial']).with_suffix('.parquet')}: its predictions give a"
            f" gain of {gain:.4f}, the scores in the trials' JSON files {expected:.4f}; delete"
            " this trial and the one with k = 0 and run again"
        )


def _sorted(sweep: Sweep) -> list[tuple[int, str]]:
    return sorted(zip(sweep["ks"], sweep["trials"], strict=True))


def _key(row: Mapping[str, Any]) -> tuple:
    # Choices have a mixture as text, sweeps as parts.
    mixture = row["mixture"] if isinstance(row["mixture"], str) else "+".join(row["mixture"])
    return (mixture, *(row[name] for name in _SWEEP))
