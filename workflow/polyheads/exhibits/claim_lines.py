"""What a study has to say to each claim of the paper: the lines of claims.claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

from polyheads import exhibits
from polyheads.exhibits import multi_source, published, similarity
from polyheads.exhibits.claim_study import (
    Group,
    Study,
    estimate,
    fresh_gain,
    main_groups,
    null_rows,
    pairs_of,
    partner,
    run_noise,
    table_of,
)
from polyheads.exhibits.comparison import spearman
from polyheads.exhibits.low_resource import percent
from polyheads.exhibits.tables import Choice, complete, mean
from polyheads.kinds import KINDS
from polyheads.statistics import clusters
from polyheads.statistics.contrasts import Estimate, difference, mean_of_pairs

Line = dict[str, Any]
SEVERAL = {"MD": "mean rank (MD)", "SD": "summed scores (SD)", "EC": "one source's own (EC)"}
_SETTINGS = ("cross-lingual", "multi-lingual")


def line(task: str, corpus: str, model: str, setting: str, paper: Any, **more: Any) -> Line:
    """A line with nothing where nothing is given. paper: a number, numbers of the paper's models
    by name (for another one), or words."""
    given = {"task": task, "corpus": corpus, "model": model, "setting": setting}
    empty: Line = dict.fromkeys(("sound", "low", "high", "best", "p", "fresh"))
    empty |= {"sound_text": "", "best_text": "", "sound_below": "", "best_below": ""}
    empty |= {"note": "", "exhibit": ""}
    empty |= {"noise": False, "compared": False, "neutral": 0.0}
    return {**given, "published": paper, **empty, **more}


def gains(of: Study, setting: str) -> Iterator[Line]:
    """Mean gain of pruning the lowest heads, in one setting; nulls of run noise."""
    means = published.mean_gains(of.results.published)
    for key, rows in main_groups(of, setting):
        both = [row for row in rows if row["sound_gain"] is not None]
        paper = _paper(
            {model: v for (task, model, s), v in means.items() if (task, s) == (key.task, setting)},
            key.model,
        )
        p, note = run_noise(of, key, "noise")
        again = fresh_gain(of, key)
        yield line(
            *(key.task, key.corpus, key.model, "", paper),
            **_numbers(estimate(of, key, rows)) if both else {},
            best=mean(row["best_gain"] for row in rows),
            **{"p": p, "note": note, "fresh": again},
            noise=of.several_seeds or p is not None,
            exhibit=table_of(of, key),
        )


def improved(of: Study) -> Iterator[Line]:
    """The share of pairs that improved, both settings and all models of a task together."""
    counted = published.improved(of.results.published)
    of_task: dict[tuple[str, str], list[Choice]] = {}
    for setting in _SETTINGS:
        for key, rows in main_groups(of, setting):
            of_task.setdefault((key.task, key.corpus), []).extend(rows)
    for (task, corpus), rows in of_task.items():
        there = [pair for (t, _, _), pair in counted.items() if t == task]
        words = "–"
        if there:
            up, pairs = (sum(side) for side in zip(*there, strict=True))
            words = f"{up} of {pairs}"
            prose = published.said().get(("improved", task, "", "", published.RANKING))
            if prose and (prose[0], prose[1]) != (up, pairs):
                words += f" (its text: {prose[0]:.0f})"
        made = line(task, corpus, ", ".join(dict.fromkeys(r["model"] for r in rows)), "", words)
        for reading in ("sound", "best"):
            found = clusters.improved(rows, reading)
            up, pairs = (sum(side) for side in zip(*found.values(), strict=True))
            if pairs:
                made |= {reading: 100 * up / pairs, f"{reading}_text": f"{up} of {pairs}"}
            bounds = clusters.share(list(found.values())) if reading == "sound" else None
            if bounds:
                made |= {"low": 100 * bounds[0], "high": 100 * bounds[1]}
        yield made | {"neutral": 50.0, "noise": of.several_seeds, "exhibit": "improved"}


def settings(of: Study) -> Iterator[Line]:
    """Mean cross-lingual gain less mean multi-lingual gain."""
    means = published.mean_gains(of.results.published)
    multi = {
        (key.task, key.corpus, key.model, key.metric): (key, rows)
        for key, rows in main_groups(of, _SETTINGS[1])
    }
    for key, rows in main_groups(of, _SETTINGS[0]):
        other = multi.get((key.task, key.corpus, key.model, key.metric))
        if other and pairs_of(rows) & pairs_of(other[1]):
            both = {
                model: v - means[task, model, _SETTINGS[1]]
                for (task, model, setting), v in means.items()
                if (task, setting) == (key.task, _SETTINGS[0])
            }
            yield _compared(of, (key, rows), other, _paper(both, key.model), setting="")


def controls(of: Study, control: str) -> Iterator[Line]:
    """The lowest heads' gains less those of a control (highest | random), on the same pairs."""
    printed = published.control_differences(of.results.published)
    many = {
        (row["task"], row["corpus"], row["model"], row["setting"])
        for row in of.results.nulls
        if row["null"] == "random" and row["p"] is not None
    }
    seen = set()
    for other, rows in of.groups.items():
        if other.setting not in _SETTINGS:
            continue
        core = other.kind.removeprefix("reversed-")
        if control == "highest":
            wanted = lambda kind, core=core: kind == core  # noqa: E731
            if core == other.kind or core not in KINDS:
                continue
        elif other.kind.startswith("random-"):
            wanted = KINDS.__contains__
        else:
            continue
        found = partner(of, other, rows, wanted)
        place = (other.task, other.corpus, other.model, other.setting)
        if not found or place in seen:
            continue
        key, lowest = found
        if control == "random" and place in many:
            continue  # many random rankings say more than one
        seen.add(place)
        there = {
            m: v
            for (task, m, setting, c), v in printed.items()
            if (task, setting, c) == (other.task, other.setting, control)
        }
        there = _paper(there, other.model)
        yield _compared(of, (key, lowest), (other, rows), there, setting=other.setting)
    if control == "random":
        yield from _against_random(of, printed)


def lrp(of: Study) -> Iterator[Line]:
    """Gains with rankings by gradient less those with rankings by LRP, on the same pairs."""
    printed = published_lrp()
    for other, rows in of.groups.items():
        if other.kind == "lrp" and other.setting in _SETTINGS:
            found = partner(of, other, rows, lambda kind: kind == "gradient")
            if found:
                paper = {
                    m: v
                    for (t, m, s), v in printed.items()
                    if (t, s) == (other.task, other.setting)
                }
                paper = _paper(paper, other.model)
                yield _compared(of, found, (other, rows), paper, setting=other.setting)


def published_lrp() -> dict[tuple[str, str, str], float]:
    """(task, model, setting) -> mean gain by gradient less that by LRP, by the paper's text."""
    said = published.said()
    return {
        (task, model, setting): said["mean_gain", task, model, setting, "gradient"][0] - value
        for (quantity, task, model, setting, kind), (value, _) in said.items()
        if quantity == "mean_gain" and kind == "lrp"
    }


def several(of: Study, name: str) -> Iterator[Line]:
    """Several sources (MD, SD or EC): mean gain over the unpruned model."""
    printed = published.several_gains()
    every = [row for rows in of.groups.values() for row in rows]
    for exhibit in (e for e in of.plan if e["kind"] == "sources"):
        shown = [row for row in every if multi_source.shows(exhibit, row)]
        if name not in {multi_source.heuristic(row["ranking"]) for row in shown}:
            continue
        lines = multi_source.table(exhibit, shown, {})["records"]
        for model in dict.fromkeys(row["model"] for row in lines):
            mine = [row for row in lines if row["model"] == model]
            values = {
                reading: mean(
                    row[f"{name}_{reading}"] - row["unpruned"]
                    for row in mine
                    if row[f"{name}_{reading}"] is not None and row["unpruned"] is not None
                )
                for reading in ("sound", "best")
            }
            paper = {m: v for (t, m, n), v in printed.items() if (t, n) == (exhibit["task"], name)}
            setting = exhibit["of"]["setting"]
            made = line(
                *(exhibit["task"], exhibit["corpus"], model, setting, _paper(paper, model)),
                **values,
            )
            # Of EC there is no interval: dev chooses among sweeps.
            method = {"MD": "merged-", "SD": "summed-"}.get(name)
            for key, rows in of.groups.items():
                place = (exhibit["of"]["experiment"], model, setting)
                same = (key.experiment, key.model, key.setting) == place
                if method and same and key.kind.startswith(method) and values["sound"] is not None:
                    made |= _numbers(estimate(of, key, rows))
                    break
            yield made | {"noise": of.several_seeds, "exhibit": exhibit["name"]}


def low_resource(of: Study) -> Iterator[Line]:
    """Mean gain over the shares of target data below all of it, and at how many it is above 0."""
    for exhibit in (e for e in of.plan if e["kind"] == "shares"):
        rows = exhibits.members(exhibit, of.low)
        for model in dict.fromkeys(row["model"] for row in rows):
            mine = [row for row in rows if row["model"] == model]
            made = line(exhibit["task"], exhibit["corpus"], model, "", "drawn only")
            for reading in ("sound", "best"):
                of_share: dict[int, list[float]] = {}
                for row in mine:
                    if row[f"{reading}_gain"] is not None:
                        of_share.setdefault(percent(row), []).append(row[f"{reading}_gain"])
                means = [fmean(found) for found in of_share.values()]
                if means:
                    value = mean(g for found in of_share.values() for g in found)
                    up = sum(m > 0 for m in means)
                    text = f"above 0 at {up} of {len(means)} shares"
                    made |= {reading: value, f"{reading}_below": text}
            for row in of.results.statistics:
                whole = (row["exhibit"], row["model"]) == (exhibit["name"], model)
                if whole and row["level"] == "mean" and row["reading"] == "sound":
                    made |= {"low": row["low"], "high": row["high"]}
            yield made | {"noise": of.several_seeds, "exhibit": exhibit["name"]}


def languages(of: Study) -> Iterator[Line]:
    """Mean rho between the rankings of two languages, for every model of a task."""
    printed = published.mean_rho()
    found = similarity.groups(of.results.rankings)
    kinds = {next(iter(group["rankings"].values()))["kind"] for group in found}
    kind = "gradient" if "gradient" in kinds else next(iter(sorted(kinds)), "")
    # Of several recipes and seeds the one with most languages speaks for a model.
    most: dict[tuple, similarity.Group] = {}
    for group in found:
        first = next(iter(group["rankings"].values()))
        place = (first.get("task", ""), first["corpus"], first["model"])
        size = len(group["rankings"])
        if first["kind"] == kind and (place not in most or size > len(most[place]["rankings"])):
            most[place] = group
    for group in most.values():
        members = group["rankings"]
        first = next(iter(members.values()))
        orders = {code: ranking["order"] for code, ranking in members.items()}
        rho = {(a, b): spearman(orders[a], orders[b]) for a, b in combinations(orders, 2)}
        value, low, high = mean_of_pairs(rho, list(orders))
        task = first.get("task", "")
        paper = _paper({m: v for (t, m), v in printed.items() if t == task}, first["model"])
        made = line(task, first["corpus"], first["model"], "", paper)
        made |= {"sound": value, "low": low, "high": high, "best_text": "–"}
        yield made | {"noise": of.several_seeds, "exhibit": group["name"]}


def heads(of: Study) -> Iterator[Line]:
    """Mean k, both settings of the paper together."""
    printed = published.mean_heads()
    found: dict[tuple[str, str, str], list[Choice]] = {}
    for setting in _SETTINGS:
        for key, rows in main_groups(of, setting):
            found.setdefault((key.task, key.corpus, key.model), []).extend(rows)
    for (task, corpus, model), rows in found.items():
        paper = _paper({m: v for (t, m), v in printed.items() if t == task}, model)
        ks = {r: mean(row[f"{r}_k"] for row in rows) for r in ("sound", "best")}
        yield line(task, corpus, model, "", paper, **ks, exhibit="overview")


def _against_random(of: Study, printed: Mapping[tuple, float]) -> Iterator[Line]:
    for setting in _SETTINGS:
        for key, _ in main_groups(of, setting):
            for null in null_rows(of, key, "random"):
                there = {
                    m: v
                    for (task, m, s, c), v in printed.items()
                    if (task, s, c) == (key.task, setting, "random")
                }
                best = [n for n in null_rows(of, key, "random", "best")]
                yield line(
                    *(key.task, key.corpus, key.model, setting, _paper(there, key.model)),
                    sound=null["gain"] - null["null_mean"],
                    best=best[0]["gain"] - best[0]["null_mean"] if best else None,
                    p=null["p"],
                    note=f"against {null['n']} random rankings",
                    # Random rankings are trainings of their own: their spread holds training noise.
                    noise=True,
                    exhibit=table_of(of, key),
                )


def _compared(
    of: Study,
    one: tuple[Group, Sequence[Choice]],
    other: tuple[Group, Sequence[Choice]],
    paper: Any,
    *,
    setting: str,
) -> Line:
    """One group's mean gain less another's, on the pairs of languages that both have gains of."""
    key = one[0]
    common = pairs_of(complete(one[1])) & pairs_of(complete(other[1]))
    one, other = (
        (k, [row for row in rows if (row["source"], row["target"]) in common])
        for k, rows in (one, other)
    )
    made = line(key.task, key.corpus, key.model, setting, paper)
    sides = [mean(r["best_gain"] for r in rows) for _, rows in (one, other)]
    if None not in sides:
        made["best"] = sides[0] - sides[1]
    if all(any(r["sound_gain"] is not None for r in rows) for _, rows in (one, other)):
        # Where dev chose k = 0 for all pairs, the gain is 0 whatever sentences are drawn.
        a, b = (
            estimate(of, k, rows) if any(r["sound_k"] for r in rows) else (0.0, 0.0, 0.0)
            for k, rows in (one, other)
        )
        made["sound"] = a[0] - b[0]
        if a[1] is not None and b[1] is not None:
            made |= _numbers(difference(a, b))
    return made | {"compared": True, "noise": of.several_seeds, "exhibit": table_of(of, other[0])}


def _numbers(estimate: tuple[float, float | None, float | None] | Estimate) -> dict[str, Any]:
    return dict(zip(("sound", "low", "high"), estimate, strict=True))


def _paper(numbers: Mapping[str, float], model: str) -> Any:
    """The paper's number of its model; for another one all its models' numbers, or words."""
    if model in numbers:
        return numbers[model]
    return dict(numbers) or "–"
