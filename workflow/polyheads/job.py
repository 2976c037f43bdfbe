"""What surrounds the body of every rule script: the log, and one clear line on an error."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyheads.errors import UserError
from polyheads.files import FULL, disk_is_full

# Importing torch and transformers makes hundreds of thousands of objects. Looking through them for
# unused cycles, many times while they are imported and again at the end, is a third of their time.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


def share_library() -> None:
    """Let the scripts of the rules, which are processes of their own, import this library."""
    mine = str(Path(__file__).parents[1])
    others = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p and p != mine]
    os.environ["PYTHONPATH"] = os.pathsep.join([mine, *others])


@contextmanager
def job(snakemake) -> Iterator[None]:
    """Send all output of the block to the rule's log; end with exit status 1 on a UserError.

    The message of a UserError goes to the log and to the terminal, without a traceback.
    Anything else is a bug of ours and keeps its traceback, in the log.
    """
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    terminal = os.dup(2)
    log = os.open(snakemake.log[0], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    sys.stdout.flush()
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        yield
    except UserError as error:
        fail(terminal, str(error))
    except Exception as error:
        if not disk_is_full(error):
            raise
        where = getattr(error, "filename", None) or snakemake.output[0]
        fail(terminal, f"{where}: {FULL}")
    finally:
        sys.stdout.flush()
        gc.freeze()  # the process ends here


def fail(terminal: int, message: str) -> None:
    """Say what is wrong in the log (standard error) and on the terminal, and exit with 1."""
    line = f"Error: {message}\n"
    for stream in (2, terminal):
        os.write(stream, line.encode())
    sys.exit(1)
