"""Lines of claims about differences: between settings, and between the heads that are pruned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from polyheads.exhibits import published
from polyheads.exhibits.claim_study import (
    Group,
    Line,
    Pair,
    Study,
    estimate,
    line,
    main_groups,
    moved,
    named,
    null_rows,
    numbers,
    pairs_of,
    paper,
    partner,
    table_of,
)
from polyheads.exhibits.distances import SETTINGS
from polyheads.exhibits.tables import Choice, complete, mean
from polyheads.kinds import KINDS
from polyheads.statistics.contrasts import difference


def settings(of: Study) -> Iterator[Line]:
    """Mean cross-lingual gain less mean multi-lingual gain."""
    printed = published.gains(of.results.published)
    multi = {
        (key.task, key.corpus, key.model, key.metric): (key, rows)
        for key, rows in main_groups(of, SETTINGS[1])
    }
    for key, rows in main_groups(of, SETTINGS[0]):
        other = multi.get((key.task, key.corpus, key.model, key.metric))
        if other and pairs_of(rows) & pairs_of(other[1]):
            theirs = {
                (m, (source, target)): v - printed[t, m, source, target, SETTINGS[1]]
                for (t, m, source, target, s), v in printed.items()
                if (t, s) == (key.task, SETTINGS[0])
                and (t, m, source, target, SETTINGS[1]) in printed
            }
            yield _compared(of, (key, rows), other, theirs, setting="")


def controls(of: Study, control: str) -> Iterator[Line]:
    """The lowest heads' gains less those of a control (highest | random), on the same pairs."""
    printed = published.control_gains(of.results.published)
    many = {
        (row["task"], row["corpus"], row["model"], row["setting"])
        for row in of.results.nulls
        if row["null"] == "random" and row["p"] is not None
    }
    seen = set()
    for other, rows in of.groups.items():
        if other.setting not in SETTINGS:
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
        theirs = _of_control(printed, other, control)
        yield _compared(of, (key, lowest), (other, rows), theirs, setting=other.setting)
    if control == "random":
        yield from _against_random(of, printed)


def lrp(of: Study) -> Iterator[Line]:
    """Gains with rankings by gradient less those with rankings by LRP, on the same pairs."""
    printed = published_lrp()
    for other, rows in of.groups.items():
        if other.kind == "lrp" and other.setting in SETTINGS:
            found = partner(of, other, rows, lambda kind: kind == "gradient")
            if found:
                theirs = {
                    m: v
                    for (t, m, s), v in printed.items()
                    if (t, s) == (other.task, other.setting)
                }
                made = _compared(of, found, (other, rows), {}, setting=other.setting)
                # The paper's text has means over all its pairs, and no number of a pair.
                yield made | {"published": named(theirs, other.model)}


def published_lrp() -> dict[tuple[str, str, str], float]:
    """(task, model, setting) -> mean gain by gradient less that by LRP, by the paper's text."""
    said = published.said()
    return {
        (task, model, setting): said["mean_gain", task, model, setting, "gradient"][0] - value
        for (quantity, task, model, setting, kind), (value, _) in said.items()
        if quantity == "mean_gain" and kind == "lrp"
    }


def _of_control(
    printed: Mapping[tuple[str, ...], float], key: Group, control: str
) -> dict[tuple[str, Pair], float]:
    """Of published.control_gains those of a group's task and setting."""
    return {
        (m, (source, target)): v
        for (t, m, source, target, s, c), v in printed.items()
        if (t, s, c) == (key.task, key.setting, control)
    }


def _against_random(of: Study, printed: Mapping[tuple[str, ...], float]) -> Iterator[Line]:
    for setting in SETTINGS:
        for key, rows in main_groups(of, setting):
            theirs = _of_control(printed, key, "random")
            for null in null_rows(of, key, "random"):
                best = [n for n in null_rows(of, key, "random", "best")]
                yield line(
                    *(key.task, key.corpus, key.model, setting),
                    paper(theirs, key.model, pairs_of(complete(rows))),
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
    theirs: Mapping[tuple[str, Pair], float],
    *,
    setting: str,
) -> Line:
    """One group's mean gain less another's, on the pairs of languages that both have gains of.

    theirs: the paper's, of each (model, pair).
    """
    key = one[0]
    common = pairs_of(complete(one[1])) & pairs_of(complete(other[1]))
    one, other = (
        (k, [row for row in rows if (row["source"], row["target"]) in common])
        for k, rows in (one, other)
    )
    told = paper(theirs, key.model, common)
    made = line(key.task, key.corpus, key.model, setting, told)
    sides = [mean(r["best_gain"] for r in rows) for _, rows in (one, other)]
    if None not in sides:
        made["best"] = sides[0] - sides[1]
    if all(any(r["sound_gain"] is not None for r in rows) for _, rows in (one, other)):
        # Where dev chose k = 0 for all pairs, the gain is 0 whatever sentences are drawn; where it
        # did on both sides, nothing is compared.
        a, b = (
            estimate(of, k, rows) if moved(rows) else (0.0, 0.0, 0.0) for k, rows in (one, other)
        )
        made["sound"] = a[0] - b[0]
        if (moved(one[1]) or moved(other[1])) and None not in (a[1], b[1]):
            made |= numbers(difference(a, b))
    return made | {"compared": True, "noise": of.several_seeds, "exhibit": table_of(of, other[0])}
