"""Links that work in the repository, on a page of the site.

A page is written for a reader of the repository, so its links are relative to its own file. On the
site the README is the start page, `docs/` is the root, and what else of the repository pages lead
to lies under `repository/`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parents[2]
# Directories have no page of their own: what a reader finds there is listed on these.
DIRECTORIES = {"workflow/polyheads/resources/corpora": "catalogue/corpora.md"}
GENERATED = ("api/", "catalogue/")  # pages that are no file of the repository
_REST = "repository/"

_FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2[ \t]*$", re.DOTALL | re.MULTILINE)
# [text](target), ![text](target), and a title behind the target; not `code` with brackets.
_LINK = re.compile(r'(\]\()([^()\s]+)((?:\s+"[^"]*")?\))|(`+)(?:(?!\4).)+\4', re.DOTALL)


def on_site(path: str) -> str:
    """Where a file of the repository is among the site's sources."""
    if path == "README.md":
        return "index.md"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return DIRECTORIES.get(path, _REST + path)


def in_repository(place: str) -> str | None:
    """The file of the repository that a source of the site is; None for one made here."""
    if place == "index.md":
        return "README.md"
    if place.startswith(GENERATED):
        return None
    return place.removeprefix(_REST) if place.startswith(_REST) else f"docs/{place}"


def linked(text: str, page: str) -> set[str]:
    """The files of the repository that a page (a path in it) leads to, without those missing."""
    found: set[str] = set()

    def note(target: str) -> str:
        path, _ = _file(target, page)
        if path is not None and (ROOT / path).is_file():
            found.add(path)
        return target

    _each(text, note)
    return found


def rewritten(text: str, page: str) -> str:
    """The text of a page of the repository as a page of the site.

    A link to nothing stays as it is, for mkdocs to complain of.
    """
    here = posixpath.dirname(on_site(page))

    def moved(target: str) -> str:
        path, anchor = _file(target, page)
        if path is None or not ((ROOT / path).is_file() or path in DIRECTORIES):
            return target
        return posixpath.relpath(on_site(path), here or ".") + anchor

    return _each(text, moved)


def _file(target: str, page: str) -> tuple[str | None, str]:
    """The path in the repository that a target means, and its `#anchor`; None for no such path."""
    address, hash_, anchor = target.partition("#")
    if not address or re.match(r"[a-z]+:|//|/", address):
        return None, ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(address)))
    return path, hash_ + anchor


def _each(text: str, change: Callable[[str], str]) -> str:
    """The text with every target of a link changed; blocks and spans of code stay."""

    def link(match: re.Match[str]) -> str:
        if match[4]:
            return match[0]
        return match[1] + change(match[2]) + match[3]

    parts, at = [], 0
    for block in _FENCED.finditer(text):
        parts += [_LINK.sub(link, text[at : block.start()]), block[0]]
        at = block.end()
    return "".join([*parts, _LINK.sub(link, text[at:])])
