"""The site of `make docs`: pages of docs/, of the repository, and those made of the library."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import links

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

# mkdocs has this directory on the path only while it loads this file.
sys.path.insert(0, str(links.ROOT / "workflow"))
import catalogue_pages

# Pages that mkdocs.yml names, whether or not another one leads to them.
START = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "config/README.md")
PACKAGE = links.ROOT / "workflow/polyheads"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the README as the start page, what pages lead to, and the pages made of the library."""
    from mkdocs.structure.files import File

    def add(place: str, content: str) -> None:
        files.append(File.generated(config, place, content=content))

    waiting = set(START)
    waiting |= {f"docs/{file.src_uri}" for file in files if file.is_documentation_page()}
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        if path.endswith(".md"):
            waiting |= links.linked((links.ROOT / path).read_text(encoding="utf-8"), path) - seen
        if not path.startswith("docs/"):
            add(links.on_site(path), (links.ROOT / path).read_text(encoding="utf-8"))
    add("catalogue/corpora.md", catalogue_pages.corpora())
    add("catalogue/rankings.md", catalogue_pages.rankings())
    for name, content in api_pages().items():
        add(name, content)
    return files


def api_pages() -> dict[str, str]:
    """A page for each room of the library, and one for its modules outside of rooms."""
    rooms = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    rooms.remove("resources")
    alone = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
    pages = {f"api/{room}.md": f"# polyheads.{room}\n\n::: polyheads.{room}\n" for room in rooms}
    pages["api/modules.md"] = "# Modules used everywhere\n\n" + "\n".join(
        f"::: polyheads.{name}\n    options: {{show_root_heading: true}}\n" for name in alone
    )
    return pages


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead links of a page of the repository to their places on the site."""
    path = links.in_repository(page.file.src_uri)
    return markdown if path is None else links.rewritten(markdown, path)
