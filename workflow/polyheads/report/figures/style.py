"""One style for all figures: SVG, the same bytes from the same data.

Colours are Okabe and Ito's for models and cividis for scores, and nothing rests on colour alone:
models differ in markers, criteria in shapes, heat maps carry numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.files import writing

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "v", "P", "X")
INK, FAINT = "#1f2328", "#8c959f"

_STYLE: dict[Any, Any] = {  # matplotlib has a type of its own for names of settings
    "svg.hashsalt": "polyheads",
    "svg.fonttype": "path",  # looks the same everywhere, whatever fonts are installed
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
}
_LEAST_SPAN = 2.0  # percentage points that a score axis spans at least: no drama from noise


@contextmanager
def drawing(out: str | Path, width: float, height: float) -> Iterator[Figure]:
    """A figure (inches) in the project's style, saved as SVG when the block ends well."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context(_STYLE):
        figure = pyplot.figure(figsize=(width, height), layout="constrained")
        try:
            yield figure
            metadata = {"Date": None, "Creator": None}
            with writing(Path(out)) as part:
                figure.savefig(
                    part, format="svg", metadata=metadata, bbox_inches="tight", pad_inches=0.08
                )
        finally:
            pyplot.close(figure)


def colour(model: int) -> str:
    """The colour of a figure's nth model, from 0."""
    return OKABE_ITO[model % len(OKABE_ITO)]


def marker(model: int) -> str:
    """The marker of a figure's nth model, from 0."""
    return MARKERS[model % len(MARKERS)]


def score_axis(axes: Axes) -> None:
    """Grid, few ticks, and a span of at least _LEAST_SPAN percentage points."""
    from matplotlib.ticker import MaxNLocator

    axes.margins(y=0.14)
    low, high = axes.get_ylim()
    spare = max(0.0, _LEAST_SPAN - (high - low)) / 2
    axes.set_ylim(low - spare, high + spare)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    if not axes.lines:
        axes.text(0.5, 0.5, "missing", ha="center", transform=axes.transAxes, color=FAINT)


def legend(figure: Figure, entries: Sequence[Artist], *, across: int = 0) -> None:
    """A legend below the panels. across: entries in a line; all of up to four, else three."""
    columns = across or (3 if len(entries) > 4 else len(entries))
    figure.legend(handles=entries, loc="outside lower center", ncols=columns, fontsize=8.5)
