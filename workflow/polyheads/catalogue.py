"""The catalogue of corpora: what exists, where its files are, which labels it uses.

An entry is a plain dict (resources/corpora/<name>.yaml or an item of the config list `corpora`),
described by schemas/corpus.schema.yaml. `load` fills in what an entry may leave out, so that every
file has a name and, where known, an address. This module is read whenever the workflow is planned:
it imports YAML and jsonschema and nothing else of weight.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from polyheads.config import load_schema, nearest, spell, validate
from polyheads.errors import UserError

SPLITS = ("train", "dev", "test")

_ROOT = Path(__file__).resolve().parents[2]
_ENTRIES = _ROOT / "resources" / "corpora"
_LANGUAGES = _ROOT / "resources" / "languages.yaml"
_SCHEMA = _ROOT / "workflow" / "schemas" / "corpus.schema.yaml"
_DEFAULT_FILE = {"conllu": "{split}.conllu", "columns": "{split}.tsv"}


def load(own: Sequence[dict[str, Any]] = ()) -> dict[str, dict[str, Any]]:
    """All entries by name: the built-in ones, then ``own``, the config list `corpora`.

    UserError for an entry that breaks the schema, contradicts itself or takes a name that is
    already taken; it names the YAML file or the config path (`corpora[0].languages.en`).
    """
    schema = load_schema(_SCHEMA)
    found = []
    for path in sorted(_ENTRIES.glob("*.yaml")):
        what = f"resources/corpora/{path.name}"
        found.append((partial(_at, what), validate(_read_yaml(path), schema, what=what)))
    if own:
        _check_keys(list(own), partial(_at, "configuration", "corpora"))
        whole = {"$defs": schema["$defs"], "properties": {"corpora": {"items": schema}}}
        checked = validate({"corpora": list(own)}, whole, what="configuration")["corpora"]
        found += [
            (partial(_at, "configuration", "corpora", number), entry)
            for number, entry in enumerate(checked)
        ]
    entries: dict[str, dict[str, Any]] = {}
    for at, entry in found:
        if entry["name"] in entries:
            raise UserError(
                f"{at('name')}: there is already a corpus {entry['name']!r}; "
                "give this one another name"
            )
        _check(entry, at)
        entries[entry["name"]] = _complete(entry, at)
    return entries


def language(entry: Mapping[str, Any], code: str) -> dict[str, Any]:
    """A language of an entry; UserError with the nearest code."""
    if code not in entry["languages"]:
        raise UserError(
            f"corpus {entry['name']} has no language {code!r}{nearest(code, entry['languages'])}"
        )
    return entry["languages"][code]


def narrowed(entry: Mapping[str, Any], code: str) -> dict[str, Any]:
    """The entry with one language only: what a rule about that language depends on."""
    return {**entry, "languages": {code: language(entry, code)}}


def splits(entry: Mapping[str, Any], code: str) -> list[str]:
    """The splits that a language has, in the order train, dev, test."""
    if entry["format"] == "grammar":
        return list(SPLITS)
    return [split for split in SPLITS if split in language(entry, code)["files"]]


def mirrored(mirror: str | Path, entry: Mapping[str, Any], code: str, split: str) -> Path:
    """Where a mirror holds a split's file: <mirror>/<corpus>/<language>/<file>."""
    file = language(entry, code)["files"][split]
    return Path(mirror).expanduser() / entry["name"] / code / file["name"]


def tag_names(entry: Mapping[str, Any]) -> list[str]:
    """The tags of an entry in the order of their ids: the labels, or O and B-/I- of every type."""
    if entry["task"] == "pos":
        return list(entry["labels"])
    return ["O", *(f"{prefix}-{label}" for label in entry["labels"] for prefix in "BI")]


def languages(entries: Iterable[Mapping[str, Any]] = ()) -> dict[str, dict[str, str]]:
    """Code -> name, family, branch: resources/languages.yaml and what ``entries`` say themselves.

    A language that neither names is called by its code.
    """
    table = _read_yaml(_LANGUAGES)
    for entry in entries:
        for code, item in entry["languages"].items():
            known = table.get(code, {"name": code, "family": "unknown", "branch": "unknown"})
            table[code] = {key: item.get(key, known[key]) for key in known}
    return table


def _read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _at(what: str, *path: str | int) -> str:
    """The beginning of a message: `configuration, corpora[0].labels`."""
    return f"{what}, {spell(path)}"


def _check_keys(value: Any, at: Callable[..., str], *path: str | int) -> None:
    """UserError for a key that YAML did not read as text (`no` is false unless quoted)."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            _check_keys(item, at, *path, number)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise UserError(
                    f"{at(*path)}: the key {key!r} is not text; "
                    "YAML reads no, on, yes and numbers so: put the key into quotes"
                )
            _check_keys(item, at, *path, key)


def _check(entry: Mapping[str, Any], at: Callable[..., str]) -> None:
    """UserError when an entry that follows the schema contradicts itself."""
    kind = entry["format"]
    needed = {"conllu": (), "columns": ("columns",), "grammar": ("seed", "sizes")}[kind]
    for key in ("columns", "seed", "sizes", "url", "file"):
        if key in needed and key not in entry:
            raise UserError(f"{at(key)}: missing; the format {kind} needs it")
        if key in entry and key not in needed and (kind == "grammar" or key not in ("url", "file")):
            raise UserError(f"{at(key)}: the format {kind} does not use it; remove it")
    if kind == "columns":
        columns = entry["columns"]
        if columns.get("count", 1 << 30) < max(columns["token"], columns["tag"]):
            raise UserError(
                f"{at('columns', 'count')}: {columns['count']} columns don't hold a token in "
                f"column {columns['token']} and a tag in column {columns['tag']}"
            )
    for code, item in entry["languages"].items():
        if kind == "grammar" and item.keys() & {"files", "url"}:
            raise UserError(
                f"{at('languages', code)}: the format grammar has no files; remove files and url"
            )
        if kind != "grammar" and "files" not in item:
            raise UserError(
                f"{at('languages', code)}: the key 'files' is missing; list the splits train, dev "
                "and test"
            )
        for split, file in item.get("files", {}).items():
            if "keep" in file and file["keep"][0] >= file["keep"][1]:
                raise UserError(
                    f"{at('languages', code, 'files', split, 'keep')}: {file['keep']} keeps no "
                    "sentence; give [from, to) with from < to"
                )


def _complete(entry: dict[str, Any], at: Callable[..., str]) -> dict[str, Any]:
    """Give every file its name and address, every language its licence, the entry its title."""
    entry.setdefault("title", entry["name"])
    url, name = entry.pop("url", None), entry.pop("file", None)
    for code, item in entry["languages"].items():
        item.setdefault("licence", entry["licence"])
        address = item.pop("url", url)
        for split, file in item.get("files", {}).items():
            fields = {"language": code, "split": split}
            fields |= {key: item[key] for key in ("treebank", "prefix") if key in item}
            here = at("languages", code, "files", split)
            if "name" not in file:
                file["name"] = _fill(name or _DEFAULT_FILE[entry["format"]], fields, here)
            if "url" not in file and address:
                file["url"] = _fill(address, fields, here)
        names = [file["name"] for file in item.get("files", {}).values()]
        if len(set(names)) < len(names):
            raise UserError(
                f"{at('languages', code, 'files')}: two splits have the same file name; "
                "give each its own"
            )
    return entry


def _fill(template: str, fields: Mapping[str, str], here: str) -> str:
    """Fill the {fields} of an address or file name; UserError for an unknown one."""
    try:
        used = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise UserError(f"{here}: {template!r} is not a template ({error})") from error
    for field in used:
        if field not in fields:
            raise UserError(
                f"{here}: {{{field}}} in {template!r} is unknown{nearest(field, fields)}"
            )
    return template.format(**fields)
