"""Rows of numbers as records and as CSV: one row a record, one column a field.

A record that is a field of another one has a column for each of its own fields (`dev_selected_k`);
tuples are written as JSON. Nothing stands for None.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from polyheads.errors import UserError
from polyheads.files import writing

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Key -> its rows, both in the order in which they come."""
    groups: dict[K, list[T]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are there, None for none."""
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def mean_of_all(values: Iterable[float | None]) -> float | None:
    """Mean of values that are all there, None where one is missing or there is none."""
    every = list(values)
    return None if None in every else mean(every)


def difference(value: float | None, other: float | None) -> float | None:
    """A value less another one, None where one of them is missing."""
    return None if value is None or other is None else value - other


def write(
    rows: Iterable[Any],
    path: str | Path,
    *,
    columns: Sequence[str],
    digits: int | None = None,
) -> None:
    """Records as CSV. columns: those written, in order; digits: of floats, all unless given."""
    with writing(Path(path)) as part, part.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        for row in rows:
            values = flat(row)
            out.writerow([_text(values.get(name), digits) for name in columns])


def read(kind: type[T], path: str | Path) -> list[T]:
    """The rows of what `write` wrote as records; fields without a column have their default.

    Whole columns are parsed at once: a study of the paper's size has half a million scores.
    UserError for a file that isn't one, with its line.
    """
    import pandas

    try:
        frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:  # broken text, or rows of several lengths
        raise UserError(f"{path}: not a table ({error}); delete the file and run again") from error
    table = {str(name): frame[name].tolist() for name in frame}
    try:
        return _records(kind, table, "", len(frame))
    except _BadValue as error:
        raise UserError(
            f"{path}:{error.row + 2}: not a row of this table ({error}); delete the file and run"
            " again"
        ) from error
    except TypeError as error:  # a column that is missing
        raise UserError(
            f"{path}: not this table ({error}); delete the file and run again"
        ) from error


def columns_of(kind: type) -> list[str]:
    """The columns that a kind of records has."""
    return [name for name, *_ in _columns(kind, "")]


def flat(row: Any) -> dict[str, Any]:
    """Column -> value of a record."""
    out: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if is_dataclass(value):
            out |= {f"{field.name}_{name}": inner for name, inner in flat(value).items()}
        else:
            out[field.name] = value
    return out


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _columns(kind: type, prefix: str) -> Iterable[tuple[str, Any]]:
    for field in fields(kind):
        hint = _hints(kind)[field.name]
        if isinstance(hint, type) and is_dataclass(hint):
            yield from _columns(hint, f"{prefix}{field.name}_")
        else:
            yield f"{prefix}{field.name}", hint


def _records(kind: type, table: Mapping[str, list[str]], prefix: str, count: int) -> list[Any]:
    """One record for each row. table: column -> its text."""
    columns: dict[str, list[Any]] = {}
    for field in fields(kind):
        name, hint = f"{prefix}{field.name}", _hints(kind)[field.name]
        if isinstance(hint, type) and is_dataclass(hint):
            columns[field.name] = _records(hint, table, f"{name}_", count)
        elif name in table:
            columns[field.name] = table[name] if hint is str else _parsed(hint, table[name])
    if not columns:
        return [kind() for _ in range(count)]
    names = list(columns)
    return [
        kind(**dict(zip(names, row, strict=True))) for row in zip(*columns.values(), strict=True)
    ]


def _parsed(hint: Any, texts: list[str]) -> list[Any]:
    parse = _parser(hint)
    values: list[Any] = []
    try:
        for text in texts:
            values.append(parse(text))
    except (TypeError, ValueError) as error:
        raise _BadValue(len(values), error) from error
    return values


class _BadValue(Exception):
    """A text that is no value of its column."""

    def __init__(self, row: int, error: Exception) -> None:
        super().__init__(str(error))
        self.row = row


def _parser(hint: Any) -> Callable[[str], Any]:
    """What makes a value of this type of the text that `write` wrote."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] or [hint]
    kind = hint if get_origin(hint) is tuple else kinds[0]
    parse: Callable[[str], Any] = kind
    if get_origin(kind) is tuple:
        parse = _tuple_of
    elif kind is bool:
        parse = "True".__eq__
    return (lambda text: parse(text) if text else None) if NoneType in get_args(hint) else parse


def _tuple_of(text: str) -> Any:
    return _tuple(json.loads(text) if text else [])


def _tuple(value: Any) -> Any:
    return tuple(_tuple(part) for part in value) if isinstance(value, list) else value


def _text(value: Any, digits: int | None) -> Any:
    if isinstance(value, tuple):
        return json.dumps(value)
    if isinstance(value, float) and digits is not None:
        return f"{value:.{digits}f}"
    return value
