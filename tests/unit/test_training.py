"""The training loop: resumed = undisturbed; batches don't matter to what is learned; errors."""

import numpy as np
import pytest
import torch
from conftest import make_layout, make_model, make_sentences

from polyheads.checkpoints import Checkpoint
from polyheads.errors import UserError
from polyheads.heads import gate_without
from polyheads.prediction import predict
from polyheads.training import learning_rate_factor, train

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
    record = train(
        model,
        [make_sentences(10), make_sentences(9, seed=1)],
        recipe=recipe,
        layout=make_layout(kind),
        gate=gate,
        seed=seed,
        device=torch.device("cpu"),
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
    with pytest.raises(UserError, match="loss became .* step .*learning_rate"):
        fit("bert", recipe={**RECIPE, "learning_rate": 1e30, "clip": 1e30, "epochs": 5})


def test_learning_rate():
    decay = [learning_rate_factor(i, steps=4, warmup=0) for i in range(4)]
    assert decay == [1, 0.75, 0.5, 0.25]
    assert learning_rate_factor(0, steps=10, warmup=0.2) == 0.5
    assert learning_rate_factor(2, steps=10, warmup=0.2) == 1


def test_predictions_do_not_depend_on_company_and_cover_long_sentences(kind):
    model, layout = make_model(kind), make_layout(kind, max_length=12)
    sentences = make_sentences(40, seed=5)
    options = {"layout": layout, "gate": None, "device": torch.device("cpu"), "precision": "auto"}
    together = predict(model, sentences, **options)
    for sentence, found in zip(sentences, together, strict=True):
        assert len(found) == len(sentence.starts)
        alone = predict(model, [sentence], **options)[0]
        np.testing.assert_array_equal(alone, found)
