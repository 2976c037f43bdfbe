"""Tables of the reproducibility page: encoders, recipes, development scores beside test scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyheads.analysis.choices import Choice
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.report.cells import cell, k_cell, score
from polyheads.report.names import Languages, pair_name
from polyheads.report.table import Table, Value


def models_table(models: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each model.json: size, and where it comes from."""
    names = ("Encoder", "Class", "Parameters", "Layers", "Heads", "Hidden", "Vocabulary", "Source")
    words = ("Encoder", "Class", "Source")
    keys = ("parameters", "layers", "heads", "hidden", "vocabulary")
    body, lines = [], []
    for model in models:
        source = ", ".join(f"{key} {value}" for key, value in model["source"].items())
        cells = [cell(model["model"], th="row"), cell(model["class"], kind="name")]
        cells += [cell(f"{model[key]:,}") for key in keys]
        body.append([*cells, cell(source, kind="name")])
        lines.append({k: model[k] for k in ("model", "class", *keys)} | {"source": source})
    return Table(
        name="models",
        title="Encoders",
        notes=[
            "Heads: of each layer. Parameters: of this class, without the layer added for tagging."
        ],
        head=[[cell(n, th="col", kind="name" if n in words else "") for n in names]],
        body=body,
        records=lines,
    )


def recipes_table(recipes: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each option, a column for each recipe."""
    keys = [key for key in recipes[0] if key != "name"]
    values: list[dict[str, Value]] = [
        {"option": key, **{recipe["name"]: _text(recipe[key]) for recipe in recipes}}
        for key in keys
    ]
    names = [recipe["name"] for recipe in recipes]
    return Table(
        name="recipes",
        title="Recipes",
        notes=["– stands for an option that is not used."],
        head=[[cell(n, th="col", kind="name") for n in ("Option", *names)]],
        body=[
            [cell(key, th="row"), *(cell(_text(recipe[key]), kind="name") for recipe in recipes)]
            for key in keys
        ],
        records=values,
    )


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def dev_test_table(choices: Sequence[Choice], languages: Languages) -> Table:
    """A line for each sweep: development and test score at the k chosen on dev."""
    names = ("Task", "Experiment", "Setting", "Source → target", "Model", "Ranking", "Seed", "k")
    words = names[:6]
    numbers = ("Dev", "Test", "Test, unpruned")
    columns = ("experiment", "task", "setting", "source", "target", "model", "ranking", "seed")
    body, lines = [], []
    for choice in choices:
        selected = choice.dev_selected
        texts = (choice.experiment, choice.setting, pair_name(*choice.pair, languages))
        body.append(
            [
                cell(TASK_NAMES[choice.task], th="row"),
                *(cell(text, kind="name") for text in (*texts, choice.model, choice.ranking)),
                cell(str(choice.seed)),
                k_cell([choice], "dev_selected"),
                score(selected.dev, kind="first"),
                score(selected.test),
                score(choice.unpruned),
            ]
        )
        line: dict[str, Value] = {name: getattr(choice, name) for name in columns}
        line |= {"metric": choice.metric, "dev_languages": choice.dev, "k": selected.k}
        line |= {"dev": selected.dev, "test": selected.test, "test_unpruned": choice.unpruned}
        lines.append(line)
    metrics = dict.fromkeys(METRICS[choice.task][choice.metric] for choice in choices)
    head = [cell(n, th="col", kind="name" if n in words else "") for n in names]
    head += [cell(n, th="col", kind="" if i else "first") for i, n in enumerate(numbers)]
    return Table(
        name="dev-and-test",
        title="Development and test scores at the k chosen on dev (%)",
        notes=[
            f"Metrics: {', '.join(metrics)}. Dev is of the source in the cross-lingual setting (the"
            " mean of several sources), of the target in the multi-lingual one."
        ],
        head=[head],
        body=body,
        records=lines,
    )
