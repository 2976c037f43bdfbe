"""What is said, before it is said in a language: patterns whose roles are filled with concepts.

A sentence is the name of a pattern and a filler for each of its roles. Each language module says
it in its own words and word order (``TEMPLATES``); entities and slots belong to the roles, so
words, parts of speech, entities and slots come from one derivation.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

from polyheads.corpora.grammar.names import GIVEN, Name, invented_names, real_names


class Filler(NamedTuple):
    """What fills a role: a concept of the lexicons, or a person, place or organisation."""

    concept: str  # a word of the lexicons; "person", "city", or the kind of an organisation
    gender: str = "m"  # of a person
    names: tuple[Name, ...] = ()


class Sentence(NamedTuple):
    """A sentence before any language has words for it: a pattern and who fills its roles."""

    pattern: str
    roles: tuple[tuple[str, Filler], ...]

    def filler(self, role: str) -> Filler | None:
        return dict(self.roles).get(role)


class Pattern(NamedTuple):
    """What sentences of a pattern are made of.

    roles: role -> class of its fillers. optional: role(s) -> share of sentences with them. slots:
    role -> slot type; only patterns with slots are requests.
    """

    roles: Mapping[str, str]
    optional: Mapping[str | tuple[str, ...], float] = {}
    slots: Mapping[str, str] = {}


# The words of a class, frequent ones first: the n-th is drawn with weight 1 / (n + 2).
CLASSES: dict[str, tuple[str, ...]] = {
    "thing": ("book", "watch", "car", "lamp", "letter", "rose", "report", "bag", "plan", "picture",
              "flag", "film"),
    "text": ("book", "report", "letter", "plan", "film"),
    "building": ("museum", "hotel", "school", "bank", "shop", "station", "restaurant", "factory"),
    "vehicle": ("flight", "ticket", "train", "bus"),
    "occupation": ("teacher", "doctor", "cook", "student", "driver", "journalist", "engineer",
                   "minister"),
    "quality": ("new", "light", "old", "red", "beautiful", "big", "white", "good", "cheap", "small",
                "famous", "heavy", "strange"),
    "look": ("new", "old", "big", "beautiful", "small", "famous", "white", "strange", "red"),
    "fault": ("big", "light", "heavy", "small", "old", "strange", "cheap"),
    "departure": ("cheap", "early", "quiet", "late", "good"),
    "comfort": ("quiet", "cheap", "small", "big", "good", "beautiful"),
    "trait": ("famous", "happy", "young", "generous", "rich", "tired"),
    "deed": ("buy", "watch_v", "find", "sell", "lose", "see", "forget", "hide", "draw"),
    "text_deed": ("write", "read", "translate", "publish"),
    "ask": ("buy", "order", "borrow"),
    "say": ("report_v", "say", "announce", "learn"),
    "motion": ("travel", "fly", "go"),
    "activity": ("work", "wait", "study", "sing"),
    "contact": ("meet", "visit", "interview"),
    "determiner": ("the", "a", "this"),
    "pronoun": ("she", "he"),
    "number": ("three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    "day": ("monday", "friday", "sunday", "tuesday", "saturday", "wednesday", "thursday"),
    "clock": ("seven", "eight", "nine", "ten", "three", "four", "five", "six"),
    "daypart": ("morning", "evening", "noon"),
    "tense": ("past", "present"),
}  # fmt: skip

_TRIP = {"FROM": "fromloc", "TO": "toloc", "DATE": "date", "TIME": "time", "CARRIER": "carrier",
         "NAME": "name", "TODATE": "todate", "NUMBER": "number", "VENUE": "venue",
         "PLACE": "place"}  # fmt: skip

PATTERNS: dict[str, Pattern] = {
    # News and stories
    "meet": Pattern(
        {"TENSE": "tense", "A": "person", "V": "contact", "B": "person", "L": "city", "T": "when"},
        {"L": 0.5, "T": 0.4},
    ),
    "announce": Pattern(
        {"TENSE": "tense", "S": "organisation", "V": "say", "A": "person", "ADJ": "look",
         "BLD": "building", "L": "city", "T": "when"},
        {"ADJ": 0.4, "L": 0.5, "T": 0.2},
    ),
    "profile": Pattern(
        {"A": "person", "TR": "trait", "OCC": "occupation", "L": "city", "O": "organisation"},
        {"TR": 0.6},
    ),
    "travel": Pattern(
        {"TENSE": "tense", "TR": "trait", "OCC": "occupation", "V": "motion", "L": "city",
         "M": "city", "T": "when"},
        {"TR": 0.5, "L": 0.4, "T": 0.4},
    ),
    "describe": Pattern(
        {"A": "person", "ADJ": "quality", "THING": "thing", "P": "quality", "Q": "quality"},
        {"ADJ": 0.4, "Q": 0.4},
    ),
    "purchase": Pattern(
        {"TENSE": "tense", "S": "organisation", "V": "ask", "N": "number", "ADJ": "quality",
         "THING": "thing", "B": "person", "T": "when"},
        {"ADJ": 0.6, "T": 0.4},
    ),
    "act": Pattern(
        {"TENSE": "tense", "A": "person", "V": "deed", "D": "determiner", "ADJ": "quality",
         "THING": "thing", "L": "city", "T": "when"},
        {"ADJ": 0.5, "L": 0.3, "T": 0.3},
    ),
    "deny": Pattern({"PRON": "pronoun", "V": "deed", "THING": "thing", "P": "fault"}),
    "arrive": Pattern(
        {"A": "person", "L": "city", "OCC": "occupation", "V": "deed", "D": "determiner",
         "ADJ": "quality", "THING": "thing"},
        {"ADJ": 0.5},
    ),
    "together": Pattern(
        {"TENSE": "tense", "A": "person", "B": "person", "V": "activity", "ADJ": "look",
         "BLD": "building", "L": "city", "T": "when"},
        {"ADJ": 0.5, "T": 0.4},
    ),
    "ask": Pattern(
        {"TENSE": "tense", "V": "deed", "D": "determiner", "ADJ": "quality", "THING": "thing",
         "L": "city", "T": "when"},
        {"ADJ": 0.5, "L": 0.4, "T": 0.4},
    ),
    "write": Pattern(
        {"TENSE": "tense", "A": "person", "V": "text_deed", "D": "determiner", "ADJ": "quality",
         "TEXT": "text", "X": "city", "T": "when"},
        {"ADJ": 0.5, "T": 0.4},
    ),
    # Requests
    "order": Pattern(
        {"VEH": "vehicle", "ADJ": "departure", "FROM": "city", "TO": "city", "DATE": "date",
         "TIME": "time", "CARRIER": "carrier", "NAME": "person"},
        {"ADJ": 0.3, "FROM": 0.6, "DATE": 0.4, "TIME": 0.3, "CARRIER": 0.3, "NAME": 0.3},
        _TRIP,
    ),
    "room": Pattern(
        {"ADJ": "comfort", "PLACE": "city", "NUMBER": "number", "DATE": "day", "TODATE": "day",
         "NAME": "person"},
        {"ADJ": 0.4, ("DATE", "TODATE"): 0.5, "NAME": 0.4, "NUMBER": 0.5},
        _TRIP,
    ),
    "table": Pattern(
        {"NUMBER": "number", "VENUE": "venue", "NAME": "person", "DATE": "date", "TIME": "time"},
        {"NUMBER": 0.5, "NAME": 0.5, "DATE": 0.4},
        _TRIP,
    ),
    "cost": Pattern(
        {"FROM": "city", "TO": "city", "CARRIER": "carrier", "DATE": "date"},
        {"FROM": 0.8, "CARRIER": 0.5, "DATE": 0.4},
        _TRIP,
    ),
    "change": Pattern(
        {"VEH": "vehicle", "NAME": "person", "TO": "city", "DATE": "day", "TODATE": "day"},
        {"TO": 0.5},
        _TRIP,
    ),
    "tell": Pattern(
        {"NAME": "person", "TO": "city", "DATE": "date", "TIME": "time", "CARRIER": "carrier"},
        {"DATE": 0.5, "TIME": 0.5, "CARRIER": 0.4},
        _TRIP,
    ),
    "service": Pattern(
        {"CARRIER": "carrier", "FROM": "city", "TO": "city", "DATE": "date", "TIME": "time"},
        {"FROM": 0.6, "DATE": 0.5, "TIME": 0.3},
        _TRIP,
    ),
}  # fmt: skip

# The topic of a sentence is that of what it is about, and where that has none, of its pattern: some
# are known by their words alone.
TOPIC_OF_PATTERN = {
    "meet": "people", "announce": "business", "profile": "people", "travel": "travel",
    "describe": "things", "purchase": "business", "act": "things", "deny": "things",
    "arrive": "travel", "together": "people", "ask": "things", "write": "culture",
    "order": "travel", "room": "lodging", "table": "lodging", "cost": "travel", "change": "travel",
    "tell": "travel", "service": "travel",
}  # fmt: skip
TOPIC_OF_CONCEPT = dict.fromkeys(("book", "film", "picture", "report", "letter"), "culture")
TOPICS = ("people", "business", "travel", "things", "culture", "lodging")

REQUESTS = tuple(name for name, pattern in PATTERNS.items() if pattern.slots)
SLOTS = (
    "fromloc",
    "toloc",
    "place",
    "date",
    "todate",
    "time",
    "carrier",
    "venue",
    "name",
    "number",
)
ENTITIES = ("PER", "LOC", "ORG")
ENTITY_OF = {"person": "PER", "city": "LOC"}  # any other filler with names is an ORG


def topic(sentence: Sentence) -> str:
    """One of TOPICS."""
    thing = sentence.filler("THING")
    of_thing = TOPIC_OF_CONCEPT.get(thing.concept) if thing else None
    return of_thing or TOPIC_OF_PATTERN[sentence.pattern]


INVENTED = 0.35  # share of invented names
UNSEEN = 0.5  # share of held-out names where they are allowed


def draw(rng: random.Random, *, patterns: tuple[str, ...], names: str = "seen") -> Sentence:
    """One sentence.

    names: ``seen`` (training), ``both`` (dev and test), ``text`` (pre-training: every real name, no
    invented one that is held out).
    """
    pattern = rng.choice(patterns)
    roles, optional, _ = PATTERNS[pattern]
    absent: set[str] = set()
    for together, share in optional.items():
        if rng.random() >= share:
            absent |= {together} if isinstance(together, str) else set(together)
    fillers: dict[str, Filler] = {}
    for role, kind in roles.items():
        if role not in absent:
            fillers[role] = _fill(rng, kind, fillers, names)
    return Sentence(pattern, tuple(fillers.items()))


def _word(rng: random.Random, kind: str, taken: Mapping[str, Filler]) -> Filler:
    words = [w for w in CLASSES[kind] if w not in {f.concept for f in taken.values()}]
    weights = [1 / (place + 2) for place in range(len(words))]
    word = rng.choices(words, weights)[0]
    return Filler(word, "f" if word == "she" else "m")


def _fill(rng: random.Random, kind: str, fillers: Mapping[str, Filler], names: str) -> Filler:
    """A filler of the class ``kind`` that differs from those the sentence already has."""
    if kind == "person":
        given, gender = _name(rng, "given", names), rng.choice("mf")
        gender = GIVEN.get(given.parts[0], gender)
        if rng.random() < 0.65:
            return Filler("person", gender, (given,))
        return Filler("person", gender, (given, _name(rng, "surname", names)))
    if kind == "city":
        return Filler("city", names=(_name(rng, "city", names),))
    if kind in ("organisation", "carrier", "venue"):
        form = rng.choice(
            {"organisation": ("company", "company", "bank_of", "radio_of"),
             "carrier": ("airline", "airline_of"),
             "venue": ("hotel_of", "restaurant_of", "venue")}[kind]
        )  # fmt: skip
        source = form if form in ("company", "airline") else "city"
        return Filler(form, names=(_name(rng, source, names),))
    if kind == "when":
        near = "yesterday" if fillers["TENSE"].concept == "past" else "tomorrow"
        kind = rng.choice((near, "today", "day", "day"))
        return _word(rng, "day", fillers) if kind == "day" else Filler(kind)
    if kind == "date":
        kind = rng.choice(("today", "tomorrow", "day", "day", "day"))
        return _word(rng, "day", fillers) if kind == "day" else Filler(kind)
    if kind == "time":
        if rng.random() < 0.4:
            return _word(rng, "daypart", fillers)
        return Filler("clock_" + _word(rng, "clock", {}).concept)
    return _word(rng, kind, fillers)


def _name(rng: random.Random, kind: str, names: str) -> Name:
    unseen = names == "both" and rng.random() < UNSEEN
    if rng.random() < INVENTED:
        return rng.choice(invented_names()[unseen])
    choices = real_names(kind, held_out=unseen)
    if names == "text":
        choices += real_names(kind, held_out=True)
    return Name((rng.choice(choices),))
