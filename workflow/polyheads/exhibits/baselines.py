"""Scores that a corpus's own authors published for the models of a study, beside ours.

MasakhaNER 2.0 (Adelani et al., EMNLP 2022): mBERT and XLM-R base, trained on each language alone,
five seeds; means of the result files beside its code (github.com/masakhane-io/masakhane-ner,
commit ba5843cd, MasakhaNER2.0/baseline_models_results, seeds 1 to 5; Luo has none). F1 in percent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean, stdev
from typing import Any

from polyheads.catalogue.tasks import METRICS, PUBLISHED_METRIC
from polyheads.exhibits import Languages, language_name
from polyheads.exhibits.published import MODELS, rows
from polyheads.exhibits.tables import Table, cell, gain, number

FILE = "masakhaner_f1.csv"
_TASK = "ner"


def table(scores: Iterable[Mapping[str, Any]], languages: Languages) -> Table | None:
    """The unpruned runs that have a published score; None where the study has no such run.

    scores: rows of selection.load_scores, of which those are taken that were trained on nothing
    but the language they are tested on.
    """
    metric = PUBLISHED_METRIC[_TASK]
    known = {(row["corpus"], row["model"], row["language"]): row for row in rows(FILE)}
    ours: dict[tuple[str, ...], dict[str, float]] = {}
    for row in scores:
        alone = row["mixture"] == row["language"] == row["target"] and row["split"] == "test"
        place = (row["corpus"], row["model"], row["language"])
        if alone and row["k"] == 0 and row["metric"] == metric and place in known:
            # A trial that several sweeps share counts once.
            ours.setdefault((*place, row["recipe"]), {})[row["trial_path"]] = row["value"]
    if not ours:
        return None
    names = ("Corpus", "Model", "Language", "Recipe", "Ours", "Seeds")
    published = ("Published", "Seeds", "Difference")
    head = [[cell(n, th="col", kind="name" if n in names[:4] else "") for n in names]]
    head[0] += [cell(n, th="col", kind="published") for n in published]
    body, lines = [], []
    for (corpus, model, language, recipe), found in sorted(ours.items()):
        there = known[corpus, model, language]
        values, theirs = list(found.values()), float(there["f1"])
        spread = stdev(values) if len(values) > 1 else None
        cells = [cell(corpus, th="row"), cell(MODELS[model], kind="name")]
        cells += [cell(language_name(language, languages), kind="name"), cell(recipe, kind="name")]
        cells += [_with_spread(fmean(values), spread), cell(str(len(values)))]
        cells += [_with_spread(theirs, float(there["sd"]), "published")]
        cells += [cell(there["seeds"], kind="published")]
        body.append([*cells, gain(fmean(values) - theirs, kind="published")])
        line = {"corpus": corpus, "model": model, "language": language, "recipe": recipe}
        line |= {"f1": fmean(values), "sd": spread, "seeds": len(values), "published_f1": theirs}
        lines.append(line | {f"published_{key}": float(there[key]) for key in ("sd", "seeds")})
    notes = [
        f"Unpruned, trained on the language alone; {METRICS[_TASK][metric]} in percent, mean ±"
        " standard deviation over seeds. Published: Adelani et al. (2022), MasakhaNER 2.0, means of"
        " the result files beside its code. It trained for 20 epochs on batches of 32 sentences of"
        " at most 164 subwords, and cut longer ones off; another recipe gives other scores."
    ]
    shape = {"name": "baselines", "title": "Scores that a corpus's authors published"}
    return shape | {"notes": notes, "head": head, "body": body, "foot": [], "records": lines}


def _with_spread(value: float, spread: float | None, kind: str = "") -> dict[str, Any]:
    """A cell with a mean and, where there is one, its standard deviation."""
    text = number(value) if spread is None else f"{number(value)} ± {number(spread)}"
    return cell(text, kind=kind)
