"""Rankings by name: what ``gradient-en``, ``random-42`` and ``reversed-gradient-en`` stand for.

``KIND-LANGUAGE`` is scored on a language, ``random-SEED`` is drawn, and ``reversed-NAME`` is the
ranking NAME from its other end. ``merged-KIND-A+B`` and ``summed-KIND-A+B`` put the scores of
several languages together (orders.together). ``KIND-LANGUAGE-on-OTHER`` is of the model trained on
LANGUAGE, scored on text of OTHER; a configuration has it as ``KIND-on-target``, where OTHER is
the target of each pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from polyheads.catalogue.methods import KINDS
from polyheads.errors import UserError
from polyheads.validation import nearest

METHODS = ("merged", "summed")
ON = "-on-"  # between the language that a model is trained on and that of the text it is scored on
ON_TARGET = f"{ON}target"


@dataclass(frozen=True)
class Name:
    """The parts of a ranking's name."""

    kind: str  # one of KINDS, or "random"
    language: str | None  # of the scored kinds; `de+ar` where several are put together; `en-on-de`
    seed: int | None  # of "random"
    reversed: bool
    method: str | None = None  # how several languages are put together: one of METHODS

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that are scored; see `trained_on` and `text_of` for `en-on-de`."""
        return tuple(self.language.split("+")) if self.language else ()


def trained_on(language: str) -> str:
    """The language of the model that is scored: `en` of `en` and of `en-on-de`."""
    return language.partition(ON)[0]


def text_of(language: str) -> str:
    """The language of the text that it is scored on: `de` of `de` and of `en-on-de`."""
    return language.rpartition(ON)[2]


def reader(kind: str, language: str) -> str:
    """Who reads the weights of a baseline: a kind, or `KIND-on-LANGUAGE` with other text."""
    return f"{kind}{language.removeprefix(trained_on(language))}"


def kind_of_reader(name: str) -> str:
    """The kind of ranking of a `reader`."""
    return name.partition(ON)[0]


def expand(ranking: str, source: Sequence[str], target: str) -> list[str]:
    """The full names of a ranking of a config (``gradient``) for the languages of a source.

    The first language's (``gradient-en``), all together for ``merged-gradient`` and
    ``summed-gradient``, one after the other for ``each-gradient``; the first language's on text of
    the target (``gradient-en-on-de``) for ``gradient-on-target``, which is ``gradient-en`` if that
    is the target.
    """
    core = ranking.removeprefix("reversed-")
    prefix = ranking.removesuffix(core)
    if core in KINDS:
        return [f"{prefix}{core}-{source[0]}"]
    kind = core.removesuffix(ON_TARGET)
    if kind != core and kind in KINDS:
        text = f"{ON}{target}" if target != source[0] else ""
        return [f"{prefix}{kind}-{source[0]}{text}"]
    method, _, kind = core.partition("-")
    if kind in KINDS and method == "each":
        return [f"{prefix}{kind}-{language}" for language in source]
    if kind in KINDS and method in METHODS:
        return [f"{prefix}{core}-{'+'.join(source)}"]
    return [ranking]


def parse(name: str, languages: Iterable[str] | None = None) -> Name:
    """The parts of ``name``; UserError where it is not one that can be made.

    languages: those that scores can be made on; None takes any.
    """
    core = name.removeprefix("reversed-")
    back = core != name
    drawn = core.removeprefix("random-")
    if drawn != core and drawn.isascii() and drawn.isdecimal():
        # One seed, one name; the largest is that of the configuration's other seeds.
        if len(drawn) > 10 or int(drawn) >= 2**32 or drawn != str(int(drawn)):
            raise UserError(
                f"ranking {name!r}: give a seed from 0 to {2**32 - 1} without zeros before it"
            )
        return Name("random", None, int(drawn), back)
    method = core.partition("-")[0]
    if method in METHODS:
        core = core.removeprefix(f"{method}-")
    # The longest first: gradient-batch-en is scored on en, not on batch-en.
    for kind in sorted(KINDS, key=len, reverse=True):
        language = core.removeprefix(f"{kind}-")
        together = ("+" in language) == (method in METHODS)
        if language and language != core and together and _known(language, languages):
            return Name(kind, language, None, back, method if method in METHODS else None)
    if method in METHODS and "+" not in core and core.startswith(tuple(KINDS)):
        raise UserError(
            f"ranking {name!r} puts the rankings of several sources together, and there is one; "
            "give sources such as en+de"
        )
    hint = nearest(core, KINDS)
    if "did you mean" not in hint:
        hint = (
            f"; known are {', '.join(KINDS)}, random-SEED, reversed- before each of them, and "
            "merged-, summed- and each- before the scored ones where there are several sources, "
            "-on-target behind a scored one"
        )
    raise UserError(f"ranking {name!r} is not known{hint}")


def _known(language: str, languages: Iterable[str] | None) -> bool:
    """Whether scores can be made on these languages.

    On one, on several (`de+ar`), or on text of another (`en-on-de`): on ``languages``, or any where
    that is None.
    """
    if languages is None:
        return True
    known = set(languages)
    trained, on, text = language.partition(ON)
    if on and language not in known:
        return trained in known and text in known - {trained}  # one ranking, one name
    return set(language.split("+")) <= known


def normalisation(name: str, wanted: str) -> str | None:
    """How the scores behind a ranking are divided; ``wanted`` is the recipe's word.

    Scores that are of one scale in all layers (attention weights, the loss) are not divided by
    layer, which would take away what they say. None for random rankings.
    """
    kind = parse(name).kind
    if kind == "random":
        return None
    return wanted if KINDS[kind].by_layer else "none"


def ranking_kind(ranking: str, source: str) -> str:
    """What a ranking is whatever its language: `gradient-en` of the source `en` is `gradient`.

    And `gradient-en-on-de` is `gradient-on-target`, the only name that a configuration has for it.
    """
    of_model, on, _ = ranking.rpartition(ON)
    if on:
        return f"{of_model.removesuffix('-' + source.split('+')[0])}{ON_TARGET}"
    kind = ranking.removesuffix(f"-{source}")
    return kind if kind != ranking else ranking.removesuffix(f"-{source.split('+')[0]}")
