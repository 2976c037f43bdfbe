"""What all kinds of training share: batches packed once, losses that are read together."""

import itertools
from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch
from conftest import make_layout, make_model, make_sentences
from test_rows import KINDS
from test_rows import make as make_any
from test_training import RECIPE, DiesAfterSaving, Killed
from torch.utils._python_dispatch import TorchDispatchMode

from polyheads.encoders.batches import epoch_order, pack
from polyheads.errors import UserError
from polyheads.training import loop, steps
from polyheads.training.checkpoints import Checkpoint

CPU, GPU = torch.device("cpu"), torch.device("cuda")  # no loss is put on either of them
CORPORA = [make_sentences(10), make_sentences(9, seed=1)]
LAYOUT = make_layout("bert")


def make(**recipe):
    recipe = RECIPE | recipe
    return steps.Batches(CORPORA, recipe=recipe, layout=LAYOUT, seed=3, device=CPU)


def same(one, other):
    tensors = [
        (one.inputs["input_ids"], other.inputs["input_ids"]),
        (one.inputs["position_ids"], other.inputs["position_ids"]),
        (one.positions, other.positions),
        (one.labels, other.labels),
    ]
    return all(torch.equal(a, b) for a, b in tensors)


@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("kept", [5, 4])
def test_batches_of_every_step(order, kept, monkeypatch):
    monkeypatch.setattr(steps, "KEPT", kept)
    batches = make(order=order)
    sentences = [sentence for corpus in CORPORA for sentence in corpus]
    assert (batches.schedule.per_epoch, batches.schedule.steps) == (5, 10)
    # In any order of steps: a training that is resumed begins in the middle, where another ended.
    for step in (*range(10), 3, 4, 8, 2):
        epoch, inside = divmod(step, 5)
        how = {"order": order, "mixing": "source-first", "seed": 3, "epoch": epoch}
        chosen = epoch_order([10, 9], **how)[4 * inside : 4 * inside + 4]
        expected = pack([sentences[i] for i in chosen], LAYOUT, CPU)
        assert same(batches.at(step), expected)
    assert not same(batches.at(0), batches.at(1))


@pytest.mark.parametrize(("order", "packed"), [("sequential", 5), ("random", 20)])
def test_an_order_that_stays_is_packed_once_for_all_trainings(order, packed, monkeypatch):
    calls = []
    monkeypatch.setattr(steps, "pack", lambda *how: calls.append(how) or pack(*how))
    batches = make(order=order)
    assert calls == []
    for _ in range(2):  # trainings
        for step in range(batches.schedule.steps):
            batches.at(step)
    assert len(calls) == packed


def test_more_batches_than_memory_may_hold_are_packed_step_by_step(monkeypatch):
    calls = []
    monkeypatch.setattr(steps, "pack", lambda *how: calls.append(how) or pack(*how))
    monkeypatch.setattr(steps, "KEPT", 4)
    batches = make(order="sequential")
    for step in range(7):
        batches.at(step)
        assert len(calls) == step + 1


def test_losses_of_a_gpu_are_read_together(monkeypatch):
    monkeypatch.setattr(steps, "UNREAD", 4)
    read = []
    stack = torch.stack
    monkeypatch.setattr(torch, "stack", lambda parts: read.append(len(parts)) or stack(parts))
    losses = steps.Losses(name="x", steps=9, device=GPU, before=[7.0])
    for number in range(6):
        losses.add(torch.tensor(float(number), requires_grad=True))
    assert read == [4]
    assert losses.read() == [7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert losses.read()[-1] == 5.0 and read == [4, 2]
    losses = steps.Losses(name="x", steps=9, device=CPU)
    read.clear()
    for number in range(3):
        losses.add(torch.tensor(float(number)))
    assert read == [1, 1, 1]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_step_of_a_loss_that_is_no_number_is_said_however_late_it_is_read(value):
    losses = steps.Losses(name="x", steps=9, device=GPU, before=[7.0, 6.0])
    for loss in (5.0, value, 4.0, float("nan")):
        losses.add(torch.tensor(loss))
    with pytest.raises(UserError, match=f"x: the loss became {value} at step 4 of 9; lower"):
        losses.read()
    losses = steps.Losses(name="x", steps=9, device=CPU)
    with pytest.raises(UserError, match="at step 1 of 9"):
        losses.add(torch.tensor(value))


def test_a_training_waits_for_its_losses_at_lines_and_checkpoints_only(monkeypatch, tmp_path):
    """With the clock of test_training, lines after steps 3, 6, 9 and 10; a checkpoint after 3."""
    read = []
    whole = steps.Losses.read

    def spy(self):
        read.append(len(self._known) + len(self._waiting))
        return whole(self)

    def as_on_a_gpu(*, device, **how):
        return steps.Losses(device=GPU, **how)

    def train(checkpoint):
        how = {"recipe": RECIPE, "gate": None, "seed": 3, "name": "test"}
        return loop.train(make_model("bert"), make(), checkpoint=checkpoint, **how)

    expected = train(Checkpoint(None, minutes=1, fingerprint=""))
    monkeypatch.setattr(steps.Losses, "read", spy)
    monkeypatch.setattr(loop, "Losses", as_on_a_gpu)
    clock = SimpleNamespace(monotonic=itertools.count(100, 4).__next__)
    monkeypatch.setattr(loop, "time", clock)
    assert train(Checkpoint(None, minutes=1, fingerprint="")) == expected
    assert read == [3, 6, 9, 10, 10]
    read.clear()
    with pytest.raises(Killed):
        train(DiesAfterSaving(tmp_path / "state", minutes=0.0, fingerprint="a"))
    assert read == [1, 2, 3, 3]
    assert train(Checkpoint(tmp_path / "state", minutes=1, fingerprint="a")) == expected


class Reads(TorchDispatchMode):
    """Notes what makes Python wait for a GPU: numbers that are read, shapes that depend on data."""

    WAIT: ClassVar = {"_local_scalar_dense", "nonzero", "masked_select", "_unique2", "equal"}

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().removeprefix("aten::").partition(".")[0]
        if name in self.WAIT:
            self.seen.append(name)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_looks_at_a_number(kind, monkeypatch):
    def as_on_a_gpu(*, device, **how):
        return steps.Losses(device=GPU, **how)

    monkeypatch.setattr(loop, "Losses", as_on_a_gpu)
    monkeypatch.setattr(loop.rows, "trained", lambda *_, **__: None)  # it looks for tokens, once
    batches = make(order="sequential")
    batches.at(0)
    how = {"recipe": RECIPE, "gate": torch.ones(3, 4), "seed": 3, "name": "test"}
    checkpoint = Checkpoint(None, minutes=1, fingerprint="")
    model = make_any(kind)
    with Reads() as reads:
        loop.train(model, batches, checkpoint=checkpoint, **how)
    assert reads.seen == []
    with reads:
        torch.ones(2).sum().item()
        torch.ones(2).nonzero()
    assert reads.seen == ["_local_scalar_dense", "nonzero"]
