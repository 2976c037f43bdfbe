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
    with writing(Path(path)) as part, open(part, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        for row in rows:
            values = flat(row)
            out.writerow([_text(values.get(name), digits) for name in columns])


def read(kind: type[T], path: str | Path) -> list[T]:
    """The rows of what `write` wrote as records; fields without a column have their default.

    UserError for a file that isn't one, with its line.
    """
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        try:
            return [_record(kind, row, "") for row in reader]
        except (TypeError, ValueError) as error:
            raise UserError(
                f"{path}:{reader.line_num}: not a row of this table ({error}); delete the file and"
                " run again"
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


def _record(kind: type, row: Mapping[str, str], prefix: str) -> Any:
    values = {}
    for field in fields(kind):
        name, hint = f"{prefix}{field.name}", _hints(kind)[field.name]
        if isinstance(hint, type) and is_dataclass(hint):
            values[field.name] = _record(hint, row, f"{name}_")
        elif name in row:
            values[field.name] = _value(hint, row[name])
    return kind(**values)


def _value(hint: Any, text: str) -> Any:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] or [hint]
    if NoneType in get_args(hint) and text == "":
        return None
    kind = hint if get_origin(hint) is tuple else kinds[0]
    if get_origin(kind) is tuple:
        return _tuple(json.loads(text) if text else [])
    if kind is bool:
        return text == "True"
    return kind(text)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(part) for part in value) if isinstance(value, list) else value


def _text(value: Any, digits: int | None) -> Any:
    if isinstance(value, tuple):
        return json.dumps(value)
    if isinstance(value, float) and digits is not None:
        return f"{value:.{digits}f}"
    return value
