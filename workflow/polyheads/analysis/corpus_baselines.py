"""Scores that a corpus's own authors published for the models of a study, beside ours.

MasakhaNER 2.0 (Adelani et al., EMNLP 2022): mBERT and XLM-R base, trained on each language alone,
five seeds; means of the result files beside its code (github.com/masakhane-io/masakhane-ner,
commit ba5843cd, MasakhaNER2.0/baseline_models_results, seeds 1 to 5; Luo has none). F1 in percent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev

from polyheads.analysis import tidy
from polyheads.analysis.choices import Score
from polyheads.catalogue import published
from polyheads.catalogue.tasks import PUBLISHED_METRIC

FILE = "masakhaner_f1.csv"
TASK = "ner"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Unpruned runs of one language with a published score.

    F1 and standard deviations over seeds.
    """

    corpus: str
    model: str
    language: str
    recipe: str
    f1: float
    sd: float | None  # of several seeds
    seeds: int
    published_f1: float
    published_sd: float
    published_seeds: int
    difference: float  # ours less theirs


def rows(scores: Iterable[Score]) -> list[Baseline]:
    """The unpruned runs that have a published score.

    Those that were trained on nothing but the language that they are tested on.
    """
    metric = PUBLISHED_METRIC[TASK]
    known = {(row["corpus"], row["model"], row["language"]): row for row in published.rows(FILE)}
    ours = [
        row
        for row in scores
        if row.mixture == row.language == row.target
        and (row.k, row.split, row.metric) == (0, "test", metric)
        and (row.corpus, row.model, row.language) in known
    ]
    groups = tidy.grouped(ours, lambda row: (row.corpus, row.model, row.language, row.recipe))
    out = []
    for (corpus, model, language, recipe), runs in sorted(groups.items()):
        # A trial that several sweeps share counts once.
        values = list({row.trial_path: row.value for row in runs}.values())
        theirs = known[corpus, model, language]
        mean, printed = fmean(values), float(theirs["f1"])
        out.append(
            Baseline(
                corpus=corpus,
                model=model,
                language=language,
                recipe=recipe,
                f1=mean,
                sd=stdev(values) if len(values) > 1 else None,
                seeds=len(values),
                published_f1=printed,
                published_sd=float(theirs["sd"]),
                published_seeds=int(theirs["seeds"]),
                difference=mean - printed,
            )
        )
    return out
