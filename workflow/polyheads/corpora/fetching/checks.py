"""Checksums of fetched files, and the lock files that remember them.

A lock file is JSON: {file name: {"bytes": int, "sha256": str}}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from polyheads.catalogue.records import Fetched
from polyheads.corpora.records import Checksums
from polyheads.digests import FileDigest
from polyheads.errors import UserError
from polyheads.files import writing

_CHUNK = 1 << 20  # bytes
_PINS: dict[Literal["git_blob", "sha256"], str] = {"git_blob": "git blob id", "sha256": "SHA-256"}
_LOCKED: dict[Literal["bytes", "sha256"], str] = {"bytes": "size in bytes", "sha256": "SHA-256"}


def checksums(path: str | Path) -> Checksums:
    """Size in bytes, SHA-256 and git blob id (the SHA-1 of `blob <size>`, NUL, content)."""
    path = Path(path)
    size = path.stat().st_size
    sha256 = hashlib.sha256()
    blob = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha256.update(chunk)
            blob.update(chunk)
    return {"bytes": size, "sha256": sha256.hexdigest(), "git_blob": blob.hexdigest()}


def pinned(file: Fetched) -> bool:
    """Whether the catalogue itself knows the file's checksum."""
    return "git_blob" in file or "sha256" in file


def compare(
    file: Fetched,
    got: Checksums,
    *,
    source: object,
    locked: FileDigest | None,
    lock_path: str | Path,
) -> None:
    """UserError when a fetched file is not the one that the catalogue or the lock file knows.

    file: `name`, and `git_blob` or `sha256` if the catalogue has them. got: its ``checksums``.
    """
    for pin, called in _PINS.items():
        if pin in file and got[pin] != file[pin]:
            raise UserError(
                f"{source}: {called} {got[pin]} ({got['bytes']} bytes), expected {file[pin]}; "
                "the file is damaged or another version: fetch it again"
            )
    if pinned(file) or locked is None:
        return
    for key, called in _LOCKED.items():
        if got[key] != locked[key]:
            raise UserError(
                f"{source}: {called} {got[key]}, expected {locked[key]} as recorded in "
                f"{lock_path} at the first fetch; the file is damaged or has changed at its "
                f"source: fetch it again, or remove {file['name']!r} from the lock file to "
                "accept the new one"
            )


def read_lock(path: str | Path, project: str | Path = "") -> dict[str, FileDigest]:
    """The records of a lock file and of the one that the project has by that name, if any.

    project: where the workflow lies. A run in another directory writes lock files of its own there,
    and is verified against those of the project all the same. Where both have a file, the run's own
    record counts.
    """
    return _records(Path(project, path)) | _records(Path(path))


def _records(path: Path) -> dict[str, FileDigest]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        for record in content.values():
            if not (isinstance(record["bytes"], int) and isinstance(record["sha256"], str)):
                raise ValueError("bytes must be a number, sha256 text")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path}: not a lock file ({error!r}); restore it, or delete it to record the "
            "checksums of the next fetch"
        ) from error
    lock: dict[str, FileDigest] = content
    return lock


def write_lock(path: str | Path, lock: Mapping[str, FileDigest]) -> None:
    """Write a lock file, whole or not at all: file -> size and checksum."""
    with writing(Path(path)) as temporary:
        text = json.dumps(lock, indent=2, sort_keys=True, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
