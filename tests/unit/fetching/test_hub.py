"""The hub's real client against a small local hub, in a process of its own (HF_ENDPOINT)."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_server import Hub, environment, serving
from polyheads.corpora.fetching import hub
from polyheads.errors import UserError

COMMIT, NEXT = "a" * 40, "b" * 40
PARQUET = b"PAR1 not really PAR1"
MODEL = {
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "model.safetensors.index.json": b"{}",
    "model-00001-of-00002.safetensors": b"half",
    "model.fp16.safetensors": b"other weights",
    "pytorch_model.bin": b"pickle",
    "tokenizer.json": b"{}",
    "vocab.txt": b"a",
    "README.md": b"text",
    "onnx/config.json": b"{}",
    "onnx/model.safetensors": b"folder",
}
CALL = """
import json, sys
from polyheads.errors import UserError
from polyheads.corpora.fetching import hub
name, arguments = json.load(sys.stdin)
try:
    print(json.dumps(getattr(hub, name)(**arguments), default=str))
except UserError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


@pytest.fixture
def server():
    with serving(Hub()) as running:
        yield running


@pytest.fixture
def call(tmp_path, server):
    def run(function, **arguments):
        library = str(Path(hub.__file__).parents[3])
        done = subprocess.run(
            [sys.executable, "-c", CALL],
            input=json.dumps([function, arguments], default=str),
            capture_output=True,
            text=True,
            env=environment(
                dict(os.environ),
                HF_ENDPOINT=server.url,
                HF_HOME=str(tmp_path / "home"),
                PYTHONPATH=library,
            ),
        )
        if done.returncode == 3:
            raise UserError(done.stderr.strip().splitlines()[-1])
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def dataset(call):
    place = {"dataset": "some/set", "path": "en/train/0000.parquet", "revision": COMMIT}
    return call("dataset_file", hub=place, advice="or use a mirror")


def add(server, commit=COMMIT, content=PARQUET):
    server.add("datasets", "some/set", "main", commit, {"en/train/0000.parquet": content})


def test_a_pinned_data_set_takes_two_calls(tmp_path, server, call):
    add(server)
    found = dataset(call)
    assert Path(found).read_bytes() == PARQUET
    assert Path(found).is_relative_to(tmp_path / "home")  # HF_HOME is honoured
    path = f"/datasets/some/set/resolve/{COMMIT}/en/train/0000.parquet"
    assert server.calls == [("HEAD", path), ("GET", path)]
    assert all("polyheads" in h["user-agent"] for _, p, h in server.seen if p == path)
    dataset(call)
    assert len(server.calls) == 2  # out of the cache
    add(server, commit=NEXT, content=b"changed")
    assert Path(dataset(call)).read_bytes() == PARQUET  # whatever the branch says now


def test_data_sets_that_cannot_be_had(server, call):
    with pytest.raises(UserError, match=r"data set some/set, en/train.* could not be downloaded"):
        dataset(call)
    add(server)
    path = f"/datasets/some/set/resolve/{COMMIT}/en/train/0000.parquet"
    server.troubles[path] = [("status", 403, {})] * 20
    with pytest.raises(UserError, match=r"403.*or use a mirror$") as caught:
        dataset(call)
    assert len(str(caught.value)) < 900


def fetch_model(call, tmp_path, **more):
    arguments = {
        "hub": "some/model",
        "revision": COMMIT,
        "mirror": None,
        "out_dir": tmp_path / "out",
        "lock_path": tmp_path / "lock.json",
        **more,
    }
    return sorted(Path(path).name for path in call("fetch_model", **arguments))


def test_a_model(tmp_path, server, call):
    server.add("models", "some/model", "main", COMMIT, MODEL)
    got = ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt"]
    assert fetch_model(call, tmp_path) == got
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {
        name: MODEL[name] for name in got
    }
    tree = f"/api/models/some/model/tree/{COMMIT}"
    asked = {path for _, path in server.calls}
    assert not [path for path in asked if "onnx" in path or "fp16" in path or ".bin" in path]
    assert [path for path in asked if "resolve" not in path] == [tree]
    lock = json.loads((tmp_path / "lock.json").read_text())
    weights = lock["model.safetensors"]
    assert weights == {"bytes": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}


def test_a_model_in_shards(tmp_path, server, call):
    shards = {k: v for k, v in MODEL.items() if k != "model.safetensors"}
    server.add("models", "some/model", "main", COMMIT, shards)
    assert [name for name in fetch_model(call, tmp_path) if name.startswith("model")] == [
        "model-00001-of-00002.safetensors",
        "model.safetensors.index.json",
    ]


def test_a_model_with_pickles_only(tmp_path, server, call):
    server.add("models", "some/model", "main", COMMIT, {"pytorch_model.bin": b"pickle"})
    with pytest.raises(UserError, match=r"some/model .*no safetensors.*convert.*`path`"):
        fetch_model(call, tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there(tmp_path, call):
    with pytest.raises(UserError, match=r"model some/model .*could not be downloaded.*`path`"):
        fetch_model(call, tmp_path)


def mirrored(tmp_path):
    place = tmp_path / "mirror" / "models" / "some--model" / COMMIT
    place.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "pytorch_model.bin"):
        (place / name).write_bytes(MODEL[name])
    return place


def here(name, **arguments):
    return getattr(hub, name)(**arguments)


def test_a_model_from_a_mirror(tmp_path):
    place = mirrored(tmp_path)
    arguments = {"mirror": tmp_path / "mirror"}
    assert fetch_model(here, tmp_path, **arguments) == ["config.json", "model.safetensors"]
    (place / "model.safetensors").write_bytes(b"Weights")
    with pytest.raises(UserError, match=r"model\.safetensors: SHA-256 .*lock\.json"):
        fetch_model(here, tmp_path, **arguments)
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == b"weights"


def test_a_mirror_that_lacks_the_model(tmp_path):
    with pytest.raises(UserError, match="no such directory in the mirror") as caught:
        fetch_model(here, tmp_path, mirror=tmp_path)
    assert str(tmp_path / "models" / "some--model" / COMMIT) in str(caught.value)
