"""How well dev ranks the k of a sweep on test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis.dev_test import DevTest
from polyheads.report.cells import number
from polyheads.report.figures import style
from polyheads.report.figures.style import FAINT, INK, colour, drawing, marker
from polyheads.report.names import Languages, language_name, title
from polyheads.study.displays import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STEP = 0.24  # of two rows of dots, in rows of sources
_NEAR = 0.045  # dots of rho nearer than this are put above each other


def draw(display: Display, rows: Sequence[DevTest], languages: Languages, out: str | Path) -> None:
    """Spearman's rho of dev and test over k: a dot per target and seed, a bar at their mean.

    One panel per setting, one row per source and model. Sweeps without a rho (fewer than three
    k, or a side that is constant) have no dot; they are counted at the end of the row.
    """
    settings = list(dict.fromkeys(row.setting for row in rows))
    models = list(dict.fromkeys(row.model for row in rows))
    sources = list(dict.fromkeys(row.source for row in rows))
    places = {(row.setting, row.source, row.model): row for row in rows}
    lines = [(source, model) for source in sources for model in models]
    width = 1.6 + 3.6 * len(settings)
    with drawing(out, max(width, 5.2), 1.5 + 0.42 * len(lines)) as figure:
        panels = figure.subplots(1, len(settings), sharex=True, sharey=True, squeeze=False)[0]
        for axes, setting in zip(panels, settings, strict=True):
            axes.axvline(0, color=INK, linewidth=1)
            for y, (source, model) in enumerate(lines):
                if row := places.get((setting, source, model)):
                    _dots(axes, y, row, models.index(model))
            for place in range(len(models), len(lines), len(models)):
                axes.axhline(place - 0.5, color=FAINT, linewidth=0.6)
            axes.set_title(setting, fontweight="bold")
            axes.set_xlim(-1.08, 1.08)
            axes.set_xlabel("Spearman's ρ of dev and test over k")
            axes.grid(axis="x")
            axes.set_axisbelow(True)
            axes.tick_params(axis="y", length=0)
        middle = (len(models) - 1) / 2
        ticks = [i * len(models) + middle for i in range(len(sources))]
        panels[0].set_yticks(ticks, [language_name(source, languages) for source in sources])
        panels[0].set_ylim(len(lines) - 0.4, -0.6)
        figure.suptitle(f"{title(display)}, what dev says about test", fontweight="bold")
        _legend(figure, models)


def _dots(axes: Axes, y: float, row: DevTest, model: int) -> None:
    """The dots of one source and model, and the value of their mean beside the axes."""
    look = _look(model)
    for x, offset in zip(row.rhos, _offsets(row.rhos), strict=True):
        axes.plot(x, y + offset, alpha=0.75, markeredgewidth=0, **look)
    if row.mean is not None:
        axes.plot([row.mean] * 2, [y - 0.38, y + 0.38], color=colour(model), linewidth=2.2)
    count = f"n = {len(row.rhos)}"
    if len(row.rhos) < row.sweeps:
        count += f" of {row.sweeps}"
    text = f"{number(row.mean)}  ({count})"
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.text(1.01, y, text, color=colour(model), fontsize=7.5, **place)


def _look(model: int) -> dict[str, Any]:
    """Of the dots of the nth model."""
    dots = {"markersize": 4.5, "linestyle": "none"}
    return {"color": colour(model), "marker": marker(model), **dots}


def _offsets(values: Sequence[float]) -> list[float]:
    """How far dots are moved up and down so that equal ones don't cover each other (sorted)."""
    offsets: list[float] = []
    run = 0
    for i, value in enumerate(values):
        run = run + 1 if i and value - values[i - 1] < _NEAR else 0
        step = (run + 1) // 2 * (1 if run % 2 else -1)
        offsets.append(max(-0.36, min(0.36, step * _STEP / 2)))
    return offsets


def _legend(figure: Figure, models: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    entries = [Line2D([], [], label=model, **_look(place)) for place, model in enumerate(models)]
    # A bar, not a line: the marker is as tall as the bars of the panels.
    bar: dict[str, Any] = {
        "marker": "|",
        "markersize": 11,
        "markeredgewidth": 2.2,
        "linestyle": "none",
    }
    entries.append(Line2D([], [], label="mean; its value, n sweeps", color=INK, **bar))
    style.legend(figure, entries, across=len(entries))
