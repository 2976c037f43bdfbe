"""The trials of a job in one pass: the same predictions, kills, too little memory, what is kept."""

import json

import pyarrow.parquet as pq
import pytest
import torch
from tiny_trials import make_trials

from polyheads.errors import UserError
from polyheads.training import stacked, together, trials
from polyheads.training.checkpoints import Checkpoint

pytestmark = pytest.mark.slow

ORDER = [(2, 1), (0, 3), (1, 0), (0, 0), (1, 2), (2, 2)]
KS = (1, 2, 3, 4, 5)
LOSSES = stacked.losses_of


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def members(directory, ks=KS):
    paths = [directory / "results" / "trials" / f"k-{k:02d}" for k in ks]
    return [
        together.Trial(path, trials.stage(path), {"k": k, "ranking": "r-en"}, ORDER[:k])
        for k, path in zip(ks, paths, strict=True)
    ]


def run(directory, at_once, *, ks=KS, kind="bert", publish=True, **changes):
    """What scripts/trials.py does."""
    some = members(directory, ks)
    together.run(make_trials(directory, kind, **changes), some, at_once=at_once)
    if publish:
        trials.publish([t.stage for t in some], [t.path for t in some])
        assert list(some[0].stage.parent.iterdir()) == []


def predictions(directory, ks=KS):
    return [pq.read_table(trial.path.with_suffix(".parquet")) for trial in members(directory, ks)]


def files(directory, ks=KS):
    return [trial.path.with_suffix(".json").read_bytes() for trial in members(directory, ks)]


def said_of_training(directory, ks=KS):
    """(trials in the same pass, place among them) of each."""
    kept = [json.loads(content)["training"] for content in files(directory, ks)]
    return [(training["trained_with"], training["place"]) for training in kept]


@pytest.fixture
def sizes(monkeypatch):
    """How many trials were in each step that was begun."""
    seen = []

    def losses(model, batch, gates, precision):
        seen.append(len(gates))
        return LOSSES(model, batch, gates, precision)

    monkeypatch.setattr(stacked, "losses_of", losses)
    return seen


def test_predictions_are_those_of_trials_one_after_the_other(kind, tmp_path, sizes):
    place, other = tmp_path / "one", tmp_path / "other"
    run(place, 1, kind=kind)
    assert sizes == [] and said_of_training(place) == [(1, 0)] * 5
    run(other, 3, kind=kind)
    assert sizes == [2] + 14 * [3] + 14 * [2]  # first it is tried out
    assert said_of_training(other) == [(3, 0), (3, 1), (3, 2), (2, 0), (2, 1)]
    assert predictions(place) == predictions(other)
    for one, two in zip(files(place), files(other), strict=True):
        one, two = json.loads(one), json.loads(two)
        assert one["scores"] == two["scores"] and one["trial"] == two["trial"]
        for key in ("loss_first", "loss_last"):
            assert one["training"].pop(key) == pytest.approx(two["training"].pop(key), abs=1e-5)


def test_trials_without_pruned_heads_can_be_among_them(tmp_path):
    run(tmp_path / "one", 1, ks=(0, 2))
    run(tmp_path / "other", 2, ks=(0, 2))
    assert predictions(tmp_path / "one", (0, 2)) == predictions(tmp_path / "other", (0, 2))


def test_auto_is_one_on_a_cpu(tmp_path, sizes):
    run(tmp_path, "auto")
    assert sizes == [] and said_of_training(tmp_path) == [(1, 0)] * 5


def test_auto_is_what_fits_on_a_gpu(tmp_path, monkeypatch):
    """As far as a machine without one can tell."""
    runner = make_trials(tmp_path)
    runner.batches, runner.shape  # noqa: B018
    monkeypatch.setattr(runner, "device", torch.device("meta"))
    monkeypatch.setattr(type(runner), "reason_against_stacking", None)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (10_000_000, 0))
    fits = runner.trials_that_fit()
    assert 1 < fits < 100
    assert together._at_once(runner, "auto", 100) == fits
    assert together._at_once(runner, "auto", 2) == 2
    assert together._at_once(runner, 3, 100) == 3
    assert together._at_once(runner, "auto", 1) == 1


def test_an_encoder_that_cannot_be_stacked_trains_one_by_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(stacked, "reason_against", lambda *_: "it looks at numbers")
    run(tmp_path, 5)
    assert said_of_training(tmp_path) == [(1, 0)] * 5
    said = capsys.readouterr().out
    assert said.count("this encoder's trials train one after the other: it looks at numbers") == 1


def test_finished_trials_are_left_out(tmp_path, sizes, capsys):
    runner, some = make_trials(tmp_path), members(tmp_path)
    trial = some[1]
    runner.run(trial.path, trial=trial.point, pruned=trial.pruned, stage=trial.stage)
    some[3].stage.with_suffix(".done").write_text("of something else")
    run(tmp_path, 5)
    assert set(sizes[1:]) == {4}
    assert said_of_training(tmp_path) == [(4, 0), (1, 0), (4, 1), (4, 2), (4, 3)]
    assert "k-02: finished by an earlier run" in capsys.readouterr().out


def kill_at(monkeypatch, *, save=None, write=None):
    """The next run ends after this many checkpoints, or when so many trials were written."""
    counts = {"save": 0, "write": 0}

    def counted(function, name, end):
        def call(*args, **others):
            if counts[name] == end and name == "write":
                raise Killed
            function(*args, **others)
            counts[name] += 1
            if counts[name] == end:
                raise Killed

        return call

    if save:
        monkeypatch.setattr(Checkpoint, "save", counted(Checkpoint.save, "save", save))
    if write:
        monkeypatch.setattr(trials.Trials, "write", counted(trials.Trials.write, "write", write))


@pytest.mark.parametrize("at", [{"save": 3}, {"save": 16}, {"write": 2}, {"write": 4}], ids=str)
def test_killed_it_gives_the_files_of_an_undisturbed_run(at, tmp_path, monkeypatch, capsys):
    run(tmp_path / "whole", 3)
    with monkeypatch.context() as patch:
        kill_at(patch, **at)
        with pytest.raises(Killed):
            run(tmp_path / "killed", 3, checkpoint_minutes=1e-9)
    capsys.readouterr()
    run(tmp_path / "killed", 3)
    said = capsys.readouterr().out
    assert "goes on from step" in said
    # Those of the first pass are finished together.
    assert said.count("finished by an earlier run") == (
        3 if at in ({"save": 16}, {"write": 4}) else 0
    )
    assert files(tmp_path / "whole") == files(tmp_path / "killed")
    assert predictions(tmp_path / "whole") == predictions(tmp_path / "killed")


@pytest.mark.parametrize("then", [2, 1, 4])
def test_a_checkpoint_of_another_stack_is_ignored(then, tmp_path, monkeypatch, capsys):
    run(tmp_path / "whole", then)
    with monkeypatch.context() as patch:
        kill_at(patch, save=3)
        with pytest.raises(Killed):
            run(tmp_path / "killed", 3, checkpoint_minutes=1e-9)
    run(tmp_path / "killed", then)
    assert "goes on" not in capsys.readouterr().out
    assert files(tmp_path / "whole") == files(tmp_path / "killed")


@pytest.fixture
def memory(monkeypatch):
    """A GPU that has memory for so many trials; ``least`` steps go well before it is full."""

    class Memory:
        trials = 5
        least = 0
        tried = ()

        def losses(self, model, batch, gates, precision):
            self.tried = (*self.tried, len(gates))
            if torch.is_grad_enabled() and len(gates) > self.trials:
                self.least -= 1
                if self.least < 0:
                    raise torch.OutOfMemoryError("CUDA out of memory")
            return LOSSES(model, batch, gates, precision)

    made = Memory()
    monkeypatch.setattr(stacked, "losses_of", made.losses)
    return made


def test_too_little_memory_halves_the_stack(tmp_path, memory, capsys):
    run(tmp_path / "whole", 2)
    memory.trials = 2
    run(tmp_path / "halved", 5)
    assert files(tmp_path / "whole") == files(tmp_path / "halved")  # 5, 3, 2
    said = capsys.readouterr().out
    assert "too little memory for 5 trials: 3 at once" in said
    assert "too little memory for 3 trials: 2 at once" in said


def test_trials_that_were_finished_before_are_not_lost(tmp_path, memory, capsys):
    memory.trials, memory.least = 2, 14  # the first three go well
    run(tmp_path, 3, ks=(1, 2, 3, 4, 5, 6))
    assert said_of_training(tmp_path, (1, 2, 3)) == [(3, 0), (3, 1), (3, 2)]
    assert said_of_training(tmp_path, (4, 5, 6)) == [(2, 0), (2, 1), (1, 0)]
    assert memory.tried.count(3) == 14 + 1


def test_half_a_stack_goes_on_from_the_checkpoint_of_the_whole(tmp_path, memory, capsys):
    run(tmp_path / "whole", 1)
    memory.trials, memory.least = 3, 6
    run(tmp_path / "halved", 5, checkpoint_minutes=1e-9)
    said = capsys.readouterr().out
    assert said.count("goes on from step 6 of 14") == 2
    assert said_of_training(tmp_path / "halved") == [(3, 0), (3, 1), (3, 2), (2, 0), (2, 1)]
    # 6 steps of five, the one that failed, 8 of three and of two
    assert memory.tried[1:] == (5,) * 7 + (3,) * 8 + (2,) * 8
    assert predictions(tmp_path / "whole") == predictions(tmp_path / "halved")
    for one, two in zip(files(tmp_path / "whole"), files(tmp_path / "halved"), strict=True):
        one, two = json.loads(one)["training"], json.loads(two)["training"]
        for key in ("loss_first", "loss_last"):
            assert one[key] == pytest.approx(two[key], abs=1e-5)


def test_one_trial_that_does_not_fit_is_a_clear_error(tmp_path, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trials, "train", full)
    monkeypatch.setattr(stacked, "train", full)
    with pytest.raises(
        UserError, match=r"^en\+de k=1: a GPU has too little .* one training; lower"
    ):
        run(tmp_path, 5)


def test_a_loss_that_is_not_a_number_names_its_k(tmp_path, monkeypatch):
    def losses(model, batch, gates, precision):
        found = LOSSES(model, batch, gates, precision)
        return found * torch.tensor([1.0] * (len(gates) - 1) + [float("nan")])

    monkeypatch.setattr(stacked, "losses_of", losses)
    monkeypatch.setattr(stacked, "reason_against", lambda *_: None)
    with pytest.raises(UserError, match=r"^en\+de k=3 r-en: the loss became nan at step 1 of 14"):
        run(tmp_path, 3)


@pytest.mark.parametrize("place", range(3))
def test_a_trial_of_a_stack_is_trained_again_to_the_last_bit(place, tmp_path):
    """An export trains it among copies of itself."""
    runner = make_trials(tmp_path)
    three = [ORDER[:k] for k in (1, 2, 4)]
    model, trained = runner.fit_together(
        three, checkpoint_path=tmp_path / "a", names=["a", "b", "c"]
    )
    stacked.put(model, trained, place)
    again, record = runner.fit(
        pruned=three[place],
        checkpoint_path=tmp_path / "b",
        name="again",
        trained_with=3,
        place=place,
    )
    assert record == runner.record(trained, place)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
