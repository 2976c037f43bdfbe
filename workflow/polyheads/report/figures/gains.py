"""Gains from pruning by both criteria."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis import tidy
from polyheads.analysis.many_languages import EXTREMES
from polyheads.analysis.sweep_gains import SweepGain
from polyheads.report.cells import CRITERION_NAMES
from polyheads.report.figures import style
from polyheads.report.figures.style import FAINT, INK, colour, drawing
from polyheads.report.names import Languages, pair_name, title
from polyheads.study.displays import MANY, Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOKS: dict[str, dict[str, Any]] = {
    "dev_selected": {"marker": "o", "markersize": 6},
    "test_oracle": {
        **{"marker": "D", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.4},
    },
}


def draw(
    display: Display, rows: Sequence[SweepGain], languages: Languages, out: str | Path
) -> None:
    """Gain over k = 0 of every sweep by both criteria, one panel per setting.

    Of MANY targets of a source those that gain most and least.
    """
    every = {row.pair for row in rows}
    rows = _ends(rows)
    shown = {row.pair for row in rows}
    settings = tidy.grouped(rows, lambda row: row.setting)
    models = list(dict.fromkeys(row.model for row in rows))
    longest = max(len({row.pair for row in group}) for group in settings.values())
    step = 0.16 + 0.16 * len(models)
    with drawing(out, 1.4 + 3.9 * len(settings), 1.6 + step * longest) as figure:
        panels = figure.subplots(1, len(settings), sharex=True, squeeze=False)[0]
        for axes, (setting, group) in zip(panels, settings.items(), strict=True):
            _panel(axes, group, models, languages)
            axes.set_title(setting, fontweight="bold")
        words = f"{title(display)}, gain from pruning"
        if len(shown) < len(every):
            words += f"\nlargest and smallest of {len(every)} pairs, by k chosen on dev"
        figure.suptitle(words, fontweight="bold")
        _legend(figure, models)


def _ends(rows: Sequence[SweepGain]) -> list[SweepGain]:
    """The rows to show: all of sources with fewer than MANY targets in a setting.

    Of the others the EXTREMES with the largest mean gain over models and seeds and those with the
    smallest, in this order.
    """
    out = []
    for group in tidy.grouped(rows, lambda row: (row.setting, row.source)).values():
        pairs = tidy.grouped(group, lambda row: row.pair)
        if len(pairs) < MANY:
            out += group
            continue
        means = {
            pair: mean
            for pair, members in pairs.items()
            if (mean := tidy.mean(row.dev_selected for row in members)) is not None
        }
        ordered = sorted(means, key=lambda pair: (-means[pair], pair))
        out += [row for pair in ordered[:EXTREMES] + ordered[-EXTREMES:] for row in pairs[pair]]
    return out


def _panel(
    axes: Axes, rows: Sequence[SweepGain], models: Sequence[str], languages: Languages
) -> None:
    """A line for each pair, its models above each other."""
    axes.axvline(0, color=INK, linewidth=1)
    pairs = list(dict.fromkeys(row.pair for row in rows))
    for row in rows:
        number = models.index(row.model)
        offset = (number - (len(models) - 1) / 2) * 0.6 / len(models)
        _gain(axes, row, pairs.index(row.pair) + offset, colour(number))
    axes.set_yticks(range(len(pairs)), [pair_name(*pair, languages) for pair in pairs])
    for place in range(1, len(pairs)):
        if pairs[place][0] != pairs[place - 1][0]:
            axes.axhline(place - 0.5, color=FAINT, linewidth=0.6)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    axes.set_xlabel("gain over k = 0 (percentage points)")
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def _gain(axes: Axes, row: SweepGain, y: float, colour: str) -> None:
    gains = [gain for gain in (row.dev_selected, row.test_oracle) if gain is not None]
    if not gains:
        axes.text(0, y, " missing", va="center", fontsize=8, color=FAINT)
        return
    axes.plot([min(gains), max(gains)], [y, y], color=colour, linewidth=1, alpha=0.5)
    if row.dev_selected is not None:
        axes.plot(row.dev_selected, y, color=colour, zorder=4, **_LOOKS["dev_selected"])
    if row.test_oracle is not None:
        axes.plot(row.test_oracle, y, color=colour, zorder=5, **_LOOKS["test_oracle"])


def _legend(figure: Figure, models: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], label=model, color=colour(number), linewidth=2)
        for number, model in enumerate(models)
    ]
    for criterion, look in _LOOKS.items():
        name = CRITERION_NAMES[criterion]
        entries.append(Line2D([], [], label=name, color=INK, linestyle="none", **look))
    style.legend(figure, entries)
