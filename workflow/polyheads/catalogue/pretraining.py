"""Languages that published lists say were in encoders' pre-training text (resources/languages)."""

from __future__ import annotations

import csv
from collections.abc import Mapping

from polyheads import resources
from polyheads.catalogue.language_facts import DIRECTORY, LanguageFacts

TEXTS = ("cc100", "wikipedia-104")
_OF_HUB = {
    "FacebookAI/xlm-roberta-base": "cc100",
    "FacebookAI/xlm-roberta-large": "cc100",
    "xlm-roberta-base": "cc100",
    "xlm-roberta-large": "cc100",
    "google-bert/bert-base-multilingual-cased": "wikipedia-104",
    "bert-base-multilingual-cased": "wikipedia-104",
}


def text_of(model: Mapping[str, object]) -> str:
    """The list of TEXTS for an item of the config list `models`; "" where none is known.

    Its own `pretraining`, or that of a model on the hub that has one.
    """
    return str(model.get("pretraining") or _OF_HUB.get(str(model.get("hub")), ""))


def listed(text: str) -> frozenset[str]:
    """ISO 639-3 codes of the languages of one of TEXTS."""
    path = resources.path(DIRECTORY, "pretraining.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["text"] == text]
    return frozenset(row["language"] for row in rows if row["language"])


def knows(text: str, code: str, languages: LanguageFacts) -> bool | None:
    """Whether the language behind a code is on a list; None where either isn't known."""
    language = languages.get(code, {}).get("language")
    return language in listed(text) if text and language else None
