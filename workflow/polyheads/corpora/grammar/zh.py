"""Chinese (Mandarin, simplified characters), words given apart."""

from __future__ import annotations

from polyheads.corpora.grammar.realise import Piece, Token
from polyheads.corpora.grammar.sentences import Filler

# NOUN word classifier; ADJ word, with 的 as attribute where it has more than one character.
WORDS = {
    "book": "NOUN 书 本", "watch": "NOUN 手表 块", "car": "NOUN 汽车 辆", "lamp": "NOUN 灯 盏",
    "letter": "NOUN 信 封", "rose": "NOUN 玫瑰 朵", "report": "NOUN 报告 份", "bag": "NOUN 包 个",
    "plan": "NOUN 计划 个", "picture": "NOUN 画 幅", "flag": "NOUN 旗 面", "film": "NOUN 电影 部",
    "museum": "NOUN 博物馆 家", "hotel": "NOUN 酒店 家", "school": "NOUN 学校 所",
    "bank": "NOUN 银行 家", "shop": "NOUN 商店 家", "station": "NOUN 车站 个",
    "restaurant": "NOUN 餐厅 家", "factory": "NOUN 工厂 家", "flight": "NOUN 航班 个",
    "ticket": "NOUN 票 张", "train": "NOUN 火车 列", "bus": "NOUN 巴士 辆", "room": "NOUN 房间 个",
    "table": "NOUN 桌子 张", "people": "NOUN 人 个",
    "teacher": "NOUN 老师 位", "doctor": "NOUN 医生 位", "cook": "NOUN 厨师 位",
    "student": "NOUN 学生 位", "driver": "NOUN 司机 位", "journalist": "NOUN 记者 位",
    "engineer": "NOUN 工程师 位", "minister": "NOUN 部长 位",
    "new": "ADJ 新", "light": "ADJ 轻", "old": "ADJ 旧", "red": "ADJ 红", "beautiful": "ADJ 漂亮",
    "big": "ADJ 大", "white": "ADJ 白", "good": "ADJ 好", "cheap": "ADJ 便宜", "small": "ADJ 小",
    "famous": "ADJ 有名", "heavy": "ADJ 重", "strange": "ADJ 奇怪", "early": "ADJ 早",
    "late": "ADJ 晚", "quiet": "ADJ 安静", "happy": "ADJ 快乐", "young": "ADJ 年轻",
    "generous": "ADJ 慷慨", "rich": "ADJ 富有", "tired": "ADJ 疲惫",
    "buy": "VERB 买", "watch_v": "VERB 观察", "find": "VERB 找到", "sell": "VERB 卖",
    "lose": "VERB 丢", "see": "VERB 看见", "forget": "VERB 忘记", "hide": "VERB 藏",
    "draw": "VERB 画", "write": "VERB 写", "read": "VERB 读", "translate": "VERB 翻译",
    "publish": "VERB 发表", "order": "VERB 订购", "borrow": "VERB 借", "report_v": "VERB 报告",
    "say": "VERB 说", "announce": "VERB 宣布", "learn": "VERB 得知", "travel": "VERB 前往",
    "fly": "VERB 飞往", "go": "VERB 去", "work": "VERB 工作", "wait": "VERB 等待",
    "study": "VERB 学习", "sing": "VERB 唱歌", "meet": "VERB 遇见", "visit": "VERB 拜访",
    "interview": "VERB 采访", "open": "VERB 开", "reach": "VERB 到达", "reserve": "VERB 预订",
    "need": "VERB 需要", "change": "VERB 改", "tell": "VERB 告诉", "want": "VERB 想",
    "come": "VERB 到达",
    "three": "NUM 三", "four": "NUM 四", "five": "NUM 五", "six": "NUM 六", "seven": "NUM 七",
    "eight": "NUM 八", "nine": "NUM 九", "ten": "NUM 十",
    "monday": "NOUN 星期一", "tuesday": "NOUN 星期二", "wednesday": "NOUN 星期三",
    "thursday": "NOUN 星期四", "friday": "NOUN 星期五", "saturday": "NOUN 星期六",
    "sunday": "NOUN 星期天", "today": "NOUN 今天", "yesterday": "NOUN 昨天",
    "tomorrow": "NOUN 明天",
    "morning": "NOUN 早上", "evening": "NOUN 晚上", "noon": "NOUN 中午",
    "the": "DET 那", "a": "NUM 一", "this": "DET 这",
    "i": "PRON 我", "he": "PRON 他", "she": "PRON 她", "it": "PRON 它", "who": "PRON 谁",
    "from": "ADP 从", "to": "ADP 到", "in": "ADP 在", "for": "ADP 为", "about": "ADP 关于",
    "and": "CCONJ 和", "but": "CCONJ 但是", "because": "SCONJ 因为", "will": "AUX 会",
    "is": "AUX 是", "not": "ADV 没有", "very": "ADV 很", "too": "ADV 太", "please": "VERB 请",
    "how": "PRON 多少", "of": "PART 的", "le": "AUX 了", "ma": "PART 吗",
    ".": "PUNCT 。", ",": "PUNCT ，", "?": "PUNCT ？",
}  # fmt: skip

DATED = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "morning",
    "evening",
    "noon",
)  # at the time of which, with a preposition
JOINER = "·"  # between given name and surname, which are one word
ORGANISATIONS = {
    "bank_of": "X 银行/PROPN=kind", "radio_of": "X 电台/PROPN=kind",
    "airline_of": "X 航空/PROPN=kind", "hotel_of": "X 酒店/PROPN=kind",
    "restaurant_of": "X 餐厅/PROPN=kind",
}  # fmt: skip

TEMPLATES = {
    "meet": (
        "A [T] [in L] V le.TENSE B .",
        "[T] A [in L] V le.TENSE B .",
        "[T] [in L ,] A V le.TENSE B .",
    ),
    "announce": (
        "S [T] V , A will [in L] open a@BLD [ADJ.attr] BLD .",
        "[T] S V , A will [in L] open a@BLD [ADJ.attr] BLD .",
    ),
    "profile": (
        "A is a@OCC 来自/VERB=from L of [TR.attr] OCC , 在/ADP=for O work .",
        "来自/VERB=from L of [TR.attr] OCC A 在/ADP=for O work .",
        "在/ADP=for O work of A is 来自/VERB=from L of [TR.attr] OCC .",
    ),
    "travel": (
        "the@OCC [TR.attr] OCC [T] [from L] V M .",
        "[T] the@OCC [TR.attr] OCC [from L] V M .",
    ),
    "describe": (
        "A of [ADJ.attr] THING very P [, but very Q] .",
        "A of the@THING [ADJ.attr] THING very P [, but very Q] .",
    ),
    "purchase": (
        "S [T] 向/ADP=from B V le.TENSE N.count@THING [ADJ.attr] THING .",
        "[T] S 向/ADP=from B V le.TENSE N.count@THING [ADJ.attr] THING .",
    ),
    "act": (
        "A [T] [in L] V le.TENSE D@THING [ADJ.attr] THING .",
        "[T] A [in L] V le.TENSE D@THING [ADJ.attr] THING .",
        "[T] in L , A V le.TENSE D@THING [ADJ.attr] THING .",
    ),
    "deny": (
        "PRON not V the@THING THING , because it too P .",
        "because the@THING THING too P , PRON not V it .",
    ),
    "arrive": (
        "A reach L of 时候/NOUN=when , the@OCC OCC V le.past D@THING [ADJ.attr] THING .",
        "当/SCONJ A reach L of 时候/NOUN=when , the@OCC OCC V le.past D@THING [ADJ.attr] THING .",
    ),
    "together": (
        "A and B [T] in L 附近/ADP=near of [ADJ.attr] BLD V .",
        "[T] A and B in L 附近/ADP=near of [ADJ.attr] BLD V .",
    ),
    "ask": (
        "[T] who [in L] V le.TENSE D@THING [ADJ.attr] THING ?",
        "who [T] [in L] V le.TENSE D@THING [ADJ.attr] THING ?",
    ),
    "write": (
        "A [T] V le.TENSE D@TEXT about X of [ADJ.attr] TEXT .",
        "[T] A V le.TENSE D@TEXT about X of [ADJ.attr] TEXT .",
    ),
    "order": (
        "i want [for NAME] reserve [DATE] [TIME] [from FROM] to TO of [CARRIER of]"
        " [ADJ.attr] VEH .",
        "please [for NAME] reserve a@VEH [DATE] [TIME] [from FROM] to TO of [CARRIER] [ADJ.attr]"
        " VEH .",
        "[DATE] [TIME] i need a@VEH [from FROM] to TO of [CARRIER] [ADJ.attr] VEH .",
        "[DATE] [TIME] 有/VERB=is [CARRIER] [from FROM] to TO of [ADJ.attr] VEH ma ?",
    ),
    "room": (
        "i want [for NAME] in PLACE reserve [from DATE.bare to TODATE.bare of] a@room"
        " [供/ADP=for NUMBER people of] [ADJ.attr] room .",
        "please [for NAME] reserve [from DATE.bare to TODATE.bare] in PLACE of"
        " [供/ADP=for NUMBER people of] [ADJ.attr] room .",
        "[from DATE.bare to TODATE.bare] i need a@room in PLACE of [供/ADP=for NUMBER people of]"
        " [ADJ.attr] room .",
    ),
    "table": (
        "please [for NAME] in VENUE reserve a@table [DATE] TIME of"
        " [供/ADP=for NUMBER people of] table .",
        "[DATE] TIME i want [for NAME] in VENUE reserve a@table"
        " [供/ADP=for NUMBER people of] table .",
    ),
    "cost": (
        "[DATE] [CARRIER] [from FROM] to TO of 票/NOUN=ticket how 钱/NOUN=much ?",
        "[from FROM] to TO of [DATE] [CARRIER] 票/NOUN=ticket how 钱/NOUN=much ?",
    ),
    "change": (
        "please 把/ADP NAME [to TO] of VEH from DATE.bare change to TODATE.bare .",
        "NAME want 把/ADP [to TO of] VEH from DATE.bare change to TODATE.bare .",
    ),
    "tell": (
        "please tell NAME , i [DATE] [TIME] [乘坐/VERB=with CARRIER] come TO .",
        "please tell NAME , [DATE] [TIME] i [乘坐/VERB=with CARRIER] come TO .",
    ),
    "service": (
        "CARRIER [DATE] [TIME] [from FROM] 飞/VERB=fly to TO ma ?",
        "[DATE] [TIME] CARRIER [from FROM] 飞/VERB=fly to TO ma ?",
    ),
}  # fmt: skip


def inflect(filler: Filler, forms: tuple[str, ...], agree: Filler | None) -> list[Piece]:
    """The words of a filler: determiners and numbers with the classifier of what they count."""
    concept = filler.concept
    if concept.startswith("clock_"):
        number = Piece(WORDS[concept.removeprefix("clock_")].split()[1], "NUM", key="number")
        return [Piece("在", "ADP", False, "at"), number, Piece("点", "NOUN", key="clock")]
    if concept == "le" and forms != ("past",):
        return []
    upos, text, *_rest = WORDS[concept].split()
    word = Piece(text, upos, key="" if upos == "VERB" else "word")
    if agree is not None:
        classifier = WORDS[agree.concept].split()[2]
        return [word, Piece(classifier, "NOUN", False, "classifier")]
    if concept in DATED and "bare" not in forms:
        return [Piece("在", "ADP", False, "on"), word]
    if "attr" in forms and len(text) > 1:
        return [word, Piece("的", "PART", False, "attribute")]
    return [word]


def finish(tokens: list[Token]) -> list[Token]:
    """No preposition before a time that follows another one (`明天 在 晚上`)."""
    times = [token.key.split(".")[0] in ("DATE", "TIME", "T") for token in tokens]
    return [
        token
        for i, token in enumerate(tokens)
        if not (token.text == "在" and times[i] and i and times[i - 1])
    ]
