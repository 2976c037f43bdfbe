"""Which files the stages of a study read and leave: paths only, nothing is opened.

The rules ask here, so that a path is spelled in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NotRequired, TypedDict

from polyheads import catalogue
from polyheads.study import rankings
from polyheads.study.plan import RESULTS, ChosenTrial, Plan, Training


def encoding_dir(model: str, corpus: str, language: str) -> str:
    """The directory of a language's encoding by a model."""
    return f"{RESULTS}/encodings/{model}/{corpus}/{language}"


def encoding_dirs(training: Training, languages: Iterable[str]) -> dict[str, str]:
    """Language -> encoding, for languages that a training reads."""
    return {code: encoding_dir(training.model, training.corpus, code) for code in languages}


def encoding_files(training: Training, languages: Iterable[str]) -> list[str]:
    """All files of the encodings that a training reads."""
    return [
        f"{directory}/{file}"
        for directory in encoding_dirs(training, languages).values()
        for file in ("encoding.json", *(f"{split}.parquet" for split in catalogue.SPLITS))
    ]


def model_files(model: str) -> list[str]:
    """The files of a model that every job reads that has a model."""
    return [f"{RESULTS}/models/{model}/{file}" for file in ("model.json", "model.safetensors")]


class RankingInputs(TypedDict):
    """What a ranking is made of."""

    model: str
    scores: NotRequired[list[str]]


def ranking_inputs(training: Training, name: str) -> RankingInputs:
    """What a ranking is made of: the scores that it orders; random ones need the size only."""
    parts = rankings.parse(name)
    found: RankingInputs = {"model": f"{RESULTS}/models/{training.model}/model.json"}
    if parts.language:
        place = [training.model, training.corpus, training.recipe, f"seed-{training.seed}"]
        found["scores"] = [
            "/".join([RESULTS, "scores", *place, f"{parts.kind}-{language}.json"])
            for language in parts.languages
        ]
    return found


def chosen_inputs(plan: Plan, trial: ChosenTrial) -> dict[str, str | list[str]]:
    """What a trial with a fresh seed reads.

    The sweep that chooses its k, the ranking of that sweep, and the trial of the fresh seed with
    all heads.
    """
    of_sweep = replace(trial.training, seed=trial.of_seed)
    unpruned = f"{trial.training.path}/unpruned/k-00"
    return {
        "sweep": list(trial.sweep),
        "predictions": [f"{path.removesuffix('.json')}.parquet" for path in trial.sweep],
        "ranking": f"{plan.ranking_path(of_sweep, trial.ranking)}/ranking.json",
        "unpruned": [f"{unpruned}.json", f"{unpruned}.parquet"],
    }


def pretraining_corpora(spec: Mapping[str, Any]) -> list[str]:
    """The corpora whose text an encoder is pre-trained on. spec: `scratch` of its block."""
    return [
        f"{RESULTS}/corpora/{corpus}/{language}/corpus.json"
        for corpus in spec["corpora"]
        for language in spec["languages"]
    ]


def scored_rankings(plan: Plan) -> list[str]:
    """Rankings of one language's scores, which can be drawn: not random ones, not one reversed."""
    found = []
    for path, (_, name) in plan.rankings.items():
        parts = rankings.parse(name)
        if parts.language and not parts.reversed and not parts.method:
            found.append(path)
    return found


def heat_map(ranking: str, directory: str) -> str:
    """The figure of a ranking's scores: MODEL.CORPUS.RECIPE.SEED.NAME in ``directory``."""
    name = ranking.removeprefix(f"{RESULTS}/rankings/").replace("/", ".")
    return f"{directory}/heads.{name}.svg"


def corpus_infos(plan: Plan) -> list[str]:
    """The corpus.json of every corpus and language of the plan."""
    return [f"{RESULTS}/corpora/{at}/corpus.json" for at in _corpora(plan)]


def label_figures(plan: Plan, directory: str) -> list[str]:
    """The figure of each corpus's labels, in the order of `corpus_infos`: labels.CORPUS.svg."""
    return [f"{directory}/labels.{name}.svg" for name in sorted({c for c, _ in plan.needed})]


def model_infos(plan: Plan) -> list[str]:
    """The model.json of every encoder of the plan, sorted by name."""
    names = {trial.training.model for trial in plan.trials.values()}
    return [f"{RESULTS}/models/{name}/model.json" for name in sorted(names)]


def encoding_infos(plan: Plan) -> list[str]:
    """The encoding.json of every encoding of the plan."""
    return [f"{RESULTS}/encodings/{at}/encoding.json" for at in _encodings(plan)]


def benchmarks(plan: Plan) -> dict[str, list[str]]:
    """Stage -> the files in which Snakemake keeps the run times of the study's jobs."""
    scratch = {name for name, model in plan.models.items() if "scratch" in model}
    fetched = [
        f"{corpus}/{language}"
        for corpus, language in sorted(plan.needed)
        if not catalogue.embedded(plan.catalogue[corpus])
    ]
    trained = _training_jobs(plan)
    masked = [t for t in plan.trials.values() if t.protocol == "mask"]
    baselines = {f"{_at(t.training)}/mask" for t in masked}
    scored = []
    for path in scored_rankings(plan):
        training, name = plan.rankings[path]
        parts = rankings.parse(name)
        baselines.add(f"{_at(training)}/{rankings.reader(parts.kind, parts.language or '')}")
        scored.append(path.removeprefix(f"{RESULTS}/rankings/"))
    chosen = {path.removeprefix(f"{RESULTS}/trials/") for path in plan.chosen}
    stages = {
        "fetch": fetched,
        "prepare": _corpora(plan),
        "get_model": set(plan.models) - scratch,
        "pretrain": scratch,
        "encode": _encodings(plan),
        "baseline": baselines,
        "score_heads": scored,
        "trials": trained | chosen,
        "mask": {f"{_at(t.training)}/{t.ranking}" for t in masked},
    }
    return {stage: _logged(stage, names) for stage, names in stages.items() if names}


def _training_jobs(plan: Plan) -> set[str]:
    """Names of the jobs that train trials, by the first k of each."""
    joined = plan.joined()
    first = {k: block[0] for block in plan.blocks() for k in block}
    with_unpruned = [k for k in first if 0 < k <= plan.config["trials_per_job"]]
    found = set()
    for trial in plan.trials.values():
        k, branch, ranking = trial.k, trial.branch, joined.get(trial.training)
        if trial.protocol == "mask" or (ranking and not k):
            continue
        together = ranking is not None and ranking == trial.ranking and k in with_unpruned
        found.add(f"{_at(trial.training)}/{branch}/k-{0 if together else first[k]:02d}")
    return found


def _at(training: Training) -> str:
    return training.path.removeprefix(f"{RESULTS}/trials/")


def _logged(stage: str, names: Iterable[str]) -> list[str]:
    return [f"{RESULTS}/benchmarks/{stage}/{name}.tsv" for name in sorted(names)]


def _corpora(plan: Plan) -> list[str]:
    return [f"{corpus}/{language}" for corpus, language in sorted(plan.needed)]


def _encodings(plan: Plan) -> list[str]:
    found = {
        f"{trial.training.model}/{trial.training.corpus}/{language}"
        for trial in plan.trials.values()
        for language in plan.languages_of(trial.training)
    }
    return sorted(found)
