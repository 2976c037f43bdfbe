"""What the analysis of a study leaves: the records behind each table and figure, as CSV files.

A product has a name, that of a display or of a table over the whole study, and one or more parts,
each a list of records: NAME.csv, NAME.PART.csv. The report reads them here and computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyheads.analysis import (
    choices,
    claims,
    common_heads,
    controls,
    corpus_baselines,
    correlations,
    curves,
    dev_test,
    differences,
    estimates,
    fertility,
    findings,
    fresh,
    improved,
    language_similarity,
    low_resource,
    many_languages,
    null_baselines,
    null_gains,
    overview,
    ranking_agreement,
    ranking_costs,
    ranking_curves,
    rankings,
    replication,
    results,
    several_sources,
    signatures,
    stopping,
    sweep_gains,
    tidy,
)
from polyheads.analysis.choices import Choice, Score
from polyheads.analysis.claims.records import ClaimLine
from polyheads.analysis.differences import Difference
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.fertility import Fertility
from polyheads.analysis.null_baselines import NullBaseline
from polyheads.analysis.rankings import Ranking
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.study import comparisons, contents, displays
from polyheads.study.displays import Display

Parts = Mapping[str, Sequence[Any]]  # part -> its records; "" is the main one
Records = Mapping[str, type]  # part -> what its records are

OF_DISPLAYS: dict[str, Records] = {
    "results": {"": results.Result},
    "low-resource": {"": low_resource.Share},
    "several-sources": {"": several_sources.SourcesRow},
    "controls": {"": controls.ControlRow},
    "replication": {"": replication.ReplicationRow},
    "null-baselines": {"": null_baselines.NullBaseline, "gains": null_gains.NullGain},
    "fresh": {"": fresh.FreshGain},
    "stopping": {"": stopping.StoppingRow},
    "correlations": {
        "": correlations.Correlation,
        "families": correlations.FamilyGain,
        "points": correlations.Point,
    },
    "many-languages": {
        "": many_languages.Association,
        "groups": many_languages.GroupGain,
        "targets": many_languages.Target,
    },
    "curves": {"": curves.Curve},
    "gains": {"": sweep_gains.SweepGain},
    "dev-test": {"": dev_test.DevTest},
}
"""Kind of display -> its parts."""

OF_STUDY: dict[str, Records] = {
    "overview": {"": overview.Overview},
    "improved": {"": improved.Improved},
    "pruned-heads": {"": choices.Choice},
    "claims": {"": ClaimLine},
    "corpus-baselines": {"": corpus_baselines.Baseline},
    "fertility": {"": fertility.Fertility},
    "findings": {
        "extent": findings.Extent,
        "runs": findings.Run,
        "extras": findings.Extras,
        "gains": findings.Gains,
        "limits": findings.Limits,
        "reproduced": findings.Reproduced,
    },
    "languages": {"": language_similarity.Similarity},
    "signatures": {"": signatures.Signature},
    "machines": {"": signatures.Machine},
    comparisons.RANKINGS: {"": ranking_agreement.Agreement},
    comparisons.COSTS: {"": ranking_costs.Cost, "curves": ranking_curves.RankingCurve},
    comparisons.COMMON: {"": common_heads.CommonHeads},
    comparisons.FAMILIES: {"": common_heads.FamilyHeads},
    comparisons.TASKS: {"": common_heads.TaskHeads},
}
"""Product over the whole study -> its parts."""


@dataclass(frozen=True)
class Data:
    """Everything that numbers of a study are made from."""

    contents: contents.Contents
    choices: Sequence[Choice]
    scores: Sequence[Score]
    estimates: Sequence[Estimate]
    null_baselines: Sequence[NullBaseline]
    differences: Sequence[Difference]
    rankings: Sequence[Ranking]
    origins: signatures.Origins
    fertility: Sequence[Fertility]
    pretraining: Mapping[str, str]  # model -> list of the languages of its pre-training text
    languages: LanguageFacts


def read_data(
    *,
    contents_file: str | Path,
    choices_file: str | Path,
    scores_file: str | Path,
    estimates_file: str | Path,
    null_baselines_file: str | Path,
    differences_file: str | Path,
    ranking_files: Iterable[str | Path],
    trial_files: Iterable[str | Path],
    corpus_files: Iterable[str | Path],
    encoding_files: Iterable[str | Path],
    pretraining: Mapping[str, str],
    languages: LanguageFacts,
) -> Data:
    """The data in the files of the stages before."""
    return Data(
        contents=contents.read(contents_file),
        choices=choices.read(choices_file),
        scores=choices.read_scores(scores_file),
        estimates=estimates.read(estimates_file),
        null_baselines=null_baselines.read(null_baselines_file),
        differences=differences.read(differences_file),
        rankings=[rankings.read(path) for path in ranking_files],
        fertility=fertility.rows(encoding_files, languages),
        pretraining=pretraining,
        languages=languages,
        origins=signatures.read_origins(corpus_files, trial_files),
    )


def write(data: Data, directory: str | Path) -> None:
    """All products of a study, into a directory."""
    plan = data.contents.displays
    made = {display.name: of_display(display, data) for display in plan}
    records = {display.name: OF_DISPLAYS[display.kind] for display in plan} | OF_STUDY
    for name, parts in {**made, **of_study(data, made)}.items():
        for part, rows in parts.items():
            columns = tidy.columns_of(records[name][part])
            tidy.write(rows, _path(directory, name, part), columns=columns)


def read(directory: str | Path, name: str, records: Records) -> dict[str, list[Any]]:
    """The parts of a product. records: of OF_DISPLAYS or OF_STUDY."""
    return {part: tidy.read(kind, _path(directory, name, part)) for part, kind in records.items()}


def of_display(display: Display, data: Data) -> Parts:
    """The records behind the tables and figures of a display."""
    d = data
    match display.kind:
        case "results":
            return {"": results.rows(display, d.choices, d.estimates, d.scores)}
        case "low-resource":
            return {"": low_resource.rows(display, d.choices, d.estimates, d.scores)}
        case "several-sources":
            return {"": several_sources.rows(display, d.choices, d.estimates)}
        case "controls":
            return {"": controls.rows(display, d.choices, d.estimates, d.differences)}
        case "replication":
            return {"": replication.rows(display, d.choices, d.estimates, d.scores)}
        case "null-baselines":
            return {
                "": d.null_baselines,
                "gains": null_gains.rows(d.null_baselines, d.estimates),
            }
        case "fresh":
            return {"": fresh.rows(display, d.choices, d.estimates)}
        case "stopping":
            return {"": stopping.rows(display, d.choices, d.scores, d.estimates)}
        case "correlations":
            return {
                "": correlations.rows(display, d.choices, d.rankings, d.languages),
                "families": correlations.families(display, d.choices, d.languages),
                "points": correlations.points(display, d.choices, d.rankings, d.languages),
            }
        case "many-languages":
            targets = many_languages.targets(
                display, d.choices, d.fertility, d.pretraining, d.languages
            )
            return {
                "": many_languages.rows(targets),
                "groups": many_languages.groups(targets),
                "targets": targets,
            }
        case "curves":
            return {"": curves.rows(display, d.choices, d.scores)}
        case "gains":
            return {"": sweep_gains.rows(display, d.choices)}
        case "dev-test":
            return {"": dev_test.rows(display, d.choices)}
    raise ValueError(f"no display is a {display.kind!r}")


def of_study(data: Data, made: Mapping[str, Parts]) -> dict[str, Parts]:
    """The records behind the tables over the whole study. made: those of its displays, by name."""
    d = data
    sweeps = d.contents.sweeps
    main = displays.main_rows(d.contents.displays, d.choices)
    # Not what exists: a partial report leaves out older files of trials that are to be made again.
    done = {row.trial_path for row in d.scores}
    degrees = [
        findings.Reproduced(table=display.name, degree=made[display.name][""][0].reproduction)
        for display in d.contents.displays
        if display.kind in ("results", "several-sources") and made[display.name][""]
    ]
    story = findings.findings(sweeps, done, main, d.estimates, degrees)
    judged = claims.rows(
        d.contents,
        d.choices,
        d.estimates,
        d.null_baselines,
        d.differences,
        d.rankings,
        d.languages,
        correlations={
            display.name: made[display.name][""]
            for display in d.contents.displays
            if display.kind == "correlations"
        },
    )
    largest = displays.largest_k(sweeps)
    return {
        "overview": {"": overview.rows(main)},
        "improved": {"": improved.rows(main, d.estimates)},
        "pruned-heads": {"": main},
        "claims": {"": judged},
        "corpus-baselines": {"": corpus_baselines.rows(d.scores)},
        "fertility": {"": d.fertility},
        "findings": {
            "extent": [story.extent],
            "runs": story.runs,
            "extras": story.extras,
            "gains": story.gains,
            "limits": [story.limits],
            "reproduced": story.reproduced,
        },
        "languages": {"": language_similarity.rows(d.rankings)},
        "signatures": {"": signatures.rows(d.contents, done, d.origins)},
        "machines": {"": signatures.machines(sorted(done), d.origins)},
        comparisons.RANKINGS: {"": ranking_agreement.rows(d.rankings, k=largest)},
        comparisons.COSTS: {
            "": ranking_costs.rows(main, d.scores, d.estimates),
            "curves": ranking_curves.rows(main, d.choices, d.scores),
        },
        comparisons.COMMON: {"": common_heads.common(d.rankings)},
        comparisons.FAMILIES: {"": common_heads.families(d.rankings, d.languages)},
        comparisons.TASKS: {"": common_heads.tasks(d.rankings)},
    }


def _path(directory: str | Path, name: str, part: str) -> Path:
    return Path(directory, f"{name}.{part}.csv" if part else f"{name}.csv")
