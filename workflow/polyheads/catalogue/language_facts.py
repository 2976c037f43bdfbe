"""What is known of languages: names, families, scripts; see resources/languages/README.md."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypedDict, cast

from polyheads import resources, strict_yaml
from polyheads.catalogue.records import Entry

DIRECTORY = "languages"
_KNOWN = resources.path(DIRECTORY, "known.yaml")


class Known(TypedDict, total=False):
    """What is known of the language behind a code; a key is missing where nothing is."""

    name: str
    family: str  # a family of Glottolog, or `Basque (isolate)`
    script: str  # ISO 15924
    language: str  # ISO 639-3, the same for all codes of a language
    uriel: str  # the code by which distances know it


LanguageFacts = Mapping[str, Known]
"""Code of a corpus -> what is known of its language."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row of languages.csv."""

    language: str
    iso639_1: str
    name: str
    family: str
    scripts: tuple[str, ...]  # the usual one first
    uriel: str

    def known(self, *, name: str = "", script: str = "") -> Known:
        """What is known by a code with a name or a script of its own."""
        named = name or self.name
        if script and script != self.scripts[0]:
            named += f" ({script})"
        return {
            "name": named,
            "family": self.family,
            "script": script or self.scripts[0],
            "language": self.language,
            "uriel": self.uriel,
        }


@cache
def _rows() -> dict[str, _Row]:
    """ISO 639-3 -> row of languages.csv."""
    path = resources.path(DIRECTORY, "languages.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["language"]: _Row(
                **{key: row[key] for key in ("language", "iso639_1", "name", "family", "uriel")},
                scripts=tuple(row["scripts"].split()),
            )
            for row in csv.DictReader(file)
        }


def languages(entries: Iterable[Entry] = ()) -> dict[str, Known]:
    """Code -> what is known of its language: resources/languages and what ``entries`` say.

    A language that neither names has no name, and one whose family neither knows has no family.
    Not in `loading`, so that new facts about languages prepare no corpus again.
    """
    known = table()
    for entry in entries:
        for code, item in entry["languages"].items():
            own = {key: item[key] for key in ("name", "family") if key in item}
            if own:
                known[code] = cast(Known, {**known.get(code, {}), **own})
    return known


def table() -> dict[str, Known]:
    """Code -> what is known of its language, by the library's own tables.

    Codes are ISO 639-3 (`deu`), with a script (`deu_Latn`) or without, ISO 639-1 (`de`), and those
    of known.yaml (`de-ba`). UserError for a known.yaml that YAML reads otherwise than it looks.
    """
    rows = _rows()
    known: dict[str, Known] = {}
    for row in rows.values():
        known[row.language] = row.known()
        known |= {f"{row.language}_{script}": row.known(script=script) for script in row.scripts}
        if row.iso639_1:
            known[row.iso639_1] = row.known()
    own = strict_yaml.load(_KNOWN)["codes"]
    for code, item in own.items():
        of = rows[item["language"]].known(name=item.get("name", ""))
        known[code] = of | {"script": item["script"]} if "script" in item else of
    return known


def named(codes: Iterable[str], languages: LanguageFacts) -> dict[str, Known]:
    """What is known of these codes alone; nothing of one that no table has."""
    return {code: languages[code] for code in codes if code in languages}


def family(code: str, languages: LanguageFacts) -> str:
    """A language's family, "" where it isn't known."""
    return languages.get(code, {}).get("family", "")


def script(code: str, languages: LanguageFacts) -> str:
    """The script that a corpus has a language in, "" where it isn't known."""
    return languages.get(code, {}).get("script", "")
