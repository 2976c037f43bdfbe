"""The figure of an exhibit; apart from `contents`, which drawing must not rerun."""

from __future__ import annotations

from pathlib import Path

from polyheads.exhibits import Exhibit
from polyheads.exhibits.results import Results
from polyheads.report.figures import correlations as correlations_figure
from polyheads.report.figures import dev_test as dev_test_figure
from polyheads.report.figures import low_resource as low_resource_figure
from polyheads.report.figures import plots


def draw(exhibit: Exhibit, results: Results, out: str | Path) -> None:
    """Draw an exhibit of one of the kinds `contents.FIGURES` as SVG."""
    choices, languages = results.choices, results.languages
    match exhibit["kind"]:
        case "curves":
            plots.sweep_curves(exhibit, results.scores, choices, languages, out)
        case "gains":
            plots.gains(exhibit, choices, languages, out)
        case "shares":
            low_resource_figure.draw(exhibit, choices, languages, out, results.statistics)
        case "dev-test":
            dev_test_figure.draw(exhibit, choices, languages, out)
        case "correlations":
            correlations_figure.draw(exhibit, choices, results.rankings, languages, out)
