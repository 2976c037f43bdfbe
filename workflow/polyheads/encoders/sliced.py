"""Checkpoints that transformers 4 saved with pruned heads: cut weights, filled up with zeros.

`prune_heads` of transformers 4 cut the heads' rows out of the query, key and value projections and
their columns out of the output projection, and noted them in config.json (`pruned_heads`: layer ->
heads). transformers 5 knows nothing of it. A head whose weights are all zero does nothing and, as
every gradient of its weights is a product with one of them, never learns anything: it stays away.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from polyheads.catalogue.encoder_files import missing_heads
from polyheads.errors import UserError

if TYPE_CHECKING:
    import torch

Heads = list[list[int]]  # [layer, head] each, counted from 0, in order


@contextmanager
def whole(directory: Path, beside: Path) -> Iterator[Path]:
    """A model directory of full shape, with zeros for the heads that were cut out.

    The directory itself where nothing was cut out; else a copy next to the path ``beside``, which
    is gone after the block. UserError where the weights are not cut as config.json says.
    """
    missing = missing_heads(directory)
    if not missing:
        yield Path(directory)
        return
    beside.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}.") as temporary:
        _fill(Path(directory), Path(temporary), missing)
        try:
            yield Path(temporary)
        except UserError as error:  # about the directory that the user knows
            raise UserError(str(error).replace(temporary, str(directory))) from error


def _fill(directory: Path, out: Path, missing: Heads) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    del config["pruned_heads"]
    for path in directory.glob("*.json"):  # the list of several files of weights is one of them
        shutil.copyfile(path, out / path.name)
    (out / "config.json").write_text(json.dumps(config))
    shapes = _shapes(out)
    filled: set[int] = set()
    for path in directory.glob("*.safetensors"):
        try:
            tensors = load_file(path)
        except SafetensorError as error:
            raise UserError(f"{path}: cannot be read ({error}); copy or fetch it again") from error
        for name, tensor in tensors.items():
            layer = re.search(r"\.(\d+)\.", name)
            wanted = shapes.get(name)
            if layer and wanted and tensor.shape != wanted:
                index = int(layer[1])
                gone = [head for at, head in missing if at == index]
                spread = _spread(tensor, wanted, gone, config["num_attention_heads"])
                if spread is None:
                    raise UserError(
                        f"{path}: {name} has the shape {list(tensor.shape)}, which is not that of"
                        f" layer {index} ({list(wanted)}) without {len(gone)} heads (pruned_heads"
                        " in config.json); weights and configuration are of different models"
                    )
                tensors[name] = spread
                filled.add(index)
        save_file(tensors, out / path.name, {"format": "pt"})
    if whole := {layer for layer, _ in missing} - filled:
        raise UserError(
            f"{directory}: config.json says that layer {min(whole)} lacks heads (pruned_heads), but"
            " its weights are whole; if they are, take pruned_heads out of config.json"
        )


def _shapes(directory: Path) -> dict[str, torch.Size]:
    """Name -> shape of the weights that the configuration stands for; with and without prefix."""
    import torch
    from transformers import AutoConfig, AutoModel

    try:
        with torch.device("meta"):
            model = AutoModel.from_config(AutoConfig.from_pretrained(directory))
    except Exception:  # who loads the model says what is wrong
        return {}
    plain = {name: weight.shape for name, weight in model.state_dict().items()}
    return plain | {f"{model.base_model_prefix}.{name}": shape for name, shape in plain.items()}


def _spread(
    tensor: torch.Tensor, wanted: torch.Size, gone: list[int], heads: int
) -> torch.Tensor | None:
    """The tensor with zeros where the heads ``gone`` were; None if it isn't cut like that."""
    import torch

    differ = [i for i, (a, b) in enumerate(zip(tensor.shape, wanted, strict=False)) if a != b]
    if len(differ) != 1 or tensor.dim() != len(wanted):
        return None
    (axis,) = differ
    size = wanted[axis] // heads
    kept = [
        row
        for head in range(heads)
        if head not in gone
        for row in range(head * size, (head + 1) * size)
    ]
    if len(kept) != tensor.shape[axis]:
        return None
    full = torch.zeros(wanted, dtype=tensor.dtype)
    full.index_copy_(axis, torch.tensor(kept, dtype=torch.long), tensor)
    return full
