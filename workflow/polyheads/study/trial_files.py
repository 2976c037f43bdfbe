"""The file of a trial, as `training.trials` writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from polyheads.errors import UserError


def read_trial(path: str | Path) -> dict[str, Any]:
    """One trial's JSON file; UserError when it isn't one."""
    try:
        with open(path, encoding="utf-8") as file:
            trial = json.load(file)
        trial["scores"], trial["pruned_heads"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not a whole trial file ({error}); delete it and run again"
        ) from error
    return trial
