"""Reading what the stages wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from polyheads.errors import UserError


def read_json(path: str | Path) -> dict[str, Any]:
    """One of the JSON files that the stages wrote."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not a whole JSON file; delete it and run again") from error


def read_table(path: str | Path) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of its columns, as text."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
