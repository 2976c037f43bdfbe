"""Tables of what a study worked with: subwords, run times, versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from polyheads.analysis.run_times import RunTime, RunTimes
from polyheads.catalogue import SPLITS
from polyheads.report.cells import cell, leading
from polyheads.report.names import Languages, language_name
from polyheads.report.table import Cell, Table

PACKAGES = ("torch", "transformers", "datasets", "seqeval", "numpy", "pandas", "snakemake")


def subwords_table(encodings: Sequence[Mapping[str, Any]], languages: Languages) -> Table:
    """What became of the words of every encoding.json: subwords, unknown, windowed, cut."""
    measures = [
        ("Subwords per word", "subwords_per_word"),
        ("Words without subwords", "words_without_subwords"),
        ("Sentences in windows", "windowed_sentences"),
        ("Words cut off", "truncated_words"),
        ("Longest sentence (subwords)", "longest_subwords"),
    ]
    classified = any("cut_texts" in of for each in encodings for of in each["splits"].values())
    if classified:
        measures += [
            ("Texts without subwords", "texts_without_subwords"),
            ("Texts cut off", "cut_texts"),
        ]
    head = [
        [cell(n, th="col", rowspan=2, kind="name") for n in ("Model", "Corpus", "Language")],
        [cell(split, th="col", kind=first(split)) for _ in measures for split in SPLITS],
    ]
    head[0] += [cell(name, th="colgroup", colspan=3, kind="first") for name, _ in measures]
    body, lines = [], []
    for encoding in encodings:
        line = {key: encoding[key] for key in ("model", "corpus", "language")}
        cells = [cell(encoding["model"], th="row"), cell(encoding["corpus"], kind="name")]
        cells.append(cell(language_name(encoding["language"], languages), kind="name"))
        for _, key in measures:
            for split in SPLITS:
                value = encoding["splits"].get(split, {}).get(key)
                line[f"{split}_{key}"] = value
                cells.append(cell(count(value), kind=first(split)))
        body.append(cells)
        lines.append(line)
    notes = [
        "A word without subwords is read as the unknown token. Sentences longer than the model"
        " takes are read in windows, so every word of dev and test is predicted and scored."
    ]
    if classified:
        notes.append(
            "Texts to classify are never read in windows: the end of one that is longer than the"
            " model takes is cut off. A recipe with a smaller max_length cuts more of them;"
            " `cut_texts` in the trials' JSON files counts them."
        )
    return Table(
        name="subwords",
        title="Words to subwords, per model",
        notes=notes,
        head=head,
        body=body,
        records=lines,
    )


def run_times_table(times: RunTimes) -> Table:
    """Jobs, time and memory per stage."""
    names = ("Stage", "Jobs", "Sum (s)", "Mean (s)", "Longest (s)", "Peak memory (MB)")
    notes = ["Wall-clock time of the jobs; jobs that ran side by side add up to more than the run."]
    if times.absent:
        notes.append(f"Jobs left out because their benchmark file is missing: {times.absent}.")
    return Table(
        name="run-times",
        title="Run times by stage",
        notes=notes,
        head=[[cell(n, th="col", kind="name" if n == "Stage" else "") for n in names]],
        body=[_time_cells(stage) for stage in times.stages],
        foot=[_time_cells(times.whole)] if times.stages else [],
        records=[asdict(stage) for stage in (*times.stages, times.whole)],
    )


def versions_table(
    trials: Iterable[Mapping[str, str]], configuration: str | Path | None = None
) -> Table:
    """Versions that the trials were made with, and those that made this report.

    trials: rows of versions.csv. configuration: the study's config.yaml, to which a line leads.
    """
    import platform
    from importlib.metadata import PackageNotFoundError, version

    here = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            here[package] = version(package)
        except PackageNotFoundError:
            continue
    made: dict[str, list[tuple[str, str]]] = {}
    for row in trials:
        made.setdefault(row["package"], []).append((row["version"], row["trials"]))
    lines = []
    for package, now in here.items():
        found = made.get(package, [])
        text = ", ".join(f"{v} ({n})" if len(found) > 1 else v for v, n in found)
        lines.append({"what": package, "trials": text, "report": now})
    head = [[cell(name, th="col", kind="name") for name in ("Package", "Trials", "This report")]]
    body = [
        [cell(line["what"], th="row"), *(cell(line[k], kind="name") for k in ("trials", "report"))]
        for line in lines
    ]
    if configuration:
        name, path = Path(configuration).name, str(configuration)
        link = leading(cell(name, kind="name"), [path])
        body.append([cell("Configuration", th="row"), link, cell("")])
        lines.append({"what": "Configuration", "trials": path, "report": ""})
    notes = ["Trials: the versions that made them; if several, each with its number of trials."]
    return Table(
        name="versions",
        title="Versions and configuration",
        notes=notes,
        head=head,
        body=body,
        records=lines,
    )


def _time_cells(time: RunTime) -> list[Cell]:
    numbers = ((time.sum_s, 1), (time.mean_s, 1), (time.longest_s, 1), (time.peak_memory_mb, 0))
    texts = ["–" if n is None else f"{n:,.{digits}f}" for n, digits in numbers]
    return [cell(time.stage, th="row"), cell(str(time.jobs)), *map(cell, texts)]


def count(value: float | None) -> str:
    """A number with thousands separated, a rate with two digits, a dash for none."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def first(split: str) -> str:
    """The look of a cell that begins a group of train, dev and test."""
    return "first" if split == SPLITS[0] else ""
