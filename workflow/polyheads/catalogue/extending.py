"""Languages that a study adds to an entry of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from polyheads.errors import UserError
from polyheads.validation import nearest

At = Callable[..., str]  # parts of a path in an entry -> the beginning of a message about it


def extended(found: Sequence[tuple[At, dict[str, Any]]]) -> list[tuple[At, dict[str, Any]]]:
    """The entries, those that are `extends` of another one merged into it."""
    whole = [(at, entry) for at, entry in found if "extends" not in entry]
    for at, extension in found:
        name = extension.get("extends")
        if name is None:
            continue
        places = {entry["name"]: number for number, (_, entry) in enumerate(whole)}
        if name not in places:
            raise UserError(f"{at('extends')}: unknown corpus {name!r}{nearest(name, places)}")
        if more := sorted(extension.keys() - {"extends", "languages"}):
            raise UserError(
                f"{at(more[0])}: an entry that extends another one has `languages` only; move this "
                "key to the languages, or write an entry of its own"
            )
        base_at, base = whole[places[name]]
        for code in extension["languages"]:
            if code in base["languages"]:
                raise UserError(
                    f"{at('languages', code)}: {name} has this language already; give the corpus a "
                    "name of its own, or use another code"
                )
        both = base["languages"] | extension["languages"]
        of = partial(_at_of, base_at, at, set(extension["languages"]))
        whole[places[name]] = of, base | {"languages": both}
    return whole


def _at_of(base: At, extension: At, codes: set[str], *path: str | int) -> str:
    """A message about an extended entry names the place where the language stands."""
    return (extension if path[:1] == ("languages",) and path[1] in codes else base)(*path)
