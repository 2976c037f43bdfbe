"""The paper's claims, held against a study: one line for each claim, task and model.

A claim is three steps: its lines are computed (`gains`, `differences`, `languages`), judged
(`verdicts`), and put into words by the report. `paper` has all claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from polyheads.analysis import groups
from polyheads.analysis.choices import Choice
from polyheads.analysis.claims import printed, verdicts
from polyheads.analysis.claims.evidence import Evidence
from polyheads.analysis.claims.paper import CLAIMS
from polyheads.analysis.claims.records import ClaimLine
from polyheads.analysis.correlations import Correlation
from polyheads.analysis.correlations import rows as correlation_rows
from polyheads.analysis.differences import Difference
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.null_baselines import NullBaseline
from polyheads.analysis.rankings import Ranking
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.study.contents import Contents


def rows(
    contents: Contents,
    choices: Sequence[Choice],
    estimates: Sequence[Estimate] = (),
    null_baselines: Sequence[NullBaseline] = (),
    differences: Sequence[Difference] = (),
    rankings: Sequence[Ranking] = (),
    languages: LanguageFacts | None = None,
    *,
    correlations: Mapping[str, Sequence[Correlation]] | None = None,
) -> list[ClaimLine]:
    """The judged lines of all claims, claim by claim, each with one line or more.

    choices: of all roles. correlations: rows of the tables of this kind by their names, made here
    where they aren't given (permutations take a while).
    """
    languages = languages or {}
    study = groups.study(
        contents.displays,
        contents.sweeps,
        choices,
        with_nulls={row.experiment for row in null_baselines},
    )
    if correlations is None:
        correlations = {
            display.name: correlation_rows(display, choices, rankings, languages)
            for display in contents.displays
            if display.kind == "correlations"
        }
    evidence = Evidence(
        study=study,
        displays=contents.displays,
        choices=choices,
        estimates=estimates,
        null_baselines=null_baselines,
        differences=differences,
        rankings=rankings,
        languages=languages,
        correlations=correlations,
    )
    out = []
    for claim in CLAIMS:
        lines = [replace(line, claim=claim.id, kind=claim.kind) for line in claim.lines(evidence)]
        out += verdicts.judge(lines)
        if not lines:
            numbers = printed.of_all(list(claim.numbers()))
            out.append(ClaimLine(claim=claim.id, kind=claim.kind, published=numbers))
    return out
