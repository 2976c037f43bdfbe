"""The training loop: resumed = undisturbed; batches don't matter to what is learned; errors."""

import itertools
import os
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
import torch
from conftest import make_layout, make_model, make_sentences
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from polyheads.encoders.forward import autocast, prepare_torch
from polyheads.encoders.gates import gate_without
from polyheads.encoders.schedule import linear_schedule
from polyheads.errors import UserError
from polyheads.training import loop, prediction
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.loop import train
from polyheads.training.prediction import predict
from polyheads.training.steps import Batches

RECIPE = {
    "epochs": 2,
    "batch_size": 4,
    "learning_rate": 1e-3,
    "warmup": 0.0,
    "weight_decay": 0.0,
    "clip": 1.0,
    "order": "random",
    "mixing": "source-first",
    "precision": "auto",
}


class Killed(Exception):
    pass


def fit(kind, checkpoint=None, recipe=RECIPE, gate=None, seed=3):
    model = make_model(kind)
    corpora = [make_sentences(10), make_sentences(9, seed=1)]
    how = {"layout": make_layout(kind), "seed": seed, "device": torch.device("cpu")}
    record = train(
        model,
        Batches(corpora, recipe=recipe, **how),
        recipe=recipe,
        gate=gate,
        seed=seed,
        checkpoint=checkpoint or Checkpoint(None, minutes=10, fingerprint=""),
        name="test",
    )
    return {k: v.clone() for k, v in model.state_dict().items()}, record


class DiesAfterSaving(Checkpoint):
    """Saves at every step and stands for a job that is killed after the n-th."""

    steps = 3

    def due(self):
        return True

    def save(self, *args, step, **kwargs):
        super().save(*args, step=step, **kwargs)
        if step in (3, 6):
            raise Killed


def test_on_a_cpu_dropout_is_our_own_and_there_is_some(kind, monkeypatch):
    """Where PyTorch's would be called there is nothing; other seeds drop other things."""
    monkeypatch.setattr(functional, "dropout", None)
    monkeypatch.setattr(functional, "scaled_dot_product_attention", None)
    recipe = RECIPE | {"order": "sequential"}  # of which the seed decides nothing
    (one, _), (again, _), (other, _) = (fit(kind, recipe=recipe, seed=seed) for seed in (3, 3, 4))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_killed_twice_gives_the_numbers_of_an_undisturbed_run(kind, tmp_path):
    whole, record = fit(kind)
    path = tmp_path / "checkpoint.safetensors"
    for _ in range(2):
        with pytest.raises(Killed):
            fit(kind, DiesAfterSaving(path, minutes=0.0, fingerprint="a"))
    resumed, again = fit(kind, Checkpoint(path, minutes=10, fingerprint="a"))
    assert record == again
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_a_checkpoint_of_another_training_is_ignored(tmp_path):
    whole, _ = fit("bert")
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        fit("bert", DiesAfterSaving(path, minutes=0.0, fingerprint="a"), seed=4)
    fresh, _ = fit("bert", Checkpoint(path, minutes=10, fingerprint="b"))
    assert all(torch.equal(whole[name], fresh[name]) for name in whole)


def test_a_damaged_checkpoint_is_ignored(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"not a checkpoint")
    whole, _ = fit("bert")
    fresh, _ = fit("bert", Checkpoint(path, minutes=10, fingerprint="b"))
    assert all(torch.equal(whole[name], fresh[name]) for name in whole)


def test_pruned_heads_do_not_train(kind):
    before = make_model(kind).state_dict()
    after, _ = fit(kind, gate=gate_without([(1, 2)], 3, 4))
    prefix = "bert" if kind == "bert" else "roberta"
    name = f"{prefix}.encoder.layer.1.attention.self.query.weight"
    moved = (after[name] - before[name]).abs().view(4, 6, -1).amax((1, 2))
    assert moved[2] == 0 and (moved[[0, 1, 3]] > 0).all()


def test_training_learns(kind):
    recipe = {**RECIPE, "epochs": 20, "learning_rate": 5e-3}
    _, record = fit(kind, recipe=recipe)
    assert record["steps"] == 20 * 5 and record["sentences"] == 19
    assert record["loss_last"] < 0.5 * record["loss_first"]


@pytest.mark.filterwarnings("ignore")
def test_a_loss_that_is_not_a_number_is_a_clear_error():
    with pytest.raises(UserError, match=r"loss became .* step .*learning_rate"):
        fit("bert", recipe={**RECIPE, "learning_rate": 1e30, "clip": 1e30, "epochs": 5})


def test_learning_rate():
    rates = [linear_schedule(step, steps=4, rising=0) for step in range(4)]
    assert rates == [1, 0.75, 0.5, 0.25]
    rates = [linear_schedule(step, steps=6, rising=2) for step in range(6)]
    assert rates == [0.5, 1, 1, 0.75, 0.5, 0.25]
    assert linear_schedule(3, steps=4, rising=4) == 1  # all of it rises
    assert linear_schedule(3, steps=4, rising=3) == 1  # and all but one step


def test_what_is_said_of_a_training(monkeypatch):
    """Means of the first and the last tenth of the steps: 2 of 20."""
    seen = []
    cross_entropy = torch.nn.functional.cross_entropy

    def spy(logits, labels):
        seen.append((len(labels), cross_entropy(logits, labels)))
        return seen[-1][1]

    monkeypatch.setattr(loop.functional, "cross_entropy", spy)
    _, record = fit("bert", recipe={**RECIPE, "epochs": 4})
    losses = [loss.item() for _, loss in seen]
    assert record == {
        "sentences": 19,
        "words": sum(words for words, _ in seen) // 4,
        "steps": 20,
        "epochs": 4,
        "loss_first": pytest.approx(sum(losses[:2]) / 2, abs=1e-6),
        "loss_last": pytest.approx(sum(losses[-2:]) / 2, abs=1e-6),
    }
    assert record["loss_first"] == round(record["loss_first"], 6) != record["loss_last"]


def test_progress_is_said_now_and_then_and_at_the_end(monkeypatch, capsys):
    """By a clock that goes on by 4 seconds whenever it is looked at: once before, once a step."""
    clock = SimpleNamespace(monotonic=itertools.count(100, 4).__next__)
    monkeypatch.setattr(loop, "time", clock)
    fit("bert")
    lines = capsys.readouterr().out.splitlines()
    parts = [line.partition(", loss ") for line in lines]
    assert [before for before, _, _ in parts] == [
        "test: step 3/10, epoch 1/2",
        "test: step 6/10, epoch 2/2",
        "test: step 9/10, epoch 2/2",
        "test: step 10/10, epoch 2/2",
    ]
    # 4 seconds a step
    assert [after.split(", ")[1] for _, _, after in parts] == [
        f"{4 * left} s left" for left in (7, 4, 1, 0)
    ]


def test_checkpoints_are_asked_for_after_every_step_but_the_last(tmp_path):
    class Counted(Checkpoint):
        saved: ClassVar = []

        def due(self):
            return True

        def save(self, *_, step, record, stream):
            self.saved.append((step, len(record["losses"])))

    fit("bert", Counted(tmp_path / "state", minutes=1, fingerprint="a"))
    assert Counted.saved == [(step, step) for step in range(1, 10)]


def test_resumed_progress_counts_what_is_left(tmp_path, monkeypatch, capsys):
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        fit("bert", DiesAfterSaving(path, minutes=0.0, fingerprint="a"))
    capsys.readouterr()
    clock = SimpleNamespace(monotonic=itertools.count(100, 6).__next__)
    monkeypatch.setattr(loop, "time", clock)
    fit("bert", Checkpoint(path, minutes=1e9, fingerprint="a"))
    first, *others = capsys.readouterr().out.splitlines()
    assert first == "test: goes on from step 3 of 10"
    left = [line.rpartition(", ")[2] for line in others]
    assert left == ["30 s left", "18 s left", "6 s left", "0 s left"]  # steps 5, 7, 9, 10


def test_torch_is_prepared(monkeypatch):
    called = {}
    monkeypatch.setattr(torch, "set_num_threads", lambda n: called.update(threads=n))
    monkeypatch.setattr(
        torch, "use_deterministic_algorithms", lambda on, **how: called.update(how, on=on)
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    assert prepare_torch(device="cpu", threads=3) == torch.device("cpu")
    assert called == {"threads": 3, "on": True, "warn_only": True}
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert prepare_torch(device="auto", threads=1) == torch.device("cpu")
    with pytest.raises(UserError, match="config key device is cuda, but PyTorch finds no CUDA"):
        prepare_torch(device="cuda", threads=1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")  # somebody's own stays
    assert prepare_torch(device="auto", threads=1) == torch.device("cuda")
    assert prepare_torch(device="cuda", threads=1) == torch.device("cuda")
    assert prepare_torch(device="cpu", threads=1) == torch.device("cpu")
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


@pytest.mark.parametrize("able", [True, False])
@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_precision(monkeypatch, precision, able):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: able)
    asked = []
    monkeypatch.setattr(torch, "autocast", lambda kind, **how: asked.append((kind, how)))
    for device in ("cpu", "cuda"):
        autocast(torch.device(device), precision)
    wanted = {"float32": (False, False), "bfloat16": (True, True), "auto": (False, able)}
    assert asked == [
        (kind, {"dtype": torch.bfloat16, "enabled": on})
        for kind, on in zip(("cpu", "cuda"), wanted[precision], strict=True)
    ]


def test_predictions_do_not_depend_on_company_and_cover_long_sentences(kind, monkeypatch):
    model, layout = make_model(kind), make_layout(kind, max_length=12)
    sentences = make_sentences(70, seed=5)

    def predicted(given):
        split = prediction.packed(given, layout, torch.device("cpu"))
        return len(split.batches), predict(model, split, gate=None, precision="auto")

    monkeypatch.setitem(prediction.TOKENS, "cpu", 300)
    batches, together = predicted(sentences)
    assert batches > 3
    for sentence, found in zip(sentences, together, strict=True):
        assert len(found) == len(sentence.starts)
        _, (alone,) = predicted([sentence])
        np.testing.assert_array_equal(alone, found)
    assert predicted([]) == (0, [])


@settings(max_examples=200)
@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 200))
def test_batches_of_evaluation_are_as_large_as_they_may_be(lengths, tokens):
    parts = list(prediction._cut(np.array(lengths, np.int64), tokens, around=2))
    assert sorted(i for part in parts for i in part) == list(range(len(lengths)))
    in_order = [lengths[i] for part in parts for i in part]
    assert in_order == sorted(lengths)
    for number, part in enumerate(parts):
        sizes = [lengths[i] + 2 for i in part]
        assert len(part) == 1 or max(sizes) * len(part) <= tokens
        if number + 1 < len(parts):  # no other would fit in
            following = lengths[parts[number + 1][0]] + 2
            assert following * (len(part) + 1) > tokens
