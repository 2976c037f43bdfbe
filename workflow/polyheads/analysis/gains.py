"""Intervals and p of every gain in a study's tables, from the trials' kept predictions.

Both criteria of `selection`: `sound` compares the k chosen on dev with k = 0, `best` the best of
k >= 1 with k = 0, where the best is looked for again in every draw. What is tested how:
docs/statistics.md. What is missing among the
trials leaves its cell out. Predictions that are missing or don't fit cost their own cell its
numbers, and its rows say why (column problem).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from polyheads import exhibits
from polyheads.analysis import resampling, run_noise
from polyheads.analysis.counts import SCORES, Predictions, check_same, count, read
from polyheads.analysis.draws import columns
from polyheads.analysis.rows import CRITERIA, FRESH, Row
from polyheads.analysis.selection import Sweep
from polyheads.errors import UserError
from polyheads.exhibits import fresh

Choice = Mapping[str, Any]
NEAR = 2e-6  # percentage points: choices.csv has six decimals
_SWEEP = ("role", "experiment", "model", "source", "target", "setting", "ranking", "seed", "metric")
_ABOUT = ("experiment", "task", "corpus", "model", "recipe", "setting", "source", "target")
_ABOUT += ("mixture", "metric")
_Draws = tuple[float, np.ndarray]  # a gain, and (resamples,) gains on draws of sentences


@dataclass(frozen=True)
class Seed:
    """The trials of one sweep that are there."""

    choice: Choice
    ks: tuple[int, ...]  # 0 first
    trials: tuple[str, ...]  # their paths, in the order of ks
    counts: np.ndarray  # (sentences, systems in the order of ks, width)

    def of(self, criterion: str) -> np.ndarray:
        """(sentences, systems, width) of the systems that a criterion compares, k = 0 first."""
        if criterion == "test_oracle":
            return self.counts
        return self.counts[:, [0, self.ks.index(self.choice["dev_selected_k"])]]


class Trials(NamedTuple):
    """Where a choice's trials are, and what they scored on dev."""

    sweeps: Mapping[tuple, Sweep]
    dev: Mapping[tuple[str, str, str], float]  # (trial, language, metric) -> percent
    runs: run_noise.Runs

    def dev_scores(self, seed: Seed) -> np.ndarray:
        """(systems,) what k is chosen by: the mean over the languages that the choice looks at."""
        languages, metric = seed.choice["dev"].split("+"), seed.choice["metric"]
        return np.array(
            [fmean(self.dev[trial, code, metric] for code in languages) for trial in seed.trials]
        )


def statistics(
    plan: Sequence[exhibits.Exhibit],
    sweeps: Sequence[Sweep],
    choices: Sequence[Choice],
    scores: Sequence[Mapping[str, Any]],
    *,
    resamples: int = resampling.RESAMPLES,
    delta: float | None = None,
) -> list[Row]:
    """The rows (see `rows`) of all tables of a plan, table by table; those of fresh seeds, too.

    sweeps: with the criteria in the tables' metrics (`exhibits.criteria`); choices: their rows in
    choices.csv; scores: the rows of scores.csv. delta: the smallest gain that is worth having, in
    percentage points.
    """
    by_sweep = {sweep_key(sweep): sweep for sweep in sweeps}
    trials = Trials(by_sweep, _dev_scores(scores), run_noise.Runs.of(scores))
    out: list[Row] = []
    for exhibit in plan:
        if exhibit["kind"] in ("table", "shares"):
            out += _table(exhibit, exhibits.members(exhibit, choices), trials, resamples, delta)
        elif exhibit["kind"] == "fresh":
            out += _fresh(exhibit, choices, trials, resamples, delta)
    return out


def _table(
    exhibit: exhibits.Exhibit,
    choices: Sequence[Choice],
    trials: Trials,
    resamples: int,
    delta: float | None,
) -> list[Row]:
    """The rows of one exhibit: its pairs, p adjusted by Holm over both criteria, then its means."""
    cells: dict[tuple[str, ...], list[Choice]] = {}
    for choice in choices:
        # In the setting low-resource a pair has a mixture for every share of its data.
        place = (choice["model"], choice["source"], choice["target"], choice["mixture"])
        cells.setdefault(place, []).append(choice)
    pairs: list[Row] = []
    means: dict[tuple[str, str], list[tuple[Row, np.ndarray]]] = {}
    for members in cells.values():
        try:
            found = _cell(members, trials, resamples, delta)
        except UserError as error:
            nothing = np.full(resamples, np.nan)
            found = [(row, nothing) for row in _without(members, str(error), resamples)]
        # Means are over the sweeps that have both gains (see tables), all of them or none.
        complete = len({row["seeds"] for row, _ in found}) == 1 and len(found) == len(CRITERIA)
        for row, draws in found:
            row |= {"exhibit": exhibit["name"], "ranking": exhibit["of"]["ranking"]}
            pairs.append(row)
            drawn = draws if complete else np.full(resamples, np.nan)
            means.setdefault((row["model"], row["criterion"]), []).append((row, drawn))
    # Who reads the table sees both criteria, and may take any star in it for a finding.
    for row, p in zip(pairs, resampling.holm([row["p"] for row in pairs]), strict=True):
        row["p_holm"] = p
    return pairs + [_mean(members, delta) for members in means.values() if len(members) > 1]


def _mean(members: Sequence[tuple[Row, np.ndarray]], delta: float | None = None) -> Row:
    """The mean gain of a model's pairs; those of one target language share their draws."""
    rows = [row for row, _ in members]
    weights = np.array([row["seeds"] for row in rows], float)
    draws = np.average([drawn for _, drawn in members], axis=0, weights=weights)
    shared = ("exhibit", "criterion", "experiment", "task", "corpus", "model", "recipe")
    shared += ("ranking", "setting", "metric", "resamples")
    out = {name: rows[0][name] for name in shared} | {"level": "mean", "source": "", "target": ""}
    out["mixture"] = ""
    out["seeds"] = max(row["seeds"] for row in rows)
    if any(row.get("problem") for row in rows):
        return out  # without a pair it would be the mean of other pairs than the table's
    out["gain"] = float(np.average([row["gain"] for row in rows], weights=weights))
    compared = any(row.get("low") is not None for row in rows)
    if compared and not np.isnan(draws).any():
        out |= _ends(draws, out["criterion"], delta)
    return out


def _ends(draws: np.ndarray, criterion: str, delta: float | None) -> Row:
    """What draws say of a gain; of a maximum over k no more than where they lie."""
    if criterion == "test_oracle":
        return dict(zip(("low", "high"), resampling.interval(draws), strict=True))
    return columns(draws, delta)


def _cell(
    choices: Sequence[Choice], trials: Trials, resamples: int, delta: float | None
) -> list[tuple[Row, np.ndarray]]:
    """Both criteria of one pair of languages, one choice per seed: (row, (resamples,) gains)."""
    seeds = _load(choices, trials.sweeps)
    if not seeds:
        return []
    of_seed = _scores(seeds, resamples)
    out = []
    for criterion in CRITERIA:
        here = [
            (seed, draws)
            for seed, draws in zip(seeds, of_seed, strict=True)
            if seed.choice[f"{criterion}_gain"] is not None
        ]
        if not here:
            continue
        gains, drawn = zip(*(_gain(seed, draws, criterion) for seed, draws in here), strict=True)
        row = _row([seed.choice for seed, _ in here], criterion, resamples)
        row |= {"sentences": len(seeds[0].counts), "gain": float(np.mean(gains))}
        mean = resampling.over_seeds(gains, drawn, resamples=resamples)
        # Where k = 0 is chosen with every seed nothing is compared, and nothing can be claimed.
        if any(seed.choice[f"{criterion}_k"] for seed, _ in here):
            row |= _ends(mean, criterion, delta)
            row |= _tests(criterion, *zip(*here, strict=True), trials, resamples=resamples)
        out.append((row, mean))
    return out


def _row(choices: Sequence[Choice], criterion: str, resamples: int) -> Row:
    """What a pair's row says of its sweeps, one for each seed; without any number of the gain."""
    return {
        **{name: choices[0][name] for name in _ABOUT},
        **{"level": "pair", "criterion": criterion, "seeds": len(choices)},
        "k": " ".join(str(choice[f"{criterion}_k"]) for choice in choices),
        **{"resamples": resamples, "gain": None, "p": None},
    }


def _without(choices: Sequence[Choice], problem: str, resamples: int) -> list[Row]:
    """The rows of a pair whose predictions can't be used."""
    out = []
    for criterion in CRITERIA:
        here = [choice for choice in choices if choice[f"{criterion}_gain"] is not None]
        if here:
            out.append(_row(here, criterion, resamples) | {"problem": problem})
    return out


def _fresh(
    exhibit: exhibits.Exhibit,
    choices: Sequence[Choice],
    trials: Trials,
    resamples: int,
    delta: float | None,
) -> list[Row]:
    """The rows of a table of fresh seeds: its pairs, then the means of each setting and model.

    As `fresh.lines` has them: a seed's gain is its mean over the seeds that chose a k, a mean of
    pairs is of the seeds that have all of these. Intervals draw seeds and sentences; without p.
    """
    pairs: list[Row] = []
    groups: dict[tuple[str, str], list[tuple[Row, dict[int, _Draws] | None]]] = {}
    for chosen, repeats, _ in fresh.of_pairs(exhibit, choices):
        every = [choice for of_seed in repeats.values() for choice in of_seed]
        if not every:
            continue
        chosen = [choice for choice in chosen if choice["dev_selected_k"] is not None]
        row = _row(chosen, "dev_selected", resamples) | {
            "exhibit": exhibit["name"],
            "criterion": FRESH,
        }
        row |= {"ranking": exhibit["of"]["ranking"], "seeds": len(repeats)}
        drawn: dict[int, _Draws] | None = None
        try:
            seeds = _load(every, trials.sweeps)
            drawn = _by_seed(seeds, resamples)
        except UserError as error:
            row["problem"] = str(error)
        else:
            row["sentences"] = len(seeds[0].counts)
            compared = any(choice["dev_selected_k"] for choice in every)
            row |= _over_seeds(list(drawn.values()), resamples, delta, compared=compared)
        pairs.append(row)
        groups.setdefault((row["setting"], row["model"]), []).append((row, drawn))
    means = []
    for members in groups.values():
        rows, found = zip(*members, strict=True)
        nothing = np.full(resamples, np.nan)
        mean = _mean([(row, nothing) for row in rows])
        if all(found):
            # In the order of the first: the same seeds are drawn for all pairs.
            whole = [seed for seed in found[0] if all(seed in drawn for drawn in found)]
            compared = any(row.get("low") is not None for row in rows)
            of_seed = [
                tuple(np.mean([drawn[seed][i] for drawn in found], axis=0) for i in (0, 1))
                for seed in whole
            ]
            mean |= {"seeds": len(whole), "gain": None}
            if whole:
                mean |= _over_seeds(of_seed, resamples, delta, compared=compared)
        means.append(mean)
    return pairs + means


def of_sweeps(
    choices: Sequence[Choice], sweeps: Mapping[tuple, Sweep], resamples: int
) -> list[_Draws]:
    """The gain of each choice at the k chosen on dev, and its draws: all of one test set.

    UserError for predictions that are missing or don't fit.
    """
    seeds = _load(choices, sweeps)
    drawn = _scores(seeds, resamples)
    return [_gain(seed, of, "dev_selected") for seed, of in zip(seeds, drawn, strict=True)]


def _by_seed(seeds: Sequence[Seed], resamples: int) -> dict[int, _Draws]:
    """Seed -> its gain at the k chosen on dev, the mean of its sweeps."""
    found: dict[int, list[_Draws]] = {}
    for seed, draws in zip(seeds, _scores(seeds, resamples), strict=True):
        found.setdefault(seed.choice["seed"], []).append(_gain(seed, draws, "dev_selected"))
    return {
        seed: (
            float(np.mean([gain for gain, _ in of])),
            np.mean([draws for _, draws in of], axis=0),
        )
        for seed, of in found.items()
    }


def _over_seeds(
    found: Sequence[_Draws], resamples: int, delta: float | None, *, compared: bool
) -> dict[str, float]:
    """The mean gain of seeds, with its interval where anything is compared."""
    out = {"gain": float(np.mean([gain for gain, _ in found]))}
    if compared:
        mean = resampling.over_seeds(*zip(*found, strict=True), resamples=resamples)
        out |= columns(mean, delta)
    return out


def _scores(seeds: Sequence[Seed], resamples: int) -> list[np.ndarray]:
    """For each seed (resamples, systems) scores on draws of sentences, the same for all seeds."""
    every = np.concatenate([seed.counts for seed in seeds], axis=1)
    choice = seeds[0].choice
    key, score = test_set(choice), SCORES[choice["metric"]]
    scores = resampling.bootstrap(every, score, key=key, resamples=resamples)
    ends = np.cumsum([len(seed.ks) for seed in seeds])
    return np.split(scores, ends[:-1], axis=1)


def _gain(seed: Seed, draws: np.ndarray, criterion: str) -> _Draws:
    """The gain of a seed and (resamples,) gains on draws; UserError for other scores than ours.

    draws: (resamples, systems) scores of all its systems.
    """
    whole = SCORES[seed.choice["metric"]](seed.of(criterion).sum(0).astype(np.float64))
    gain = float(resampling.gains(whole))
    _check(gain, seed, criterion)
    if criterion == "dev_selected":
        draws = draws[:, [0, seed.ks.index(seed.choice["dev_selected_k"])]]
    return gain, resampling.gains(draws)


def test_set(choice: Choice) -> str:
    """A name for the test set, the same wherever the same sentences are drawn."""
    return f"{choice['corpus']} {choice['target']}"


def _tests(
    criterion: str,
    seeds: Sequence[Seed],
    draws: Sequence[np.ndarray],
    trials: Trials,
    *,
    resamples: int,
) -> dict[str, Any]:
    """p of a mean gain over sentences; over whole trainings where there are several of any kind.

    The largest counts: a gain must be more than the choice of sentences and, as far as it was
    measured, more than the noise of training makes. draws: as `_scores` gives them.
    """
    best = criterion == "test_oracle"
    score = SCORES[seeds[0].choice["metric"]]
    counts = [seed.of(criterion) for seed in seeds]
    whole = [score(seed.counts.sum(0).astype(np.float64)) for seed in seeds]
    if best:
        p = resampling.p_of_best(whole, draws)
    else:
        key = test_set(seeds[0].choice)
        null = resampling.exchanged(counts, score, key=key, resamples=resamples)
        compared = [score(side.sum(0).astype(np.float64)) for side in counts]
        observed = float(np.mean([resampling.gains(side) for side in compared]))
        p = resampling.p_value(observed, null, two_sided=True)
    of_seeds = resampling.p_of_seeds(
        [trials.dev_scores(seed) for seed in seeds], whole, best=best, resamples=resamples
    )
    of_runs = _p_of_runs(trials.runs, [seed.choice for seed in seeds], criterion, resamples)
    every = [value for value in (p, of_seeds, of_runs) if value is not None]
    return {"p_sentences": p, "p_seeds": of_seeds, "p_runs": of_runs, "p": max(every)}


def _p_of_runs(
    runs: run_noise.Runs, choices: Sequence[Choice], criterion: str, resamples: int
) -> float | None:
    """p of a pair's mean gain against the noise of its training; None where that isn't known."""
    if not all(map(run_noise.trained, choices)):
        return None
    target = choices[0]["target"]
    null = run_noise.against_runs(runs, choices, criterion, draws=resamples, key=target)
    return run_noise.p_value([null]) if null else None


def _dev_scores(scores: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], float]:
    """Trials.dev of the rows of scores.csv."""
    return {
        (row["trial_path"], row["language"], row["metric"]): row["value"]
        for row in scores
        if row["split"] == "dev" and row["heads"] == "pruned"
    }


def _load(choices: Sequence[Choice], sweeps: Mapping[tuple, Sweep]) -> list[Seed]:
    """The counts of one pair's trials; sweeps without k = 0 or any choice have no gain."""
    reference: tuple[str, Predictions] | None = None
    out = []
    for choice in choices:
        if choice["dev_selected_gain"] is None and choice["test_oracle_gain"] is None:
            continue
        there = _there(choice, sweeps[sweep_key(choice)])
        counts = []
        for k, trial in there:
            path = str(Path(trial).with_suffix(".parquet"))
            heads = choice["heads"] if k else "pruned"
            found = read(path, language=choice["target"], heads=heads)
            if reference is None:
                reference = (path, found)
            check_same(reference[1], found, paths=(reference[0], path))
            counts.append(count(found, choice["metric"]))
        out.append(Seed(choice, *zip(*there, strict=True), np.stack(counts, axis=1)))
    return out


def _check(gain: float, seed: Seed, criterion: str) -> None:
    """UserError unless predictions and scores tell the same gain."""
    choice = seed.choice
    expected = choice[f"{criterion}_gain"]
    if abs(gain - expected) > NEAR:
        raise UserError(
            f"{Path(choice[f'{criterion}_trial']).with_suffix('.parquet')}: its predictions give a"
            f" gain of {gain:.4f}, the scores in the trials' JSON files {expected:.4f}; delete"
            " this trial and the one with k = 0 and run again"
        )


def _there(choice: Choice, sweep: Sweep) -> list[tuple[int, str]]:
    """(k, trial) of the sweep's trials that the choice was made among, k = 0 first."""
    trials = sorted(zip(sweep["ks"], sweep["trials"], strict=True))
    if choice["role"] == "fresh":
        # The plan doesn't know which k the second one has. If it is 0, too, one is enough.
        (_, unpruned), (_, chosen) = trials
        k = choice["dev_selected_k"]
        return [(0, unpruned), (k, chosen)] if k else [(0, unpruned)]
    # Files of a partial report's missing trials may be there, made of older inputs.
    missing = {int(k) for k in choice["missing_k"].split()}
    return [(k, path) for k, path in trials if k not in missing]


def sweep_key(row: Mapping[str, Any]) -> tuple:
    """What names a sweep and its row of choices."""
    # Choices have a mixture and the seed that chose as text, sweeps as parts and a number.
    mixture = row["mixture"] if isinstance(row["mixture"], str) else "+".join(row["mixture"])
    of_seed = "" if row["of_seed"] is None else str(row["of_seed"])
    return (mixture, of_seed, *(row[name] for name in _SWEEP))
