"""Files that are whole or not there at all."""

from __future__ import annotations

import csv
import errno
import glob
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyheads.errors import UserError

LONGEST_NAME = 240  # bytes in the name of a file: file systems take 255, `writing` adds up to 15
FULL = "the disk is full; free some space and run the same command again"
MOST_UNPACKED = 4 << 30  # bytes of one file out of an archive or gzip
TOO_LARGE = (
    f"it unpacks to more than {MOST_UNPACKED >> 30} GiB, which no corpus has; unpack it yourself "
    "and look what it is"
)


def disk_is_full(error: Exception) -> bool:
    """Whether an error means that; libraries with a core of their own only say so in words."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "No space left on device" in str(error)


def check_names(paths: Iterable[str]) -> None:
    """UserError where a directory or file on one of these paths has too long a name to be made."""
    for path in paths:
        for name in path.split("/"):
            if (size := len(os.fsencode(name))) > LONGEST_NAME:
                raise UserError(
                    f"{path[: path.index(name)]}{name[:60]}…: this name, put together from those "
                    f"of the configuration, would have {size} bytes; {LONGEST_NAME} are possible: "
                    "shorten the names of the experiment, model, corpus and recipe, or take fewer "
                    "languages into one mixture"
                )


def part_of(path: Path) -> Path:
    """Where this process writes ``path`` before it gets its name."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def sweep(path: Path) -> None:
    """Delete what killed processes have left of ``path``, which nobody is writing now.

    That is `part_of`, a file or a directory, and what lies beside it under its name and a suffix.
    """
    part = re.compile(rf"\.{re.escape(path.name)}\.\d+\.part(\..*)?")
    _delete(left for left in path.parent.glob(".*.part*") if part.fullmatch(left.name))


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Hand out a temporary path beside ``path`` and move it there when the block ends well.

    The block makes a file or a directory of it, and may keep others beside it, under its name and
    a suffix. UserError when the disk is full; whatever happens, nothing half-written stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = part_of(path)
    try:
        yield temporary
        if not temporary.is_dir():
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        elif path.is_dir():
            shutil.rmtree(path)  # a directory takes the place of an empty one only
        temporary.replace(path)
    except Exception as error:
        if disk_is_full(error):
            raise UserError(f"{path}: {FULL}") from error
        raise
    finally:
        _delete(path.parent.glob(f"{glob.escape(temporary.name)}*"))


def read_json(path: str | Path) -> dict[str, Any]:
    """One of the JSON files that the stages wrote."""
    try:
        content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not a whole JSON file; delete it and run again") from error
    return content


def read_table(path: str | Path) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of its columns, as text."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
