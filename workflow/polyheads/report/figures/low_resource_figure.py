"""Scores over the share of the target's training set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis import tidy
from polyheads.analysis.low_resource import Share
from polyheads.catalogue.tasks import METRICS
from polyheads.report.cells import CRITERION_NAMES
from polyheads.report.figures.style import INK, colour, drawing, marker, score_axis
from polyheads.report.names import Languages, language_name, title
from polyheads.study.displays import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What a line is of, and its look; whoever prints in grey can tell them apart.
_LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "unpruned": ("all heads", {"linestyle": ":", "marker": ""}),
    "dev_selected": (CRITERION_NAMES["dev_selected"], {"linestyle": "-"}),
    "test_oracle": (CRITERION_NAMES["test_oracle"], {"linestyle": "--"}),
}


def draw(display: Display, rows: Sequence[Share], languages: Languages, out: str | Path) -> None:
    """Test score over the percentage of target data, one panel per pair of source and target.

    One colour for each model, one line for each criterion. The band is the interval of the gain at
    the k chosen on dev, around all heads' score.
    """
    pairs = tidy.grouped(rows, lambda row: row.pair)
    models = list(dict.fromkeys(row.model for row in rows))
    across = min(4, len(pairs))
    down = math.ceil(len(pairs) / across)
    label = METRICS[display.task][display.metric]
    with drawing(out, max(5.2, 1.0 + 2.5 * across), 1.2 + 2.5 * down) as figure:
        for i, (pair, shares) in enumerate(pairs.items()):
            axes = figure.add_subplot(down, across, i + 1)
            for number, model in enumerate(models):
                mine = [row for row in shares if row.model == model]
                _lines(axes, mine, number)
                _band(axes, mine, number)
            axes.set_title(language_name(pair[1], languages), fontweight="bold")
            axes.set_xlabel("target's training set (%)")
            axes.set_xlim(0, 104)
            axes.set_xticks(range(0, 101, 20))
            if i % across == 0:
                axes.set_ylabel(f"test {label} (%)")
            score_axis(axes)
        source = language_name(rows[0].source, languages)
        figure.suptitle(f"{title(display)}, source {source}", fontweight="bold")
        _legend(figure, models)


def _lines(axes: Axes, shares: Sequence[Share], model: int) -> None:
    """Scores of one pair and model: all heads', and those of both criteria."""
    for name, (_, dashes) in _LINES.items():
        points = [
            (row.percent, row.unpruned if name == "unpruned" else row.by(name).test)
            for row in shares
        ]
        known = {x: y for x, y in points if y is not None}
        look = {"marker": marker(model), "color": colour(model), "markersize": 3.5, **dashes}
        axes.plot(list(known), list(known.values()), linewidth=1.5, **look)


def _band(axes: Axes, shares: Sequence[Share], model: int) -> None:
    """Where all heads' score would be with the ends of the gain's interval."""
    ends = []
    for row in shares:
        start, estimate = row.unpruned, row.dev_selected.estimate
        if start is not None and estimate.gain is not None:
            # Where dev chose k = 0 nothing is compared, and the band has no width.
            low, high = (
                estimate.gain if end is None else end for end in (estimate.low, estimate.high)
            )
            ends.append((row.percent, start + low, start + high))
    if ends:
        percents, lows, highs = zip(*ends, strict=True)
        axes.fill_between(percents, lows, highs, color=colour(model), alpha=0.12, linewidth=0)


def _legend(figure: Figure, models: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], label=model, color=colour(number), marker=marker(number))
        for number, model in enumerate(models)
    ]
    entries += [Line2D([], [], label=name, color=INK, **look) for name, look in _LINES.values()]
    figure.legend(handles=entries, loc="outside lower center", ncols=min(5, len(entries)))
