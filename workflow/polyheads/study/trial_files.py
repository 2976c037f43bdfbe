"""The file of a trial, as `training.trials` writes it."""

from __future__ import annotations

import json
from pathlib import Path

from polyheads.errors import UserError
from polyheads.study.records import TrialFile


def read_trial(path: str | Path) -> TrialFile:
    """One trial's JSON file; UserError when it isn't one."""
    try:
        with open(path, encoding="utf-8") as file:
            trial: TrialFile = json.load(file)
        trial["scores"], trial["pruned_heads"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not a whole trial file ({error}); delete it and run again"
        ) from error
    return trial
