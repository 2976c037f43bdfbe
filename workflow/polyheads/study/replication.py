"""Which experiment does what the paper's released code does, and which what the paper says.

An experiment with `heads_at_test: all` runs what the released code does; its partner is the
experiment that runs what the paper says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polyheads.study.plan import Sweep
from polyheads.study.rankings import parse, ranking_kind


@dataclass(frozen=True)
class Replication:
    """An experiment as released, and its partner, each with its kind of ranking."""

    experiment: str
    ranking: str
    partner: str
    partner_ranking: str


def pairs(sweeps: Iterable[Sweep], settings: Iterable[str]) -> list[Replication]:
    """The experiments with all heads on at test that have a partner.

    The partner is of the same corpus and protocol, tests without those heads and prunes by a scored
    ranking from its lowest end: the experiment that has most pairs, settings and models in common,
    of several the first. settings: those whose pairs count.
    """
    settings = tuple(settings)
    groups: dict[tuple[str, str], list[Sweep]] = {}
    for sweep in sweeps:
        name = parse(sweep.ranking) if sweep.role == "main" else None
        if name and name.language and not name.reversed:
            kind = ranking_kind(sweep.ranking, sweep.source)
            groups.setdefault((sweep.experiment, kind), []).append(sweep)
    chosen: dict[str, Replication] = {}
    for (experiment, ranking), released in groups.items():
        if released[0].heads != "all" or experiment in chosen:
            continue
        most = 0
        for (partner, partner_ranking), candidates in groups.items():
            common = _in_common(released, candidates, settings)
            if common > most:
                most = common
                chosen[experiment] = Replication(experiment, ranking, partner, partner_ranking)
    return list(chosen.values())


def _in_common(released: list[Sweep], candidates: list[Sweep], settings: tuple[str, ...]) -> int:
    """How many pairs of a setting and model both have; 0 for no partner at all."""
    one, other = released[0], candidates[0]
    alike = (one.corpus, one.protocol) == (other.corpus, other.protocol)
    if not alike or other.heads != "pruned" or len(other.ks) < 2:
        return 0
    places = [
        {(s.setting, s.source, s.target, s.model) for s in side if s.setting in settings}
        for side in (released, candidates)
    ]
    return len(places[0] & places[1])
