"""Tables of what a study worked with: corpora, their subwords, run times, versions."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads.errors import UserError
from polyheads.evaluation import TASK_NAMES
from polyheads.exhibits import Languages, language_name
from polyheads.tables import Table, cell

SPLITS = ("train", "dev", "test")
PACKAGES = ("torch", "transformers", "datasets", "seqeval", "numpy", "pandas", "snakemake")


def read_json(path: str | Path) -> dict[str, Any]:
    """One of the JSON files that the stages wrote."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not a whole JSON file; delete it and run again") from error


def read_head_scores(path: str | Path) -> list[dict[str, str]]:
    """The rows of a ranking's scores.csv: layer, head, raw, normalised, rank, as text."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def corpora_table(corpora: Sequence[dict], languages: Languages) -> Table:
    """Sentences and words per split of every corpus.json, what was left out and repaired."""
    groups = (("Sentences", "sentences"), ("Words", "words"))
    head = [
        [cell(n, th="col", rowspan=2, kind="name") for n in ("Corpus", "Task", "Language")],
        [cell(split, th="col", kind=_first(split)) for _ in groups for split in SPLITS],
    ]
    head[0] += [cell(name, th="colgroup", colspan=3, kind="first") for name, _ in groups]
    head[0].append(cell("Lines skipped", th="col", rowspan=2, kind="first"))
    head[0].append(cell("Repairs", th="col", rowspan=2))
    head[0].append(cell("Licence", th="col", rowspan=2, kind="name first"))
    body, lines = [], []
    for corpus in corpora:
        counts = corpus["counts"]
        name = language_name(corpus["language"], languages)
        line = {key: corpus[key] for key in ("corpus", "task", "language")}
        cells = [cell(corpus["corpus"], th="row"), cell(TASK_NAMES[corpus["task"]], kind="name")]
        cells.append(cell(name, kind="name"))
        for _, key in groups:
            for split in SPLITS:
                value = counts.get(split, {}).get(key)
                line[f"{split}_{key}"] = value
                cells.append(cell(_count(value), kind=_first(split)))
        skipped = {
            "ranges": sum(c.get("skipped_ranges", 0) for c in counts.values()),
            "empty nodes": sum(c.get("skipped_empty_nodes", 0) for c in counts.values()),
        }
        repairs: dict[str, int] = {}
        for split in counts.values():
            for kind, found in split.get("repairs", {}).items():
                repairs[kind] = repairs.get(kind, 0) + found["count"]
        for what in (skipped, repairs):
            note = "; ".join(f"{kind}: {n:,}" for kind, n in what.items() if n)
            kind = "first" if what is skipped else ""
            cells.append(cell(_count(sum(what.values())), kind=kind, note=note))
        cells.append(cell(corpus["licence"] or "not stated", kind="name first"))
        body.append(cells)
        line |= {
            "skipped_ranges": skipped["ranges"],
            "skipped_empty_nodes": skipped["empty nodes"],
            "repairs": "; ".join(f"{kind}: {n}" for kind, n in repairs.items()),
            "licence": corpus["licence"],
            "source": "; ".join(_sources(corpus["source"])),
        }
        lines.append(line)
    notes = ["Lines skipped: multi-word ranges and empty nodes of CoNLL-U, which are no words."]
    return _table("corpora", "Corpora: sentences and words", notes, head, body, lines)


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
        [cell(split, th="col", kind=_first(split)) for _ in measures for split in SPLITS],
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
                cells.append(cell(_count(value), kind=_first(split)))
        body.append(cells)
        lines.append(line)
    notes = [
        "Words without subwords stand as the unknown token. Sentences longer than the model takes"
        " are read in windows, so that every word of dev and test is predicted and scored."
    ]
    return _table("subwords", "Words to subwords, per model", notes, head, body, lines)


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
    table = _table("run-times", "Run times by stage", notes, head, body, [*lines, whole])
    return table | {"foot": [_time_cells(whole)] if lines else []}


def versions_table(provenance: Mapping[str, str]) -> Table:
    """Versions of Python and the packages that make the numbers, and what else is passed."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    rows = dict(provenance) | {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            rows[package] = version(package)
        except PackageNotFoundError:
            continue
    head = [[cell("What", th="col", kind="name"), cell("Version", th="col", kind="name")]]
    body = [[cell(key, th="row"), cell(value, kind="name")] for key, value in rows.items()]
    lines = [{"what": key, "version": value} for key, value in rows.items()]
    return _table("versions", "Versions and provenance", [], head, body, lines)


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


def _sources(source: Any) -> list[str]:
    if isinstance(source, Mapping):
        source = list(source.values())
    return [source] if isinstance(source, str) else [str(one) for one in source]


def _count(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def _first(split: str) -> str:
    return "first" if split == SPLITS[0] else ""


def _table(
    name: str, title: str, notes: list[str], head: list, body: list, lines: list[dict]
) -> Table:
    table = {"name": name, "title": title, "notes": notes, "head": head, "body": body}
    return table | {"foot": [], "records": lines}
