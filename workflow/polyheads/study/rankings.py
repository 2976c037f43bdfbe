"""Rankings by name: what ``gradient-en``, ``random-42`` and ``reversed-gradient-en`` stand for.

``KIND-LANGUAGE`` is scored on a language, ``random-SEED`` is drawn, and ``reversed-NAME`` is the
ranking NAME from its other end. ``merged-KIND-A+B`` and ``summed-KIND-A+B`` put the scores of
several languages together (orders.together).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from polyheads.catalogue.methods import KINDS
from polyheads.errors import UserError
from polyheads.validation import nearest

METHODS = ("merged", "summed")


@dataclass(frozen=True)
class Name:
    """The parts of a ranking's name."""

    kind: str  # one of KINDS, or "random"
    language: str | None  # of the scored kinds; `de+ar` where several are put together
    seed: int | None  # of "random"
    reversed: bool
    method: str | None = None  # how several languages are put together: one of METHODS

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that are scored."""
        return tuple(self.language.split("+")) if self.language else ()


def expand(ranking: str, source: Sequence[str]) -> list[str]:
    """The full names of a ranking of a config (``gradient``) for the languages of a source.

    The first language's (``gradient-en``), all together for ``merged-gradient`` and
    ``summed-gradient``, one after the other for ``each-gradient``.
    """
    core = ranking.removeprefix("reversed-")
    prefix = ranking.removesuffix(core)
    if core in KINDS:
        return [f"{prefix}{core}-{source[0]}"]
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
        several = language.split("+")
        known = languages is None or set(several) <= set(languages)
        if language and language != core and known and (len(several) > 1) == (method in METHODS):
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
            "merged-, summed- and each- before the scored ones where there are several sources"
        )
    raise UserError(f"ranking {name!r} is not known{hint}")


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
    """What a ranking is whatever its language: `gradient-en` of the source `en` is `gradient`."""
    kind = ranking.removesuffix(f"-{source}")
    return kind if kind != ranking else ranking.removesuffix(f"-{source.split('+')[0]}")
