"""Killed, changed, run again: the same files as a run that was never killed, byte by byte.

The stages of the workflow on a toy corpus and an encoder of the real class with random weights.
Killed means in the middle of the second trial of a block: the first waits, finished, for its job to
end, the second has a checkpoint.
"""

import copy
import json
import os
import shutil

import pytest
import torch
from conftest import make_model
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing

from polyheads import catalogue
from polyheads.corpora import preparing
from polyheads.encoders import encoding, models
from polyheads.training import trials
from polyheads.training.checkpoints import Checkpoint
from polyheads.validation import load_schema

ENTRY = {
    "name": "toy",
    "task": "pos",
    "licence": "none",
    "format": "columns",
    "columns": {"token": 1, "tag": 2},
    "labels": ["NOUN", "VERB", "DET"],
    "url": "https://example.org/{language}/{split}",
    "languages": {
        code: {"files": {split: {} for split in ("train", "dev", "test")}} for code in ("aa", "bb")
    },
}
KEYS = load_schema("config")["properties"]["recipes"]["items"]["properties"]
RECIPE = {key: about.get("default") for key, about in KEYS.items() if key != "name"}
WORDS = ["nadu", "viro", "de", "sona", "kiri", "la"]
BLOCK = [[0, 1], [2, 3]]  # k = 1 and k = 2


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


class Place:
    """Corpora, an encoder and their encodings in a directory, and trials on them."""

    def __init__(self, root):
        self.root = root
        self.entry = copy.deepcopy(ENTRY)
        self.setup = {"threads": 1, "seed": 42, "code": "c0de", "evaluate_on": ["aa", "bb"]}
        self.recipe = {"epochs": 2, "batch_size": 3, "learning_rate": 0.05}
        for number, language in enumerate(("aa", "bb")):
            for split, size in (("train", 6), ("dev", 3), ("test", 3)):
                path = self.file(language, split)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.sentences(size, seed=number + size))
        self.vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
        self.vocabulary |= {word: i for i, word in enumerate(WORDS, len(self.vocabulary))}
        self.encoder = {"seed": 0, "hidden_act": "gelu"}

    def file(self, language, split):
        return self.root / "files" / language / f"{split}.tsv"

    def sentences(self, count, *, seed):
        generator = torch.Generator().manual_seed(seed)
        lines = []
        for _ in range(count):
            ids = torch.randint(0, len(WORDS), (4,), generator=generator)
            lines += [f"{WORDS[i]}\t{ENTRY['labels'][i % 3]}" for i in ids]
            lines.append("")
        return "\n".join(lines) + "\n"

    def make(self):
        """What comes before trials, as the stages make it."""
        source = self.root / "source"
        model = make_model("bert", seed=self.encoder["seed"]).base_model
        model.config.hidden_act = self.encoder["hidden_act"]
        model.save_pretrained(source)
        tokenizer = Tokenizer(WordLevel(self.vocabulary, unk_token="[UNK]"))
        tokenizer.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]",
            special_tokens=[(name, self.vocabulary[name]) for name in ("[CLS]", "[SEP]")],
        )
        tokenizer.save(str(source / "tokenizer.json"))
        model = self.root / "model"
        models.install(source_dir=source, name="m", source={}, out_dir=model)
        entry = catalogue.load([self.entry])["toy"]
        for language in ("aa", "bb"):
            corpus = self.root / "corpora" / language
            preparing.prepare(
                entry=entry,
                language=language,
                splits=catalogue.SPLITS,
                directory=self.file(language, "train").parent,
                out_dir=corpus,
            )
            encoded = self.root / "encodings" / language
            encoding.encode(model_dir=model, corpus_dir=corpus, out_dir=encoded)

    def runner(self):
        setup = trials.Setup(
            model_dir=self.root / "model",
            encodings={code: self.root / "encodings" / code for code in ("aa", "bb")},
            recipe=RECIPE | self.recipe,
            mixture=["aa"],
            device="cpu",
            checkpoint_minutes=1e-9,
            **self.setup,
        )
        return trials.Trials(setup)

    def run(self, ks=(1, 2)):
        """A block of trials, as scripts/trials.py runs them."""
        runner = self.runner()
        paths = [self.root / "results" / "trials" / f"k-{k:02d}" for k in ks]
        stages = [trials.stage(path) for path in paths]
        for k, path, stage in zip(ks, paths, stages, strict=True):
            runner.run(path, trial={"k": k}, pruned=BLOCK[:k], stage=stage)
        trials.publish(stages, paths)

    def kill(self, monkeypatch):
        """The same, ended in the middle of the second trial."""
        save, saved = Checkpoint.save, []

        def saving(checkpoint, *args, **options):
            save(checkpoint, *args, **options)
            saved.append(checkpoint.path.stem)
            if saved.count("k-02") == 2:
                raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(Checkpoint, "save", saving)
            with pytest.raises(Killed):
                self.run()
        left = {path.name for path in (self.root / "results").rglob("*") if path.is_file()}
        assert left == {"k-01.done", "k-01.json", "k-01.parquet", "k-02.safetensors"}

    def results(self):
        files = [path for path in (self.root / "results").rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in files}


def nothing(place):
    pass


def two_labels_swapped(place):
    path = place.file("aa", "train")
    lines = path.read_text().split("\n")
    first, second = next(
        (i, j)
        for i in range(4)
        for j in range(5, 9)
        if lines[i].split("\t")[1] != lines[j].split("\t")[1]
    )
    (a, x), (b, y) = lines[first].split("\t"), lines[second].split("\t")
    lines[first], lines[second] = f"{a}\t{y}", f"{b}\t{x}"
    path.write_text("\n".join(lines))


def two_words_swapped(place):
    """The sum of all subword ids stays."""
    path = place.file("aa", "train")
    text = path.read_text()
    assert "nadu" in text and "viro" in text
    path.write_text(text.replace("nadu", "x").replace("viro", "nadu").replace("x", "viro"))


def a_line_of_dev(place):
    path = place.file("aa", "dev")
    path.write_text("la\tVERB\n" + path.read_text())


def a_line_of_test(place):
    """Of a language that is not trained on."""
    path = place.file("bb", "test")
    first, rest = path.read_text().split("\n", 1)
    path.write_text(f"{first.split(chr(9))[0]}\t{'VERB' if 'NOUN' in first else 'NOUN'}\n{rest}")


def label_set(place):
    """One label more, which no sentence has."""
    place.entry["labels"].append("ADJ")


def weights(place):
    place.encoder["seed"] = 1


def configuration(place):
    """The same weights, another function."""
    place.encoder["hidden_act"] = "relu"


def special_tokens(place):
    """The ids of all words stay."""
    place.vocabulary |= {"[CLS]": 3, "[SEP]": 2}


def recipe(place):
    place.recipe["learning_rate"] = 0.04


def fewer_languages(place):
    place.setup["evaluate_on"] = ["aa"]


def seed(place):
    place.setup["seed"] = 43


def code(place):
    place.setup["code"] = "other"


CHANGES = [
    two_labels_swapped,
    two_words_swapped,
    a_line_of_dev,
    a_line_of_test,
    label_set,
    weights,
    configuration,
    special_tokens,
    recipe,
    fewer_languages,
    seed,
    code,
]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A place whose run was killed; tests take a copy."""
    patch = pytest.MonkeyPatch()
    place = Place(tmp_path_factory.mktemp("killed"))
    place.make()
    place.kill(patch)
    return place


@pytest.fixture
def again(killed, tmp_path):
    place = copy.copy(killed)
    vars(place).update(copy.deepcopy(vars(killed)))
    place.root = shutil.copytree(killed.root, tmp_path / "again")
    return place


def clean_run(change, root):
    place = Place(root)
    change(place)
    place.make()
    place.run()
    return place.results()


def test_unchanged_it_goes_on_where_it_was(again, tmp_path, capsys):
    again.make()  # made again, with the same content
    again.run()
    said = capsys.readouterr().out
    assert "k-01: finished by an earlier run" in said and "goes on from step 2" in said
    assert again.results() == clean_run(nothing, tmp_path / "clean")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_it_equals_a_run_that_was_never_killed(change, again, tmp_path, capsys):
    unchanged = {p.name: p.read_bytes() for p in again.root.glob("results/checkpoints/*")}
    change(again)
    again.make()
    again.run()
    said = capsys.readouterr().out
    assert "finished by an earlier run" not in said and "goes on from" not in said
    results = again.results()
    assert results == clean_run(change, tmp_path / "clean")
    assert {path.rsplit("/")[-1] for path in results} == {
        f"k-0{k}.{kind}" for k in (1, 2) for kind in ("json", "parquet")
    }
    # The change matters: otherwise the comparison says nothing.
    made = json.loads(results["results/trials/k-01.json"])
    before = json.loads(unchanged["k-01.json"])
    assert made["made_of"] != before["made_of"] or made["trial"] != before["trial"]


def test_what_a_trial_does_not_read_does_not_change_it(again):
    again.setup["evaluate_on"] = ["aa"]
    before = again.runner()
    a_line_of_test(again)  # of bb
    again.make()
    after = again.runner()
    assert before.fingerprint(BLOCK) == after.fingerprint(BLOCK)
    assert after.made_of["data"].keys() == {"aa"}
    assert after.made_of["data"]["aa"].keys() == {"labels", "train", "dev", "test"}


def test_weights_that_were_replaced_by_hand_are_noticed(again, capsys):
    """model.json still has the old digest, the file the old size and the old time."""
    path = again.root / "model" / "model.safetensors"
    before, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    again.run()
    assert "finished by an earlier run" not in capsys.readouterr().out
