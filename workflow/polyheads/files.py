"""Files that are whole or not there at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyheads.errors import UserError

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


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Hand out a temporary path beside ``path`` and move it there when the block ends well.

    UserError when the disk is full; whatever happens, nothing half-written stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except Exception as error:
        if disk_is_full(error):
            raise UserError(f"{path}: {FULL}") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
