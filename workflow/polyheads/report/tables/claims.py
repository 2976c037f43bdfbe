"""Did the paper's claims hold? One line per claim, task and model: published, ours, verdict.

The verdict is a rule made of numbers (analysis.claims.verdicts); the rules stand under the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polyheads.analysis import tidy
from polyheads.analysis.claims.records import ClaimLine, Code, Kind
from polyheads.report.cells import CRITERION_NAMES, cell, number, shares
from polyheads.report.table import Cell, Table, Value
from polyheads.report.tables import claim_notes
from polyheads.report.tables import claim_words as words

_LOOK = {Code.HOLDS: "up", Code.CONTRADICTED: "down"}


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """What some line has, and all have columns or words for."""

    tested: bool
    fresh: bool
    corpora: bool  # some task has several


def table(lines: Sequence[ClaimLine]) -> Table:
    """The table of the start page. lines: of analysis.claims.rows."""
    run = [line for line in lines if line.verdict.code is not Code.NOT_RUN]
    corpora = {(line.task, line.corpus) for line in run}
    columns = _Columns(
        tested=any(line.verdict.p_holm is not None for line in run),
        fresh=any(line.fresh.value is not None for line in run),
        corpora=len(corpora) > len({task for task, _ in corpora}),
    )
    body, absent = [], []
    for claim, members in tidy.grouped(lines, lambda line: line.claim).items():
        if all(line.verdict.code is Code.NOT_RUN for line in members):
            absent.append(words.CLAIMS[claim])
            continue
        name = cell(words.CLAIMS[claim], th="rowgroup", rowspan=len(members), kind="claim")
        rows = [_cells(line, columns) for line in members]
        body += [[name, *rows[0]], *rows[1:]]
    return Table(
        name="claims",
        title="The paper's claims and what this study says to them",
        notes=[*_absent(absent), *claim_notes.notes(run)],
        head=[_head(columns)],
        body=body,
        records=[_record(line) for line in lines],
    )


def _absent(claims: Sequence[str]) -> list[str]:
    """One line for all claims that a study has nothing about."""
    return [f"Not tested in this study: {'; '.join(claims)}."] if claims else []


def _head(columns: _Columns) -> list[Cell]:
    names = [("Claim of the paper", "name"), ("Where", "name"), ("Published", "published wrap")]
    names += [
        (CRITERION_NAMES["dev_selected"], "wrap"),
        (CRITERION_NAMES["test_oracle"], "test_oracle wrap"),
    ]
    names += [("p (Holm)", "wrap")] if columns.tested else []
    names += [("Fresh seeds", "wrap")] if columns.fresh else []
    names.append(("Verdict", "name"))
    return [cell(name, th="col", kind=kind) for name, kind in names]


def _cells(line: ClaimLine, columns: _Columns) -> list[Cell]:
    """The cells of a line behind the claim itself."""
    verdict = words.verdict(line.verdict, line.kind)
    if line.verdict.code is Code.NOT_RUN:
        span = 3 + columns.fresh + columns.tested
        return [
            cell("–", kind="name"),
            _published(line),
            cell(verdict, kind="name soft", colspan=span),
        ]
    where = f"{words.place(line, corpus=columns.corpora)}, {line.model}"
    cells = [cell(where, kind="name where"), _published(line), _dev_selected(line), _oracle(line)]
    if columns.tested:
        p = line.verdict.p_holm
        cells.append(cell("–" if p is None else number(p, 3), note=words.note(line)))
    if columns.fresh:
        cells.append(_fresh(line))
    kind = f"name verdict {_LOOK.get(line.verdict.code, 'soft')}"
    link = f"#table-{line.table}" if line.table else ""
    return [*cells, cell(verdict, kind=kind, href=link)]


def _published(line: ClaimLine) -> Cell:
    paper = line.published
    below = words.published_models(paper) or words.published_of(paper)
    return cell(words.published(line), kind="published", below=below)


def _dev_selected(line: ClaimLine) -> Cell:
    text, counted = words.counts(line.kind, line.dev_selected)
    below = words.interval(line.kind, line.bounds)
    if line.fresh.value is None:  # else the shares are of its draws
        below += shares(line.bounds)
    if text or not below:
        below = f"{counted or words.beside(line)} {below}".strip()
    return cell(text or words.value(line.kind, line.dev_selected.value), below=below)


def _oracle(line: ClaimLine) -> Cell:
    text, below = words.counts(line.kind, line.test_oracle)
    text = text or words.value(line.kind, line.test_oracle.value)
    return cell(text, kind="test_oracle", below=below)


def _fresh(line: ClaimLine) -> Cell:
    below = ""
    if line.fresh.value is not None:
        below = words.interval(line.kind, line.fresh.bounds) + shares(line.fresh.bounds)
    return cell(words.value(line.kind, line.fresh.value), below=below)


def _record(line: ClaimLine) -> dict[str, Value]:
    """A line for the CSV."""
    text, counted = words.counts(line.kind, line.dev_selected)
    oracle_text, oracle_counted = words.counts(line.kind, line.test_oracle)
    run = line.verdict.code is not Code.NOT_RUN
    alike = line.kind is Kind.SIMILARITY and run  # without a best on test
    bounds, fresh = line.bounds, line.fresh.bounds
    return {
        "claim": words.CLAIMS[line.claim],
        "task": line.task,
        "corpus": line.corpus,
        "model": line.model,
        "setting": line.setting,
        "published": words.published(line),
        "published_models": words.published_models(line.published),
        "published_of": words.published_of(line.published),
        "dev_selected": line.dev_selected.value,
        "low": bounds.low,
        "high": bounds.high,
        "test_oracle": line.test_oracle.value,
        "p": line.relation.p if line.kind is Kind.RELATION else line.null.p,
        "fresh": line.fresh.value,
        "fresh_low": fresh.low,
        "fresh_high": fresh.high,
        "dev_selected_text": text,
        "test_oracle_text": "–" if alike else oracle_text,
        "dev_selected_below": counted or words.beside(line),
        "test_oracle_below": oracle_counted,
        "p_interval": bounds.p_interval,
        "fresh_p": fresh.p_interval,
        "p_holm": line.verdict.p_holm,
        "above": line.deciding_bounds.above,
        "within": line.deciding_bounds.within,
        "below": line.deciding_bounds.below,
        "delta": line.deciding_bounds.delta,
        "note": words.note(line),
        "verdict": words.verdict(line.verdict, line.kind),
        "table": line.table,
    }
