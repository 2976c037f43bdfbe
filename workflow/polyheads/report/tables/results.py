"""Result tables: scores and gains by both criteria, as in the paper's Tables 2 to 4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polyheads.analysis import tidy
from polyheads.analysis.accuracy import BESIDE
from polyheads.analysis.choices import CHOICE_COLUMNS, CRITERIA
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.results import MEAN, PAIR, SWEEP, Published, Result
from polyheads.catalogue.tasks import METRICS, PUBLISHED_METRIC
from polyheads.report import names, notes
from polyheads.report.cells import CRITERION_NAMES, cell, gain, ks_cell, number, score
from polyheads.report.names import Languages
from polyheads.report.table import Cell, Table, Value
from polyheads.study.displays import Display

PUBLISHED_CORPORA = {"pos": "UD 2.7", "ner": "CoNLL and others", "sf": "MultiATIS++"}
_NUMBERS = ("dev", "test", "gain")
_ESTIMATED = ("low", "high", "p", "p_holm")


def table(display: Display, rows: Sequence[Result], languages: Languages) -> Table:
    """A line for each source, target and model.

    Unpruned, both criteria, and the published numbers where there are any. Of several seeds a cell
    has the mean, a gain its standard deviation, too. Below a gain stands its interval; a mark where
    it is significantly different from zero.
    """
    levels = tidy.grouped(rows, lambda row: row.level)
    # A pair that was neither run with a model nor published has nothing to show.
    shown = [r for r in levels.get(PAIR, []) if r.sweeps or r.published.gain is not None]
    printed = any(row.published.gain is not None for row in shown)
    means = levels.get(MEAN, []) if any(row.k_max for row in rows) else []
    sweeps = levels.get(SWEEP, [])
    resampled = any(row.resamples is not None for row in _estimates(rows))
    return Table(
        name=display.name,
        title=f"{names.title(display)} (%)",
        notes=_notes(display, sweeps, means, printed=printed),
        general=_general(sweeps, means, printed=printed),
        head=_head(printed=printed),
        body=_body(shown, languages, printed=printed),
        foot=[_foot(row, printed=printed) for row in means],
        records=[_record(display, row, resampled=resampled) for row in sweeps],
    )


def _body(rows: Sequence[Result], languages: Languages, *, printed: bool) -> list[list[Cell]]:
    """The models of a pair below each other, the pairs of a source in one group."""
    body = []
    for source, of_source in tidy.grouped(rows, lambda row: row.source).items():
        name = names.language_name(source, languages)
        first = [cell(name, th="rowgroup", rowspan=len(of_source))]
        for target, of_pair in tidy.grouped(of_source, lambda row: row.target).items():
            name = names.language_name(target, languages)
            first.append(cell(name, th="rowgroup", rowspan=len(of_pair)))
            for row in of_pair:
                body.append([*first, cell(row.model, th="row"), *_numbers(row, printed=printed)])
                first = []
    return body


def _foot(row: Result, *, printed: bool) -> list[Cell]:
    cells = [cell("Mean of the pairs", th="row", colspan=2), cell(row.model, th="row")]
    return [*cells, *_numbers(row, printed=printed)]


def _numbers(row: Result, *, printed: bool) -> list[Cell]:
    """The cells of a line behind its names."""
    return [*_cells(row), *(_published_cells(row.published) if printed else [])]


def _cells(row: Result) -> list[Cell]:
    """Unpruned and both criteria of one model; empty for a pair that isn't run with it."""
    kinds = {criterion: (f"{criterion} first", *[criterion] * 2) for criterion in CRITERIA}
    if row.level == PAIR and not row.sweeps:
        blank = ["first", *kinds["dev_selected"], "dev_selected", *kinds["test_oracle"]]
        return [cell("", kind=kind) for kind in blank]
    rho = cell(number(row.dev_test_spearman), kind="dev_selected")
    unpruned = score(row.unpruned, kind="first", accuracy=row.unpruned_accuracy)
    cells = [unpruned, *_outcome_cells(row, "dev_selected"), rho]
    if row.level == PAIR and not row.k_max:
        # No head was to be pruned: there is no k >= 1, and none is missing.
        return cells + [cell("–", kind=kind) for kind in kinds["test_oracle"]]
    return cells + _outcome_cells(row, "test_oracle")


def _outcome_cells(row: Result, criterion: str) -> list[Cell]:
    """Score, gain and k by one criterion."""
    outcome = row.by(criterion)
    mean = row.level == MEAN
    spread = None if mean else outcome.spread
    return [
        score(outcome.test, kind=f"{criterion} first", accuracy=outcome.accuracy),
        gain(outcome.gain, spread, criterion, estimate=outcome.estimate),
        cell(number(outcome.k, 1), kind=criterion)
        if mean
        else ks_cell(outcome.ks, outcome.trials, row.missing_ks, criterion),
    ]


def _published_cells(published: Published) -> list[Cell]:
    """Published unpruned, best and gain, and how far our gain is from it; empty for what isn't."""
    apart = published.apart
    compared = cell("", kind="published") if apart is None else gain(apart, kind="published")
    if published.gain is None:
        blank = [cell("–", kind=kind) for kind in ("published first", "published", "published")]
        return [*blank, compared]
    return [
        score(published.unpruned, kind="published first"),
        score(published.pruned, kind="published"),
        gain(published.gain, kind="published"),
        compared,
    ]


def _head(*, printed: bool) -> list[list[Cell]]:
    names = ("Source", "Target", "Model")
    top = [cell(name, th="col", rowspan=2, kind="name") for name in names]
    top.append(cell("Unpruned", th="col", rowspan=2, kind="first"))
    low = []
    groups = {"dev_selected": ["pruned", "gain", "k", "ρ"], "test_oracle": ["pruned", "gain", "k"]}
    if printed:
        groups["published"] = ["unpruned", "best", "gain", "ours −"]
    for kind, columns in groups.items():
        name = CRITERION_NAMES.get(kind, kind)
        top.append(cell(name, th="colgroup", colspan=len(columns), kind=f"{kind} first"))
        for i, column in enumerate(columns):
            kinds = kind if i else f"{kind} first"
            low.append(cell(column, th="col", kind=kinds, note=_COLUMN_NOTES.get(column, "")))
    return [top, low]


_COLUMN_NOTES = {
    "ρ": "Spearman's rho of dev and test over k",
    "ours −": "our gain, best on test, less the published gain",
}


def _notes(
    display: Display, sweeps: Sequence[Result], means: Sequence[Result], *, printed: bool
) -> list[str]:
    ranking = names.ranking_name(display.ranking)
    lines = [f"{ranking[:1].upper()}{ranking[1:]}. Scores on test, gains in percentage points."]
    if any(row.missing_ks for row in sweeps):
        lines.append(
            "† Trials are missing; the choice was made among the others. Means are over the pairs"
            " that have gains."
        )
    if printed:
        lines.append(
            f"Published: Ma et al. (2021), {PUBLISHED_CORPORA[display.task]}, best of 12 trials;"
            f" its F1 is our {METRICS[display.task][display.metric]}."
        )
    if sweeps:
        lines += notes.reproduction_notes(sweeps[0].reproduction)
    return lines + notes.problem_notes(_estimates([*sweeps, *means]))


def _general(sweeps: Sequence[Result], means: Sequence[Result], *, printed: bool) -> list[str]:
    lines = []
    if len({row.seed for row in sweeps}) > 1:
        lines.append("Means over seeds, gains ± their standard deviation; one k per seed.")
    if printed:
        lines.append(
            "Published numbers are comparable only where corpus and recipe are the same. Ours −:"
            " our gain, best on test, less the published one. The published mean is over the same"
            " pairs as ours, and is left out where one of these has no published number."
        )
    if any(row.unpruned_accuracy is not None for row in sweeps):
        lines.append(notes.ACCURACY)
    return lines + notes.resampling_notes(_estimates([*sweeps, *means]))


def _estimates(rows: Iterable[Result]) -> list[Estimate]:
    return [row.by(criterion).estimate for row in rows for criterion in CRITERIA]


def _record(display: Display, row: Result, *, resampled: bool) -> dict[str, Value]:
    """The CSV's row of a sweep.

    That of choices.csv, the estimates of its pair, and the published numbers.
    """
    values: dict[str, Value] = {"missing_k": " ".join(row.missing_ks)}
    estimates: dict[str, Value] = {}
    for criterion in CRITERIA:
        outcome = row.by(criterion)
        values |= {f"{criterion}_{name}": getattr(outcome, name) for name in _NUMBERS}
        values[f"{criterion}_k"] = next(iter(outcome.ks), None)
        values[f"{criterion}_trial"] = next(iter(outcome.trials), "")
        values[f"{criterion}_heads"] = next(iter(outcome.heads), "")
        for name in _ESTIMATED:
            estimates[f"{criterion}_{name}"] = getattr(outcome.estimate, name)
    record = {n: values[n] if n in values else getattr(row, n) for n in CHOICE_COLUMNS}
    if display.metric in BESIDE:
        record["unpruned_accuracy"] = row.unpruned_accuracy
        record |= {f"{name}_accuracy": row.by(name).accuracy for name in CRITERIA}
    if resampled:
        record |= estimates
    if display.metric == PUBLISHED_METRIC.get(display.task):
        record |= {
            "published_unpruned": row.published.unpruned,
            "published_test_oracle": row.published.pruned,
            "test_oracle_gain_less_published": row.published.apart,
            "cv_unpruned": row.published.cv_unpruned,
            "cv_test_oracle": row.published.cv_pruned,
        }
    return record
