"""Maps of the gains of many languages: over the score, over distances, over the tokenizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis import tidy
from polyheads.analysis.many_languages import SCORE, Association, Target
from polyheads.report.cells import number, signed
from polyheads.report.figures.style import FAINT, INK, MARKERS, OKABE_ITO, drawing
from polyheads.report.names import Languages, language_name, title
from polyheads.report.tables.many_languages import PREDICTOR_NAMES
from polyheads.study.displays import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (SCORE, "geographic", "genetic", "syntactic", "featural", "subwords_per_character")
_OTHERS = "other families"


def draw(
    display: Display,
    targets: Sequence[Target],
    rows: Sequence[Association],
    languages: Languages,
    out: str | Path,
) -> None:
    """Gain over each of COLUMNS, a line of panels for each setting, model and source.

    The largest families have a colour and a marker each; rows: the correlations above the panels.
    """
    groups = tidy.grouped(targets, lambda row: (row.setting, row.model, row.source))
    sizes = Counter(row.family for row in targets if row.family)
    families = [family for family, _ in sizes.most_common(len(OKABE_ITO))]
    with drawing(out, 2.3 * len(COLUMNS), 0.8 + 2.4 * max(1, len(groups))) as figure:
        figure.suptitle(title(display))
        if not groups:
            axes = figure.add_subplot()
            axes.set_axis_off()
            axes.text(0.5, 0.5, "missing", ha="center", color=FAINT)
            return
        panels = figure.subplots(len(groups), len(COLUMNS), sharey="row", squeeze=False)
        for axes, predictor in zip(panels[-1], COLUMNS, strict=True):
            axes.set_xlabel(PREDICTOR_NAMES[predictor])
        for line, (place, group) in zip(panels, groups.items(), strict=True):
            setting, model, source = place
            known = {
                row.predictor: row for row in rows if (row.setting, row.model, row.source) == place
            }
            line[0].set_ylabel(f"{model}, {setting}\nfrom {language_name(source, languages)}\ngain")
            for axes, predictor in zip(line, COLUMNS, strict=True):
                _panel(axes, group, families, predictor)
                _write_rho(axes, known.get(predictor))
        _legend(figure, families, several=len(sizes) > len(families))


def _panel(axes: Axes, group: Sequence[Target], families: Sequence[str], predictor: str) -> None:
    axes.axhline(0, color=FAINT, linewidth=0.8)
    # Small families first, so that the others don't hide behind them.
    for family in ("", *families):
        inside = [
            (value, row.gain)
            for row in group
            if (value := row.predictor(predictor)) is not None
            and (row.family == family if family else row.family not in families)
        ]
        if inside:
            axes.plot(*zip(*inside, strict=True), **_look(family, families))
    axes.margins(0.08)
    axes.grid()
    axes.set_axisbelow(True)


def _write_rho(axes: Axes, row: Association | None) -> None:
    """The correlation above a panel: over all languages, given the score but of itself."""
    if row is None or row.rho is None:
        return
    words = "" if row.predictor == SCORE else "given score "
    text = f"{words}ρ {signed(row.rho)}"
    if row.low is not None and row.high is not None:
        text += f" [{signed(row.low)}, {signed(row.high)}]"
    p = f"within families p {number(row.p_within, 3)}, n {row.languages}"
    axes.set_title(f"{text}\n{p}", fontsize=6.8, color=INK)


def _look(family: str, families: Sequence[str]) -> dict[str, Any]:
    look: dict[str, Any] = {"linestyle": "none", "markersize": 3.6, "markeredgewidth": 0.6}
    if not family:
        return look | {"color": FAINT, "marker": ".", "markersize": 4.0}
    place = families.index(family)
    return look | {"color": OKABE_ITO[place], "marker": MARKERS[place], "fillstyle": "none"}


def _legend(figure: Figure, families: Sequence[str], *, several: bool) -> None:
    from matplotlib.lines import Line2D

    names = [*families, *([""] if several else [])]
    entries = [
        Line2D([], [], label=family or _OTHERS, **_look(family, families)) for family in names
    ]
    if entries:
        figure.legend(handles=entries, loc="outside lower center", ncols=min(7, len(entries)))
