"""Scores over k of many targets in one panel: their changes, their mean, and most of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis.curves import MIDDLE, Curve, together
from polyheads.catalogue.tasks import METRICS
from polyheads.report.figures import style
from polyheads.report.figures.style import INK, colour, drawing, marker, score_axis
from polyheads.report.names import Languages, language_name, title
from polyheads.study.displays import Display

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(display: Display, rows: Sequence[Curve], languages: Languages, out: str | Path) -> None:
    """Test score over k less that at k = 0: a thin line for each target, a panel for each model.

    A thick line is the mean over the targets that have all k, a dashed one that of the random
    rankings of the same points, and the band holds the targets between two percentiles.
    """
    models = list(dict.fromkeys(row.model for row in rows))
    with drawing(out, 1.0 + 4.4 * len(models), 4.4) as figure:
        panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
        for number, (axes, model) in enumerate(zip(panels, models, strict=True)):
            found = together([row for row in rows if row.model == model])
            look: dict[str, Any] = {"color": colour(number)}
            for change in found.changes:
                axes.plot(found.ks, change, linewidth=0.4, alpha=0.25, **look)
            if found.changes:
                axes.fill_between(found.ks, found.lows, found.highs, alpha=0.2, linewidth=0, **look)
                axes.plot(found.ks, found.means, marker=marker(number), linewidth=2, **look)
            if found.random:
                axes.plot(found.ks, found.random, linestyle="--", color=INK)
            k_max = max(found.ks, default=0)
            axes.set_xticks(range(0, k_max + 1, max(1, math.ceil(k_max / 6))))
            axes.set_xlabel("k (heads pruned)")
            axes.set_title(f"{model}, {len(found.changes)} targets", fontweight="bold")
            score_axis(axes)
        label = METRICS[display.task][display.metric]
        panels[0].set_ylabel(f"test {label}, change from k = 0")
        source = language_name(display.source, languages)
        figure.suptitle(f"{title(display)}, source {source}", fontweight="bold")
        _legend(figure, random=any(row.random_rankings for row in rows))


def _legend(figure: Figure, *, random: bool) -> None:
    from matplotlib.artist import Artist
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    low, high = MIDDLE
    entries: list[Artist] = [
        Line2D([], [], label="a target", color=INK, linewidth=0.6, alpha=0.6),
        Line2D([], [], label="mean of the targets", color=INK, linewidth=2),
        Patch(label=f"{low}th–{high}th percentile of the targets", color=INK, alpha=0.2),
    ]
    if random:
        words = "mean of the random rankings"
        entries.append(Line2D([], [], label=words, color=INK, linestyle="--"))
    style.legend(figure, entries)
