"""What is found before the first job: files that are missing, a disk, a GPU."""

import errno
import os
from types import SimpleNamespace

import pytest

from polyheads.catalogue import encoder_files
from polyheads.errors import UserError
from polyheads.study import beforehand

REVISION = "0" * 40


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def encoder(directory, *without):
    directory.mkdir(parents=True)
    for name in {"config.json", "model.safetensors", "tokenizer.json"} - set(without):
        (directory / name).write_text('{"num_hidden_layers": 2, "num_attention_heads": 3}')
    return directory


def plan(models, mirror=None):
    trials = {n: SimpleNamespace(training=SimpleNamespace(model=n)) for n in models if n != "idle"}
    config = {"mirror": mirror}
    return SimpleNamespace(missing=lambda: ["a file"], models=models, trials=trials, config=config)


def test_messages_of_all_models_that_are_used(here):
    encoder(here / "good")
    encoder(here / "half", "tokenizer.json")
    models = {
        "good": {"path": "good"},
        "half": {"path": "half"},
        "idle": {"path": "nowhere"},
        "none": {"path": "none"},
        "small": {"scratch": {}},
        "hub": {"hub": "some/model", "revision": REVISION},
    }
    found = beforehand.missing(plan(models))
    assert found[0] == "a file" and len(found) == 3
    assert found[1].startswith("half: no tokenizer.json")
    assert found[2].startswith("none: no such model directory")
    found = beforehand.missing(plan(models, mirror="m"))
    assert f"m/models/some--model/{REVISION}: no such directory in the mirror" in found[2]
    # What was fetched needs no mirror any more.
    (here / "results/downloads/models/some--model" / REVISION).mkdir(parents=True)
    assert len(beforehand.missing(plan(models, mirror="m"))) == 3


def test_a_model_that_cannot_be_read(here, monkeypatch):
    directory = encoder(here / "model")
    allowed = os.access
    for locked in (directory, directory / "model.safetensors"):
        monkeypatch.setattr(
            os, "access", lambda path, mode, no=locked: path != no and allowed(path, mode)
        )
        with pytest.raises(UserError, match=f"{locked}: cannot be read"):
            encoder_files.check_directory(directory)


def test_heads_of_a_directory(here):
    assert encoder_files.heads(encoder(here / "model")) == 6
    assert encoder_files.heads(here / "nowhere") is None
    for text in ("{}", '{"num_hidden_layers": null, "num_attention_heads": 2}'):
        (here / "model/config.json").write_text(text)
        assert encoder_files.heads(here / "model") is None
    for text in ("[]", "{"):
        (here / "model/config.json").write_text(text)
        with pytest.raises(UserError, match="not the configuration of a model"):
            encoder_files.heads(here / "model")


def test_a_disk_that_can_be_written_is_left_as_it_was(here):
    beforehand.check_disk("results")
    assert list((here / "results").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "results: the disk is full"), (errno.EROFS, "results: cannot be written")],
)
def test_a_disk_that_cannot_be_written(here, monkeypatch, number, message):
    def fsync(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(UserError, match=message):
        beforehand.check_disk("results")


def test_a_directory_that_cannot_be_made(here):
    (here / "results").write_text("a file")
    with pytest.raises(UserError, match=r"results: cannot be written \(File exists\)"):
        beforehand.check_disk("results")
