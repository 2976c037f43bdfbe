"""The files of an encoder as they are given, before anything of it is loaded or copied."""

from __future__ import annotations

import json
import os
from pathlib import Path

from polyheads.errors import UserError


def check_directory(directory: Path) -> None:
    """UserError unless the directory has a config, safetensors weights and a tokenizer to read."""
    if not directory.is_dir():
        raise UserError(f"{directory}: no such model directory; check `path` of the model")
    _check_readable(directory)
    if not (directory / "config.json").is_file():
        raise UserError(f"{directory}: no config.json; this is not a model directory")
    weights = sorted(directory.glob("*.safetensors"))
    if not weights:
        pickled = [p.name for p in sorted(directory.glob("*.bin")) + sorted(directory.glob("*.pt"))]
        if pickled:
            raise UserError(
                f"{directory}: only pickle weights ({pickled[0]}), which can run code when they "
                "are loaded; convert them once, where you trust them, with "
                "save_pretrained(..., safe_serialization=True)"
            )
        raise UserError(f"{directory}: no weights (model.safetensors)")
    if not (directory / "tokenizer.json").is_file():
        raise UserError(
            f"{directory}: no tokenizer.json (fast tokenizer); save one there with "
            "AutoTokenizer.from_pretrained(...).save_pretrained(...)"
        )
    for file in (directory / "config.json", *weights, directory / "tokenizer.json"):
        _check_readable(file)


def _check_readable(path: Path) -> None:
    needed = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    if not os.access(path, needed):
        raise UserError(f"{path}: cannot be read; change its permissions (chmod)")


def folder(hub: str) -> str:
    """A hub id as one part of a path."""
    return hub.replace("/", "--")


def mirrored(mirror: str | Path, hub: str, revision: str) -> Path:
    """The directory of a hub model in a mirror, or in results/downloads, which has its form."""
    return Path(mirror).expanduser() / "models" / folder(hub) / revision


def check_mirrored(directory: Path, hub: str) -> None:
    """UserError unless a mirror has the directory of a hub model."""
    if not directory.is_dir():
        raise UserError(
            f"{directory}: no such directory in the mirror; put the files of model {hub} there "
            "(`snakemake mirror` does, on a machine with network), or set `mirror: null`"
        )


def heads(directory: Path) -> int | None:
    """The number of heads that a directory's config.json gives; None if it gives none.

    Without those that were cut out (see encoders.sliced). UserError for a file that is no
    configuration at all.
    """
    file = directory / "config.json"
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        sizes = [content.get(key) for key in ("num_hidden_layers", "num_attention_heads")]
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(
            f"{file}: not the configuration of a model ({error}); save it there again"
        ) from error
    layers, in_each = sizes
    if not (isinstance(layers, int) and isinstance(in_each, int)):
        return None
    return layers * in_each - len(missing_heads(directory))


def missing_heads(directory: Path) -> list[list[int]]:
    """The heads that a model directory's config.json says were cut out.

    [layer, head], counted from 0, in order. UserError for nonsense.
    """
    path = Path(directory) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        noted = config.get("pruned_heads") or {}
    except (ValueError, AttributeError):
        return []  # who loads the model says what is wrong with the file
    if not noted:
        return []
    layers, heads = (config.get(key) for key in ("num_hidden_layers", "num_attention_heads"))
    try:
        found = sorted([int(layer), int(head)] for layer, of in noted.items() for head in of)
        inside = all(0 <= layer < layers and 0 <= head < heads for layer, head in found)
    except (AttributeError, TypeError, ValueError):
        inside = False
    if not inside or len({tuple(head) for head in found}) < len(found):
        raise UserError(
            f"{path}: pruned_heads is {json.dumps(noted)}; it must list heads by their layer, as"
            ' in {"0": [1, 5]}, within the numbers of layers and heads'
        )
    return found
