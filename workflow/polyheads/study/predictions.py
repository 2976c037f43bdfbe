"""The predictions that are kept beside a trial, as `training.prediction` writes them."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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
        file = _open(path)
        labels = tuple(json.loads((file.table.schema.metadata or {})[b"labels"]))
        runs = file.runs.get((language, split, heads), [])
        table = pa.concat_tables(
            [file.table.slice(begin, rows) for begin, rows in runs] or [file.table.slice(0, 0)]
        )
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


class _File(NamedTuple):
    """A file of predictions: its test sets are runs of rows."""

    table: pa.Table
    runs: dict[tuple[str, str, str], list[tuple[int, int]]]  # language, split, heads: begin, rows
    size: int  # bytes


_KEPT = 2**28  # bytes of tables in memory
_files: OrderedDict[tuple[str, int, int], _File] = OrderedDict()


def _open(path: str | Path) -> _File:
    """A whole file; the last ones stay in memory.

    A trial is tested on up to hundreds of languages, whose statistics ask for it again and again,
    one language at a time.
    """
    state = Path(path).stat()
    key = str(path), state.st_mtime_ns, state.st_size
    if key not in _files:
        table = pq.ParquetFile(path).read()
        _files[key] = _File(table, _runs(table), table.nbytes)
        while len(_files) > 1 and sum(file.size for file in _files.values()) > _KEPT:
            _files.popitem(last=False)
    _files.move_to_end(key)
    return _files[key]


def _runs(table: pa.Table) -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    """Where the rows of each language, split and heads are."""
    names = [table.column(name).combine_chunks() for name in ("language", "split", "heads")]
    encoded = [
        side if pa.types.is_dictionary(side.type) else side.dictionary_encode() for side in names
    ]
    ids = [side.indices.to_numpy(zero_copy_only=False) for side in encoded]
    words = [side.dictionary.to_pylist() for side in encoded]
    changes = np.any([side[1:] != side[:-1] for side in ids], axis=0)
    begins = np.concatenate([[0], np.flatnonzero(changes) + 1]) if len(table) else np.zeros(0, int)
    runs: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for begin, end in zip(begins, [*begins[1:], len(table)], strict=False):
        language, split, heads = (word[side[begin]] for word, side in zip(words, ids, strict=True))
        runs.setdefault((language, split, heads), []).append((int(begin), int(end - begin)))
    return runs
