"""Model directories whose files do not belong together: one line each, and nothing is kept."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from test_models import encoder, write_tokenizer

from polyheads.encoders import models
from polyheads.errors import UserError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Files of a small BERT."""
    directory = write_tokenizer(tmp_path_factory.mktemp("bert"))
    encoder("Bert", max_position_embeddings=64).save_pretrained(directory)
    return directory


@pytest.fixture
def source(made, tmp_path):
    for file in made.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def install(source):
    models.install(source_dir=source, name="m", source={}, out_dir=source / "out")
    return load_file(source / "out" / "model.safetensors")


def change_weights(directory, change):
    path = directory / "model.safetensors"
    save_file(change(load_file(path)), path, {"format": "pt"})


def change_config(directory, **changed):
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def refused(source, reason):
    with pytest.raises(UserError, match=reason) as caught:
        install(source)
    assert "\n" not in str(caught.value)
    assert str(source) in str(caught.value) or "model m (" in str(caught.value)
    assert not (source / "out").exists()


def without_layer(weights):
    return {name: weight for name, weight in weights.items() if "layer.1." not in name}


def renamed(weights):
    return {f"enc.{name}": weight for name, weight in weights.items()}


def not_finite(weights):
    weights["encoder.layer.2.output.dense.weight"][3, 4] = float("nan")
    return weights


def cut(weights):
    name = "encoder.layer.2.output.dense.weight"
    return weights | {name: weights[name][:10].contiguous()}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_layer, r"lack encoder\.layer\.1\.\S+, (\S+, ){3}\S+ and 11 more of BertModel"),
        (renamed, r"lack embeddings\..* and 48 more of BertModel"),
        (not_finite, r"encoder\.layer\.2\.output\.dense\.weight has numbers that are NaN"),
        (cut, r"output\.dense\.weight is \[10, 48\] in the weights and \[24, 48\] by config"),
    ],
)
def test_weights_that_are_not_those_of_the_class(source, change, reason):
    change_weights(source, change)
    refused(source, reason)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"num_hidden_layers": 5}, r"lack encoder\.layer\.3\."),
        ({"num_hidden_layers": 2}, r"no place for encoder\.layer\.2\..* and 11 more"),
        ({"vocab_size": 50}, r"word_embeddings\.weight is \[90, 24\] .* \[50, 24\]"),
        ({"max_position_embeddings": 8}, r"position_embeddings\.weight is \[64, 24\]"),
        ({"hidden_size": "24"}, r"config\.json: cannot be read: .*hidden_size.* expected int"),
        ({"num_attention_heads": 5}, r"cannot be loaded .*multiple of the number of attention"),
        ({"hidden_act": "none such"}, r"cannot be loaded .*none such.*check config\.json"),
        ({"model_type": "own", "auto_map": {}}, r"no model type 'own', and code .* is not run"),
        ({"model_type": "vit"}, r"has no token classification for model type 'vit'"),
        ({"model_type": 3}, r"config\.json: no model_type"),
        ({"is_decoder": True}, r"model m \(BertModel\) cannot be used: .*left to right"),
    ],
)
def test_configurations_that_are_not_those_of_the_weights(source, changed, reason):
    change_config(source, **changed)
    refused(source, reason)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{}"])
def test_a_configuration_that_is_no_json(source, content):
    (source / "config.json").write_bytes(content)
    refused(source, r"config\.json: not valid JSON")


def test_a_configuration_that_is_a_list(source):
    (source / "config.json").write_text("[]")
    refused(source, r"config\.json: no model_type")


def test_weights_that_cannot_be_read(source):
    path = source / "model.safetensors"
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"\xff" * 1000):
        path.write_bytes(content)
        refused(source, "the model cannot be loaded .*fetch them again")


def test_an_encoder_that_takes_eight_tokens(source):
    change_config(source, max_position_embeddings=8)
    name = "embeddings.position_embeddings.weight"
    change_weights(source, lambda weights: weights | {name: weights[name][:8].contiguous()})
    refused(source, "it takes 8 tokens at the most .max_position_embeddings .* at least 16")


def test_a_tokenizer_with_ids_beyond_the_vocabulary(source):
    change_config(source, vocab_size=3)
    name = "embeddings.word_embeddings.weight"
    change_weights(source, lambda weights: weights | {name: weights[name][:3].contiguous()})
    refused(source, r"its tokenizer has the id 3 \('\[SEP\]'\), its vocabulary only 3 tokens")


def test_what_fine_tuning_replaces_may_be_missing_or_left_over(source):
    """As in checkpoints of masked language models that older versions saved."""

    def as_saved_once(weights):
        kept = {f"bert.{n}": w for n, w in weights.items() if "pooler" not in n}
        positions = {"bert.embeddings.position_ids": torch.arange(64)[None]}
        return kept | positions | {"cls.predictions.bias": torch.zeros(90)}

    before = load_file(source / "model.safetensors")
    change_weights(source, as_saved_once)
    kept = install(source)
    assert all(torch.equal(kept[n], before[n]) for n in before if "pooler" not in n)
    assert not [name for name in kept if "cls" in name]


def test_layers_between_encoder_and_classifier_keep_their_pre_trained_weights(tmp_path):
    """ModernBERT's prediction head, which comes with its masked language model."""
    from transformers import ModernBertForMaskedLM

    config = encoder("ModernBert", max_position_embeddings=64, pad_token_id=0).config
    torch.manual_seed(5)
    whole = ModernBertForMaskedLM(config)
    whole.save_pretrained(write_tokenizer(tmp_path))
    models.install(source_dir=tmp_path, name="m", source={}, out_dir=tmp_path / "out")
    for seed in (1, 2):
        model = models.build(tmp_path / "out", labels=["A", "B"], seed=seed)
        for name, weight in whole.state_dict().items():
            if not name.startswith("decoder"):
                assert torch.equal(model.state_dict()[name], weight), name
