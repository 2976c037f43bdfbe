"""Small made corpora in English, German, Chinese and Arabic: POS tags, entities, slots, topics.

One grammar per language says the same abstract sentences in real words; the labels of all tasks
come from the derivation. The corpora of a task are parallel: sentence i means the same in every
language. They are made to see the workflow run, not to say anything about these languages.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from polyheads.corpora.grammar import ar, de, en, zh
from polyheads.corpora.grammar.realise import Token, realise
from polyheads.corpora.grammar.sentences import PATTERNS, REQUESTS, Sentence, draw, topic
from polyheads.errors import UserError

__all__ = ["LANGUAGES", "TASKS", "generate", "pretraining_text"]

GRAMMARS = {"en": en, "de": de, "zh": zh, "ar": ar}
LANGUAGES = tuple(GRAMMARS)
TASKS = ("pos", "ner", "sf", "classification")
_FIELD = {"pos": "upos", "ner": "entity", "sf": "slot"}

Split = list[tuple[list[str], list[str]]]


def generate(*, task: str, language: str, seed: int, sizes: Mapping[str, int]) -> dict[str, Split]:
    """The splits of a corpus: split -> sentences of (tokens, tags).

    sizes: sentences of train, dev and test. Slots are filled in requests only; the other tasks have
    news too. For classification a sentence is a text, with spaces between its words in all
    languages, and its topic. No sentence of dev or test, nor its translation, stands in another
    split, and about a quarter of the names in dev and test occur in no training split. Equal
    arguments give equal corpora. UserError for an unknown task or language.
    """
    if task not in TASKS:
        raise UserError(f"the grammar has no task {task!r}; known: {', '.join(TASKS)}")
    _check_languages([language])
    patterns = REQUESTS if task == "sf" else tuple(PATTERNS)
    taken: dict[str, set[tuple[str, ...]]] = {code: set() for code in LANGUAGES}
    corpus: dict[str, Split] = {}
    for split, size in sizes.items():
        rng = random.Random(f"{task} {split} {seed}")
        sentences: Split = []
        before = {code: set(seen) for code, seen in taken.items()}
        while len(sentences) < size:
            drawn = draw(rng, patterns=patterns, names="seen" if split == "train" else "both")
            said = _say_all(drawn, rng.getrandbits(32))
            words = {code: tuple(token.text for token in said[code]) for code in LANGUAGES}
            # Training may repeat itself; dev and test hold a sentence once and none of another
            # split, in no language, so that translations don't leak either.
            other = before if split == "train" else taken
            if any(words[code] in other[code] for code in LANGUAGES):
                continue
            for code in LANGUAGES:
                taken[code].add(words[code])
            if task == "classification":
                sentences.append(([" ".join(words[language])], [topic(drawn)]))
                continue
            tags = [getattr(token, _FIELD[task]) for token in said[language]]
            sentences.append((list(words[language]), tags))
        corpus[split] = sentences
    return corpus


def pretraining_text(
    *,
    languages: Sequence[str],
    seed: int,
    sentences: int,
    mixed: float = 1.0,
    translated: float = 0.5,
) -> list[list[str]]:
    """Unlabelled text, ``sentences`` for each language in turn, of the corpora's patterns.

    In the share ``mixed`` of them the share ``translated`` of the words is replaced by what another
    of ``languages`` says there, inflected as there. This is what lets tiny encoders transfer
    between languages (whole translations after a sentence were tried and made transfer worse).
    Invented names that are held out of training are missing here too. UserError for an unknown
    language.
    """
    _check_languages(languages)
    rng = random.Random(f"pre-training {seed}")
    text: list[list[str]] = []
    for _ in range(sentences):
        for language in languages:
            drawn = draw(rng, patterns=tuple(PATTERNS), names="text")
            own = realise(drawn, GRAMMARS[language], rng)
            words = [token.text for token in own]
            others = [code for code in languages if code != language]
            if others and rng.random() < mixed:
                said = [realise(drawn, GRAMMARS[code], rng) for code in others]
                words = _mix(own, said, translated, rng)
            text.append(words)
    return text


def _say_all(sentence: Sentence, seed: int) -> dict[str, list[Token]]:
    return {
        code: realise(sentence, grammar, random.Random(f"{code} {seed}"))
        for code, grammar in GRAMMARS.items()
    }


def _mix(
    own: list[Token], others: list[list[Token]], share: float, rng: random.Random
) -> list[str]:
    """The words of ``own``, a ``share`` of them as one of ``others`` says them."""
    theirs = [{token.key: token.text for token in said} for said in others]
    return [
        rng.choice(theirs).get(token.key, token.text) if rng.random() < share else token.text
        for token in own
    ]


def _check_languages(languages: Sequence[str]) -> None:
    for language in languages:
        if language not in GRAMMARS:
            raise UserError(
                f"the grammar has no language {language!r}; known: {', '.join(LANGUAGES)}"
            )
