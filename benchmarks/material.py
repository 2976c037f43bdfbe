"""What is measured on: encoders of true shapes with random weights, and sentences of real lengths.

Weights are random because they change no time; an installed encoder can be given instead. The
directories are those that the workflow makes, so that its own code reads them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from transformers import AutoModel, BertConfig, PretrainedConfig, XLMRobertaConfig

from benchmarks import lengths
from polyheads import digests, origins
from polyheads.encoders import models, subwords
from polyheads.encoders.batches import Sentence
from polyheads.study.records import Recipe
from polyheads.training import trials
from polyheads.validation import load_schema

UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"),
    *("PUNCT", "SCONJ", "SYM", "VERB", "X"),
)
_XLMR = {"type_vocab_size": 1, "pad_token_id": 1, "layer_norm_eps": 1e-5}
SHAPES: dict[str, PretrainedConfig] = {
    "mbert": BertConfig(vocab_size=119_547),
    "xlmr-base": XLMRobertaConfig(vocab_size=250_002, max_position_embeddings=514, **_XLMR),
    "e5-small": BertConfig(vocab_size=250_037, hidden_size=384, intermediate_size=1536),
    # For tests of the benchmark itself.
    "tiny": BertConfig(
        vocab_size=16_000,
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
    ),
}


@dataclass(frozen=True)
class Material:
    """An encoder and a corpus as the workflow has them, and who works on them how."""

    shape: str
    model_dir: Path
    encoding: Path
    sentences: dict[str, list[Sentence]]  # split -> what the encoding holds
    device: str  # cpu | cuda
    threads: int

    def runner(self, **recipe: object) -> trials.Trials:
        """Trials on it. recipe: where it differs from the defaults, which are the paper's."""
        setup = trials.setup(
            model_dir=self.model_dir,
            encodings={"en": self.encoding},
            recipe=make_recipe(**recipe),
            mixture=["en"],
            evaluate_on=["en"],
            seed=42,
            device=self.device,
            threads=self.threads,
            checkpoint_minutes=60,
            code="",
        )
        return trials.Trials(setup)


def make_recipe(**changes: object) -> Recipe:
    """The schema's defaults, but one epoch, with ``changes``."""
    schema = load_schema("config")["properties"]["recipes"]["items"]["properties"]
    defaults = {key: content.get("default") for key, content in schema.items() if key != "name"}
    return {**defaults, "epochs": 1, **changes}  # type: ignore[typeddict-item]


def with_heads(shape: str, heads: int) -> PretrainedConfig:
    """A shape with another number of heads in each layer, together as wide as before."""
    return type(SHAPES[shape])(**{**SHAPES[shape].to_diff_dict(), "num_attention_heads": heads})


def make(
    shape: str,
    directory: Path,
    *,
    installed: Path | None,
    encoding: Path | None,
    device: str,
    threads: int,
) -> Material:
    """Put an encoder of a shape and its sentences into ``directory``.

    installed: a directory under results/models that has this shape, to be used instead. encoding:
    a directory under results/encodings, whose sentences are taken instead of drawn ones.
    """
    model_dir = installed or directory / "models" / shape
    if not model_dir.exists():
        write_encoder(SHAPES[shape], model_dir, name=shape)
    config = PretrainedConfig.from_pretrained(model_dir)
    target = directory / "encodings" / shape
    sentences = {
        split: lengths.read(encoding, split) if encoding else lengths.draw(split)
        for split in lengths.SIZES
    }
    sentences = {split: _known(found, config.vocab_size) for split, found in sentences.items()}
    special = {"prefix": [101], "suffix": [102], "unknown": 100}
    if encoding:
        special = dict(subwords.read_info(encoding)["special"])
    labels = subwords.read_info(encoding)["labels"] if encoding else UPOS
    write_encoding(target, sentences, labels=labels, special=special)
    return Material(shape, model_dir, target, sentences, device, threads)


def _known(sentences: Sequence[Sentence], vocabulary: int) -> list[Sentence]:
    """The same with ids that the vocabulary has: another tokenizer's keep their number."""
    return [s._replace(subwords=s.subwords % vocabulary) for s in sentences]


def write_encoder(config: PretrainedConfig, directory: Path, *, name: str) -> None:
    """An encoder with random weights, as `get_model` leaves one."""
    torch.manual_seed(0)
    model = AutoModel.from_config(config)
    model.save_pretrained(directory)
    (directory / "tokenizer.json").write_text("{}\n")
    about = models.describe(model, name=name, source={})
    files = origins.files_of_encoder(directory)
    (directory / "model.json").write_text(json.dumps({**about, "files": files, "made_of": None}))


def write_encoding(
    directory: Path,
    sentences: dict[str, list[Sentence]],
    *,
    labels: Sequence[str],
    special: dict[str, object],
) -> None:
    """Sentences as `encode` leaves them."""
    directory.mkdir(parents=True, exist_ok=True)
    for split, found in sentences.items():
        columns = {
            "subwords": pa.array([s.subwords for s in found], pa.list_(pa.int32())),
            "starts": pa.array([s.starts for s in found], pa.list_(pa.int32())),
            "labels": pa.array([s.labels for s in found], pa.list_(pa.int16())),
            "repeated": pa.array(np.zeros(len(found), bool)),
        }
        pq.write_table(pa.table(columns), directory / f"{split}.parquet")
    files = digests.table(directory, [f"{split}.parquet" for split in sentences])
    info = {"task": "pos", "labels": list(labels), "special": special, "files": files}
    (directory / "encoding.json").write_text(json.dumps(info))
