"""Which pruned models a study exports, and where they lie; nothing is opened.

An export is one model that a main sweep ends with: the trial with the k that dev chooses, or the
one with a k that the configuration names. Sweeps that read the same trials and choose by the same
development sets (the targets of a cross-lingual source) share one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from polyheads.errors import UserError
from polyheads.study.configuration import Selection
from polyheads.study.plan import RESULTS, Plan, Sweep, Training, spell_choice
from polyheads.validation import nearest

# Files that a rule makes; README.md is the model card.
MODEL_FILES = (
    *("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
    "pruned_heads.json",
)
CARD = "README.md"
_Key = Literal["experiment", "model", "source", "target", "setting", "ranking", "seed"]
_KEYS: tuple[_Key, ...] = get_args(_Key)


@dataclass(frozen=True)
class Export:
    """One pruned model to take away."""

    study: str
    training: Training
    protocol: str  # prune | mask
    ranking: str
    task: str
    metric: str
    dev: tuple[str, ...]
    ks: tuple[int, ...]
    sweep: tuple[str, ...]  # paths of the trials' JSON, in the order of ks
    k: int | None  # None: the one that dev chooses

    @property
    def path(self) -> str:
        """The directory; it spells all that the choice depends on."""
        point = self.training.path.removeprefix(f"{RESULTS}/trials/")
        if self.k is None:
            choice = spell_choice(self.metric, self.dev, self.ks)
        else:
            choice = f"k-{self.k:02d}"
        branch = f"{self.protocol}-{self.ranking}"
        return f"{RESULTS}/exports/{self.study}/{point}/{branch}/{choice}"

    @property
    def checkpoint(self) -> str:
        """Where its training keeps its state until the model is written."""
        inside = self.path.removeprefix(f"{RESULTS}/")
        return f"{RESULTS}/checkpoints/{inside}.safetensors"

    @property
    def read_ks(self) -> tuple[int, ...]:
        """The k of the trials that it reads: 0 first, then those that it may have."""
        return self.ks if self.k is None else tuple(sorted({0, self.k}))

    @property
    def trials(self) -> list[str]:
        """Paths, without suffix, of the trials of `read_ks`."""
        by_k = dict(zip(self.ks, self.sweep, strict=True))
        return [by_k[k].removesuffix(".json") for k in self.read_ks]


def planned(plan: Plan) -> dict[str, Export]:
    """Path -> export: of all main sweeps, or of those that the key `exports` selects.

    Sweeps that prune nothing are left out, and those that read test with the pruned heads back on
    (`heads_at_test: all`): their numbers are not a pruned model's. UserError names the place in
    the configuration of a selection that selects nothing.
    """
    sweeps = [s for s in plan.sweeps if s.role == "main" and len(s.ks) > 1 and s.heads == "pruned"]
    selections = plan.config["exports"]
    if selections:
        chosen = list(_selected(sweeps, selections))
    else:
        chosen = [(sweep, None) for sweep in sweeps]
    exports = (_export(plan.config["study"]["name"], sweep, k) for sweep, k in chosen)
    return {export.path: export for export in exports}


def corpora(plan: Plan, export: Export) -> dict[str, str]:
    """Language -> prepared corpus, for all that the model is trained or tested on."""
    corpus, languages = export.training.corpus, plan.languages_of(export.training)
    return {code: f"{RESULTS}/corpora/{corpus}/{code}" for code in languages}


def inputs(plan: Plan, export: Export) -> dict[str, list[str]]:
    """The trials that it may be, k = 0 first, and the words that its tokenizer must cut alike."""
    return {
        "sweep": [f"{path}.json" for path in export.trials],
        "predictions": [f"{path}.parquet" for path in export.trials],
        "words": [f"{path}/data" for path in corpora(plan, export).values()],
    }


def _selected(
    sweeps: Sequence[Sweep], selections: Sequence[Selection]
) -> Iterator[tuple[Sweep, int | None]]:
    for index, selection in enumerate(selections):
        where = f"configuration, exports[{index}]"
        left = list(sweeps)
        for key in _KEYS:
            if key not in selection:
                continue
            there = {getattr(sweep, key) for sweep in left}
            if selection[key] not in there:
                raise UserError(
                    f"{where}.{key}: no sweep that can be exported has the {key} "
                    f"{selection[key]!r}{nearest(str(selection[key]), there)}"
                )
            left = [sweep for sweep in left if getattr(sweep, key) == selection[key]]
        k = selection.get("k")
        for sweep in left:
            if k is not None and k not in sweep.ks:
                ks = ", ".join(map(str, sweep.ks))
                raise UserError(
                    f"{where}.k: {k} is no k of the experiment {sweep.experiment} ({ks})"
                )
            yield sweep, k


def _export(study: str, sweep: Sweep, k: int | None) -> Export:
    return Export(
        study=study,
        training=Training(sweep.model, sweep.corpus, sweep.recipe, sweep.mixture, sweep.seed),
        protocol=sweep.protocol,
        ranking=sweep.ranking,
        task=sweep.task,
        metric=sweep.metric,
        dev=sweep.dev,
        ks=sweep.ks,
        sweep=sweep.trials,
        k=k,
    )
