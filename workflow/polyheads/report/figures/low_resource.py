"""The figure of the setting low-resource; apart from the table, which drawing must not rerun."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads.analysis.rows import Row
from polyheads.catalogue.tasks import METRICS
from polyheads.exhibits import Exhibit, Languages, language_name
from polyheads.exhibits.low_resource import groups, intervals, rows
from polyheads.exhibits.tables import Choice, mean
from polyheads.report.figures.plots import INK, MARKERS, OKABE_ITO, drawing, score_axis

# Key of a choice, what it is called, and its line; whoever prints in grey can tell them apart.
LINES = (
    ("unpruned", "all heads", {"linestyle": ":", "marker": ""}),
    ("dev_selected_test", "k chosen on dev", {"linestyle": "-"}),
    ("test_oracle_test", "best of k ≥ 1 on test", {"linestyle": "--"}),
)


def draw(
    exhibit: Exhibit,
    choices: Iterable[Choice],
    languages: Languages,
    out: str | Path,
    statistics: Iterable[Row] = (),
) -> None:
    """Test score over the percentage of target data, one panel per pair of source and target.

    One colour for each model, one line for each criterion. The band is the interval of the gain at
    the k chosen on dev, around all heads' score.
    """
    shown = rows(exhibit, list(choices))
    found = groups(shown)
    known = intervals(shown, statistics)
    pairs = list(dict.fromkeys(pair for pair, *_ in found))
    models = list(dict.fromkeys(model for _, model, *_ in found))
    across = min(4, len(pairs))
    down = math.ceil(len(pairs) / across)
    label = METRICS[exhibit["task"]][exhibit["of"]["metric"]]
    with drawing(out, max(5.2, 1.0 + 2.5 * across), 1.2 + 2.5 * down) as figure:
        for i, pair in enumerate(pairs):
            axes = figure.add_subplot(down, across, i + 1)
            for number, model in enumerate(models):
                here = [(share, r) for p, m, share, r in found if (p, m) == (pair, model)]
                look = {"color": OKABE_ITO[number % len(OKABE_ITO)], "markersize": 3.5}
                for key, _, style in LINES:
                    _line(axes, here, key, {"marker": MARKERS[number], **look, **style})
                band = {share: known.get((pair, model, share, "dev_selected")) for share, _ in here}
                _band(axes, here, band, look["color"])
            axes.set_title(language_name(pair[1], languages), fontweight="bold")
            axes.set_xlabel("target's training set (%)")
            axes.set_xlim(0, 104)
            axes.set_xticks(range(0, 101, 20))
            if i % across == 0:
                axes.set_ylabel(f"test {label} (%)")
            score_axis(axes)
        source = language_name(pairs[0][0], languages)
        figure.suptitle(f"{exhibit['title']}, source {source}", fontweight="bold")
        _legend(figure, models)


def _line(axes: Any, here: Sequence[tuple[int, list[Choice]]], key: str, look: dict) -> None:
    values = {share: [r[key] for r in of if r[key] is not None] for share, of in here}
    values = {share: found for share, found in values.items() if found}
    axes.plot(list(values), [mean(found) for found in values.values()], linewidth=1.5, **look)


def _band(
    axes: Any,
    here: Sequence[tuple[int, list[Choice]]],
    known: Mapping[int, Row | None],
    colour: str,
) -> None:
    """Where all heads' score would be with the ends of the gain's interval."""
    ends = []
    for share, of in here:
        start, row = mean(r["unpruned"] for r in of), known[share]
        if start is not None and row is not None:
            # Where dev chose k = 0 nothing is compared, and the band has no width.
            sides = (row["gain"] if row[end] is None else row[end] for end in ("low", "high"))
            ends.append((share, *(start + side for side in sides)))
    if ends:
        shares, low, high = zip(*ends, strict=True)
        axes.fill_between(shares, low, high, color=colour, alpha=0.12, linewidth=0)


def _legend(figure: Any, models: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], label=model, color=OKABE_ITO[i % len(OKABE_ITO)], marker=MARKERS[i])
        for i, model in enumerate(models)
    ]
    entries += [Line2D([], [], label=name, color=INK, **style) for _, name, style in LINES]
    figure.legend(handles=entries, loc="outside lower center", ncols=min(5, len(entries)))
