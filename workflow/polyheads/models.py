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

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification
from transformers.utils.logging import disable_progress_bar

from polyheads import sliced
from polyheads.encoding import load_tokenizer, special_tokens
from polyheads.errors import UserError
from polyheads.files import writing
from polyheads.heads import ATTENTION, Packing, gate_without, output_projections

logging.getLogger("transformers").setLevel(logging.ERROR)
disable_progress_bar()  # bars of a second's work only clutter the logs

TOLERANCE = 1e-5  # of the probe; the equalities hold to about 1e-6 in float32


def position_offset(model: torch.nn.Module) -> int:
    """Position of the first token: 0 (BERT), pad_token_id + 1 (RoBERTa, XLM-R)."""
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(part, torch.nn.Embedding):
            return 0 if part.padding_idx is None else part.padding_idx + 1
    return 0


def describe(model: torch.nn.Module, *, name: str, source: dict) -> dict:
    """The content of ``model.json``. Lengths are in tokens, special tokens included."""
    config = model.config
    offset = position_offset(model)
    return {
        "model": name,
        "class": type(model).__name__,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "hidden": config.hidden_size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": config.vocab_size,
        "position_offset": offset,
        "max_length": config.max_position_embeddings - offset,
        "source": source,
    }


def check_directory(directory: Path) -> None:
    """UserError unless the directory holds a config, safetensors weights and a tokenizer."""
    if not directory.is_dir():
        raise UserError(f"{directory}: no such model directory; check `path` of the model")
    if not (directory / "config.json").is_file():
        raise UserError(f"{directory}: no config.json; this is not a model directory")
    if not any(directory.glob("*.safetensors")):
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


def install(*, source_dir: Path, name: str, source: dict, out_dir: Path) -> None:
    """Check an encoder, probe its heads and keep it as plain files under ``out_dir``.

    Heads that transformers 4 cut out are zeros there, and `missing_heads` in ``model.json``.
    """
    source_dir, out_dir = Path(source_dir), Path(out_dir)
    check_directory(source_dir)
    with sliced.whole(source_dir, out_dir) as (directory, missing):
        model = _load(directory, source_dir)
    probe(model, name=name, tokenizer_dir=source_dir, missing=missing)
    out_dir.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out_dir)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        if (source_dir / file).is_file():
            shutil.copyfile(source_dir / file, out_dir / file)
        else:
            (out_dir / file).write_text("{}\n")
    with writing(out_dir / "model.json") as temporary:
        info = describe(model, name=name, source=source)
        info |= {"missing_heads": missing} if missing else {}
        temporary.write_text(json.dumps(info, indent=1) + "\n")


def _load(directory: Path, source_dir: Path) -> torch.nn.Module:
    """The encoder of a directory; UserError calls it ``source_dir``."""
    try:
        config = AutoConfig.from_pretrained(directory, trust_remote_code=False)
        return AutoModel.from_pretrained(
            directory,
            config=config,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
        )
    except Exception as error:  # whatever transformers says, the directory is at fault
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{source_dir}: the model cannot be loaded: {reason}") from error


@torch.no_grad()
def probe(
    model: torch.nn.Module,
    *,
    name: str,
    tokenizer_dir: Path,
    missing: Sequence[Sequence[int]] = (),
) -> None:
    """Refuse an encoder whose heads cannot be gated or whose sentences cannot be packed.

    Three sentences must give the same hidden states one by one with the encoder's own
    attention and packed with ours, and gate 0 must equal zeroed output-projection columns,
    both to 1e-5. Sliding windows, relative positions and attention outside transformers'
    AttentionInterface fail here, by name, before anything is trained.
    """
    special = special_tokens(load_tokenizer(tokenizer_dir))
    kind = type(model).__name__
    refusal = f"model {name} ({kind}) cannot be used: "
    model.eval()
    config = model.config
    for key in ("num_hidden_layers", "num_attention_heads", "max_position_embeddings"):
        if getattr(config, key, None) is None:
            raise UserError(f"{refusal}its configuration has no {key}")
    generator = torch.Generator().manual_seed(0)
    sentences = [
        torch.tensor([*special["prefix"], *ids.tolist(), *special["suffix"]], dtype=torch.long)
        for n in (5, 3, 9)
        for ids in [torch.randint(0, config.vocab_size, (n,), generator=generator)]
    ]
    # A random id may be the padding token, from which some encoders derive positions.
    pad = config.pad_token_id
    for ids in sentences:
        ids[1:-1][ids[1:-1] == pad] = special["unknown"]
    offset = position_offset(model)
    row = {
        "input_ids": torch.cat(sentences)[None],
        "position_ids": torch.cat([torch.arange(len(s)) + offset for s in sentences])[None],
        "packing": Packing.of([len(s) for s in sentences], range(3), torch.device("cpu")),
    }
    own = [model(input_ids=ids[None])[0][0] for ids in sentences]
    before = config._attn_implementation
    try:
        model.set_attn_implementation(ATTENTION)
        projections = output_projections(model, row)
        packed = model(**row)[0][0]
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"{refusal}its attention does not go through transformers' AttentionInterface "
            f"({reason})"
        ) from error
    if len(projections) != config.num_hidden_layers:
        raise UserError(f"{refusal}the heads of its layers cannot be found")
    if not torch.allclose(packed, torch.cat(own), atol=TOLERANCE, rtol=TOLERANCE):
        worst = (packed - torch.cat(own)).abs().max().item()
        raise UserError(
            f"{refusal}sentences packed into one row change its output (by {worst:.1e})"
        )
    layers, heads = config.num_hidden_layers, config.num_attention_heads
    # A head that is zero already (missing) would move nothing.
    there = [h for h in np.ndindex(layers, heads) if list(h) not in missing]
    if not there:
        raise UserError(f"{refusal}all of its heads are pruned already")
    chosen = [there[0], there[-1]]
    gated = model(**row, head_gate=gate_without(chosen, layers, heads))[0][0]
    saved = []
    for layer, head in chosen:
        weight = projections[layer].weight
        size = weight.shape[1] // heads
        columns = slice(head * size, (head + 1) * size)
        saved.append((weight, columns, weight[:, columns].clone()))
        weight[:, columns] = 0
    zeroed = model(**row)[0][0]
    for weight, columns, values in saved:
        weight[:, columns] = values
    model.set_attn_implementation(before)
    moved = (zeroed - packed).abs().max().item() > 0
    if not moved or not torch.allclose(gated, zeroed, atol=TOLERANCE, rtol=TOLERANCE):
        raise UserError(f"{refusal}a gate of 0 is not the same as removing the head")


def build(directory: Path, *, labels: Sequence[str], seed: int) -> torch.nn.Module:
    """A token classification model on the encoder, its new head initialised from ``seed``."""
    torch.manual_seed(seed)
    names = dict(enumerate(labels))
    model = AutoModelForTokenClassification.from_pretrained(
        directory,
        id2label=names,
        label2id={label: index for index, label in names.items()},
        attn_implementation=ATTENTION,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.float32,
    )
    # from_pretrained may draw differently when files change; the head is drawn by us.
    torch.manual_seed(seed)
    head = model.classifier
    torch.nn.init.normal_(head.weight, std=getattr(model.config, "initializer_range", 0.02))
    torch.nn.init.zeros_(head.bias)
    return model


def read_info(directory: Path) -> dict:
    """``model.json`` of a model directory."""
    return json.loads((Path(directory) / "model.json").read_text())
