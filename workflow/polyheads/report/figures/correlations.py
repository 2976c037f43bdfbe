"""Scatter plots of gain and how far apart the languages are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis.choices import CRITERIA
from polyheads.analysis.correlations import Correlation, Point
from polyheads.catalogue.distances import KINDS
from polyheads.report.cells import CRITERION_NAMES, number, signed
from polyheads.report.figures.style import FAINT, INK, MARKERS, OKABE_ITO, drawing
from polyheads.report.names import Languages, language_name, title
from polyheads.study.displays import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (*KINDS, "rankings")
_FILLS = ("full", "none", "left", "right", "bottom", "top")  # of models: not by colour alone
_LINE = 9.0  # height of a line of rho, points


def draw(
    display: Display,
    points: Sequence[Point],
    rows: Sequence[Correlation],
    languages: Languages,
    out: str | Path,
) -> None:
    """Gain of each pair over the distance of its languages.

    A panel for each kind of distance and one for the similarity of rankings; two rows for each
    setting, one a criterion. What isn't known of any pair has no panels. Colour and filling: model;
    marker: source (model, where there is one source). Above a panel rho, p and the number of pairs
    of each model.
    """
    columns = [name for name in COLUMNS if any(p.predictor(name) is not None for p in points)]
    if not columns:
        with drawing(out, 5.2, 1.5) as figure:
            figure.suptitle(title(display), fontweight="bold")
            figure.text(0.5, 0.4, "missing", ha="center", color=FAINT)
        return
    settings = dict.fromkeys(point.setting for point in points)
    lines = [(setting, criterion) for setting in settings for criterion in CRITERIA]
    looks = _Looks(
        models=list(dict.fromkeys(point.model for point in points)),
        sources=list(dict.fromkeys(point.source for point in points)),
    )
    above = _LINE * len(looks.models)  # height of the lines of rho
    height = 1.0 + len(lines) * (1.35 + above / 72)
    with drawing(out, 1.0 + 1.55 * len(columns), height) as figure:
        grid = figure.subplots(len(lines), len(columns), sharex="col", squeeze=False)
        for panels, (setting, criterion) in zip(grid, lines, strict=True):
            shown = [point for point in points if point.setting == setting]
            rhos = [row for row in rows if (row.setting, row.criterion) == (setting, criterion)]
            for axes, name in zip(panels, columns, strict=True):
                of_panel = [
                    row
                    for model in looks.models
                    for row in rhos
                    if (row.model, row.predictor) == (model, name)
                ]
                _draw_panel(axes, shown, of_panel, looks, name, criterion)
                axes.tick_params(labelsize=7.5, labelleft=axes is panels[0])
            words = f"{setting},\n{CRITERION_NAMES[criterion]}:\ngain (points)"
            panels[0].set_ylabel(words, size=8)
        for axes, name in zip(grid[0], columns, strict=True):
            axes.set_title(name, fontweight="bold", fontsize=9, pad=5 + above)
        for axes, name in zip(grid[-1], columns, strict=True):
            axes.set_xlabel("ρ of the rankings" if name == "rankings" else "distance", size=8)
        figure.suptitle(
            f"{title(display)}, gain and how far apart the languages are", fontweight="bold"
        )
        _legend(figure, looks, languages)


@dataclass(frozen=True)
class _Looks:
    """How the points of models and sources look."""

    models: Sequence[str]
    sources: Sequence[str]

    def of(self, point: Point) -> dict[str, Any]:
        """Colour and filling of its model, marker of its source.

        Of the model where there is one source.
        """
        model = self.models.index(point.model)
        several = len(self.sources) > 1
        return _marker(model, self.sources.index(point.source) if several else model)


def _marker(model: int, shape: int) -> dict[str, Any]:
    return {
        "color": OKABE_ITO[model % len(OKABE_ITO)],
        "marker": MARKERS[shape % len(MARKERS)],
        "fillstyle": _FILLS[model % len(_FILLS)],
        "markerfacecoloralt": "white",
        "markersize": 4.5,
        "markeredgewidth": 1.0,
        "linestyle": "none",
        "clip_on": False,
    }


def _draw_panel(
    axes: Axes,
    points: Sequence[Point],
    rows: Sequence[Correlation],
    looks: _Looks,
    predictor: str,
    criterion: str,
) -> None:
    """The gains of a setting by a criterion over a predictor. rows: their rho."""
    axes.axhline(0, color=FAINT, linewidth=0.8)
    for point in points:
        value = point.predictor(predictor)
        if value is not None:
            axes.plot(value, point.gain(criterion), **looks.of(point))
    for row in rows:
        _write_rho(axes, row, looks.models)
    axes.margins(x=0.1)
    axes.set_ylim(*_limits(points))
    axes.grid()
    axes.set_axisbelow(True)


def _limits(points: Sequence[Point]) -> tuple[float, float]:
    """Of the axis of gains, the same for both criteria of a setting."""
    gains = [0.0, *(point.gain(criterion) for point in points for criterion in CRITERIA)]
    spare = 0.1 * max(max(gains) - min(gains), 1.0)
    return min(gains) - spare, max(gains) + spare


def _write_rho(axes: Axes, row: Correlation, models: Sequence[str]) -> None:
    """One model's rho above its panel, in its colour, the first model's on top."""
    if not row.pairs:
        return
    text = f"n {row.pairs}"
    if row.rho is not None:
        text = f"ρ {signed(row.rho)}, p {number(row.p, 3)}, {text}"
    model = models.index(row.model)
    axes.annotate(
        text,
        (0.5, 1.0),
        xycoords="axes fraction",
        xytext=(0, 3 + _LINE * (len(models) - 1 - model)),
        textcoords="offset points",
        ha="center",
        fontsize=6.8,
        color=OKABE_ITO[model % len(OKABE_ITO)],
    )


def _legend(figure: Figure, looks: _Looks, languages: Languages) -> None:
    from matplotlib.lines import Line2D

    several = len(looks.sources) > 1
    entries = [
        Line2D([], [], label=model, **_marker(i, 0 if several else i))
        for i, model in enumerate(looks.models)
    ]
    for i, source in enumerate(looks.sources if several else ()):
        look = _marker(0, i) | {"color": INK, "fillstyle": "none"}
        name = language_name(source, languages)
        entries.append(Line2D([], [], label=f"source {name}", **look))
    figure.legend(handles=entries, loc="outside lower center", ncols=min(6, len(entries)))
