"""What a study consists of: trials, sweeps over them, and where they lie.

A trial is one training run and its scores; a sweep is the trials k = 0..K that differ in k
only, read on one target language. Every table and figure is a set of sweeps. Two experiments
that need the same trial share it, because the path spells the point. How a configuration
becomes a plan is in `experiments`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from polyheads import catalogue
from polyheads.catalogue.methods import KINDS
from polyheads.catalogue.records import Entry, File
from polyheads.errors import UserError
from polyheads.study import mixtures
from polyheads.study.configuration import Configuration, Model
from polyheads.study.records import Recipe

RESULTS = "results"

# What of a recipe trains nothing and tests nothing.
RANKING_KEYS = ("normalisation", "ranking_batch_size", "ranking_sentences", "ranking_split")
# What of a recipe is used when a trained model is tested, and not when its heads are scored.
TESTING_KEYS = ("dev_sentences", "test_sentences")


@dataclass(frozen=True)
class Training:
    """What a training starts from, apart from the heads it lacks."""

    model: str
    corpus: str
    recipe: str
    mixture: tuple[str, ...]  # languages, source first; see polyheads.study.mixtures
    seed: int

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the mixture."""
        return mixtures.languages(self.mixture)

    @property
    def path(self) -> str:
        mixture = "+".join(self.mixture)
        parts = [self.model, self.corpus, self.recipe, mixture, f"seed-{self.seed}"]
        return "/".join([RESULTS, "trials", *parts])


@dataclass(frozen=True)
class Trial:
    """One point of the space: a training, and the k lowest heads of a ranking off."""

    training: Training
    protocol: str | None  # prune | mask; None where k is 0
    ranking: str | None
    k: int

    @property
    def path(self) -> str:
        """Without suffix: ``.json`` has the scores, ``.parquet`` the predictions."""
        return f"{self.training.path}/{self.branch}/k-{self.k:02d}"

    @property
    def branch(self) -> str:
        """Directory of a trial below its training's."""
        return "unpruned" if self.k == 0 else f"{self.protocol}-{self.ranking}"


def spell_choice(metric: str, dev: Iterable[str], ks: tuple[int, ...]) -> str:
    """The choice of k among ``ks`` by a metric on development sets, as a part of a path."""
    steps = ks == tuple(range(len(ks)))
    spelled = f"0-{ks[-1]}" if steps else "-".join(map(str, ks))
    return f"{metric}_{'+'.join(dev)}_k-{spelled}"


@dataclass(frozen=True)
class ChosenTrial:
    """A trial with a fresh seed, and the k that a sweep of another seed chooses on dev."""

    training: Training  # with the fresh seed
    ranking: str
    of_seed: int  # of the sweep that chooses, and of its ranking
    metric: str
    dev: tuple[str, ...]
    ks: tuple[int, ...]
    sweep: tuple[str, ...]  # paths of its trials' JSON, in the order of ks

    @property
    def path(self) -> str:
        """Without suffix; it spells all that the choice depends on."""
        # No dots: suffixes are put behind it.
        name = f"{spell_choice(self.metric, self.dev, self.ks)}_seed-{self.of_seed}"
        return f"{self.training.path}/chosen-{self.ranking}/{name}"


@dataclass(frozen=True)
class Sweep:
    """The trials k = 0..K of one pair of source and target, and how they are read.

    What a sweep is for is its role. `main`: what tables show. `random`: a sweep of a random
    ranking, one of many that make a null distribution. `noise`: its trials are unpruned runs
    with other seeds instead of other k. `fresh`: k = 0 and the k chosen by another seed's sweep,
    with a seed that took no part in the choice.
    """

    experiment: str
    task: str
    corpus: str
    model: str
    recipe: str
    source: str
    target: str
    setting: str  # mono-lingual | cross-lingual | multi-lingual | low-resource
    mixture: tuple[str, ...]
    dev: tuple[str, ...]  # languages whose development sets choose k (their mean)
    ranking: str
    protocol: str
    seed: int
    metric: str
    ks: tuple[int, ...]
    trials: tuple[str, ...]  # paths of the trials' JSON, in the order of ks
    role: str = "main"  # main | random | noise | fresh
    of_seed: int | None = None  # role fresh: the seed whose sweep chose k
    heads: str = "pruned"  # pruned | all: the heads that are on when test is read

    @property
    def k_max(self) -> int:
        """The most heads that its trials lack."""
        return max(self.ks)


@dataclass
class Plan:
    """Everything a study needs, by name."""

    config: Configuration
    catalogue: dict[str, Entry]
    models: dict[str, Model]
    recipes: dict[str, Recipe]
    sweeps: list[Sweep] = field(default_factory=list)
    trials: dict[str, Trial] = field(default_factory=dict)  # path -> trial
    chosen: dict[str, ChosenTrial] = field(default_factory=dict)  # path -> trial
    tested: dict[Training, set[str]] = field(default_factory=dict)
    # (corpus, language) -> split -> config path
    needed: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    # path -> (training, name)
    rankings: dict[str, tuple[Training, str]] = field(default_factory=dict)

    @property
    def trial_paths(self) -> list[str]:
        """Of all trials, without suffix."""
        return [*self.trials, *self.chosen]

    def unmasked(self) -> frozenset[str]:
        """Paths of the trials whose test sets are read with the pruned heads on again, too."""
        read = (sweep.trials for sweep in self.sweeps if sweep.heads == "all")
        paths = {file.removesuffix(".json") for files in read for file in files}
        pruned = {path for path, trial in self.trials.items() if trial.k}
        return frozenset(paths & {*pruned, *self.chosen})

    def evaluate_on(self, training: Training) -> list[str]:
        """Languages whose test sets are read after a training, in the catalogue's order."""
        # One answer for all seeds and rankings of a mixture: trials stay comparable.
        return self._ordered(
            training.corpus, self.tested.get(training, set(training.languages[:1]))
        )

    def _ordered(self, corpus: str, languages: Iterable[str]) -> list[str]:
        known = list(self.catalogue[corpus]["languages"])
        return sorted(set(languages), key=known.index)

    def languages_of(self, training: Training) -> list[str]:
        """All languages whose encodings a training reads."""
        return self._ordered(training.corpus, {*training.languages, *self.evaluate_on(training)})

    def splits(self, corpus: str, language: str) -> list[str]:
        """The splits of a language that the study can have.

        Those declared, and of a mirror that lacks files, those there and those that the study needs
        (see `missing`).
        """
        entry = self.catalogue[corpus]
        declared = catalogue.splits(entry, language)
        needed = self.needed.get((corpus, language), {})
        for split, where in needed.items():
            if split not in declared:
                raise UserError(
                    f"configuration, {where}: {corpus} has no {split} set in {language!r}"
                )
        if catalogue.embedded(entry):
            return declared
        found = []
        for split in declared:
            path = self.local(corpus, language, catalogue.file_of(entry, language, split))
            if path is None or path.is_file() or split in needed:
                found.append(split)
        return found

    def missing(self) -> list[str]:
        """A message for every file that the study needs, that is not fetched and is not there."""
        found = {}
        for index, model in enumerate(self.models.values()):
            own = Path(model.get("path", "."))
            if not own.is_dir():
                found[own] = (
                    f"configuration, models[{index}].path: {own} is no directory; give one with "
                    "config.json, model.safetensors and tokenizer.json"
                )
        for (corpus, language), splits in self.needed.items():
            entry = self.catalogue[corpus]
            if catalogue.embedded(entry):
                continue
            for split, where in splits.items():
                path = self.local(corpus, language, catalogue.file_of(entry, language, split))
                if path is not None and not path.is_file():
                    text = catalogue.missing(entry, language, split, path)
                    found.setdefault(path, f"configuration, {where}: {text}")
        return list(found.values())

    def local(self, corpus: str, language: str, file: File) -> Path | None:
        """Where a file must lie on this machine; None if it is fetched."""
        return catalogue.local(
            self.catalogue[corpus],
            language,
            file,
            mirror=self.config["mirror"],
            own_copies=self.config["own_copies"],
        )

    def ranking_path(self, training: Training, name: str) -> str:
        parts = [training.model, training.corpus, training.recipe, f"seed-{training.seed}", name]
        return "/".join([RESULTS, "rankings", *parts])

    def training_recipe(self, name: str, *, tested: bool = True) -> Recipe:
        """A recipe without the keys that no training uses, so that they rerun none.

        tested: whether dev and test sets are read, as by a trial.
        """
        return self._recipe(name, RANKING_KEYS if tested else (*RANKING_KEYS, *TESTING_KEYS))

    def scoring_recipe(self, name: str, kind: str) -> Recipe:
        """A recipe as far as the scores of a kind of ranking depend on it."""
        unused = ["normalisation", *TESTING_KEYS]
        return self._recipe(name, unused + ([] if KINDS[kind].by_batch else ["ranking_batch_size"]))

    def _recipe(self, name: str, unused: Iterable[str]) -> Recipe:
        used = {k: v for k, v in self.recipes[name].items() if k not in {"name", *unused}}
        return cast(Recipe, used)

    def blocks(self) -> list[tuple[int, ...]]:
        """The k of trials that train, in the fixed blocks that one job runs; 0 is the first."""
        size = self.config["trials_per_job"]
        found: dict[int, set[int]] = {}
        for trial in self.trials.values():
            if trial.k and trial.protocol == "prune":
                found.setdefault((trial.k - 1) // size, set()).add(trial.k)
        return [(0,), *(tuple(sorted(found[index])) for index in sorted(found))]

    def joined(self) -> dict[Training, str]:
        """Trainings whose k = 0 is trained in the job of k = 1..n of a ranking, and the ranking.

        It depends on their own trials only, so that other rankings and targets move no k = 0.
        """
        kind, size = self.config["unpruned_with"], self.config["trials_per_job"]
        found = {}
        for trial in self.trials.values():
            ranking = f"{kind}-{trial.training.mixture[0]}"
            if trial.protocol == "prune" and trial.ranking == ranking and trial.k <= size:
                found[trial.training] = ranking
        return found

    def masked(self) -> tuple[int, ...]:
        """The k > 0 of masking trials: one job runs them all."""
        ks = {t.k for t in self.trials.values() if t.k and t.protocol == "mask"}
        return tuple(sorted(ks))
