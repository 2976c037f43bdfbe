"""The predictions that are kept beside a trial, as `training.prediction` writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from polyheads.errors import UserError


@dataclass(frozen=True)
class Predictions:
    """Gold and predicted labels of one test set; sentences are whole (see prediction.predict)."""

    labels: tuple[str, ...]
    lengths: np.ndarray  # (sentences,) words
    gold: np.ndarray  # (words,) ids into labels
    predicted: np.ndarray  # (words,)

    @property
    def owner(self) -> np.ndarray:
        """(words,) sentence of every word."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def tags(self) -> tuple[list[list[str]], list[list[str]]]:
        """Gold and predicted labels by their names, a list for each sentence."""
        names = np.array(self.labels, object)
        ends = np.cumsum(self.lengths)[:-1]
        gold, predicted = (
            [part.tolist() for part in np.split(names[ids], ends)]
            for ids in (self.gold, self.predicted)
        )
        return gold, predicted


def read(
    path: str | Path, *, language: str, split: str = "test", heads: str = "pruned"
) -> Predictions:
    """One test set of the file that `prediction.save` wrote.

    UserError for a file that is missing or not whole, and for one that lacks the test set.
    """
    again = "delete it and the trial's JSON file, and run again"
    try:
        table = pq.ParquetFile(path).read()
        labels = tuple(json.loads((table.schema.metadata or {})[b"labels"]))
        wanted = {"language": language, "split": split, "heads": heads}
        for name, value in wanted.items():
            table = table.filter(pc.equal(table.column(name), value))
        (number, gold, predicted) = (
            table.column(name).combine_chunks() for name in ("sentence", "gold", "predicted")
        )
    except FileNotFoundError as error:
        raise UserError(
            f"{path}: the predictions of this trial are missing; delete its JSON file and run again"
        ) from error
    except (KeyError, ValueError, OSError, pa.ArrowException) as error:
        line = str(error).splitlines()[0]
        raise UserError(f"{path}: not a whole file of predictions ({line}); {again}") from error
    if not len(number):
        raise UserError(f"{path}: no predictions of {language} {split}, heads {heads}; {again}")
    lengths = [pc.list_value_length(side).to_numpy() for side in (gold, predicted)]
    # A row for every sentence and a label for every word: windows were put together again.
    whole = np.array_equal(number.to_numpy(), np.arange(len(number)))
    if not whole or not np.array_equal(*lengths):
        raise UserError(f"{path}: sentences of {language} {split} are not whole; {again}")
    sides = [side.flatten() for side in (gold, predicted)]
    if any(side.null_count for side in sides):
        raise UserError(f"{path}: labels of {language} {split} are missing; {again}")
    flat = [side.to_numpy().astype(np.int64) for side in sides]
    if any(len(side) and not 0 <= side.min() <= side.max() < len(labels) for side in flat):
        raise UserError(
            f"{path}: {language} {split} has labels that are none of its {len(labels)}; {again}"
        )
    return Predictions(labels, lengths[0], *flat)
