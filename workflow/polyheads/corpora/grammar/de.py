"""German."""

from __future__ import annotations

from polyheads.corpora.grammar.realise import Piece, Token, capitalised
from polyheads.corpora.grammar.sentences import Filler

# NOUN gender singular plural (persons: masculine, feminine); VERB infinitive third-person past
# past-plural; ADJ as predicate and stem before endings; others one form.
WORDS = {
    "book": "NOUN n Buch Bücher", "watch": "NOUN f Uhr Uhren", "car": "NOUN n Auto Autos",
    "lamp": "NOUN n Licht Lichter", "letter": "NOUN m Brief Briefe", "rose": "NOUN f Rose Rosen",
    "report": "NOUN m Bericht Berichte", "bag": "NOUN f Tasche Taschen",
    "plan": "NOUN m Plan Pläne", "picture": "NOUN n Bild Bilder", "flag": "NOUN f Fahne Fahnen",
    "film": "NOUN m Film Filme", "museum": "NOUN n Museum Museen",
    "hotel": "NOUN n Hotel Hotels", "school": "NOUN f Schule Schulen",
    "bank": "NOUN f Bank Banken", "shop": "NOUN m Laden Läden",
    "station": "NOUN m Bahnhof Bahnhöfe", "restaurant": "NOUN n Restaurant Restaurants",
    "factory": "NOUN f Fabrik Fabriken", "flight": "NOUN m Flug Flüge",
    "ticket": "NOUN f Fahrkarte Fahrkarten", "train": "NOUN m Zug Züge", "bus": "NOUN m Bus Busse",
    "room": "NOUN n Zimmer Zimmer", "table": "NOUN m Tisch Tische",
    "people": "NOUN f Person Personen",
    "teacher": "NOUN p Lehrer Lehrerin", "doctor": "NOUN p Arzt Ärztin",
    "cook": "NOUN p Koch Köchin", "student": "NOUN p Student Studentin",
    "driver": "NOUN p Fahrer Fahrerin", "journalist": "NOUN p Journalist Journalistin",
    "engineer": "NOUN p Ingenieur Ingenieurin", "minister": "NOUN p Minister Ministerin",
    "new": "ADJ neu neu", "light": "ADJ leicht leicht", "old": "ADJ alt alt", "red": "ADJ rot rot",
    "beautiful": "ADJ schön schön", "big": "ADJ groß groß", "white": "ADJ weiß weiß",
    "good": "ADJ gut gut", "cheap": "ADJ billig billig", "small": "ADJ klein klein",
    "famous": "ADJ berühmt berühmt", "heavy": "ADJ schwer schwer",
    "strange": "ADJ seltsam seltsam", "early": "ADJ früh früh", "late": "ADJ spät spät",
    "quiet": "ADJ ruhig ruhig", "happy": "ADJ glücklich glücklich", "young": "ADJ jung jung",
    "generous": "ADJ großzügig großzügig", "rich": "ADJ reich reich", "tired": "ADJ müde müd",
    "buy": "VERB kaufen kauft kaufte kauften",
    "watch_v": "VERB beobachten beobachtet beobachtete beobachteten",
    "find": "VERB finden findet fand fanden",
    "sell": "VERB verkaufen verkauft verkaufte verkauften",
    "lose": "VERB verlieren verliert verlor verloren", "see": "VERB sehen sieht sah sahen",
    "forget": "VERB vergessen vergisst vergaß vergaßen",
    "hide": "VERB verstecken versteckt versteckte versteckten",
    "draw": "VERB zeichnen zeichnet zeichnete zeichneten",
    "write": "VERB schreiben schreibt schrieb schrieben", "read": "VERB lesen liest las lasen",
    "translate": "VERB übersetzen übersetzt übersetzte übersetzten",
    "publish": "VERB veröffentlichen veröffentlicht veröffentlichte veröffentlichten",
    "order": "VERB bestellen bestellt bestellte bestellten",
    "borrow": "VERB leihen leiht lieh liehen",
    "report_v": "VERB berichten berichtet berichtete berichteten",
    "say": "VERB sagen sagt sagte sagten",
    "announce": "VERB verkünden verkündet verkündete verkündeten",
    "learn": "VERB erfahren erfährt erfuhr erfuhren", "travel": "VERB reisen reist reiste reisten",
    "fly": "VERB fliegen fliegt flog flogen", "go": "VERB gehen geht ging gingen",
    "work": "VERB arbeiten arbeitet arbeitete arbeiteten",
    "wait": "VERB warten wartet wartete warteten", "study": "VERB lernen lernt lernte lernten",
    "sing": "VERB singen singt sang sangen", "meet": "VERB treffen trifft traf trafen",
    "visit": "VERB besuchen besucht besuchte besuchten",
    "interview": "VERB interviewen interviewt interviewte interviewten",
    "open": "VERB eröffnen eröffnet eröffnete eröffneten",
    "reach": "VERB erreichen erreicht erreichte erreichten",
    "reserve": "VERB buchen bucht buchte buchten",
    "need": "VERB brauche brauche brauchte brauchten",
    "change": "VERB ändern ändert änderte änderten", "tell": "VERB sagen sagt sagte sagten",
    "want": "AUX möchte möchte wollte wollten", "cost": "VERB kosten kostet kostete kosteten",
    "come": "VERB ankomme ankommt ankam ankamen",
    "three": "NUM drei", "four": "NUM vier", "five": "NUM fünf", "six": "NUM sechs",
    "seven": "NUM sieben", "eight": "NUM acht", "nine": "NUM neun", "ten": "NUM zehn",
    "monday": "DAY Montag", "tuesday": "DAY Dienstag", "wednesday": "DAY Mittwoch",
    "thursday": "DAY Donnerstag", "friday": "DAY Freitag", "saturday": "DAY Samstag",
    "sunday": "DAY Sonntag",
    "today": "ADV heute", "yesterday": "ADV gestern", "tomorrow": "ADV morgen",
    "morning": "DAY Morgen", "evening": "DAY Abend", "noon": "DAY Mittag",
    "i": "PRON ich", "he": "PRON er", "she": "PRON sie", "who": "PRON wer", "you": "PRON Sie",
    "from": "ADP von", "to": "ADP nach", "in": "ADP in", "with": "ADP mit", "for": "ADP für",
    "at": "ADP bei", "of": "ADP von", "near": "ADP bei", "about": "ADP über", "as": "ADP als",
    "out_of": "ADP aus", "until": "ADP bis",
    "and": "CCONJ und", "but": "CCONJ aber", "that": "SCONJ dass", "because": "SCONJ weil",
    "when": "SCONJ als", "will": "AUX wird", "is": "AUX ist", "not": "PART nicht",
    "very": "ADV sehr", "too": "ADV zu", "please": "INTJ bitte",
    "how": "ADV wie", "much": "ADV viel",
    ".": "PUNCT .", ",": "PUNCT ,", "?": "PUNCT ?",
    "the": "DET der", "a": "DET ein", "this": "DET dieser", "it": "PRON es",
}  # fmt: skip

JOINER = None
ORGANISATIONS = {
    "bank_of": "Bankhaus/PROPN=kind X", "radio_of": "Radio/PROPN=kind X",
    "airline_of": "X Airlines/PROPN=kind", "hotel_of": "(im/ADP=at) Hotel/PROPN=kind X",
    "restaurant_of": "(im/ADP=at) Restaurant/PROPN=kind X", "venue": "(bei/ADP=at) X",
}  # fmt: skip

TEMPLATES = {
    "meet": (
        "A V.TENSE [T] B [in L] .",
        "T V.TENSE A B [in L] .",
        "in L V.TENSE A [T] B .",
        "A V.TENSE B [T] [in L] .",
    ),
    "announce": (
        "S V.TENSE [T] , that A [in L] a.acc@BLD [ADJ.acc.a@BLD] BLD open.inf will .",
        "T V.TENSE S , that A [in L] a.acc@BLD [ADJ.acc.a@BLD] BLD open.inf will .",
        "A will [in L] a.acc@BLD [ADJ.acc.a@BLD] BLD open.inf , V.TENSE S [T] .",
        "in L will A a.acc@BLD [ADJ.acc.a@BLD] BLD open.inf , V.TENSE S [T] .",
    ),
    "profile": (
        "A is a.nom@A [TR.nom.a@A] OCC@A aus/ADP=from L und/CCONJ=and work.present for O .",
        "A , a.nom@A [TR.nom.a@A] OCC@A aus/ADP=from L , work.present for O .",
        "for O work.present A , a.nom@A [TR.nom.a@A] OCC@A aus/ADP=from L .",
        "the.nom@A [TR.nom.the@A] OCC@A A aus/ADP=from L work.present for O .",
    ),
    "travel": (
        "the.nom@OCC [TR.nom.the@OCC] OCC V.TENSE [T] [from L] to M .",
        "T V.TENSE the.nom@OCC [TR.nom.the@OCC] OCC [from L] to M .",
        "from L V.TENSE the.nom@OCC [TR.nom.the@OCC] OCC [T] to M .",
        "to M V.TENSE the.nom@OCC [TR.nom.the@OCC] OCC [T] [from L] .",
    ),
    "describe": (
        "the.nom@THING [ADJ.nom.the@THING] THING of A is very P [, but Q] .",
        "very P [, but Q] is the.nom@THING [ADJ.nom.the@THING] THING of A .",
    ),
    "purchase": (
        "S V.TENSE [T] N [ADJ.acc.pl] THING.pl from B .",
        "T V.TENSE S N [ADJ.acc.pl] THING.pl from B .",
        "from B V.TENSE S [T] N [ADJ.acc.pl] THING.pl .",
        "S V.TENSE [T] from B N [ADJ.acc.pl] THING.pl .",
    ),
    "act": (
        "A V.TENSE [T] [in L] D.acc@THING [ADJ.acc.D@THING] THING .",
        "T V.TENSE A [in L] D.acc@THING [ADJ.acc.D@THING] THING .",
        "in L V.TENSE A [T] D.acc@THING [ADJ.acc.D@THING] THING .",
        "D.acc@THING [ADJ.acc.D@THING] THING V.TENSE A [T] [in L] .",
    ),
    "deny": (
        "PRON V.past the.acc@THING THING not , because it.nom@THING too P is .",
        "because the.nom@THING THING too P is , V.past PRON it.acc@THING not .",
    ),
    "arrive": (
        "when A L reach.past , V.past the.nom@OCC OCC D.acc@THING [ADJ.acc.D@THING] THING .",
        "the.nom@OCC OCC V.past D.acc@THING [ADJ.acc.D@THING] THING , when A L reach.past .",
    ),
    "together": (
        "A and B V.TENSE.plural [T] in the.dat@BLD [ADJ.dat.the@BLD] BLD near L .",
        "T V.TENSE.plural A and B in the.dat@BLD [ADJ.dat.the@BLD] BLD near L .",
        "in the.dat@BLD [ADJ.dat.the@BLD] BLD near L V.TENSE.plural A and B [T] .",
    ),
    "ask": (
        "who V.TENSE [T] [in L] D.acc@THING [ADJ.acc.D@THING] THING ?",
        "who V.TENSE D.acc@THING [ADJ.acc.D@THING] THING [T] [in L] ?",
    ),
    "write": (
        "A V.TENSE [T] D.acc@TEXT [ADJ.acc.D@TEXT] TEXT about X .",
        "T V.TENSE A D.acc@TEXT [ADJ.acc.D@TEXT] TEXT about X .",
        "D.acc@TEXT [ADJ.acc.D@TEXT] TEXT about X V.TENSE A [T] .",
    ),
    "order": (
        "i want [DATE] [TIME] a.acc@VEH [ADJ.acc.a@VEH] VEH [from FROM] to TO [with CARRIER]"
        " [for NAME] reserve.inf .",
        "please reserve.inf you [for NAME] a.acc@VEH [ADJ.acc.a@VEH] VEH to TO [from FROM]"
        " [with CARRIER] [DATE] [TIME] .",
        "[for NAME] need.inf i [DATE] [TIME] a.acc@VEH [ADJ.acc.a@VEH] VEH [from FROM] to TO"
        " [with CARRIER] .",
        "gibt/VERB=is es/PRON=there [DATE] [TIME] a.acc@VEH [ADJ.acc.a@VEH] VEH [with CARRIER]"
        " [from FROM] to TO [for NAME] ?",
    ),
    "room": (
        "i want in PLACE a.acc@room [ADJ.acc.a@room] room [for NUMBER people.pl]"
        " [from DATE.bare bis/ADP=to TODATE.bare] [for NAME] reserve.inf .",
        "please reserve.inf you [from DATE.bare bis/ADP=to TODATE.bare] a.acc@room"
        " [ADJ.acc.a@room] room [for NUMBER people.pl] in PLACE [for NAME] .",
        "[for NAME] need.inf i in PLACE a.acc@room [ADJ.acc.a@room] room [for NUMBER people.pl]"
        " [from DATE.bare bis/ADP=to TODATE.bare] .",
    ),
    "table": (
        "please reserve.inf you [DATE] TIME a.acc@table table [for NUMBER people.pl] [for NAME]"
        " VENUE .",
        "i need.inf [DATE] TIME a.acc@table table VENUE [for NUMBER people.pl] [for NAME] .",
        "[DATE] TIME want i [for NAME] a.acc@table table [for NUMBER people.pl] VENUE"
        " reserve.inf .",
    ),
    "cost": (
        "how much cost.present a.nom@ticket ticket [from FROM] to TO [with CARRIER] [DATE] ?",
        "how much cost.present [DATE] a.nom@ticket ticket [with CARRIER] to TO [from FROM] ?",
    ),
    "change": (
        "please change.inf you the.acc@VEH VEH of NAME [to TO] from DATE.bare auf/ADP=to"
        " TODATE.bare .",
        "NAME want the.acc@VEH VEH [to TO] from DATE.bare auf/ADP=to TODATE.bare change.inf .",
    ),
    "tell": (
        "please tell.inf you NAME , that i [DATE] [TIME] [with CARRIER] in TO come.inf .",
        "tell.inf you NAME , that i [with CARRIER] [DATE] [TIME] in TO come.inf .",
    ),
    "service": (
        "fly.present CARRIER [DATE] [TIME] [from FROM] to TO ?",
        "fly.present [DATE] [TIME] CARRIER to TO [from FROM] ?",
    ),
}  # fmt: skip

# Endings by case: masculine, feminine, neuter.
_ARTICLES = {
    "the": {"nom": "der die das", "acc": "den die das", "dat": "dem der dem"},
    "this": {"nom": "dieser diese dieses", "acc": "diesen diese dieses",
             "dat": "diesem dieser diesem"},
    "a": {"nom": "ein eine ein", "acc": "einen eine ein", "dat": "einem einer einem"},
    "it": {"nom": "er sie es", "acc": "ihn sie es"},
}  # fmt: skip
_WEAK = {"nom": "e e e", "acc": "en e e", "dat": "en en en"}
_MIXED = {"nom": "er e es", "acc": "en e es", "dat": "en en en"}
_VERB_FORMS = {"inf": 0, "present": 1, "past": 2}


def inflect(filler: Filler, forms: tuple[str, ...], agree: Filler | None) -> list[Piece]:
    """The words of a filler in the given forms; articles and adjectives agree."""
    concept = filler.concept
    if concept.startswith("clock_"):
        number = Piece(WORDS[concept.removeprefix("clock_")].split()[1], "NUM", key="number")
        return [Piece("um", "ADP", False, "at"), number, Piece("Uhr", "NOUN", key="clock")]
    upos, *shapes = WORDS[concept].split()
    if upos == "DAY":
        word = Piece(shapes[0], "NOUN", key="word")
        return [word] if "bare" in forms else [Piece("am", "ADP", False, "on"), word]
    if concept in _ARTICLES:
        return [Piece(_by_gender(_ARTICLES[concept][forms[0]], agree), upos, key="word")]
    if upos == "ADJ":
        return [Piece(_adjective(shapes, forms, agree), upos, key="word")]
    if upos == "NOUN":
        gender, first, second = shapes
        other = (agree or filler).gender == "f" if gender == "p" else "pl" in forms
        return [Piece(second if other else first, upos, key="word")]
    if upos in ("VERB", "AUX") and len(shapes) > 1:
        if "plural" in forms:
            return [Piece(shapes[0] if "present" in forms else shapes[3], upos)]
        return [Piece(shapes[_VERB_FORMS[forms[0]] if forms else 0], upos)]
    return [Piece(shapes[0], upos, key="word")]


def _adjective(shapes: list[str], forms: tuple[str, ...], agree: Filler | None) -> str:
    if not forms:
        return shapes[0]  # predicate
    if "pl" in forms:
        return shapes[1] + "e"
    case, article = forms
    endings = _MIXED if article == "a" else _WEAK
    return shapes[1] + _by_gender(endings[case], agree)


def _by_gender(shapes: str, agree: Filler | None) -> str:
    assert agree is not None, "the template says what it agrees with"
    gender = agree.gender
    if agree.concept in WORDS:
        own = WORDS[agree.concept].split()[1]
        gender = gender if own == "p" else own
    return shapes.split()["mfn".index(gender)]


def finish(tokens: list[Token]) -> list[Token]:
    """A capital at the start."""
    return capitalised(tokens)
