"""The file of a trial, as `training.trials` writes it, and its scores by the metrics of today.

A trial's job measures it, and its file says by which code. Where that code has changed, readers get
scores that are computed again from the predictions beside the file: nothing is trained for it.
"""

from __future__ import annotations

import json
from pathlib import Path

from polyheads.catalogue import metrics
from polyheads.errors import UserError
from polyheads.provenance import module_hash
from polyheads.study.records import Score, TrialFile


def read_trial(path: str | Path) -> TrialFile:
    """One trial's JSON file; UserError when it isn't one.

    Its scores may be by metrics that have changed since: they are read through `scores`.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            trial: TrialFile = json.load(file)
        trial["scores"], trial["pruned_heads"], trial["trial"]["task"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not a whole trial file ({error}); delete it and run again"
        ) from error
    return trial


def is_unmasked(path: str | Path) -> bool:
    """Whether a trial's file is there and has test scores with the pruned heads on again."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError:
        return False
    # Read as text: every start of the workflow looks into the files of all jobs.
    return '"heads": "all"' in text


def is_measured(trial: TrialFile) -> bool:
    """Whether the code of today computed the scores in a trial's file."""
    return trial.get("metrics_code") == module_hash(metrics.__name__)


def scores(path: str | Path, trial: TrialFile, *, split: str | None = None) -> list[Score]:
    """A trial's scores, of one split or of all, as the metrics are now.

    path: the file that `trial` was read from. UserError where its predictions are needed, and are
    missing or not whole.
    """
    rows = [row for row in trial["scores"] if split in (None, row["split"])]
    if is_measured(trial):
        return rows
    # Here, because every start of the workflow imports this module.
    from polyheads.study import predictions

    measured: list[Score] = []
    for row in rows:
        kept = predictions.read(
            Path(path).with_suffix(".parquet"),
            language=row["language"],
            split=row["split"],
            heads=row["heads"],
        )
        numbers = metrics.metrics(trial["trial"]["task"], *kept.tags())
        measured.append({**row, "metrics": numbers})
    return measured
