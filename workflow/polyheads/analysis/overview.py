"""Mean gains of all experiments of a study, and the published ones of the same pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from polyheads.analysis import improved, tidy
from polyheads.analysis.choices import CRITERIA, Choice
from polyheads.catalogue import published
from polyheads.study.rankings import ranking_kind


@dataclass(frozen=True, kw_only=True)
class Gains:
    """Gains by one criterion: their mean, percentage points, and their signs."""

    mean: float | None
    up: int
    same: int
    mean_k: float | None


@dataclass(frozen=True, kw_only=True)
class Published:
    """Gains that the paper has of the same pairs, best of 12 trials on test."""

    mean: float | None = None
    pairs: int | None = None
    up: int | None = None
    mean_k: float | None = None  # of the text, over both settings


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The sweeps of an experiment, kind of ranking, setting and model."""

    task: str
    experiment: str
    ranking: str
    setting: str
    model: str
    metric: str
    sweeps: int
    with_gains: int  # by both criteria: means are over these
    unpruned: float | None  # percent
    dev_selected: Gains
    test_oracle: Gains
    published: Published
    dev_test_spearman: float | None

    def by(self, criterion: str) -> Gains:
        """The gains by a criterion of CRITERIA."""
        return self.dev_selected if criterion == "dev_selected" else self.test_oracle


def rows(choices: Iterable[Choice]) -> list[Overview]:
    """A row for each experiment, setting and model, in the order of the report.

    choices: in the experiments' own metrics (displays.main_rows).
    """
    # Choices come experiment by experiment; inside one the settings stay together, then the models.
    groups = tidy.grouped(
        choices,
        lambda row: (row.task, row.experiment, ranking_kind(row.ranking, row.source), row.setting),
    )
    out = []
    for (task, experiment, ranking, setting), group in groups.items():
        for model, sweeps in tidy.grouped(group, lambda row: row.model).items():
            whole = [row for row in sweeps if row.whole]
            dev_selected, test_oracle = (_gains(whole, criterion) for criterion in CRITERIA)
            paper = ranking == published.RANKING
            out.append(
                Overview(
                    task=task,
                    experiment=experiment,
                    ranking=ranking,
                    setting=setting,
                    model=model,
                    metric=sweeps[0].metric,
                    sweeps=len(sweeps),
                    with_gains=len(whole),
                    unpruned=tidy.mean(row.unpruned for row in whole),
                    dev_selected=dev_selected,
                    test_oracle=test_oracle,
                    published=_published(sweeps) if paper else Published(),
                    dev_test_spearman=tidy.mean(row.dev_test_spearman for row in whole),
                )
            )
    return out


def _gains(whole: Sequence[Choice], criterion: str) -> Gains:
    selected = [row.by(criterion) for row in whole]
    gains = [one.gain for one in selected if one.gain is not None]
    signs = improved.count(gains)
    return Gains(
        mean=tidy.mean(gains),
        up=signs.up,
        same=signs.same,
        mean_k=tidy.mean(one.k for one in selected),
    )


def _published(sweeps: Sequence[Choice]) -> Published:
    """What the paper has of the pairs of one model and setting."""
    known = published.gains()
    points = dict.fromkeys(published.point(row) for row in sweeps)
    gains = [known[point] for point in points if point in known]
    if not gains:
        return Published()
    first = sweeps[0]
    k = published.mean_heads().get((first.task, first.model))
    return Published(
        mean=tidy.mean(gains),
        pairs=len(gains),
        up=improved.count(gains).up,
        mean_k=k if first.setting != "mono-lingual" else None,
    )
