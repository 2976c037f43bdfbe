"""Weights of a model directory: all of them are read, and nothing is made up for missing ones.

transformers fills what a checkpoint lacks with random numbers and says so in a warning. Here only
what fine-tuning replaces or never uses may be missing (the pooler) or left over (other heads).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, __version__
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING

from polyheads.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

NAMED = 5  # weights that a message names
HOW: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False, "dtype": torch.float32}


def read_config(directory: Path, *, called: Path | None = None) -> PreTrainedConfig:
    """The configuration of a model directory. UserError if it is none that transformers reads.

    called: the directory's name in messages, where it is a copy.
    """
    path = (called or directory) / "config.json"
    try:
        content = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: not valid JSON ({error}); copy or fetch it again") from error
    kind = content.get("model_type") if isinstance(content, dict) else None
    if not isinstance(kind, str):
        raise UserError(f"{path}: no model_type; this is not the configuration of an encoder")
    if kind not in CONFIG_MAPPING:
        why = f"transformers {__version__} has no model type {kind!r}"
        if "auto_map" in content:
            why += ", and code that comes with a model (auto_map) is not run"
        raise UserError(f"{path}: {why}; take an encoder whose class is part of transformers")
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(directory, trust_remote_code=False)
    except Exception as error:  # whatever transformers says, the file is at fault
        raise UserError(f"{path}: cannot be read: {in_one_line(error)}") from error
    if type(config) not in MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING:
        raise UserError(
            f"{path}: transformers {__version__} has no token classification for model type "
            f"{kind!r}; take another encoder"
        )
    if config.is_encoder_decoder or hasattr(config, "num_decoder_layers"):
        raise UserError(f"{path}: {kind!r} has a decoder beside its encoder; take an encoder alone")
    # A config.json may name a kernel on the hub here, whose code would be fetched and run.
    config._attn_implementation = None  # transformers' own choice for the class
    return config


def load(
    directory: Path, *, called: Path | None = None
) -> tuple[PreTrainedModel, dict[str, torch.Tensor]]:
    """The encoder of a model directory, and pre-trained weights of its token classification head.

    Some classes (ModernBERT) have layers between the encoder and the classifier whose weights
    come with the checkpoint; most have none. UserError where the weights are not those of the
    configuration: missing, left over, of other shapes, not finite, not readable.
    called: see read_config.
    """
    config = read_config(directory, called=called)
    called = called or directory
    try:
        model, report = AutoModel.from_pretrained(
            directory, config=config, output_loading_info=True, ignore_mismatched_sizes=True, **HOW
        )
    except Exception as error:  # as above
        raise UserError(
            f"{called}: the model cannot be loaded ({in_one_line(error)}); check config.json "
            "and the weights, or fetch them again"
        ) from error
    kind = type(model).__name__
    shapes = sorted(report["mismatched_keys"])
    if shapes:
        name, there, wanted = shapes[0]
        raise UserError(
            f"{called}: {name} is {list(there)} in the weights and {list(wanted)} by "
            f"config.json{_others(len(shapes) - 1)}; they are of different models"
        )
    missing = [name for name in report["missing_keys"] if "pooler" not in name]
    if missing:
        raise UserError(
            f"{called}: the weights lack {_names(missing)} of {kind}; if they go by other "
            "names, save them with the class's own save_pretrained"
        )
    unused = [name for name in report["unexpected_keys"] if _of_encoder(name, model)]
    if unused:
        raise UserError(
            f"{called}: {kind} with this config.json has no place for {_names(unused)}; "
            "config.json and weights are of different models"
        )
    for name, weight in model.state_dict().items():
        if weight.is_floating_point() and not torch.isfinite(weight).all():
            raise UserError(f"{called}: {name} has numbers that are NaN or infinite")
    return model, _head(directory, config, model, set(report["unexpected_keys"]))


def _head(
    directory: Path, config: PreTrainedConfig, model: PreTrainedModel, left: set[str]
) -> dict[str, torch.Tensor]:
    """Weights among those ``left`` that belong between the encoder and the classifier."""
    with torch.device("meta"):
        task = AutoModelForTokenClassification.from_config(config)
    others = (f"{task.base_model_prefix}.", f"{classifier(task)}.")
    own = {name for name in task.state_dict() if not name.startswith(others)}
    if not own & left:
        return {}
    task = AutoModelForTokenClassification.from_pretrained(
        directory, config=config, ignore_mismatched_sizes=True, **HOW
    )
    return {name: weight for name, weight in task.state_dict().items() if name in own & left}


def classifier(task: PreTrainedModel) -> str:
    """The name of a token classification model's last layer."""
    return "classifier" if hasattr(task, "classifier") else "score"


def _of_encoder(name: str, model: PreTrainedModel) -> bool:
    """Whether a weight without a place in ``model`` would be the encoder's, not a head's."""
    name = name.removeprefix(model.base_model_prefix + ".")
    parts = {part for part, _ in model.named_children()}
    buffers = {buffer for buffer, _ in model.named_buffers()}  # older versions saved them
    return name.split(".")[0] in parts and "pooler" not in name and name not in buffers


def _names(names: Iterable[str]) -> str:
    names = sorted(names)
    first = ", ".join(names[:NAMED])
    return first + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _others(count: int) -> str:
    return f", and {count} more differ" if count else ""


def in_one_line(error: Exception) -> str:
    """The message of an exception without line ends, with its type where that says more."""
    message = " ".join(str(error).split())[:300]
    plain = message and isinstance(error, OSError | ValueError)
    return message if plain else f"{type(error).__name__}: {message}".removesuffix(": ")
