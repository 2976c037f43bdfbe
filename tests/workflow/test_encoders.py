"""Encoders of today as models of a study: one that works to its end, one without such scores."""

import json

import torch
from conftest import make_project
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AlbertConfig, AlbertModel, ModernBertConfig, ModernBertModel

SIZES = {
    **{"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 258},
    **{"intermediate_size": 24, "max_position_embeddings": 64, "pad_token_id": 1},
}


def write_model(directory, model):
    """With a tokenizer of bytes that has no [UNK] and takes the space into the word."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate(["<s>", "<pad>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    model.save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))


def test_encoders_of_today(tmp_path, study):
    study["models"] = [{"name": name, "path": f"{name}-dir"} for name in ("modern", "shared")]
    (experiment,) = study["experiments"]
    experiment |= {"settings": ["cross-lingual"], "k": [1], "models": ["modern"]}
    other = experiment | {"name": "other", "models": ["shared"], "rankings": ["weight-gradient"]}
    study["experiments"] = [experiment, other]
    project = make_project(tmp_path / "project", study)
    torch.manual_seed(0)
    modern = ModernBertModel(ModernBertConfig(**SIZES, local_attention=8))
    write_model(project.path / "modern-dir", modern)
    write_model(project.path / "shared-dir", AlbertModel(AlbertConfig(**SIZES)))
    trial = "results/trials/modern/toy/quick/aa/seed-42/prune-gradient-aa/k-01.json"
    scores = "results/scores/shared/toy/quick/seed-42/weight-gradient-aa.json"
    done = project.run("--keep-going", trial, scores)
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in text, text
    errors = [line for line in text.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and "AlbertForTokenClassification have no key and value" in errors[0]
    # said before the baseline is trained
    (log,) = (project.path / "results/logs/baseline/shared").rglob("*.log")
    assert "step" not in log.read_text()
    made = json.loads((project.path / trial).read_text())
    assert len(made["pruned_heads"]) == 1 and made["heads_total"] == 8
    encoded = project.path / "results/encodings/modern/toy/aa/encoding.json"
    assert json.loads(encoded.read_text())["special"] == {
        **{"prefix": [0], "suffix": []},
        **{"unknown": 2 + sorted(pre_tokenizers.ByteLevel.alphabet()).index("Ġ")},
    }
