"""Which k a sweep ends with: two criteria on the same trials, side by side.

* `dev_selected`: k from 0..K with the best dev score (ties to the smaller k); test is read once,
  there. Dev is that of the source for cross-lingual sweeps (all that a zero-shot user has; of
  several sources their mean), of the target for multi-lingual ones, its own for mono-lingual ones.
* `test_oracle`: the best test score of k = 1..K (ties to the smaller k), what the paper reports. It
  is a maximum over K noisy numbers.

Sweeps of the role `fresh` have nothing to choose: their second trial has the k that another seed's
sweep chose (see study.plan.Sweep). Gains are test scores less the test score at k = 0, in
percentage points; scores are in percent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from polyheads.analysis import tidy
from polyheads.analysis.ranks import spearman
from polyheads.catalogue.tasks import METRICS
from polyheads.errors import UserError
from polyheads.study import trial_files
from polyheads.study.choice import highest
from polyheads.study.plan import Sweep
from polyheads.study.trial_files import read_trial

CRITERIA = ("dev_selected", "test_oracle")
DIGITS = 6  # of scores.csv and choices.csv

_SWEEP = (
    *("experiment", "model", "corpus", "task", "recipe", "source", "mixture", "setting"),
    *("target", "ranking", "protocol", "seed", "role", "of_seed"),
)
SCORE_COLUMNS = (*_SWEEP, "k", "split", "heads", "language", "metric", "value", "trial_path")
CHOICE_COLUMNS = (
    *(*_SWEEP, "metric", "heads", "dev", "k_max", "trials", "missing_k", "unpruned"),
    *(f"dev_selected_{name}" for name in ("k", "dev", "test", "gain", "trial")),
    *(f"test_oracle_{name}" for name in ("k", "test", "gain", "trial")),
    *("dev_test_spearman", "dev_selected_heads", "test_oracle_heads"),
)


_Sweep = tuple[str | int | None, ...]  # what names a sweep
_Place = tuple[_Sweep, tuple[int, str, str, str, str]]  # and k, split, heads, language, metric


@dataclass(frozen=True, kw_only=True)
class SweepRow:
    """What a row of numbers says of its sweep."""

    experiment: str
    model: str
    corpus: str
    task: str
    recipe: str
    source: str  # `en`, `en+zh`
    mixture: str  # `en`, `en+zh@30`
    setting: str
    target: str
    ranking: str
    protocol: str
    seed: int
    role: str
    of_seed: int | None

    @property
    def pair(self) -> tuple[str, str]:
        """Source and target."""
        return self.source, self.target

    @property
    def sweep(self) -> tuple[str | int | None, ...]:
        """What names a sweep, whatever metric it is read in."""
        return (
            *(self.experiment, self.model, self.corpus, self.task, self.recipe, self.source),
            *(self.mixture, self.setting, self.target, self.ranking, self.protocol, self.seed),
            *(self.role, self.of_seed),
        )


@dataclass(frozen=True, kw_only=True)
class Score(SweepRow):
    """One number of a trial, as a sweep reads it."""

    k: int
    split: str
    heads: str  # pruned | all: those on
    language: str
    metric: str
    value: float  # percent
    trial_path: str


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What a criterion selects of a sweep; None and "" where trials are missing."""

    k: int | None = None
    test: float | None = None
    gain: float | None = None
    trial: str = ""  # path of its JSON
    heads: str = ""  # pruned, "layer.head layer.head …", lowest score first, counted from 0
    dev: float | None = None  # of dev_selected


@dataclass(frozen=True, kw_only=True)
class Choice(SweepRow):
    """Both criteria of one sweep in one metric."""

    metric: str
    heads: str  # pruned | all: those on when test is read
    dev: str  # languages whose development sets choose, `en+zh`
    k_max: int
    trials: int  # that are there
    missing_k: str  # `2 5`
    unpruned: float | None
    dev_selected: Selected
    test_oracle: Selected
    dev_test_spearman: float | None  # over k

    def by(self, criterion: str) -> Selected:
        """What a criterion of CRITERIA selects."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle

    @property
    def whole(self) -> bool:
        """Whether it has the gains of both criteria."""
        return self.dev_selected.gain is not None and self.test_oracle.gain is not None

    @property
    def missing(self) -> tuple[int, ...]:
        """The k whose trials are missing."""
        return tuple(int(k) for k in self.missing_k.split())


def load_scores(paths: Collection[str], sweeps: Sequence[Sweep]) -> list[Score]:
    """The numbers of the trials among `paths` that exist.

    A trial that several sweeps share is in each of them. Of its numbers a sweep gets test of its
    target and dev of the languages it was trained on; k = 0 takes the ranking and the protocol of
    the sweep. Says how many trials must be measured again, which takes a while.
    """
    wanted = {str(path) for path in paths}
    named = dict.fromkeys(str(path) for sweep in sweeps for path in sweep.trials)
    trials = {path: read_trial(path) for path in named if path in wanted and Path(path).exists()}
    if again := sum(not trial_files.is_measured(trial) for trial in trials.values()):
        print(
            f"{again} of {len(trials)} trials have scores by other metrics than those of today:"
            " computing them again from the predictions",
            flush=True,
        )
    measured = {path: trial_files.scores(path, trial) for path, trial in trials.items()}
    scores = []
    for sweep in sweeps:
        about = sweep_values(sweep)
        for k, path in zip(sweep.ks, sweep.trials, strict=True):
            path = str(path)
            if path not in trials:
                continue
            if sweep.role == "fresh":
                k = len(trials[path]["pruned_heads"])
            for row in measured[path]:
                if row["split"] == "test" and row["language"] != sweep.target:
                    continue
                place = {name: row[name] for name in ("split", "heads", "language")}
                about_score = about | place | {"k": k, "trial_path": path}
                scores += [
                    Score(**about_score, metric=name, value=value)
                    for name, value in row["metrics"].items()
                ]
    return scores


def choose(scores: Iterable[Score], sweeps: Sequence[Sweep]) -> list[Choice]:
    """Both criteria of every sweep, in the order of `sweeps`.

    A trial that is missing leaves its k out (`missing_k` says so); without k = 0 there are no
    gains. `dev_test_spearman` is the rank correlation of dev and test over k, None for less than
    three points or where one of the two is constant. UserError for a metric that a task hasn't.
    """
    values: dict[_Place, tuple[float, str]] = {}
    trained: dict[_Sweep, set[int]] = {}
    for row in scores:
        place = (row.k, row.split, row.heads, row.language, row.metric)
        values[row.sweep, place] = (row.value, row.trial_path)
        trained.setdefault(row.sweep, set()).add(row.k)
    out = []
    for sweep in sweeps:
        about = SweepRow(**sweep_values(sweep))
        fresh = sweep.role == "fresh"
        ks = trained.get(about.sweep, {0}) if fresh else sweep.ks
        out.append(_choose_one(values, sweep, about, sorted(ks)))
    return out


def _choose_one(
    values: Mapping[_Place, tuple[float, str]], sweep: Sweep, about: SweepRow, ks: Sequence[int]
) -> Choice:
    metric = sweep.metric
    if metric not in METRICS[sweep.task]:
        raise UserError(
            f"experiment {sweep.experiment}: metric {metric!r} is none of task"
            f" {sweep.task}: use one of {', '.join(METRICS[sweep.task])}"
        )
    dev: dict[int, float] = {}
    test: dict[int, float] = {}
    paths: dict[int, str] = {}
    for k in ks:
        # With no head pruned there are no others to put back.
        heads = sweep.heads if k else "pruned"
        sides = [("dev", sweep.dev, dev, "pruned"), ("test", (sweep.target,), test, heads)]
        for split, languages, into, on in sides:
            numbers = [
                values.get((about.sweep, (k, split, on, lang, metric))) for lang in languages
            ]
            whole = [number for number in numbers if number is not None]
            if len(whole) == len(numbers):
                into[k] = sum(value for value, _ in whole) / len(whole)
                paths[k] = whole[0][1]
    both = [k for k in ks if k in dev and k in test]
    chosen = highest({k: dev[k] for k in both})
    best = highest({k: value for k, value in test.items() if k > 0})
    if sweep.role == "fresh":
        last = max(both, default=None)
        there = last is not None and paths[last] == str(sweep.trials[1])
        chosen, best = (last if there else None), None
    selected = [_selected(k, test, paths) for k in (chosen, best)]
    if chosen is not None:
        selected[0] = replace(selected[0], dev=dev[chosen])
    return Choice(
        **{name: getattr(about, name) for name in _SWEEP},
        metric=metric,
        heads=sweep.heads,
        dev="+".join(sweep.dev),
        k_max=max(ks),
        trials=len(both),
        missing_k=" ".join(str(k) for k in ks if k not in both),
        unpruned=test.get(0),
        dev_selected=selected[0],
        test_oracle=selected[1],
        dev_test_spearman=spearman([dev[k] for k in both], [test[k] for k in both]),
    )


def _selected(k: int | None, test: Mapping[int, float], paths: Mapping[int, str]) -> Selected:
    if k is None:
        return Selected()
    gain = test[k] - test[0] if 0 in test else None
    return Selected(k=k, test=test[k], gain=gain, trial=paths[k])


def with_heads(choices: Iterable[Choice]) -> list[Choice]:
    """The choices with the heads that were pruned, read from the chosen trials."""
    heads: dict[str, str] = {}

    def told(selected: Selected) -> Selected:
        if selected.trial and selected.trial not in heads:
            pruned = read_trial(selected.trial)["pruned_heads"]
            heads[selected.trial] = " ".join(f"{layer}.{head}" for layer, head in pruned)
        return replace(selected, heads=heads.get(selected.trial, ""))

    return [
        replace(row, dev_selected=told(row.dev_selected), test_oracle=told(row.test_oracle))
        for row in choices
    ]


def sweep_values(sweep: Sweep) -> dict[str, Any]:
    """The fields of a SweepRow."""
    values = {name: getattr(sweep, name) for name in _SWEEP}
    return values | {"mixture": "+".join(sweep.mixture)}


def write_scores(scores: Iterable[Score], path: str | Path) -> None:
    """scores.csv."""
    tidy.write(scores, path, columns=SCORE_COLUMNS, digits=DIGITS)


def write(choices: Iterable[Choice], path: str | Path) -> None:
    """choices.csv."""
    tidy.write(choices, path, columns=CHOICE_COLUMNS, digits=DIGITS)


def read_scores(path: str | Path) -> list[Score]:
    """The rows of scores.csv."""
    return tidy.read(Score, path)


def read(path: str | Path) -> list[Choice]:
    """The rows of choices.csv."""
    return tidy.read(Choice, path)
