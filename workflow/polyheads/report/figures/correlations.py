"""Scatter plots of gain and distance; apart from the tables, which drawing must not rerun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from polyheads.exhibits import Exhibit, Languages, language_name
from polyheads.exhibits.correlations import Point, Rankings, lines, points
from polyheads.exhibits.distances import KINDS
from polyheads.exhibits.tables import CRITERION_NAMES, Choice, number, signed
from polyheads.report.figures.plots import FAINT, INK, MARKERS, OKABE_ITO, drawing

COLUMNS = {kind: kind for kind in KINDS} | {"rankings": "rankings"}
_FILLS = ("full", "none", "left", "right", "bottom", "top")  # of models: not by colour alone
_LINE = 9.0  # height of a line of rho, points


def draw(
    exhibit: Exhibit,
    choices: Iterable[Choice],
    rankings: Rankings,
    languages: Languages,
    out: str | Path,
) -> None:
    """Gain of each pair over the distance of its languages, a panel for each kind of distance and
    one for the similarity of rankings; two rows for each setting, one a criterion.

    What isn't known of any pair has no panels. Colour and filling: model; marker: source (model,
    where there is one source). Above a panel rho, p and the number of pairs of each model.
    """
    found = points(exhibit, choices, rankings, languages)
    told = {
        tuple(line[n] for n in ("setting", "model", "criterion", "predictor")): line
        for line in lines(found)
    }
    settings, models, sources = (
        list(dict.fromkeys(p[name] for p in found)) for name in ("setting", "model", "source")
    )
    rows = [(setting, criterion) for setting in settings for criterion in CRITERION_NAMES]
    columns = [name for name in COLUMNS if any(p[name] is not None for p in found)]
    if not columns:
        with drawing(out, 5.2, 1.5) as figure:
            figure.suptitle(exhibit["title"], fontweight="bold")
            figure.text(0.5, 0.4, "missing", ha="center", color=FAINT)
        return
    height = 1.0 + len(rows) * (1.35 + _LINE * len(models) / 72)
    with drawing(out, 1.0 + 1.55 * len(columns), height) as figure:
        grid = figure.subplots(len(rows), len(columns), sharex="col", squeeze=False)
        for panels, (setting, criterion) in zip(grid, rows, strict=True):
            here = [p for p in found if p["setting"] == setting]
            for axes, name in zip(panels, columns, strict=True):
                axes.axhline(0, color=FAINT, linewidth=0.8)
                for point in here:
                    if point[name] is not None:
                        look = _look(point, models, sources)
                        axes.plot(point[name], point[f"{criterion}_gain"], **look)
                for i, model in enumerate(models):
                    _rho(axes, told.get((setting, model, criterion, name)), i, len(models))
                axes.margins(x=0.1)
                axes.set_ylim(*_limits(here))
                axes.grid()
                axes.set_axisbelow(True)
                axes.tick_params(labelsize=7.5, labelleft=axes is panels[0])
            panels[0].set_ylabel(
                f"{setting},\n{CRITERION_NAMES[criterion]}:\ngain (points)", size=8
            )
        for axes, name in zip(grid[0], columns, strict=True):
            pad = 5 + _LINE * len(models)
            axes.set_title(COLUMNS[name], fontweight="bold", fontsize=9, pad=pad)
        for axes, name in zip(grid[-1], columns, strict=True):
            axes.set_xlabel("ρ of the rankings" if name == "rankings" else "distance", size=8)
        title = f"{exhibit['title']}, gain and how far apart the languages are"
        figure.suptitle(title, fontweight="bold")
        _legend(figure, models, sources, languages)


def _limits(here: Sequence[Point]) -> tuple[float, float]:
    """Of the axis of gains, the same for both criteria of a setting."""
    gains = [0.0, *(p[f"{criterion}_gain"] for p in here for criterion in CRITERION_NAMES)]
    spare = 0.1 * max(max(gains) - min(gains), 1.0)
    return min(gains) - spare, max(gains) + spare


def _look(point: Point, models: Sequence[str], sources: Sequence[str]) -> dict[str, Any]:
    number_ = models.index(point["model"])
    shape = sources.index(point["source"]) if len(sources) > 1 else number_
    return _marker(number_, shape)


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


def _rho(axes: Any, line: dict[str, Any] | None, model: int, models: int) -> None:
    """One model's rho above its panel, in its colour, the first model's on top."""
    if line is None or not line["pairs"]:
        return
    text = f"n {line['pairs']}"
    if line["rho"] is not None:
        text = f"ρ {signed(line['rho'])}, p {number(line['p'], 3)}, {text}"
    axes.annotate(
        text,
        (0.5, 1.0),
        xycoords="axes fraction",
        xytext=(0, 3 + _LINE * (models - 1 - model)),
        textcoords="offset points",
        ha="center",
        fontsize=6.8,
        color=OKABE_ITO[model % len(OKABE_ITO)],
    )


def _legend(
    figure: Any, models: Sequence[str], sources: Sequence[str], languages: Languages
) -> None:
    from matplotlib.lines import Line2D

    several = len(sources) > 1
    entries = [
        Line2D([], [], label=model, **_marker(i, 0 if several else i))
        for i, model in enumerate(models)
    ]
    for i, source in enumerate(sources if several else ()):
        look = _marker(0, i) | {"color": INK, "fillstyle": "none"}
        name = language_name(source, languages)
        entries.append(Line2D([], [], label=f"source {name}", **look))
    figure.legend(handles=entries, loc="outside lower center", ncols=min(6, len(entries)))
