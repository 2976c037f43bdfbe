"""YAML held against a schema: defaults filled in, mistakes named by their path."""

from __future__ import annotations

import copy
import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from polyheads import resources, strict_yaml
from polyheads.errors import UserError

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Schema = dict[str, Any]  # JSON Schema

SHOWN = 60  # characters of a wrong value that a message repeats


# What YAML 1.1 takes for text: it wants a point and the exponent's sign.
_EXPONENT = re.compile(r"([-+]?[0-9]+\.?[0-9]*)[eE]([-+]?)([0-9]+)")


def load_schema(name: str) -> Schema:
    """One of resources/schemas, by the first part of its name: config or corpus."""
    schema: Schema = strict_yaml.load(resources.path("schemas", f"{name}.schema.yaml"))
    del schema["$schema"]  # a part that names its dialect gets jsonschema's own validator for it
    return schema


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` for the nearest known word, else the list of what is known."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""


def spell(path: Iterable[str | int]) -> str:
    """``experiments[0].targets[2]`` from the parts of a path."""
    text = ""
    for part in path:
        if isinstance(part, str) and not part.isprintable():
            part = repr(part)
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(top level)"


def validate(config: dict[str, Any], schema: Schema, *, what: str) -> dict[str, Any]:
    """A deep copy of ``config`` with the schema's defaults; UserError names the first mistake.

    what: how the error calls the thing, e.g. ``configuration``.
    """
    from jsonschema.exceptions import best_match

    config = copy.deepcopy(config)
    error = best_match(_validator()(schema).iter_errors(config))
    if error is not None:
        raise UserError(f"{what}, {_explain(error)}")
    _fill(config, schema, schema.get("$defs", {}))
    return config


def _validator() -> Callable[[Schema], Validator]:
    """A validator stricter than jsonschema's.

    Numbers are finite, 3.0 is no integer, and the `$` of a pattern is the end of the text, not a
    line break before it (Python's `$` is both).
    """
    from jsonschema import Draft202012Validator, validators

    def integer(_: object, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    def number(_: object, value: object) -> bool:
        return integer(_, value) or (isinstance(value, float) and math.isfinite(value))

    def pattern(
        validator: Validator, wanted: str, value: object, schema: Schema
    ) -> Iterator[ValidationError]:
        if wanted.endswith("$"):
            wanted = wanted.removesuffix("$") + r"\Z"
        yield from Draft202012Validator.VALIDATORS["pattern"](validator, wanted, value, schema)

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", integer)
    strict: Callable[[Schema], Validator] = validators.extend(
        Draft202012Validator,
        {"pattern": pattern},
        type_checker=types.redefine("number", number),
    )
    return strict


def _explain(error: ValidationError) -> str:
    where = spell(error.absolute_path)
    value, wanted, schema = _parts(error)
    match error.validator:
        case "additionalProperties":
            known = schema.get("properties", {})
            wrong = next(key for key in value if key not in known)
            return f"{spell([*error.absolute_path, wrong])}: unknown key{nearest(wrong, known)}"
        case "required":
            missing = next(key for key in wanted if key not in value)
            return f"{where}: the key {missing!r} is missing"
        case "enum":
            known = ", ".join(map(str, wanted))
            hint = nearest(value, wanted) if isinstance(value, str) else f"; known: {known}"
            return f"{where}: unknown value {_shown(value)}{hint}"
        case "oneOf":
            options = " or ".join(" + ".join(o["required"]) for o in wanted)
            return f"{where}: give exactly one of {options}"
        case "type":
            types = [wanted] if isinstance(wanted, str) else wanted
            instead = _instead(value, types, schema)
            return f"{where}: {_shown(value)} is not {_named(types)}{instead}"
        case "pattern" | "not" | "maxLength":
            told = schema.get("description", "")
            why = (
                f"is longer than {wanted} characters"
                if error.validator == "maxLength"
                else ("does not fit")
            )
            return f"{where}: {_shown(value)} {why}" + (f": {told}" if told else "")
    return f"{where}: {error.message.replace(repr(value), _shown(value))}"


def _parts(error: ValidationError) -> tuple[Any, Any, Any]:
    """The wrong value, what the schema's keyword says instead, and the schema."""
    return error.instance, error.validator_value, error.schema


def _shown(value: object) -> str:
    """A value on one line, not longer than a line can bear, as YAML spells it."""
    text = {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


_TYPES = {
    "string": "text",
    "integer": "an integer",
    "number": "a finite number",
    "boolean": "true or false",
    "array": "a list ([a, b])",
    "object": "a block of keys",
    "null": "null",
}


def _named(types: Iterable[str]) -> str:
    return " or ".join(_TYPES[kind] for kind in types)


def _instead(value: object, types: Iterable[str], schema: Schema) -> str:
    """What to write for a value of the wrong type, where that can be guessed."""
    if "string" in types and "integer" not in types and isinstance(value, bool | int | float):
        return "; put it into quotes"
    fits = str if schema.get("items", {}).get("type") == "string" else int
    if "array" in types and isinstance(value, fits) and len(str(value)) <= SHOWN:
        return f"; write [{value}]"
    power_of_ten = _EXPONENT.fullmatch(value) if isinstance(value, str) else None
    if power_of_ten and "number" in types:
        digits, sign, power = power_of_ten.groups()
        whole, _, rest = digits.partition(".")
        return f"; write {whole}.{rest or 0}e{sign or '+'}{power}"
    if "integer" in types and isinstance(value, float) and value.is_integer():
        return f"; write {int(value)}"
    return ""


def _fill(value: object, schema: Schema, defs: Mapping[str, Schema]) -> None:
    if "$ref" in schema:
        schema = {**defs[schema["$ref"].rsplit("/", 1)[1]], **schema}
    if isinstance(value, dict):
        for key, part in schema.get("properties", {}).items():
            if "$ref" in part:
                part = {**defs[part["$ref"].rsplit("/", 1)[1]], **part}
            if key not in value and "default" in part:
                value[key] = copy.deepcopy(part["default"])
            if key in value:
                _fill(value[key], part, defs)
    elif isinstance(value, list):
        for item in value:
            _fill(item, schema.get("items", {}), defs)
