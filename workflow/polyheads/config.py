"""Check a study's configuration and fill in the defaults; mistakes are named by their path."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable
from pathlib import Path

from polyheads import strict_yaml
from polyheads.errors import UserError

SCHEMA = Path(__file__).parents[1] / "schemas" / "config.schema.yaml"


def load_schema(path: Path = SCHEMA) -> dict:
    return strict_yaml.load(path)


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` for the nearest known word, else the list of what is known."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""


def spell(path: Iterable) -> str:
    """``experiments[0].targets[2]`` from the parts of a path."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(top level)"


def validate(config: dict, schema: dict, *, what: str) -> dict:
    """A deep copy of ``config`` with the schema's defaults; UserError names the first mistake.

    what: how the error calls the thing, e.g. ``configuration``.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    config = copy.deepcopy(config)
    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is not None:
        raise UserError(f"{what}, {_explain(error)}")
    _fill(config, schema, schema.get("$defs", {}))
    return config


def _explain(error) -> str:
    where = spell(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        wrong = next(key for key in error.instance if key not in known)
        return f"{spell([*error.absolute_path, wrong])}: unknown key{nearest(wrong, known)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{where}: the key {missing!r} is missing"
    if error.validator == "enum":
        hint = nearest(error.instance, error.validator_value)
        return f"{where}: unknown value {error.instance!r}{hint}"
    if error.validator == "oneOf":
        options = " or ".join(" + ".join(o["required"]) for o in error.validator_value)
        return f"{where}: give exactly one of {options}"
    return f"{where}: {error.message}"


def _fill(value, schema: dict, defs: dict) -> None:
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


def named(items: list[dict], key: str) -> dict[str, dict]:
    """The blocks of a list by their names. UserError when a name stands twice."""
    found: dict[str, dict] = {}
    for index, item in enumerate(items):
        if item["name"] in found:
            raise UserError(f"configuration, {key}[{index}].name: {item['name']!r} stands twice")
        found[item["name"]] = item
    return found


def pick(name: str, known: dict, *, where: str, what: str):
    """``known[name]``, or a UserError with the nearest known name."""
    if name not in known:
        raise UserError(f"configuration, {where}: unknown {what} {name!r}{nearest(name, known)}")
    return known[name]


def load(config: dict) -> dict:
    """The validated configuration of a study, defaults filled in."""
    if not config:
        raise UserError("the configuration is empty; copy config.yaml and change it")
    config = validate(config, load_schema(), what="configuration")
    for model in config["models"]:
        scratch = model.get("scratch")
        if scratch:
            scratch["intermediate"] = scratch["intermediate"] or 4 * scratch["hidden"]
            if scratch["hidden"] % scratch["heads"]:
                raise UserError(
                    f"configuration, models: {model['name']}: hidden ({scratch['hidden']}) is "
                    f"not a multiple of heads ({scratch['heads']})"
                )
    return config
