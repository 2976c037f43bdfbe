"""Stacked trainings on a GPU: equal to single ones, and what happens when its memory is full."""

import pytest
import torch
from test_stacked import GATES, KINDS, NAMES, RECIPE, apart, batches_of, build, nowhere, parameters
from test_together import files, predictions, run, said_of_training
from tiny_trials import make_trials

from polyheads.encoders.forward import prepare_torch
from polyheads.training import loop, stacked

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.fixture(autouse=True)
def gpu():
    return prepare_torch(device="cuda", threads=1)


def together(kind, gpu, gates=GATES, names=NAMES, recipe=RECIPE):
    model, batches = build(kind), batches_of(kind, recipe, gpu)
    how = {"seed": 3, "checkpoint": nowhere(), "names": names, "recipe": recipe}
    trained = stacked.train(model, batches, gates=gates, **how)
    found = []
    for place in range(len(gates)):
        stacked.put(model, trained, place)
        found.append({name: weight.cpu() for name, weight in parameters(model).items()})
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_has_the_weights_of_a_stack_of_one(kind, gpu):
    """Dropout is on; single trainings on a GPU are stacks of one."""
    for place, weights in enumerate(together(kind, gpu)):
        (own,) = together(kind, gpu, GATES[place : place + 1], NAMES[place : place + 1])
        assert apart(weights, own) < 1e-5


def test_without_dropout_it_has_those_of_the_plain_loop(gpu, monkeypatch):
    """Attention has other kernels there, so that there is more rounding."""

    def still(kind):
        model = build(kind)
        for part in model.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        return model

    monkeypatch.setitem(globals(), "build", still)
    for gate, weights in zip(GATES, together("bert", gpu), strict=True):
        model = still("bert")
        how = {"gate": gate, "seed": 3, "checkpoint": nowhere(), "name": "alone"}
        loop.train(model, batches_of("bert", RECIPE, gpu), recipe=RECIPE, **how)
        own = {name: weight.cpu() for name, weight in parameters(model).items()}
        assert apart(weights, own) < 1e-4


def test_predictions_and_files(tmp_path):
    for name, at_once in (("one", 1), ("three", 3), ("auto", "auto")):
        recipe = {"precision": "float32"}
        run(tmp_path / name, at_once, device="cuda", recipe=recipe)
    assert said_of_training(tmp_path / "one") == [(1, 0)] * 5
    assert said_of_training(tmp_path / "auto") == [(5, place) for place in range(5)]
    assert predictions(tmp_path / "one") == predictions(tmp_path / "three")
    assert predictions(tmp_path / "one") == predictions(tmp_path / "auto")


def test_an_export_gets_a_stacked_trial_to_the_last_bit(tmp_path):
    runner = make_trials(tmp_path, device="cuda")
    three = [[(2, 1)], [(0, 3), (1, 0)], []]
    model, trained = runner.fit_together(three, checkpoint_path=tmp_path / "a", names=NAMES)
    for place, pruned in enumerate(three):
        stacked.put(model, trained, place)
        how = {"checkpoint_path": tmp_path / "b", "name": "again"}
        again, _ = runner.fit(pruned=pruned, trained_with=3, place=place, **how)
        for name, weight in parameters(model).items():
            assert torch.equal(weight.cpu(), parameters(again)[name].cpu()), name


def test_a_full_gpu_halves_the_stack(tmp_path, monkeypatch, capsys):
    """Each trial takes a fifth of the whole memory and more: three fit, five don't."""
    run(tmp_path / "whole", 3, device="cuda")
    _, whole = torch.cuda.mem_get_info()
    losses_of = stacked.losses_of

    def losses(model, batch, gates, precision):
        large = torch.empty(len(gates), int(0.21 * whole), dtype=torch.uint8, device="cuda")
        found = losses_of(model, batch, gates, precision)
        del large
        return found

    monkeypatch.setattr(stacked, "losses_of", losses)
    run(tmp_path / "halved", 5, device="cuda")
    assert "too little memory for 5 trials: 3 at once" in capsys.readouterr().out
    assert files(tmp_path / "whole") == files(tmp_path / "halved")
