"""Records of a made-up study, each with whatever is asked for instead of its own values."""

import random

from polyheads.analysis import choices
from polyheads.analysis.choices import Choice, Score, Selected
from polyheads.analysis.estimates import Estimate
from polyheads.analysis.rankings import Ranking
from polyheads.report.table import Table
from polyheads.study import displays
from polyheads.study.displays import Display
from polyheads.study.plan import Sweep

_PLACE = {
    **{"experiment": "pos", "task": "pos", "corpus": "ud-2.7", "model": "mbert"},
    **{"recipe": "paper", "source": "en", "target": "de", "setting": "cross-lingual"},
}
_SWEEP = {
    **_PLACE,
    **{"ranking": "gradient-en", "protocol": "prune", "seed": 42, "role": "main", "of_seed": None},
}


def sweep(**changed) -> Sweep:
    """A sweep of k = 0..3, its trials `results/k-0.json` to `results/k-3.json`."""
    values = _SWEEP | {"mixture": ("en",), "dev": ("en",), "metric": "accuracy"}
    values |= {"ks": (0, 1, 2, 3)} | changed
    trials = tuple(f"results/k-{k}.json" for k in values["ks"])
    return Sweep(**{"trials": trials, **values})


def selected(k: int | None, gain: float | None = None, **changed) -> Selected:
    """What a criterion selects of a sweep whose unpruned model has 80 %."""
    if k is None:
        return Selected(**changed)
    values = {"k": k, "gain": gain, "test": None if gain is None else 80.0 + gain}
    return Selected(**values | {"trial": f"results/k-{k}.json"} | changed)


def choice(dev_selected=(1, 0.5), test_oracle=(2, 1.5), **changed) -> Choice:
    """A choice of k = 0..3; of each criterion (k, gain), or the arguments of `selected`."""
    values = _SWEEP | {"mixture": "en", "dev": "en", "metric": "accuracy", "heads": "pruned"}
    values |= {"k_max": 3, "trials": 4, "missing_k": "", "unpruned": 80.0}
    sides = [
        side if isinstance(side, Selected) else selected(*side)
        for side in (dev_selected, test_oracle)
    ]
    values |= {"dev_selected": sides[0], "test_oracle": sides[1], "dev_test_spearman": 0.25}
    return Choice(**values | changed)


def score(k: int, value: float, **changed) -> Score:
    """A test score of a sweep."""
    values = _SWEEP | {"mixture": "en", "split": "test", "heads": "pruned", "language": "de"}
    values |= {"metric": "accuracy", "trial_path": f"results/k-{k}.json"}
    return Score(**values | {"k": k, "value": value} | changed)


def estimate(**changed) -> Estimate:
    """A pair's gain with one seed, told apart from zero."""
    values = _PLACE | {"table": "pos.cross-lingual.gradient", "level": "pair", "mixture": "en"}
    values |= {"criterion": "dev_selected", "ranking": "gradient", "metric": "accuracy"}
    values |= {"seeds": 1, "k": "1", "sentences": 100, "gain": 0.5, "low": 0.25, "high": 0.75}
    values |= {"p_sentences": 0.01, "p": 0.01, "p_holm": 0.02, "resamples": 9999}
    return Estimate(**values | changed)


def mean_estimate(**changed) -> Estimate:
    """The mean gain of a table's pairs."""
    values = {"level": "mean", "source": "", "target": "", "mixture": "", "k": ""}
    return estimate(**values | {"p_sentences": None, "p": None, "p_holm": None} | changed)


def planned(made: dict) -> Sweep:
    """A sweep of `made_up` as the plan has it."""
    return Sweep(**made)


def chosen(sweeps, *, without=()) -> tuple[list[Display], list[Choice]]:
    """The displays of sweeps whose trials are on disk, and both criteria in all their metrics.

    without: paths of trials that are as if they were missing.
    """
    shown = displays.plan(sweeps)
    paths = {path for one in sweeps for path in one.trials} - set(without)
    scores = choices.load_scores(paths, sweeps)
    return shown, choices.with_heads(choices.choose(scores, displays.with_metrics(shown, sweeps)))


def texts(rows) -> list[list[str]]:
    """What stands in the cells of a table's part."""
    return [[cell.text for cell in row] for row in rows]


def notes(table: Table) -> list[str]:
    """All notes of a table, last those that hold for it alone."""
    return [*table.general, *table.notes]


def full_width(table: Table) -> int:
    """Columns of a table with its spans laid out; every row must fill them."""
    columns = None
    for part in (table.head, table.body, table.foot):
        pending = []
        for row in part:
            width = sum(cell.colspan for cell in row)
            filled = len([span for span in pending if span > 0]) + width
            columns = columns or filled
            assert filled == columns, texts([row])
            pending = [span - 1 for span in pending if span > 1]
            for cell in row:
                pending += [cell.rowspan - 1] * cell.colspan if cell.rowspan > 1 else []
        assert not [span for span in pending if span > 0]
    return columns


def ranking(order, **changed) -> Ranking:
    """English heads by gradient in this order, lowest first, in that of the raw scores, too."""
    heads = tuple((layer, head) for layer, head in order)
    values = {"model": "mbert", "corpus": "ud-2.7", "recipe": "paper", "language": "en"}
    values |= {"seed": 42, "kind": "gradient", "reversed": False, "task": "pos"}
    values |= {"normalisation": "l2", "order": heads, "order_unnormalised": heads}
    return Ranking(**values | changed)


def head_scores(layers, heads):
    """The rows of a ranking's scores.csv."""
    numbers = random.Random(1)
    rows = [
        {"layer": layer, "head": head, "raw": numbers.random(), "normalised": numbers.random()}
        for layer in range(layers)
        for head in range(heads)
    ]
    for rank, row in enumerate(sorted(rows, key=lambda row: row["normalised"])):
        row["rank"] = rank
    return rows
