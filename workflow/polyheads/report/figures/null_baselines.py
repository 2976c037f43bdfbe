"""Mean gains beside both null baselines and fresh seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis import tidy
from polyheads.analysis.estimates import LEVEL
from polyheads.analysis.null_gains import NullGain
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.report.cells import CRITERION_NAMES
from polyheads.report.figures import style
from polyheads.report.figures.style import INK, colour, drawing
from polyheads.report.names import ranking_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAIN, _FRESH = colour(0), colour(1)
_BANDS: dict[str, tuple[str, dict[str, Any]]] = {
    "noise": (
        "unpruned runs, the same choice",
        {"facecolor": "#d8dbe0", "edgecolor": "#8c959f", "linewidth": 0.5},
    ),
    "random": (
        "random heads, the same choice",
        {"facecolor": "white", "edgecolor": INK, "linewidth": 0.5, "hatch": "////"},
    ),
}
_PLACES = {"noise": 0.14, "random": 0.34}  # of the bands' middles below the line of the gain
_THICK = 0.16


def draw(rows: Sequence[NullGain], out: str | Path) -> None:
    """A line for each mean gain with its interval, the ranges of both nulls below it.

    One panel for each criterion; a square is the gain of seeds that took no part in the choice.
    """
    panels = tidy.grouped(rows, lambda row: row.criterion)
    lines = list(dict.fromkeys(map(_words, rows)))
    height = 1.5 + 0.62 * max(1, len(lines))
    with drawing(out, 2.4 + 3.6 * max(1, len(panels)), height) as figure:
        across = max(1, len(panels))
        grid = figure.subplots(1, across, sharex=True, sharey=True, squeeze=False)[0]
        for axes, (criterion, members) in zip(grid, panels.items(), strict=False):
            axes.axvline(0, color=INK, linewidth=1)
            for row in members:
                _line(axes, lines.index(_words(row)), row)
            axes.set_title(CRITERION_NAMES[criterion], fontweight="bold")
            axes.set_xlabel("mean gain over k = 0 (percentage points)")
            axes.grid(axis="x")
            axes.set_axisbelow(True)
            axes.tick_params(axis="y", length=0)
        grid[0].set_yticks(range(len(lines)), lines)
        grid[0].set_ylim(len(lines) - 0.4, -0.5)
        figure.suptitle("Mean gains compared with chance", fontweight="bold")
        _legend(figure, rows)


def _words(row: NullGain) -> str:
    """What a line is called."""
    about = f"{row.experiment} ({ranking_name(row.ranking)})"
    return f"{TASK_NAMES[row.task]}, {row.model}\n{about},\n{row.setting}"


def _line(axes: Axes, y: int, row: NullGain) -> None:
    from matplotlib.patches import Rectangle

    for null, (_, look) in _BANDS.items():
        low, high, mean = (getattr(row, f"{null}_{end}") for end in ("low", "high", "mean"))
        if low is None or high is None:
            continue
        middle = y + _PLACES[null]
        axes.add_patch(Rectangle((low, middle - _THICK / 2), high - low, _THICK, **look))
        axes.vlines(mean, middle - _THICK / 2, middle + _THICK / 2, color=INK, linewidth=1.4)
    _point(axes, y - 0.12, (row.gain, row.low, row.high), _GAIN, "o")
    if row.fresh is not None:
        _point(axes, y - 0.28, (row.fresh, row.fresh_low, row.fresh_high), _FRESH, "s")


def _point(
    axes: Axes,
    y: float,
    value: tuple[float, float | None, float | None],
    colour: str,
    marker: str,
) -> None:
    """A gain and its interval."""
    middle, low, high = value
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=colour, linewidth=1.6, zorder=3)
    axes.plot([middle], [y], color=colour, marker=marker, markersize=5.5, zorder=4)


def _legend(figure: Figure, rows: Sequence[NullGain]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [
        Line2D([], [], label=f"gain, {LEVEL} % interval", color=_GAIN, marker="o", linewidth=1.6)
    ]
    if any(row.fresh is not None for row in rows):
        look: dict[str, Any] = {"color": _FRESH, "marker": "s", "linewidth": 1.6}
        entries.append(Line2D([], [], label="fresh seeds, at the k of dev", **look))
    for null, (words, look) in _BANDS.items():
        if any(getattr(row, f"{null}_low") is not None for row in rows):
            entries.append(Patch(label=words, **look))
    style.legend(figure, entries)
