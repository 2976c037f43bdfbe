"""Catalogue entries from YAML: checked against the schema and against themselves, completed."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from polyheads import resources, strict_yaml
from polyheads.catalogue.entries import READING, TEXT_COLUMNS, embedded, reading, text_width
from polyheads.catalogue.extending import At, extended
from polyheads.catalogue.records import Columns, Entry, Language
from polyheads.catalogue.tasks import PLAIN
from polyheads.errors import UserError
from polyheads.files import LONGEST_NAME
from polyheads.validation import load_schema, nearest, spell, validate

_ORIGINS = ("url", "archive", "members", "hub")
# https://universaldependencies.org/u/pos/: not every treebank uses all of them
UPOS = [
    "ADJ",
    "ADP",
    "ADV",
    "AUX",
    "CCONJ",
    "DET",
    "INTJ",
    "NOUN",
    "NUM",
    "PART",
    "PRON",
    "PROPN",
    "PUNCT",
    "SCONJ",
    "SYM",
    "VERB",
    "X",
]
_TAG = re.compile("[BIES]-")
_TEMPLATE_KEYS = ("treebank", "prefix", "locale")

_ENTRIES = resources.path("corpora")
_DEFAULT_FILE = {
    "conllu": "{split}.conllu",
    "columns": "{split}.tsv",
    "jsonl": "{split}.jsonl",
    "multiatis": "{split}.tsv",
    "massive": "{language}.jsonl",
    "mtod": "{split}.tsv",
    "parquet": "{split}.parquet",
    "texts": "{split}.tsv",
}
_NEEDED = {  # formats with columns, and those that they can't do without
    "columns": ("token", "tag"),
    "multiatis": ("utterance", "tags"),
    "texts": ("text", "label"),
}
_OF_LINES = ("count", "separator", "header", "quoted")  # columns keys of texts, beside theirs
_ONE_FILE = ("massive",)  # formats whose one file says of every row which split it belongs to


def load(own: Sequence[dict[str, Any]] = ()) -> dict[str, Entry]:
    """All entries by name: the built-in ones, then ``own``, the config list `corpora`.

    UserError for an entry that breaks the schema, contradicts itself or takes a name that is
    already taken; it names the YAML file or the config path (`corpora[0].languages.en`).
    """
    schema = load_schema("corpus")
    found: list[tuple[At, dict[str, Any]]] = []
    for path in sorted(_ENTRIES.glob("*.yaml")):
        what = f"resources/corpora/{path.name}"
        found.append((partial(_at, what), validate(strict_yaml.load(path), schema, what=what)))
    if own:
        _check_keys(list(own), partial(_at, "configuration", "corpora"))
        whole = {"$defs": schema["$defs"], "properties": {"corpora": {"items": schema}}}
        checked = validate({"corpora": list(own)}, whole, what="configuration")["corpora"]
        found += [
            (partial(_at, "configuration", "corpora", number), entry)
            for number, entry in enumerate(checked)
        ]
    entries: dict[str, Entry] = {}
    for at, entry in extended(found):
        if entry["name"] in entries:
            raise UserError(
                f"{at('name')}: there is already a corpus {entry['name']!r}; "
                "give this one another name"
            )
        if entry["name"] == "models":
            raise UserError(
                f"{at('name')}: models is where a mirror keeps encoders; choose another"
            )
        if entry["task"] == "pos":
            entry.setdefault("labels", UPOS)
        elif "labels" not in entry:
            raise UserError(
                f"{at()}: the key 'labels' is missing; name the types of {entry['task']}"
            )
        entry = _unshared(entry)
        _give_files(entry)
        _check(cast(Entry, entry), at)
        entries[entry["name"]] = _complete(entry, at)
    return entries


def _unshared(value: Any) -> Any:
    """A copy in which what YAML's anchors share is several objects."""
    if isinstance(value, Mapping):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def _at(what: str, *path: str | int) -> str:
    """The beginning of a message: `configuration, corpora[0].labels`."""
    return f"{what}, {spell(path)}"


def _check_keys(value: Any, at: At, *path: str | int) -> None:
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


def _check(entry: Entry, at: At) -> None:
    """UserError when an entry that follows the schema contradicts itself."""
    if embedded(entry):
        _check_grammar(entry, at)
        return
    for key in ("seed", "sizes"):
        if key in entry:
            raise UserError(f"{at(key)}: only the format grammar uses it; remove it")
    if entry["task"] not in PLAIN:
        _check_labels(entry, at)
    for code, item in entry["languages"].items():
        here = partial(at, "languages", code)
        if "files" not in item:
            raise UserError(
                f"{here()}: the key 'files' is missing; list the splits train, dev and test"
            )
        _check_reading(entry, code, at)
        for split, file in item["files"].items():
            if "keep" in file and file["keep"][0] >= file["keep"][1]:
                raise UserError(
                    f"{here('files', split, 'keep')}: {file['keep']} keeps no sentence; "
                    "give [from, to) with from < to"
                )
        _check_carve(item, here)


def _check_labels(entry: Entry, at: At) -> None:
    """The labels of ner and sf are types: no tags, and nothing that stands outside of spans."""
    outside = {"O", *entry.get("outside", ())}
    for number, label in enumerate(entry["labels"]):
        if label in outside or _TAG.match(label):
            raise UserError(
                f"{at('labels', number)}: {label!r} is a tag, not a type; list the types alone, "
                "without O, B- and I-"
            )


def _check_grammar(entry: Entry, at: At) -> None:
    for key in ("seed", "sizes"):
        if key not in entry:
            raise UserError(f"{at(key)}: missing; the format grammar needs it")
    unused = ({*READING, *_ORIGINS, "file", "files", "split_names"} - {"format"}) & entry.keys()
    for key in sorted(unused):
        raise UserError(f"{at(key)}: the format grammar does not use it; remove it")
    for code, item in entry["languages"].items():
        if item.keys() & {*READING, *_ORIGINS, "files", "carve"}:
            raise UserError(
                f"{at('languages', code)}: the format grammar has no files; remove files and url"
            )


def _check_reading(entry: Entry, code: str, at: At) -> None:
    """Columns and format must be there and fit each other."""
    item = entry["languages"][code]
    options = reading(entry, code)

    def where(key: str, *more: str) -> str:
        return at("languages", code, key, *more) if key in item else at(key, *more)

    kind = options["format"]
    if kind is None:
        raise UserError(f"{at('format')}: missing; say how the files are written")
    if kind == "grammar":
        raise UserError(f"{where('format')}: the format grammar stands for all languages or none")
    try:
        "".encode(options["encoding"])
    except (LookupError, ValueError) as error:
        raise UserError(
            f"{where('encoding')}: Python knows no encoding {options['encoding']!r}; write it as "
            "in https://docs.python.org/3/library/codecs.html#standard-encodings"
        ) from error
    become = [(where("types", kind), ours) for kind, ours in options["types"].items()]
    if options["other_types"] is not None:
        become.append((where("other_types"), options["other_types"]))
    for place, ours in become:
        if ours not in entry["labels"]:
            raise UserError(f"{place}: {ours!r} is no label{nearest(ours, entry['labels'])}")
    if kind != "conllu" and options["view"] != READING["view"]:
        raise UserError(f"{where('view')}: only the format conllu uses it; remove it")
    classified = entry["task"] == "classification"
    if (kind == "texts") != classified and not (classified and kind == "parquet"):
        fits = "texts or parquet" if classified else "another one; texts is for classification"
        raise UserError(
            f"{where('format')}: {kind} is no format of the task {entry['task']}; choose {fits}"
        )
    needed = _NEEDED["texts"] if classified else _NEEDED.get(kind)
    columns: Mapping[str, Any] | None = options["columns"]
    if needed is None:
        # Columns of the entry are for the languages that don't name a format of their own.
        if columns is not None and ("columns" in item or "format" not in item):
            raise UserError(f"{where('columns')}: the format {kind} does not use it; remove it")
        return
    if columns is None:
        raise UserError(f"{where('columns')}: missing; the format {kind} needs it")
    for key in needed:
        if key not in columns:
            raise UserError(f"{where('columns')}: the key {key!r} is missing")
    if classified:
        _check_texts(columns, kind, where)
    if "token_pattern" in columns:
        _check_pattern(columns["token_pattern"], where("columns", "token_pattern"))
    count = columns.get("count")
    if isinstance(count, list) and count[0] > count[1]:
        raise UserError(f"{where('columns', 'count')}: {count} fits no line; give [least, most]")
    if columns.get("joined_token") and columns.get("separator") == "csv":
        raise UserError(
            f"{where('columns', 'joined_token')}: CSV puts quotes around what has a comma; "
            "remove it"
        )
    least = min(count) if isinstance(count, list) else count
    if not classified and least is not None and least < max(abs(columns[key]) for key in needed):
        raise UserError(
            f"{where('columns', 'count')}: {least} columns don't hold a {needed[0]} in column "
            f"{columns[needed[0]]} and {needed[1]} in column {columns[needed[1]]}"
        )


def _check_texts(columns: Mapping[str, Any], kind: str, where: Callable[..., str]) -> None:
    """Columns of texts have names where the file says names, and nothing that only tokens have."""
    allowed = {*TEXT_COLUMNS} if kind == "parquet" else {*TEXT_COLUMNS, *_OF_LINES}
    for key in sorted(columns.keys() - allowed):
        raise UserError(f"{where('columns', key)}: the format {kind} does not use it; remove it")
    if kind == "parquet":
        for key in columns:
            if not isinstance(columns[key], str):
                raise UserError(f"{where('columns', key)}: give the column's name in the file")
        return
    for key in columns.keys() & {*TEXT_COLUMNS}:
        if isinstance(columns[key], str) and not columns.get("header"):
            raise UserError(
                f"{where('columns', key)}: a column by its name needs `header: true`; else give "
                "its number, counted from 1"
            )
    count, needed = columns.get("count"), text_width(cast(Columns, columns))
    least = min(count) if isinstance(count, list) else count
    if least is not None and least < needed:
        raise UserError(
            f"{where('columns', 'count')}: {least} columns are too few for those that are named; "
            f"give at least {needed}"
        )
    separator = columns.get("separator", "tab")
    if separator not in ("tab", "csv"):
        raise UserError(
            f"{where('columns', 'separator')}: texts have spaces inside; choose tab or csv"
        )


def _check_pattern(pattern: str, here: str) -> None:
    """UserError unless Python's re can read a regular expression, and it has a group 1."""
    try:
        groups = re.compile(pattern).groups
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(f"{here}: {pattern!r} is no regular expression: {error}") from error
    if groups == 0:
        raise UserError(f"{here}: {pattern!r} has no group; put what is the token into parentheses")


def _give_files(entry: dict[str, Any]) -> None:
    """The splits of the entry to the languages that list none."""
    if "files" not in entry or entry.get("format") == "grammar":  # which has none: see _check
        return
    shared = entry.pop("files")
    for item in entry["languages"].values():
        item.setdefault("files", _unshared(shared))


def _check_carve(item: Language, here: At) -> None:
    shares: dict[str, float] = {}
    for split, cut in item.get("carve", {}).items():
        if split in item["files"]:
            raise UserError(f"{here('carve', split)}: there is a file for {split}; remove one")
        if cut["from"] not in item["files"]:
            raise UserError(f"{here('carve', split, 'from')}: there is no file for {cut['from']}")
        shares[cut["from"]] = shares.get(cut["from"], 0.0) + cut["share"]
        if shares[cut["from"]] >= 1:
            raise UserError(f"{here('carve')}: the shares leave nothing of {cut['from']}")


def _complete(entry: dict[str, Any], at: At) -> Entry:
    """Give every file its name and origin, every language its licence and access."""
    whole = cast(Entry, entry)  # which it becomes
    entry.setdefault("title", entry["name"])
    shared = {key: entry.pop(key) for key in _ORIGINS if key in entry}
    name = entry.pop("file", None)
    spelled = entry.pop("split_names", {})
    if embedded(whole):
        for item in entry["languages"].values():
            item.setdefault("licence", entry.get("licence"))
            item["access"] = "open"
        return whole
    for code, item in entry["languages"].items():
        for key in ("licence", "access", "obtain"):
            if key not in item and key in entry:
                item[key] = entry[key]
        if "licence" not in item:
            raise UserError(f"{at('languages', code)}: the key 'licence' is missing")
        own = {key: item.pop(key) for key in _ORIGINS if key in item}
        kind = reading(whole, code)["format"]
        for split, file in item["files"].items():
            here = at("languages", code, "files", split)
            fields = {key: item[key] for key in _TEMPLATE_KEYS if key in item} | {"language": code}
            file.setdefault(
                "name", _fill(name or _DEFAULT_FILE[kind], fields | {"split": split}, here)
            )
            _give_origin(file, own, shared, fields | {"split": spelled.get(split, split)}, here)
        names = [file["name"] for file in item["files"].values()]
        if (longest := max(names, key=len))[LONGEST_NAME:]:
            raise UserError(
                f"{at('languages', code, 'files')}: the file name {longest[:50]}… has "
                f"{len(longest)} characters; at most {LONGEST_NAME} are possible"
            )
        if len(set(names)) < len(names) and kind not in _ONE_FILE:
            raise UserError(
                f"{at('languages', code, 'files')}: two splits have the same file name; "
                "give each its own"
            )
        _give_access(item, here=at("languages", code))
    return whole


def _give_origin(
    file: dict[str, Any],
    own: Mapping[str, Any],
    shared: Mapping[str, Any],
    fields: Mapping[str, str],
    here: str,
) -> None:
    """One of url, archive + members, hub, or none; what stands nearest to the file holds."""
    given = {key: file.pop(key) for key in _ORIGINS if key in file}
    members = given.get("members") or own.get("members") or shared.get("members")
    for level in (given, own, shared):
        kinds = [key for key in ("url", "archive", "hub") if key in level]
        if len(kinds) > 1:
            raise UserError(f"{here}: give one of {' and '.join(kinds)}, not both")
        if not kinds:
            continue
        if kinds == ["url"]:
            file["url"] = _fill(level["url"], fields, here)
        elif kinds == ["hub"]:
            path = _fill(level["hub"]["path"], fields, here)
            file["hub"] = {**level["hub"], "path": path}
        else:
            if not members:
                raise UserError(f"{here}: say which `members` of the archive make up the file")
            address = _fill(level["archive"], fields, here)
            file["archive"] = {"url": address, "name": _archive_name(address, here)}
            file["members"] = [_fill(member, fields, here) for member in members]
        return
    if given:
        raise UserError(f"{here}: `members` belong to an archive, and none is named")


def _archive_name(address: str, here: str) -> str:
    name = address.rsplit("/", 1)[1]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UserError(f"{here}: the address {address} does not end in the archive's file name")
    return name


def _give_access(item: dict[str, Any], *, here: str) -> None:
    """Own copies aren't fetched, all others are."""
    fetched = [file for file in item["files"].values() if file.keys() & {"url", "archive", "hub"}]
    item.setdefault("access", "open" if fetched else "own-copy")
    if item["access"] == "own-copy" and fetched:
        raise UserError(
            f"{here}: an own copy is not fetched; remove its address or `access: own-copy`"
        )
    if item["access"] != "own-copy" and len(fetched) < len(item["files"]):
        raise UserError(
            f"{here}: a file has neither url, archive nor hub; say where to fetch it from, or "
            "that it is an own copy with `access: own-copy`"
        )


def _fill(template: str, fields: Mapping[str, str], here: str) -> str:
    """Fill the {fields} of an address or file name; UserError for an unknown one."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise UserError(f"{here}: {template!r} is not a template ({error})") from error
    for _, field, form, conversion in parts:
        if field is None:
            continue
        if field not in fields:
            raise UserError(
                f"{here}: {{{field}}} in {template!r} is unknown{nearest(field, fields)}"
            )
        if form or conversion:
            raise UserError(
                f"{here}: {template!r}: write {{{field}}} and nothing else in the braces"
            )
    return template.format(**fields)
