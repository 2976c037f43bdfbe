"""Parquet files as the Hugging Face hub makes them: a row for each sentence.

Its columns hold lists of tokens and tags, or texts and their label.

pyarrow is imported when a file is read, not with the module.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polyheads.catalogue import TEXT_COLUMNS
from polyheads.catalogue.records import Reading
from polyheads.corpora.readers.lines import Source, count_repair, count_skipped, open_file, quoted
from polyheads.corpora.readers.tags import Blanks, Tagger
from polyheads.corpora.readers.texts import Rows
from polyheads.corpora.records import Counts
from polyheads.errors import UserError

_ROWS = 1000  # rows held at a time
_TAG_COLUMNS = {"pos": ("upos", "pos_tags", "tags"), "ner": ("ner_tags", "tags")}
_AGAIN = "fetch the file again if it is damaged"


def read(
    path: Source, reading: Reading, split: str, counts: Counts
) -> Iterator[tuple[list[str], list[str]]]:
    """Sentences from `tokens` and `ner_tags`, `tags` or `upos`; errors name file:row (from 1).

    Tags are strings, or numbers whose names stand in the schema's metadata. In the word view of
    pos, tokens with the tag `_` (ranges) are skipped and counted; rows without tokens are dropped
    and counted as repair `empty_row`. For classification the entry's `columns` name the columns.
    """
    if reading["task"] == "classification":
        yield from _texts(path, reading, counts)
        return
    tagger, blanks = Tagger(reading, path, counts), Blanks(reading, path, counts)
    named = {*reading["labels"], *reading.get("tags", {})}
    ranges = reading["task"] == "pos" and "_" not in named
    column, labels = _tag_column(path, _schema(path), reading)
    for row, found in _rows(path, ["tokens", column]):
        tokens, tags = _row(found[0], found[1], labels, f"{path}:{row}")
        if ranges and "_" in tags:
            for tag in tags:
                if tag == "_":
                    count_skipped(counts, "ranges")
            kept = [index for index, tag in enumerate(tags) if tag != "_"]
            tokens, tags = [tokens[index] for index in kept], [tags[index] for index in kept]
        if not tokens:
            count_repair(counts, "empty_row", path, row, "a row without tokens")
            continue
        blanks.check_all(tokens, row)
        yield tokens, tagger.convert(tags, [row] * len(tags))


def _texts(path: Source, reading: Reading, counts: Counts) -> Iterator[tuple[list[str], list[str]]]:
    """Texts and labels from the columns that the entry names."""
    columns = reading["columns"]
    assert columns is not None, "the catalogue sees to it"
    used = {key: str(columns[key]) for key in TEXT_COLUMNS if key in columns}  # type: ignore[literal-required]
    schema, rows = _schema(path), Rows(reading, path, counts)
    labels = _check_texts(path, schema, used)
    for row, found in _rows(path, list(used.values())):
        where = f"{path}:{row}"
        values = dict(zip(used, found, strict=True))
        for key, value in values.items():
            if value is None:
                raise UserError(f"{where}: the row lacks its {used[key]!r} (null); {_AGAIN}")
        if labels is not None:
            values["label"] = _name(values["label"], labels, where)
        yield rows.sentence(row, {key: str(value) for key, value in values.items()})


def _check_texts(path: Source, schema: Any, used: Mapping[str, str]) -> list[str] | None:
    """The names of the numbers in the column of labels; None: it holds strings.

    UserError for columns that aren't there or hold something else.
    """
    from pyarrow import types

    numbered = False  # whether labels are numbers
    for key, name in used.items():
        if schema.names.count(name) != 1:
            there = ", ".join(map(quoted, schema.names[:20])) or "none"
            raise UserError(
                f"{path}: the file has no column {name!r} (or two), but {there}; correct `{key}` "
                "of `columns` in the catalogue entry"
            )
        kind = schema.field(name).type
        if types.is_dictionary(kind):
            kind = kind.value_type
        text = types.is_string(kind) or types.is_large_string(kind)
        if not text and not (key in ("label", "id") and types.is_integer(kind)):
            raise UserError(f"{path}: the column {name!r} holds {kind}, not text")
        numbered |= key == "label" and not text
    return _names_of(schema, used["label"], path) if numbered else None


def _schema(path: Source) -> Any:
    """The schema of a file, as pyarrow has it."""
    import pyarrow.parquet

    with open_file(path) as stream:
        try:
            return pyarrow.parquet.ParquetFile(stream).schema_arrow
        except _damages() as error:
            raise _damaged(path, "", error) from error


def _damages() -> tuple[type[Exception], ...]:
    """What pyarrow raises for damaged files; a UnicodeDecodeError is a ValueError."""
    import pyarrow

    return pyarrow.ArrowException, OSError, ValueError, OverflowError, MemoryError


def _rows(path: Source, columns: Sequence[str]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Number and values of every row; some rows are held at a time."""
    import pyarrow.parquet

    damages = _damages()
    with open_file(path) as stream:
        try:
            file = pyarrow.parquet.ParquetFile(stream, page_checksum_verification=True)
        except damages as error:
            raise _damaged(path, "", error) from error
        row = 0
        # Group by group, since lists of dictionary values can't be read over the edge of a group.
        for group in range(file.num_row_groups):
            batches = file.iter_batches(
                _ROWS, row_groups=[group], columns=[*columns], use_threads=False
            )
            while True:
                try:
                    batch = next(batches, None)
                    if batch is None:
                        break
                    batch.validate(full=True)
                    found = [batch[column].to_pylist() for column in columns]
                except damages as error:
                    raise _damaged(path, f":{row + 1}", error) from error
                for values in zip(*found, strict=True):
                    row += 1
                    yield row, values


def _row(
    tokens: Any, tags: Any, names: list[str] | None, where: str
) -> tuple[list[str], list[str]]:
    """Tokens and tags as strings; UserError for missing values or unequal numbers."""
    if tokens is None or tags is None or None in tokens or None in tags:
        raise UserError(f"{where}: the row lacks a token or tag (null); {_AGAIN}")
    if len(tokens) != len(tags):
        raise UserError(f"{where}: {len(tokens)} tokens but {len(tags)} tags; {_AGAIN}")
    if names is None:
        return tokens, tags
    return tokens, [_name(tag, names, where) for tag in tags]


def _name(number: int, names: list[str], where: str) -> str:
    """The name of a class by its number."""
    if not 0 <= number < len(names):
        raise UserError(
            f"{where}: the tag {number} has no name in the file's schema, which names 0 to "
            f"{len(names) - 1}; {_AGAIN}"
        )
    return names[number]


def _tag_column(path: Source, schema: Any, reading: Reading) -> tuple[str, list[str] | None]:
    """The column of tags, and the names of its numbers (None: it holds strings)."""
    from pyarrow import types

    wanted = _TAG_COLUMNS["pos" if reading["task"] == "pos" else "ner"]
    found = [name for name in wanted if name in schema.names]
    if "tokens" not in schema.names or not found:
        raise UserError(
            f"{path}: no columns `tokens` and {' or '.join(f'`{name}`' for name in wanted)}, but "
            f"{', '.join(map(quoted, schema.names[:20])) or 'none'}; this format reads data sets "
            "with a row for each sentence"
        )
    for name in ("tokens", found[0]):
        if schema.names.count(name) > 1:
            raise UserError(f"{path}: two columns are called {name!r}; {_AGAIN}")
        kind = schema.field(name).type
        values = getattr(kind, "value_type", None)
        if values is not None and types.is_dictionary(values):
            values = values.value_type
        is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        text = is_list and (types.is_string(values) or types.is_large_string(values))
        if not text and not (is_list and name != "tokens" and types.is_integer(values)):
            wanted_type = "strings" if name == "tokens" else "strings or whole numbers"
            raise UserError(f"{path}: the column {name!r} holds {kind}, not lists of {wanted_type}")
    if text:
        return found[0], None
    return found[0], _names_of(schema, found[0], path)


def _names_of(schema: Any, column: str, path: Source) -> list[str]:
    """The names of the numbers in a column; UserError where the schema has none."""
    names = _class_names(schema.metadata or {}, column)
    if not names:
        raise UserError(
            f"{path}: the column {column!r} holds numbers, and the file's schema doesn't name "
            "them (no features of Hugging Face datasets); take a file with strings or with names"
        )
    return names


def _class_names(metadata: Mapping[bytes, bytes], column: str) -> list[str] | None:
    """Names of the classes in a column: info.features of the metadata key `huggingface`."""
    try:
        feature = json.loads(metadata[b"huggingface"])["info"]["features"][column]
        # {"feature": X, "_type": "Sequence" or "List"}, or [X] in the older form; X of one value
        feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        names = feature["names"]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError):
        return None
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return names if good else None


def _damaged(path: Source, row: str, error: BaseException) -> UserError:
    text = quoted(" ".join(str(error).split()), most=120)
    return UserError(f"{path}{row}: not a readable Parquet file ({text}); {_AGAIN}")
