"""Exports: the trial's own model, zeros instead of gates, loaded by an untouched transformers."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import test_subwords
import torch
import transformers
from conftest import make_layout, make_sentences
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value
from test_models import encoder
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from tokenizers.processors import TemplateProcessing

from polyheads.encoders import encoding, models, subwords
from polyheads.encoders.batches import pack
from polyheads.encoders.gates import ATTENTION, gate_without, number_layers
from polyheads.errors import UserError
from polyheads.exports import card, directory, removal
from polyheads.training import prediction, together, trials
from polyheads.training.checkpoints import Checkpoint

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LETTERS = "abcdefgh"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", *LETTERS, *(f"##{c}" for c in LETTERS)]
TAGS = ["X", "Y", "Z"]
PRUNED = [[0, 1], [2, 3], [0, 2]]
LIMIT = 24  # subwords: some sentences are read in windows
RECIPE = {
    **{"epochs": 2, "batch_size": 4, "learning_rate": 1e-2, "warmup": 0.0, "weight_decay": 0.0},
    **{"clip": 1.0, "order": "sequential", "mixing": "source-first", "max_length": LIMIT},
    **{"leave_out_repeated": False, "subset": "spaced", "train_sentences": None},
    **{"dev_sentences": None, "test_sentences": 17, "precision": "auto"},
}


def corpus_rows(seed, count):
    chance = random.Random(seed)
    rows = [
        ["".join(chance.choices(LETTERS, k=chance.randint(1, 4))) for _ in range(length)]
        for length in [chance.randint(1, 9) for _ in range(count - 3)]
    ]
    # Cut inside by the tokenizer; deleted by it; longer than the limit.
    rows.append(["ab.cd", "\u200f", "a"])
    rows.append(["abcdefgh"] * 8)
    return [*rows, ["ba", "ab" * 20, "c"]]


def write_corpus(place):
    features = Features(
        {
            "tokens": Sequence(Value("string")),
            "tags": Sequence(ClassLabel(names=TAGS)),
            "repeated": Value("bool"),
        }
    )
    data = {}
    for seed, (split, count) in enumerate({"train": 24, "dev": 9, "test": 20}.items()):
        rows = corpus_rows(seed, count)
        tags = [[ord(word[0]) % 3 for word in row] for row in rows]
        columns = {"tokens": rows, "tags": tags, "repeated": [False] * len(rows)}
        data[split] = Dataset.from_dict(columns, features)
    DatasetDict(data).save_to_disk(place / "data")
    info = {"corpus": "c", "language": "xx", "task": "pos", "labels": TAGS}
    info |= {"licence": "CC0", "source": ["c/xx/train.conllu"]}
    (place / "corpus.json").write_text(json.dumps(info))


def write_model(place):
    tokenizer = Tokenizer(WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()  # deletes control characters
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    source = place.with_name("source")
    source.mkdir()
    tokenizer.save(str(source / "tokenizer.json"))
    # What transformers makes of this class by itself would keep control characters and case.
    (source / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    model = encoder("Bert", max_position_embeddings=64)
    for name, weight in model.named_parameters():
        if "attention" in name and name.endswith("bias"):
            torch.nn.init.normal_(weight, std=0.1)
    model.save_pretrained(source)
    models.install(source_dir=source, name="m", source={"path": "source"}, out_dir=place)


class Place:
    """A corpus, a model and two trials (k = 0 and 3), and what exports are made with."""

    def __init__(self, root):
        self.root = root
        write_corpus(root / "corpus")
        write_model(root / "model")
        encoding.encode(
            model_dir=root / "model", corpus_dir=root / "corpus", out_dir=root / "encoding"
        )
        self.runner = self.make_runner()
        self.unpruned, self.trial = root / "trials/k-00", root / "trials/k-03"
        for path, pruned in ((self.unpruned, []), (self.trial, PRUNED)):
            point = {"model": "m", "corpus": "c", "k": len(pruned), "protocol": "prune"}
            stage = trials.stage(path)
            self.runner.run(path, trial=point, pruned=pruned, stage=stage)
            trials.publish([stage], [path])

    def make_runner(self, **changed):
        setup = {
            **{"model_dir": self.root / "model", "encodings": {"xx": self.root / "encoding"}},
            **{"recipe": RECIPE, "mixture": ["xx"], "evaluate_on": ["xx"], "seed": 1},
            **{"device": "cpu", "threads": 1, "checkpoint_minutes": 10, "code": ""},
        }
        return trials.Trials(trials.Setup(**setup | changed))

    def export(self, out, *, trial=None, runner=None):
        about = {"k": 3, "chosen": None, "study": "s", "task": "pos", "metric": "accuracy"}
        directory.make(
            runner or self.runner,
            trial=trial or self.trial,
            about={**about, "ranking": "gradient-xx", "trained_on": ["xx"]},
            out=out,
            checkpoint=self.root / "checkpoints/export.safetensors",
            corpora={"xx": self.root / "corpus"},
        )

    def predicted(self):
        """The labels of every word of test that the trial kept, and its sentences."""
        kept = directory.predictions.read(self.trial.with_suffix(".parquet"), language="xx")
        ends = np.cumsum(kept.lengths)
        labels = [[TAGS[i] for i in part] for part in np.split(kept.predicted, ends[:-1])]
        every = Dataset.load_from_disk(str(self.root / "corpus/data/test"))["tokens"]
        wanted = np.arange(RECIPE["test_sentences"]) * len(every) // RECIPE["test_sentences"]
        return [list(every)[i] for i in wanted], labels


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="module")
def exported(place):
    place.export(place.root / "out")
    return place.root / "out"


OUTSIDE = """
import json, sys
directory, read, write = sys.argv[1:]
sentences, code = json.load(open(read))
found = {"list": [], "text": [], "run": [], "tag": [], "logits": [], "card": []}
words = ["a"]
for block in code[:2]:
    exec(block)
for words in sentences:
    found["list"].append(of_words(tagger([apart(words)], is_split_into_words=True)[0], words))
    found["text"].append(of_words(tagger(" ".join(words)), words))
    found["run"].append([piece["entity"] for piece in tagger("".join(words))])
    found["tag"].append(tag(words))
    with torch.no_grad():
        given = tokenizer(words, is_split_into_words=True, return_tensors="pt", truncation=True)
        found["logits"].append(model(**given).logits[0].tolist())

card = code[2].replace("this/directory", directory)
exec(card.replace('["One", "word", "after", "the", "other"]', "sentences[0]"))
found["card"] = labels
assert not any(name.startswith("polyheads") for name in sys.modules)
json.dump(found, open(write, "w"))
"""


@pytest.fixture(scope="module")
def outside(place, exported):
    """What a process without this project makes of an export, by the code in docs and card."""
    sentences, _ = place.predicted()
    write_card(place, exported)
    texts = [(ROOT / "docs/exports.md").read_text(), (exported / "README.md").read_text()]
    code = [block for text in texts for block in re.findall(r"```python\n(.*?)```", text, re.S)]
    assert len(code) == 3
    (place.root / "in.json").write_text(json.dumps([sentences, code]))
    command = [sys.executable, "-I", "-W", "error::DeprecationWarning:__main__", "-c", OUTSIDE]
    done = subprocess.run(
        [*command, str(exported), str(place.root / "in.json"), str(place.root / "out.json")],
        capture_output=True,
        text=True,
        env={"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads((place.root / "out.json").read_text())


def test_the_loop_of_the_docs_gives_every_word_the_trials_label(place, outside):
    sentences, labels = place.predicted()
    assert outside["tag"] == labels
    assert len({label for row in labels for label in row}) > 1
    assert any(len(row) > LIMIT for row in map("".join, sentences))


def test_the_pipeline_gives_the_trials_labels(place, outside):
    sentences, labels = place.predicted()
    compared = 0
    for index, (words, expected) in enumerate(zip(sentences, labels, strict=True)):
        if len("".join(words)) > LIMIT - 2:
            continue  # it cuts them off
        # A word that the tokenizer deletes was read as unknown, and has no label there.
        if "\u200f" not in words:
            for way in ("list", "text"):
                found = outside[way][index]
                assert [found[str(i)] for i in range(len(words))] == expected
            compared += 1
    assert compared > 10
    assert [outside["card"][str(i)] for i in range(len(sentences[0]))] == labels[0]


def test_running_text_without_spaces_is_cut_otherwise(place, outside):
    """Why the docs ask for words in languages that don't put spaces between them."""
    _, labels = place.predicted()
    assert [len(row) for row in outside["run"]] != [len(row) for row in labels]


def test_logits_are_those_of_the_gated_model(place, outside, tmp_path):
    model, _ = place.runner.fit(pruned=PRUNED, checkpoint_path=tmp_path / "c", name="gated")
    model.eval()
    gate = place.runner.gate(PRUNED)
    tokenizer = subwords.load_tokenizer(place.root / "model")
    sentences, _ = place.predicted()
    for words, logits in zip(sentences, outside["logits"], strict=True):
        ids = tokenizer.encode(words, is_pretokenized=True).ids
        if len(ids) <= LIMIT:
            with torch.no_grad():
                gated = model(input_ids=torch.tensor([ids]), head_gate=gate).logits[0]
                whole = model(input_ids=torch.tensor([ids])).logits[0]
            assert torch.allclose(gated, torch.tensor(logits), atol=1e-5, rtol=1e-5)
            assert not torch.allclose(whole, torch.tensor(logits), atol=1e-3)


def test_what_is_in_an_export(place, exported):
    record = json.loads((exported / "pruned_heads.json").read_text())
    assert record["pruned_heads"] == PRUNED and (record["k"], record["max_length"]) == (3, LIMIT)
    config = (exported / "config.json").read_text()
    assert "polyheads" not in config and "pruned_heads" not in config
    assert str(place.root) not in config + (exported / "tokenizer_config.json").read_text()
    assert json.loads(config)["id2label"] == {str(i): tag for i, tag in enumerate(TAGS)}
    model = transformers.AutoModelForTokenClassification.from_pretrained(exported)
    for layer in range(3):
        attention = model.bert.encoder.layer[layer].attention
        for head in range(4):
            rows = slice(6 * head, 6 * head + 6)
            parts = [attention.output.dense.weight[:, rows]]
            for name in ("query", "key", "value"):
                linear = getattr(attention.self, name)
                parts += [linear.weight[rows], linear.bias[rows]]
            gone = [layer, head] in PRUNED
            assert [bool((part == 0).all()) for part in parts] == [gone] * 7


@pytest.mark.parametrize("kind", ["Bert", "XLMRoberta", "Roberta", "Camembert", "Electra"])
@pytest.mark.parametrize("pruned", [[[0, 1], [2, 3]], [[1, h] for h in range(4)]])
def test_zeros_are_the_same_as_gates(kind, pruned):
    model = number_layers(encoder(kind, max_position_embeddings=66).eval())
    model.set_attn_implementation(ATTENTION)
    layout = make_layout("bert" if kind in ("Bert", "Electra") else "xlm-roberta")
    inputs = pack(make_sentences(3), layout, torch.device("cpu")).inputs
    with torch.no_grad():
        gated = model(**inputs, head_gate=gate_without(pruned, 3, 4))[0]
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        removal.zero_heads(model, pruned, inputs, heads=4)
        zeroed = model(**inputs)[0]
    assert torch.allclose(gated, zeroed, atol=1e-6)
    changed = {
        name: int((weight != before[name]).sum()) for name, weight in model.state_dict().items()
    }
    assert sum(changed.values()) <= len(pruned) * (4 * 6 * 24 + 3 * 6)
    assert {name.split(".")[2] for name, n in changed.items() if n} == {str(h[0]) for h in pruned}
    rows = [n for name, n in changed.items() if n and "weight" in name]
    per_layer = len(pruned) // len({layer for layer, _ in pruned})
    assert rows == [per_layer * 6 * 24] * len(rows) and len(rows) == 4 * len({h[0] for h in pruned})


@pytest.mark.parametrize(
    ("kind", "more", "rows"),
    [
        ("DistilBert", {}, 4 * 24 + 3),  # of each of a head's six rows: weights and biases
        ("ModernBert", {"pad_token_id": 0, "local_attention": 4}, 4 * 24),  # one map for q, k, v
        (
            "EuroBert",
            {"pad_token_id": 0, "num_key_value_heads": 2},
            2 * 24,
        ),  # keys and values of two heads
    ],
)
def test_zeros_are_the_same_as_gates_in_other_encoders(kind, more, rows):
    model = number_layers(encoder(kind, max_position_embeddings=66, **more).eval())
    model.set_attn_implementation(ATTENTION)
    inputs = pack(make_sentences(3), make_layout("bert"), torch.device("cpu")).inputs
    with torch.no_grad():
        gated = model(**inputs, head_gate=gate_without([[0, 1], [2, 3]], 3, 4))[0]
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        removal.zero_heads(model, [[0, 1], [2, 3]], inputs, heads=4)
        zeroed = model(**inputs)[0]
    assert torch.allclose(gated, zeroed, atol=1e-5)
    now = model.state_dict()
    zeros = sum(int(((now[name] == 0) & (before[name] != 0)).sum()) for name in now)
    changed = sum(int((now[name] != before[name]).sum()) for name in now)
    biases = 2 * 6 * (rows % 24)
    assert changed == zeros and zeros in (2 * 6 * rows, 2 * 6 * rows - biases)


def test_layers_that_share_their_attention_keep_their_heads():
    model = number_layers(encoder("Albert", max_position_embeddings=66, embedding_size=8).eval())
    model.set_attn_implementation(ATTENTION)
    inputs = pack(make_sentences(3), make_layout("bert"), torch.device("cpu")).inputs
    message = "AlbertModel: layers 0 and 1 share their attention"
    with pytest.raises(UserError, match=message):
        removal.zero_heads(model, [[0, 1]], inputs, heads=4)
    everywhere = [[layer, 1] for layer in range(3)]
    with torch.no_grad():
        gated = model(**inputs, head_gate=gate_without(everywhere, 3, 4))[0]
        removal.zero_heads(model, everywhere, inputs, heads=4)
        assert torch.allclose(model(**inputs)[0], gated, atol=1e-5)


def test_a_killed_export_goes_on(place, exported, tmp_path, monkeypatch, capsys):
    class Killed(Exception):
        pass

    class DiesAfterSaving(Checkpoint):
        def due(self):
            return True

        def save(self, *args, step, **kwargs):
            super().save(*args, step=step, **kwargs)
            if step == 5:
                raise Killed

    monkeypatch.setattr(trials, "Checkpoint", DiesAfterSaving)
    with pytest.raises(Killed):
        place.export(tmp_path / "out")
    place.export(tmp_path / "out")
    assert "goes on from step 5 of 12" in capsys.readouterr().out
    weights = "model.safetensors"
    assert (tmp_path / "out" / weights).read_bytes() == (exported / weights).read_bytes()
    assert not list((place.root / "checkpoints").glob("export*"))


def test_another_model_than_the_trials_is_refused(place, tmp_path):
    seed = place.make_runner(seed=2)
    message = r"k-03: trained once more, the model gives another label to \d+ of \d+ words \(xx dev"
    with pytest.raises(UserError, match=message) as caught:
        place.export(tmp_path / "out", runner=seed)
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_a_trial_that_trained_with_others_is_exported(place, tmp_path):
    """It is trained again as it was: its place among three in one pass is kept."""
    paths = [tmp_path / f"trials/k-{k:02d}" for k in (1, 2, 3)]
    some = [
        together.Trial(path, trials.stage(path), {"k": k, "protocol": "prune"}, PRUNED[:k])
        for k, path in enumerate(paths, 1)
    ]
    together.run(place.make_runner(), some, at_once=3)
    trials.publish([trial.stage for trial in some], paths)
    place.export(tmp_path / "out", trial=paths[1])
    record = json.loads((tmp_path / "out/pruned_heads.json").read_text())
    assert record["pruned_heads"] == PRUNED[:2]
    assert (record["training"]["trained_with"], record["training"]["place"]) == (3, 1)
    assert record["training"] == json.loads(paths[1].with_suffix(".json").read_text())["training"]
    made = card._made({**record, "recipe": {}}, "snakemake")
    assert "on cpu, in one pass with 2 more of its kind. Recipe" in made


def test_the_message_names_what_differs(place, tmp_path):
    content = json.loads(place.trial.with_suffix(".json").read_text())
    content["versions"]["torch"] = "1.0"
    other = tmp_path / "k-03"
    other.with_suffix(".json").write_text(json.dumps(content))
    labels, rows = TAGS, []
    for row in place.runner.evaluate(place.runner.fresh_model(), [], unmasked=False):
        rows.append(row)
    prediction.save(other.with_suffix(".parquet"), rows, labels)
    with pytest.raises(UserError, match=r"torch 1\.0 then, .* now; delete the trials"):
        place.export(tmp_path / "out", trial=other)


def test_a_tokenizer_that_transformers_reads_otherwise_is_refused(place, tmp_path, monkeypatch):
    whole = directory.write_tokenizer

    def other(model_dir, out, config, layout):
        whole(model_dir, out, config, layout)
        tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # a.b becomes unknown
        tokenizer.save(str(out / "tokenizer.json"))

    monkeypatch.setattr(directory, "write_tokenizer", other)
    monkeypatch.setattr(trials, "train", None)  # it says so before
    with pytest.raises(UserError, match="cuts sentence 18 of the xx test set into other subwords"):
        place.export(tmp_path / "out")


def test_weights_that_are_loaded_otherwise_are_refused(place, tmp_path, monkeypatch):
    """The directory itself is tried, not only the model in memory."""
    real = transformers.AutoModelForTokenClassification.from_pretrained

    def other(path, **how):
        model = real(path, **how)
        if "out" in str(path):
            torch.nn.init.normal_(model.classifier.weight)
        return model

    monkeypatch.setattr(directory.AutoModelForTokenClassification, "from_pretrained", other)
    with pytest.raises(UserError, match=r"labels sentence \d+ of the xx test set otherwise"):
        place.export(tmp_path / "out")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (test_subwords.roberta, "Roberta"),
        (test_subwords.modernbert, "ModernBert"),
        (test_subwords.eurobert, "EuroBert"),
        (test_subwords.gemma, "ModernBert"),
        (test_subwords.bert, "Bert"),
        (test_subwords.xlm_roberta, "XLMRoberta"),
    ],
)
def test_transformers_cuts_words_as_the_trials_do(make, kind, tmp_path):
    make(tmp_path).save_pretrained(tmp_path / "model")
    own = subwords.load_tokenizer(tmp_path / "model")
    config = getattr(transformers, f"{kind}Config")(pad_token_id=1)
    config.save_pretrained(tmp_path / "out")
    layout = make_layout("bert")
    directory.write_tokenizer(tmp_path / "model", tmp_path / "out", config, layout)
    other = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert other.model_max_length == layout.max_length
    # With a word that many tokenizers delete.
    sentences = [*(text.split() for text in test_subwords.TEXT), ["the", "\u200f", "of"]]
    unknown = subwords.special_tokens(own)["unknown"]
    expected, _, _ = subwords.encode_sentences(own, sentences, unknown=unknown)
    how = {"word_gap": subwords.word_gap(own), "unknown": unknown}
    assert directory.cut(other, sentences, **how) == [ids.tolist() for ids in expected]
    assert other("the of")["input_ids"] == own.encode("the of").ids


def test_a_masked_trial_is_fine_tuned_with_all_heads(place, tmp_path):
    runner = place.runner
    whole, _ = runner.fit(pruned=[], checkpoint_path=tmp_path / "c", name="whole")
    rows = runner.evaluate(whole, PRUNED, unmasked=False)
    point = {"protocol": "mask"}
    runner.write(tmp_path / "k-03", trial=point, pruned=PRUNED, training=None, rows=rows)
    place.export(tmp_path / "out", trial=tmp_path / "k-03")


def write_card(place, out):
    config = json.loads((out / "config.json").read_text())
    card.write(
        out / "README.md",
        record=json.loads((out / "pruned_heads.json").read_text()),
        config=config,
        encoder=models.read_info(place.root / "model"),
        corpora={"xx": json.loads((place.root / "corpus/corpus.json").read_text())},
        scores=card.compare(
            [place.unpruned, place.trial],
            metric="accuracy",
            corpus="c",
            task="pos",
            languages=["xx"],
        ),
        languages={"xx": {"name": "Exish"}},
        command="snakemake export",
    )
    return (out / "README.md").read_text()


def test_the_card_has_scores_with_and_without_pruning(place, exported):
    text = write_card(place, exported)
    scores = {}
    for path in (place.unpruned, place.trial):
        for row in json.loads(path.with_suffix(".json").read_text())["scores"]:
            if (row["split"], row["heads"]) == ("test", "pruned"):
                scores[path.name] = row["metrics"]["accuracy"]
    (line,) = (line for line in text.splitlines() if line.startswith("| Exish"))
    found = [float(cell.split()[0]) for cell in line.split("|")[3:6]]
    expected = [scores["k-00"], scores["k-03"], scores["k-03"] - scores["k-00"]]
    assert found == pytest.approx(expected, abs=0.006)
    for cell in line.split("|")[3:6]:
        value, low, high = (float(number) for number in re.findall(r"[-+]?\d+\.\d\d", cell))
        assert low <= value <= high and low < high
    for part in ("licence CC0", "X, Y, Z", "snakemake export", "layer 0: 1, 2", "layer 2: 3"):
        assert part in text
