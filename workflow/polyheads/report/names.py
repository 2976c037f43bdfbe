"""What things are called in the report: languages, rankings, displays."""

from __future__ import annotations

from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.catalogue.methods import KINDS
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.study import comparisons
from polyheads.study.displays import CONTROLS, SEVERAL, Display
from polyheads.study.rankings import ON, ON_TARGET

Languages = LanguageFacts  # of catalogue.language_facts

MODELS = {"mbert": "mBERT", "xlmr": "XLM-R"}  # names in files of published numbers -> in words


def counted(count: int, noun: str) -> str:
    """`1 seed`, `1,200 seeds`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def title(display: Display) -> str:
    """What a display is about: task, setting and metric."""
    setting = f", {display.setting}" if display.setting else ""
    return f"{TASK_NAMES[display.task]}{setting}: {METRICS[display.task][display.metric]}"


def language_name(code: str, languages: Languages) -> str:
    """English name of a language, or of several (`en+zh`); the code where the table has none.

    That of a model on text of another (`en-on-de`) is `English on German`.
    """
    if ON in code:
        return " on ".join(language_name(part, languages) for part in code.split(ON))
    return " + ".join(languages.get(part, {}).get("name", part) for part in code.split("+"))


def pair_name(source: str, target: str, languages: Languages) -> str:
    """`English → German`; one name where both are the same language."""
    names = [language_name(code, languages) for code in (source, target)]
    return names[0] if source == target else " → ".join(names)


def ranking_name(kind: str) -> str:
    """What a kind of ranking is, in words."""
    if kind == SEVERAL:
        return "several sources"
    if kind == CONTROLS:
        return "controls"
    core = kind.removeprefix("reversed-")
    back = core != kind
    if core.startswith("random-"):
        words = f"random ranking, seed {core.removeprefix('random-')}"
        return f"{words}, reversed" if back else words
    side = " reversed, highest heads first" if back else ", lowest heads first"
    for method, words in (("merged", "mean rank"), ("summed", "summed scores")):
        if core.startswith(f"{method}-"):
            return f"{core.removeprefix(f'{method}-')} rankings of all sources, {words}{side}"
    for name in sorted(KINDS, key=len, reverse=True):
        if core == name:
            return f"{name} ranking{side}"
        if core == f"{name}{ON_TARGET}":
            return f"{name} ranking scored on the target's text{side}"
        if core.startswith(f"{name}-"):  # of another language than the source
            return f"{name} ranking scored on {core.removeprefix(f'{name}-')}{side}"
    return f"ranking {kind}"


def group_title(group: comparisons.Languages) -> str:
    """What rankings of several languages have in common, as far as a reader needs it."""
    return f"{group.kind}: {group.model}, {group.corpus}, seed {group.seed}"


def heat_map_title(ranking: comparisons.Ranking, languages: Languages) -> str:
    """Whose scores of which kind a heat map shows.

    `gradient: tiny-bert, grammar-pos, English, seed 42`.
    """
    parts = [f"{ranking.kind}: {ranking.model}", ranking.corpus]
    if ranking.language:
        parts.append(language_name(ranking.language, languages))
    return ", ".join([*parts, f"seed {ranking.seed}"])
