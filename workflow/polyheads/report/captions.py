"""Captions of the report, and where Snakemake's own report puts what they are about.

Asked for when the workflow is read, so it needs nothing but the standard library.
"""

from __future__ import annotations

CATEGORIES = {
    "results": "Tables",
    "replication": "As released",
    "null-baselines": "Null baselines and fresh seeds",
    "fresh": "Null baselines and fresh seeds",
    "stopping": "When to stop",
    "controls": "Controls",
    "several-sources": "Several sources",
    "low-resource": "Low resource",
    "gains": "Gains",
    "curves": "Curves over k",
    "dev-test": "Dev and test",
    "correlations": "Correlations",
    "many-languages": "Many languages",
}
"""Kind of display -> its category, in the order there."""

_OF_OTHERS = {"several-sources": "results"}


def caption_of(kind: str) -> str:
    """The caption of a kind of display: its file in report/captions, without suffix."""
    return _OF_OTHERS.get(kind, kind)


def caption_of_comparison(name: str) -> str:
    """The caption of a table that compares rankings; "" for one without."""
    return next((c for c in ("languages", "common-heads") if name.startswith(c)), "")
