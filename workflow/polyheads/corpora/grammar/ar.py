"""Arabic (Modern Standard, without vowel signs); clitics are words of their own."""

from __future__ import annotations

from polyheads.corpora.grammar.realise import Piece, Token
from polyheads.corpora.grammar.sentences import Filler

# NOUN gender singular plural (persons: masculine, feminine); ADJ masculine feminine; VERB past and
# present, each masculine then feminine; NUM before masculine, before feminine, as an hour.
WORDS = {
    "book": "NOUN m كتاب كتب", "watch": "NOUN f ساعة ساعات", "car": "NOUN f سيارة سيارات",
    "lamp": "NOUN m نور أنوار", "letter": "NOUN f رسالة رسائل", "rose": "NOUN f وردة ورود",
    "report": "NOUN m تقرير تقارير", "bag": "NOUN f حقيبة حقائب", "plan": "NOUN f خطة خطط",
    "picture": "NOUN f لوحة لوحات", "flag": "NOUN m علم أعلام", "film": "NOUN m فيلم أفلام",
    "museum": "NOUN m متحف متاحف", "hotel": "NOUN m فندق فنادق", "school": "NOUN f مدرسة مدارس",
    "bank": "NOUN m بنك بنوك", "shop": "NOUN m متجر متاجر", "station": "NOUN f محطة محطات",
    "restaurant": "NOUN m مطعم مطاعم", "factory": "NOUN m مصنع مصانع",
    "flight": "NOUN f رحلة رحلات", "ticket": "NOUN f تذكرة تذاكر", "train": "NOUN m قطار قطارات",
    "bus": "NOUN f حافلة حافلات", "room": "NOUN f غرفة غرف", "table": "NOUN f طاولة طاولات",
    "people": "NOUN m شخص أشخاص",
    "teacher": "NOUN p معلم معلمة", "doctor": "NOUN p طبيب طبيبة", "cook": "NOUN p طباخ طباخة",
    "student": "NOUN p طالب طالبة", "driver": "NOUN p سائق سائقة",
    "journalist": "NOUN p صحفي صحفية", "engineer": "NOUN p مهندس مهندسة",
    "minister": "NOUN p وزير وزيرة",
    "new": "ADJ جديد جديدة", "light": "ADJ خفيف خفيفة", "old": "ADJ قديم قديمة",
    "red": "ADJ أحمر حمراء", "beautiful": "ADJ جميل جميلة", "big": "ADJ كبير كبيرة",
    "white": "ADJ أبيض بيضاء", "good": "ADJ حسن حسنة", "cheap": "ADJ رخيص رخيصة",
    "small": "ADJ صغير صغيرة", "famous": "ADJ مشهور مشهورة", "heavy": "ADJ ثقيل ثقيلة",
    "strange": "ADJ غريب غريبة", "early": "ADJ مبكر مبكرة", "late": "ADJ متأخر متأخرة",
    "quiet": "ADJ هادئ هادئة", "happy": "ADJ سعيد سعيدة", "young": "ADJ شاب شابة",
    "generous": "ADJ كريم كريمة", "rich": "ADJ غني غنية", "tired": "ADJ متعب متعبة",
    "buy": "VERB اشترى اشترت يشتري تشتري", "watch_v": "VERB راقب راقبت يراقب تراقب",
    "find": "VERB وجد وجدت يجد تجد", "sell": "VERB باع باعت يبيع تبيع",
    "lose": "VERB فقد فقدت يفقد تفقد", "see": "VERB رأى رأت يرى ترى",
    "forget": "VERB نسي نسيت ينسى تنسى", "hide": "VERB أخفى أخفت يخفي تخفي",
    "draw": "VERB رسم رسمت يرسم ترسم", "write": "VERB كتب كتبت يكتب تكتب",
    "read": "VERB قرأ قرأت يقرأ تقرأ", "translate": "VERB ترجم ترجمت يترجم تترجم",
    "publish": "VERB نشر نشرت ينشر تنشر", "order": "VERB طلب طلبت يطلب تطلب",
    "borrow": "VERB استعار استعارت يستعير تستعير", "report_v": "VERB أفاد أفادت يفيد تفيد",
    "say": "VERB ذكر ذكرت يذكر تذكر", "announce": "VERB أعلن أعلنت يعلن تعلن",
    "learn": "VERB علم علمت يعلم تعلم", "travel": "VERB سافر سافرت يسافر تسافر",
    "fly": "VERB طار طارت يطير تطير", "go": "VERB ذهب ذهبت يذهب تذهب",
    "work": "VERB عمل عملت يعمل تعمل", "wait": "VERB انتظر انتظرت ينتظر تنتظر",
    "study": "VERB درس درست يدرس تدرس", "sing": "VERB غنى غنت يغني تغني",
    "meet": "VERB قابل قابلت يقابل تقابل", "visit": "VERB زار زارت يزور تزور",
    "interview": "VERB حاور حاورت يحاور تحاور", "open": "VERB افتتح افتتحت يفتتح تفتتح",
    "reach": "VERB وصل وصلت يصل تصل", "reserve": "VERB احجز أحجز", "want": "VERB أريد يريد تريد",
    "need": "VERB أحتاج", "change": "VERB غير يغير تغير", "tell": "VERB أخبر", "come": "VERB أصل",
    "cost": "VERB تكلف",
    "three": "NUM ثلاثة ثلاث الثالثة", "four": "NUM أربعة أربع الرابعة",
    "five": "NUM خمسة خمس الخامسة", "six": "NUM ستة ست السادسة",
    "seven": "NUM سبعة سبع السابعة", "eight": "NUM ثمانية ثماني الثامنة",
    "nine": "NUM تسعة تسع التاسعة", "ten": "NUM عشرة عشر العاشرة",
    "monday": "DAY الاثنين", "tuesday": "DAY الثلاثاء", "wednesday": "DAY الأربعاء",
    "thursday": "DAY الخميس", "friday": "DAY الجمعة", "saturday": "DAY السبت",
    "sunday": "DAY الأحد",
    "today": "ADV اليوم", "yesterday": "ADV أمس", "tomorrow": "ADV غدا",
    "morning": "DAYPART الصباح", "evening": "DAYPART المساء", "noon": "DAYPART الظهر",
    "this": "DET هذا هذه",
    "he": "PRON هو", "she": "PRON هي", "it": "PRON ه ها", "who": "PRON من",
    "from": "ADP من", "to": "ADP إلى", "in": "ADP في", "with": "ADP مع", "for": "ADP ل",
    "near": "ADP قرب", "about": "ADP عن", "at": "ADP في",
    "and": "CCONJ و", "but": "CCONJ لكن", "that": "SCONJ أن", "because": "SCONJ لأن",
    "when": "SCONJ عندما", "will": "AUX سوف", "not": "PART ما", "very": "ADV جدا",
    "please": "ADV رجاء", "how": "ADV كم",
    ".": "PUNCT .", ",": "PUNCT ،", "?": "PUNCT ؟",
}  # fmt: skip

JOINER = None
ORGANISATIONS = {
    "bank_of": "بنك/PROPN=kind X", "radio_of": "راديو/PROPN=kind X",
    "airline_of": "طيران/PROPN=kind X", "hotel_of": "فندق/PROPN=kind X",
    "restaurant_of": "مطعم/PROPN=kind X",
}  # fmt: skip
_MASCULINE = (
    "bank_of",
    "radio_of",
    "airline_of",
    "hotel_of",
    "restaurant_of",
)  # other organisations: feminine

TEMPLATES = {
    "meet": (
        "A V.TENSE@A B [in L] [T] .",
        "T V.TENSE@A A B [in L] .",
        "A V.TENSE@A [T] B [in L] .",
        "in L V.TENSE@A A B [T] .",
    ),
    "announce": (
        "V.TENSE@S S [T] that A will open.present@A BLD.acc [ADJ.acc.a@BLD] [in L] .",
        "S V.TENSE@S [T] that A will open.present@A BLD.acc [ADJ.acc.a@BLD] [in L] .",
        "T V.TENSE@S S that A will open.present@A [in L] BLD.acc [ADJ.acc.a@BLD] .",
    ),
    "profile": (
        "A OCC@A [TR@A] from L و/CCONJ=and work.present@A لدى/ADP=for O .",
        "لدى/ADP=for O work.present@A A , OCC@A [TR@A] from L .",
        "OCC.the@A [TR.the@A] A from L work.present@A لدى/ADP=for O .",
    ),
    "travel": (
        "V.TENSE@OCC OCC.the [TR.the@OCC] [from L] to M [T] .",
        "OCC.the [TR.the@OCC] V.TENSE@OCC [T] [from L] to M .",
        "T V.TENSE@OCC OCC.the [TR.the@OCC] to M [from L] .",
    ),
    "describe": (
        "THING A [ADJ.the@THING] P@THING very [و/CCONJ لكن/CCONJ=but it@THING Q@THING] .",
        "THING.the [ADJ.the@THING] ل/ADP=of A P@THING very"
        " [و/CCONJ لكن/CCONJ=but it@THING Q@THING] .",
    ),
    "purchase": (
        "V.TENSE@S S N@THING THING.pl [ADJ.pl] from B [T] .",
        "S V.TENSE@S [T] N@THING THING.pl [ADJ.pl] from B .",
        "T V.TENSE@S S from B N@THING THING.pl [ADJ.pl] .",
    ),
    "act": (
        "V.TENSE@A A D@THING THING.acc.D [ADJ.acc.D@THING] [in L] [T] .",
        "A V.TENSE@A D@THING THING.acc.D [ADJ.acc.D@THING] [in L] [T] .",
        "T V.TENSE@A A [in L] D@THING THING.acc.D [ADJ.acc.D@THING] .",
        "in L V.TENSE@A A D@THING THING.acc.D [ADJ.acc.D@THING] [T] .",
    ),
    "deny": (
        "not V.past@PRON THING.the because it@THING P@THING جدا/ADV=too .",
        "PRON not V.past@PRON THING.the because it@THING P@THING جدا/ADV=too .",
    ),
    "arrive": (
        "when reach.past@A A to L , V.past@OCC OCC.the D@THING THING.acc.D [ADJ.acc.D@THING] .",
        "V.past@OCC OCC.the D@THING THING.acc.D [ADJ.acc.D@THING] when reach.past@A A to L .",
    ),
    "together": (
        "V.TENSE@A A and B in BLD.the [ADJ.the@BLD] near L [T] .",
        "T V.TENSE@A A and B in BLD.the [ADJ.the@BLD] near L .",
        "in BLD.the [ADJ.the@BLD] near L V.TENSE@A A and B [T] .",
    ),
    "ask": (
        "who V.TENSE D@THING THING.acc.D [ADJ.acc.D@THING] [in L] [T] ?",
        "who V.TENSE [T] [in L] D@THING THING.acc.D [ADJ.acc.D@THING] ?",
    ),
    "write": (
        "V.TENSE@A A D@TEXT TEXT.acc.D [ADJ.acc.D@TEXT] about X [T] .",
        "A V.TENSE@A D@TEXT TEXT.acc.D [ADJ.acc.D@TEXT] about X [T] .",
        "T V.TENSE@A A D@TEXT TEXT.acc.D [ADJ.acc.D@TEXT] about X .",
    ),
    "order": (
        "want that reserve.first VEH.acc [ADJ.acc.a@VEH] [from FROM] to TO [DATE] [TIME]"
        " [with CARRIER] [for NAME] .",
        "please reserve VEH.acc [ADJ.acc.a@VEH] to TO [from FROM] [with CARRIER] [TIME] [DATE]"
        " [for NAME] .",
        "[DATE] [TIME] need إلى/ADP VEH [ADJ@VEH] [from FROM] to TO [with CARRIER] [for NAME] .",
        "هل/PART هناك/ADV=there VEH [ADJ@VEH] [with CARRIER] [from FROM] to TO [DATE] [TIME]"
        " [for NAME] ?",
    ),
    "room": (
        "want that reserve.first room [ADJ.acc.a@room] in PLACE [for NUMBER people.pl]"
        " [from DATE.bare to TODATE.bare] [for NAME] .",
        "please reserve room [ADJ.acc.a@room] [for NAME] in PLACE [from DATE.bare to TODATE.bare]"
        " [for NUMBER people.pl] .",
        "need إلى/ADP room [ADJ@room] [for NUMBER people.pl] in PLACE [for NAME]"
        " [from DATE.bare to TODATE.bare] .",
    ),
    "table": (
        "please reserve table [for NUMBER people.pl] [for NAME] in VENUE [DATE] TIME .",
        "need إلى/ADP table in VENUE [DATE] TIME [for NUMBER people.pl] [for NAME] .",
        "want that reserve.first [DATE] TIME table [for NAME] [for NUMBER people.pl] in VENUE .",
    ),
    "cost": (
        "how cost ticket.the [from FROM] to TO [with CARRIER] [DATE] ?",
        "how cost ticket.the [DATE] to TO [from FROM] [with CARRIER] ?",
    ),
    "change": (
        "please change VEH NAME [to TO] from DATE.bare to TODATE.bare .",
        "want.person@NAME NAME that change.person@NAME VEH.the [to TO] from DATE.bare"
        " to TODATE.bare .",
    ),
    "tell": (
        "please tell NAME that ني/PRON=i come [DATE] [TIME] إلى/ADP=in TO [with CARRIER] .",
        "tell NAME that ني/PRON=i come إلى/ADP=in TO [with CARRIER] [TIME] [DATE] .",
    ),
    "service": (
        "هل/PART fly.present@CARRIER CARRIER [from FROM] to TO [DATE] [TIME] ?",
        "هل/PART fly.present@CARRIER CARRIER [DATE] [TIME] to TO [from FROM] ?",
    ),
}  # fmt: skip

_INVARIABLE = ("أحمر", "أبيض")  # no ending in the indefinite accusative


def inflect(filler: Filler, forms: tuple[str, ...], agree: Filler | None) -> list[Piece]:
    """The words of a filler; verbs, adjectives, numbers and pronouns agree in gender."""
    concept = filler.concept
    if concept in ("the", "a"):
        return []  # the article is a prefix of the noun
    feminine = agree is not None and _gender(agree) == "f"
    if concept.startswith("clock_"):
        hour = WORDS[concept.removeprefix("clock_")].split()[3]
        return [Piece("الساعة", "NOUN", key="clock"), Piece(hour, "ADJ", key="number")]
    upos, *shapes = WORDS[concept].split()
    if upos == "DAY":
        word = Piece(shapes[0], "NOUN", key="word")
        return [word] if "bare" in forms else [Piece("يوم", "NOUN", False, "on"), word]
    if upos == "DAYPART":
        before = "عند" if concept == "noon" else "في"
        return [Piece(before, "ADP", False, "on"), Piece(shapes[0], "NOUN", key="word")]
    if upos == "NOUN":
        other = feminine if shapes[0] == "p" else "pl" in forms
        return [Piece(_case(shapes[2] if other else shapes[1], forms), upos, key="word")]
    if upos == "ADJ":
        return [Piece(_case(shapes[feminine or "pl" in forms], forms), upos, key="word")]
    if upos == "VERB":
        return [Piece(_verb(shapes, forms, feminine), upos)]
    if upos == "NUM":
        return [Piece(shapes[feminine], upos, key="word")]
    return [Piece(shapes[feminine and len(shapes) > 1], upos, key="word")]


def _gender(filler: Filler) -> str:
    if filler.concept in WORDS:
        own = WORDS[filler.concept].split()[1]
        return filler.gender if own == "p" else own
    if filler.concept in ("person", "city"):
        return filler.gender
    return "m" if filler.concept in _MASCULINE else "f"


def _case(word: str, forms: tuple[str, ...]) -> str:
    """With the article, or with the ending of the indefinite accusative."""
    if "the" in forms or "this" in forms:
        return "ال" + word
    if "acc" in forms and not word.endswith("ة") and word not in _INVARIABLE:
        return word + "ا"
    return word


def _verb(shapes: list[str], forms: tuple[str, ...], feminine: bool) -> str:
    if len(shapes) == 4:
        return shapes[("present" in forms) * 2 + feminine]
    if "person" in forms:
        return shapes[1 + feminine]
    return shapes["first" in forms]  # imperative or first person


def finish(tokens: list[Token]) -> list[Token]:
    """Nothing to do."""
    return tokens
