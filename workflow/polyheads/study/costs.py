"""What a study costs before it starts: its trainings, those done, and the time of the rest.

The time is measured, never assumed: Snakemake's benchmark files of finished trials of the same
model on the same kind of device give sentences per second, a sentence counting once per epoch.
Start of the process, evaluation and writing are in them. A job that went on from a checkpoint
has only its last part measured and so makes the rate too high; that is rare.

Called whenever a run is planned, so it opens a few dozen small files at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import TypeVar

from polyheads import catalogue
from polyheads.catalogue.records import Entry
from polyheads.study import mixtures, paths, rankings
from polyheads.study.plan import RESULTS, Plan, Training, Trial

JOBS = 24  # measured jobs that are read of each model and corpus


Item = TypeVar("Item")


@dataclass(frozen=True)
class Need:
    """One training of a study: a trial's, or that of a baseline."""

    training: Training
    made: tuple[str, ...]  # the files that are there once it is done; weights are deleted
    trial: bool


def needs(plan: Plan) -> dict[str, dict[str, Need]]:
    """Experiment -> name of a training -> the training. Shared ones stand in each of theirs.

    The k = 0 that a sweep may choose for a fresh seed trains nothing, but is not known before.
    """
    compared = {e["name"] for e in plan.config["experiments"] if e["compare_languages"]}
    found: dict[str, dict[str, Need]] = {}
    for sweep in plan.sweeps:
        mine = found.setdefault(sweep.experiment, {})
        masked: dict[Training, list[str]] = {}
        for file in sweep.trials:
            path = file.removesuffix(".json")
            trial = plan.trials.get(path) or plan.chosen[path]
            if isinstance(trial, Trial) and trial.protocol == "mask":
                masked.setdefault(trial.training, []).append(file)
            else:
                mine[path] = Need(trial.training, (file,), True)
        for training, files in masked.items():
            name = f"{training.path}/mask"
            before = mine[name].made if name in mine else ()
            mine[name] = Need(training, (*before, *files), False)
        here = Training(sweep.model, sweep.corpus, sweep.recipe, sweep.mixture, sweep.seed)
        place = plan.ranking_path(here, sweep.ranking)
        if place in plan.rankings and (len(sweep.ks) > 1 or sweep.experiment in compared):
            mine.update(_baselines(*plan.rankings[place]))
    return found


def _baselines(training: Training, ranking: str) -> dict[str, Need]:
    """The trainings whose heads a ranking scores, by the files of their scores."""
    languages = rankings.parse(ranking).languages
    files = paths.ranking_inputs(training, ranking).get("scores", [])
    found = {}
    for language, file in zip(languages, files, strict=True):
        mixture = (rankings.trained_on(language),)
        parts = (training.model, training.corpus, training.recipe, mixture, training.seed)
        found[file] = Need(Training(*parts), (file,), False)
    return found


def sizes(plan: Plan, corpus: str) -> dict[str, int]:
    """Language -> training sentences, as prepared, else as the catalogue says; others lack."""
    entry = plan.catalogue[corpus]
    found = {}
    for language in (code for name, code in plan.needed if name == corpus):
        number = _prepared(corpus, language)
        if number is None and "train" in catalogue.splits(entry, language):
            number = _declared(entry, language)
        if number:
            found[language] = number
    return found


def _prepared(corpus: str, language: str) -> int | None:
    try:
        text = Path(f"{RESULTS}/corpora/{corpus}/{language}/corpus.json").read_text("utf-8")
        return int(json.loads(text)["counts"]["train"]["sentences"])
    except (OSError, ValueError, KeyError):  # not there, not whole, or without a training set
        return None


def _declared(entry: Entry, language: str) -> int | None:
    if catalogue.embedded(entry):
        return entry["sizes"]["train"]
    number = catalogue.file_of(entry, language, "train").get("sentences")
    if number is None:
        return None
    carved = catalogue.language(entry, language).get("carve", {})
    if "train" in carved:
        return round(carved["train"]["share"] * number)
    return number - sum(round(c["share"] * number) for c in carved.values() if c["from"] == "train")


def passes(plan: Plan, training: Training, known: dict[str, int]) -> float:
    """Sentences of a training times epochs. A language of unknown size counts as the mean."""
    recipe = plan.recipes[training.recipe]
    mean = sum(known.values()) / len(known)
    total = 0.0
    for part in training.mixture:
        number = known.get(mixtures.language_of(part), mean)
        number = min(number, recipe["train_sentences"] or number)
        total += number * mixtures.percent_of(part) / 100
    return total * recipe["epochs"]


@dataclass(frozen=True)
class Measured:
    """Finished jobs of a model and corpus."""

    passes: float = 0.0
    seconds: float = 0.0
    jobs: int = 0


def measured(model: str, device: str) -> dict[str, Measured]:
    """Corpus -> up to JOBS measured jobs on this kind of device (cpu | cuda).

    Of any study whose results lie here.
    """
    found = {}
    for corpus in _inside(Path(RESULTS, "benchmarks", "trials", model)):
        mixed = [_jobs(m) for recipe in _inside(corpus) for m in _inside(recipe)]
        read = (_read_job(file, trials, device) for file, trials in _in_turn(mixed))
        kept = list(islice((job for job in read if job), JOBS))
        if kept:
            number, seconds = (sum(side) for side in zip(*kept, strict=True))
            found[corpus.name] = Measured(number, seconds, jobs=len(kept))
    return found


def _inside(directory: Path) -> list[Path]:
    return sorted(p for p in directory.iterdir() if p.is_dir()) if directory.is_dir() else []


def _in_turn(groups: Iterable[Iterator[Item]]) -> Iterator[Item]:
    """The first of every group, then the second: a sample is of many mixtures."""
    return (item for item in chain.from_iterable(zip_longest(*groups)) if item is not None)


def _jobs(mixture: Path) -> Iterator[tuple[Path, list[Path]]]:
    """(benchmark file, trials of the job) below a mixture. A job's k end where the next begins."""
    for branch in (b for seed in _inside(mixture) for b in _inside(seed)):
        files = sorted(branch.glob("k-*.tsv"))
        place = Path(RESULTS, "trials", *branch.parts[-6:])
        trials = sorted(place.glob("k-*.json"))
        for i, file in enumerate(files):
            end = files[i + 1].stem if i + 1 < len(files) else "l"
            mine = [trial for trial in trials if file.stem <= trial.stem < end]
            if file.stem == "k-00" and branch.name != "unpruned":  # the key unpruned_with
                mine.append(place.parent / "unpruned/k-00.json")
            yield file, mine


def _read_job(file: Path, trials: list[Path], device: str) -> tuple[float, float] | None:
    """(sentences times epochs, seconds) of a job; None if it failed or is of another device."""
    try:
        names, values = (line.split("\t") for line in file.read_text().splitlines()[:2])
        seconds = float(dict(zip(names, values, strict=True))["s"])
        training = json.loads(trials[0].read_text("utf-8"))["training"]
        # All trials of a job read the same sentences.
        number = training["sentences"] * training["epochs"] * len(trials)
        return (number, seconds) if training["device"] == device and seconds > 0 else None
    except (OSError, ValueError, KeyError, IndexError):
        return None


def lines(plan: Plan, device: str) -> list[str]:
    """What the plan says: numbers of trainings, and what those to come cost where it is known.

    device: cpu | cuda, where trainings will run.
    """
    of = needs(plan)
    union = {name: need for mine in of.values() for name, need in mine.items()}
    # A baseline to be masked is done when the trials of all experiments are.
    for mine in of.values():
        for name, need in mine.items():
            files = dict.fromkeys((*union[name].made, *need.made))
            union[name] = Need(need.training, tuple(files), need.trial)
    left = {n: need for n, need in union.items() if not all(Path(f).is_file() for f in need.made)}
    trials = sum(need.trial for need in union.values())
    shared = sum(map(len, of.values())) - len(union)
    baselines = len(union) - trials
    text = f"{_count(len(union), 'training')}: {_count(trials, 'trial')}"
    if baselines:
        text += f" and {_count(baselines, 'baseline')}"
    if shared:
        text += f"; without sharing them the experiments would need {shared:,} more"
    text += f". Done: {len(union) - len(left):,}."
    return [text, *_parts(of), *_costs(plan, left, device)] if left else [text]


def _parts(of: dict[str, dict[str, Need]]) -> list[str]:
    """A line of the trials of each experiment, if there are several; their sum is the study's."""
    seen: set[str] = set()
    parts = []
    for experiment, mine in of.items():
        trials = {name for name, need in mine.items() if need.trial}
        parts.append(f"{experiment} {len(trials - seen):,}")
        seen |= trials
    # What an experiment shares with an earlier one is counted there.
    return [f"Trials that each experiment adds: {', '.join(parts)}."] if len(parts) > 1 else []


def _costs(plan: Plan, left: dict[str, Need], device: str) -> list[str]:
    """A line of the time that is known, and one for everything that is not."""
    known = {c: sizes(plan, c) for c in sorted({need.training.corpus for need in left.values()})}
    models = list(dict.fromkeys(need.training.model for need in left.values()))
    total, parts, number, asked = 0.0, [], 0, []
    for model in models:
        mine = [n for n in left.values() if n.training.model == model and known[n.training.corpus]]
        rates = measured(model, device)
        if not rates:
            asked.append(_ask(plan, model, known, device))
            continue
        sums = [[m.passes, m.seconds, m.jobs] for m in rates.values()]
        whole = Measured(*map(sum, zip(*sums, strict=True)))
        ahead = seconds = 0.0
        for need in mine:
            rate = rates.get(need.training.corpus, whole)
            work = passes(plan, need.training, known[need.training.corpus])
            ahead, seconds = ahead + work, seconds + work * rate.seconds / rate.passes
        if mine:
            speed = f"{ahead / seconds:,.0f} sentences/s"
            parts.append(
                f"{model} {_time(seconds)} at {speed}, as measured in {_count(whole.jobs, 'job')}"
                f" of {', '.join(rates)} on {device}"
            )
        total, number = total + seconds, number + len(mine)
    notes = _unknown_sizes(left, known) if len(asked) < len(models) else []
    if parts:
        text = f"{number:,} of those to come take" if number < len(left) else "Those to come take"
        notes.insert(
            0,
            f"{text} about {_time(total)} one after the other ({'; '.join(parts)}). N jobs at once"
            " (--cores, --jobs) take an Nth of that.",
        )
    return notes + asked


def _unknown_sizes(left: dict[str, Need], known: dict[str, dict[str, int]]) -> list[str]:
    """What the estimate had to leave out or to guess."""
    wanted = {(n.training.corpus, lang) for n in left.values() for lang in n.training.languages}
    notes = [
        f"Left out: {corpus}, whose sentences are counted when it is prepared."
        for corpus, of in known.items()
        if not of
    ]
    absent = [f"{c}/{lang}" for c, lang in sorted(wanted) if known[c] and lang not in known[c]]
    if absent:
        notes.append(f"Sizes not known yet: {', '.join(absent)}; taken as their corpus's mean.")
    return notes


def _ask(plan: Plan, model: str, known: dict[str, dict[str, int]], device: str) -> str:
    """What to run so that a model's trainings are measured: its smallest unpruned trial."""
    found = []
    for path, trial in plan.trials.items():
        if trial.k == 0 and trial.training.model == model:
            of = known.get(trial.training.corpus)
            found.append((passes(plan, trial.training, of) if of else float("inf"), path))
    one = f" (`snakemake {min(found)[1]}.json`, options as here)" if found else ""
    return (
        f"No training of {model} was measured here on {device} yet: run one{one}, then ask with -n."
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:,.{0 if seconds > 36000 else 1}f} h"
