"""Which sweeps are controls, what they are compared with, and how far apart the two are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyheads import exhibits
from polyheads.analysis.rows import Row, same_gain
from polyheads.exhibits.claim_study import Group, group_of, ks_of
from polyheads.exhibits.contrasted import Contrast, Sides, matched
from polyheads.exhibits.tables import Choice
from polyheads.study.rankings import ranking_kind

HIGHEST, RANDOM = "highest", "random"
POINT = ("task", "corpus", "model", "recipe", "source", "target", "setting", "mixture")
_SAME = (*POINT, "protocol", "heads", "seed", "metric", "k_max")  # of a control and its sweep
_PICKED = ("experiment", "setting", "metric")


def is_control(row: Mapping[str, Any]) -> bool:
    """Whether a sweep or a choice prunes other heads than the lowest of a scored ranking."""
    return row["role"] == "main" and row["ranking"].startswith(("reversed-", "random-"))


def control_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """highest or random, and the kind of ranking it turns round ("" for random ones)."""
    kind = ranking_kind(row["ranking"], row["source"]).removeprefix("reversed-")
    # Random heads from the other end are random heads.
    return (RANDOM, "") if kind.startswith("random-") else (HIGHEST, kind)


def contrasts(
    plan: Iterable[exhibits.Exhibit], sweeps: Iterable[Mapping[str, Any]], choices: Sequence[Choice]
) -> list[Contrast]:
    """What the tables of controls compare: the lowest heads of a sweep and its control."""
    lowest, ks = lowest_of(choices), ks_of(sweeps)
    out = []
    for exhibit in (e for e in plan if e["kind"] == "controls"):
        rows = controls_of(exhibit, choices)
        groups: dict[tuple[Group, Group], list[Sides]] = {}
        for row in rows:
            against = partner(row, lowest, scored_kind(rows))
            if against:
                groups.setdefault((group_of(against), group_of(row)), []).append((against, row))
        for (one, other), sides in groups.items():
            mine, theirs = zip(*sides, strict=True)
            control, _ = control_of(theirs[0])
            out.append(matched(control, (one, mine), (other, theirs), ks))
    return out


def controls_of(exhibit: exhibits.Exhibit, choices: Iterable[Choice]) -> list[Choice]:
    """The controls that a table shows."""
    of = exhibit["of"]
    rows = [r for r in choices if is_control(r) and all(r[key] == of[key] for key in _PICKED)]
    return [r for r in rows if "+" not in r["source"]]


def scored_kind(rows: Iterable[Choice]) -> str:
    """The kind of ranking that random ones are held against: the one that is turned round."""
    return next((kind for _, kind in map(control_of, rows) if kind), "")


def partner(row: Choice, lowest: Mapping[tuple, Choice], default: str) -> Choice | None:
    """The sweep of the lowest heads that a control is compared with."""
    _, kind = control_of(row)
    keys = ((name, *_point(row)) for name in ([kind] if kind else [default, ""]))
    return next((lowest[key] for key in keys if key in lowest), None)


def lowest_of(choices: Iterable[Choice]) -> dict[tuple, Choice]:
    """(kind, point) -> the sweep that prunes the lowest heads by a scored ranking of the source."""
    found: dict[tuple, Choice] = {}
    for row in choices:
        main = row["role"] == "main" and "+" not in row["source"]
        if main and not is_control(row) and row["ranking"].endswith(f"-{row['source']}"):
            kind = ranking_kind(row["ranking"], row["source"])
            for name in (kind, ""):  # "": whatever ranking comes first, for the random ones
                found.setdefault((name, *_point(row)), row)
    return found


def interval_apart(
    differences: Iterable[Row],
    rows: Sequence[Choice],
    line: Mapping[str, Any],
    pair: Mapping[str, str],
) -> dict[str, float | None]:
    """The ends of the interval of a line's difference to the lowest heads, by the k chosen on dev;
    of several random rankings together there is none. pair: with empty names for a mean."""
    ends: dict[str, float | None] = dict.fromkeys(("difference_low", "difference_high"))
    value = line["dev_selected_difference"]
    kinds = {ranking_kind(row["ranking"], row["source"]) for row in rows}
    if len(kinds) != 1 or value is None:
        return ends
    wanted = {f"other_{name}": rows[0][name] for name in ("experiment", "setting")}
    wanted |= {name: rows[0][name] for name in ("corpus", "model", "metric")}
    wanted |= {"other_ranking": kinds.pop(), "criterion": "dev_selected", **pair}
    for row in differences:
        # There the control is taken from the lowest.
        mine = all(row[name] == text for name, text in wanted.items()) and row["low"] is not None
        if mine and same_gain({"gain": -row["difference"]}, value):
            return {"difference_low": -row["high"], "difference_high": -row["low"]}
    return ends


def _point(row: Mapping[str, Any]) -> tuple:
    return tuple(row[key] for key in _SAME)
