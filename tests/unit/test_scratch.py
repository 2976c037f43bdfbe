"""Encoders from nothing: deterministic, loadable, of the real classes."""

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from polyheads.corpora import grammar
from polyheads.encoders import scratch
from polyheads.errors import UserError

pytestmark = pytest.mark.slow

SPEC = {
    "vocabulary": 900, "layers": 2, "heads": 2, "hidden": 16, "intermediate": 32, "positions": 40,
    "steps": 30, "batch_size": 16, "learning_rate": 5e-3, "warmup": 0.1, "seed": 1,
    "mask_probability": 0.3,
}  # fmt: skip
CLASSES = {"bert": "BertForMaskedLM", "xlm-r": "XLMRobertaForMaskedLM"}
TEXT = grammar.pretraining_text(languages=["en", "zh"], seed=1, sentences=100)


def make(out_dir, kind, **changes):
    spec = {**SPEC, "class": kind, **changes}
    scratch.build(
        name="tiny", spec=spec, sentences=TEXT, out_dir=out_dir, threads=1, log=io.StringIO(),
        text="a test",
    )  # fmt: skip
    return out_dir


@pytest.fixture(scope="module", params=CLASSES)
def built(request, tmp_path_factory):
    return request.param, make(tmp_path_factory.mktemp(request.param), request.param)


def test_model_json_tells_class_sizes_and_limit(built):
    kind, directory = built
    info = json.loads((directory / "model.json").read_text())
    assert info["class"] == CLASSES[kind]
    # XLM-R counts positions from the padding's on, which costs two of them.
    assert info["max_length"] == (40 if kind == "bert" else 38)
    assert info["position_offset"] == (0 if kind == "bert" else 2)
    assert (info["layers"], info["heads"], info["hidden"]) == (2, 2, 16)
    assert info["vocabulary"] <= 900
    assert info["pretraining"]["loss_last"] < info["pretraining"]["loss_first"]


def test_auto_classes_load_the_directory(built):
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    kind, directory = built
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForTokenClassification.from_pretrained(directory, num_labels=5).eval()
    limit = json.loads((directory / "model.json").read_text())["max_length"]
    assert tokenizer.model_max_length == limit
    assert tokenizer.pad_token_id == model.config.pad_token_id == (0 if kind == "bert" else 1)
    assert len(tokenizer) == model.config.vocab_size
    words = ["The", "报告", "of", "Anna"] * 30
    encoded = tokenizer([words], is_split_into_words=True, truncation=True, return_tensors="pt")
    assert encoded["input_ids"].shape == (1, limit)
    assert torch.isfinite(model(**encoded).logits).all()  # the longest input fits the positions
    special = scratch.SPECIAL[kind]
    tokens = encoded.tokens()
    assert (tokens[0], tokens[-1]) == (special["cls"], special["sep"])
    assert special["unk"] not in tokens


def test_tokenizer_file_is_taken_as_it_is(built):
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    _, directory = built
    plain = Tokenizer.from_file(str(directory / "tokenizer.json"))
    auto = AutoTokenizer.from_pretrained(directory)
    for words in TEXT[:30]:
        ids = auto([words], is_split_into_words=True)["input_ids"][0]
        assert ids == plain.encode(words, is_pretokenized=True).ids


def test_same_arguments_same_files(built, tmp_path):
    kind, directory = built
    make(tmp_path, kind)
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "model.json"):
        assert (tmp_path / name).read_bytes() == (directory / name).read_bytes(), name


@pytest.mark.parametrize("kind", CLASSES)
def test_tokenizer_is_the_same_in_another_process(kind):
    script = (
        "import hashlib;from polyheads.corpora import grammar;"
        "from polyheads.encoders import scratch;"
        "t=grammar.pretraining_text(languages=['en','zh'],seed=1,sentences=100);"
        f"k=scratch.train_tokenizer(t,kind='{kind}',vocabulary=900);"
        "print(hashlib.sha256(k.to_str().encode()).hexdigest())"
    )
    here = scratch.train_tokenizer(TEXT, kind=kind, vocabulary=900)
    expected = hashlib.sha256(here.to_str().encode()).hexdigest()
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", script],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(Path(scratch.__file__).parents[2]),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        assert found == expected


@pytest.mark.parametrize("kind", CLASSES)
def test_one_position_per_class_for_padding(kind):
    """Padding changes nothing: its id and its attention mask are those of the class."""
    tokenizer = scratch.train_tokenizer(TEXT, kind=kind, vocabulary=900)
    model = scratch._new_model(tokenizer, {**SPEC, "class": kind}).eval()
    ids = torch.tensor([tokenizer.encode("Anna").ids])
    pad = model.config.pad_token_id
    padded = torch.cat([ids, torch.full((1, 5), pad)], dim=1)
    alone = model(ids).logits
    beside = model(padded, attention_mask=(padded != pad).long()).logits[:, : ids.shape[1]]
    assert torch.allclose(alone, beside, atol=1e-5)


def test_mask_spares_special_tokens_and_always_chooses_one():
    special = {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4}
    ids = torch.tensor([[2, 7, 8, 3, 0], [2, 9, 3, 0, 0]])
    for seed in range(50):
        generator = torch.Generator().manual_seed(seed)
        inputs, chosen = scratch.mask(
            ids, probability=0.01, special=special, vocabulary=50, generator=generator
        )
        assert chosen.any()
        assert (ids[chosen] > 4).all()
        assert (inputs[~chosen] == ids[~chosen]).all()


def test_losing_the_loss_is_one_clear_error(tmp_path):
    with pytest.raises(UserError, match="tiny: the pre-training loss became"):
        make(tmp_path / "model", "bert", learning_rate=float("inf"))
    assert not (tmp_path / "model").exists()


def test_bad_input_is_one_clear_error(tmp_path):
    with pytest.raises(UserError, match="raise `vocabulary`"):
        make(tmp_path, "xlm-r", vocabulary=20)
    with pytest.raises(UserError, match="unknown class 'gpt'"):
        make(tmp_path, "gpt")
