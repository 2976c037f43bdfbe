"""Tables over all experiments of a study: mean gains, and the heads pruned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyheads import exhibits
from polyheads.analysis import clusters
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.exhibits import published
from polyheads.exhibits.tables import (
    CRITERION_NAMES,
    MISSING,
    Choice,
    Table,
    cell,
    complete,
    gain,
    k_cell,
    mean,
    number,
    score,
)


def overview(choices: Sequence[Choice], printed: Sequence[Mapping[str, str]] = ()) -> Table:
    """One line per experiment, setting and model: mean gains and how many sweeps improved.

    printed: rows of Tables 2 to 4 (exhibits.read_published); where a line has pairs of theirs, and
    the ranking is theirs, the published numbers of the same pairs stand beside it.
    """
    groups: dict[tuple, list[Choice]] = {}
    # rows come experiment by experiment; inside one the settings stay together
    for row in choices:
        kind = exhibits.ranking_kind(row["ranking"], row["source"])
        key = (row["task"], row["experiment"], kind, row["setting"])
        groups.setdefault(key, []).append(row)
    groups = {
        (*key, model): [row for row in rows if row["model"] == model]
        for key, rows in groups.items()
        for model in dict.fromkeys(row["model"] for row in rows)
    }
    several = len({(key[1], key[2]) for key in groups}) > len({key[0] for key in groups})
    theirs = {key: _published(key, rows, published.gains(printed)) for key, rows in groups.items()}
    shown = any(theirs.values())
    head = [
        [
            cell("Task", th="col", rowspan=2, kind="name"),
            *([cell("Experiment", th="col", rowspan=2, kind="name")] if several else []),
            cell("Setting", th="col", rowspan=2, kind="name"),
            cell("Model", th="col", rowspan=2, kind="name"),
            cell("Sweeps", th="col", rowspan=2),
            cell("Unpruned (%)", th="col", rowspan=2),
            *(cell(CRITERION_NAMES[r], th="colgroup", colspan=3, kind=r) for r in CRITERION_NAMES),
            *([cell("published", th="colgroup", colspan=3, kind="published first")] * shown),
            cell("Dev–test ρ", th="col", rowspan=2, kind="first"),
        ],
        [
            cell(text, th="col", kind=criterion + (" first" if text == "Gain" else ""))
            for criterion in CRITERION_NAMES
            for text in ("Gain", "Improved", "Mean k")
        ],
    ]
    if shown:
        names = ("Gain", "Improved", "Mean k")
        head[1] += [
            cell(n, th="col", kind="published" + (" first" if n == names[0] else "")) for n in names
        ]
    body, lines = [], []
    for (task, experiment, kind, setting, model), members in groups.items():
        rows = complete(members)
        line: dict[str, Any] = {
            "task": task,
            "experiment": experiment,
            "ranking": kind,
            "setting": setting,
            "model": model,
            "metric": members[0]["metric"],
            "sweeps": len(members),
            "with_gains": len(rows),
            "unpruned": mean(row["unpruned"] for row in rows),
        }
        cells = [cell(TASK_NAMES[task], th="row")]
        if several:
            cells.append(cell(f"{experiment} ({kind})", kind="name where"))
        cells += [cell(setting, kind="name"), cell(model, kind="name")]
        cells += [cell(str(len(members))), score(line["unpruned"])]
        for criterion in CRITERION_NAMES:
            gains = [row[f"{criterion}_gain"] for row in rows]
            line[f"{criterion}_gain"] = mean(gains)
            moved = clusters.count(gains)
            line[f"{criterion}_improved"] = moved.up
            line[f"{criterion}_same"] = moved.same
            line[f"{criterion}_mean_k"] = mean(row[f"{criterion}_k"] for row in rows)
            cells += [
                gain(line[f"{criterion}_gain"], kind="first"),
                cell(f"{moved.up} of {len(gains)}", below=moved.rest),
                cell(number(line[f"{criterion}_mean_k"], 1)),
            ]
        if shown:
            found = theirs[task, experiment, kind, setting, model]
            line |= {f"published_{name}": found.get(name) for name in ("gain", "pairs", "mean_k")}
            line["published_improved"] = found.get("improved")
            cells += _published_cells(found)
        line["dev_test_spearman"] = mean(row["dev_test_spearman"] for row in rows)
        cells.append(cell(number(line["dev_test_spearman"]), kind="first"))
        body.append(cells)
        lines.append(line)
    return {
        "name": "overview",
        "title": "Mean gain from pruning (percentage points), by task, setting and model",
        "notes": [
            "The two groups of columns read the same trials. Best on test is a maximum over noisy"
            " numbers and is above 0 more often than pruning helps.",
            *([_PUBLISHED_NOTE] * shown),
        ],
        "head": head,
        "body": body,
        "foot": [],
        "records": lines,
    }


_PUBLISHED_NOTE = (
    "Published: Ma et al. (2021), best of 12 trials on test; gains and counts recomputed from its"
    " tables over the same pairs as ours, mean k of its text, over both settings. Its metric is F1;"
    " ours is that of the experiment."
)


def _published(key: tuple, rows: Sequence[Choice], gains: Mapping[tuple, float]) -> dict[str, Any]:
    """Published gain, pairs, improved and mean k of a line; empty where the paper has none."""
    task, _, kind, setting, model = key
    pairs = {(row["source"], row["target"]) for row in rows}
    there = [gains[place] for pair in pairs if (place := (task, model, *pair, setting)) in gains]
    if kind != published.RANKING or not there:
        return {}
    k = published.mean_heads().get((task, model)) if setting != "mono-lingual" else None
    up = sum(gain > 0 for gain in there)
    return {"gain": mean(there), "pairs": len(there), "improved": up, "mean_k": k}


def _published_cells(found: Mapping[str, Any]) -> list[dict]:
    if not found:
        return [cell("", kind=kind) for kind in ("published first", "published", "published")]
    return [
        gain(found["gain"], kind="published first"),
        cell(f"{found['improved']} of {found['pairs']}", kind="published"),
        cell(number(found["mean_k"]), kind="published", note="mean of both settings"),
    ]


def heads_table(choices: Sequence[Choice], languages: exhibits.Languages) -> Table:
    """The heads pruned at the k that dev chose (columns `dev_selected_heads` of `pruned_heads`)."""
    names = ("Task", "Model", "Setting", "Source → target", "Seed", "k", "Heads (layer.head)")
    body = []
    for row in choices:
        pair = exhibits.pair_name(row["source"], row["target"], languages)
        texts = (TASK_NAMES[row["task"]], row["model"], row["setting"], pair)
        cells = [cell(texts[0], th="row"), *(cell(text, kind="name") for text in texts[1:])]
        k = row["dev_selected_k"]
        heads = MISSING if k is None else row["dev_selected_heads"] or "none"
        cells += [cell(str(row["seed"])), k_cell([row], "dev_selected")]
        body.append([*cells, cell(heads, kind="name heads")])
    keys = ("experiment", "model", "ranking", "setting", "source", "target", "seed")
    keys += (
        "dev_selected_k",
        "dev_selected_heads",
        "dev_selected_trial",
        "test_oracle_k",
        "test_oracle_heads",
        "test_oracle_trial",
    )
    return {
        "name": "pruned-heads",
        "title": "Heads pruned at the k chosen on dev",
        "notes": ["Layers and heads count from 0; the head with the lowest score comes first."],
        "head": [[cell(n, th="col", kind="" if n in ("Seed", "k") else "name") for n in names]],
        "body": body,
        "foot": [],
        "records": [{key: row[key] for key in keys} for row in choices],
    }
