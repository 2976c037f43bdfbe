"""Small encoders of the real classes with random weights, and sentences for them."""

import json

import numpy as np
import pytest
import torch
from hypothesis import settings
from transformers import (
    BertConfig,
    BertForTokenClassification,
    XLMRobertaConfig,
    XLMRobertaForTokenClassification,
)

from polyheads.encoders.batches import Layout, Sentence
from polyheads.encoders.gates import ATTENTION, number_layers

torch.set_num_threads(1)  # tests run side by side; two threads each would wait for each other
settings.register_profile("patient", deadline=None)  # a busy machine is no fault
settings.load_profile("patient")
LABELS = 5
SIZES = {
    "vocab_size": 90,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "num_labels": LABELS,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Simulations run the same lines a million times, and counting them would double that.
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")


def make_model(kind: str, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    if kind == "bert":
        config = BertConfig(**SIZES, max_position_embeddings=64)
        config._attn_implementation = ATTENTION
        model = BertForTokenClassification(config)
    else:
        config = XLMRobertaConfig(**SIZES, max_position_embeddings=66, pad_token_id=1)
        config._attn_implementation = ATTENTION
        model = XLMRobertaForTokenClassification(config)
    with torch.no_grad():  # the default weights are so small that heads hardly matter
        for part in model.modules():
            if isinstance(part, torch.nn.Linear):
                part.weight.normal_(std=0.2, generator=torch.Generator().manual_seed(seed))
                part.bias.normal_(std=0.05, generator=torch.Generator().manual_seed(seed + 1))
            elif isinstance(part, torch.nn.LayerNorm):  # 1 and 0 would hide what is left out
                part.weight.uniform_(0.6, 1.4, generator=torch.Generator().manual_seed(seed + 2))
                part.bias.normal_(std=0.1, generator=torch.Generator().manual_seed(seed + 3))
    return number_layers(model.eval())


def head_columns(head: int) -> slice:
    size = SIZES["hidden_size"] // SIZES["num_attention_heads"]
    return slice(head * size, (head + 1) * size)


def zero_columns(model, heads) -> None:
    """Let heads, (layer, head), have no effect: zeros where their output is projected."""
    with torch.no_grad():
        for layer, head in heads:
            dense = model.base_model.encoder.layer[layer].attention.output.dense
            dense.weight[:, head_columns(head)] = 0


def permute_heads(model, layer: int, new_order: list[int]) -> None:
    """Reorder the heads of a layer: rows of q, k, v and columns of the output projection."""
    attention = model.base_model.encoder.layer[layer].attention
    columns = [head_columns(h) for h in new_order]
    index = torch.tensor([i for c in columns for i in range(c.start, c.stop)])
    with torch.no_grad():
        for name in ("query", "key", "value"):
            linear = getattr(attention.self, name)
            linear.weight.copy_(linear.weight[index].clone())
            linear.bias.copy_(linear.bias[index].clone())
        dense = attention.output.dense
        dense.weight.copy_(dense.weight[:, index].clone())


def make_layout(kind: str, max_length: int = 64) -> Layout:
    if kind == "bert":
        return Layout((2,), (3,), position_offset=0, max_length=max_length)
    return Layout((0,), (2,), position_offset=2, max_length=max_length)


def make_sentences(count: int, *, seed: int = 0, longest: int = 12) -> list[Sentence]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        words = int(rng.integers(1, longest))
        pieces = rng.integers(1, 4, words)
        starts = (np.cumsum(pieces) - pieces).astype(np.int32)
        subwords = rng.integers(5, SIZES["vocab_size"], pieces.sum()).astype(np.int32)
        made.append(Sentence(subwords, starts, rng.integers(0, LABELS, words)))
    return made


@pytest.fixture(params=["bert", "xlm-roberta"])
def kind(request):
    return request.param


@pytest.fixture
def cpu():
    return torch.device("cpu")


@pytest.fixture
def write_json():
    def write(path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    return write
