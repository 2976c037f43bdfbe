"""The figure of a corpus's labels; apart from the tables, which drawing must not rerun."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads.analysis.labels import label_counts
from polyheads.catalogue.tasks import LABELLED
from polyheads.report.figures.style import FAINT, INK, drawing
from polyheads.report.names import Languages, language_name
from polyheads.study.displays import MANY


def draw(corpora: Sequence[Mapping[str, Any]], languages: Languages, out: str | Path) -> None:
    """One corpus: share of every label in each language as a heat map; absent labels crossed.

    MANY languages stand below each other, without numbers, which are in the table.
    """
    counts = [label_counts(corpus) for corpus in corpora]
    labels = sorted(counts[0], key=lambda label: -sum(of[label] for of in counts))
    shares = [[100 * of[label] / max(1, sum(of.values())) for of in counts] for label in labels]
    if len(corpora) >= MANY:
        _many(corpora, labels, shares, languages, out)
        return
    height, width = 1.2 + 0.24 * len(labels), 2.6 + 0.62 * len(corpora)
    with drawing(out, width, height) as figure:
        axes = figure.add_subplot()
        # Labels differ by orders of magnitude: the square root keeps the rare ones visible.
        shown = [[math.sqrt(share) for share in row] for row in shares]
        axes.imshow(shown, cmap="Blues", aspect="auto", vmin=0, vmax=10)
        for y, row in enumerate(shares):
            for x, share in enumerate(row):
                there = counts[x][labels[y]] > 0
                text = "×" if not there else f"{share:.0f}" if share >= 10 else f"{share:.1f}"
                colour = FAINT if not there else "white" if share > 36 else INK
                axes.text(x, y, text, ha="center", va="center", fontsize=7.5, color=colour)
        names = [language_name(corpus["language"], languages) for corpus in corpora]
        axes.set_xticks(range(len(names)), names, rotation=45, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        axes.set_yticks(range(len(labels)), labels)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        unit = LABELLED[corpora[0]["task"]]
        axes.set_xlabel(f"{corpora[0]['corpus']}: % of the {unit}; × absent", fontsize=8.5)


def _many(
    corpora: Sequence[Mapping[str, Any]],
    labels: Sequence[str],
    shares: Sequence[Sequence[float]],
    languages: Languages,
    out: str | Path,
) -> None:
    """A line for each language. shares: of each label in each language, percent."""
    with drawing(out, 2.6 + 0.3 * len(labels), 1.2 + 0.13 * len(corpora)) as figure:
        axes = figure.add_subplot()
        columns = zip(*shares, strict=True)
        shown = [[math.sqrt(share) for share in of_language] for of_language in columns]
        axes.imshow(shown, cmap="Blues", aspect="auto", vmin=0, vmax=10)
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        names = [language_name(corpus["language"], languages) for corpus in corpora]
        axes.set_yticks(range(len(names)), names, fontsize=6)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(f"{corpora[0]['corpus']}: share of each label", fontsize=8.5)
