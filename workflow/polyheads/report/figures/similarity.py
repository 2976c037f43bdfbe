"""The figure of rankings of languages compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyheads.analysis import language_similarity
from polyheads.analysis.language_similarity import Similarity
from polyheads.report.cells import number, rho
from polyheads.report.figures.style import INK, drawing
from polyheads.report.names import Languages, group_title, language_name


def draw(rows: Sequence[Similarity], languages: Languages, out: str | Path) -> None:
    """A heat map of rho between the rankings of the languages of a group, from -1 to 1.

    rows: those of the group. The published rho stands below ours where there is one.
    """
    codes = language_similarity.languages_of(rows)
    of_pairs = language_similarity.both_ways(rows)
    # A ranking agrees with itself.
    values = [
        [1.0 if one == other else of_pairs[one, other].spearman for other in codes] for one in codes
    ]
    side = 1.4 + 0.52 * len(codes)
    with drawing(out, side + 0.7, side) as figure:
        axes = figure.add_subplot()
        image = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
        for y, one in enumerate(codes):
            for x, other in enumerate(codes):
                if one == other:
                    continue
                row = of_pairs[one, other]
                colour = "white" if abs(row.spearman) > 0.7 else INK
                place: dict[str, Any] = {"ha": "center", "va": "center", "color": colour}
                up = 0.0 if row.published is None else 0.14
                axes.text(x, y - up, rho(row.spearman), fontsize=7.5, **place)
                if row.published is not None:
                    axes.text(x, y + 0.22, f"({number(row.published)})", fontsize=6.2, **place)
        names = [language_name(code, languages) for code in codes]
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(group_title(rows[0].group), fontweight="bold")
        figure.colorbar(image, ax=axes, shrink=0.8, label="Spearman's ρ")
        if any(row.published is not None for row in rows):
            axes.set_xlabel("in brackets: Ma et al. (2021), Figure 1", fontsize=8)
