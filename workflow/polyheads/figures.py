"""The figure of an exhibit; apart from `contents`, which drawing must not rerun."""

from __future__ import annotations

from pathlib import Path

from polyheads import correlations_figure, dev_test_figure, low_resource_figure, plots
from polyheads.exhibits import Exhibit
from polyheads.results import Results


def draw(exhibit: Exhibit, results: Results, out: str | Path) -> None:
    """Draw an exhibit of one of the kinds `contents.FIGURES` as SVG."""
    choices, languages = results.choices, results.languages
    match exhibit["kind"]:
        case "curves":
            plots.sweep_curves(exhibit, results.scores, choices, languages, out)
        case "gains":
            plots.gains(exhibit, choices, languages, out)
        case "shares":
            low_resource_figure.draw(exhibit, choices, languages, out)
        case "dev-test":
            dev_test_figure.draw(exhibit, choices, languages, out)
        case "correlations":
            correlations_figure.draw(exhibit, choices, results.rankings, languages, out)
