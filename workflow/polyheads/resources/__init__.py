"""Facts that come with the library: corpora, languages, published numbers, distances, schemas."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def path(*parts: str) -> Path:
    """Where a file or directory of this package lies: ``path("published", "claims.csv")``."""
    return Path(str(files(__name__).joinpath(*parts)))
