"""Claims about languages: how alike their rankings are, and whether gains go with that.

The paper's sections 4.1-4.3 correlate gains with a distance of URIEL (which one it doesn't say),
with the similarity of rankings and look at them by family. Its own rho isn't among the facts that
this project has: the published side is recomputed from its tables, with the distances used here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from polyheads.analysis import language_similarity, tidy
from polyheads.analysis.claims import printed
from polyheads.analysis.claims.evidence import Evidence, seeds_of
from polyheads.analysis.claims.records import (
    Absence,
    ClaimLine,
    Number,
    Published,
    Relation,
)
from polyheads.analysis.contrasts import mean_of_pairs
from polyheads.analysis.correlations import Correlation
from polyheads.analysis.draws import Bounds
from polyheads.analysis.groups import Group, pairs_of
from polyheads.analysis.rankings import Ranking
from polyheads.analysis.ranks import spearman
from polyheads.catalogue import distances, language_facts, published
from polyheads.study.comparisons import Languages, of_languages
from polyheads.study.displays import TRANSFER, is_pair

RANKINGS, FAMILY = "rankings", "family"
PREDICTORS: dict[str, tuple[str, ...]] = {
    "distance": distances.KINDS,
    RANKINGS: (RANKINGS,),
    FAMILY: (FAMILY,),
}
"""Claim -> what gains may go with, of correlations.PREDICTORS."""


def rankings_alike(evidence: Evidence) -> Iterator[ClaimLine]:
    """Mean rho between the rankings of two languages, for every model of a task."""
    for group, rankings in _largest(of_languages(evidence.rankings)).items():
        task = _task(rankings)
        rho = language_similarity.rho_of_pairs(rankings)
        value, low, high, p = mean_of_pairs(rho, list(rankings))
        paper = {
            (model, (language, other)): number
            for (name, model, language, other), number in published.rankings_rho().items()
            if name == task and language < other
        }
        run = [(min(pair), max(pair)) for pair in rho]
        yield ClaimLine(
            task=task,
            corpus=group.corpus,
            model=group.model,
            published=printed.of_pairs(paper, group.model, run),
            dev_selected=Number(value=value),
            bounds=Bounds(low=low, high=high, p_interval=p),
            table=group.name,
        )


def _largest(
    groups: Mapping[Languages, Mapping[str, Ranking]],
) -> dict[Languages, Mapping[str, Ranking]]:
    """Of several recipes and seeds, the one with most languages speaks for a model.

    Rankings by gradient; where there are none, by the first of the other kinds.
    """
    kinds = sorted({group.kind for group in groups})
    kind = "gradient" if "gradient" in kinds else next(iter(kinds), "")
    models = tidy.grouped(
        (group for group in groups if group.kind == kind),
        lambda group: (_task(groups[group]), group.corpus, group.model),
    )
    largest = [max(same, key=lambda group: len(groups[group])) for same in models.values()]
    return {group: groups[group] for group in largest}


def _task(rankings: Mapping[str, Ranking]) -> str:
    return next(iter(rankings.values())).task or ""


def related(evidence: Evidence, predictors: Sequence[str]) -> Iterator[ClaimLine]:
    """Rho of gains and a predictor; of several distances the one with the smallest p."""
    for group, table in _tables(evidence).items():
        mine = [
            row
            for row in evidence.correlations[table]
            if (row.setting, row.model) == (group.setting, group.model)
            and row.predictor in predictors
        ]
        choices = evidence.groups[group]
        line = _related(mine, predictors[0])
        yield replace(
            line,
            task=group.task,
            corpus=group.corpus,
            model=group.model,
            setting=group.setting,
            published=_published(evidence, group, line.relation.predictor),
            absent=_why_absent([row.dev_selected.gain for row in choices if row.whole]),
            runs=seeds_of(choices),
            table=table,
        )


def _related(rows: Sequence[Correlation], default: str) -> ClaimLine:
    """What the correlations say. default: the predictor that is named where none has a p."""
    tested = [(row.p, row) for row in rows if row.criterion == "dev_selected" and row.p is not None]
    p, row = min(tested, key=lambda item: item[0], default=(None, None))
    predictor = row.predictor if row else default
    oracle = (r.rho for r in rows if (r.criterion, r.predictor) == ("test_oracle", predictor))
    line = ClaimLine(
        test_oracle=Number(value=next(oracle, None)), relation=Relation(predictor=predictor)
    )
    if row is None or p is None:
        return line
    relation = Relation(
        predictor=predictor,
        pairs=row.pairs,
        tried=len(tested),
        p_alone=p,
        # Whoever looks at several distances finds one sooner (Bonferroni).
        p=min(1.0, len(tested) * p),
    )
    return replace(line, dev_selected=Number(value=row.rho), relation=relation)


def _why_absent(gains: Sequence[float | None]) -> Absence:
    """Why no correlation of these gains could be made."""
    if not gains:
        return Absence.MISSING
    return Absence.FEW_PAIRS if len(set(gains)) > 1 else Absence.SAME_GAINS


def _tables(evidence: Evidence) -> dict[Group, str]:
    """Of each task, corpus, model and setting: group -> the name of its table of correlations.

    The group is the one with most pairs of languages among those that have such a table.
    """
    tables = {}
    for display in evidence.of_kind("correlations"):
        for group in evidence.groups:
            place = (group.experiment, group.kind, group.metric)
            if group.setting in TRANSFER and place == (
                display.experiment,
                display.ranking,
                display.metric,
            ):
                tables[group] = display.name

    def size(group: Group) -> tuple[bool, int]:
        choices = evidence.groups[group]
        pairs = pairs_of(row for row in choices if row.whole and is_pair(row))
        return choices[0].protocol == "prune", len(pairs)

    points = tidy.grouped(tables, lambda group: (group.point, group.setting))
    largest = [max(groups, key=size) for groups in points.values()]
    return {group: tables[group] for group in largest}


def _published(evidence: Evidence, group: Group, predictor: str) -> Published:
    """Rho of the paper's gains and a predictor: over the pairs run of its models, else all."""
    run = pairs_of(row for row in evidence.groups[group] if row.whole)
    gains = tidy.grouped(
        (
            (model, (source, target), gain)
            for (task, model, source, target, setting), gain in published.gains().items()
            if (task, setting) == (group.task, group.setting)
        ),
        lambda item: item[0],
    )
    of_part = False
    rhos = {}
    for model, items in gains.items():
        known = _values(evidence, group.task, model, predictor)
        of_pairs = {pair: gain for _, pair, gain in items}
        if model == group.model:
            of_part = not of_pairs.keys() <= run
            of_pairs = {pair: gain for pair, gain in of_pairs.items() if pair in run}
        pairs = [pair for pair in of_pairs if pair in known]
        rho = spearman([of_pairs[pair] for pair in pairs], [known[pair] for pair in pairs])
        if rho is not None:
            rhos[model] = rho
    if group.model in gains and group.model not in rhos:
        return Published()
    return replace(printed.of_models(rhos, group.model), of_part=of_part)


def _values(
    evidence: Evidence, task: str, model: str, predictor: str
) -> Mapping[tuple[str, str], float]:
    """The predictor's value of pairs of languages, as far as it is known to the paper."""
    if predictor == RANKINGS:
        return {
            (a, b): rho
            for (name, of_model, a, b), rho in published.rankings_rho().items()
            if (name, of_model) == (task, model)
        }
    # The paper's languages, whether the study has them or not.
    paper = {code for *_, source, target, _ in published.gains() for code in (source, target)}
    known = {**language_facts.named(paper, language_facts.table()), **evidence.languages}
    if predictor == FAMILY:
        family = {code: name for code in known if (name := language_facts.family(code, known))}
        return {(a, b): float(family[a] != family[b]) for a, b in product(family, repeat=2)}
    return distances.between(known, known)[predictor]
