"""Texts to classify: encoded as the tokenizer has them, and all that holds for words."""

import json
import random
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
from conftest import make_model, permute_heads, zero_columns
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value
from pairs import make_text, make_texts, make_tokenizer, text_layout, write_tokenizer
from test_training import RECIPE, DiesAfterSaving, Killed
from tokenizers.processors import TemplateProcessing
from torch.nn import functional

from polyheads.catalogue.methods import KINDS, scorer
from polyheads.encoders import encoding, sharing, subwords, texts
from polyheads.encoders.batches import Sentence, cut_texts, pack, shortened
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import gate_without
from polyheads.errors import UserError
from polyheads.importance import shapley
from polyheads.importance.gradient import gate_gradients
from polyheads.training import prediction, stacked
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.loop import train
from polyheads.training.steps import Batches

CPU = torch.device("cpu")
LAYERS, HEADS = SHAPE = 3, 4
PRUNED = [(0, 1), (1, 0), (2, 0), (2, 3)]


@pytest.fixture(params=[True, False], ids=["pairs", "single"])
def pairs(request):
    return request.param


def alone(model, sentence, layout):
    """(1, labels) of a text by the plain model call, as a user makes it."""
    ids = torch.tensor([[*sentence.subwords.tolist(), *layout.suffix]])
    given = {"input_ids": ids}
    if layout.second_type:
        behind = torch.arange(ids.shape[1]) >= sentence.second
        given["token_type_ids"] = (behind * layout.second_type)[None]
    return model(**given).logits[:, 0]


def test_packed_equals_separate(kind, pairs):
    model, layout = make_model(kind), text_layout(kind, pairs=pairs)
    sentences = make_texts(kind, 7, pairs=pairs)
    packed = word_logits(model, pack(sentences, layout, CPU), None)
    separate = torch.cat([alone(model, sentence, layout) for sentence in sentences])
    torch.testing.assert_close(packed, separate, atol=1e-5, rtol=1e-5)


def test_token_types_of_pairs_are_kept(kind):
    layout, sentences = text_layout(kind), make_texts(kind, 5)
    inputs = pack(sentences, layout, CPU).inputs
    if kind != "bert":  # whose encoder has no types
        assert "token_type_ids" not in inputs
        return
    ends = [len(s.subwords) + 1 for s in sentences]
    expected = [int(i >= s.second) for s, n in zip(sentences, ends, strict=True) for i in range(n)]
    assert inputs["token_type_ids"][0].tolist() == expected
    model = make_model(kind)
    without = {key: value for key, value in inputs.items() if key != "token_type_ids"}
    assert not torch.allclose(model(**inputs).logits, model(**without).logits, atol=1e-2)
    two = sharing._beginning(inputs)  # what outputs of layers are shared by
    assert two["token_type_ids"].tolist() == inputs["token_type_ids"][:, : sum(ends[:2])].tolist()


def test_gates_equal_zeroed_columns(kind, pairs):
    model, layout = make_model(kind), text_layout(kind, pairs=pairs)
    batch = pack(make_texts(kind, 6, pairs=pairs), layout, CPU)
    whole = word_logits(model, batch, None)
    gated = word_logits(model, batch, gate_without(PRUNED, LAYERS, HEADS))
    zero_columns(model, PRUNED)
    torch.testing.assert_close(gated, word_logits(model, batch, None), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(gated, whole, atol=1e-2)


def test_gradients_of_gates_are_those_of_each_text_alone(kind, pairs):
    model, layout = make_model(kind), text_layout(kind, pairs=pairs)
    sentences = make_texts(kind, 6, pairs=pairs)
    found = gate_gradients(model, sentences, layout=layout, shape=SHAPE, batch_size=4, device=CPU)
    for number, sentence in enumerate(sentences):
        gate = torch.ones(SHAPE, requires_grad=True)
        batch = pack([sentence], layout, CPU)
        functional.cross_entropy(word_logits(model, batch, gate), batch.labels).backward()
        np.testing.assert_allclose(found[number], gate.grad, atol=1e-6)
    assert np.abs(found).min(0).max() > 1e-3


@pytest.mark.parametrize("ranking", [name for name in KINDS if name not in ("shapley", "released")])
def test_permuted_heads_permute_their_scores(kind, ranking):
    model, layout = make_model(kind), text_layout(kind)
    sentences = make_texts(kind, 8, seed=7)
    score = import_module(scorer(ranking)).score
    how = {"layout": layout, "batch_size": 4, "shape": SHAPE, "device": CPU}
    before = score(model, sentences, **how)
    new_order = [2, 0, 3, 1]
    permute_heads(model, 1, new_order)
    after = score(model, sentences, **how)
    np.testing.assert_allclose(after[1], before[1][new_order], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(after[[0, 2]], before[[0, 2]], rtol=1e-3, atol=1e-6)
    assert not np.allclose(before[1], before[1][new_order], rtol=1e-2, atol=0)


def test_shapley_values_of_heads_without_effect(kind, monkeypatch):
    monkeypatch.setattr(shapley, "PAIRS", 2)
    model, layout = make_model(kind), text_layout(kind)
    zero_columns(model, [(1, 2)])
    how = {"layout": layout, "batch_size": 4, "shape": SHAPE, "device": CPU}
    found = shapley.score(model, make_texts(kind, 8), **how)
    assert found[1, 2] == 0 and found.any()


def fit(kind, checkpoint):
    model = make_model(kind)
    how = {"layout": text_layout(kind), "seed": 3, "device": CPU}
    corpora = [make_texts(kind, 10), make_texts(kind, 9, seed=1)]
    record = train(
        model,
        Batches(corpora, recipe=RECIPE, **how),
        recipe=RECIPE,
        gate=None,
        seed=3,
        checkpoint=checkpoint,
        name="test",
    )
    return {name: value.clone() for name, value in model.state_dict().items()}, record


def test_killed_twice_gives_the_numbers_of_an_undisturbed_run(kind, tmp_path):
    whole, record = fit(kind, Checkpoint(None, minutes=10, fingerprint=""))
    path = tmp_path / "checkpoint.safetensors"
    for _ in range(2):
        with pytest.raises(Killed):
            fit(kind, DiesAfterSaving(path, minutes=0.0, fingerprint="a"))
    resumed, again = fit(kind, Checkpoint(path, minutes=10, fingerprint="a"))
    assert record == again and record["cut_texts"] == 0
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_trials_that_train_in_one_pass_learn_the_same(kind):
    gates = torch.stack([gate_without(heads, *SHAPE) for heads in ([], PRUNED)])
    model, how = make_model(kind), {"layout": text_layout(kind), "seed": 3, "device": CPU}
    batches = Batches([make_texts(kind, 19)], recipe=RECIPE, **how)
    nowhere = Checkpoint(None, minutes=10, fingerprint="")
    how = {"recipe": RECIPE, "seed": 3, "checkpoint": nowhere}
    trained = stacked.train(model, batches, gates=gates, names=["k=0", "k=4"], **how)
    for place, gate in enumerate(gates):
        alone = make_model(kind)
        train(alone, batches, gate=gate, name="alone", **how)
        stacked.put(model, trained, place)
        own, other = (dict(part.named_parameters()) for part in (model, alone))
        for name in own:
            if not name.endswith("key.bias"):  # whose gradient is rounding
                torch.testing.assert_close(own[name], other[name], atol=1e-5, rtol=1e-5)


def test_predictions_of_long_texts_too(kind, monkeypatch):
    monkeypatch.setitem(prediction.TOKENS, "cpu", 40)
    model, layout = make_model(kind), text_layout(kind, max_length=12)
    sentences = make_texts(kind, 15)
    split = prediction.packed(sentences, layout, CPU)
    found = prediction.predict(model, split, gate=None, precision="float32")
    expected = [alone(model, shortened(s, layout), layout).argmax(-1).tolist() for s in sentences]
    assert [labels.tolist() for labels in found] == expected
    too_long = sum(len(s.subwords) + 1 > 12 for s in sentences)
    # At least three of at most twelve tokens, however long the texts are.
    assert all(batch.size >= 3 for batch in split.batches[:-1])
    assert split.cut == cut_texts(sentences, layout) == too_long > 0


@pytest.mark.parametrize("limit", range(8, 30))
def test_texts_are_cut_as_the_tokenizer_cuts_them(kind, pairs, limit, tmp_path):
    tokenizer, chance = make_tokenizer(kind), random.Random(limit)
    around = texts.around(tokenizer, write_tokenizer(kind, tmp_path), pairs=pairs)
    layout = replace(text_layout(kind, pairs=pairs, max_length=limit), suffix=(3,))
    given = [[make_text(chance) for _ in range(1 + pairs)] for _ in range(20)]
    encoded = texts.encode(tokenizer, given, around)
    tokenizer.enable_truncation(limit)
    for text, ids, second in zip(given, encoded.subwords, encoded.second, strict=True):
        whole = Sentence(ids, np.zeros(1, int), np.zeros(1, int), int(second))
        row = pack([whole], layout, CPU).inputs
        expected = tokenizer.encode(*text)
        assert row["input_ids"][0].tolist() == expected.ids
        if layout.second_type:
            assert row["token_type_ids"][0].tolist() == expected.type_ids


def write_corpus(directory, splits):
    features = Features(
        {
            "tokens": Sequence(Value("string")),
            "tags": Sequence(ClassLabel(names=["X", "Y"])),
            "repeated": Value("bool"),
        }
    )
    data = {
        name: Dataset.from_dict(
            {
                "tokens": rows,
                "tags": [[number % 2] for number in range(len(rows))],
                "repeated": [False] * len(rows),
            },
            features,
        )
        for name, rows in splits.items()
    }
    DatasetDict(data).save_to_disk(directory / "data")
    info = {"corpus": "c", "language": "xx", "task": "classification", "labels": ["X", "Y"]}
    (directory / "corpus.json").write_text(json.dumps(info))
    return directory


def encode(kind, tmp_path, splits, types=2):
    model_dir = write_tokenizer(kind, tmp_path / "model", types)
    (model_dir / "model.json").write_text(json.dumps({"model": "m", "max_length": 10}))
    corpus = write_corpus(tmp_path / "corpus", splits)
    encoding.encode(model_dir=model_dir, corpus_dir=corpus, out_dir=tmp_path / "e")
    return subwords.read_info(tmp_path / "e"), subwords.read_split(tmp_path / "e", "test")


def test_encoded_pairs(kind, tmp_path):
    test = [["ab a", "b"], ["a b c d", "a b c d"], ["\x01", "a"], ["a [SEP] b", "c"]]
    info, read = encode(kind, tmp_path, {"test": test})
    between = [3] if kind == "bert" else [3, 3]
    assert read[0].subwords.tolist() == [2, 5, 14, 5, *between, 6]
    assert read[0].second == 4 + len(between)
    assert read[3].subwords.tolist() == [2, 5, 3, 6, *between, 7]  # as written, as transformers
    assert [s.starts.tolist() for s in read] == [[0]] * 4
    assert [s.labels.tolist() for s in read] == [[0], [1], [0], [1]]
    assert info["special"] == {"prefix": [], "suffix": [3], "unknown": 1}
    types = int(kind == "bert")
    assert info["texts"] == {"first": 1, "between": len(between), "second_type": types}
    counts = info["splits"]["test"]
    assert counts["words"] == 3 + 8 + 2 + 4
    assert (counts["subwords"], counts["longest_subwords"]) == (4 + 8 + 1 + 4, 8)
    assert (counts["cut_texts"], counts["texts_without_subwords"]) == (1, 1)
    assert info["splits"].keys() == {"test"}


def test_types_that_the_encoder_has_no_vectors_for_are_left_out(tmp_path):
    info, _ = encode("bert", tmp_path, {"test": [["a", "b"]]}, types=1)
    assert info["texts"]["second_type"] == 0


def test_encoded_single_texts(kind, tmp_path):
    info, read = encode(kind, tmp_path, {"train": [["a"]], "test": [["ab a"], ["b"]]})
    assert [s.subwords.tolist() for s in read] == [[2, 5, 14, 5], [2, 6]]
    assert [s.second for s in read] == [0, 0]
    assert info["texts"] == {"first": 1, "between": 0, "second_type": 0}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("$A [SEP] $B [SEP]", "no special token before a text"),
        ("[CLS]:2 $A:0 [SEP]:0 $B:1 [SEP]:1", r"\[2, 0, 0, 1, 1\].* are supported"),
        ("[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:2", "one other type behind it are supported"),
    ],
)
def test_tokenizers_that_are_refused(tmp_path, template, message):
    tokenizer = make_tokenizer("bert")
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair=template, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    with pytest.raises(UserError, match=message):
        texts.around(tokenizer, write_tokenizer("bert", tmp_path), pairs=True)
