"""Which k a sweep ends with: two criteria of the same trials, side by side.

* sound: k from 0..K with the best dev score (ties to the smaller k); test is read once, there.
  Dev is that of the source for cross-lingual sweeps (all that a zero-shot user has; of several
  sources their mean), of the target for multi-lingual ones, its own for mono-lingual ones.
* best-on-test: the best test score of k = 1..K (ties to the smaller k), the paper's criterion. It is
  a maximum over K noisy numbers.

Sweeps of the role `fresh` have nothing to choose: their second trial has the k that another seed's
sweep chose (see plan.Sweep).

Gains are test scores less the test score at k = 0, in percentage points. A sweep is a plain dict:
experiment, task, corpus, model, recipe, source (`en`, `en+zh`), target, setting, mixture and dev
(languages trained on, and whose dev chooses), ranking, protocol, seed, metric, ks (0 first),
trials (paths, in the order of ks), role, of_seed, heads (those on when test is read).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from csv import DictReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyheads.analysis.ranks import spearman
from polyheads.catalogue.tasks import METRICS
from polyheads.errors import UserError
from polyheads.files import writing
from polyheads.study.choice import highest
from polyheads.study.trial_files import read_trial

if TYPE_CHECKING:
    from pandas import DataFrame

Sweep = dict[str, Any]

SWEEP_COLUMNS = (
    *("experiment", "model", "corpus", "task", "recipe", "source", "mixture", "setting"),
    *("target", "ranking", "protocol", "seed", "role", "of_seed"),
)
SCORE_COLUMNS = (
    *SWEEP_COLUMNS,
    *("k", "split", "heads", "language", "metric", "value", "trial_path"),
)
CHOICE_COLUMNS = (
    *SWEEP_COLUMNS,
    *("metric", "heads", "dev", "k_max", "trials", "missing_k", "unpruned"),
    *(
        "dev_selected_k",
        "dev_selected_dev",
        "dev_selected_test",
        "dev_selected_gain",
        "dev_selected_trial",
    ),
    *(
        "test_oracle_k",
        "test_oracle_test",
        "test_oracle_gain",
        "test_oracle_trial",
        "dev_test_spearman",
    ),
)
_INTEGERS = ("seed", "of_seed", "k", "k_max", "trials", "dev_selected_k", "test_oracle_k")
_FLOATS = (
    *("value", "unpruned", "dev_selected_dev", "dev_selected_test", "dev_selected_gain"),
    *("test_oracle_test", "test_oracle_gain", "dev_test_spearman"),
)


def load_scores(paths: Collection[str], sweeps: Iterable[Sweep]) -> DataFrame:
    """The long table of the trials among `paths` that exist, one row per number (SCORE_COLUMNS).

    A trial that several sweeps share is in each of them. Of its rows a sweep gets test of its
    target and dev of the languages it was trained on; k = 0 takes the ranking and the protocol of
    the sweep. Values are in percent.
    """
    from pandas import DataFrame

    wanted = {str(path) for path in paths}
    read: dict[str, dict] = {}
    rows = []
    for sweep in sweeps:
        key = sweep_values(sweep)
        for k, path in zip(sweep["ks"], sweep["trials"], strict=True):
            path = str(path)
            if path not in wanted or not Path(path).exists():
                continue
            if path not in read:
                read[path] = read_trial(path)
            if sweep["role"] == "fresh":
                k = len(read[path]["pruned_heads"])
            for row in read[path]["scores"]:
                if row["split"] == "test" and row["language"] != sweep["target"]:
                    continue
                place = (k, row["split"], row["heads"], row["language"])
                rows += [(*key, *place, name, v, path) for name, v in row["metrics"].items()]
    return DataFrame(rows, columns=list(SCORE_COLUMNS))


def choose(scores: DataFrame, sweeps: Sequence[Sweep]) -> DataFrame:
    """Both criteria of every sweep, one row each (CHOICE_COLUMNS), in the order of `sweeps`.

    A trial that is missing leaves its k out (`missing_k` says so); without k = 0 there are no
    gains; what is missing is empty. `dev_test_spearman` is the rank correlation of dev and test
    over k, empty for less than three points or where one of the two is constant.
    """
    from pandas import DataFrame

    values: dict[tuple, tuple[float, str]] = {}
    there: dict[tuple, set[int]] = {}
    for row in scores.itertuples(index=False):
        key = tuple(row[: len(SWEEP_COLUMNS)])
        place = (row.k, row.split, row.heads, row.language, row.metric)
        values[key, *place] = (row.value, row.trial_path)
        there.setdefault(key, set()).add(row.k)
    chosen = []
    for sweep in sweeps:
        fresh = sweep["role"] == "fresh"
        ks = there.get(sweep_values(sweep), {0}) if fresh else sweep["ks"]
        chosen.append(_choose_one(values, sweep, sorted(ks)))
    table = DataFrame(chosen, columns=list(CHOICE_COLUMNS))
    types = dict.fromkeys(_INTEGERS, "Int64") | dict.fromkeys(_FLOATS, "float64")
    del types["of_seed"]  # empty in most rows
    return table.astype({name: kind for name, kind in types.items() if name in table})


def _choose_one(values: dict, sweep: Sweep, ks: Sequence[int]) -> dict[str, Any]:
    metric = sweep["metric"]
    if metric not in METRICS[sweep["task"]]:
        raise UserError(
            f"experiment {sweep['experiment']}: metric {metric!r} is none of task"
            f" {sweep['task']}: use one of {', '.join(METRICS[sweep['task']])}"
        )
    key = sweep_values(sweep)
    dev, test, paths = {}, {}, {}
    for k in ks:
        # With no head pruned there are no others to put back.
        heads = sweep["heads"] if k else "pruned"
        sides = [("dev", sweep["dev"], dev, "pruned"), ("test", (sweep["target"],), test, heads)]
        for split, languages, into, on in sides:
            found = [values.get((key, k, split, on, lang, metric)) for lang in languages]
            if all(found):
                into[k] = sum(value for value, _ in found) / len(found)
                paths[k] = found[0][1]
    both = [k for k in ks if k in dev and k in test]
    out: dict[str, Any] = dict(zip(SWEEP_COLUMNS, key, strict=True)) | {
        "metric": metric,
        "heads": sweep["heads"],
        "dev": "+".join(sweep["dev"]),
        "k_max": max(ks),
        "trials": len(both),
        "missing_k": " ".join(str(k) for k in ks if k not in both),
        "unpruned": test.get(0),
        "dev_test_spearman": spearman([dev[k] for k in both], [test[k] for k in both]),
    }
    criteria = {
        "dev_selected": highest({k: dev[k] for k in both}),
        "test_oracle": highest({k: value for k, value in test.items() if k > 0}),
    }
    if sweep["role"] == "fresh":
        chosen = max(both, default=None)
        there = chosen is not None and paths[chosen] == str(sweep["trials"][1])
        criteria = {"dev_selected": chosen if there else None, "test_oracle": None}
    for criterion, k in criteria.items():
        if k is not None:
            gain = test[k] - test[0] if 0 in test else None
            out |= {f"{criterion}_k": k, f"{criterion}_test": test[k], f"{criterion}_gain": gain}
            out[f"{criterion}_trial"] = paths[k]
    if criteria["dev_selected"] is not None:
        out["dev_selected_dev"] = dev[criteria["dev_selected"]]
    return out


def pruned_heads(choices: DataFrame) -> DataFrame:
    """The heads pruned at the chosen k of every sweep, read from the chosen trials.

    The choices' own columns plus `dev_selected_heads` and `test_oracle_heads`, text "layer.head layer.head ...",
    lowest score first, both counted from 0; empty where nothing is pruned or chosen.
    """
    read: dict[str, str] = {}
    table = choices.copy()
    for criterion in ("dev_selected", "test_oracle"):
        texts = []
        for path in table[f"{criterion}_trial"]:
            if isinstance(path, str) and path not in read:
                heads = read_trial(path)["pruned_heads"]
                read[path] = " ".join(f"{layer}.{head}" for layer, head in heads)
            texts.append(read.get(path, "") if isinstance(path, str) else "")
        table[f"{criterion}_heads"] = texts
    return table


def write(table: DataFrame, path: str | Path) -> None:
    """Scores or choices as CSV: six decimals, nothing for what is missing."""
    with writing(Path(path)) as part:
        table.to_csv(part, index=False, float_format="%.6f", lineterminator="\n")


def read(path: str | Path) -> list[dict[str, Any]]:
    """The rows of what `write` wrote as plain dicts; None for what is missing."""
    with open(path, encoding="utf-8", newline="") as file:
        return [{name: _parsed(name, text) for name, text in r.items()} for r in DictReader(file)]


def _parsed(name: str, text: str) -> Any:
    if name in _INTEGERS or name in _FLOATS:
        return None if text == "" else (int if name in _INTEGERS else float)(text)
    return text


def sweep_values(sweep: Sweep) -> tuple:
    """The columns SWEEP_COLUMNS of a sweep."""
    # No None: a column of numbers and None becomes one of floats.
    parts = {**sweep, "mixture": "+".join(sweep["mixture"])}
    return tuple("" if parts[name] is None else parts[name] for name in SWEEP_COLUMNS)
