"""Figures as SVG: curves over k, gains, head scores. One style, the same bytes from the same data.

Colours are Okabe and Ito's for models and cividis for scores, and nothing rests on colour alone:
models differ in markers, criteria in shapes, heat maps carry numbers.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from polyheads.analysis.selection import SWEEP_COLUMNS
from polyheads.catalogue.tasks import METRICS
from polyheads.exhibits import Exhibit, Languages, language_name, members, pair_name
from polyheads.files import writing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "v", "P", "X")
INK, FAINT = "#1f2328", "#8c959f"
_STYLE = {
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
_SOUND = {"marker": "o", "markersize": 11, "markerfacecolor": "none", "markeredgewidth": 2.2}
_BEST = {"marker": "D", "markersize": 10, "markerfacecolor": "none", "markeredgewidth": 1.4}
_BEST_GAIN = {"marker": "D", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.4}
_BAND_MEAN = {"linewidth": 0.9, "alpha": 0.6, "zorder": 1.5}
_PERCENTILES_FROM = 10  # random rankings: the range of more than a few grows with their number
_POINT = ("task", "corpus", "model", "recipe", "source", "target", "setting", "mixture", "metric")
_POINT += ("protocol", "heads")
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


def sweep_curves(
    exhibit: Exhibit,
    scores: Iterable[Mapping[str, Any]],
    choices: Iterable[Mapping[str, Any]],
    languages: Languages,
    out: str | Path,
) -> None:
    """Scores over k, one panel per target: test above, the dev score that chooses k below.

    One line per model (mean and range over seeds); a circle at the k chosen on dev, a diamond at
    the best of k >= 1 on test, a dotted line at the test score of k = 0. Behind them the band of
    the random rankings (role `random`) of the same point, whatever experiment they are of.
    """
    choices = list(choices)
    rows = members(exhibit, choices)
    nulls = _null_rows(rows, choices)
    values = _values(scores, [*rows, *nulls], exhibit["of"]["metric"])
    drawn = _counts(nulls)
    targets = list(dict.fromkeys(row["target"] for row in rows))
    models = list(dict.fromkeys(row["model"] for row in rows))
    across = min(4, len(targets))
    down = math.ceil(len(targets) / across)
    label = METRICS[exhibit["task"]][exhibit["of"]["metric"]]
    source = language_name(exhibit["of"]["source"], languages)
    with drawing(out, max(5.2, 1.0 + 2.5 * across), 0.9 + 3.5 * down) as figure:
        grid = figure.add_gridspec(2 * down, across, height_ratios=[2.4, 1.2] * down)
        for i, target in enumerate(targets):
            line, column = divmod(i, across)
            top = figure.add_subplot(grid[2 * line, column])
            low = figure.add_subplot(grid[2 * line + 1, column], sharex=top)
            here = [row for row in rows if row["target"] == target]
            for number, model in enumerate(models):
                of_model = [row for row in here if row["model"] == model]
                behind = [r for r in nulls if (r["model"], r["target"]) == (model, target)]
                _draw_band(top, low, behind, values, number, percentiles=_in_percentiles(drawn))
                _draw_sweeps(top, low, of_model, values, number)
            top.set_title(language_name(target, languages), fontweight="bold")
            top.tick_params(labelbottom=False)
            low.set_xlabel("k (heads pruned)")
            k_max = max(row["k_max"] for row in here)
            low.set_xlim(-0.35, k_max + 0.35)
            low.set_xticks(range(0, k_max + 1, max(1, math.ceil(k_max / 6))))
            for axes in (top, low):
                score_axis(axes)
            if column == 0:
                top.set_ylabel(f"test {label} (%)")
            if column == 0 or here[0]["dev"] == target:
                dev = language_name(here[0]["dev"], languages)
                # The lower panel is short: of several languages each has its line.
                low.set_ylabel(f"dev, {dev} (%)".replace(" + ", " +\n"))
        figure.suptitle(f"{exhibit['title']}, source {source}", fontweight="bold")
        _legend(figure, models, curves=True, drawn=drawn)


def gains(
    exhibit: Exhibit,
    choices: Iterable[Mapping[str, Any]],
    languages: Languages,
    out: str | Path,
) -> None:
    """Gain over k = 0 of every sweep by both criteria, one panel per setting."""
    rows = members(exhibit, choices)
    settings = list(dict.fromkeys(row["setting"] for row in rows))
    models = list(dict.fromkeys(row["model"] for row in rows))
    pairs = {
        s: list(dict.fromkeys((r["source"], r["target"]) for r in rows if r["setting"] == s))
        for s in settings
    }
    longest = max(map(len, pairs.values()))
    step = 0.16 + 0.16 * len(models)
    with drawing(out, 1.4 + 3.9 * len(settings), 1.6 + step * longest) as figure:
        panels = figure.subplots(1, len(settings), sharex=True, squeeze=False)[0]
        for axes, setting in zip(panels, settings, strict=True):
            axes.axvline(0, color=INK, linewidth=1)
            for row in rows:
                if row["setting"] != setting:
                    continue
                number = models.index(row["model"])
                place = pairs[setting].index((row["source"], row["target"]))
                y = place + (number - (len(models) - 1) / 2) * 0.6 / len(models)
                _draw_gain(axes, row, y, OKABE_ITO[number % len(OKABE_ITO)])
            names = [pair_name(*pair, languages) for pair in pairs[setting]]
            axes.set_yticks(range(len(names)), names)
            for place in range(1, len(names)):
                if pairs[setting][place][0] != pairs[setting][place - 1][0]:
                    axes.axhline(place - 0.5, color=FAINT, linewidth=0.6)
            axes.set_ylim(len(names) - 0.4, -0.6)
            axes.set_title(setting, fontweight="bold")
            axes.set_xlabel("gain over k = 0 (percentage points)")
            axes.grid(axis="x")
            axes.set_axisbelow(True)
            axes.tick_params(axis="y", length=0)
        figure.suptitle(f"{exhibit['title']}, gain from pruning", fontweight="bold")
        _legend(figure, models, curves=False)


def score_heat_map(
    scores: Sequence[Mapping[str, Any]],
    *,
    title: str,
    raw: str,
    by_layer: bool,
    out: str | Path,
    mark: int = 12,
) -> None:
    """Scores of all heads, normalised (as ranked) and raw, layers down, heads across.

    `scores`: rows with layer, head, raw, normalised, rank (0 = lowest). `raw` says what the raw
    scores are, `by_layer` whether they were divided by layer. The `mark` lowest heads carry
    their place in the pruning order, from 1.
    """
    layers = 1 + max(int(row["layer"]) for row in scores)
    heads = 1 + max(int(row["head"]) for row in scores)
    side = min(0.75, max(0.31, 3.0 / heads))  # of a cell, inches
    kinds = (
        ("normalised", f"score{' normalised by layer,' * by_layer} scaled to 0–1", (0.0, 1.0)),
        ("raw", f"raw score: {raw}", None),
    )
    width, height = 2 * (heads * side + 0.7), layers * side + 1.4
    with drawing(out, max(width, 5.0), height) as figure:
        for axes, (kind, label, limits) in zip(figure.subplots(1, 2), kinds, strict=True):
            grid = [[float("nan")] * heads for _ in range(layers)]
            for row in scores:
                grid[int(row["layer"])][int(row["head"])] = float(row[kind])
            # From 0 where no score is negative; leave-one-out has negative ones.
            values = [float(row[kind]) for row in scores]
            least, most = min(values), max(values)
            low, high = limits or (min(0.0, least), most if most > min(0.0, least) else 1.0)
            image = axes.imshow(grid, cmap="cividis", vmin=low, vmax=high)
            for row in scores:
                if int(row["rank"]) < mark:
                    shade = (float(row[kind]) - low) / (high - low)
                    axes.text(
                        int(row["head"]),
                        int(row["layer"]),
                        str(int(row["rank"]) + 1),
                        ha="center",
                        va="center",
                        fontsize=7.5,
                        color="white" if shade < 0.55 else INK,
                    )
            axes.set_xticks(range(heads))
            axes.set_yticks(range(layers))
            axes.tick_params(length=0, labelsize=8)
            axes.spines[:].set_visible(False)
            axes.set_xlabel("head")
            axes.set_ylabel("layer")
            bar = figure.colorbar(image, ax=axes, location="bottom", fraction=0.08, aspect=28)
            bar.set_label(textwrap.fill(label, 48), fontsize=8)
            bar.ax.tick_params(labelsize=8)
            bar.outline.set_visible(False)
        figure.suptitle(title, fontweight="bold", fontsize=10)


def _draw_sweeps(top: Axes, low: Axes, rows: list, values: dict, number: int) -> None:
    """One model's sweeps (one per seed) in a test panel and a dev panel."""
    colour, marker = OKABE_ITO[number % len(OKABE_ITO)], MARKERS[number % len(MARKERS)]
    if not rows:
        return
    for axes, split, style in ((top, "test", "-"), (low, "dev", "--")):
        by_k = _by_k(_curve(row, values, split) for row in rows)
        there = list(by_k)
        means = [sum(side) / len(side) for side in by_k.values()]
        options = {"color": colour, "marker": marker, "markersize": 3.5, "linewidth": 1.6}
        axes.plot(there, means, linestyle=style, **options)
        if len(rows) > 1:
            low_, high = ([end(side) for side in by_k.values()] for end in (min, max))
            axes.fill_between(there, low_, high, color=colour, alpha=0.15, linewidth=0)
        if split == "test" and there and there[0] == 0:
            axes.axhline(means[0], color=colour, linestyle=":", linewidth=1)
    for row in rows:
        ring = {"color": colour, "linestyle": "none", "clip_on": False, "zorder": 5}
        if row["dev_selected_k"] is not None:
            top.plot(row["dev_selected_k"], row["dev_selected_test"], **_SOUND, **ring)
            low.plot(row["dev_selected_k"], row["dev_selected_dev"], **_SOUND, **ring)
        if row["test_oracle_k"] is not None:
            top.plot(row["test_oracle_k"], row["test_oracle_test"], **_BEST, **ring)


def _null_rows(rows: Sequence[Mapping], choices: Iterable[Mapping]) -> list[Mapping]:
    """The sweeps of random rankings (role `random`) at the points of `rows`, each once."""
    points = {tuple(row[name] for name in _POINT) for row in rows}
    found: dict[tuple, Mapping] = {}
    for row in choices:
        point = tuple(row[name] for name in _POINT)
        if row["role"] == "random" and point in points:
            found.setdefault((*point, row["ranking"], row["seed"]), row)
    return list(found.values())


def _counts(nulls: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """The smallest and the largest number of random rankings behind a model in a panel."""
    found: dict[tuple, set[str]] = {}
    for row in nulls:
        found.setdefault((row["model"], row["target"]), set()).add(row["ranking"])
    counts = [len(rankings) for rankings in found.values()]
    return min(counts, default=0), max(counts, default=0)


def _draw_band(
    top: Axes, low: Axes, rows: list, values: dict, number: int, *, percentiles: bool
) -> None:
    """The band of one model's random rankings and their mean; seeds are averaged before."""
    colour = OKABE_ITO[number % len(OKABE_ITO)]
    for axes, split in ((top, "test"), (low, "dev")):
        curves = []
        for ranking in dict.fromkeys(row["ranking"] for row in rows):
            seeds = (_curve(row, values, split) for row in rows if row["ranking"] == ranking)
            curves.append({k: sum(of) / len(of) for k, of in _by_k(seeds).items()})
        by_k = {k: of for k, of in _by_k(curves).items() if len(of) > 1}
        if not by_k:
            continue
        ends = [_band(of, percentiles=percentiles) for of in by_k.values()]
        below, above = zip(*ends, strict=True)
        axes.fill_between(list(by_k), below, above, zorder=1, **_band_look(colour))
        means = [sum(of) / len(of) for of in by_k.values()]
        axes.plot(list(by_k), means, color=colour, **_BAND_MEAN)


def _band_look(colour: str) -> dict[str, Any]:
    """With an outline, because the band of seeds has none."""
    return {"facecolor": (colour, 0.1), "edgecolor": (colour, 0.4), "linewidth": 0.4}


def _band(values: Sequence[float], *, percentiles: bool) -> tuple[float, float]:
    """The ends of a band: 10th and 90th percentile, or smallest and largest."""
    if percentiles:
        tenths = quantiles(values, n=10, method="inclusive")
        return tenths[0], tenths[-1]
    return min(values), max(values)


def _in_percentiles(drawn: tuple[int, int]) -> bool:
    return drawn[0] >= _PERCENTILES_FROM  # one rule for all panels of a figure


def _curve(row: Mapping[str, Any], values: dict, split: str) -> dict[int, float]:
    """k -> score of one sweep, in percent; on dev the mean of the languages that choose k.

    Test is read with the heads on that the sweep says; dev always with the heads pruned.
    """
    languages = [row["target"]] if split == "test" else row["dev"].split("+")
    curve = {}
    for k in range(row["k_max"] + 1):
        heads = row["heads"] if split == "test" and k else "pruned"
        found = [values.get((_sweep(row), split, heads, lang, k)) for lang in languages]
        there = [value for value in found if value is not None]
        if len(there) == len(languages):
            curve[k] = sum(there) / len(there)
    return curve


def _by_k(curves: Iterable[Mapping[int, float]]) -> dict[int, list[float]]:
    """k -> the values of the curves that have it, k rising."""
    found: dict[int, list[float]] = {}
    for curve in curves:
        for k, value in curve.items():
            found.setdefault(k, []).append(value)
    return dict(sorted(found.items()))


def _draw_gain(axes: Axes, row: Mapping[str, Any], y: float, colour: str) -> None:
    sound, best = row["dev_selected_gain"], row["test_oracle_gain"]
    if sound is None and best is None:
        axes.text(0, y, " missing", va="center", fontsize=8, color=FAINT)
        return
    there = [value for value in (sound, best) if value is not None]
    axes.plot([min(there), max(there)], [y, y], color=colour, linewidth=1, alpha=0.5)
    if sound is not None:
        axes.plot(sound, y, marker="o", markersize=6, color=colour, zorder=4)
    if best is not None:
        axes.plot(best, y, color=colour, zorder=5, **_BEST_GAIN)


def _legend(
    figure: Figure, models: Sequence[str], *, curves: bool, drawn: tuple[int, int] = (0, 0)
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries = []
    for number, model in enumerate(models):
        look = {"color": OKABE_ITO[number % len(OKABE_ITO)], "linewidth": 2}
        if curves:
            look |= {"marker": MARKERS[number % len(MARKERS)], "markersize": 4}
        entries.append(Line2D([], [], label=model, **look))
    none = {"color": INK, "linestyle": "none"}
    if curves:
        entries.append(Line2D([], [], label="k chosen on dev", **_SOUND, **none))
        entries.append(Line2D([], [], label="best of k ≥ 1 on test", **_BEST, **none))
        entries.append(Line2D([], [], label="test at k = 0", color=INK, linestyle=":"))
        if drawn[1] > 1:
            span = "10th–90th percentile" if _in_percentiles(drawn) else "range"
            count = "–".join(map(str, dict.fromkeys(drawn)))
            name = f"{count} random rankings, {span}"
            entries.append(Patch(label=name, **_band_look(INK)))
            entries.append(Line2D([], [], label="their mean", color=INK, **_BAND_MEAN))
    else:
        entries.append(Line2D([], [], label="k chosen on dev", marker="o", markersize=6, **none))
        entries.append(Line2D([], [], label="best of k ≥ 1 on test", **_BEST_GAIN, **none))
    across = 3 if len(entries) > 4 else len(entries)
    figure.legend(handles=entries, loc="outside lower center", ncols=across, fontsize=8.5)


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


def _values(
    scores: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]], metric: str
) -> dict[tuple, float]:
    """(sweep, split, heads, language, k) -> score of the sweeps of `rows`, in percent."""
    wanted = {_sweep(row) for row in rows}
    found = {}
    for row in scores:
        if row["metric"] == metric and (sweep := _sweep(row)) in wanted:
            found[(sweep, row["split"], row["heads"], row["language"], row["k"])] = row["value"]
    return found


def _sweep(row: Mapping[str, Any]) -> tuple:
    return tuple(row[name] for name in SWEEP_COLUMNS)
