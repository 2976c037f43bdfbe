"""Low resource: scores over the share of the target's training set (the paper's Figures 2, 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyheads.analysis.rows import Row, all_of_choices, of_choices, problem_notes, resampling_notes
from polyheads.exhibits import LOW_RESOURCE, Exhibit, Languages, members, pair_name
from polyheads.exhibits.tables import Choice, Table, cell, gain, k_cell, mean, score, trial_paths
from polyheads.study import mixtures


def percent(choice: Mapping[str, Any]) -> int:
    """Percentage of the target's training set behind a choice."""
    return mixtures.percent_of(choice["mixture"].split("+")[-1])


def rows(exhibit: Exhibit, choices: Iterable[Choice]) -> list[Choice]:
    """The low-resource choices of an exhibit, and for 100 % the multi-lingual ones beside them."""
    low = members(exhibit, choices)
    pairs = {(row["source"], row["target"]) for row in low}
    whole = {**exhibit, "of": {**exhibit["of"], "setting": "multi-lingual"}}
    return low + [r for r in members(whole, choices) if (r["source"], r["target"]) in pairs]


def table(
    exhibit: Exhibit,
    choices: Sequence[Choice],
    languages: Languages,
    statistics: Iterable[Row] = (),
) -> Table:
    """A line for each pair, model and percentage: score with all heads, gains by both criteria.

    statistics: intervals of the gains below them, and stars as in the tables.
    """
    found = rows(exhibit, choices)
    statistics = list(statistics)
    known = intervals(found, statistics)
    names = ("Source → target", "Model", "Target data (%)", "Unpruned (%)")
    heads = [cell(name, th="col", kind="name" if i < 2 else "") for i, name in enumerate(names)]
    heads += [cell("Gain, k chosen on dev", th="col"), cell("k", th="col")]
    heads += [cell("Gain, best k ≥ 1 on test", th="col", kind="first"), cell("k", th="col")]
    body, lines = [], []
    for pair, model, share, here in groups(found):
        means = {key: mean(row[key] for row in here) for key in _MEANS}
        line = {"source": pair[0], "target": pair[1], "model": model, "percent": share, **means}
        line |= {
            f"{criterion}_trial": trial_paths(here, criterion)
            for criterion in ("dev_selected", "test_oracle")
        }
        lines.append(line | {"seeds": len(here)})
        body.append(
            [
                cell(pair_name(*pair, languages), th="row"),
                cell(model, kind="name"),
                cell(str(share)),
                score(means["unpruned"]),
                gain(
                    means["dev_selected_gain"], row=known.get((pair, model, share, "dev_selected"))
                ),
                k_cell(here, "dev_selected"),
                gain(
                    means["test_oracle_gain"],
                    kind="first",
                    row=known.get((pair, model, share, "test_oracle")),
                ),
                k_cell(here, "test_oracle"),
            ]
        )
    notes = ["Gains in percentage points of the test score, means over seeds."]
    notes += resampling_notes(known.values())
    whole = [row for row in known.values() if row["setting"] != LOW_RESOURCE]
    if whole:
        notes.append("100 % is the multi-lingual setting: its gains are tested in their own table.")
    notes += problem_notes(all_of_choices(statistics, found))
    shape = {"name": exhibit["name"], "title": exhibit["title"] + " (%)", "notes": notes}
    return shape | {"head": [heads], "body": body, "foot": [], "records": lines}


def intervals(
    found: Iterable[Choice], statistics: Iterable[Row]
) -> dict[tuple[tuple[str, str], str, int, str], Row]:
    """(pair, model, percentage, criterion) -> the statistics of its gain.

    Of all the data without p: Holm's adjustment is by the gains of another table.
    """
    untested = {"p": None, "p_holm": None}
    return {
        ((row["source"], row["target"]), row["model"], percent(row), row["criterion"]): (
            row if row["setting"] == LOW_RESOURCE else row | untested
        )
        for row in of_choices(statistics, list(found))
    }


_MEANS = (
    "unpruned",
    "dev_selected_test",
    "dev_selected_gain",
    "dev_selected_k",
    "test_oracle_test",
    "test_oracle_gain",
    "test_oracle_k",
)


def groups(found: Iterable[Choice]) -> list[tuple[tuple[str, str], str, int, list[Choice]]]:
    """(pair, model, percentage, choices of all seeds), pairs in the order of the study."""
    of: dict[tuple, list[Choice]] = {}
    for row in found:
        key = ((row["source"], row["target"]), row["model"], percent(row))
        of.setdefault(key, []).append(row)
    order = {pair: i for i, (pair, *_) in enumerate(of)}
    ordered = sorted(of, key=lambda key: (order[key[0]], key[1], key[2]))
    return [(*key, of[key]) for key in ordered]
