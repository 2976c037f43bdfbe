"""A trial: train with k heads pruned, evaluate on every language asked for, keep it all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from polyheads import digests, origins
from polyheads.encoders import models, rows, subwords
from polyheads.encoders.batches import Layout, Sentence
from polyheads.encoders.forward import prepare_torch
from polyheads.encoders.gates import gate_without
from polyheads.encoders.records import ModelInfo
from polyheads.encoders.subwords import EncodingInfo
from polyheads.errors import UserError
from polyheads.files import sweep, writing
from polyheads.origins import OfTraining
from polyheads.provenance import module_hash, versions
from polyheads.study import mixtures
from polyheads.study.records import Point, Recipe, Score, TrainingRecord, TrialFile
from polyheads.training import memory, prediction, stacked
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.loop import train
from polyheads.training.prediction import Packed, Predictions
from polyheads.training.steps import Batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# By its name: a change of a metric changes no code that trains. A trial keeps the digest instead,
# of what is loaded here, and not of what may stand there when a training ends.
_METRICS = "polyheads.catalogue.metrics"
metrics = import_module(_METRICS)
_METRICS_CODE = module_hash(_METRICS)

_Limit = Literal["train_sentences", "dev_sentences", "test_sentences"]
_LIMITS: dict[Literal["train", "dev", "test"], _Limit] = {
    "train": "train_sentences",
    "dev": "dev_sentences",
    "test": "test_sentences",
}


@dataclass(frozen=True)
class Setup:
    """What the trials of one job share."""

    model_dir: Path
    encodings: dict[str, Path]  # language -> encoding directory, mixture and evaluated languages
    recipe: Recipe
    mixture: Sequence[str]  # what is trained on, source first: languages, or `de@30`
    evaluate_on: Sequence[str]  # languages whose test set is read
    seed: int
    device: str
    threads: int
    checkpoint_minutes: float
    code: str  # hash of the code that trains and tests
    unmasked: bool = False  # whether test is read with the pruned heads on again, too


def setup(
    *,
    model_dir: str | Path,
    encodings: Mapping[str, str | Path],
    recipe: Recipe,
    mixture: Sequence[str],
    evaluate_on: Sequence[str],
    seed: int,
    device: str,
    threads: int,
    checkpoint_minutes: float,
    code: str,
    unmasked: bool = False,
) -> Setup:
    """A setup of what a rule knows, where directories are words; see Setup for what each is."""
    return Setup(
        model_dir=Path(model_dir),
        encodings={language: Path(path) for language, path in encodings.items()},
        recipe=recipe,
        mixture=mixture,
        evaluate_on=evaluate_on,
        seed=seed,
        device=device,
        threads=threads,
        checkpoint_minutes=checkpoint_minutes,
        code=code,
        unmasked=unmasked,
    )


def stage(path: Path) -> Path:
    """Where a training keeps its state until its job is done: under results/checkpoints/.

    What a killed job was writing there goes.
    """
    parts = list(path.parts)
    place = next(i for i, part in enumerate(parts) if part in ("trials", "baselines"))
    parts[place] = "checkpoints"
    found = Path(*parts)
    for suffix in (".safetensors", ".done", ".parquet", ".json"):
        sweep(found.with_suffix(suffix))
    return found


def layout(info: EncodingInfo, model: ModelInfo, recipe: Recipe) -> Layout:
    """Special tokens, positions and length limit; the recipe may only shorten the limit."""
    limit = min(recipe["max_length"] or model["max_length"], model["max_length"])
    return Layout(
        prefix=tuple(info["special"]["prefix"]),
        suffix=tuple(info["special"]["suffix"]),
        position_offset=model["position_offset"],
        max_length=limit,
        **info.get("texts", {}),
    )


def read_labels(encodings: dict[str, Path]) -> list[str]:
    """The label set, which all languages of a corpus share. UserError if they don't."""
    sets = {language: subwords.read_info(path)["labels"] for language, path in encodings.items()}
    first, labels = next(iter(sets.items()))
    for language, other in sets.items():
        if other != labels:
            raise UserError(f"label sets of {first} and {language} differ; prepare both again")
    return labels


class Trials:
    """Runs trials of one setup one after the other; the data is read once."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.device = prepare_torch(device=setup.device, threads=setup.threads)
        self.info = models.read_info(setup.model_dir)
        self.labels = read_labels(setup.encodings)
        self.languages = mixtures.languages(setup.mixture)
        first = subwords.read_info(setup.encodings[self.languages[0]])
        self.task = first["task"]
        self.layout = layout(first, self.info, setup.recipe)
        self.train_sets = [
            self._read(mixtures.language_of(part), "train", mixtures.percent_of(part))
            for part in setup.mixture
        ]
        self._splits: dict[tuple[str, str], tuple[list[np.ndarray], Packed]] = {}
        self.shape = (self.info["layers"], self.info["heads"])
        self.made_of = self.origins(origins.splits_read(self.languages, setup.evaluate_on))

    def _read(
        self, language: str, split: Literal["train", "dev", "test"], percent: int = 100
    ) -> list[Sentence]:
        recipe = self.setup.recipe
        return subwords.read_split(
            self.setup.encodings[language],
            split,
            recipe[_LIMITS[split]],
            subset=recipe["subset"],
            leave_out_repeated=split == "train" and recipe["leave_out_repeated"],
            percent=percent,
        )

    @cached_property
    def batches(self) -> Batches:
        """What all trials are trained on, in the same order."""
        return Batches(
            self.train_sets,
            recipe=self.setup.recipe,
            layout=self.layout,
            seed=self.setup.seed,
            device=self.device,
        )

    def gate(self, pruned: Sequence[Sequence[int]]) -> torch.Tensor | None:
        """(layers, heads) gate without ``pruned``, or None when nothing is pruned."""
        return gate_without(pruned, *self.shape) if pruned else None

    def fresh_model(self) -> PreTrainedModel:
        """The pre-trained encoder with a new classification head."""
        return models.build(self.setup.model_dir, labels=self.labels, seed=self.setup.seed)

    def save_weights(self, model: PreTrainedModel, path: Path) -> None:
        """Keep the weights of a model that was trained here."""
        decay = self.setup.recipe["weight_decay"]
        rows.save(model, path, rows.trained(model, self.batches.tokens, weight_decay=decay))

    def load_model(self, weights: Path) -> PreTrainedModel:
        """The model that ``save_weights`` kept."""
        model = self.fresh_model()
        rows.load(model, weights)
        return model

    def origins(self, splits: Mapping[str, Sequence[str]]) -> OfTraining:
        """What numbers are made of that come from these splits (language -> splits)."""
        s = self.setup
        return origins.made_of(
            model_dir=s.model_dir,
            encodings=s.encodings,
            splits=splits,
            recipe=s.recipe,
            code=s.code,
            device=self.device.type,
            threads=s.threads,
        )

    def fingerprint(self, pruned: Sequence[Sequence[int]]) -> str:
        """Hash of everything that determines a trial's numbers, to the last digit."""
        s = self.setup
        heads = [list(head) for head in pruned]
        point = [list(s.mixture), list(s.evaluate_on), s.unmasked, s.seed, heads]
        return digests.of([self.made_of, point, versions()])

    def fit(
        self,
        *,
        pruned: Sequence[Sequence[int]],
        checkpoint_path: Path,
        name: str,
        trained_with: int = 1,
        place: int = 0,
    ) -> tuple[PreTrainedModel, TrainingRecord]:
        """Fine-tune from the pre-trained weights with ``pruned`` heads off; (model, record).

        trained_with, place: of a trial that trained with others. So many of the same train in one
        pass, because products that are computed together are rounded otherwise than alone.
        UserError where a GPU has too little memory.

        On a GPU a single training is a stack of one: PyTorch's kernels for dropout draw otherwise
        outside of `vmap`, and a trial doesn't depend on whether others train beside it.
        """
        on_gpu = self.device.type != "cpu"
        try:
            if trained_with > 1 or (on_gpu and self.reason_against_stacking is None):
                model, trained = self.fit_together(
                    [pruned] * trained_with,
                    checkpoint_path=checkpoint_path,
                    names=[name] * trained_with,
                )
                stacked.put(model, trained, place)
                return model, self.record(trained, place)
            return self._fit_alone(pruned, checkpoint_path, name)
        except torch.OutOfMemoryError as error:
            what = "one training" if trained_with == 1 else f"{trained_with} trainings in one pass"
            raise UserError(
                f"{name}: a GPU has too little free memory for {what}; lower batch_size or "
                "max_length in its recipe, set its precision to bfloat16, or set device: cpu"
            ) from error

    def _fit_alone(
        self, pruned: Sequence[Sequence[int]], checkpoint_path: Path, name: str
    ) -> tuple[PreTrainedModel, TrainingRecord]:
        model = self.fresh_model()
        record = train(
            model,
            self.batches,
            recipe=self.setup.recipe,
            gate=self.gate(pruned),
            seed=self.setup.seed,
            checkpoint=self._checkpoint(checkpoint_path, self.fingerprint(pruned)),
            name=name,
        )
        return model, {**record, "device": self.device.type, "trained_with": 1, "place": 0}

    def fit_together(
        self,
        pruned: Sequence[Sequence[Sequence[int]]],
        *,
        checkpoint_path: Path,
        names: Sequence[str],
    ) -> tuple[PreTrainedModel, stacked.Trained]:
        """Fine-tune a trial for each of ``pruned``, lists of heads that are off, in one pass.

        Returns the pre-trained model and what the trials learned, for `stacked.put` to put into it.
        torch.OutOfMemoryError where a GPU has too little memory.
        """
        model = self.fresh_model()
        trained = stacked.train(
            model,
            self.batches,
            recipe=self.setup.recipe,
            gates=torch.stack([gate_without(heads, *self.shape) for heads in pruned]),
            seed=self.setup.seed,
            checkpoint=self._checkpoint(checkpoint_path, self.fingerprint_of_stack(pruned)),
            names=names,
        )
        return model, trained

    def record(self, trained: stacked.Trained, place: int) -> TrainingRecord:
        """What a trial's file says of its training with others."""
        count = len(trained.fits)
        fit, device = trained.fits[place], self.device.type
        return {**fit, "device": device, "trained_with": count, "place": place}

    def trials_that_fit(self) -> int:
        """How many trials the memory of the GPU takes at once, by an estimate."""
        model = self.fresh_model()
        decay = self.setup.recipe["weight_decay"]
        with rows.only(model, rows.trained(model, self.batches.tokens, weight_decay=decay)):
            return memory.trials_that_fit(model, self.batches)

    @cached_property
    def reason_against_stacking(self) -> str | None:
        """Why trials of this encoder can't train in one pass; None where they can."""
        return stacked.reason_against(self.fresh_model(), self.batches.at(0), self.shape)

    def fingerprint_of_stack(self, pruned: Sequence[Sequence[Sequence[int]]]) -> str:
        """The same as `fingerprint`, of trials that train in one pass, in their order."""
        return digests.of(["stack", *map(self.fingerprint, pruned)])

    def _checkpoint(self, path: Path, fingerprint: str) -> Checkpoint:
        return Checkpoint(path, minutes=self.setup.checkpoint_minutes, fingerprint=fingerprint)

    def evaluate(
        self, model: torch.nn.Module, pruned: Sequence[Sequence[int]], *, unmasked: bool
    ) -> list[Predictions]:
        """Predictions on dev of the mixture and on test, heads off, ``unmasked`` on again too.

        One of them per (language, split, heads).
        """
        (read,) = self.evaluate_each(model, [pruned], unmasked=unmasked)
        return read

    def evaluate_each(
        self,
        model: torch.nn.Module,
        sets: Sequence[Sequence[Sequence[int]]],
        *,
        unmasked: bool = False,
    ) -> list[list[Predictions]]:
        """What `evaluate` gives for each of several sets of heads that are off, sooner."""
        off: list[list[Predictions]] = [[] for _ in sets]
        on: list[Predictions] = []
        wanted: list[tuple[str, Literal["dev", "test"]]]
        wanted = [(language, "dev") for language in self.languages]
        wanted += [(language, "test") for language in self.setup.evaluate_on]
        for language, split in wanted:
            gold, packed = self._packed(language, split)
            gates = [self.gate(pruned) for pruned in sets]
            if unmasked and split == "test":
                gates.append(None)
            found = prediction.predict_each(
                model,
                packed,
                gates=gates,
                precision=self.setup.recipe["precision"],
            )
            for read, predicted in zip(off, found[: len(sets)], strict=True):
                read.append(Predictions(language, split, "pruned", gold, predicted))
            on += [
                Predictions(language, split, "all", gold, predicted)
                for predicted in found[len(sets) :]
            ]
            if len(sets) > 1:  # which takes long, and says nothing of its own
                print(f"{language} {split}: {len(sets)} sets of heads off, done", flush=True)
        return [read + on for read in off]

    def _packed(
        self, language: str, split: Literal["dev", "test"]
    ) -> tuple[list[np.ndarray], Packed]:
        """Labels of a split and its batches, which are made once for all trials."""
        if (language, split) not in self._splits:
            sentences = self._read(language, split)
            packed = prediction.packed(sentences, self.layout, self.device)
            self._splits[language, split] = [s.labels for s in sentences], packed
        return self._splits[language, split]

    def run(
        self,
        path: Path,
        *,
        trial: Point,
        pruned: Sequence[Sequence[int]],
        stage: Path,
    ) -> None:
        """Train, evaluate and keep one trial at ``path`` (without suffix).

        pruned: the heads that are off, each (layer, head) counted from 0, lowest first.
        ``stage`` is the trial's place among the checkpoints. A finished trial waits there
        until ``publish``, so that a job that is killed loses only the trial it was at.
        """
        if self.is_finished(stage, pruned):
            print(f"{path}: finished by an earlier run", flush=True)
            return
        weights = stage.with_suffix(".safetensors")
        model, training = self.fit(pruned=pruned, checkpoint_path=weights, name=self.name(pruned))
        rows = self.tested(model, pruned)
        self.write(stage, trial=trial, pruned=pruned, training=training, rows=rows)
        self.mark_finished(stage, pruned)

    def tested(self, model: torch.nn.Module, pruned: Sequence[Sequence[int]]) -> list[Predictions]:
        """What a trained model predicts, with all heads back on too where some table reads it."""
        return self.evaluate(model, pruned, unmasked=bool(pruned) and self.setup.unmasked)

    def name(self, pruned: Sequence[Sequence[int]]) -> str:
        """What a trial is called in the log."""
        return f"{'+'.join(self.setup.mixture)} k={len(pruned)}"

    def is_finished(self, stage: Path, pruned: Sequence[Sequence[int]]) -> bool:
        """Whether this trial waits in its stage, whole and of what is there now."""
        done = stage.with_suffix(".done")
        return done.is_file() and done.read_text() == self.fingerprint(pruned)

    def mark_finished(self, stage: Path, pruned: Sequence[Sequence[int]]) -> None:
        """Say that a trial that was written to its stage is whole; its checkpoint goes."""
        with writing(stage.with_suffix(".done")) as temporary:
            temporary.write_text(self.fingerprint(pruned))
        stage.with_suffix(".safetensors").unlink(missing_ok=True)

    def write(
        self,
        path: Path,
        *,
        trial: Point,
        pruned: Sequence[Sequence[int]],
        training: TrainingRecord | None,
        rows: Sequence[Predictions],
    ) -> None:
        """Keep a trial: predictions as ``<path>.parquet``, then scores as ``<path>.json``."""
        prediction.save(path.with_suffix(".parquet"), rows, self.labels)
        scores: list[Score] = []
        for row in rows:
            gold, predicted = (
                [[self.labels[i] for i in sentence] for sentence in side]
                for side in (row.gold, row.predicted)
            )
            score: Score = {
                "language": row.language,
                "split": row.split,
                "heads": row.heads,
                "sentences": len(gold),
                "words": sum(map(len, gold)),
                "metrics": metrics.metrics(self.task, gold, predicted),
            }
            if self.layout.first:
                score["cut_texts"] = self._splits[row.language, row.split][1].cut
            scores.append(score)
        content: TrialFile = {
            "trial": {**trial, "task": self.task, "seed": self.setup.seed},
            "recipe": self.setup.recipe,
            "heads_total": self.shape[0] * self.shape[1] - len(self.info.get("missing_heads", [])),
            "pruned_heads": [list(h) for h in pruned],
            "training": training,
            "versions": versions(),
            "metrics_code": _METRICS_CODE,
            "made_of": self.made_of,
            "scores": scores,
        }
        with writing(path.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def copy(source: Path, path: Path, *, trial: Point, code: str) -> None:
    """Keep a trial's numbers and predictions at another point of the space, as ``trial`` says.

    code: hash of the code that decided so.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path.with_suffix(".parquet")) as temporary:
        shutil.copyfile(source.with_suffix(".parquet"), temporary)
    content: TrialFile = json.loads(source.with_suffix(".json").read_text())
    content["trial"] = {**content["trial"], **trial}
    content["made_of"]["code"] = code
    with writing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def publish(stages: Sequence[Path], paths: Sequence[Path]) -> None:
    """Move finished trials from their stages to where the workflow expects them."""
    for stage, path in zip(stages, paths, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".parquet", ".json"):
            shutil.copyfile(stage.with_suffix(suffix), path.with_suffix(suffix))
    for stage in stages:
        for suffix in (".done", ".parquet", ".json"):
            stage.with_suffix(suffix).unlink(missing_ok=True)
