"""Pre-trained encoders: where they come from, whether they fit, how a task model is built.

``results/models/<name>/`` holds the encoder (safetensors), its fast tokenizer and
``model.json``: class, layers, heads, length limit, position offset, origin.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import AutoModelForTokenClassification
from transformers.utils.logging import disable_progress_bar

from polyheads import origins
from polyheads.catalogue.encoder_files import check_directory
from polyheads.encoders import sliced, weights
from polyheads.encoders.gates import ATTENTION, number_layers
from polyheads.encoders.probing import length_limit, position_offset, probe
from polyheads.encoders.records import About, ModelInfo
from polyheads.files import writing
from polyheads.origins import OfEncoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

logging.getLogger("transformers").setLevel(logging.ERROR)
disable_progress_bar()  # bars of a second's work only clutter the logs


def describe(model: PreTrainedModel, *, name: str, source: dict[str, str]) -> About:
    """The content of ``model.json``. Lengths are in tokens, special tokens included."""
    config, limit = model.config, length_limit(model)
    assert limit is not None, "probe refuses others"
    return {
        "model": name,
        "class": type(model).__name__,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "hidden": config.hidden_size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": config.vocab_size,
        "position_offset": position_offset(model),
        "max_length": limit,
        "source": source,
    }


def install(
    *,
    source_dir: Path,
    name: str,
    source: dict[str, str],
    out_dir: Path,
    made_of: OfEncoder | None = None,
) -> None:
    """Check an encoder, probe its heads and keep it as plain files under ``out_dir``.

    made_of: see origins.of_encoder. Heads that were pruned before are zeros there, and
    `missing_heads` in ``model.json``.
    """
    source_dir, out_dir = Path(source_dir), Path(out_dir)
    check_directory(source_dir)
    torch.manual_seed(0)  # weights that the files lack, such as an unused pooler, are drawn
    with sliced.whole(source_dir, out_dir) as directory:
        model, head = weights.load(directory, called=source_dir)
    missing = probe(model, name=name, tokenizer_dir=source_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    if head:
        prefix = model.base_model_prefix
        encoder = {f"{prefix}.{key}": value for key, value in model.state_dict().items()}
        model.save_pretrained(out_dir, state_dict=encoder | head)
    else:
        model.save_pretrained(out_dir)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        if (source_dir / file).is_file():
            shutil.copyfile(source_dir / file, out_dir / file)
        else:
            (out_dir / file).write_text("{}\n")
    with writing(out_dir / "model.json") as temporary:
        about = describe(model, name=name, source=source)
        if missing:
            about["missing_heads"] = missing
        files = origins.files_of_encoder(out_dir)
        info: ModelInfo = {**about, "files": files, "made_of": made_of}
        temporary.write_text(json.dumps(info, indent=1) + "\n")


def build(directory: Path, *, labels: Sequence[str], seed: int) -> PreTrainedModel:
    """A token classification model on the encoder, its new head initialised from ``seed``."""
    torch.manual_seed(seed)
    names = dict(enumerate(labels))
    model, report = AutoModelForTokenClassification.from_pretrained(
        directory,
        id2label=names,
        label2id={label: index for index, label in names.items()},
        attn_implementation=ATTENTION,
        output_loading_info=True,
        **weights.HOW,
    )
    # from_pretrained may draw differently when files change; the head is drawn by us.
    torch.manual_seed(seed)
    std = getattr(model.config, "initializer_range", 0.02)
    for name, part in model.named_modules():
        if f"{name}.weight" in report["missing_keys"] and isinstance(part, torch.nn.Linear):
            torch.nn.init.normal_(part.weight, std=std)
            if part.bias is not None:
                torch.nn.init.zeros_(part.bias)
    made: PreTrainedModel = number_layers(model)
    return made


def read_info(directory: Path) -> ModelInfo:
    """``model.json`` of a model directory."""
    info: ModelInfo = json.loads((Path(directory) / "model.json").read_text())
    return info
