"""What surrounds the body of every rule script: the log, and one clear line on an error."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from polyheads.errors import UserError
from polyheads.files import FULL, disk_is_full, sweep

# Importing torch and transformers makes hundreds of thousands of objects. Looking through them for
# unused cycles, many times while they are imported and again at the end, is a third of their time.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


@contextmanager
def job(log: str, outputs: Sequence[str]) -> Iterator[None]:
    """Send all output of the block to the rule's log; end with exit status 1 on a UserError.

    log: path of the rule's log; outputs: paths of the files and directories that the rule makes.
    The message of a UserError goes to the terminal and to the log, without a traceback.
    Anything else is a bug of ours and keeps its traceback, in the log. What an earlier process
    of the same job, which was killed, was writing is deleted first.
    """
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    terminal = os.dup(2)
    try:
        log_file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        sys.stdout.flush()
        os.dup2(log_file, 1)
        os.dup2(log_file, 2)
        for output in outputs:
            sweep(Path(output))
        yield
    except UserError as error:
        fail(terminal, str(error))
    except Exception as error:
        if not disk_is_full(error):
            raise
        where = getattr(error, "filename", None) or outputs[0]
        fail(terminal, f"{where}: {FULL}")
    finally:
        _flush()
        gc.freeze()  # the process ends here


def fail(terminal: int, message: str) -> None:
    """Say what is wrong on the terminal and in the log (standard error), and exit with 1.

    The terminal comes first: the log may lie on a disk that is full.
    """
    _flush()
    for stream in (terminal, 2):
        with suppress(OSError):
            os.write(stream, f"Error: {message}\n".encode())
    sys.exit(1)


def _flush() -> None:
    """Bring what was printed into the log.

    Without a word where the log's disk is full, also when Python flushes once more at its end: what
    a job makes doesn't depend on its log.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
