"""`snakemake mirror` from a server on which things go wrong, and a run without any network."""

import hashlib
import io
import json
import os
import shutil
import zipfile

import pytest
import torch
from conftest import WORDS, make_project, treebank
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from local_server import Hub, environment, serving

SPLITS = {"aa": ("train", "dev", "test"), "bb": ("test",)}
REVISION = hashlib.sha1(b"a commit").hexdigest()
MODEL = f"models/some--model/{REVISION}"
FILES = {
    (corpus, language, split): treebank(seed, 8).encode()
    for seed, (corpus, language, split) in enumerate(
        (corpus, language, split)
        for corpus in ("broken", "hangs", "packed", "wrong")
        for language in SPLITS
        for split in SPLITS[language]
    )
}


def encoder(directory):
    """The files of a real encoder, very small."""
    torch.manual_seed(1)
    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = BertModel(BertConfig(**sizes, intermediate_size=16, max_position_embeddings=32))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(directory)
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(directory / "tokenizer.json"))
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def git_blob(content):
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def corpus(name, **origin):
    files = {
        language: {
            split: {"git_blob": git_blob(FILES[name, language, split])}
            for split in SPLITS[language]
        }
        for language in SPLITS
    }
    return {
        "name": name,
        "task": "pos",
        "licence": "none",
        "format": "conllu",
        "labels": list(WORDS),
        "languages": {language: {"files": files[language]} for language in SPLITS},
        **origin,
    }


def study_of(url, study):
    each = "{language}/{split}.conllu"
    names = sorted({name for name, _, _ in FILES})
    study["corpora"] = [
        corpus(name, url=f"{url}/{name}/{each}") for name in names if name != "packed"
    ]
    study["corpora"].append(corpus("packed", archive=f"{url}/all.zip", members=[each]))
    study["models"] = [{"name": "mini", "hub": "some/model", "revision": REVISION}]
    experiment = study["experiments"][0] | {"settings": ["cross-lingual"], "k": [1]}
    study["experiments"] = [experiment | {"name": name, "corpus": name} for name in names]
    study["mirror"] = None
    return study


@pytest.fixture
def server(tmp_path, monkeypatch):
    with serving(Hub()) as running:
        running.add("models", "some/model", "main", REVISION, encoder(tmp_path / "encoder"))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as made:
            for (name, language, split), content in FILES.items():
                running.files[f"/{name}/{language}/{split}.conllu"] = content
                if name == "packed":
                    made.writestr(f"{language}/{split}.conllu", content)
        running.files["/all.zip"] = packed.getvalue()
        variables = environment(
            dict(os.environ),
            HF_ENDPOINT=running.url,
            HF_HOME=str(tmp_path / "home"),
            POLYHEADS_TIMEOUT="0.5",
        )
        for key in set(os.environ) - set(variables):
            monkeypatch.delenv(key)
        for key, value in variables.items():
            monkeypatch.setenv(key, value)
        yield running


def fetched(place):
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(place).parts)
    }


def test_mirror_and_a_run_without_network(server, tmp_path, study):
    project = make_project(tmp_path / "project", study_of(server.url, study))
    downloads = project.path / "results" / "downloads"
    right = server.files["/wrong/bb/test.conllu"]
    server.files["/wrong/bb/test.conllu"] = right.replace(b"NOUN", b"VERB", 1)
    server.troubles["/broken/aa/train.conllu"] = [("break", 100)]
    server.troubles["/hangs/bb/test.conllu"] = [("hang", 50), *[("hang", 0)] * 4]

    done = project.run("mirror", "--keep-going")
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in text, text
    assert f"{server.url}/wrong/bb/test.conllu: git blob id" in text
    assert f"{server.url}/hangs/bb/test.conllu: failed after 50 bytes (timed out" in text
    assert server.asked("/broken/aa/train.conllu") == [None, "bytes=100-"]
    assert "is a mirror" not in text
    places = {str(path.relative_to(downloads)) for path in downloads.glob("[!.]*/*")}
    languages = {f"{name}/{language}" for name, language, _ in FILES}
    assert places == languages - {"wrong/bb", "hangs/bb"} | {"models/some--model"}
    # Nothing is made of what is fetched, and what came of the hanging file is kept.
    kept = {path.name for path in (project.path / "results").iterdir()}
    assert kept == {"README.md", "downloads", "logs", "benchmarks"} & kept
    assert 50 in [path.stat().st_size for path in (downloads / ".partial").iterdir()]

    server.files["/wrong/bb/test.conllu"] = right
    before = len(server.calls)
    text = project.succeed("mirror")
    assert f"{downloads} is a mirror for this study" in text
    assert sorted(path for _, path in server.calls[before:]) == [
        "/hangs/bb/test.conllu",
        "/wrong/bb/test.conllu",
    ]
    assert server.asked("/hangs/bb/test.conllu")[-1] == "bytes=50-"
    assert server.asked("/all.zip") == [None]  # once for all languages
    assert not list((downloads / ".partial").iterdir())
    expected = {
        f"{c}/{lang}/{split}.conllu": content for (c, lang, split), content in FILES.items()
    }
    found = fetched(downloads)
    assert {k: v for k, v in found.items() if not k.startswith("models/")} == expected
    assert f"{MODEL}/model.safetensors" in found

    # Elsewhere, with the server gone.
    shutil.copytree(downloads, tmp_path / "copy")
    study["mirror"] = str(tmp_path / "copy")
    far = make_project(tmp_path / "far", study)
    locks = "resources/locks"
    shutil.copytree(project.path / locks, far.path / locks, dirs_exist_ok=True)
    server.over.set()
    server.shutdown()
    calls = len(server.seen)
    infos = [f"results/corpora/{place}/corpus.json" for place in sorted(languages)]
    far.succeed(*infos, "results/models/mini/model.json")
    assert fetched(far.path / "results" / "downloads") == found
    info = json.loads((far.path / "results/models/mini/model.json").read_text())
    assert info["source"] == {"hub": "some/model", "revision": REVISION}
    assert len(server.seen) == calls
    # A mirror, or none, changes no result and fetches nothing again.
    for mirror in (None, str(tmp_path / "copy")):
        study["mirror"] = mirror
        far.write(study)
        assert not {"fetch", "fetch_archive", "fetch_model", "prepare"} & set(far.planned())
    # A changed file of the mirror is noticed, weights like sentences.
    (tmp_path / "copy" / MODEL / "config.json").write_text("{}")
    done = far.run("mirror", "--forcerun", "fetch_model")
    assert "resources/locks/models/some--model" in done.stdout + done.stderr
    shutil.rmtree(tmp_path / "copy" / MODEL)
    done = far.run("mirror", "--forcerun", "fetch_model")
    assert f"{tmp_path / 'copy' / MODEL}: no such directory in the mirror" in (
        done.stdout + done.stderr
    )


@pytest.mark.parametrize("key", ["mirror", "own_copies"])
def test_a_mirror_that_would_be_deleted(tmp_path, study, key):
    for place in ("results/downloads", "results/downloads/toy"):
        study[key] = place
        project = make_project(tmp_path / place / "project", study)
        done = project.run("-n", "mirror")
        assert done.returncode != 0
        assert f"configuration, {key}: {place} is results/downloads or inside it" in (
            done.stdout + done.stderr
        )
