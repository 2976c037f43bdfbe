"""All figures of a study, from the records that the analysis left in a directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from polyheads.analysis import products, tidy
from polyheads.analysis.rankings import Ranking
from polyheads.catalogue.methods import KINDS
from polyheads.report.figures import (
    correlations,
    curves,
    dev_test,
    gains,
    heat_map,
    low_resource,
    many_languages,
    null_baselines,
    ranking_curves,
    similarity,
)
from polyheads.report.names import Languages, heat_map_title
from polyheads.study.comparisons import COSTS
from polyheads.study.displays import Display

Directory = str | Path


def of_display(display: Display, directory: Directory, languages: Languages, out: str) -> None:
    """Draw a display of one of the kinds `displays.FIGURES` as SVG."""
    parts = products.read(directory, display.name, products.OF_DISPLAYS[display.kind])
    rows = parts[""]
    match display.kind:
        case "curves":
            curves.draw(display, rows, languages, out)
        case "gains":
            gains.draw(display, rows, languages, out)
        case "low-resource":
            low_resource.draw(display, rows, languages, out)
        case "dev-test":
            dev_test.draw(display, rows, languages, out)
        case "correlations":
            correlations.draw(display, parts["points"], rows, languages, out)
        case "null-baselines":
            null_baselines.draw(parts["gains"], out)
        case "many-languages":
            many_languages.draw(display, parts["targets"], rows, languages, out)
        case _:
            raise ValueError(f"no figure is a {display.kind!r}")


def of_languages(directory: Directory, languages: Languages, out: Sequence[str]) -> None:
    """Draw how alike the rankings of languages are, an SVG for each group of them."""
    rows = products.read(directory, "languages", products.OF_STUDY["languages"])[""]
    groups = tidy.grouped(rows, lambda row: row.group)
    for members, path in zip(groups.values(), out, strict=True):
        similarity.draw(members, languages, path)


def of_rankings(directory: Directory, out: str | Path) -> None:
    """Draw what pruning by each kind of ranking leaves, as SVG."""
    rows = products.read(directory, COSTS, products.OF_STUDY[COSTS])["curves"]
    ranking_curves.draw(rows, out)


def of_scores(
    ranking: Ranking,
    scores: Sequence[Mapping[str, str]],
    languages: Languages,
    largest_k: int,
    out: str,
) -> None:
    """Draw the scores of all heads. scores: the rows of a ranking's scores.csv."""
    heat_map.score_heat_map(
        scores,
        title=heat_map_title(ranking, languages),
        raw=KINDS[ranking.kind].raw,
        by_layer=ranking.normalisation != "none",
        out=out,
        mark=largest_k,
    )
