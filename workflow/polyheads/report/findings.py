"""What a study ran and found, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from polyheads.analysis import products
from polyheads.analysis.findings import Extent, Extras, Findings, Gains, Limits, Run
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.report.cells import number, signed
from polyheads.report.names import Languages, counted, language_name, ranking_name
from polyheads.report.notes import reproduction_sentences


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """The words of the start page."""

    summary: tuple[str, ...]  # what was run, what was found, what it doesn't say
    numbers: tuple[tuple[str, str], ...]  # value, what it counts
    run: tuple[str, ...]
    found: tuple[str, ...]
    limits: tuple[str, ...]


def read(directory: str | Path) -> Findings:
    """The findings among the products of the analysis."""
    parts = products.read(directory, "findings", products.OF_STUDY["findings"])
    (extent,), (limits,) = parts["extent"], parts["limits"]
    names = ("runs", "extras", "gains", "reproduced")
    lists = {name: tuple(parts[name]) for name in names}
    return Findings(extent=extent, limits=limits, **lists)


def sentences(
    findings: Findings, languages: Languages, titles: Mapping[str, str] | None = None
) -> Sentences:
    """Findings in words. titles: of tables by name; without, reproductions are left out."""
    found = []
    for gains in findings.gains:
        found += _found(gains, several=findings.extent.rankings > 1)
    if titles:
        degrees = [(titles[table.table], table.degree) for table in findings.reproduced]
        found += reproduction_sentences(degrees)
    run = [_run(run, languages) for run in findings.runs]
    return Sentences(
        summary=tuple(_summary(findings)),
        numbers=tuple(_numbers(findings.extent)),
        run=(*run, *filter(None, map(_beside, findings.extras))),
        found=tuple(found),
        limits=tuple(_limits(findings.limits)),
    )


def _summary(findings: Findings) -> list[str]:
    """The study in three sentences."""
    extent = findings.extent
    ran = f"{counted(extent.trainings, 'training')} of {counted(extent.models, 'encoder')}"
    if extent.masked:
        ran += f" and {counted(extent.masked, 'evaluation')} of masked models"
    return [
        f"This study ran {ran} on {counted(extent.tasks, 'task')} in"
        f" {counted(extent.languages, 'language')}, without the attention heads that a ranking"
        " calls least important.",
        _in_short(findings.gains),
        _doubt(findings.limits),
    ]


def _in_short(gains: Sequence[Gains]) -> str:
    """The mean gains of the first ranking, k chosen on dev, and how many gains are significant."""
    first = [g for g in gains if g.ranking == gains[0].ranking]
    known = [(g.setting, g.dev_selected) for g in first if g.dev_selected is not None]
    if not known:
        return "No gains are known yet."
    means = _listed(f"{signed(gain)} ({setting})" for setting, gain in known)
    text = (
        f"With k chosen on development data, pruning changed test scores by {means} points on"
        " average"
    )
    apart = [g.dev_selected_apart for g in first]
    tested = sum(each.tested for each in apart)
    if not tested:
        return f"{text}."
    above, below = sum(each.above for each in apart), sum(each.below for each in apart)
    return (
        f"{text}; of {counted(tested, 'tested gain')}, {above} {'is' if above == 1 else 'are'}"
        f" significantly above zero and {below} below."
    )


def _doubt(limits: Limits) -> str:
    """What a reader must know before believing a gain."""
    if limits.run_noise:
        return (
            "The noise of training was measured with further unpruned runs; the verdicts on the"
            " paper's claims take it into account, the tables of single gains don't."
        )
    if limits.seeds == 1:
        return (
            "There is one seed and the noise of training was not measured, so the gains are not"
            " evidence that pruning helps."
        )
    return (
        f"There are {limits.seeds} seeds and no measurement of the noise of unpruned runs, so small"
        " gains may be noise."
    )


def _numbers(extent: Extent) -> list[tuple[str, str]]:
    numbers = [(extent.trainings, "trainings")]
    if extent.masked:
        numbers.append((extent.masked, "evaluations of masked models"))
    numbers += [
        (extent.sweeps, "sweeps over k"),
        (extent.tasks, "tasks"),
        (extent.models, "models"),
        (extent.languages, "languages"),
        (extent.seeds, "seeds"),
    ]
    return [(f"{n:,}", label.removesuffix("s") if n == 1 else label) for n, label in numbers]


def _run(run: Run, languages: Languages) -> str:
    rankings = ranking_name(run.rankings[0])
    if len(run.rankings) > 1:
        rankings = f"rankings {_listed(run.rankings)}"
    elif len(run.ks) == 1:
        rankings = "no head is pruned"
    sources, targets = (
        _listed(language_name(code, languages) for code in codes)
        for codes in (run.sources, run.targets)
    )
    task = TASK_NAMES[run.task]
    heading = task if run.experiment == run.task else f"{task} (experiment {run.experiment})"
    pruned = "pruned before" if run.protocol == "prune" else "masked after"
    ks = f" k = {_ks(run.ks)}, heads {pruned} training;" if len(run.ks) > 1 else ""
    pairs = f"from {sources} to {targets}" if sources != targets else sources
    return (
        f"{heading}: {_listed(run.models)} on {run.corpus}, recipe {run.recipe}; {pairs}"
        f" ({_listed(run.settings)});{ks} {rankings}; {METRICS[run.task][run.metric]}"
        f"{', test read with all heads on' if run.heads == 'all' else ''}."
    )


def _beside(extras: Extras) -> str:
    """Null baselines and fresh seeds of an experiment; "" for none."""
    counts = {
        "random ranking{s}": extras.random_rankings,
        "further seed{s} of each unpruned model": extras.further_seeds,
        "fresh seed{s} of the chosen k": extras.fresh_seeds,
    }
    parts = [f"{n} {words.format(s='' if n == 1 else 's')}" for words, n in counts.items() if n]
    return f"Beside experiment {extras.experiment}: {_listed(parts)}." if parts else ""


def _found(gains: Gains, *, several: bool) -> list[str]:
    ranking = f", {ranking_name(gains.ranking)}" if several else ""
    name = gains.setting.capitalize() + ranking
    selected, best, apart = gains.dev_selected, gains.test_oracle, gains.oracle_less_dev
    if selected is None or best is None or apart is None:
        return [f"{name}: no gains, because trials are missing."]
    together = ""
    if gains.dev_test_spearman is not None:
        rho = number(gains.dev_test_spearman)
        together = f" Over k, dev and test correlate with a mean Spearman's ρ of {rho}."
    return [
        f"{name}, k chosen on dev: pruning changed the test score by {signed(selected)} percentage"
        f" points on average over {counted(gains.sweeps, 'sweep')}. {gains.up} went up,"
        f" {gains.down} down, {gains.same} stayed (k = 0 was chosen in {gains.unpruned}).{together}"
        f"{_told_apart(gains, 'dev_selected')}",
        f"{name}, best of k ≥ 1 on test: the same trials give {signed(best)} on average, and"
        f" {gains.oracle_up} of {gains.oracle_sweeps} go up. This criterion, the paper's, takes a"
        " maximum over noisy scores; it differs from the choice on dev by"
        f" {signed(apart)}.{_told_apart(gains, 'test_oracle')}",
    ]


def _told_apart(gains: Gains, criterion: str) -> str:
    """How many gains are more than the choice of test sentences makes; "" without estimates."""
    apart = gains.apart(criterion)
    if not apart.gains:
        return ""
    both = apart.above + apart.below
    redone = " and a new best k in every sample" if criterion == "test_oracle" else ""
    where = f": {apart.above} above, {apart.below} below" if both else ""
    which = "" if apart.tested == apart.gains else " with k ≥ 1"
    return (
        f" With resampled test sentences{redone}, {both} of {apart.tested} gains{which}"
        f" differ significantly from zero{where}."
    )


def _limits(limits: Limits) -> list[str]:
    out = [
        _noise(limits),
        "The best of several k on test is above k = 0 more often than not even where pruning does"
        " nothing. It is shown next to the choice on dev for comparison with the paper, not as an"
        " estimate.",
    ]
    if not limits.random_rankings:
        out.append(
            "The ranking is not compared with random ones here, so nothing in this report says"
            " that it finds the right heads."
        )
    if limits.cross_lingual:
        out.append(
            "In the cross-lingual setting k is chosen on the dev set of the source language, all"
            " that a user without target data has; how well it follows the target's test score"
            " is in the column ρ."
        )
    if limits.missing:
        out.append(f"Trials that are missing: {limits.missing}. What they touch is marked.")
    return out


def _noise(limits: Limits) -> str:
    if limits.run_noise:
        return (
            "The noise of training was measured in some experiments, with further seeds of the"
            " unpruned models (see Null baselines). It is in no interval and in no p of the tables."
        )
    if limits.seeds == 1:
        return (
            "Every sweep was run with one seed. Trainings that differ in nothing but the seed"
            " differ in their scores too; that noise was not measured here and is in no interval"
            " and no p, so the gain of a sweep is not evidence that pruning helps."
        )
    return (
        f"Every sweep was run with {limits.seeds} seeds. Intervals and p take the seeds into"
        " account, but few seeds tell little; gains are not tested against the noise of unpruned"
        " trainings."
    )


def _ks(ks: Sequence[int]) -> str:
    if list(ks) == list(range(ks[0], ks[-1] + 1)):
        return f"{ks[0]}–{ks[-1]}" if len(ks) > 1 else str(ks[0])
    return ", ".join(map(str, ks))


def _listed(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
