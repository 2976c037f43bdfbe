"""What goes with the gain where one source has many targets.

Is it distance, or how badly the encoder knows a language?

The gain of each target (k chosen on dev, mean over seeds) against distances from the source, what
the tokenizer makes of the language, whether the pre-training text had it, and its score. Distance
and score go together, so all but the score are partial correlations given the score. The score is
the mean of the unpruned and the pruned one (Oldham 1962): a gain is their difference and shares the
noise of either, so that it would seem to fall with the unpruned score where nothing does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from polyheads.analysis import tidy
from polyheads.analysis.choices import Choice
from polyheads.analysis.clustered import Clustered
from polyheads.analysis.estimates import ALPHA
from polyheads.analysis.fertility import Fertility
from polyheads.analysis.resampling import holm
from polyheads.catalogue import distances, language_facts, pretraining
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.study.displays import TRANSFER, Display, is_pair, members

SCORE = "score"
OF_TOKENIZER = ("subwords_per_word", "subwords_per_character", "unknown_share")
PREDICTORS = (SCORE, *distances.KINDS, "other_script", *OF_TOKENIZER, "pretraining")
FAMILY, SCRIPT, PRETRAINING = "family", "script", "pretraining"
KNOWN, UNKNOWN = "known", "unknown"
EXTREMES = 10  # languages that gain most, and that gain least


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target's gain, and what is known of its language."""

    setting: str
    model: str
    source: str
    target: str
    family: str  # "" where it isn't known
    script: str
    gain: float  # percentage points, mean over seeds
    unpruned: float  # percent
    score: float  # percent, mean of the unpruned and the pruned one
    geographic: float | None  # distances from the source, 0 to 1
    genetic: float | None
    inventory: float | None
    syntactic: float | None
    phonological: float | None
    featural: float | None
    other_script: float | None  # 1: not the source's script, 0: the same
    subwords_per_word: float | None
    subwords_per_character: float | None
    unknown_share: float | None  # percent of the subwords
    pretraining: float | None  # 1: in the encoder's pre-training text by the published list
    seeds: int

    def predictor(self, name: str) -> float | None:
        """Its value of one of PREDICTORS."""
        value: float | None = getattr(self, name)
        return value


@dataclass(frozen=True, kw_only=True)
class Association:
    """Rank correlations of gains and a predictor over the targets of a source.

    Given the score, but for the score itself. None where too few languages or families have a
    value, and where all values are the same; interval and test between families, too, where one
    family makes most of the differences between them.
    """

    setting: str
    model: str
    source: str
    predictor: str
    languages: int
    families: int
    left_out: int  # languages without a value or a family
    plain: float | None  # over all languages, nothing taken out
    rho: float | None  # over all languages
    low: float | None  # 95 %, by draws of families
    high: float | None
    languages_within: int  # in families of two or more
    within: float | None
    p_within: float | None
    p_within_holm: float | None  # adjusted with all p of the display
    between: float | None
    p_between: float | None
    p_between_holm: float | None
    one_family: str  # the family that makes most of the differences between families, else ""

    @property
    def within_told_apart(self) -> bool:
        """Whether it is told apart from zero inside families."""
        return self.p_within_holm is not None and self.p_within_holm < ALPHA

    @property
    def between_told_apart(self) -> bool:
        """Whether it is told apart from zero between families."""
        return self.p_between_holm is not None and self.p_between_holm < ALPHA


@dataclass(frozen=True, kw_only=True)
class GroupGain:
    """Gains of the targets of a family, of a script, or (un)known to the pre-training."""

    setting: str
    model: str
    source: str
    group: str  # FAMILY | SCRIPT | PRETRAINING
    name: str  # "" where it isn't known
    targets: tuple[str, ...]
    gain: float  # means
    lowest: float
    highest: float
    unpruned: float


def targets(
    display: Display,
    choices: Iterable[Choice],
    fertilities: Sequence[Fertility],
    texts: Mapping[str, str],
    languages: LanguageFacts,
) -> list[Target]:
    """The targets of a display by setting, model and source.

    texts: model -> name of the list of its pre-training languages, as far as there is one.
    """
    wanted = [row for row in members(display, choices) if is_pair(row) and _has_gain(row)]
    codes = sorted({code for row in wanted for code in row.pair})
    far = distances.between(codes, languages)
    known = {(row.model, row.corpus, row.language): row for row in fertilities}
    groups = tidy.grouped(wanted, lambda row: (row.setting, row.model, row.source))
    return [
        _target(
            seeds,
            {kind: values.get(seeds[0].pair) for kind, values in far.items()},
            known.get((seeds[0].model, seeds[0].corpus, seeds[0].target)),
            texts.get(seeds[0].model, ""),
            languages,
        )
        for setting in TRANSFER
        for place, group in groups.items()
        if place[0] == setting
        for seeds in tidy.grouped(group, lambda row: row.target).values()
    ]


def rows(targets: Iterable[Target], *, resamples: int | None = None) -> list[Association]:
    """A row for each setting, model, source and predictor."""
    unadjusted = [
        row
        for group in _groups(targets).values()
        for row in _associations(group, **({} if resamples is None else {"resamples": resamples}))
    ]
    adjusted = holm([p for row in unadjusted for p in (row.p_within, row.p_between)])
    return [
        replace(row, p_within_holm=within, p_between_holm=between)
        for row, within, between in zip(unadjusted, adjusted[::2], adjusted[1::2], strict=True)
    ]


def groups(targets: Iterable[Target]) -> list[GroupGain]:
    """By family, by script and by what the pre-training knows, the largest groups first."""
    return [
        row
        for members in _groups(targets).values()
        for kind in (FAMILY, SCRIPT, PRETRAINING)
        for row in _group_gains(members, kind)
    ]


def extremes(targets: Sequence[Target]) -> tuple[list[Target], list[Target]]:
    """The targets that gain most, and those that gain least, each from its end."""
    ordered = sorted(targets, key=lambda row: (-row.gain, row.target))
    half = min(EXTREMES, len(ordered) // 2)
    return ordered[:half], ordered[::-1][:half]


def _has_gain(row: Choice) -> bool:
    return row.dev_selected.gain is not None and row.unpruned is not None


def _groups(targets: Iterable[Target]) -> dict[tuple[str, str, str], list[Target]]:
    return tidy.grouped(targets, lambda row: (row.setting, row.model, row.source))


def _target(
    seeds: Sequence[Choice],
    far: Mapping[str, float | None],
    fertility: Fertility | None,
    text: str,
    languages: LanguageFacts,
) -> Target:
    """The target of these choices, which differ in their seeds only."""
    first = seeds[0]
    gain = fmean(g for row in seeds if (g := row.dev_selected.gain) is not None)
    unpruned = fmean(u for row in seeds if (u := row.unpruned) is not None)
    source, script = (language_facts.script(code, languages) for code in first.pair)
    known = pretraining.knows(text, first.target, languages)
    return Target(
        setting=first.setting,
        model=first.model,
        source=first.source,
        target=first.target,
        family=language_facts.family(first.target, languages),
        script=script,
        gain=gain,
        unpruned=unpruned,
        score=unpruned + gain / 2,
        geographic=far["geographic"],
        genetic=far["genetic"],
        inventory=far["inventory"],
        syntactic=far["syntactic"],
        phonological=far["phonological"],
        featural=far["featural"],
        other_script=float(source != script) if source and script else None,
        subwords_per_word=fertility.per_word if fertility else None,
        subwords_per_character=fertility.per_character if fertility else None,
        unknown_share=fertility.unknown_share if fertility else None,
        pretraining=None if known is None else float(known),
        seeds=len(seeds),
    )


def _associations(group: Sequence[Target], **draws: int) -> Iterator[Association]:
    """All predictors of a setting, model and source; p aren't adjusted yet."""
    first = group[0]
    of_family = [row for row in group if row.family]
    gains = [row.gain for row in of_family]
    families = [row.family for row in of_family]
    key = f"{first.source} " + " ".join(row.target for row in of_family)
    alone = Clustered(gains, None, families, key=key, **draws)
    given_score = Clustered(gains, [row.score for row in of_family], families, key=key, **draws)
    for predictor in PREDICTORS:
        values = [_nan(row.predictor(predictor)) for row in of_family]
        there = [not math.isnan(value) for value in values]
        found = (alone if predictor == SCORE else given_score).partial(values)
        yield Association(
            setting=first.setting,
            model=first.model,
            source=first.source,
            predictor=predictor,
            languages=sum(there),
            families=found.families,
            left_out=len(group) - sum(there),
            plain=alone.over_all(values),
            rho=found.rho,
            low=found.low,
            high=found.high,
            languages_within=found.languages_within,
            within=found.within,
            p_within=found.p_within,
            p_within_holm=None,
            between=found.between,
            p_between=found.p_between,
            p_between_holm=None,
            one_family=found.one_family,
        )


def _group_gains(targets: Sequence[Target], kind: str) -> Iterator[GroupGain]:
    def name(row: Target) -> str:
        if kind == PRETRAINING:
            return "" if row.pretraining is None else KNOWN if row.pretraining else UNKNOWN
        return row.family if kind == FAMILY else row.script

    by_name = tidy.grouped(targets, name)
    for group, inside in sorted(by_name.items(), key=lambda item: (-len(item[1]), item[0])):
        gains = [row.gain for row in inside]
        yield GroupGain(
            setting=inside[0].setting,
            model=inside[0].model,
            source=inside[0].source,
            group=kind,
            name=group,
            targets=tuple(row.target for row in inside),
            gain=fmean(gains),
            lowest=min(gains),
            highest=max(gains),
            unpruned=fmean(row.unpruned for row in inside),
        )


def _nan(value: float | None) -> float:
    return math.nan if value is None else value
