"""Digests: what a file or a block of settings is, in 64 characters.

The stage that writes a file keeps its size and digest in the info file beside it, which it writes
last. So a reader need not hash a gigabyte of weights again, unless somebody touched the file since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict


class FileDigest(TypedDict):
    """A file as it was written."""

    bytes: int
    sha256: str


def of(content: object) -> str:
    """SHA-256 of something that JSON can hold; the order of keys does not matter."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def of_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def table(directory: str | Path, names: Iterable[str]) -> dict[str, FileDigest]:
    """For the info file of ``directory``: name -> {"bytes", "sha256"}."""
    paths = {name: Path(directory, name) for name in names}
    return {n: {"bytes": p.stat().st_size, "sha256": of_file(p)} for n, p in paths.items()}


def current(info: str | Path, names: Iterable[str]) -> dict[str, str]:
    """Digests of files beside the info file ``info``, as they are now.

    Taken from its key "files" where a file has the size that stands there and did not change after
    the info file; made again otherwise. Change times count, which no copy keeps, unlike times of
    modification.
    """
    info = Path(info)
    kept: dict[str, FileDigest] = json.loads(info.read_text(encoding="utf-8")).get("files", {})
    written = info.stat().st_ctime_ns
    found = {}
    for name in names:
        path = info.with_name(name)
        stat = path.stat()
        if stat.st_ctime_ns <= written and name in kept and kept[name]["bytes"] == stat.st_size:
            found[name] = kept[name]["sha256"]
        else:
            found[name] = of_file(path)
    return found
