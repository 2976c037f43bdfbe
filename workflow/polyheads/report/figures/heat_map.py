"""Heat maps of head scores."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from polyheads.report.figures.style import INK, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Row = Mapping[str, str | float]  # of a ranking's scores.csv


def score_heat_map(
    scores: Sequence[_Row],
    *,
    title: str,
    raw: str,
    by_layer: bool,
    out: str | Path,
    mark: int = 12,
) -> None:
    """Scores of all heads, normalised (as ranked) and raw, layers down, heads across.

    `scores`: rows with layer, head, raw, normalised, rank (0 = lowest). `raw` says what the raw
    scores are, `by_layer` whether they were divided by layer. The `mark` lowest heads carry
    their place in the pruning order, from 1.
    """
    layers = 1 + max(int(row["layer"]) for row in scores)
    heads = 1 + max(int(row["head"]) for row in scores)
    side = min(0.75, max(0.31, 3.0 / heads))  # of a cell, inches
    width, height = 2 * (heads * side + 0.7), layers * side + 1.4
    with drawing(out, max(width, 5.0), height) as figure:
        normalised, measured = figure.subplots(1, 2)
        label = f"score{' normalised by layer,' * by_layer} scaled to 0–1"
        _panel(figure, normalised, scores, "normalised", label, (0.0, 1.0), mark)
        # From 0 where no score is negative; leave-one-out has negative ones.
        values = [float(row["raw"]) for row in scores]
        low, high = min(0.0, *values), max(values)
        limits = low, high if high > low else 1.0
        _panel(figure, measured, scores, "raw", f"raw score: {raw}", limits, mark)
        figure.suptitle(title, fontweight="bold", fontsize=10)


def _panel(
    figure: Figure,
    axes: Axes,
    scores: Sequence[_Row],
    kind: str,
    label: str,
    limits: tuple[float, float],
    mark: int,
) -> None:
    """The scores of one kind with their colour bar.

    limits: scores of the darkest and the lightest colour.
    """
    places = [(int(row["layer"]), int(row["head"])) for row in scores]
    layers, heads = (1 + max(side) for side in zip(*places, strict=True))
    low, high = limits
    grid = [[float("nan")] * heads for _ in range(layers)]
    for (layer, head), row in zip(places, scores, strict=True):
        grid[layer][head] = float(row[kind])
    image = axes.imshow(grid, cmap="cividis", vmin=low, vmax=high)
    for (layer, head), row in zip(places, scores, strict=True):
        if int(row["rank"]) < mark:
            shade = (float(row[kind]) - low) / (high - low)
            axes.text(
                head,
                layer,
                str(int(row["rank"]) + 1),
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if shade < 0.55 else INK,
            )
    axes.set_xticks(range(heads))
    axes.set_yticks(range(layers))
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("head")
    axes.set_ylabel("layer")
    bar = figure.colorbar(image, ax=axes, location="bottom", fraction=0.08, aspect=28)
    bar.set_label(textwrap.fill(label, 48), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
