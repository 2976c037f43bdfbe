"""The rankings of heads that numbers are made of, as ranking.json says them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyheads.errors import UserError

Head = tuple[int, int]  # layer and head, from 0


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The order of all heads by one kind of score, lowest first."""

    model: str
    corpus: str
    recipe: str
    language: str | None  # None of random ones
    seed: int
    kind: str
    reversed: bool
    task: str | None
    normalisation: str | None
    order: tuple[Head, ...]
    order_unnormalised: tuple[Head, ...]


def read(path: str | Path) -> Ranking:
    """One ranking.json; UserError where it isn't one."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        orders: dict[str, Any] = {
            name: tuple((layer, head) for layer, head in content[name])
            for name in ("order", "order_unnormalised")
        }
        names = ("model", "corpus", "recipe", "language", "seed", "kind", "reversed")
        about: dict[str, Any] = {name: content[name] for name in names}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: not a whole ranking ({error}); delete it and run again"
        ) from error
    more = {name: content.get(name) for name in ("task", "normalisation")}
    return Ranking(**about, **more, **orders)
