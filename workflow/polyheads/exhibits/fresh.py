"""Gains with fresh seeds: k = 0 and the chosen k, trained with seeds that took no part in choosing.

The seed that chose k has the best of its runs on dev; that luck stays behind when the same k is
trained again. What a sound study reports is the mean gain with fresh seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from polyheads.exhibits import SETTINGS, Exhibit, Languages, members, pair_name, ranking_name
from polyheads.exhibits.tables import MISSING, Choice, Table, cell, gain, mean
from polyheads.selection import ranking_kind
from polyheads.statistics import student
from polyheads.statistics.rows import LEVEL, Row, of_choices


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
    and stars of the gains as chosen, which are about test sentences. Gains in percentage points;
    those with fresh seeds have a t interval over the seeds (`lines`).
    """
    records = lines(exhibit, choices)
    known = {
        (row["setting"], row["model"], row["source"], row["target"]): row
        for row in of_choices(statistics, members(exhibit, choices))
        if row["reading"] == "sound"
    }
    body, foot = [], []
    for line in records:
        names = [cell(line["setting"], th="row"), cell("Mean of the pairs", kind="name")]
        place = (line["setting"], line["model"], line["source"], line["target"])
        if line["level"] == "pair":
            names[1] = cell(pair_name(*place[2:], languages), kind="name")
        bounds = None
        if line["low"] is not None:
            bounds = {"low": line["low"], "high": line["high"], "p": None, "p_holm": None}
        mark = "†" if line["missing_seeds"] else ""
        note = f"missing or incomplete: {line['missing_seeds']} seeds" if mark else ""
        cells = [
            *names,
            cell(line["model"], kind="name"),
            cell(line["k"] or ("" if line["level"] == "mean" else MISSING)),
            gain(line["gain_chosen"], line["sd_chosen"], row=known.get(place)),
            gain(line["gain_fresh"], line["sd_fresh"], kind="first", row=bounds),
            cell(str(line["seeds"]) + mark, note=note),
        ]
        (body if line["level"] == "pair" else foot).append(cells)
    names = ("Setting", "Source → target", "Model", "k", "Gain as chosen", "Gain, fresh seeds")
    kinds = ("name", "name", "name", "", "", "first")
    head = [cell(name, th="col", kind=kind) for name, kind in zip(names, kinds, strict=True)]
    return {
        "name": exhibit["name"],
        "title": exhibit["title"] + ", fresh seeds (percentage points)",
        "notes": _notes(exhibit, records),
        "head": [[*head, cell("Seeds", th="col")]],
        "body": body,
        "foot": foot,
        "records": records,
    }


def lines(exhibit: Exhibit, choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """The table as records: level pair | mean (source and target empty), the pairs first, each in
    the order of the settings.

    A fresh seed's gain is its mean over the seeds that chose a k; a seed that lacks one of them
    is left out (missing_seeds). The mean of the pairs is taken within each fresh seed, over the
    pairs that have any, by the seeds that have all of these; sd and the t interval are over these
    means. Seeds share no training, so this holds whatever the pairs of one seed share (in the
    cross-lingual setting those of one source are read from the same two trainings). Without an
    interval where k = 0 was chosen by all: nothing is compared.
    """
    main: dict[tuple, list[Choice]] = {}
    for row in members(exhibit, choices):
        main.setdefault(_pair(row), []).append(row)
    fresh: dict[tuple, list[Choice]] = {}
    for row in members(exhibit, [{**r, "role": "main"} for r in choices if r["role"] == "fresh"]):
        fresh.setdefault(_pair(row), []).append(row)
    pairs, groups = [], {}
    for pair in sorted(main, key=lambda pair: SETTINGS.index(pair[0])):
        chosen = main[pair]
        gains, missing = _gains(chosen, fresh.get(pair, []))
        line = dict(zip(_PAIR, pair, strict=True))
        del line["mixture"]
        record = _line("pair", line, chosen, gains, missing)
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
            record["low"] = record["high"] = None
        means.append(record | {"pairs": len(inside)})
    return pairs + means


_PAIR = ("setting", "source", "target", "model", "mixture")


def _pair(row: Mapping[str, Any]) -> tuple:
    return tuple(row[name] for name in _PAIR)


def _gains(chosen: Sequence[Choice], fresh: Sequence[Choice]) -> tuple[dict[int, float], int]:
    """Fresh seed -> mean gain over the choosing seeds, and how many seeds are incomplete."""
    ks = {row["seed"]: row["sound_k"] for row in chosen if row["sound_k"] is not None}
    found: dict[int, list[float]] = {}
    for row in fresh:
        here = found.setdefault(row["seed"], [])
        # Without its second trial a fresh sweep looks as if k = 0 had been chosen.
        if row["sound_gain"] is not None and row["sound_k"] == ks.get(int(row["of_seed"])):
            here.append(row["sound_gain"])
    expected = len({int(row["of_seed"]) for row in fresh})
    gains = {seed: fmean(here) for seed, here in found.items() if len(here) == expected}
    return gains, len(found) - len(gains)


def _line(
    level: str,
    names: Mapping[str, str],
    chosen: Sequence[Choice],
    gains: Mapping[int, float],
    missing: int,
) -> dict[str, Any]:
    values = list(gains.values())
    ks = [row["sound_k"] for row in chosen if row["sound_k"] is not None]
    as_chosen = [row["sound_gain"] for row in chosen if row["sound_gain"] is not None]
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
        "seeds": len(values),
        "missing_seeds": missing,
    }


def _notes(exhibit: Exhibit, records: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = [
        f"Corpus {exhibit['corpus']}; {ranking_name(exhibit['of']['ranking'])}; k chosen on dev."
        " As chosen: the seed that chose k. Fresh seeds chose nothing; the mean of their gains is"
        f" the one to report, ± its standard deviation over seeds. [ ] below it: {LEVEL} % t"
        f" interval of the mean over the seeds, for {student.FEWEST} seeds or more. It is about"
        " training noise, given the k that were chosen and these test sets.",
        "The mean of the pairs is taken within each seed first, so its interval holds although"
        " pairs of a seed share trainings (in the cross-lingual setting those of a source).",
    ]
    if any(" " in line["k"] for line in records):
        notes.append("Several seeds chose a k; a fresh seed's gain is its mean over their k.")
    if any(line["missing_seeds"] for line in records):
        notes.append("† Without the seeds that lack trials.")
    left_out = sum(line["level"] == "pair" and not line["seeds"] for line in records)
    if left_out:
        notes.append(f"Means are over the pairs with fresh seeds; {left_out} have none.")
    return notes
