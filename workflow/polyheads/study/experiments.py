"""From a configuration to a plan: the trials and sweeps that each experiment stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from polyheads.catalogue import encoder_files
from polyheads.catalogue.methods import KINDS
from polyheads.catalogue.records import Entry
from polyheads.catalogue.tasks import DEFAULT_METRIC, METRICS
from polyheads.errors import UserError
from polyheads.study import configuration, mixtures, rankings
from polyheads.study.configuration import Configuration, Experiment, Model, pick
from polyheads.study.downloads import DOWNLOADS
from polyheads.study.plan import ChosenTrial, Plan, Sweep, Training, Trial
from polyheads.study.records import Scratch
from polyheads.validation import nearest

UNPRUNED = "unpruned"  # stands for the ranking in sweeps that prune nothing
SOURCE_ONLY = ("mono-lingual", "cross-lingual")  # settings that don't train on the target


@dataclass(frozen=True)
class Pair:
    """A source and a target in a setting: what is trained on, and whose dev sets choose k."""

    source: tuple[str, ...]
    target: str
    setting: str
    mixture: tuple[str, ...]
    dev: tuple[str, ...]


def make(config: Configuration, entries: dict[str, Entry]) -> Plan:
    """The plan of a configuration (see configuration.load). UserError names the config path."""
    plan = Plan(
        config=config,
        catalogue=entries,
        models=_encoders(config["models"]),
        recipes=configuration.named(config["recipes"], "recipes"),
    )
    configuration.named(config["experiments"], "experiments")
    for index, model in enumerate(config["models"]):
        if "scratch" in model:
            _check_scratch(plan, model["scratch"], where=f"models[{index}].scratch")
    for index, experiment in enumerate(config["experiments"]):
        _add_experiment(plan, experiment, where=f"experiments[{index}]")
    _check_blocks(plan)
    if config["unpruned_with"] is not None:
        configuration.pick(config["unpruned_with"], KINDS, where="unpruned_with", what="ranking")
    for corpus, language in plan.needed:
        plan.splits(corpus, language)
    return plan


def _encoders(models: Sequence[Model]) -> dict[str, Model]:
    """Name -> what an encoder is made of.

    What its pre-training text had is no part of it, so that it can be added to a study that was
    run.
    """
    named = configuration.named(models, "models")
    return {
        name: cast(Model, {key: value for key, value in model.items() if key != "pretraining"})
        for name, model in named.items()
    }


def pairs(
    sources: list[tuple[str, ...]],
    targets: list[str],
    settings: list[str],
    percents: list[int],
) -> list[Pair]:
    """The pairs of an experiment, in a fixed order."""
    found = []
    for source in sources:
        if "mono-lingual" in settings and len(source) == 1:
            found.append(Pair(source, source[0], "mono-lingual", source, source))
        for target in targets:
            if target in source:
                continue
            if "cross-lingual" in settings:
                found.append(Pair(source, target, "cross-lingual", source, source))
            if "multi-lingual" in settings:
                mixture = (*source, target)
                found.append(Pair(source, target, "multi-lingual", mixture, (target,)))
            if "low-resource" in settings:
                for percent in percents:
                    mixture = (*source, mixtures.with_percent(target, percent))
                    found.append(Pair(source, target, "low-resource", mixture, (target,)))
    return found


def parse_mixture(text: str, known: Iterable[str], *, where: str) -> tuple[str, ...]:
    """Languages of a mixture such as ``en+de``. UserError for unknown or repeated ones."""
    parts = tuple(text.split("+"))
    known = list(known)
    for part in parts:
        if part not in known:
            raise UserError(
                f"configuration, {where}: {text!r} is no mixture of the corpus's languages: "
                f"{part!r} is unknown{nearest(part, known)}"
            )
    if len(set(parts)) < len(parts):
        raise UserError(f"configuration, {where}: {text!r} names a language twice")
    return parts


@dataclass(frozen=True)
class _Experiment:
    """A checked experiment of the configuration."""

    block: Experiment
    where: str
    task: str
    languages: tuple[str, ...]  # of the corpus
    metric: str
    ks: tuple[int, ...]
    pairs: list[Pair]


def _add_experiment(plan: Plan, block: Experiment, *, where: str) -> None:
    experiment = _checked(plan, block, where)
    for i, name in enumerate(block["models"]):
        _check_heads(plan, name, experiment.ks[-1], where=where, index=i)
        # `gradient` and `each-gradient` both stand for the first source's own ranking.
        seen: set[tuple[str, str, int, Pair]] = set()
        for ranking, role in _rankings(experiment):
            for seed in block["seeds"]:
                for pair in experiment.pairs:
                    # Without target data all pairs of a source share a sweep's trainings, so a
                    # null of many random rankings costs little there, and only there.
                    if role == "main" or pair.setting in SOURCE_ONLY:
                        _add_sweeps(plan, experiment, name, ranking, role, seed, pair, seen)
        for pair in experiment.pairs:
            if block["noise_seeds"]:
                _add_noise(plan, experiment, name, pair)


def _rankings(experiment: _Experiment) -> Iterator[tuple[str, str]]:
    """(ranking, role) of an experiment's sweeps."""
    for ranking in experiment.block["rankings"]:
        yield ranking, "main"
    for number in range(experiment.block["random_rankings"]):
        yield f"random-{number + 1}", "random"


def _add_sweeps(
    plan: Plan,
    experiment: _Experiment,
    model: str,
    ranking: str,
    role: str,
    seed: int,
    pair: Pair,
    seen: set[tuple[str, str, int, Pair]],
) -> None:
    """The sweeps of one ranking (several for `each-`), and those of fresh seeds; without `seen`."""
    block, ks = experiment.block, experiment.ks
    training = Training(model, block["corpus"], block["recipe"], pair.mixture, seed)
    _need(plan, experiment, training, pair)
    for full in rankings.expand(ranking, pair.source, pair.target):
        parts = _parse(experiment, full, ranking)
        if (full, role, seed, pair) in seen:
            continue
        seen.add((full, role, seed, pair))
        protocol = block["protocol"]
        trials = [Trial(training, protocol if k else None, full if k else None, k) for k in ks]
        plan.trials.update({trial.path: trial for trial in trials})
        if len(ks) > 1 or block["compare_languages"]:
            _add_ranking(plan, training, full, parts.languages or pair.source, experiment.where)
        sweep = _sweep(experiment, pair, training, full, role, trials)
        plan.sweeps.append(sweep)
        # Of low resource no table shows fresh seeds: a pair has many sweeps there.
        if role == "main" and len(ks) > 1 and pair.setting != "low-resource":
            for fresh in block["fresh_seeds"]:
                _add_fresh(plan, experiment, sweep, replace(training, seed=fresh), pair)


def _sweep(
    experiment: _Experiment,
    pair: Pair,
    training: Training,
    ranking: str,
    role: str,
    trials: Sequence[Trial | ChosenTrial],
) -> Sweep:
    return Sweep(
        experiment=experiment.block["name"],
        task=experiment.task,
        corpus=training.corpus,
        model=training.model,
        recipe=training.recipe,
        source="+".join(pair.source),
        target=pair.target,
        setting=pair.setting,
        mixture=pair.mixture,
        dev=pair.dev,
        ranking=ranking,
        protocol=experiment.block["protocol"],
        seed=training.seed,
        metric=experiment.metric,
        ks=experiment.ks,
        trials=tuple(f"{trial.path}.json" for trial in trials),
        role=role,
        heads=experiment.block["heads_at_test"],
    )


def _add_fresh(
    plan: Plan, experiment: _Experiment, sweep: Sweep, training: Training, pair: Pair
) -> None:
    """Once more k = 0 and the k that a sweep chooses, with a seed that chose nothing."""
    plan.tested.setdefault(training, set()).add(pair.target)
    unpruned = Trial(training, None, None, 0)
    trial = ChosenTrial(
        training, sweep.ranking, sweep.seed, sweep.metric, sweep.dev, sweep.ks, sweep.trials
    )
    plan.trials[unpruned.path] = unpruned
    plan.chosen[trial.path] = trial
    fresh = _sweep(experiment, pair, training, sweep.ranking, "fresh", [unpruned, trial])
    plan.sweeps.append(replace(fresh, of_seed=sweep.seed, ks=(0, 1)))


def _add_noise(plan: Plan, experiment: _Experiment, model: str, pair: Pair) -> None:
    """The sweep that a choice among unpruned runs makes: its k counts seeds."""
    block = experiment.block
    seeds = (block["seeds"][0], *block["noise_seeds"])
    trainings = [
        Training(model, block["corpus"], block["recipe"], pair.mixture, seed) for seed in seeds
    ]
    for training in trainings:
        _need(plan, experiment, training, pair)
    trials = [Trial(training, None, None, 0) for training in trainings]
    plan.trials.update({trial.path: trial for trial in trials})
    sweep = _sweep(experiment, pair, trainings[0], UNPRUNED, "noise", trials)
    plan.sweeps.append(replace(sweep, ks=tuple(range(len(seeds)))))


def _need(plan: Plan, experiment: _Experiment, training: Training, pair: Pair) -> None:
    """What is tested after a training, and the data that it reads."""
    plan.tested.setdefault(training, set()).add(pair.target)
    for language in training.languages:
        need = plan.needed.setdefault((training.corpus, language), {})
        need.setdefault("train", experiment.where)
        need.setdefault("dev", experiment.where)
    target = plan.needed.setdefault((training.corpus, pair.target), {})
    target.setdefault("test", experiment.where)


def _add_ranking(
    plan: Plan, training: Training, name: str, languages: Sequence[str], where: str
) -> None:
    """A ranking of the heads of mono-lingual models of these languages, and the data they need."""
    for language in languages:
        need = plan.needed.setdefault((training.corpus, rankings.trained_on(language)), {})
        need.setdefault("train", where)
        need.setdefault("dev", where)
        need = plan.needed.setdefault((training.corpus, rankings.text_of(language)), {})
        need.setdefault(plan.recipes[training.recipe]["ranking_split"], where)
    mono = replace(training, mixture=(rankings.trained_on(languages[0]),))
    plan.rankings[plan.ranking_path(mono, name)] = (mono, name)


def _checked(plan: Plan, block: Experiment, where: str) -> _Experiment:
    """An experiment whose names are known and whose keys go together."""
    corpus = block["corpus"]
    entry = pick(corpus, plan.catalogue, where=f"{where}.corpus", what="corpus")
    known = entry["languages"]
    pick(block["recipe"], plan.recipes, where=f"{where}.recipe", what="recipe")
    sources = [
        parse_mixture(text, known, where=f"{where}.sources[{i}]")
        for i, text in enumerate(block["sources"])
    ]
    for i, language in enumerate(block["targets"]):
        pick(language, known, where=f"{where}.targets[{i}]", what=f"language of {corpus}")
    task = entry["task"]
    metric = block.get("metric", DEFAULT_METRIC[task])
    if metric not in METRICS[task]:
        raise UserError(
            f"configuration, {where}.metric: {metric} is no metric of the task {task}; "
            f"known: {', '.join(METRICS[task])}"
        )
    found = pairs(sources, block["targets"], block["settings"], block["percents"])
    if not found:
        raise UserError(
            f"configuration, {where}: no pair of source and target is left; give targets other "
            "than the sources, or the setting mono-lingual"
        )
    for key in ("fresh_seeds", "noise_seeds"):
        if common := set(block[key]) & set(block["seeds"]):
            raise UserError(
                f"configuration, {where}.{key}: {min(common)} is one of the experiment's seeds; "
                "give seeds that take no part in its choice of k"
            )
        if block[key] and block["protocol"] == "mask":
            raise UserError(f"configuration, {where}.{key}: goes with `protocol: prune` only")
    if block["heads_at_test"] == "all" and block["protocol"] == "mask":
        raise UserError(
            f"configuration, {where}.heads_at_test: a masked model with all heads on is the"
            " unpruned one; leave it out or use `protocol: prune`"
        )
    ks = tuple(sorted({0, *block["k"]}))
    return _Experiment(block, where, task, tuple(known), metric, ks, found)


def _parse(experiment: _Experiment, full: str, ranking: str) -> rankings.Name:
    """The parts of a ranking's full name, a mistake named by its place in the configuration."""
    try:
        parts = rankings.parse(full, experiment.languages)
        if full == ranking and rankings.ON in (parts.language or ""):
            raise UserError(
                f"ranking {ranking!r} is of one pair; give {parts.kind}{rankings.ON_TARGET}, which"
                " is that of each"
            )
    except UserError as error:
        index = experiment.block["rankings"].index(ranking)
        place = f"{experiment.where}.rankings[{index}]"
        raise UserError(f"configuration, {place}: {error}") from error
    return parts


def _check_heads(plan: Plan, name: str, k: int, *, where: str, index: int) -> None:
    model = pick(name, plan.models, where=f"{where}.models[{index}]", what="model")
    heads = _heads_of(model, plan.config["mirror"])
    if heads is not None and k > heads:
        raise UserError(f"configuration, {where}.k: {k} is more than the {heads} heads of {name}")


def _heads_of(model: Model, mirror: str | None) -> int | None:
    """Heads of a model; None while its configuration has not been fetched.

    Every job makes the plan again before it starts, so that the first one after a model was
    fetched says when k is too large. A parameter of that job must not depend on k: a larger k
    would make the model and all that was trained with it again.
    """
    if "scratch" in model:
        return model["scratch"]["layers"] * model["scratch"]["heads"]
    if "path" in model:
        return encoder_files.heads(Path(model["path"]))
    places = [DOWNLOADS, mirror] if mirror else [DOWNLOADS]
    found = (encoder_files.mirrored(at, model["hub"], model["revision"]) for at in places)
    return next((n for n in map(encoder_files.heads, found) if n is not None), None)


def _check_scratch(plan: Plan, scratch: Scratch, *, where: str) -> None:
    for i, name in enumerate(scratch["corpora"]):
        entry = pick(name, plan.catalogue, where=f"{where}.corpora[{i}]", what="corpus")
        for j, language in enumerate(scratch["languages"]):
            pick(
                language,
                entry["languages"],
                where=f"{where}.languages[{j}]",
                what=f"language of {name}",
            )
            needed = plan.needed.setdefault((name, language), {})
            needed.setdefault("train", f"{where}.languages[{j}]")


def _check_blocks(plan: Plan) -> None:
    """A job that runs several k makes the same k for every sweep."""
    lists: dict[str, set[tuple[int, ...]]] = {}
    for sweep in plan.sweeps:
        if sweep.ks != (0,) and sweep.role in ("main", "random"):
            lists.setdefault(sweep.protocol, set()).add(sweep.ks)
    if len(lists.get("mask", ())) > 1:
        raise UserError(
            "configuration, experiments: those with `protocol: mask` must have the same k, "
            "because one job runs all of them"
        )
    if len(lists.get("prune", ())) > 1 and plan.config["trials_per_job"] > 1:
        raise UserError(
            "configuration, trials_per_job: must be 1 where experiments have different k"
        )
