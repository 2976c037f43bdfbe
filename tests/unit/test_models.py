"""Model directories and the probe that refuses encoders by name before anything is trained."""

import json

import pytest
import torch
import transformers
from conftest import make_model
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing

from polyheads.encoders import models, probing
from polyheads.encoders.gates import ATTENTION, number_layers
from polyheads.encoders.packing import Grid, Packing
from polyheads.errors import UserError

CPU = torch.device("cpu")
SIZES = {
    "vocab_size": 90,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}


def write_tokenizer(directory):
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(4)  # a saved tokenizer may carry this; it must not cut words
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


def strong(model):
    torch.manual_seed(1)
    for weight in model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.2)
    return model


def encoder(kind, **more):
    config = getattr(transformers, f"{kind}Config")(**(SIZES | more))
    return strong(getattr(transformers, f"{kind}Model")(config))


@pytest.mark.parametrize(
    ("kind", "positions", "offset"),
    [
        ("Bert", 64, 0),
        ("XLMRoberta", 66, 2),
        ("Roberta", 66, 2),
        ("Camembert", 66, 2),
        ("Electra", 64, 0),
        ("Albert", 64, 0),
        ("DistilBert", 64, 0),
        ("NomicBert", 64, 0),
        ("ModernBert", 64, 0),
    ],
)
def test_encoders_that_fit_are_installed(kind, positions, offset, tmp_path):
    source = write_tokenizer(tmp_path / "source")
    encoder(kind, max_position_embeddings=positions, pad_token_id=1).save_pretrained(source)
    models.install(source_dir=source, name="mine", source={}, out_dir=tmp_path / "out")
    info = models.read_info(tmp_path / "out")
    assert (info["layers"], info["heads"], info["max_length"]) == (3, 4, 64)
    assert info["position_offset"] == offset
    model = models.build(tmp_path / "out", labels=["A", "B"], seed=1)
    again = models.build(tmp_path / "out", labels=["A", "B"], seed=1)
    other = models.build(tmp_path / "out", labels=["A", "B"], seed=2)
    assert torch.equal(model.classifier.weight, again.classifier.weight)
    assert not torch.equal(model.classifier.weight, other.classifier.weight)


def test_the_same_files_give_the_same_encoder(tmp_path):
    """Also one without a pooler, which transformers then draws."""
    source = write_tokenizer(tmp_path / "source")
    config = transformers.BertConfig(**SIZES, max_position_embeddings=64)
    strong(transformers.BertModel(config, add_pooling_layer=False)).save_pretrained(source)
    for out in (tmp_path / "one", tmp_path / "two"):
        models.install(source_dir=source, name="mine", source={}, out_dir=out)
    for file in ("model.safetensors", "model.json", "config.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("MPNet", {}, "AttentionInterface"),
        ("DebertaV2", {"relative_attention": True}, "AttentionInterface"),
        ("MobileBert", {"embedding_size": 24, "intra_bottleneck_size": 24}, "packed"),
        ("MT5", {"d_kv": 6}, "relative positions"),
        ("Llama", {}, "left to right"),
    ],
)
def test_encoders_that_do_not_fit_are_refused_by_name(kind, more, reason, tmp_path):
    with pytest.raises(UserError, match=f"model mine \\({kind}Model\\) cannot be used: .*{reason}"):
        models.probe(encoder(kind, **more), name="mine", tokenizer_dir=write_tokenizer(tmp_path))


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation"])
@pytest.mark.parametrize("value", ["kernels-community/any", {"": "kernels-community/any"}, "none"])
def test_the_attention_that_a_model_asks_for_is_not_followed(key, value, tmp_path):
    source = write_tokenizer(tmp_path / "source")
    encoder("Bert", max_position_embeddings=64).save_pretrained(source)
    content = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**content, key: value}))
    models.install(source_dir=source, name="mine", source={}, out_dir=tmp_path / "out")
    kept = json.loads((tmp_path / "out" / "config.json").read_text())
    assert key not in kept and "kernels" not in str(kept)
    model = models.build(tmp_path / "out", labels=["A", "B"], seed=1)
    assert model.config._attn_implementation == ATTENTION


def modernbert(window, positions=210):
    """Three layers of which the second and the third have a window, in tokens over both sides."""
    return encoder(
        "ModernBert", local_attention=window, max_position_embeddings=positions, pad_token_id=0
    )


@pytest.mark.parametrize("window", [128, 16])
def test_sliding_windows_are_those_of_the_encoder_itself(window, monkeypatch):
    model = modernbert(window).eval()
    sentences = [torch.randint(1, 90, (length,)) for length in (200, 3, 90)]
    row = {
        "input_ids": torch.cat(sentences)[None],
        "position_ids": torch.cat([torch.arange(len(ids)) for ids in sentences])[None],
        "packing": Packing.of([200, 3, 90], range(3), torch.device("cpu")),
    }
    with torch.no_grad():
        own = torch.cat([model(input_ids=ids[None])[0][0] for ids in sentences])
        number_layers(model).set_attn_implementation(ATTENTION)
        packed = model(**row, head_gate=torch.ones(3, 4))[0][0]
        with monkeypatch.context() as patch:
            patch.setattr(Grid, "mask", without_window)
            everywhere = model(**row)
    torch.testing.assert_close(packed, own, atol=1e-5, rtol=1e-5)
    assert (everywhere[0][0] - own).abs().max() > 1e-3
    # of padding, which looks at nothing, no NaN comes back
    model(**row)[0].sum().backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())


def without_window(grid, sliding_window=None):
    return grid.key_mask


@pytest.mark.parametrize("window", [128, 16])
def test_the_probe_looks_beyond_every_window(window, tmp_path, monkeypatch):
    write_tokenizer(tmp_path)
    models.probe(modernbert(window), name="mine", tokenizer_dir=tmp_path)
    monkeypatch.setattr(Grid, "mask", without_window)
    with pytest.raises(UserError, match="packed into one row change its output"):
        models.probe(modernbert(window), name="mine", tokenizer_dir=tmp_path)


def test_a_gate_that_does_not_take_its_head_away(tmp_path, monkeypatch):
    write_tokenizer(tmp_path)
    monkeypatch.setattr(probing, "gate_without", lambda heads, *shape: torch.ones(shape))
    with pytest.raises(UserError, match="a gate of 0 is not the same as removing the head"):
        models.probe(modernbert(16), name="mine", tokenizer_dir=tmp_path)


def refused(directory, reason):
    with pytest.raises(UserError, match=reason):
        models.install(source_dir=directory, name="m", source={}, out_dir=directory / "out")
    assert not (directory / "out").exists()


def test_directories_that_are_no_models(tmp_path):
    refused(tmp_path / "nowhere", "nowhere: no such model directory")
    source = write_tokenizer(tmp_path / "source")
    refused(source, "no config.json")
    (source / "config.json").write_text(json.dumps({"model_type": "bert"}))
    refused(source, "no weights")
    torch.save({}, source / "pytorch_model.bin")
    refused(source, "only pickle weights .pytorch_model.bin.*save_pretrained")
    make_model("bert").base_model.save_pretrained(source)
    (source / "tokenizer.json").unlink()
    refused(source, "no tokenizer.json")
    write_tokenizer(source)
    weights = source / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    refused(source, "cannot be loaded")
