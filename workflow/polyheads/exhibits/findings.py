"""What a study ran and found, in sentences made from its numbers and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from polyheads import exhibits
from polyheads.analysis import clusters
from polyheads.analysis.rows import Row, of_choices, tells
from polyheads.catalogue.methods import KINDS
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.exhibits.tables import Choice, mean, number, signed


def findings(
    sweeps: Sequence[dict],
    done: Iterable[str],
    choices: Sequence[Choice],
    languages: exhibits.Languages,
    statistics: Sequence[Row] = (),
) -> dict[str, Any]:
    """Numbers and sentences of the start page.

    `done`: paths of the trials that are there; `choices`: rows in the experiments' own metrics;
    `statistics`: intervals and p of the tables' gains (statistics.rows).
    Returns {numbers: [(value, label)], run, found, limits: sentences}.
    """
    return {
        "numbers": _numbers(sweeps, set(done)),
        "run": _run(sweeps, languages),
        "found": _found(choices, statistics),
        "limits": _limits(sweeps, set(done), choices),
    }


def _numbers(sweeps: Sequence[dict], done: set[str]) -> list[tuple[str, str]]:
    trained, masked = set(), set()
    for sweep in sweeps:
        for k, path in zip(sweep["ks"], sweep["trials"], strict=True):
            if str(path) in done:
                (masked if k and sweep["protocol"] == "mask" else trained).add(str(path))
    sweeps = _main(sweeps)
    languages = {
        code for s in sweeps for code in (*s["source"].split("+"), *s["target"].split("+"))
    }
    numbers = [(len(trained), "trainings")]
    if masked:
        numbers.append((len(masked), "evaluations of masked models"))
    numbers += [
        (len(sweeps), "sweeps over k"),
        (len({sweep["task"] for sweep in sweeps}), "tasks"),
        (len({sweep["model"] for sweep in sweeps}), "models"),
        (len(languages), "languages"),
        (len({sweep["seed"] for sweep in sweeps}), "seeds"),
    ]
    return [(f"{n:,}", label.removesuffix("s") if n == 1 else label) for n, label in numbers]


def _main(sweeps: Sequence[dict]) -> list[dict]:
    return [sweep for sweep in sweeps if sweep["role"] == "main"]


def _run(sweeps: Sequence[dict], languages: exhibits.Languages) -> list[str]:
    groups: dict[str, list[dict]] = {}
    for sweep in _main(sweeps):
        groups.setdefault(sweep["experiment"], []).append(sweep)
    out = []
    for experiment, members in groups.items():
        first = members[0]
        kinds = dict.fromkeys(exhibits.ranking_kind(m["ranking"], m["source"]) for m in members)
        named = exhibits.ranking_name(next(iter(kinds)))
        if len(kinds) > 1:
            named = f"rankings {_listed(kinds)}"
        elif len(first["ks"]) == 1:
            named = "no head is pruned"
        sources, targets = (
            _listed(exhibits.language_name(m[side], languages) for m in members)
            for side in ("source", "target")
        )
        task = TASK_NAMES[first["task"]]
        heading = task if experiment == first["task"] else f"{task} (experiment {experiment})"
        pruned = "pruned before" if first["protocol"] == "prune" else "masked after"
        ks = f"k = {_ks(first['ks'])}, heads {pruned} training" if len(first["ks"]) > 1 else ""
        pairs = f"from {sources} to {targets}" if sources != targets else sources
        out.append(
            f"{heading}: {_listed(m['model'] for m in members)} on {first['corpus']}, recipe"
            f" {first['recipe']}; {pairs} ({_listed(m['setting'] for m in members)});"
            f"{f' {ks};' if ks else ''} {named}; {METRICS[first['task']][first['metric']]}"
            f"{', test read with all heads on' if first['heads'] == 'all' else ''}."
        )
    return out + _nulls_run(sweeps)


def _nulls_run(sweeps: Sequence[dict]) -> list[str]:
    """A sentence for each experiment with nulls or fresh seeds."""
    out = []
    for experiment in dict.fromkeys(sweep["experiment"] for sweep in sweeps):
        of = [s for s in sweeps if s["experiment"] == experiment]
        parts = []
        if random := {s["ranking"] for s in of if s["role"] == "random"}:
            parts.append(f"{_n(len(random), 'random ranking')}")
        if noise := [s for s in of if s["role"] == "noise"]:
            parts.append(f"{_n(len(noise[0]['ks']) - 1, 'further seed')} of each unpruned model")
        if fresh := {s["seed"] for s in of if s["role"] == "fresh"}:
            parts.append(f"{_n(len(fresh), 'fresh seed')} of the chosen k")
        if parts:
            out.append(f"Beside experiment {experiment}: {_listed(parts)}.")
    return out


def _found(choices: Sequence[Choice], statistics: Sequence[Row]) -> list[str]:
    groups: dict[tuple[str, str], list[Choice]] = {}
    for row in choices:
        kind = exhibits.ranking_kind(row["ranking"], row["source"])
        groups.setdefault((kind, row["setting"]), []).append(row)
    several = len({kind for kind, _ in groups}) > 1
    # In words what the scored rankings say, one or two of them; the rest is in the tables.
    shown = [kind for kind in dict.fromkeys(kind for kind, _ in groups) if kind in KINDS]
    groups = {key: rows for key, rows in groups.items() if key[0] in shown[:2] or not shown}
    out = []
    for (kind, setting), rows in groups.items():
        name = setting.capitalize() + (f", {exhibits.ranking_name(kind)}" if several else "")
        sound = [row["dev_selected_gain"] for row in rows if row["dev_selected_gain"] is not None]
        best = [row["test_oracle_gain"] for row in rows if row["test_oracle_gain"] is not None]
        if not sound or not best:
            out.append(f"{name}: no gains, because trials are missing.")
            continue
        up, down, same = clusters.count(sound)
        zero = sum(row["dev_selected_k"] == 0 for row in rows)
        rho = mean(row["dev_test_spearman"] for row in rows)
        together = ""
        if rho is not None:
            together = f" Over k, dev and test correlate with a mean Spearman's ρ of {number(rho)}."
        out.append(
            f"{name}, k chosen on dev: pruning changed the test score by"
            f" {signed(mean(sound))} percentage points on average over {_n(len(sound), 'sweep')}."
            f" {up} went up, {down} down, {same} stayed (k = 0 was chosen in {zero})."
            f"{together}{_told_apart(rows, statistics, 'dev_selected')}"
        )
        out.append(
            f"{name}, best of k ≥ 1 on test: the same trials give {signed(mean(best))} on"
            f" average, and {sum(g > 0 for g in best)} of {len(best)} go up. This criterion, the"
            " paper's, takes a maximum over noisy scores;"
            f" it differs from the choice on dev by {signed(mean(best) - mean(sound))}."
            f"{_told_apart(rows, statistics, 'test_oracle')}"
        )
    return out


def _told_apart(choices: Sequence[Choice], statistics: Sequence[Row], criterion: str) -> str:
    """How many gains are more than the choice of test sentences makes; empty without statistics."""
    rows = [row for row in of_choices(statistics, choices) if row["criterion"] == criterion]
    if not rows:
        return ""
    tested = [row for row in rows if row["p"] is not None]
    told = [row for row in tested if tells(row)]
    up = sum(row["gain"] > 0 for row in told)
    redone = ", with the best looked for again in every draw" if criterion == "test_oracle" else ""
    where = f": {up} above, {len(told) - up} below" if told else ""
    which = "" if len(tested) == len(rows) else " with k ≥ 1"
    return (
        f" Under resampling of the test sentences{redone}, {len(told)} of {len(tested)}"
        f" gains{which} can be told apart from zero{where}."
    )


def _limits(sweeps: Sequence[dict], done: set[str], choices: Sequence[Choice]) -> list[str]:
    roles = {sweep["role"] for sweep in sweeps}
    absent = {str(path) for sweep in sweeps for path in sweep["trials"]} - done
    sweeps = _main(sweeps)
    seeds = len({sweep["seed"] for sweep in sweeps})
    noise = (
        "Every sweep was run with one seed. Trainings that differ in nothing but the seed differ"
        " in their scores too; that noise was not measured here and is in no interval and no p, so"
        " the gain of a sweep is not evidence that pruning helps."
        if seeds == 1
        else f"Every sweep was run with {seeds} seeds. Intervals and p take the seeds into account,"
        " but few seeds tell little; gains are not tested against the noise of unpruned trainings."
    )
    if "noise" in roles:
        noise = (
            "The noise of training was measured in some experiments, with further seeds of the"
            " unpruned models (see Nulls). It is in no interval and in no p of the tables."
        )
    out = [
        noise,
        "The best of several k on test is above k = 0 more often than not even where pruning does"
        " nothing: it is shown beside the choice on dev for comparison with the paper, not as an"
        " estimate.",
    ]
    kinds = {exhibits.ranking_kind(sweep["ranking"], sweep["source"]) for sweep in sweeps}
    if "random" not in roles and not any(kind.startswith("random-") for kind in kinds):
        out.append(
            "The ranking is not compared with random ones here, so nothing in this report says"
            " that it finds the right heads."
        )
    if any(row["setting"] == "cross-lingual" for row in choices):
        out.append(
            "In the cross-lingual setting k is chosen on the dev set of the source language, all"
            " that a user without target data has; how well it follows the target's test score"
            " is in the column ρ."
        )
    if absent:
        out.append(f"Trials that are missing: {len(absent)}. What they touch is marked.")
    return out


def _ks(ks: Sequence[int]) -> str:
    if list(ks) == list(range(ks[0], ks[-1] + 1)):
        return f"{ks[0]}–{ks[-1]}" if len(ks) > 1 else str(ks[0])
    return ", ".join(map(str, ks))


def _n(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _listed(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
