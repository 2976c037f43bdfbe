"""How well dev ranks the k of a sweep on test; apart from the tables, which it must not rerun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from polyheads.exhibits import Exhibit, Languages, language_name, members
from polyheads.exhibits.tables import Choice, mean, number
from polyheads.report.figures.plots import FAINT, INK, MARKERS, OKABE_ITO, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STEP = 0.24  # of two rows of dots, in rows of sources
_NEAR = 0.045  # dots of rho nearer than this are put above each other


def draw(
    exhibit: Exhibit, choices: Iterable[Choice], languages: Languages, out: str | Path
) -> None:
    """Spearman's rho of dev and test over k: a dot per target and seed, a bar at their mean.

    One panel per setting, one row per source and model. Sweeps without a rho (fewer than three
    k, or a side that is constant) have no dot; they are counted at the end of the row.
    """
    rows = members(exhibit, choices)
    settings = list(dict.fromkeys(row["setting"] for row in rows))
    models = list(dict.fromkeys(row["model"] for row in rows))
    sources = list(dict.fromkeys(row["source"] for row in rows))
    lines = [(source, model) for source in sources for model in models]
    width = 1.6 + 3.6 * len(settings)
    with drawing(out, max(width, 5.2), 1.5 + 0.42 * len(lines)) as figure:
        panels = figure.subplots(1, len(settings), sharex=True, sharey=True, squeeze=False)[0]
        for axes, setting in zip(panels, settings, strict=True):
            axes.axvline(0, color=INK, linewidth=1)
            for y, (source, model) in enumerate(lines):
                here = [r for r in rows if r["setting"] == setting and r["model"] == model]
                here = [r for r in here if r["source"] == source]
                _row(axes, y, here, models.index(model))
            for place in range(len(models), len(lines), len(models)):
                axes.axhline(place - 0.5, color=FAINT, linewidth=0.6)
            axes.set_title(setting, fontweight="bold")
            axes.set_xlim(-1.08, 1.08)
            axes.set_xlabel("Spearman's ρ of dev and test over k")
            axes.grid(axis="x")
            axes.set_axisbelow(True)
            axes.tick_params(axis="y", length=0)
        middle = (len(models) - 1) / 2
        places = [i * len(models) + middle for i in range(len(sources))]
        panels[0].set_yticks(places, [language_name(s, languages) for s in sources])
        panels[0].set_ylim(len(lines) - 0.4, -0.6)
        figure.suptitle(f"{exhibit['title']}, what dev says about test", fontweight="bold")
        _legend(figure, models)


def _row(axes: Axes, y: float, rows: Sequence[Choice], number_of_model: int) -> None:
    """The dots of one source and model, and the value of their mean beside the axes."""
    if not rows:
        return
    colour = OKABE_ITO[number_of_model % len(OKABE_ITO)]
    marker = MARKERS[number_of_model % len(MARKERS)]
    values = sorted(r["dev_test_spearman"] for r in rows if r["dev_test_spearman"] is not None)
    look = {"color": colour, "marker": marker, "markersize": 4.5, "linestyle": "none"}
    for x, offset in zip(values, _offsets(values), strict=True):
        axes.plot(x, y + offset, alpha=0.75, markeredgewidth=0, **look)
    middle = mean(values)
    if middle is not None:
        axes.plot([middle] * 2, [y - 0.38, y + 0.38], color=colour, linewidth=2.2)
    count = f"n = {len(values)}" + (f" of {len(rows)}" if len(values) < len(rows) else "")
    text = f"{number(middle)}  ({count})"
    place = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 7.5}
    axes.text(1.01, y, text, color=colour, **place)


def _offsets(values: Sequence[float]) -> list[float]:
    """How far dots are moved up and down so that equal ones don't cover each other (sorted)."""
    found: list[float] = []
    run = 0
    for i, value in enumerate(values):
        run = run + 1 if i and value - values[i - 1] < _NEAR else 0
        step = (run + 1) // 2 * (1 if run % 2 else -1)
        found.append(max(-0.36, min(0.36, step * _STEP / 2)))
    return found


def _legend(figure: Figure, models: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    entries = []
    for i, model in enumerate(models):
        look = {"color": OKABE_ITO[i % len(OKABE_ITO)], "marker": MARKERS[i % len(MARKERS)]}
        entries.append(Line2D([], [], label=model, linestyle="none", markersize=4.5, **look))
    # A bar, not a line: the marker is as tall as the bars of the panels.
    bar = {"marker": "|", "markersize": 11, "markeredgewidth": 2.2, "linestyle": "none"}
    entries.append(Line2D([], [], label="mean; its value, n sweeps", color=INK, **bar))
    figure.legend(handles=entries, loc="outside lower center", ncols=len(entries), fontsize=8.5)
