"""The figure of rankings of languages compared; apart from the table, which it must not rerun."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from polyheads.analysis.ranks import spearman_of_orders
from polyheads.exhibits import Languages, language_name
from polyheads.exhibits.similarity import Group, printed, title_of
from polyheads.exhibits.tables import number
from polyheads.report.figures.plots import INK, drawing


def draw(group: Group, languages: Languages, out: str | Path) -> None:
    """A heat map of rho between the rankings of languages, from -1 to 1; the published rho below
    ours where there is one."""
    rankings, known = group["rankings"], printed(group)
    codes = list(rankings)
    values = [
        [spearman_of_orders(rankings[one]["order"], rankings[other]["order"]) for other in codes]
        for one in codes
    ]
    side = 1.4 + 0.52 * len(codes)
    with drawing(out, side + 0.7, side) as figure:
        axes = figure.add_subplot()
        image = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                colour = "white" if abs(value) > 0.7 else INK
                if x == y:
                    continue
                text = number(round(value, 2) + 0.0)
                there = known.get((codes[y], codes[x]))
                place = {"ha": "center", "va": "center", "color": colour}
                axes.text(x, y if there is None else y - 0.14, text, fontsize=7.5, **place)
                if there is not None:
                    axes.text(x, y + 0.22, f"({number(there)})", fontsize=6.2, **place)
        names = [language_name(code, languages) for code in codes]
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(title_of(group), fontweight="bold")
        figure.colorbar(image, ax=axes, shrink=0.8, label="Spearman's ρ")
        if any((one, other) in known for one, other in combinations(codes, 2)):
            axes.set_xlabel("in brackets: Ma et al. (2021), Figure 1", fontsize=8)
