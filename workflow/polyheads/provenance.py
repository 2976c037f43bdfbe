"""What numbers were made with: versions, and the code, as a hash that only its change changes.

Snakemake goes by the time of a rule's script, which a fresh clone changes and a comment, too, and
does not look into the modules that the script imports. Every rule therefore has this hash as a
parameter, and the profile tells Snakemake to leave the script to it (`rerun-triggers`).
"""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import platform
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from polyheads.files import writing

PACKAGE = Path(__file__).parent


def versions() -> dict[str, str]:
    """Versions of what a training's numbers depend on; every trial keeps them."""
    packages = ("numpy", "torch", "transformers")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def versions_of(trials: Iterable[str | Path]) -> list[dict[str, str | int]]:
    """`package`, `version` and `trials`, how many of these JSON files were made with it."""
    made: Counter[tuple[str, str]] = Counter()
    for path in trials:
        made.update(json.loads(Path(path).read_text(encoding="utf-8")).get("versions", {}).items())
    return [{"package": p, "version": v, "trials": n} for (p, v), n in sorted(made.items())]


def write_versions(trials: Iterable[str | Path], path: str | Path) -> None:
    """versions.csv: the rows of `versions_of`."""
    with writing(Path(path)) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ("package", "version", "trials"))
        table.writeheader()
        table.writerows(versions_of(trials))


@cache
def _tree(path: Path) -> tuple[str, frozenset[Path]]:
    """(syntax tree without comments and docstrings as text, library modules it imports)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported: set[Path] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(node, body[0]):
            del body[0]  # not emptied: a first docstring is no change either
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.split(".")[0] == PACKAGE.name:
                imported |= _files(name)
    return ast.dump(tree), frozenset(imported)


def _is_docstring(node: ast.AST, first: ast.AST) -> bool:
    return (
        isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def _files(name: str) -> set[Path]:
    """The files behind a dotted module name of the library (a package: its ``__init__``)."""
    base = PACKAGE.parent.joinpath(*name.split("."))
    return {p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()}


@cache
def code_hash(script: Path, *modules: str) -> str:
    """Hash of ``script`` and the library code that it imports, directly or through other modules.

    modules: dotted names of others, which it imports by a name that it gets when it runs.
    Comments, docstrings and layout don't count.
    """
    own, imported = _tree(Path(script))
    seen: dict[Path, str] = {}
    waiting = list(imported.union(*map(_files, modules)))
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen[path], imported = _tree(path)
            waiting += imported
    parts = [own, *(f"{p.relative_to(PACKAGE)} {seen[p]}" for p in sorted(seen))]
    return _short_hash("\n".join(parts).encode())


def module_hash(module: str) -> str:
    """The same of a library module, by its dotted name, instead of a script."""
    (path,) = _files(module)
    return code_hash(path)


def content_hash(paths: Iterable[Path]) -> str:
    """Hash of files by name and content; where they lie and how old they are doesn't count."""
    found = [(path.name, path.read_bytes()) for path in paths]
    return _short_hash(repr(sorted(found)).encode())


def _short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
