"""Scores over k: test, and the dev score that chooses k."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis import tidy
from polyheads.analysis.curves import Curve, Line
from polyheads.catalogue.tasks import METRICS
from polyheads.report.cells import CRITERION_NAMES
from polyheads.report.figures import curves_of_many, style
from polyheads.report.figures.style import INK, colour, drawing, marker, score_axis
from polyheads.report.names import Languages, language_name, title
from polyheads.study.displays import MANY, Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SELECTED: dict[str, dict[str, Any]] = {
    "dev_selected": {
        **{"marker": "o", "markersize": 11, "markerfacecolor": "none", "markeredgewidth": 2.2},
    },
    "test_oracle": {
        **{"marker": "D", "markersize": 10, "markerfacecolor": "none", "markeredgewidth": 1.4},
    },
}
_BAND_MEAN: dict[str, Any] = {"linewidth": 0.9, "alpha": 0.6, "zorder": 1.5}


def draw(display: Display, rows: Sequence[Curve], languages: Languages, out: str | Path) -> None:
    """Scores over k, one panel per target: test above, the dev score that chooses k below.

    One line per model (mean and range over seeds); a circle at the k chosen on dev, a diamond at
    the best of k >= 1 on test, a dotted line at the test score of k = 0. Behind them the band of
    the random rankings of the same point. MANY targets share a panel (`curves_of_many`).
    """
    targets = tidy.grouped(rows, lambda row: row.target)
    if len(targets) >= MANY:
        curves_of_many.draw(display, rows, languages, out)
        return
    models = list(dict.fromkeys(row.model for row in rows))
    across = min(4, len(targets))
    down = math.ceil(len(targets) / across)
    label = METRICS[display.task][display.metric]
    with drawing(out, max(5.2, 1.0 + 2.5 * across), 0.9 + 3.5 * down) as figure:
        grid = figure.add_gridspec(2 * down, across, height_ratios=[2.4, 1.2] * down)
        for i, (target, curves) in enumerate(targets.items()):
            line, column = divmod(i, across)
            top = figure.add_subplot(grid[2 * line, column])
            low = figure.add_subplot(grid[2 * line + 1, column], sharex=top)
            for curve in sorted(curves, key=lambda curve: models.index(curve.model)):
                number = models.index(curve.model)
                _band(top, curve.random_test, number)
                _band(low, curve.random_dev, number)
                _sweeps(top, low, curve, number)
            _axes(top, low, curves)
            top.set_title(language_name(target, languages), fontweight="bold")
            if column == 0:
                top.set_ylabel(f"test {label} (%)")
            if column == 0 or curves[0].dev_languages == target:
                dev = language_name(curves[0].dev_languages, languages)
                # The lower panel is short: of several languages each has its line.
                low.set_ylabel(f"dev, {dev} (%)".replace(" + ", " +\n"))
        source = language_name(display.source, languages)
        figure.suptitle(f"{title(display)}, source {source}", fontweight="bold")
        _legend(figure, models, rows)


def _axes(top: Axes, low: Axes, curves: Sequence[Curve]) -> None:
    """Both panels of a target."""
    k_max = max(curve.k_max for curve in curves)
    top.tick_params(labelbottom=False)
    low.set_xlabel("k (heads pruned)")
    low.set_xlim(-0.35, k_max + 0.35)
    low.set_xticks(range(0, k_max + 1, max(1, math.ceil(k_max / 6))))
    for axes in (top, low):
        score_axis(axes)


def _sweeps(top: Axes, low: Axes, curve: Curve, model: int) -> None:
    """One model's sweeps in a test panel and a dev panel, and the k that are selected."""
    for axes, line, dashes in ((top, curve.test, "-"), (low, curve.dev, "--")):
        look: dict[str, Any] = {"color": colour(model), "marker": marker(model)}
        axes.plot(line.ks, line.means, linestyle=dashes, markersize=3.5, linewidth=1.6, **look)
        if line.lows:
            ends = (line.lows, line.highs)
            axes.fill_between(line.ks, *ends, color=colour(model), alpha=0.15, linewidth=0)
        if axes is top and line.ks and line.ks[0] == 0:
            axes.axhline(line.means[0], color=colour(model), linestyle=":", linewidth=1)
    ring: dict[str, Any] = {"color": colour(model), "linestyle": "none"}
    ring |= {"clip_on": False, "zorder": 5}
    for chosen, best in zip(curve.dev_selected.points, curve.test_oracle.points, strict=True):
        if chosen:
            top.plot(chosen.k, chosen.test, **_SELECTED["dev_selected"], **ring)
        if chosen and chosen.dev is not None:
            low.plot(chosen.k, chosen.dev, **_SELECTED["dev_selected"], **ring)
        if best:
            top.plot(best.k, best.test, **_SELECTED["test_oracle"], **ring)


def _band(axes: Axes, line: Line, model: int) -> None:
    """The band of one model's random rankings and their mean."""
    if line.ks:
        look = _band_look(colour(model))
        axes.fill_between(line.ks, line.lows, line.highs, zorder=1, **look)
        axes.plot(line.ks, line.means, color=colour(model), **_BAND_MEAN)


def _band_look(colour: str) -> dict[str, Any]:
    """With an outline, because the band of seeds has none."""
    return {"facecolor": (colour, 0.1), "edgecolor": (colour, 0.4), "linewidth": 0.4}


def _legend(figure: Figure, models: Sequence[str], rows: Sequence[Curve]) -> None:
    from matplotlib.artist import Artist
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Artist] = []
    for number, model in enumerate(models):
        look: dict[str, Any] = {"color": colour(number), "marker": marker(number)}
        entries.append(Line2D([], [], label=model, linewidth=2, markersize=4, **look))
    for criterion, selected in _SELECTED.items():
        name = CRITERION_NAMES[criterion]
        entries.append(Line2D([], [], label=name, color=INK, linestyle="none", **selected))
    entries.append(Line2D([], [], label="test at k = 0", color=INK, linestyle=":"))
    counted = [row for row in rows if row.random_rankings]
    counts = sorted(n for row in counted for n in (row.random_fewest, row.random_rankings) if n)
    if counts and counts[-1] > 1:
        span = "10th–90th percentile" if rows[0].in_percentiles else "range"
        count = "–".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
        entries.append(Patch(label=f"{count} random rankings, {span}", **_band_look(INK)))
        entries.append(Line2D([], [], label="their mean", color=INK, **_BAND_MEAN))
    style.legend(figure, entries)
