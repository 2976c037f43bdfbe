"""English."""

from __future__ import annotations

from polyheads.corpora.grammar.realise import Piece, Token, capitalised
from polyheads.corpora.grammar.sentences import Filler

# NOUN singular plural; VERB base third-person past; others one form.
WORDS = {
    "book": "NOUN book books", "watch": "NOUN watch watches", "car": "NOUN car cars",
    "lamp": "NOUN light lights", "letter": "NOUN letter letters", "rose": "NOUN rose roses",
    "report": "NOUN report reports", "bag": "NOUN bag bags", "plan": "NOUN plan plans",
    "picture": "NOUN picture pictures", "flag": "NOUN flag flags", "film": "NOUN film films",
    "museum": "NOUN museum museums", "hotel": "NOUN hotel hotels",
    "school": "NOUN school schools", "bank": "NOUN bank banks", "shop": "NOUN shop shops",
    "station": "NOUN station stations", "restaurant": "NOUN restaurant restaurants",
    "factory": "NOUN factory factories", "flight": "NOUN flight flights",
    "ticket": "NOUN ticket tickets", "train": "NOUN train trains", "bus": "NOUN bus buses",
    "room": "NOUN room rooms", "table": "NOUN table tables",
    "teacher": "NOUN teacher teachers", "doctor": "NOUN doctor doctors",
    "cook": "NOUN cook cooks", "student": "NOUN student students",
    "driver": "NOUN driver drivers", "journalist": "NOUN journalist journalists",
    "engineer": "NOUN engineer engineers", "minister": "NOUN minister ministers",
    "people": "NOUN people people",
    "new": "ADJ new", "light": "ADJ light", "old": "ADJ old", "red": "ADJ red",
    "beautiful": "ADJ beautiful", "big": "ADJ big", "white": "ADJ white", "good": "ADJ good",
    "cheap": "ADJ cheap", "small": "ADJ small", "famous": "ADJ famous", "heavy": "ADJ heavy",
    "strange": "ADJ strange", "early": "ADJ early", "late": "ADJ late", "quiet": "ADJ quiet",
    "happy": "ADJ happy", "young": "ADJ young", "generous": "ADJ generous", "rich": "ADJ rich",
    "tired": "ADJ tired",
    "buy": "VERB buy buys bought", "watch_v": "VERB watch watches watched",
    "find": "VERB find finds found", "sell": "VERB sell sells sold",
    "lose": "VERB lose loses lost", "see": "VERB see sees saw",
    "forget": "VERB forget forgets forgot", "hide": "VERB hide hides hid",
    "draw": "VERB draw draws drew", "write": "VERB write writes wrote",
    "read": "VERB read reads read", "translate": "VERB translate translates translated",
    "publish": "VERB publish publishes published", "order": "VERB order orders ordered",
    "borrow": "VERB borrow borrows borrowed", "report_v": "VERB report reports reported",
    "say": "VERB say says said", "announce": "VERB announce announces announced",
    "learn": "VERB learn learns learned", "travel": "VERB travel travels traveled",
    "fly": "VERB fly flies flew", "go": "VERB go goes went", "work": "VERB work works worked",
    "wait": "VERB wait waits waited", "study": "VERB study studies studied",
    "sing": "VERB sing sings sang", "meet": "VERB meet meets met",
    "visit": "VERB visit visits visited", "interview": "VERB interview interviews interviewed",
    "open": "VERB open opens opened", "reach": "VERB reach reaches reached",
    "reserve": "VERB book books booked", "need": "VERB need needs needed",
    "change": "VERB change changes changed", "tell": "VERB tell tells told",
    "want": "VERB want wants wanted", "cost": "VERB cost costs cost",
    "come": "VERB arrive arrives arrived",
    "three": "NUM three", "four": "NUM four", "five": "NUM five", "six": "NUM six",
    "seven": "NUM seven", "eight": "NUM eight", "nine": "NUM nine", "ten": "NUM ten",
    "monday": "PROPN Monday", "tuesday": "PROPN Tuesday", "wednesday": "PROPN Wednesday",
    "thursday": "PROPN Thursday", "friday": "PROPN Friday", "saturday": "PROPN Saturday",
    "sunday": "PROPN Sunday",
    "today": "NOUN today today", "yesterday": "NOUN yesterday yesterday",
    "tomorrow": "NOUN tomorrow tomorrow",
    "morning": "NOUN morning mornings", "evening": "NOUN evening evenings",
    "noon": "NOUN noon noons",
    "the": "DET the", "a": "DET a", "this": "DET this",
    "i": "PRON I", "he": "PRON he", "she": "PRON she", "it": "PRON it", "who": "PRON who",
    "from": "ADP from", "to": "ADP to", "in": "ADP in", "with": "ADP with", "for": "ADP for",
    "at": "ADP at", "on": "ADP on", "of": "ADP of", "near": "ADP near", "about": "ADP about",
    "and": "CCONJ and", "but": "CCONJ but", "that": "SCONJ that", "because": "SCONJ because",
    "when": "SCONJ when", "will": "AUX will", "is": "AUX is", "did": "AUX did", "does": "AUX does",
    "not": "PART not", "very": "ADV very", "too": "ADV too", "there": "PRON there",
    "please": "INTJ please", "how": "ADV how", "much": "ADJ much", "as": "ADP as",
    ".": "PUNCT .", ",": "PUNCT ,", "?": "PUNCT ?",
}  # fmt: skip

JOINER = None
ORGANISATIONS = {
    "bank_of": "Bank/PROPN=kind of/ADP X", "radio_of": "Radio/PROPN=kind X",
    "airline_of": "X Airlines/PROPN=kind", "hotel_of": "Hotel/PROPN=kind X",
    "restaurant_of": "Restaurant/PROPN=kind X",
}  # fmt: skip

TEMPLATES = {
    "meet": (
        "A V.TENSE B [in L] [T] .",
        "T A V.TENSE B [in L] .",
        "in L A V.TENSE B [T] .",
        "T in L , A V.TENSE B .",
        "A [T] V.TENSE B [in L] .",
    ),
    "announce": (
        "S V.TENSE [T] that A will open.base a [ADJ] BLD [in L] .",
        "T S V.TENSE that [in L] A will open.base a [ADJ] BLD .",
        "A will [in L] open.base a [ADJ] BLD , S V.TENSE [T] .",
        "in L A will open.base a [ADJ] BLD , V.TENSE S [T] .",
    ),
    "profile": (
        "A is a [TR] OCC from L and work.present for O .",
        "A , a [TR] OCC from L , work.present for O .",
        "for O work.present A , a [TR] OCC from L .",
        "the [TR] OCC A from L work.present for O .",
    ),
    "travel": (
        "the [TR] OCC V.TENSE [from L] to M [T] .",
        "the [TR] OCC V.TENSE to M [from L] [T] .",
        "T the [TR] OCC V.TENSE [from L] to M .",
        "the [TR] OCC [T] [from L] V.TENSE to M .",
        "from L the [TR] OCC V.TENSE to M [T] .",
    ),
    "describe": (
        "A 's/PART=of [ADJ] THING is very P [but Q] .",
        "the [ADJ] THING of A is very P [but Q] .",
    ),
    "purchase": (
        "S V.TENSE N [ADJ] THING.pl from B [T] .",
        "T S V.TENSE N [ADJ] THING.pl from B .",
        "from B S V.TENSE N [ADJ] THING.pl [T] .",
        "S [T] V.TENSE from B N [ADJ] THING.pl .",
    ),
    "act": (
        "A V.TENSE D [ADJ] THING [in L] [T] .",
        "T A V.TENSE D [ADJ] THING [in L] .",
        "in L A V.TENSE D [ADJ] THING [T] .",
        "A [T] [in L] V.TENSE D [ADJ] THING .",
    ),
    "deny": (
        "PRON did not V.base the THING because it is too P .",
        "because the THING is too P , PRON did not V.base it .",
    ),
    "arrive": (
        "when A reach.past L , the OCC V.past D [ADJ] THING .",
        "the OCC V.past D [ADJ] THING when A reach.past L .",
    ),
    "together": (
        "A and B V.TENSE.plural in the [ADJ] BLD near L [T] .",
        "T A and B V.TENSE.plural in the [ADJ] BLD near L .",
        "in the [ADJ] BLD near L A and B V.TENSE.plural [T] .",
        "A and B [T] V.TENSE.plural near L in the [ADJ] BLD .",
    ),
    "ask": (
        "who V.TENSE D [ADJ] THING [in L] [T] ?",
        "who V.TENSE [T] [in L] D [ADJ] THING ?",
        "who [T] [in L] V.TENSE D [ADJ] THING ?",
    ),
    "write": (
        "A V.TENSE D [ADJ] TEXT about X [T] .",
        "T A V.TENSE D [ADJ] TEXT about X .",
        "A [T] V.TENSE D [ADJ] TEXT about X .",
    ),
    "order": (
        "i want.base to/PART reserve.base a [ADJ] VEH [from FROM] to TO [DATE] [TIME]"
        " [with CARRIER] [for NAME] .",
        "please reserve.base a [ADJ] VEH to TO [from FROM] [with CARRIER] [TIME] [DATE]"
        " [for NAME] .",
        "[for NAME] i need.base a [ADJ] VEH [DATE] [TIME] [from FROM] to TO [with CARRIER] .",
        "[DATE] [TIME] i want.base to/PART reserve.base [for NAME] a [ADJ] [CARRIER] VEH"
        " [from FROM] to TO .",
        "is there [DATE] [TIME] a [ADJ] VEH [with CARRIER] [from FROM] to TO [for NAME] ?",
    ),
    "room": (
        "i want.base to/PART reserve.base a [ADJ] room in PLACE [for NUMBER people]"
        " [from DATE.bare to TODATE.bare] [for NAME] .",
        "please reserve.base [from DATE.bare to TODATE.bare] a [ADJ] room [for NUMBER people]"
        " in PLACE [for NAME] .",
        "[for NAME] i need.base in PLACE a [ADJ] room [for NUMBER people]"
        " [from DATE.bare to TODATE.bare] .",
    ),
    "table": (
        "please reserve.base a table [for NUMBER people] [for NAME] at VENUE [DATE] TIME .",
        "i need.base a table at VENUE [DATE] TIME [for NUMBER people] [for NAME] .",
        "[DATE] TIME i want.base to/PART reserve.base a table [for NAME] [for NUMBER people]"
        " at VENUE .",
    ),
    "cost": (
        "how much does a ticket [from FROM] to TO [with CARRIER] [DATE] cost.base ?",
        "how much does [DATE] a [CARRIER] ticket to TO [from FROM] cost.base ?",
    ),
    "change": (
        "please change.base NAME 's/PART=of VEH [to TO] from DATE.bare to TODATE.bare .",
        "NAME want.present to/PART change.base the VEH [to TO] to TODATE.bare from DATE.bare .",
        "please change.base from DATE.bare to TODATE.bare the VEH of NAME [to TO] .",
    ),
    "tell": (
        "please tell.base NAME that i come.base [DATE] [TIME] [with CARRIER] in TO .",
        "tell.base NAME that i come.base in TO [with CARRIER] [TIME] [DATE] .",
        "please tell.base NAME that [DATE] [TIME] i come.base in TO [with CARRIER] .",
    ),
    "service": (
        "does CARRIER fly.base [from FROM] to TO [DATE] [TIME] ?",
        "does CARRIER [DATE] [TIME] fly.base to TO [from FROM] ?",
    ),
}  # fmt: skip

_VERB_FORMS = {"base": 0, "present": 1, "past": 2}


def inflect(filler: Filler, forms: tuple[str, ...], agree: Filler | None) -> list[Piece]:
    """The words of a filler in the given forms."""
    concept = filler.concept
    if concept.startswith("clock_"):
        number = Piece(WORDS[concept.removeprefix("clock_")].split()[1], "NUM", key="number")
        return [Piece("at", "ADP", False, "at"), number, Piece("o'clock", "ADV", key="clock")]
    upos, *shapes = WORDS[concept].split()
    if upos == "VERB":
        form = 0 if "plural" in forms and "present" in forms else _VERB_FORMS[forms[0]]
        return [Piece(shapes[form], upos)]
    word = Piece(shapes["pl" in forms], upos, key="word")
    if "bare" not in forms and concept.endswith("day") and upos == "PROPN":
        return [Piece("on", "ADP", False, "on"), word]
    if concept in ("morning", "evening"):
        return [Piece("in", "ADP", False, "on"), Piece("the", "DET", False), word]
    if concept == "noon":
        return [Piece("at", "ADP", False, "at"), word]
    return [word]


def finish(tokens: list[Token]) -> list[Token]:
    """`a` to `an` before a vowel; a capital at the start."""
    tokens = [
        token._replace(text="an")
        if token.text == "a" and after.text[0].lower() in "aeiou"
        else token
        for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True)
    ]
    return capitalised(tokens)
