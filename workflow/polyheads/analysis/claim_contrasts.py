"""Which groups of sweeps the claims about differences compare: settings, and the heads pruned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import replace
from itertools import product

from polyheads.analysis.contrasted import Contrast, matched
from polyheads.analysis.groups import Group, Study, is_of_tables, main_groups, pairs_of
from polyheads.catalogue import published
from polyheads.catalogue.methods import KINDS
from polyheads.study.controls import HIGHEST, RANDOM
from polyheads.study.displays import TRANSFER

SETTINGS, LRP = "settings", "lrp"  # what a contrast is about, beside HIGHEST and RANDOM


def contrasts(study: Study) -> list[Contrast]:
    """All that the claims compare; `differences` draws both sides together."""
    pruned = (contrast for what in (HIGHEST, RANDOM, LRP) for contrast in of_kinds(study, what))
    return [*of_settings(study), *pruned]


def of_settings(study: Study) -> list[Contrast]:
    """Cross-lingual against multi-lingual, one for each task, corpus and model that has both.

    Of the groups that are alike those that stand for the paper's tables, else those with most
    pairs; without any sweeps where none are alike.
    """
    cross, multi = (
        {group.point: group for group, _ in main_groups(study, setting)} for setting in TRANSFER
    )
    out = []
    for point, one in cross.items():
        if point in multi:
            out += _of_settings(study, one, multi[point])
    return out


def _of_settings(study: Study, one: Group, other: Group) -> list[Contrast]:
    """The contrast of a point, given the groups that stand for the paper's tables.

    [] where these have no pair in common.
    """
    groups = [
        group
        for group, choices in study.groups.items()
        if group.point == one.point and is_of_tables(group, choices)
    ]
    candidates = [
        _matched(study, SETTINGS, *sides)
        for sides in product(*([g for g in groups if g.setting == name] for name in TRANSFER))
        if sides[0].kind == sides[1].kind
    ]
    candidates = [contrast for contrast in candidates if _answers(contrast)]
    of_tables = _matched(study, SETTINGS, one, other)
    if one.kind != other.kind:
        left_out = Counter(ranking=len(study.groups[one]))
        of_tables = replace(of_tables, sweeps=[], left_out=left_out)
    if candidates:
        best = max(candidates, key=lambda c: ((c.one, c.other) == (one, other), *_size(c)))
        if (best.one, best.other) != (one, other):
            best = replace(best, left_out=best.left_out + of_tables.left_out)
        return [best]
    common = pairs_of(study.groups[one]) & pairs_of(study.groups[other])
    return [of_tables] if common else []


def of_kinds(study: Study, what: str) -> list[Contrast]:
    """The lowest heads against the highest or random ones, and gradient against LRP.

    For each group of these, the one of the others that has most of its pairs. Random rankings: the
    first of a place.
    """
    out, seen = [], set()
    for other in study.groups:
        kinds = _opposite(what, other.kind)
        place = (*other.point, other.setting)
        if not kinds or other.setting not in TRANSFER or place in seen:
            continue
        candidates = [
            _matched(study, what, one, other)
            for one in study.groups
            if (one.point, one.setting, one.metric) == (other.point, other.setting, other.metric)
            and one.kind in kinds
        ]
        best = max(filter(_answers, candidates), key=_size, default=None)
        if best:
            seen.add(place)
            out.append(best)
    return out


def _opposite(what: str, kind: str) -> Container[str]:
    """The kinds of rankings that one is the other side of; () for one that isn't asked about."""
    core = kind.removeprefix("reversed-")
    if what == HIGHEST:
        return (core,) if core != kind and core in KINDS else ()
    if what == RANDOM:
        return KINDS if core.startswith("random-") else ()
    return ("gradient",) if kind == "lrp" else ()


def _matched(study: Study, what: str, one: Group, other: Group) -> Contrast:
    return matched(what, (one, study.groups[one]), (other, study.groups[other]), study.tried)


def _answers(contrast: Contrast) -> bool:
    """Whether there is something to compare, or would be if no trials were missing."""
    return bool(contrast.sweeps or contrast.left_out["missing"])


def _size(contrast: Contrast) -> tuple[bool, int, bool]:
    """Which of several contrasts that answer a claim is taken: the largest one."""
    prunes = any(row.protocol == "prune" for row, _ in contrast.sweeps)
    return prunes, len(contrast.pairs), contrast.one.kind == published.RANKING
