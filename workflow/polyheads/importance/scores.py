"""Raw scores of a fine-tuned model's heads: what they are made on, and the file that holds them.

The method's module is imported by its name: a change of one method changes no code of another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import torch

from polyheads.encoders import subwords
from polyheads.encoders.batches import Layout, Sentence
from polyheads.files import writing


@dataclass(frozen=True)
class Scores:
    """Raw scores of all heads, and what they were made on."""

    raw: np.ndarray  # (layers, heads), the least important lowest
    split: str
    sentences: int
    batch_size: int


def score(
    scorer: str,
    model: torch.nn.Module,
    encoding: Path,
    *,
    recipe: Mapping[str, Any],
    layout: Layout,
    shape: tuple[int, int],
    device: torch.device,
    seed: int,
) -> Scores:
    """Score every head of ``model`` on the sentences of one language that the recipe names.

    scorer: the method's module, by its dotted name. encoding: directory of the language's
    subwords. shape: (layers, heads). seed: for what a method draws, if it does. UserError where
    the method has no scores for such a model.
    """
    split = recipe["ranking_split"]
    sentences = subwords.read_split(
        encoding, split, recipe["ranking_sentences"], subset=recipe["subset"]
    )
    # Only the methods whose scores depend on batches have a size of their own in the recipe.
    batch_size = recipe.get("ranking_batch_size") or recipe["batch_size"]
    method = import_module(scorer).score
    drawn = {"seed": seed} if "seed" in signature(method).parameters else {}
    raw = method(
        model, sentences, layout=layout, shape=shape, batch_size=batch_size, device=device, **drawn
    )
    return Scores(raw, split, len(sentences), batch_size)


def try_out(
    scorer: str,
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    layout: Layout,
    shape: tuple[int, int],
    device: torch.device,
) -> None:
    """UserError where ``model`` is one whose heads have no scores by this method.

    A baseline is tried before it is trained, which takes much longer than a few sentences.
    """
    import_module(scorer).score(
        model, sentences[:2], layout=layout, shape=shape, batch_size=2, device=device
    )


def write(
    path: Path,
    scores: Scores,
    *,
    method: str,
    point: Mapping[str, Any],
    task: str,
    language: str,
    seed: int,
    made_of: Mapping[str, Any],
) -> None:
    """Write the JSON file of the scores. point: the names of model, corpus and recipe."""
    content = {
        "kind": method,
        **{key: point[key] for key in ("model", "corpus", "recipe")},
        "task": task,
        "language": language,
        "seed": seed,
        "split": scores.split,
        "sentences": scores.sentences,
        "batch_size": scores.batch_size,
        "made_of": made_of,
        "raw": scores.raw.tolist(),
    }
    with writing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")
