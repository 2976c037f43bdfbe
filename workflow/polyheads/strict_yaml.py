"""YAML and JSON files read strictly: what their readers pass over in silence is refused, by line.

YAML 1.1 lets the last of two equal keys win, reads `042` as 34, `1_000` as 1000, `1:30` as 90
and the language code `no` as false. None of that is ever meant in a study or a catalogue entry.
Anchors and merges (`<<: *block`, and keys beside it that override the block's) stay: they are
YAML's own way of sharing.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from polyheads.errors import UserError

_TAG = "tag:yaml.org,2002:"
_PLAIN_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_PLAIN_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
_KNOWN = {_TAG + kind for kind in ("str", "int", "float", "bool", "null", "merge", "seq", "map")}
CODE = "__use_yte__"
"""The key with which a configuration asks Snakemake's reader to run the code that stands in it."""


def load(path: str | Path) -> Any:
    """The content of a YAML or JSON file.

    UserError names file and line: no such file or no text, broken syntax, a key that stands twice,
    a value that YAML reads otherwise than it looks (octal and base-60 numbers, `yes`, dates), a
    number that is not finite, tags, a block inside itself.
    """
    name = _shown(path)
    text = _read(path, name)
    try:
        # As Snakemake does it: what is JSON is read as JSON.
        return json.loads(
            text,
            object_pairs_hook=lambda pairs: _distinct(pairs, name),
            parse_constant=lambda word: _fail(name, f"{word} is no number; give a finite one"),
        )
    except ValueError:
        pass
    loader = yaml.CSafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check(node, name, around=())
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        _fail(*_explain(error, name, last=text.count("\n", 0, -1) + 1))
    finally:
        loader.dispose()


def check_study(path: str | Path) -> None:
    """UserError where a study's file can't be read strictly, has no keys, or asks to run code."""
    content = load(path)
    if not content:
        raise UserError(f"{_shown(path)}: the file is empty; copy config.yaml and change it")
    if not isinstance(content, dict):
        raise UserError(f"{_shown(path)}: no keys at the top; copy config.yaml and change it")
    if CODE in content:
        _fail(
            _shown(path),
            f"the key {CODE} lets a configuration run code while Snakemake reads it; remove it, "
            "and write out what its expressions compute",
        )


def _shown(path: str | Path) -> str:
    """A path as the user would write it."""
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near


def _read(path: str | Path, name: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{name}: this is a directory; name a YAML file in it") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{name}: no UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror}") from None


def _fail(where: str, what: str) -> NoReturn:
    raise UserError(f"{where}: {what}")


def _distinct(pairs: Iterable[tuple[str, Any]], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            _fail(name, f"the key {key!r} stands twice in one block; remove one")
        found[key] = value
    return found


def _explain(error: yaml.YAMLError, name: str, *, last: int) -> tuple[str, str]:
    """Where a file of ``last`` lines is broken, and how, on one line."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"{name}:{min(mark.line + 1, last)}" if mark else name
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    what = " ".join(str(said).split())
    if "cannot start any token" in what:
        what += " (indent with spaces, not tabs; put text with special characters into quotes)"
    elif what.startswith(("did not find", "mapping values are not allowed")):
        what += " (look at indentation, colons, brackets and quotes here and in the line before)"
    return where, f"not valid YAML: {what}"


def _at(node: yaml.Node, name: str) -> str:
    return f"{name}:{node.start_mark.line + 1}"


def _check(node: yaml.Node, name: str, *, around: Sequence[int]) -> None:
    """UserError for the first thing in a node that YAML would take in silence.

    around: the ids of the nodes that this one lies in.
    """
    if id(node) in around:
        _fail(_at(node, name), "a block that contains itself; remove the alias inside it")
    if node.tag not in _KNOWN:
        _check_tag(node, name)
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node, name)
        return
    around = (*around, id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check(item, name, around=around)
        return
    lines: dict[tuple[str, str], int] = {}
    for key, value in node.value:
        _check(key, name, around=around)
        if isinstance(key, yaml.ScalarNode):
            same = (key.tag, key.value)
            if same in lines:
                advice = "write `<<: [*one, *other]`" if key.value == "<<" else "remove one"
                _fail(
                    _at(key, name),
                    f"the key {key.value!r} stands twice in one block, first in line "
                    f"{lines[same]}; {advice}",
                )
            lines[same] = key.start_mark.line + 1
        _check(value, name, around=around)


def _check_tag(node: yaml.Node, name: str) -> None:
    kind = node.tag.removeprefix(_TAG)
    if kind == "timestamp":
        _fail(_at(node, name), f"{node.value} is read as a date; put it into quotes")
    if kind == "value":  # a bare =
        _fail(_at(node, name), f"{node.value} has a meaning in YAML; put it into quotes")
    _fail(_at(node, name), f"the tag {node.tag.replace(_TAG, '!!')} is not used here; remove it")


def _check_scalar(node: yaml.ScalarNode, name: str) -> None:
    """UserError for a value that is not what it looks like; quoted ones are text."""
    value, kind = node.value, node.tag.removeprefix(_TAG)
    if kind == "bool" and value.lower() not in ("true", "false"):
        read = "true" if value.lower() in ("yes", "on") else "false"
        instead = read
    elif kind == "int" and not _PLAIN_INTEGER.fullmatch(value):
        read, instead = str(yaml.safe_load(value)), "a decimal number"
    elif kind == "float" and (
        value.lower().lstrip("+-") in (".nan", ".inf")
        or (_PLAIN_FLOAT.fullmatch(value) and not math.isfinite(float(value)))
    ):
        _fail(_at(node, name), f"{value} is no finite number; give one")
    elif kind == "float" and not _PLAIN_FLOAT.fullmatch(value):
        read, instead = str(yaml.safe_load(value)), "a decimal number"
    else:
        return
    _fail(
        _at(node, name),
        f'{value} is read as {read}; write {instead}, or "{value}" in quotes if it is text',
    )
