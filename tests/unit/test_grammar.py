"""The embedded corpora: gold tags that fit, complete translations, nothing that leaks."""

import hashlib
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from polyheads import catalogue
from polyheads.catalogue.tasks import PLAIN
from polyheads.corpora import grammar
from polyheads.corpora.grammar.names import REAL, SYLLABLES, invented_names
from polyheads.corpora.grammar.realise import realise
from polyheads.corpora.grammar.sentences import CLASSES, PATTERNS, Filler, Sentence, draw, topic
from polyheads.errors import UserError

SIZES = {"train": 120, "dev": 40, "test": 60}
TASKS = [(task, code) for task in grammar.TASKS for code in grammar.LANGUAGES]


@pytest.fixture(scope="module")
def corpora():
    return {
        (task, code): grammar.generate(task=task, language=code, seed=3, sizes=SIZES)
        for task, code in TASKS
    }


def entry_of(task):
    return catalogue.load()["grammar-topics" if task == "classification" else f"grammar-{task}"]


@pytest.mark.parametrize(("task", "code"), TASKS)
def test_tags_belong_to_the_entry_and_are_valid_iob2(corpora, task, code):
    entry = entry_of(task)
    known = set(catalogue.tag_names(entry))
    for split, size in SIZES.items():
        sentences = corpora[task, code][split]
        assert len(sentences) == size
        for words, tags in sentences:
            assert len(words) == len(tags) and all(word and not word.isspace() for word in words)
            assert set(tags) <= known
            for before, tag in zip(["O", *tags], tags, strict=False):
                assert task in PLAIN or tag[0] != "I" or before[2:] == tag[2:]


def test_every_label_is_used(corpora):
    for task in grammar.TASKS:
        used = {
            tag if task in PLAIN else tag[2:]
            for code in grammar.LANGUAGES
            for split in SIZES
            for _, tags in corpora[task, code][split]
            for tag in tags
        }
        assert used - {""} == set(entry_of(task)["labels"])


@pytest.mark.parametrize("task", grammar.TASKS)
def test_dev_and_test_hold_nothing_of_another_split(corpora, task):
    for code in grammar.LANGUAGES:
        said = {split: [tuple(words) for words, _ in corpora[task, code][split]] for split in SIZES}
        for split in ("dev", "test"):
            assert len(set(said[split])) == len(said[split])
        assert not set(said["train"]) & {*said["dev"], *said["test"]}
        assert not set(said["dev"]) & set(said["test"])


def test_splits_are_parallel(corpora):
    """The sentences of two languages name the same entities, though in their own order."""
    for left, right in zip(corpora["ner", "en"]["test"], corpora["ner", "de"]["test"], strict=True):
        kinds = [Counter(tag for tag in tags if tag[0] == "B") for _, tags in (left, right)]
        assert kinds[0] == kinds[1]


def test_topics_are_those_of_the_sentence_in_every_language(corpora):
    """And not of the pattern alone: to act on a book is culture, on a lamp it isn't."""
    first, *others = (
        [tags for _, tags in corpora["classification", code]["test"]] for code in grammar.LANGUAGES
    )
    assert others == [first] * 3
    drawn = [
        Sentence("deny", (("THING", Filler(thing)),)) for thing in ("book", "lamp", "film", "rose")
    ]
    assert [topic(sentence) for sentence in drawn] == ["culture", "things", "culture", "things"]
    texts = [texts for texts, _ in corpora["classification", "zh"]["train"]]
    assert all(len(text) == 1 and " " in text[0] for text in texts)


def test_some_names_of_test_never_occur_in_training(corpora):
    def names(split):
        return {
            word
            for words, tags in corpora["ner", "en"][split]
            for word, tag in zip(words, tags, strict=True)
            if tag != "O"
        }

    assert len(names("test") - names("train")) > 10
    assert len(names("test") & names("train")) > 10


def test_words_are_ambiguous(corpora):
    tags: dict[str, set[str]] = {}
    for split in SIZES:
        for code in grammar.LANGUAGES:
            for words, found in corpora["pos", code][split]:
                for word, tag in zip(words, found, strict=True):
                    tags.setdefault(word, set()).add(tag)
    assert tags["book"] == {"NOUN", "VERB"}
    assert tags["light"] == {"ADJ", "NOUN"}
    assert sum(len(found) > 1 for found in tags.values()) > 8


def test_every_concept_is_translated():
    concepts = {word for words in CLASSES.values() for word in words} - {"past", "present"}
    for code, module in grammar.GRAMMARS.items():
        # Articles are prefixes in Arabic, so they are no words of it.
        spared = {"the", "a"} if code == "ar" else set()
        assert concepts - spared <= set(module.WORDS), code
        assert set(module.TEMPLATES) == set(PATTERNS)
    assert all(len(spelled) == 4 and all(spelled) for spelled in {**REAL, **SYLLABLES}.values())


def test_every_sentence_can_be_said_in_its_script():
    rng = random.Random(5)
    for _ in range(1500):
        sentence = draw(rng, patterns=tuple(PATTERNS), names="both")
        for code, module in grammar.GRAMMARS.items():
            text = "".join(token.text for token in realise(sentence, module, rng))
            low = [c for c in text if c.isalpha() and ord(c) < 0x250]
            if code in ("en", "de"):
                assert len(low) == sum(map(str.isalpha, text)), text
            else:
                assert not low, text


def test_held_out_invented_names_are_missing_from_training_and_pretraining():
    held_out = {name.spell("en") for name in invented_names()[1]}
    free = {name.spell("en") for name in invented_names()[0]}
    text = grammar.pretraining_text(languages=["en"], seed=1, sentences=300)
    train = grammar.generate(task="ner", language="en", seed=1, sizes={"train": 100})["train"]
    words = {word for sentence in text for word in sentence} | {w for s, _ in train for w in s}
    assert not words & held_out
    assert words & free


def test_pretraining_text_mixes_languages():
    text = grammar.pretraining_text(languages=["en", "zh"], seed=1, sentences=50)
    both = sum(
        any(word.isascii() and word.isalpha() for word in words)
        and any("\u4e00" <= word[0] <= "\u9fff" for word in words)
        for words in text
    )
    assert len(text) == 100 and both > 70
    pure = grammar.pretraining_text(languages=["en", "zh"], seed=1, sentences=50, mixed=0.0)
    assert all(word.isascii() for words in pure[::2] for word in words)


def test_same_arguments_same_corpora_in_another_process():
    script = (
        "import hashlib;from polyheads.corpora import grammar;"
        "a=grammar.generate(task='sf',language='ar',seed=2,sizes={'train':30,'dev':10,'test':10});"
        "b=grammar.pretraining_text(languages=grammar.LANGUAGES,seed=2,sentences=20);"
        "print(hashlib.sha256(repr((a,b)).encode()).hexdigest())"
    )
    root = Path(grammar.__file__).parents[3]
    prints = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    sizes = {"train": 30, "dev": 10, "test": 10}
    here = (
        grammar.generate(task="sf", language="ar", seed=2, sizes=sizes),
        grammar.pretraining_text(languages=grammar.LANGUAGES, seed=2, sentences=20),
    )
    assert prints == [hashlib.sha256(repr(here).encode()).hexdigest()] * 2
    other = grammar.generate(task="sf", language="ar", seed=3, sizes=sizes)
    assert other != here[0]


def test_unknown_task_and_language_are_named():
    with pytest.raises(UserError, match="no task 'qa'"):
        grammar.generate(task="qa", language="en", seed=1, sizes=SIZES)
    with pytest.raises(UserError, match="no language 'fr'"):
        grammar.generate(task="pos", language="fr", seed=1, sizes=SIZES)
