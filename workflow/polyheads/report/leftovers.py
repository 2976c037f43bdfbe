"""Files of an earlier plan, which are deleted.

Tables and figures that are no longer made must not lie beside those that are, where a reader takes
them for results. Each stage keeps the list of what it makes, and deletes what the list before had
besides. So nothing is deleted that the workflow did not write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from polyheads.files import writing


def clear(directory: str | Path, stage: str, made: Iterable[str | Path]) -> None:
    """Delete what ``stage`` made below ``directory`` before and does not make now.

    directory: of a study. made: what the stage makes now; files elsewhere are left out.
    """
    directory = Path(directory)
    listed = directory / ".made" / f"{stage}.txt"
    paths = [Path(path) for path in made]
    now = {
        path.relative_to(directory).as_posix() for path in paths if path.is_relative_to(directory)
    }
    before = set(listed.read_text(encoding="utf-8").split("\n")) if listed.is_file() else set()
    for name in before - now - {""}:
        (directory / name).unlink(missing_ok=True)
    with writing(listed) as part:
        part.write_text("".join(f"{name}\n" for name in sorted(now)), encoding="utf-8")
