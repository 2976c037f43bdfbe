"""Exports of classifiers: transformers' text-classification pipeline gives the trial's labels."""

import json
import random

import numpy as np
import pytest
import torch
import transformers
from conftest import make_model
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value
from pairs import make_text, make_texts, make_tokenizer, text_layout
from test_models import encoder
from test_training import DiesAfterSaving, Killed

from polyheads.encoders import encoding, models
from polyheads.encoders.batches import pack
from polyheads.errors import UserError
from polyheads.exports import card, classifier, directory
from polyheads.study import predictions
from polyheads.training import trials
from polyheads.validation import load_schema

NAMES = ["X", "Y", "Z"]
LIMIT = 20  # some texts are cut
PRUNED = [[0, 1], [2, 3], [0, 2]]
KEYS = load_schema("config")["properties"]["recipes"]["items"]["properties"]
RECIPE = {key: about.get("default") for key, about in KEYS.items() if key != "name"}
RECIPE |= {"epochs": 10, "batch_size": 4, "learning_rate": 3e-3, "max_length": LIMIT}
FEATURES = Features(
    {
        "tokens": Sequence(Value("string")),
        "tags": Sequence(ClassLabel(names=NAMES)),
        "repeated": Value("bool"),
    }
)


class Place:
    """A corpus of texts or pairs, a model, and a trial with pruned heads."""

    def __init__(self, root, kind, *, pairs):
        self.root = root
        self.pairs = pairs
        self._write_corpus()
        source = root / "source"
        source.mkdir()
        make_tokenizer(kind).save(str(source / "tokenizer.json"))
        name, positions = ("Bert", 64) if kind == "bert" else ("XLMRoberta", 66)
        types = {"type_vocab_size": 1} if kind != "bert" else {}
        model = encoder(name, max_position_embeddings=positions, **types)
        model.save_pretrained(source)
        models.install(source_dir=source, name="m", source={}, out_dir=root / "model")
        encoding.encode(
            model_dir=root / "model", corpus_dir=root / "corpus", out_dir=root / "encoding"
        )
        self.runner = self.make_runner()
        self.trial = root / "trials/k-03"
        point = {"model": "m", "corpus": "c", "k": len(PRUNED), "protocol": "prune"}
        stage = trials.stage(self.trial)
        self.runner.run(self.trial, trial=point, pruned=PRUNED, stage=stage)
        trials.publish([stage], [self.trial])

    def _write_corpus(self):
        chance = random.Random(5)
        splits = {}
        for split, count in {"train": 40, "dev": 9, "test": 30}.items():
            rows = [
                [make_text(chance, 6 if self.pairs else 12) for _ in range(1 + self.pairs)]
                for _ in range(count)
            ]
            rows[2] = ["ab\u200f"] * (1 + self.pairs)  # of which the normaliser deletes a mark
            columns = {
                "tokens": rows,
                "tags": [[ord(row[-1][0]) % 3] for row in rows],
                "repeated": [False] * count,
            }
            splits[split] = Dataset.from_dict(columns, FEATURES)
        DatasetDict(splits).save_to_disk(self.root / "corpus/data")
        info = {"corpus": "c", "language": "xx", "task": "classification", "labels": NAMES}
        info |= {"licence": "CC0", "source": ["c/xx/train.tsv"]}
        (self.root / "corpus/corpus.json").write_text(json.dumps(info))

    def make_runner(self, **changed):
        setup = {
            **{"model_dir": self.root / "model", "encodings": {"xx": self.root / "encoding"}},
            **{"recipe": RECIPE, "mixture": ["xx"], "evaluate_on": ["xx"], "seed": 1},
            **{"device": "cpu", "threads": 1, "checkpoint_minutes": 10, "code": ""},
        }
        return trials.Trials(trials.Setup(**setup | changed))

    def export(self, out, runner=None):
        about = {"k": 3, "chosen": None, "study": "s", "task": "classification"}
        directory.make(
            runner or self.runner,
            trial=self.trial,
            about={**about, "metric": "accuracy", "ranking": "gradient-xx", "trained_on": ["xx"]},
            out=out,
            checkpoint=self.root / "checkpoints/export.safetensors",
            corpora={"xx": self.root / "corpus"},
        )
        return out

    def kept(self):
        """The texts of test and the labels that the trial kept."""
        found = predictions.read(self.trial.with_suffix(".parquet"), language="xx")
        texts = list(Dataset.load_from_disk(str(self.root / "corpus/data/test"))["tokens"])
        return texts, [NAMES[number] for number in found.predicted]


@pytest.fixture(scope="module", params=["bert pairs", "xlm-roberta pairs", "bert single"])
def place(request, tmp_path_factory):
    kind, _, texts = request.param.partition(" ")
    return Place(tmp_path_factory.mktemp(kind), kind, pairs=texts == "pairs")


@pytest.fixture(scope="module")
def exported(place):
    return place.export(place.root / "out")


def test_the_pipeline_gives_the_trials_labels(place, exported):
    texts, labels = place.kept()
    classify = transformers.pipeline("text-classification", model=str(exported))
    given = [{"text": t[0], "text_pair": t[1]} if place.pairs else t[0] for t in texts]
    assert [found["label"] for found in classify(given, truncation=True)] == labels
    assert len(set(labels)) > 1
    scores = json.loads(place.trial.with_suffix(".json").read_text())["scores"]
    assert [row["cut_texts"] > 0 for row in scores] == [True, True]


def test_logits_are_those_of_the_gated_model(place, exported, tmp_path):
    gated, _ = place.runner.fit(pruned=PRUNED, checkpoint_path=tmp_path / "c", name="gated")
    sentences = place.runner._read("xx", "test")
    batch = pack(sentences, place.runner.layout, torch.device("cpu"))
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(exported).eval()
    with torch.no_grad():
        gate = place.runner.gate(PRUNED)
        wanted = gated.eval()(**batch.inputs, head_gate=gate).logits[0, batch.positions]
        found = torch.cat(
            [
                loaded(**classifier.inputs(s, place.runner.layout, torch.device("cpu"))).logits
                for s in sentences
            ]
        )
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)


def test_what_is_in_an_export(place, exported):
    record = json.loads((exported / "pruned_heads.json").read_text())
    assert (record["pruned_heads"], record["pairs"]) == (PRUNED, place.pairs)
    config = json.loads((exported / "config.json").read_text())
    assert config["architectures"][0].endswith("ForSequenceClassification")
    assert config["id2label"] == {str(i): name for i, name in enumerate(NAMES)}
    assert "polyheads" not in json.dumps(config)
    text = card._use(record | {"task": "classification"}, config)
    assert ("text_pair" in text) == place.pairs and "X, Y, Z" in text


def test_killed_an_export_goes_on(place, exported, tmp_path, monkeypatch):
    runner = place.make_runner(checkpoint_minutes=0)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(trials, "Checkpoint", DiesAfterSaving)
        place.export(tmp_path / "killed", runner)
    again = place.export(tmp_path / "killed", runner)
    weights = [(path / "model.safetensors").read_bytes() for path in (again, exported)]
    assert weights[0] == weights[1]


def test_a_tokenizer_that_reads_otherwise_is_refused(place, tmp_path, monkeypatch):
    loaded = transformers.AutoTokenizer.from_pretrained

    def other(path):
        tokenizer = loaded(path)
        tokenizer.backend_tokenizer.normalizer = None
        return tokenizer

    monkeypatch.setattr(directory.AutoTokenizer, "from_pretrained", other)
    with pytest.raises(UserError, match=r"cuts text 3 of the xx test set into other subwords"):
        place.export(tmp_path / "out")
    assert not (tmp_path / "out").exists()


ENCODERS = ["Bert", "XLMRoberta", "Roberta", "Electra", "DistilBert", "Albert", "ModernBert"]


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_linear_head_is_written_as_that_of_the_class(kind, tmp_path):
    more = {"embedding_size": 8} if kind == "Albert" else {}
    more |= {"local_attention": 4} if kind == "ModernBert" else {}
    encoder(kind, max_position_embeddings=66, pad_token_id=0, **more).save_pretrained(tmp_path)
    make_tokenizer("xlm-roberta").save(str(tmp_path / "tokenizer.json"))
    model = models.build(tmp_path, labels=NAMES, seed=3).eval()
    with torch.no_grad():
        for name, part in model.named_modules():
            if isinstance(part, torch.nn.Linear) and not name.startswith(model.base_model_prefix):
                part.weight.normal_()
                if part.bias is not None:
                    part.bias.normal_()
    sentences = make_texts("bert", 9, pairs=False)
    layout = text_layout("bert", pairs=False)
    made = classifier.rewritten(model, sentences[0], layout)
    assert type(made).__name__ == f"{kind}ForSequenceClassification"
    for sentence in sentences:
        given = classifier.inputs(sentence, layout, torch.device("cpu"))
        with torch.no_grad():
            wanted, found = model(**given).logits[0, 0], made(**given).logits[0]
        torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)
        assert np.argsort(found).tolist() == np.argsort(wanted).tolist()


def test_more_labels_than_a_head_has_room_for_are_refused():
    model = make_model("bert")
    model.classifier = torch.nn.Linear(24, 13)
    model.config.num_labels = 13
    sentence = make_texts("bert", 1, pairs=False)[0]
    with pytest.raises(UserError, match=r"class BertModel .* has no room for 13 labels"):
        classifier.rewritten(model, sentence, text_layout("bert", pairs=False))
