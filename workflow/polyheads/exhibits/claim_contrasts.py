"""Lines of claims about differences: between settings, and between the heads that are pruned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from itertools import product

from polyheads.catalogue.methods import KINDS
from polyheads.exhibits import published
from polyheads.exhibits.claim_study import (
    Group,
    Line,
    Pair,
    Study,
    drawn,
    is_of_tables,
    line,
    main_groups,
    named,
    null_rows,
    pairs_of,
    paper,
    table_of,
)
from polyheads.exhibits.contrasted import Contrast, fresh_difference, matched, reasons
from polyheads.exhibits.distances import SETTINGS
from polyheads.exhibits.tables import complete


def contrasts(of: Study) -> list[Contrast]:
    """All that the claims compare; statistics.differences draws both sides together."""
    names = ("highest", "random", "lrp")
    return [*_settings(of), *(found for what in names for found in _kinds(of, what))]


def settings(of: Study) -> Iterator[Line]:
    """Mean cross-lingual less mean multi-lingual gain, of sweeps that differ in nothing else."""
    printed = published.gains(of.results.published)
    for contrast in _settings(of):
        theirs = {
            (m, (source, target)): v - printed[t, m, source, target, SETTINGS[1]]
            for (t, m, source, target, s), v in printed.items()
            if (t, s) == (contrast.one.task, SETTINGS[0])
            and (t, m, source, target, SETTINGS[1]) in printed
        }
        yield _compared(of, contrast, theirs, setting="")


def controls(of: Study, control: str) -> Iterator[Line]:
    """The lowest heads' gains less those of a control (highest | random), on the same pairs."""
    printed = published.control_gains(of.results.published)
    many = {
        (row["task"], row["corpus"], row["model"], row["setting"])
        for row in of.results.nulls
        if row["null"] == "random" and row["p"] is not None
    }
    for contrast in _kinds(of, control):
        other = contrast.other
        if control == "random" and (other.task, other.corpus, other.model, other.setting) in many:
            continue  # many random rankings say more than one
        theirs = _of_control(printed, other, control)
        yield _compared(of, contrast, theirs, setting=other.setting)
    if control == "random":
        yield from _against_random(of, printed)


def lrp(of: Study) -> Iterator[Line]:
    """Gains with rankings by gradient less those with rankings by LRP, on the same pairs."""
    printed = published_lrp()
    for contrast in _kinds(of, "lrp"):
        other = contrast.other
        theirs = {m: v for (t, m, s), v in printed.items() if (t, s) == (other.task, other.setting)}
        made = _compared(of, contrast, {}, setting=other.setting)
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


def _settings(of: Study) -> list[Contrast]:
    """One for each task, corpus and model that has both settings: of the groups that are alike
    those that stand for the paper's tables, else those with most pairs; without any sweeps where
    none are alike.
    """
    sides = [dict((key[2:5], key) for key, _ in main_groups(of, s)) for s in SETTINGS]
    out = []
    for place, one in sides[0].items():
        if place not in sides[1]:
            continue
        wanted = (one, sides[1][place])
        here = [k for k, rows in of.groups.items() if k[2:5] == place and is_of_tables(k, rows)]
        found = [
            _matched(of, "settings", *keys)
            for keys in product(*([k for k in here if k.setting == s] for s in SETTINGS))
            if keys[0].kind == keys[1].kind
        ]
        found = [contrast for contrast in found if _answers(contrast)]
        of_tables = _matched(of, "settings", *wanted)
        if wanted[0].kind != wanted[1].kind:
            of_tables = replace(of_tables, sweeps=[], left_out=Counter(ranking=len(of.groups[one])))
        if found:
            best = max(found, key=lambda c: ((c.one, c.other) == wanted, *_size(c)))
            if (best.one, best.other) != wanted:
                best = replace(best, left_out=best.left_out + of_tables.left_out)
            out.append(best)
        elif pairs_of(of.groups[wanted[0]]) & pairs_of(of.groups[wanted[1]]):
            out.append(of_tables)
    return out


def _kinds(of: Study, what: str) -> list[Contrast]:
    """The lowest heads against the highest or random ones, gradient against LRP: for each group of
    these the one of the others that has most of its pairs. Random rankings: the first of a place.
    """
    out, seen = [], set()
    for other in of.groups:
        core = other.kind.removeprefix("reversed-")
        wanted: Container[str]
        if what == "highest" and core != other.kind and core in KINDS:
            wanted = (core,)
        elif what == "random" and core.startswith("random-"):
            wanted = KINDS
        elif what == "lrp" and other.kind == "lrp":
            wanted = ("gradient",)
        else:
            continue
        place = other[2:6]
        if other.setting not in SETTINGS or place in seen:
            continue
        found = [
            _matched(of, what, key, other)
            for key in of.groups
            if key[2:] == other[2:] and key.kind in wanted
        ]
        best = max(filter(_answers, found), key=_size, default=None)
        if best:
            seen.add(place)
            out.append(best)
    return out


def _matched(of: Study, what: str, one: Group, other: Group) -> Contrast:
    return matched(what, (one, of.groups[one]), (other, of.groups[other]), of.ks)


def _answers(contrast: Contrast) -> bool:
    """Whether there is something to compare, or would be if no trials were missing."""
    return bool(contrast.sweeps or contrast.left_out["missing"])


def _size(contrast: Contrast) -> tuple:
    """Which of several contrasts that answer a claim is told: the largest one."""
    prunes = any(row["protocol"] == "prune" for row, _ in contrast.sweeps)
    return prunes, len(contrast.pairs), contrast.one.kind == published.RANKING


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
                best = [n for n in null_rows(of, key, "random", "test_oracle")]
                yield line(
                    *(key.task, key.corpus, key.model, setting),
                    paper(theirs, key.model, pairs_of(complete(rows))),
                    dev_selected=null["gain"] - null["null_mean"],
                    test_oracle=best[0]["gain"] - best[0]["null_mean"] if best else None,
                    p=null["p"],
                    note=f"against {null['n']} random rankings",
                    # Random rankings are trainings of their own: their spread holds training noise.
                    noise=True,
                    null_n=null["n"],
                    runs=len({row["seed"] for row in rows}),
                    exhibit=table_of(of, key),
                )


def _compared(
    of: Study,
    contrast: Contrast,
    theirs: Mapping[tuple[str, Pair], float],
    *,
    setting: str,
) -> Line:
    """The line of a contrast. theirs: the paper's numbers, of each (model, pair)."""
    key, other = contrast.one, contrast.other
    told = paper(theirs, key.model, contrast.pairs)
    made = line(key.task, key.corpus, key.model, setting, told)
    made |= {"compared": True, "exhibit": table_of(of, other), "runs": len(contrast.seeds)}
    if contrast.left_out:
        made["note"] = f"left out: {reasons(contrast.left_out)}"
    if not contrast.sweeps:
        return made | {"unlike": not contrast.left_out["missing"]}
    made |= {
        criterion: contrast.difference(criterion) for criterion in ("dev_selected", "test_oracle")
    }
    if contrast.moved:
        row = contrast.row(of.results.differences, "dev_selected", made["dev_selected"])
        made |= drawn(row) if row else {}
        made |= fresh_difference(contrast, of.results.choices, of.results.differences)
        made["noise"] = made["fresh_p"] is not None
    return made
