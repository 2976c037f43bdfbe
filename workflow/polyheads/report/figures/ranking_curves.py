"""What pruning by each kind of ranking leaves, over k."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis import tidy
from polyheads.analysis.ranking_curves import BAND, RankingCurve
from polyheads.catalogue.tasks import METRICS
from polyheads.report.figures import style
from polyheads.report.figures.style import INK, colour, drawing, marker, score_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":")  # a round of colours has each
_BAND: dict[str, Any] = {"facecolor": (INK, 0.08), "edgecolor": (INK, 0.35), "linewidth": 0.4}
_MEAN: dict[str, Any] = {"color": INK, "linewidth": 0.9, "alpha": 0.6}


def draw(rows: Sequence[RankingCurve], out: str | Path) -> None:
    """Mean test score over k, one panel per group of rankings that were tried on the same pairs.

    A line per kind of ranking; behind them the mean and the band of the random rankings.
    """
    groups = tidy.grouped(rows, lambda row: row.group)
    kinds = list(dict.fromkeys(row.ranking for row in rows if row.ranking != BAND))
    across = min(3, max(1, len(groups)))
    down = -(-len(groups) // across) or 1
    lines = -(-len(kinds) // 3)
    with drawing(out, max(6.0, 1.0 + 3.4 * across), 0.9 + 0.2 * lines + 3.2 * down) as figure:
        grid = figure.subplots(down, across, squeeze=False).flat
        for axes in grid[len(groups) :]:
            axes.set_visible(False)
        for axes, members in zip(grid, groups.values(), strict=False):
            for row in members:
                _line(axes, row, kinds)
            _axes(axes, members)
        figure.suptitle("What pruning by each ranking leaves", fontweight="bold")
        _legend(figure, rows, kinds)


def _line(axes: Axes, row: RankingCurve, kinds: Sequence[str]) -> None:
    line = row.test
    if row.ranking != BAND:
        look = _look(kinds.index(row.ranking))
        axes.plot(line.ks, line.means, linewidth=1.5, markersize=4, zorder=3, **look)
        return
    if line.lows:
        axes.fill_between(line.ks, line.lows, line.highs, zorder=1, **_BAND)
    axes.plot(line.ks, line.means, zorder=2, **_MEAN)


def _look(kind: int) -> dict[str, Any]:
    rounds = kind // len(style.OKABE_ITO)
    dashes = _DASHES[rounds % len(_DASHES)]
    return {"color": colour(kind), "marker": marker(kind + rounds), "linestyle": dashes}


def _axes(axes: Axes, rows: Sequence[RankingCurve]) -> None:
    first = rows[0]
    title = f"{first.model}, {first.corpus},\n{first.recipe}, {first.setting}, {first.protocol}"
    axes.set_title(f"{title} (n = {first.sweeps})", fontweight="bold")
    axes.set_xlabel("k (heads pruned)")
    axes.set_ylabel(f"mean test {METRICS[first.task][first.metric]} (%)")
    axes.set_xticks(sorted({k for row in rows for k in row.test.ks}))
    score_axis(axes)


def _legend(figure: Figure, rows: Sequence[RankingCurve], kinds: Sequence[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [
        Line2D([], [], label=kind, linewidth=1.5, markersize=4, **_look(number))
        for number, kind in enumerate(kinds)
    ]
    bands = [row for row in rows if row.ranking == BAND]
    counts = [str(n) for n in dict.fromkeys(sorted(row.rankings for row in bands))]
    if counts:
        which = "ranking" if counts == ["1"] else "rankings"
        name = f"{'–'.join(dict.fromkeys((counts[0], counts[-1])))} random {which}, mean"
        entries.append(Line2D([], [], label=name, **_MEAN))
    for percentiles, words in ((True, "their 10th–90th percentile"), (False, "their range")):
        if any(row.in_percentiles == percentiles and row.test.lows for row in bands):
            entries.append(Patch(label=words, **_BAND))
    style.legend(figure, entries, across=3)
