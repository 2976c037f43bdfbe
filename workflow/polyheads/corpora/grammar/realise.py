"""From a sentence's roles to the words of a language, with all gold tags.

A template is a line of atoms; `[` and `]` enclose what is left out when one of its roles is absent.

    A                   the filler of role A
    V.TENSE             with forms; a role as a form stands for the concept that fills it
    ADJ.acc.D@THING     agrees with the filler of THING
    from  the.nom@OCC   a function word of the language's lexicon
    als/SCONJ=when      a word of this language only, its tag, and the concept it shares if any

A language module has WORDS (concept -> tag and forms), TEMPLATES (pattern -> alternatives) and
``inflect(filler, forms, agree) -> list[Piece]``.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from types import ModuleType
from typing import NamedTuple

from polyheads.corpora.grammar.sentences import ENTITY_OF, PATTERNS, Filler, Sentence


class Piece(NamedTuple):
    """A word of a filler. inside: belongs to its entity and slot (in `on Monday` only Monday)."""

    text: str
    upos: str
    inside: bool = True
    key: str = ""  # overrides the alignment key


class Token(NamedTuple):
    """A word of a sentence. key: words with the same key in two languages are translations."""

    text: str
    upos: str
    key: str
    entity: str  # O, B-PER, I-PER ...
    slot: str


class _Atom(NamedTuple):
    name: str
    forms: tuple[str, ...]
    agree: str
    literal: tuple[str, str] | None
    group: int  # 0: not optional
    needs: frozenset[str]  # the roles it mentions


def realise(sentence: Sentence, grammar: ModuleType, rng: random.Random) -> list[Token]:
    """Say ``sentence`` with one of the fitting templates of ``grammar``."""
    present = frozenset(role for role, _ in sentence.roles)
    fitting = [
        atoms
        for template in grammar.TEMPLATES[sentence.pattern]
        if (atoms := _said(template, present)) is not None
    ]
    if not fitting:
        raise ValueError(f"{grammar.__name__}: no template says {sentence}")
    pieces: list[tuple[Piece, str, str]] = []  # with role and key
    seen: Counter[str] = Counter()
    for atom in rng.choice(fitting):
        pieces += _say(atom, sentence, grammar, seen)
    tokens = []
    slots = PATTERNS[sentence.pattern].slots
    before = ""
    for piece, role, key in pieces:
        entity = slot = "O"
        here = ""
        if piece.inside and role:
            here = role
            start = "I-" if here == before else "B-"
            filler = sentence.filler(role)
            assert filler is not None, "only what fills a role is said of it"
            if filler.names:
                entity = start + ENTITY_OF.get(filler.concept, "ORG")
            if role in slots:
                slot = start + slots[role]
        before = here
        tokens.append(Token(piece.text, piece.upos, key, entity, slot))
    finished: list[Token] = grammar.finish(tokens)
    return finished


def _say(
    atom: _Atom, sentence: Sentence, grammar: ModuleType, seen: Counter[str]
) -> list[tuple[Piece, str, str]]:
    if atom.literal:
        return [(Piece(*atom.literal), "", _count(atom.name, seen))]
    filler = sentence.filler(atom.name)
    role = atom.name if filler else ""
    forms = tuple(_form(form, sentence) for form in atom.forms)
    # Agreement is with a role or, in requests, with a fixed word such as `room`.
    agree = sentence.filler(atom.agree) or (Filler(atom.agree) if atom.agree else None)
    if filler and filler.names:
        said = _say_name(filler, grammar)
    else:
        said = grammar.inflect(filler or Filler(atom.name), forms, agree)
    if role:
        return [
            (piece, role, (piece.key and f"{role}.{piece.key}") or f"{role}.{i}")
            for i, piece in enumerate(said)
        ]
    return [
        (piece, "", _count(f"{atom.name}.{i}" if i else atom.name, seen))
        for i, piece in enumerate(said)
    ]


def _form(form: str, sentence: Sentence) -> str:
    """A form of a word: of a template, or where a role stands there the concept that fills it."""
    if not form.isupper():
        return form
    filler = sentence.filler(form)
    assert filler is not None, "the template needs the role"
    return filler.concept


def _say_name(filler: Filler, grammar: ModuleType) -> list[Piece]:
    """The words of a person, place or organisation."""
    language = grammar.__name__.rsplit(".", 1)[1]
    words = [name.spell(language) for name in filler.names]
    if grammar.JOINER:
        words = [grammar.JOINER.join(words)]
    said = [Piece(word, "PROPN", key=f"name{i}") for i, word in enumerate(words)]
    frame = grammar.ORGANISATIONS.get(filler.concept)
    if frame is None:
        return said
    pieces: list[Piece] = []
    for part in frame.split():
        if part == "X":
            pieces += said
        else:  # in parentheses what is no part of the name
            text, upos, key = _literal(part.strip("()"))
            pieces.append(Piece(text, upos, not part.startswith("("), key))
    return pieces


def _count(key: str, seen: Counter[str]) -> str:
    seen[key] += 1
    return f"{key}#{seen[key]}"


def _said(template: str, present: frozenset[str]) -> tuple[_Atom, ...] | None:
    """The atoms of a template that are said, or None if it does not fit the roles present."""
    atoms = _parse(template)
    missing = {atom.group for atom in atoms if not atom.needs <= present}
    if 0 in missing:
        return None
    said = tuple(atom for atom in atoms if atom.group not in missing)
    mentioned = frozenset().union(*(atom.needs for atom in said))
    return said if present - {"TENSE"} <= mentioned else None


@cache
def _parse(template: str) -> tuple[_Atom, ...]:
    atoms, group, groups = [], 0, 0
    for word in template.replace("[", " [ ").replace("]", " ] ").split():
        if word == "[":
            groups += 1
            group = groups
        elif word == "]":
            group = 0
        elif "/" in word:
            text, upos, key = _literal(word)
            atoms.append(_Atom(key, (), "", (text, upos), group, frozenset()))
        else:
            body, _, agree = word.partition("@")
            name, *forms = body.split(".") if body != "." else [body]
            needs = frozenset(part for part in (name, *forms, agree) if part.isupper())
            atoms.append(_Atom(name, tuple(forms), agree, None, group, needs))
    return tuple(atoms)


def _literal(word: str) -> tuple[str, str, str]:
    """`text/TAG=key` -> text, TAG, key (without one, the text: no other language has it)."""
    text, _, rest = word.partition("/")
    upos, _, key = rest.partition("=")
    return text, upos, key or text


def capitalised(tokens: list[Token]) -> list[Token]:
    """The sentence with a capital at its start."""
    first = tokens[0]
    return [first._replace(text=first.text[0].upper() + first.text[1:]), *tokens[1:]]
