"""Training with the embedding rows in use comes to what training with all of them comes to."""

import numpy as np
import pytest
import torch
from conftest import LABELS, SIZES, make_layout, make_model, make_sentences
from safetensors import safe_open
from test_training import RECIPE, DiesAfterSaving, Killed
from transformers import ModernBertConfig, ModernBertForTokenClassification

from polyheads.encoders import rows
from polyheads.encoders.gates import ATTENTION, gate_without, number_layers
from polyheads.training import loop, steps
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.prediction import packed, predict

CPU = torch.device("cpu")
VOCABULARY = 300  # sentences have some tokens of the first 90
KINDS = ["bert", "xlm-roberta", "modernbert"]
FILE = "state.safetensors"


def make(kind, seed=0):
    """A model with rows that no sentence of `make_sentences` uses."""
    if kind == "modernbert":
        torch.manual_seed(seed)
        how = {"max_position_embeddings": 64, "pad_token_id": 4, "local_attention": 8}
        config = ModernBertConfig(**SIZES, **how, classifier_dropout=0.1, mlp_dropout=0.1)
        config._attn_implementation = ATTENTION
        model = number_layers(ModernBertForTokenClassification(config))
    else:
        model = make_model(kind, seed)
    model.resize_token_embeddings(VOCABULARY, mean_resizing=False)
    return model.eval()


def fit(kind, *, checkpoint=None, recipe=RECIPE, model=None):
    model = model or make(kind)
    layout = make_layout("bert" if kind == "modernbert" else kind)
    corpora = [make_sentences(12, seed=5), make_sentences(9, seed=1)]
    record = loop.train(
        model,
        steps.Batches(corpora, recipe=recipe, layout=layout, seed=3, device=CPU),
        recipe=recipe,
        gate=gate_without([(1, 2)], 3, 4),
        seed=3,
        checkpoint=checkpoint or Checkpoint(None, minutes=10, fingerprint=""),
        name="test",
    )
    split = packed(make_sentences(40, seed=7), layout, CPU)  # with other tokens, too
    return model, record, predict(model, split, gate=None, precision="float32")


def with_all_rows(monkeypatch, kind, **how):
    with monkeypatch.context() as patch:
        patch.setattr(rows, "trained", lambda *_, **__: None)
        return fit(kind, **how)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_to_training_all_rows(kind, monkeypatch):
    losses = []
    seen = steps.record
    monkeypatch.setattr(loop, "record", lambda b, found: losses.append(found) or seen(b, found))
    recipe = RECIPE | {"epochs": 6}
    model, record, predicted = fit(kind, recipe=recipe)
    plain, plain_record, expected = with_all_rows(monkeypatch, kind, recipe=recipe)
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert record["steps"] == plain_record["steps"] == 36
    weights = plain.state_dict()
    assert model.state_dict().keys() == weights.keys()
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(weight, weights[name], atol=1e-5, rtol=1e-4)
    for one, other in zip(predicted, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    labels = np.concatenate(predicted)
    assert len(set(labels)) == LABELS  # there is something to compare


@pytest.mark.parametrize("kind", KINDS)
def test_rows_in_use_learn_and_no_others(kind):
    before = make(kind).get_input_embeddings().weight
    model, _, _ = fit(kind)
    after = model.get_input_embeddings().weight
    corpora = make_sentences(12, seed=5) + make_sentences(9, seed=1)
    layout = make_layout("bert" if kind == "modernbert" else kind)
    used = rows.tokens(corpora, layout).tolist()
    every = {*layout.prefix, *layout.suffix, *(i for s in corpora for i in s.subwords.tolist())}
    assert used == sorted(every)
    moved = (after != before).any(1).nonzero().squeeze(1).tolist()
    assert moved == used and len(used) < 90
    assert type(model.get_input_embeddings()) is torch.nn.Embedding


@pytest.mark.parametrize("kind", KINDS)
def test_killed_twice_gives_the_numbers_of_an_undisturbed_run(kind, tmp_path):
    whole, record, _ = fit(kind)
    for _ in range(2):
        with pytest.raises(Killed):
            fit(kind, checkpoint=DiesAfterSaving(tmp_path / FILE, minutes=0.0, fingerprint="a"))
    with safe_open(tmp_path / FILE, framework="pt") as stored:
        shapes = [tuple(stored.get_slice(key).get_shape()) for key in stored.keys()]  # noqa: SIM118
    assert not any(VOCABULARY in shape for shape in shapes)
    checkpoint = Checkpoint(tmp_path / FILE, minutes=10, fingerprint="a")
    resumed, again, _ = fit(kind, checkpoint=checkpoint)
    assert record == again
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_a_killed_training_leaves_a_whole_model(tmp_path):
    model = make("bert")
    before = model.get_input_embeddings().weight.clone()
    with pytest.raises(Killed):
        checkpoint = DiesAfterSaving(tmp_path / FILE, minutes=0.0, fingerprint="a")
        fit("bert", model=model, checkpoint=checkpoint)
    after = model.get_input_embeddings().weight
    assert after.shape == before.shape and not torch.equal(after, before)


def test_with_weight_decay_all_rows_are_trained(monkeypatch):
    recipe = RECIPE | {"weight_decay": 0.5}
    model, _, _ = fit("bert", recipe=recipe)
    plain, _, _ = with_all_rows(monkeypatch, "bert", recipe=recipe)
    before = make("bert").get_input_embeddings().weight
    after = model.get_input_embeddings().weight
    assert torch.equal(after, plain.get_input_embeddings().weight)
    assert (after != before).any(1)[100:].all()


def test_an_embedding_that_is_more_than_a_table_stays_whole():
    used = torch.arange(5, 20)

    def changed(change):
        model = make("xlm-roberta")
        change(model, model.get_input_embeddings())
        return rows.trained(model, used, weight_decay=0)

    class Scaled(torch.nn.Embedding):
        pass

    def tie(model, embedding):
        model.classifier = torch.nn.Linear(SIZES["hidden_size"], VOCABULARY)
        model.classifier.weight = embedding.weight

    changes = {
        "nothing": lambda *_: None,
        "class": lambda _, embedding: setattr(embedding, "__class__", Scaled),
        "max_norm": lambda _, embedding: setattr(embedding, "max_norm", 1.0),
        "sparse": lambda _, embedding: setattr(embedding, "sparse", True),
        "frequency": lambda _, embedding: setattr(embedding, "scale_grad_by_freq", True),
        "tied": tie,
        "twice": lambda model, embedding: setattr(model, "second", embedding),
    }
    found = {name: changed(change) for name, change in changes.items()}
    assert found.pop("nothing").tolist() == [1, *used.tolist()]  # 1: padding
    assert set(found.values()) == {None}
    assert rows.trained(torch.nn.Linear(2, 2), used, weight_decay=0) is None


def test_rows_are_found_by_the_tokens_own_ids():
    whole = torch.nn.Embedding(20, 3, padding_idx=7)
    part = rows.Rows(whole, torch.tensor([2, 7, 11]))
    ids = torch.tensor([[11, 2, 7], [7, 7, 2]])
    assert torch.equal(part(ids), whole(ids))
    part(ids).sum().backward()
    assert part.weight.grad[:, 0].tolist() == [2, 0, 1]  # none for padding
    with pytest.raises(IndexError):
        part(torch.tensor([3]))
    whole.weight.requires_grad_(False)
    assert not rows.Rows(whole, torch.tensor([2, 7])).weight.requires_grad


@pytest.mark.parametrize("some", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_kept_weights_are_those_that_were_trained(kind, some, tmp_path):
    model, _, _ = fit(kind)
    used = torch.arange(90) if some else None
    rows.save(model, tmp_path / FILE, used)
    with safe_open(tmp_path / FILE, framework="pt") as stored:
        shapes = [tuple(stored.get_slice(key).get_shape()) for key in stored.keys()]  # noqa: SIM118
    assert ((VOCABULARY, SIZES["hidden_size"]) in shapes) == (not some)
    again = make(kind)
    rows.load(again, tmp_path / FILE)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
