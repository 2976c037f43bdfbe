"""Names of persons, places and companies: real ones with their usual spelling, and invented ones.

Invented names are strings of syllables that are spelled in every language, so that `kalomi`,
`卡洛米` and `كالومي` are one name. Any of them may be a person, a place or a company: only the
sentence around it tells. A fixed part of all names is held out of every training split, and the
invented ones among them of the pre-training text too.
"""

from __future__ import annotations

import itertools
import random
from functools import cache
from typing import NamedTuple


class Name(NamedTuple):
    """One word of a name: a key of REAL, or one or more keys of SYLLABLES."""

    parts: tuple[str, ...]

    def spell(self, language: str) -> str:
        """The word as written in ``language`` (en, de, zh, ar)."""
        if self.parts[0] in SYLLABLES:
            text = "".join(
                dict(zip(_ORDER, SYLLABLES[p], strict=True))[language] for p in self.parts
            )
            return text.capitalize()
        return dict(zip(_ORDER, REAL[self.parts[0]], strict=True))[language]


_ORDER = ("en", "de", "zh", "ar")

SYLLABLES = {
    "ka": ("ka", "ka", "卡", "كا"),
    "lo": ("lo", "lo", "洛", "لو"),
    "mi": ("mi", "mi", "米", "مي"),
    "ta": ("ta", "ta", "塔", "تا"),
    "ri": ("ri", "ri", "里", "ري"),
    "no": ("no", "no", "诺", "نو"),
    "sa": ("sa", "sa", "萨", "سا"),
    "be": ("be", "be", "贝", "بي"),
    "du": ("du", "du", "杜", "دو"),
    "ma": ("ma", "ma", "马", "ما"),
    "fe": ("fe", "fe", "费", "في"),
    "go": ("go", "go", "戈", "غو"),
    "la": ("la", "la", "拉", "لا"),
    "ni": ("ni", "ni", "尼", "ني"),
    "to": ("to", "to", "托", "تو"),
    "ru": ("ru", "ru", "鲁", "رو"),
    "so": ("so", "so", "索", "سو"),
    "da": ("da", "da", "达", "دا"),
    "ko": ("ko", "ko", "科", "كو"),
    "na": ("na", "na", "纳", "نا"),
}

# The last of each list are kept for dev and test (see real_names).
GIVEN = {  # key -> grammatical gender
    "Anna": "f", "Karim": "m", "Nour": "f", "Said": "m", "Mark": "m", "Rose": "f", "Hassan": "m",
    "Maria": "f", "Victoria": "f", "Omar": "m", "Will": "m", "Lina": "f",
    "Peter": "m", "Amal": "f", "Ernst": "m", "Sara": "f",
}  # fmt: skip
SURNAMES = (
    "Washington", "Ford", "Lincoln", "Koch", "Cook", "Houston", "Light", "Rossi",
    "Lehrer", "Austin", "Weiss",
)  # fmt: skip
CITIES = (
    "Paris", "Berlin", "Cairo", "Washington", "London", "Victoria", "Beijing", "Houston", "Dubai",
    "Lincoln", "Rome", "Tunis",
    "Vienna", "Shanghai", "Austin", "Essen",
)  # fmt: skip
COMPANIES = (
    "Siemens", "Ford", "Toyota", "Google", "Lincoln", "Airbus",
    "Samsung", "Boeing", "Sony",
)  # fmt: skip
AIRLINES = ("Lufthansa", "Delta", "Emirates", "Iberia")
HELD_OUT = {"given": 4, "surname": 3, "city": 4, "company": 3, "airline": 1}
_LISTS = {
    "given": tuple(GIVEN), "surname": SURNAMES, "city": CITIES, "company": COMPANIES,
    "airline": AIRLINES,
}  # fmt: skip

REAL = {
    "Anna": ("Anna", "Anna", "安娜", "آنا"),
    "Karim": ("Karim", "Karim", "卡里姆", "كريم"),
    "Nour": ("Nour", "Nour", "努尔", "نور"),
    "Said": ("Said", "Said", "赛义德", "سعيد"),
    "Mark": ("Mark", "Mark", "马克", "مارك"),
    "Rose": ("Rose", "Rose", "罗丝", "روز"),
    "Hassan": ("Hassan", "Hassan", "哈桑", "حسن"),
    "Maria": ("Maria", "Maria", "玛丽亚", "ماريا"),
    "Victoria": ("Victoria", "Victoria", "维多利亚", "فيكتوريا"),
    "Omar": ("Omar", "Omar", "奥马尔", "عمر"),
    "Will": ("Will", "Will", "威尔", "ويل"),
    "Lina": ("Lina", "Lina", "丽娜", "لينا"),
    "Peter": ("Peter", "Peter", "彼得", "بيتر"),
    "Amal": ("Amal", "Amal", "阿迈勒", "أمل"),
    "Ernst": ("Ernst", "Ernst", "恩斯特", "إرنست"),
    "Sara": ("Sara", "Sara", "萨拉", "سارة"),
    "Washington": ("Washington", "Washington", "华盛顿", "واشنطن"),
    "Ford": ("Ford", "Ford", "福特", "فورد"),
    "Lincoln": ("Lincoln", "Lincoln", "林肯", "لينكولن"),
    "Koch": ("Koch", "Koch", "科赫", "كوخ"),
    "Cook": ("Cook", "Cook", "库克", "كوك"),
    "Houston": ("Houston", "Houston", "休斯顿", "هيوستن"),
    "Light": ("Light", "Light", "莱特", "لايت"),
    "Rossi": ("Rossi", "Rossi", "罗西", "روسي"),
    "Lehrer": ("Lehrer", "Lehrer", "莱勒", "ليرر"),
    "Austin": ("Austin", "Austin", "奥斯汀", "أوستن"),
    "Weiss": ("Weiss", "Weiß", "魏斯", "فايس"),
    "Paris": ("Paris", "Paris", "巴黎", "باريس"),
    "Berlin": ("Berlin", "Berlin", "柏林", "برلين"),
    "Cairo": ("Cairo", "Kairo", "开罗", "القاهرة"),
    "London": ("London", "London", "伦敦", "لندن"),
    "Beijing": ("Beijing", "Peking", "北京", "بكين"),
    "Dubai": ("Dubai", "Dubai", "迪拜", "دبي"),
    "Rome": ("Rome", "Rom", "罗马", "روما"),
    "Tunis": ("Tunis", "Tunis", "突尼斯", "تونس"),
    "Vienna": ("Vienna", "Wien", "维也纳", "فيينا"),
    "Shanghai": ("Shanghai", "Shanghai", "上海", "شنغهاي"),
    "Essen": ("Essen", "Essen", "埃森", "إيسن"),
    "Siemens": ("Siemens", "Siemens", "西门子", "سيمنز"),
    "Toyota": ("Toyota", "Toyota", "丰田", "تويوتا"),
    "Google": ("Google", "Google", "谷歌", "غوغل"),
    "Airbus": ("Airbus", "Airbus", "空客", "إيرباص"),
    "Samsung": ("Samsung", "Samsung", "三星", "سامسونغ"),
    "Boeing": ("Boeing", "Boeing", "波音", "بوينغ"),
    "Sony": ("Sony", "Sony", "索尼", "سوني"),
    "Delta": ("Delta", "Delta", "达美", "دلتا"),
    "Emirates": ("Emirates", "Emirates", "阿联酋", "الإمارات"),
    "Iberia": ("Iberia", "Iberia", "伊比利亚", "إيبيريا"),
    "Lufthansa": ("Lufthansa", "Lufthansa", "汉莎", "لوفتهانزا"),
}


@cache
def invented_names() -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    """All invented names, fixed for good: (free to use anywhere, held out of training)."""
    names = [Name(parts) for parts in itertools.permutations(SYLLABLES, 2)]
    random.Random("held-out names").shuffle(names)
    cut = len(names) * 2 // 3
    return tuple(names[:cut]), tuple(names[cut:])


def real_names(kind: str, *, held_out: bool) -> tuple[str, ...]:
    """The real names of a kind: those of training, or with ``held_out`` those kept from it."""
    names, number = _LISTS[kind], HELD_OUT[kind]
    return names[-number:] if held_out else names[:-number]
