"""Gains with fresh seeds: k = 0 and the chosen k, trained with seeds that took no part in choosing.

The seed that chose k has the best of its runs on dev; that luck stays behind when the same k is
trained again. What a sound study reports is the mean gain with fresh seeds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from polyheads.analysis import student
from polyheads.analysis.rows import (
    ALPHA,
    FRESH,
    LEVEL,
    OF_SENTENCES,
    Row,
    all_of_choices,
    of_choices,
    problem_notes,
)
from polyheads.exhibits import SETTINGS, Exhibit, Languages, members, pair_name, ranking_name
from polyheads.exhibits.tables import MISSING, Choice, Table, cell, gain, leading, mean, trial_paths
from polyheads.study.rankings import ranking_kind


def planned(sweeps: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(experiment, kind of ranking) of those that have fresh seeds in a setting of SETTINGS."""
    return list(
        dict.fromkeys(
            (sweep["experiment"], ranking_kind(sweep["ranking"], sweep["source"]))
            for sweep in sweeps
            if sweep["role"] == "fresh" and sweep["setting"] in SETTINGS
        )
    )


def table(
    exhibit: Exhibit,
    choices: Sequence[Choice],
    languages: Languages,
    statistics: Sequence[Row] = (),
) -> Table:
    """A line per pair and model, and for the mean of the pairs of each setting and model.

    exhibit: `of` has experiment, ranking and metric. choices: of all roles. statistics: intervals
    and stars of the gains as chosen, which are about test sentences; of the gains with fresh seeds
    see `lines`. Gains in percentage points.
    """
    records = lines(exhibit, choices, statistics)
    chosen = members(exhibit, choices)
    known = {
        _place(row): row
        for row in of_choices(statistics, chosen)
        if row["criterion"] == "dev_selected"
    }
    resampled = _resampled(exhibit, statistics).values()
    body, foot = [], []
    for line in records:
        names = [cell(line["setting"], th="row"), cell("Mean of the pairs", kind="name")]
        if line["level"] == "pair":
            name = pair_name(line["source"], line["target"], languages)
            names[1] = cell(name, kind="name")
        bounds = None
        if line["low"] is not None:
            bounds = {"low": line["low"], "high": line["high"], "p": None, "p_holm": None}
        mark = "†" if line["missing_seeds"] else ""
        note = f"missing or incomplete: {line['missing_seeds']} seeds" if mark else ""
        k = line["k"] or ("" if line["level"] == "mean" else MISSING)
        cells = [
            *names,
            cell(line["model"], kind="name"),
            leading(cell(k), line.get("chosen_trial", "").split()),
            gain(line["gain_chosen"], line["sd_chosen"], row=known.get(_place(line))),
            leading(
                gain(line["gain_fresh"], line["sd_fresh"], kind="first", row=bounds),
                line.get("fresh_trial", "").split(),
            ),
            cell(str(line["seeds"]) + mark, note=note),
        ]
        (body if line["level"] == "pair" else foot).append(cells)
    names = ("Setting", "Source → target", "Model", "k", "Gain as chosen", "Gain, fresh seeds")
    kinds = ("name", "name", "name", "", "", "first")
    head = [cell(name, th="col", kind=kind) for name, kind in zip(names, kinds, strict=True)]
    return {
        "name": exhibit["name"],
        "title": exhibit["title"] + ", fresh seeds (percentage points)",
        "notes": [
            *_notes(exhibit, records, known.values(), resampled),
            *problem_notes([*all_of_choices(statistics, chosen), *resampled]),
        ],
        "head": [[*head, cell("Seeds", th="col")]],
        "body": body,
        "foot": foot,
        "records": records,
    }


def lines(
    exhibit: Exhibit, choices: Sequence[Choice], statistics: Sequence[Row] = ()
) -> list[dict[str, Any]]:
    """The table as records: level pair | mean (source and target empty), the pairs first, each in
    the order of the settings.

    A fresh seed's gain is its mean over the seeds that chose a k; a seed that lacks one of them
    is left out (missing_seeds). The mean of the pairs is taken within each fresh seed, over the
    pairs that have any, by the seeds that have all of these; sd and the t interval are over these
    means. Seeds share no training, so this holds whatever the pairs of one seed share (in the
    cross-lingual setting those of one source are read from the same two trainings). Without an
    interval where k = 0 was chosen by all: nothing is compared.

    With `statistics` low and high are the smaller and the larger ones of the t interval and of the
    one that draws seeds and test sentences, whose noise the first doesn't have and of whose few
    seeds the second makes too little; none where either is missing. p_interval, two-sided, is the
    larger one of theirs; above, within, below are the shares of the draws (see statistics.draws).
    """
    pairs, groups = [], {}
    for chosen, repeats, missing in of_pairs(exhibit, choices):
        gains = {
            seed: fmean(r["dev_selected_gain"] for r in rows) for seed, rows in repeats.items()
        }
        line = {name: chosen[0][name] for name in _NAMES}
        record = _line("pair", line, chosen, gains, missing)
        again = [row for rows in repeats.values() for row in rows]
        record["chosen_trial"] = trial_paths(chosen, "dev_selected")
        record["fresh_trial"] = trial_paths(again, "dev_selected")
        pairs.append(record)
        if gains:
            groups.setdefault((line["setting"], line["model"]), []).append((record, gains))
    means = []
    for (setting, model), inside in groups.items():
        seeds = list(dict.fromkeys(seed for _, gains in inside for seed in gains))
        whole = [seed for seed in seeds if all(seed in gains for _, gains in inside)]
        of_seed = {seed: fmean(gains[seed] for _, gains in inside) for seed in whole}
        line = {"setting": setting, "model": model, "source": "", "target": ""}
        record = _line("mean", line, [], of_seed, len(seeds) - len(whole))
        record["gain_chosen"] = mean(one["gain_chosen"] for one, _ in inside)
        if all(one["low"] is None for one, _ in inside):
            record |= dict.fromkeys(_BOUNDS)
        means.append(record | {"pairs": len(inside)})
    resampled = _resampled(exhibit, statistics)
    for record in pairs + means if resampled else []:
        row = resampled.get(_place(record))
        if record["low"] is None or row is None or row["low"] is None:
            record |= dict.fromkeys(_BOUNDS)
        else:
            record["low"] = min(record["low"], row["low"])
            record["high"] = max(record["high"], row["high"])
            record["p_interval"] = max(record["p_interval"], row["p_interval"])
            record |= {name: row[name] for name in _SHARES}
    return pairs + means


_NAMES = ("setting", "source", "target", "model")
_BOUNDS = ("low", "high", "p_interval")
_SHARES = ("above", "within", "below", "delta")


def _place(row: Mapping[str, Any]) -> tuple:
    return tuple(row[name] for name in _NAMES)


def _resampled(exhibit: Exhibit, statistics: Sequence[Row]) -> dict[tuple, Row]:
    """Place -> the statistics of a gain with fresh seeds; source and target of a mean are empty."""
    mine = (r for r in statistics if r["criterion"] == FRESH and r["exhibit"] == exhibit["name"])
    return {_place(row): row for row in mine}


def of_pairs(
    exhibit: Exhibit, choices: Sequence[Choice]
) -> list[tuple[list[Choice], dict[int, list[Choice]], int]]:
    """For each pair, in the order of the settings: the choices of the seeds that chose a k; fresh
    seed -> its choices, one for each of these; how many fresh seeds lack one and are left out.
    """
    main: dict[tuple, list[Choice]] = {}
    for row in members(exhibit, choices):
        main.setdefault((*_place(row), row["mixture"]), []).append(row)
    fresh: dict[tuple, list[Choice]] = {}
    for row in members(exhibit, [{**r, "role": "main"} for r in choices if r["role"] == "fresh"]):
        fresh.setdefault((*_place(row), row["mixture"]), []).append({**row, "role": "fresh"})
    ordered = sorted(main, key=lambda pair: SETTINGS.index(pair[0]))
    return [(main[pair], *_whole(main[pair], fresh.get(pair, []))) for pair in ordered]


def _whole(
    chosen: Sequence[Choice], fresh: Sequence[Choice]
) -> tuple[dict[int, list[Choice]], int]:
    """Fresh seed -> its choices, for the seeds that have all of them; how many have not."""
    ks = {row["seed"]: row["dev_selected_k"] for row in chosen if row["dev_selected_k"] is not None}
    found: dict[int, list[Choice]] = {}
    for row in fresh:
        here = found.setdefault(row["seed"], [])
        # Without its second trial a fresh sweep looks as if k = 0 had been chosen.
        if row["dev_selected_gain"] is not None and row["dev_selected_k"] == ks.get(
            int(row["of_seed"])
        ):
            here.append(row)
    expected = len({int(row["of_seed"]) for row in fresh})
    whole = {seed: here for seed, here in found.items() if len(here) == expected}
    return whole, len(found) - len(whole)


def _line(
    level: str,
    names: Mapping[str, str],
    chosen: Sequence[Choice],
    gains: Mapping[int, float],
    missing: int,
) -> dict[str, Any]:
    values = list(gains.values())
    ks = [row["dev_selected_k"] for row in chosen if row["dev_selected_k"] is not None]
    as_chosen = [row["dev_selected_gain"] for row in chosen if row["dev_selected_gain"] is not None]
    compared = level == "mean" or any(ks)
    bounds = student.interval(values) if compared else None
    return {
        "level": level,
        **names,
        "pairs": 1,
        "k": " ".join(map(str, ks)),
        "gain_chosen": mean(as_chosen),
        "sd_chosen": stdev(as_chosen) if len(as_chosen) > 1 else None,
        "gain_fresh": mean(values),
        "sd_fresh": stdev(values) if len(values) > 1 else None,
        "low": bounds[0] if bounds else None,
        "high": bounds[1] if bounds else None,
        "p_interval": student.p_value(values) if bounds else None,
        **dict.fromkeys(_SHARES),
        "seeds": len(values),
        "missing_seeds": missing,
    }


def _notes(
    exhibit: Exhibit,
    records: Sequence[Mapping[str, Any]],
    known: Collection[Row],
    resampled: Collection[Row],
) -> list[str]:
    notes = [
        f"Corpus {exhibit['corpus']}; {ranking_name(exhibit['of']['ranking'])}; k chosen on dev."
        " As chosen: the seed that chose k. Fresh seeds chose nothing; the mean of their gains is"
        " the one to report, ± its standard deviation over seeds."
    ]
    few = f"for {student.FEWEST} seeds or more"
    if resampled:
        notes.append(
            f"[ ] below a gain with fresh seeds: training noise and the choice of test sentences,"
            f" given the k that were chosen, {few}. It reaches from the smaller lower end to the"
            f" larger upper end of two {LEVEL} % intervals: Student's t over the seeds, and the"
            f" mean over {max(row['resamples'] for row in resampled):,} draws of seeds and test"
            " sentences."
        )
    else:
        notes.append(
            f"[ ] below a gain with fresh seeds: {LEVEL} % t interval of the mean over the seeds,"
            f" {few}. It is about training noise, given the k that were chosen and these test"
            " sets."
        )
    if any(row["low"] is not None for row in known):
        several = any(row["seeds"] > 1 for row in known)
        noise = "and of the seeds that chose" if several else "only, without any training noise"
        notes.append(
            f"[ ] below a gain as chosen: its {LEVEL} % interval over draws of test sentences"
            f" {noise}, and * or {OF_SENTENCES} a Holm-adjusted p < {ALPHA} among all gains of its"
            " own result table, all as there. They don't take into account that the seed is"
            " flattered by its own luck on dev."
        )
    notes.append(
        "The mean of the pairs is taken within each seed first, so its interval holds although"
        " pairs of a seed share trainings (in the cross-lingual setting those of a source)."
    )
    if any(" " in line["k"] for line in records):
        notes.append("Several seeds chose a k; a fresh seed's gain is its mean over their k.")
    if any(line["missing_seeds"] for line in records):
        notes.append("† Without the seeds that lack trials.")
    left_out = sum(line["level"] == "pair" and not line["seeds"] for line in records)
    if left_out:
        notes.append(f"Means are over the pairs with fresh seeds; {left_out} have none.")
    return notes
