"""Cells of the kinds that tables are made of: scores, gains, k, and numbers as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from polyheads.analysis.choices import Choice
from polyheads.analysis.draws import Shared
from polyheads.analysis.estimates import Estimate
from polyheads.report.table import Cell

MISSING = "missing"
OF_SENTENCES = "°"  # behind a gain: more than the choice of test sentences makes, in one run
CRITERION_NAMES = {"dev_selected": "k chosen on dev", "test_oracle": "best of k ≥ 1 on test"}


def cell(
    text: str,
    *,
    kind: str = "",
    th: str = "",
    colspan: int = 1,
    rowspan: int = 1,
    note: str = "",
    below: str = "",
    href: str = "",
) -> Cell:
    """One cell with this text."""
    return Cell(
        text=text,
        kind=kind,
        th=th,
        colspan=colspan,
        rowspan=rowspan,
        note=note,
        below=below,
        href=href,
    )


def number(value: float | None, digits: int = 2) -> str:
    """A number with a real minus sign, an en dash for none."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign; what rounds to zero has none."""
    text = f"{value:+.{digits}f}".replace("-", "−")
    return text[1:] if float(text[1:]) == 0 else text


def rho(value: float) -> str:
    """A rank correlation; what rounds to zero has no minus."""
    return number(round(value, 2) + 0.0)


def missing(kind: str = "") -> Cell:
    """A cell whose number there should be."""
    return cell(MISSING, kind=f"{kind} missing".strip())


def score(value: float | None, kind: str = "", *, accuracy: float | None = None) -> Cell:
    """A score in percent; below an F1 of part of speech the accuracy of the same trials."""
    if value is None:
        return missing(kind)
    below = "" if accuracy is None else f"acc. {number(accuracy)}"
    return cell(number(value), kind=kind, below=below)


def gain(
    value: float | None,
    spread: float | None = None,
    kind: str = "",
    *,
    estimate: Estimate | None = None,
) -> Cell:
    """A difference in percentage points, marked by sign (and by colour).

    spread: standard deviation over seeds. estimate: of this gain: an interval below it, p on hover,
    a mark where it is told apart from zero.
    """
    if value is None:
        return missing(kind)
    text = signed(value)
    sign = {"+": "up", "−": "down"}.get(text[0], "")
    if spread is not None:
        text += f" ± {number(spread)}"
    below = note = ""
    if estimate:
        text += mark(estimate)
        below = interval(estimate.low, estimate.high)
        if below and estimate.level == "mean":
            below += shares(estimate)
        if estimate.p is not None and estimate.p_holm is not None:
            note = f"p = {estimate.p:.4f}, adjusted by Holm {estimate.p_holm:.4f}"
    return cell(text, kind=f"{kind} {sign}".strip(), below=below, note=note)


def interval(low: float | None, high: float | None) -> str:
    """An interval's ends in brackets, "" for none."""
    return "" if low is None or high is None else f"[{signed(low)}, {signed(high)}]"


def mark(estimate: Estimate) -> str:
    """What stands behind a gain.

    Nothing where it is not significantly different from zero, a star where p holds the noise of
    training, too, and OF_SENTENCES where it doesn't.
    """
    if not estimate.told_apart:
        return ""
    return "*" if estimate.has_training_noise else OF_SENTENCES


def shares(drawn: Shared) -> str:
    """Of a number's draws those above delta, within and below it, for the line below it.

    "" for a number without (see analysis.draws).
    """
    parts = (drawn.above, drawn.within, drawn.below)
    known = [part for part in parts if part is not None]
    return f" {' / '.join(f'{100 * part:.0f}' for part in known)} %" if len(known) == 3 else ""


def k_cell(choices: Sequence[Choice], criterion: str, kind: str = "") -> Cell:
    """The k of these sweeps (one for each seed) by a criterion: `ks_cell`."""
    selected = [row.by(criterion) for row in choices if row.by(criterion).k is not None]
    ks = [one.k for one in selected if one.k is not None]
    missing_ks = [row.missing_k for row in choices if row.missing_k]
    return ks_cell(ks, [one.trial for one in selected], missing_ks, kind)


def ks_cell(
    ks: Sequence[int], trials: Sequence[str], missing_ks: Sequence[str] = (), kind: str = ""
) -> Cell:
    """The k of one sweep for each seed, each leading to its trial's file.

    That file has recipe, ranking and pruned heads. † where trials of one are missing: missing_ks,
    `2 5`.
    """
    if not ks:
        return missing(kind)
    names = [str(k) for k in ks]
    notes = [f"missing: k = {numbers}" for numbers in missing_ks]
    text = ", ".join(names) + ("†" if missing_ks else "")
    made = cell(text, kind=kind, note="; ".join([*notes, *trials]))
    return replace(made, links=tuple(zip(names, trials, strict=True)))


def leading(made: Cell, paths: Iterable[str]) -> Cell:
    """A cell that leads to these files.

    By its text where there is one, by 1, 2, … below it where there are several.
    """
    paths = list(paths)
    names = [made.text] if len(paths) == 1 else [str(i + 1) for i in range(len(paths))]
    return replace(made, links=tuple(zip(names, paths, strict=True)))
