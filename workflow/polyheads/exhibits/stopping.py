"""How many trials a rule for stopping needs, and what stopping loses.

The paper stops at 12 heads "or when the score starts to drop". Every sweep of a study has all its
trials, so that what a rule would have seen of it is a prefix of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from polyheads.analysis.rows import Row
from polyheads.exhibits import Exhibit, members, ranking_name
from polyheads.exhibits.tables import Choice, Table, cell, gain, mean, mean_notes, mean_row, number
from polyheads.study.rankings import ranking_kind


class Rule(NamedTuple):
    """When to stop, and what the score is read on."""

    name: str
    criterion: str  # sound: stop and choose on dev; best: both on test
    stop: Callable[[Sequence[float]], int]  # scores in the order of k -> how many are seen


def until_drop(scores: Sequence[float]) -> int:
    """Stop at the first score below the one before it, which has then been seen."""
    for i in range(1, len(scores)):
        if scores[i] < scores[i - 1]:
            return i + 1
    return len(scores)


def patience(count: int) -> Callable[[Sequence[float]], int]:
    """Stop after `count` scores in a row that are no new best."""

    def stop(scores: Sequence[float]) -> int:
        best = 0
        for i in range(1, len(scores)):
            best = i if scores[i] > scores[best] else best
            if i - best == count:
                return i + 1
        return len(scores)

    return stop


RULES = (
    Rule("until dev drops", "dev_selected", until_drop),
    Rule("patience 2 on dev", "dev_selected", patience(2)),
    Rule("patience 3 on dev", "dev_selected", patience(3)),
    Rule("all k, best on dev", "dev_selected", len),
    Rule("until test drops, best on test (the paper's)", "test_oracle", until_drop),
    Rule("all k, best on test", "test_oracle", len),
)


def planned(sweeps: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(experiment, kind of ranking) of those whose sweeps are long enough to be stopped."""
    return list(
        dict.fromkeys(
            (sweep["experiment"], ranking_kind(sweep["ranking"], sweep["source"]))
            for sweep in sweeps
            if sweep["role"] == "main" and len(sweep["ks"]) > 2
        )
    )


def table(
    exhibit: Exhibit,
    choices: Sequence[Choice],
    scores: Iterable[Mapping[str, Any]],
    statistics: Sequence[Row] = (),
) -> Table:
    """A line per setting, model and rule: trials, trainings, k, gain, and what stopping loses.

    exhibit: `of` has experiment, ranking and metric. scores: rows of scores.csv. Trials are those
    with k > 0, a mean over the sweeps; trainings are all that the rule runs, those that targets
    share counted once. Gains in percentage points of the test score. statistics: the interval of
    a gain that a result table has, too: those of all k.
    """
    sweeps, missing = _sweeps(exhibit, choices, scores)
    groups: dict[tuple[str, str], list[_Curves]] = {}
    for sweep in sweeps:
        groups.setdefault((sweep.choice["setting"], sweep.choice["model"]), []).append(sweep)
    body, records = [], []
    known: dict[tuple, Row | None] = {}
    for (setting, model), inside in groups.items():
        whole = {}
        for rule in reversed(RULES):  # those with all k first: the others are held against them
            found = [_run(rule, sweep) for sweep in inside]
            line: dict[str, Any] = {"setting": setting, "model": model, "rule": rule.name}
            line |= {"criterion": rule.criterion, "sweeps": len(found)}
            line["trials"] = mean(run.trials for run in found)
            line["of_trials"] = mean(len(sweep.ks) - 1 for sweep in inside)
            line["trainings"] = len({path for run in found for path in run.paths})
            line["k"] = mean(run.k for run in found)
            line["gain"] = mean(run.gain for run in found)
            all_k = whole.setdefault(rule.criterion, line["gain"])
            line["against_all"] = line["gain"] - all_k
            of = [sweep.choice for sweep in inside]
            # Only what sees all k is in a result table; a rule that chooses the same is not.
            row = (
                mean_row(statistics, of, rule.criterion, line["gain"]) if rule.stop is len else None
            )
            known[setting, model, rule.name] = row
            line |= {name: row[name] if row else None for name in ("low", "high")}
            whole[rule.name] = line
        lines = [whole[rule.name] for rule in RULES]
        records += lines
        body += [
            _cells(line, rule, known[setting, model, rule.name])
            for line, rule in zip(lines, RULES, strict=True)
        ]
        names = [cell(text, th="rowgroup", rowspan=len(lines)) for text in (setting, model)]
        body[-len(lines)] = names + body[-len(lines)]
    names = ("Trials", "Trainings", "Mean k", "Gain", "Against all k")
    head = [cell(name, th="col", kind="name") for name in ("Setting", "Model", "Rule")]
    kind = ranking_name(exhibit["of"]["ranking"])
    notes = [
        f"Corpus {exhibit['corpus']}; {kind}. Trials: k > 0, the mean of the sweeps; trainings: of"
        " all sweeps together, those that targets share counted once. The trial at which a rule"
        " stops is among them. Gains in percentage points of the test score.",
        "The last two lines stop, choose and are scored on test: their gains are maxima over noisy"
        " numbers and are compared with each other only.",
    ]
    if any(sweep.choice["protocol"] == "mask" for sweep in sweeps):
        notes.append("Protocol mask: a trial is a test of one trained model, no training.")
    notes += mean_notes(known.values())
    if missing:
        notes.append(f"Left out because trials are missing: {missing} sweeps.")
    return {
        "name": exhibit["name"],
        "title": exhibit["title"] + ", rules for stopping",
        "notes": notes,
        "head": [
            head + [cell(n, th="col", kind="" if i else "first") for i, n in enumerate(names)]
        ],
        "body": body,
        "foot": [],
        "records": records,
    }


class _Curves(NamedTuple):
    choice: Choice
    ks: list[int]  # 0 first
    dev: list[float]
    test: list[float]
    paths: list[str]


class _Run(NamedTuple):
    trials: int  # seen, beyond k = 0
    paths: list[str]  # of these
    k: int
    gain: float


def _run(rule: Rule, sweep: _Curves) -> _Run:
    """What a rule sees of a sweep and makes of it; ties to the smaller k, as everywhere."""
    scores = sweep.dev if rule.criterion == "dev_selected" else sweep.test
    seen = rule.stop(scores)
    first = (
        0 if rule.criterion == "dev_selected" else 1
    )  # the paper's best is one of the pruned ones
    chosen = max(range(first, seen), key=lambda i: (scores[i], -i))
    gained = sweep.test[chosen] - sweep.test[0]
    return _Run(seen - 1, sweep.paths[1:seen], sweep.ks[chosen], gained)


def _sweeps(
    exhibit: Exhibit, choices: Sequence[Choice], scores: Iterable[Mapping[str, Any]]
) -> tuple[list[_Curves], int]:
    """The sweeps that have all their trials, and how many have not."""
    of: dict[tuple, dict[tuple, tuple[float, str]]] = {}
    for row in members(exhibit, scores):
        place = (row["split"], row["heads"], row["language"], row["k"])
        of.setdefault(_key(row), {})[place] = (row["value"], row["trial_path"])
    found, missing = [], 0
    for choice in members(exhibit, choices):
        values = of.get(_key(choice), {})
        ks = sorted({k for *_, k in values})
        dev, test, paths = [], [], []
        for k in ks:
            # As in selection: dev without the heads, and nothing to put back at k = 0.
            on = choice["heads"] if k else "pruned"
            side = [values.get(("dev", "pruned", c, k)) for c in choice["dev"].split("+")]
            end = values.get(("test", on, choice["target"], k))
            if end and all(side):
                dev.append(sum(value for value, _ in side) / len(side))
                test.append(end[0])
                paths.append(end[1])
        if choice["missing_k"] or len(test) < len(ks) or len(ks) < 2 or ks[0] != 0:
            missing += 1
        else:
            found.append(_Curves(choice, ks, dev, test, paths))
    return found, missing


def _cells(line: Mapping[str, Any], rule: Rule, row: Row | None) -> list[dict]:
    kind = rule.criterion
    lost = gain(line["against_all"], kind=kind) if rule.stop is not len else cell("", kind=kind)
    trials = f"{number(line['trials'], 1)} of {line['of_trials']:g}"
    return [
        cell(rule.name, kind=f"{kind} name"),
        cell(trials, kind=f"{kind} first"),
        cell(str(line["trainings"]), kind=kind),
        cell(number(line["k"], 1), kind=kind),
        gain(line["gain"], kind=kind, row=row),
        lost,
    ]


def _key(row: Mapping[str, Any]) -> tuple:
    names = ("model", "source", "target", "mixture", "setting", "ranking", "seed")
    return tuple(row[name] for name in names)
