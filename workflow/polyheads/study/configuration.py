"""Check a study's configuration and fill in the defaults; mistakes are named by their path."""

from __future__ import annotations

from polyheads.errors import UserError
from polyheads.validation import load_schema, nearest, validate


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
    config = validate(config, load_schema("config"), what="configuration")
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
