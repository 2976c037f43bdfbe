"""Imports of the library run one way: a room imports only the rooms before it."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "workflow/polyheads"
# Modules at the root come before all rooms, and import none.
ROOMS = (
    *("catalogue", "study", "corpora", "encoders", "importance", "training"),
    *("analysis", "report", "exports"),
)


def modules(library):
    """(path, syntax tree) of every module."""
    for path in sorted(library.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree):
    """(line, dotted name) of every import, also inside functions and `if TYPE_CHECKING`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def place(name):
    """Where a room stands in the order; 0 for what is no room, but at the root."""
    return ROOMS.index(name) + 1 if name in ROOMS else 0


def against_the_order(library):
    """(module, what it imports) -> line, of imports of a later room, and of relative ones."""
    found = {}
    for path, tree in modules(library):
        module = path.relative_to(library)
        for line, name in imports(tree):
            package, _, inside = name.partition(".")
            later = place(inside.partition(".")[0]) > place(module.parts[0])
            if (package == "polyheads" and later) or not package:
                found[module.as_posix(), inside] = line
    return found


def test_a_room_imports_only_rooms_before_it():
    found = against_the_order(LIBRARY)
    assert [f"{module}:{line} imports {name}" for (module, name), line in found.items()] == []


def test_every_directory_of_modules_has_its_place_in_the_order():
    rooms = {path.parent.name for path in LIBRARY.glob("*/__init__.py")} - {"resources"}
    assert rooms == set(ROOMS)


@pytest.mark.parametrize(
    ("module", "text", "name"),
    [
        ("analysis/a.py", "from polyheads.report import pages", "report.pages"),
        ("analysis/a.py", "import polyheads.report.pages as p", "report.pages"),
        ("analysis/a.py", "def f():\n    from polyheads import report", "report"),
        ("analysis/a.py", "if TYPE_CHECKING:\n    from polyheads.report.pages import X", None),
        ("corpora/readers/a.py", "from polyheads.encoders import models", "encoders.models"),
        ("files.py", "from polyheads import catalogue", "catalogue"),
        ("report/__init__.py", "from ..analysis import rows", ".analysis.rows"),
    ],
)
def test_an_import_against_the_order_is_found(tmp_path, module, text, name):
    (tmp_path / module).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / module).write_text(f"import torch\nfrom polyheads import errors\n{text}\n")
    expected = {(module, name or "report.pages.X"): 3 + text.count("\n")}
    assert against_the_order(tmp_path) == expected


def test_the_library_knows_nothing_of_snakemake():
    """It neither imports it nor takes the object that Snakemake gives to a script."""
    found = []
    for path, tree in modules(LIBRARY):
        names = [(line, name.partition(".")[0]) for line, name in imports(tree)]
        for node in ast.walk(tree):
            if isinstance(node, ast.arg):
                names.append((node.lineno, node.arg))
            elif isinstance(node, ast.Name):
                names.append((node.lineno, node.id))
        found += [f"{path}:{line}" for line, name in names if name == "snakemake"]
    assert found == []
