"""The reproducibility page: what the checklists of *ACL conferences ask, answered from the study.

Each answer is made of the study's own files. What they don't hold is said to be missing from them,
so that an author adds it by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyheads.analysis.data_use import DataUse
from polyheads.analysis.run_times import RunTimes
from polyheads.analysis.signatures import Machine, Signature
from polyheads.report.names import counted
from polyheads.report.signatures import line
from polyheads.study.contents import Contents


@dataclass(frozen=True, kw_only=True)
class Study:
    """What the answers are made of."""

    contents: Contents
    whole: Signature  # of all sweeps
    machines: Sequence[Machine]
    models: Sequence[Mapping[str, Any]]  # model.json files
    corpora: Sequence[Mapping[str, Any]]  # corpus.json files
    data: DataUse
    times: RunTimes
    configuration: Mapping[str, Any]  # config.yaml


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A question of the checklists, and its answer in sentences."""

    question: str
    sentences: tuple[str, ...]


def read_configuration(path: str | Path) -> Mapping[str, Any]:
    """The study's config.yaml."""
    import yaml

    content: Mapping[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return content


def answers(study: Study) -> list[Answer]:
    """The questions in the order of the checklists: code, computing, experiments, data."""
    every = {
        "Code and configuration": _code(study),
        "Computing infrastructure": _machines(study.machines),
        "Run time": _times(study.times),
        "Number of parameters": [
            f"{model['model']}: {model['parameters']:,}." for model in study.models
        ],
        "Number of training and evaluation runs": _runs(study),
        "Seeds": _seeds(study.contents),
        "Hyperparameters and their bounds": _bounds(study),
        "Selection criterion": _selection(study.contents),
        "Development scores": [
            "The table of development and test scores has both for every sweep, at the k chosen on"
            " dev."
        ],
        "Metrics": [
            "The signature of each table names its metrics and the code that computed them. For all"
            f" sweeps together it is {line(study.whole)}."
        ],
        "Data: size, splits, labels, licences": _data(study),
        "Data left out or changed": [*_left_out(study), *_limits(study)],
    }
    return [Answer(question=q, sentences=tuple(sentences)) for q, sentences in every.items()]


def _code(study: Study) -> list[str]:
    codes = study.whole.training_code
    hashes = "Hash" if len(codes) == 1 else "Hashes"
    return [
        "Versions of packages and the whole configuration are under Run times and versions.",
        f"{hashes} of the code behind the trials: {', '.join(codes)}.",
    ]


def _machines(machines: Sequence[Machine]) -> list[str]:
    out = []
    for machine in machines:
        device = {"cpu": "a CPU", "cuda": "a GPU (CUDA)"}.get(machine.device, machine.device)
        threads = counted(machine.threads, "thread") if machine.threads else "no count of threads"
        out.append(f"{counted(machine.trials, 'trial')} on {device} with {threads} per training.")
    return [*out, "Trials don't record the model of the processor or GPU; add it by hand."]


def _times(times: RunTimes) -> list[str]:
    if not times.stages:
        return ["No benchmark file of a job is there, so run times are not known."]
    out = [
        f"{counted(times.whole.jobs, 'job')} took {_duration(times.whole.sum_s)} of wall-clock time"
        " in all, as Snakemake measured them one by one; jobs may have run side by side."
    ]
    for stage in times.stages:
        if stage.stage == "trials" and stage.mean_s is not None:
            out.append(
                f"{counted(stage.jobs, 'job')} of the stage trials took"
                f" {_duration(stage.mean_s)} on average; one job trains one model or several."
            )
    if times.absent:
        out.append(
            f"The benchmark files of {counted(times.absent, 'job')} are missing, so these numbers"
            " are too small."
        )
    return out


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} seconds"
    minutes = seconds / 60
    return f"{minutes:.1f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"


def _runs(study: Study) -> list[str]:
    whole = study.whole
    out = [
        f"The sweeps consist of {counted(whole.trainings, 'training')}; missing ones don't count."
    ]
    if whole.masked:
        out.append(f"{counted(whole.masked, 'evaluation')} masked heads after training.")
    if rankings := len(study.contents.rankings):
        out.append(
            f"{counted(rankings, 'ranking')} of heads by score come from models that were trained"
            " for scoring; these trainings are not counted here."
        )
    return out


def _seeds(contents: Contents) -> list[str]:
    words = {
        "main": "Seeds of the sweeps",
        "random": "Seeds of the sweeps with random rankings",
        "noise": "Seeds of the sweeps that measure the noise of training",
        "fresh": "Fresh seeds for the chosen k",
    }
    out = []
    for role, name in words.items():
        if seeds := sorted({sweep.seed for sweep in contents.sweeps if sweep.role == role}):
            out.append(f"{name}: {', '.join(map(str, seeds))}.")
    if len({sweep.seed for sweep in contents.sweeps if sweep.role == "main"}) == 1:
        out.append("With one seed, no result is a mean over runs.")
    return out


def _bounds(study: Study) -> list[str]:
    main = [sweep for sweep in study.contents.sweeps if sweep.role == "main"]
    ks = dict.fromkeys(sweep.ks for sweep in main if len(sweep.ks) > 1)
    tried = "; ".join(", ".join(map(str, values)) for values in ks)
    return [
        f"The workflow searched one hyperparameter, the number of pruned heads k: {tried}."
        if ks
        else "The workflow searched no hyperparameter.",
        "It ran each recipe with the values in the table of recipes and doesn't know how they were"
        " found.",
    ]


def _selection(contents: Contents) -> list[str]:
    main = [sweep for sweep in contents.sweeps if sweep.role == "main" and len(sweep.ks) > 1]
    if not main:
        return ["No heads were pruned, so nothing was selected."]
    out = ["Of each sweep the k with the best score on development data, ties to the smaller k."]
    settings = {sweep.setting for sweep in main}
    if "cross-lingual" in settings:
        out.append("Cross-lingual sweeps use development data of the source only.")
    out.append(
        "Next to it the tables show the best k ≥ 1 on test, the criterion of Ma et al. (2021). It"
        " chooses by the test set, so it is no estimate."
    )
    return out


def _data(study: Study) -> list[str]:
    data = study.data
    licences: dict[str, list[str]] = {}
    for corpus in study.corpora:
        known = licences.setdefault(corpus["corpus"], [])
        if corpus["licence"] not in known:
            known.append(corpus["licence"])
    return [
        f"{counted(data.sentences, 'sentence')} with {counted(data.words, 'word')}; sizes by"
        " language and split, labels and sources are under Corpora.",
        *(f"Licence of {name}: {', '.join(known)}." for name, known in licences.items()),
    ]


def _left_out(study: Study) -> list[str]:
    data, out = study.data, []
    if data.skipped or data.repaired:
        out.append(
            f"The readers skipped {counted(data.skipped, 'line')} and made"
            f" {counted(data.repaired, 'repair')}; all are listed under Corpora."
        )
    else:
        out.append("The readers skipped and repaired nothing.")
    if data.train_in_dev or data.train_in_test:
        out.append(
            f"Training sentences that also occur in dev of their language: {data.train_in_dev:,};"
            f" in test: {data.train_in_test:,}."
        )
    else:
        out.append("No training sentence also occurs in dev or test of its language.")
    if data.windowed:
        out.append(
            "Sentences longer than their encoder takes, which it read in windows:"
            f" {data.windowed:,}."
        )
    cut = f"{counted(data.cut, 'word')} lost subwords" if data.cut else "No word lost subwords"
    out.append(f"{cut} to the length limit of an encoder.")
    if data.unknown:
        out.append(f"Words that encoders read as the unknown token: {data.unknown:,}.")
    return [*out, "These counts are of whole corpora, before the limits of recipes."]


_SIZES = {"train_sentences": "training", "dev_sentences": "dev", "test_sentences": "test"}


def _limits(study: Study) -> list[str]:
    """What the recipes leave out."""
    out = []
    for recipe in used_recipes(study):
        limits = [
            f"at most {counted(recipe[key], 'sentence')} of {words}"
            for key, words in _SIZES.items()
            if recipe[key] is not None
        ]
        if recipe["leave_out_repeated"]:
            limits.append("no training sentence that occurs in dev or test")
        text = ", ".join(limits) or "all sentences"
        out.append(f"Recipe {recipe['name']} uses {text}.")
    return out


def used_recipes(study: Study) -> list[Mapping[str, Any]]:
    """The recipes of sweeps, as the configuration has them."""
    used = {sweep.recipe for sweep in study.contents.sweeps}
    return [recipe for recipe in study.configuration["recipes"] if recipe["name"] in used]
