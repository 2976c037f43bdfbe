"""Tables of what a study worked with: subwords, run times, versions."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads.catalogue import SPLITS
from polyheads.exhibits import Languages, language_name
from polyheads.exhibits.tables import Table, cell

PACKAGES = ("torch", "transformers", "datasets", "seqeval", "numpy", "pandas", "snakemake")


def subwords_table(encodings: Sequence[dict], languages: Languages) -> Table:
    """What became of the words of every encoding.json: subwords, unknown, windowed, cut."""
    measures = (
        ("Subwords per word", "subwords_per_word"),
        ("Words without subwords", "words_without_subwords"),
        ("Sentences in windows", "windowed_sentences"),
        ("Words cut off", "truncated_words"),
        ("Longest sentence (subwords)", "longest_subwords"),
    )
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
        "Words without subwords stand as the unknown token. Sentences longer than the model takes"
        " are read in windows, so that every word of dev and test is predicted and scored."
    ]
    return plain_table("subwords", "Words to subwords, per model", notes, head, body, lines)


def run_times_table(benchmarks: Mapping[str, Iterable[str | Path]]) -> Table:
    """Jobs, time and memory per stage, from Snakemake's benchmark files (stage -> files).

    Files that aren't there (yet, or any more) are left out and counted in a note.
    """
    names = ("Stage", "Jobs", "Sum (s)", "Mean (s)", "Longest (s)", "Peak memory (MB)")
    head = [[cell(n, th="col", kind="name" if n == "Stage" else "") for n in names]]
    body, lines, absent = [], [], 0
    for stage, files in benchmarks.items():
        seconds, memory = [], []
        for path in files:
            if not Path(path).exists():
                absent += 1
                continue
            for row in _benchmark_rows(path):
                seconds.append(float(row["s"]))
                memory += [float(row["max_rss"])] if _is_number(row.get("max_rss")) else []
        if not seconds:
            continue
        line = {
            "stage": stage,
            "jobs": len(seconds),
            "sum_s": sum(seconds),
            "mean_s": sum(seconds) / len(seconds),
            "longest_s": max(seconds),
            "peak_memory_mb": max(memory, default=None),
        }
        lines.append(line)
        body.append(_time_cells(line))
    whole = {
        "stage": "all",
        "jobs": sum(line["jobs"] for line in lines),
        "sum_s": sum(line["sum_s"] for line in lines),
        "mean_s": None,
        "longest_s": max((line["longest_s"] for line in lines), default=None),
        "peak_memory_mb": max(
            (line["peak_memory_mb"] or 0.0 for line in lines),
            default=None,
        ),
    }
    notes = ["Wall-clock time of the jobs; jobs that ran side by side add up to more than the run."]
    if absent:
        notes.append(f"Jobs left out because their benchmark file is missing: {absent}.")
    table = plain_table("run-times", "Run times by stage", notes, head, body, [*lines, whole])
    return table | {"foot": [_time_cells(whole)] if lines else []}


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
        link = cell(name, kind="name", links=[(name, path)])
        body.append([cell("Configuration", th="row"), link, cell("")])
        lines.append({"what": "Configuration", "trials": path, "report": ""})
    notes = ["Trials: what they were made with; of several versions with the number of trials."]
    return plain_table("versions", "Versions and configuration", notes, head, body, lines)


def _time_cells(line: dict[str, Any]) -> list[dict]:
    keys = ("sum_s", "mean_s", "longest_s", "peak_memory_mb")
    numbers = [line[key] for key in keys]
    digits = (1, 1, 1, 0)
    texts = ["–" if n is None else f"{n:,.{d}f}" for n, d in zip(numbers, digits, strict=True)]
    return [cell(line["stage"], th="row"), cell(str(line["jobs"])), *map(cell, texts)]


def _benchmark_rows(path: str | Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [row for row in rows if _is_number(row.get("s"))]


def _is_number(text: str | None) -> bool:
    try:
        return text is not None and float(text) >= 0
    except ValueError:
        return False


def count(value: float | None) -> str:
    """A number with thousands separated, a rate with two digits, a dash for none."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def first(split: str) -> str:
    """The look of a cell that begins a group of train, dev and test."""
    return "first" if split == SPLITS[0] else ""


def plain_table(
    name: str, title: str, notes: list[str], head: list, body: list, lines: list[dict]
) -> Table:
    """A table without a foot."""
    table = {"name": name, "title": title, "notes": notes, "head": head, "body": body}
    return table | {"foot": [], "records": lines}
