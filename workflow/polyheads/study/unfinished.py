"""A report in spite of failed jobs: the plan without what is not there.

A failed job leaves no files, but what depends on it may have older ones, made of inputs that are
to be made again. The run names those in a list; a file made after the list is current again.
A run that was interrupted leaves no list, and a configuration may have changed since the last run.
So every file also says what it was made of, and counts as missing if that is not what the plan and
the files before it say now. Only what lies before `results/` is not looked at: the files of a
mirror or of the user's own, which no report of what is there can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from polyheads import catalogue, digests, origins
from polyheads.catalogue.methods import scorer
from polyheads.files import writing
from polyheads.origins import OfTraining
from polyheads.provenance import code_hash
from polyheads.study import choice, paths, rankings
from polyheads.study.plan import RESULTS, ChosenTrial, Plan, Training, Trial
from polyheads.study.records import Recipe

# Path of a ranking -> its heads, lowest first; see _Current.order.
Orders = Mapping[str, list[list[int]] | None]


def listing(study: str) -> Path:
    """The list of files that the last failed run of a study did not make."""
    return Path(RESULTS, "logs", "unfinished", f"{study}.txt")


def write(study: str, files: Iterable[str]) -> None:
    """Keep the list, one path a line."""
    with writing(listing(study)) as part:
        part.write_text("".join(f"{file}\n" for file in sorted(files)), encoding="utf-8")


def narrow(plan: Plan, scripts: Path) -> None:
    """Take out of a plan the trials, rankings and corpora that can't be used.

    They are not there, or not made of what the plan says; sweeps stay, so that their cells are
    marked as missing. scripts: the directory of the rules' scripts, whose code the plan's files are
    made by.
    """
    now = _Current(plan, scripts)
    orders = {path: now.order(path, *named) for path, named in plan.rankings.items()}
    plan.rankings = {path: plan.rankings[path] for path, order in orders.items() if order}
    plan.trials = {path: t for path, t in plan.trials.items() if now.is_trial(t, orders)}
    plan.chosen = {path: t for path, t in plan.chosen.items() if now.is_chosen(t, orders)}
    for training, languages in plan.tested.items():
        # Test sets that no trial has read yet.
        plan.tested[training] = {code for code in languages if now.encoding(training, code)}
    plan.needed = {key: value for key, value in plan.needed.items() if now.corpora[key]}


class _Current:
    """What is there of a plan, and made of what the plan says."""

    def __init__(self, plan: Plan, scripts: Path) -> None:
        self.plan, self.scripts = plan, scripts
        self.unmasked = plan.unmasked()
        path = listing(plan.config["study"]["name"])
        self.named, self.since = frozenset[str](), 0
        if path.is_file():
            self.named = frozenset(path.read_text(encoding="utf-8").split("\n"))
            self.since = path.stat().st_mtime_ns
        self.corpora = {key: self._corpus(*key) for key in plan.needed}
        self.encoders = {name: self._encoder(name) for name in plan.models}
        self.encodings: dict[tuple[str, str, str], dict[str, str] | None] = {}

    def order(self, path: str, training: Training, name: str) -> list[list[int]] | None:
        """The heads of a ranking, lowest first; None where it is not current."""
        found = self._read(f"{path}/ranking.json", f"{path}/scores.csv")
        if found is None or self.encoders[training.model] is None:
            return None
        parts, recipe = rankings.parse(name), self.plan.recipes[training.recipe]
        made = found["made_of"]
        how = rankings.normalisation(name, recipe["normalisation"])
        if (made["code"], made["normalisation"]) != (self._code("rank_heads.py"), how):
            return None
        for language, scores in zip(parts.languages, made["scores"], strict=True):
            scored = self.plan.scoring_recipe(training.recipe, parts.kind)
            trained, text = rankings.trained_on(language), rankings.text_of(language)
            splits = origins.splits_scored(trained, text, scored)
            code = self._code("score_heads.py", scorer(parts.kind))
            if not self._same(scores, training, scored, code, splits):
                return None
        heads: list[list[int]] = found["order"]
        return heads

    def is_trial(self, trial: Trial, orders: Orders) -> bool:
        """Whether a trial is current. orders: ranking -> what ``order`` found."""
        script = "mask.py" if trial.protocol == "mask" and trial.k else "trials.py"
        found = self._trial(trial.path, trial.training, script)
        if found is None or trial.ranking is None:  # where k is 0
            return found is not None
        order = orders[self.plan.ranking_path(trial.training, trial.ranking)]
        return order is not None and found["pruned_heads"] == order[: trial.k]

    def is_chosen(self, trial: ChosenTrial, orders: Orders) -> bool:
        """The same for a trial of a fresh seed, whose k is that of a sweep that is current."""
        found = self._trial(trial.path, trial.training, "chosen_trial.py")
        sweep = {path.removesuffix(".json") for path in trial.sweep}
        if found is None or not sweep <= set(self.plan.trials):
            return False
        there = replace(trial.training, seed=trial.of_seed)
        k = choice.chosen_k(trial.sweep, trial.ks, trial.dev, trial.metric)
        order = orders[self.plan.ranking_path(there, trial.ranking)]
        return order is not None and found["pruned_heads"] == order[:k]

    def _trial(self, path: str, training: Training, script: str) -> dict[str, Any] | None:
        found = self._read(f"{path}.json", f"{path}.parquet")
        recipe = self.plan.training_recipe(training.recipe)
        tested = self.plan.evaluate_on(training)
        splits = origins.splits_read(training.languages, tested)
        if found is None or not self._same(
            found["made_of"], training, recipe, self._code(script), splits
        ):
            return None
        # Scores that no study has asked for before.
        again = any(row["heads"] == "all" for row in found["scores"])
        if path in self.unmasked and found["pruned_heads"] and not again:
            return None
        return found

    def _same(
        self,
        made: OfTraining,
        training: Training,
        recipe: Recipe,
        code: str,
        splits: Mapping[str, Iterable[str]],
    ) -> bool:
        """Whether ``made`` is what origins.made_of would say now.

        A test set that was not read yet makes no difference to the others.
        """
        device = self.plan.config["device"]
        expected: dict[Literal["model", "recipe", "code", "threads"], object] = {
            "model": self.encoders[training.model],
            "recipe": digests.of(recipe),
            "code": code,
            "threads": self.plan.config["threads_per_training"],
        }
        if any(made[key] != value for key, value in expected.items()):
            return False
        if device not in ("auto", made["device"]):
            return False
        for language, read in splits.items():
            now = self.encoding(training, language)
            then = made["data"].get(language, {})
            known = [key for key in ("labels", *read) if key in then]
            if known and (now is None or any(now[key] != then[key] for key in known)):
                return False
        return True

    def _corpus(self, corpus: str, language: str) -> str | None:
        """Digest of a corpus that is current."""
        path = f"{RESULTS}/corpora/{corpus}/{language}/corpus.json"
        found = self._read(path)
        entry = catalogue.narrowed(self.plan.catalogue[corpus], language)
        if found is None or found["made_of"] != origins.of_corpus(entry, self._code("prepare.py")):
            return None
        return digests.of_file(path)

    def _encoder(self, name: str) -> dict[str, str | int | None] | None:
        """What a training reads of an encoder that is current."""
        directory = f"{RESULTS}/models/{name}"
        model = self.plan.models[name]
        spec: Mapping[str, object] = model
        script, texts = "get_model.py", {}
        if "scratch" in model:
            scratch = model["scratch"]
            spec, script = scratch, "pretrain.py"
            pairs = [(c, language) for c in scratch["corpora"] for language in scratch["languages"]]
            texts = {"/".join(pair): self.corpora.get(pair) for pair in pairs}
        files = [f"{directory}/{file}" for file in (*origins.MODEL_FILES, origins.TOKENIZER)]
        found = self._read(f"{directory}/model.json", *files)
        if found is None or found["made_of"] != origins.of_encoder(spec, self._code(script), texts):
            return None
        return origins.of_model(directory)

    def encoding(self, training: Training, language: str) -> dict[str, str] | None:
        """All splits of an encoding that is current."""
        key = (training.model, training.corpus, language)
        if key not in self.encodings:
            self.encodings[key] = self._encoding(*key)
        return self.encodings[key]

    def _encoding(self, model: str, corpus: str, language: str) -> dict[str, str] | None:
        directory = paths.encoding_dir(model, corpus, language)
        files = [f"{directory}/{split}.parquet" for split in catalogue.SPLITS]
        found = self._read(f"{directory}/encoding.json", *files)
        if found is None or None in (self.encoders[model], self.corpora[corpus, language]):
            return None
        origin = (f"{RESULTS}/models/{model}", f"{RESULTS}/corpora/{corpus}/{language}")
        if found["made_of"] != origins.of_encoding(*origin, self._code("encode.py")):
            return None
        return origins.of_data(directory, catalogue.SPLITS)

    def _code(self, script: str, *modules: str) -> str:
        """The hash that the rule of a script has as a parameter."""
        return code_hash(self.scripts / script, *modules)

    def _read(self, *files: str) -> dict[str, Any] | None:
        """The first file, JSON; None where it can't be used.

        That is, where a file is missing or older than the list that names it, or the first is not
        whole or says nothing of what it was made of.
        """
        found = [Path(file) for file in files]
        if not all(p.is_file() for p in found) or any(
            str(p) in self.named and p.stat().st_mtime_ns <= self.since for p in found
        ):
            return None
        try:
            content = json.loads(found[0].read_text(encoding="utf-8"))
        except ValueError:
            return None
        return content if isinstance(content, dict) and content.get("made_of") else None
