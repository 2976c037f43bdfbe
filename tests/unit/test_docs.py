"""Links of the documentation lead somewhere, and generated pages say what the library says."""

import re
from pathlib import Path

import pytest

import catalogue_pages
import links
from polyheads import catalogue
from polyheads.catalogue import methods

ROOT = Path(__file__).parents[2]
PAGES = [
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "config/*.md", "results/*.md", "tests/*.md")
    for path in ROOT.glob(pattern)
]
PLACES = {
    "README.md": "index.md",
    "docs/corpora.md": "corpora.md",
    "config/README.md": "repository/config/README.md",
}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    lost = []

    def check(target):
        path, _ = links._file(target, page)
        if path is not None and not (ROOT / path).exists():
            lost.append(target)
        return target

    links._each((ROOT / page).read_text(encoding="utf-8"), check)
    assert not lost


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("README.md", "[a](docs/corpora.md#your-own)", "[a](corpora.md#your-own)"),
        ("README.md", "![a](docs/default-curves.svg)", "![a](default-curves.svg)"),
        ("docs/corpora.md", "[a](speed.md) [b](#here)", "[a](speed.md) [b](#here)"),
        ("docs/corpora.md", "[a](../README.md)", "[a](index.md)"),
        ("docs/corpora.md", "[a](../config/README.md)", "[a](repository/config/README.md)"),
        ("config/README.md", "[a](../docs/corpora.md)", "[a](../../corpora.md)"),
        (
            "docs/corpora.md",
            "[a](../workflow/polyheads/resources/corpora)",
            "[a](catalogue/corpora.md)",
        ),
        ("README.md", "[a](https://x.org/docs/corpora.md)", "[a](https://x.org/docs/corpora.md)"),
        ("README.md", "[a](docs/nothing.md)", "[a](docs/nothing.md)"),
        ("README.md", "`[a](docs/corpora.md)`", "`[a](docs/corpora.md)`"),
        ("README.md", "```\n[a](LICENSE)\n```\n", "```\n[a](LICENSE)\n```\n"),
    ],
)
def test_links_are_moved(page, text, expected):
    assert links.rewritten(text, page) == expected


@pytest.mark.parametrize(("path", "place"), PLACES.items())
def test_places_are_found_again(path, place):
    assert links.on_site(path) == place and links.in_repository(place) == path


def test_pages_that_are_led_to_are_found():
    found = links.linked((ROOT / "README.md").read_text(encoding="utf-8"), "README.md")
    assert {"ARCHITECTURE.md", "docs/running.md", "docs/default-curves.svg"} <= found


def test_every_corpus_and_its_languages_are_listed():
    parts = re.split(r"^### ", catalogue_pages.corpora(), flags=re.MULTILINE)[1:]
    listed = {part.splitlines()[0]: part for part in parts}
    entries = catalogue.load()
    assert set(listed) == set(entries)
    for name, entry in entries.items():
        codes = re.findall(r"^\| `([^`]+)` \|", listed[name], flags=re.MULTILINE)
        assert codes == list(entry["languages"])
        assert all(f"`{label}`" in listed[name] for label in entry["labels"])
    assert (
        "| `swa` | Swahili | 693 | 138 | 553 | raw.githubusercontent.com |" in listed["masakhapos"]
    )
    assert "part of train" in listed["ma2021-ner"]
    assert "your own copy" in listed["multiatis-pp"]


def test_every_kind_of_ranking_is_defined():
    page = catalogue_pages.rankings()
    for name, kind in methods.KINDS.items():
        assert kind.about in page
        defined = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert len(defined.split()) > 20
