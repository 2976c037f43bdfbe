"""What a study has to say to each claim of the paper: the lines of claims.claims.

Differences between two groups of sweeps are in claim_contrasts, what is about languages is in
claim_languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from polyheads import exhibits
from polyheads.analysis import clusters
from polyheads.exhibits import multi_source, published
from polyheads.exhibits.claim_study import (
    OF_RUN,
    Group,
    Line,
    Study,
    bounded,
    drawn,
    estimate,
    evidence,
    line,
    main_groups,
    named,
    pairs_of,
    paper,
    run_noise,
    table_of,
)
from polyheads.exhibits.distances import SETTINGS
from polyheads.exhibits.low_resource import percent
from polyheads.exhibits.tables import Choice, complete, mean

SEVERAL = {"MD": "mean rank (MD)", "SD": "summed scores (SD)", "EC": "one source's own (EC)"}


def gains(of: Study, setting: str) -> Iterator[Line]:
    """Mean gain of pruning the lowest heads, in one setting; nulls of run noise, fresh seeds."""
    printed = published.gains(of.results.published)
    for key, rows in main_groups(of, setting):
        both = [row for row in rows if row["dev_selected_gain"] is not None]
        theirs = {
            (m, (source, target)): v
            for (t, m, source, target, s), v in printed.items()
            if (t, s) == (key.task, setting)
        }
        made = line(
            *(key.task, key.corpus, key.model, ""),
            paper(theirs, key.model, pairs_of(both or rows)),
            **estimate(of, key, rows) if both else {},
            test_oracle=mean(row["test_oracle_gain"] for row in rows),
            exhibit=table_of(of, key),
        )
        yield made | evidence(of, key, rows)


def improved(of: Study) -> Iterator[Line]:
    """The share improved of the pairs that moved, both settings and all models of a task."""
    of_task: dict[tuple[str, str], list[Choice]] = {}
    for setting in SETTINGS:
        for key, rows in main_groups(of, setting):
            of_task.setdefault((key.task, key.corpus), []).extend(rows)
    for (task, corpus), rows in of_task.items():
        models = ", ".join(dict.fromkeys(r["model"] for r in rows))
        made = line(task, corpus, models, "", _published_counts(of, task, rows))
        for criterion in ("dev_selected", "test_oracle"):
            found = clusters.moved(rows, criterion).values()
            every = clusters.total(found)
            if sum(every):
                made |= {f"{criterion}_text": str(every), f"{criterion}_below": every.rest}
                made[criterion] = None if every.share is None else 100 * every.share
            if criterion == "dev_selected" and sum(every):
                made["unmoved"] = every.share is None
                bounds = clusters.share(list(found))
                if bounds:
                    made |= {"low": 100 * bounds[0], "high": 100 * bounds[1]}
        made |= {"neutral": 50.0, "runs": len({row["seed"] for row in rows})}
        yield made | {"exhibit": "improved"}


def _published_counts(of: Study, task: str, rows: Sequence[Choice]) -> dict[str, Any]:
    """Published pairs that improved: of those that were run where all models are the paper's."""
    printed = [row for row in of.results.published if row["task"] == task]
    names = ("model", "setting", "source", "target")
    run = {tuple(row[n] for n in names) for row in complete(rows)}
    if run and {model for model, *_ in run} <= published.MODELS.keys():
        there = [row for row in printed if tuple(row[n] for n in names) in run]
    else:
        there = printed
    counted, whole = (list(published.improved(t).values()) for t in (there, printed))
    if not counted:
        return {"published": "–"}
    up, pairs = (sum(side) for side in zip(*counted, strict=True))
    if pairs < sum(n for _, n in whole):
        return {"published": f"{up} of {pairs}", "published_of": OF_RUN}
    counts = {"published": f"{up} of {pairs}"}
    prose = published.said().get(("improved", task, "", "", published.RANKING))
    if prose and (prose[0], prose[1]) != (up, pairs):
        counts["published_of"] = f"its text: {prose[0]:.0f}"
    return counts


def several(of: Study, name: str) -> Iterator[Line]:
    """Several sources (MD, SD or EC): mean gain over the unpruned model."""
    printed = published.several_gains_of_targets()
    every = [row for rows in of.groups.values() for row in rows]
    for exhibit in (e for e in of.plan if e["kind"] == "sources"):
        shown = [row for row in every if multi_source.shows(exhibit, row)]
        if name not in {multi_source.heuristic(row["ranking"]) for row in shown}:
            continue
        lines = multi_source.table(exhibit, shown, {})["records"]
        for model in dict.fromkeys(row["model"] for row in lines):
            mine = [row for row in lines if row["model"] == model]
            values, run = {}, set()
            for criterion in ("dev_selected", "test_oracle"):
                there = {
                    row["target"]: row[f"{name}_{criterion}"] - row["unpruned"]
                    for row in mine
                    if row[f"{name}_{criterion}"] is not None and row["unpruned"] is not None
                }
                values[criterion] = mean(there.values())
                run |= there.keys()
            theirs = {
                (m, target): v
                for (t, m, target, n), v in printed.items()
                if (t, n) == (exhibit["task"], name)
            }
            setting = exhibit["of"]["setting"]
            made = line(
                *(exhibit["task"], exhibit["corpus"], model, setting),
                paper(theirs, model, run),
                **values,
            )
            # Of EC there is no interval: dev chooses among sweeps.
            method = {"MD": "merged-", "SD": "summed-"}.get(name)
            for key, rows in of.groups.items():
                place = (exhibit["of"]["experiment"], model, setting)
                same = (key.experiment, key.model, key.setting) == place
                if (
                    method
                    and same
                    and key.kind.startswith(method)
                    and values["dev_selected"] is not None
                ):
                    made |= estimate(of, key, rows) | evidence(of, key, rows)
                    break
            made["runs"] = len({row["seed"] for row in shown if row["model"] == model})
            yield made | {"exhibit": made["exhibit"] or exhibit["name"]}


def low_resource(of: Study) -> Iterator[Line]:
    """Mean gain over the shares of target data below all of it, and at how many it is above 0;
    nulls of run noise. No table has fresh seeds of these."""
    for exhibit in (e for e in of.plan if e["kind"] == "shares"):
        rows = exhibits.members(exhibit, of.low)
        for model in dict.fromkeys(row["model"] for row in rows):
            mine = [row for row in rows if row["model"] == model]
            made = line(exhibit["task"], exhibit["corpus"], model, "", "drawn only")
            for criterion in ("dev_selected", "test_oracle"):
                of_share: dict[int, list[float]] = {}
                for row in mine:
                    if row[f"{criterion}_gain"] is not None:
                        of_share.setdefault(percent(row), []).append(row[f"{criterion}_gain"])
                means = [fmean(found) for found in of_share.values()]
                if means:
                    value = mean(g for found in of_share.values() for g in found)
                    up = sum(m > 0 for m in means)
                    text = f"above 0 at {up} of {len(means)} shares"
                    made |= {criterion: value, f"{criterion}_below": text}
            for row in of.results.statistics:
                whole = (row["exhibit"], row["model"]) == (exhibit["name"], model)
                whole = whole and row["level"] == "mean" and row["criterion"] == "dev_selected"
                if whole and bounded(row):
                    made |= drawn(row)
            parts = (exhibit["of"]["experiment"], exhibit["of"]["ranking"], exhibit["task"])
            parts += (exhibit["corpus"], model, exhibits.LOW_RESOURCE, exhibit["of"]["metric"])
            made |= run_noise(of, Group(*parts), mine)
            made |= {"noise": made["p"] is not None, "runs": len({row["seed"] for row in mine})}
            yield made | {"exhibit": exhibit["name"]}


def heads(of: Study) -> Iterator[Line]:
    """Mean k, both settings of the paper together."""
    printed = published.mean_heads()
    found: dict[tuple[str, str, str], list[Choice]] = {}
    for setting in SETTINGS:
        for key, rows in main_groups(of, setting):
            found.setdefault((key.task, key.corpus, key.model), []).extend(rows)
    for (task, corpus, model), rows in found.items():
        theirs = named({m: v for (t, m), v in printed.items() if t == task}, model)
        ks = {r: mean(row[f"{r}_k"] for row in rows) for r in ("dev_selected", "test_oracle")}
        yield line(task, corpus, model, "", theirs, **ks, exhibit="overview")
