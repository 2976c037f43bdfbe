"""Measure what the workflow costs, against what people do today.

    PYTHONPATH=workflow python -m benchmarks                # on one thread
    PYTHONPATH=workflow python -m benchmarks study          # the default study, three times
    PYTHONPATH=workflow python -m benchmarks training --shapes e5-small:16 --turns 5
    PYTHONPATH=workflow python -m benchmarks --device cuda  # what is of a GPU
    PYTHONPATH=workflow python -m benchmarks --tables       # docs/speed.md from the JSON files

from the project's directory. Every part leaves OUT/PART.json, from which docs/speed.md is written,
unless --out is given. docs/speed.md says what the parts are. The Trainer needs
benchmarks/requirements.txt.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks import tables
from benchmarks.machine import ROOT
from benchmarks.options import Case, Options

# `paper` reads what `sweep` left.
PARTS = (
    *("roofline", "training", "sweep", "scoring", "masking", "growth"),
    *("planning", "languages", "study", "paper"),
)
BY_DEFAULT = {"cpu": PARTS[:8], "cuda": (*PARTS[:6], "paper")}
DOCS = ROOT / "docs/speed.md"
KEPT = ROOT / "docs/speed"


def main(words: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if words is None else words)
    given = parser().parse_args(words)
    if not given.tables:
        os.environ["OMP_NUM_THREADS"] = str(given.threads)  # of processes that are started
        others = [str(_shown(word)) for word in words if word not in PARTS]
        with tempfile.TemporaryDirectory() as directory:
            options = make_options(given, Path(directory))
            arguments = {name: _shown(value) for name, value in vars(given).items()}
            for part in given.parts or BY_DEFAULT[given.device]:
                command = shlex.join(["python", "-m", "benchmarks", part, *others])
                run(part, options, command, arguments)
    if given.tables or given.out is None:
        DOCS.write_text(tables.fill(DOCS.read_text(), KEPT))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    made.add_argument("--out", type=Path, help="directory of the JSON files (docs/speed/DEVICE)")
    made.add_argument("--tables", action="store_true", help="measure nothing, write docs/speed.md")
    made.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--shapes", nargs="+", type=Case.parse, metavar="SHAPE[:BATCH]")
    made.add_argument("--turns", type=int, help="repeats of every variant")
    made.add_argument("--steps", type=int, help="of a training timed by steps (the first warms up)")
    made.add_argument("--sentences", type=int, help="of a trial, or of a set that is scored")
    made.add_argument("--largest-k", type=int, default=12, help="of sweeps and of masking")
    made.add_argument("--jobs", nargs="+", type=int, help="sizes of the studies that are planned")
    made.add_argument("--studies", type=int, help="runs of the default study")
    made.add_argument(
        "--encoding", type=Path, help="sentences: a directory below results/encodings"
    )
    made.add_argument(
        "--installed",
        nargs="+",
        default=[],
        metavar="SHAPE=DIR",
        help="an encoder of that shape, below results/models, instead of random weights",
    )
    return made


def make_options(given: argparse.Namespace, directory: Path) -> Options:
    installed = dict(text.split("=", 1) for text in given.installed)
    return Options(
        directory=directory,
        out=given.out or KEPT / given.device,
        device=given.device,
        threads=given.threads,
        turns=given.turns,
        cases=given.shapes,
        steps=given.steps,
        sentences=given.sentences,
        largest_k=given.largest_k,
        jobs=given.jobs,
        studies=given.studies,
        installed={shape: Path(path).resolve() for shape, path in installed.items()},
        encoding=given.encoding and given.encoding.resolve(),
    )


def run(part: str, options: Options, command: str, arguments: dict[str, object]) -> None:
    """Measure a part and write its JSON file, and growth's figure."""
    import torch

    from benchmarks import machine, records

    if part not in PARTS:
        raise SystemExit(f"no part is called {part}; there are {', '.join(PARTS)}")
    module = import_module(f"benchmarks.parts.{part}")
    torch.set_num_threads(options.threads)
    started, begin, before = datetime.now(UTC), time.monotonic(), machine.load()
    print(f"{part}: begins", flush=True)
    rows = module.measure(options)
    result = records.Result(
        part=part,
        command=f"PYTHONPATH=workflow {command}",
        arguments=arguments,
        machine=machine.facts(device=options.device, threads=options.threads),
        load={"before": before, "after": machine.load()},
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - begin, 1),
        notes=module.NOTES,
        rows=rows,
    )
    records.write(result, options.out / f"{part}.json")
    if part == "growth":
        module.curves(rows, options.out / "growth.svg")
    print(tables.markdown(result), flush=True)


def _shown(value: object) -> object:
    """An argument as it is kept: of directories elsewhere only the last two names."""
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if value is None or isinstance(value, int):
        return value
    before, mark, path = str(value).rpartition("=")
    if Path(path).is_absolute():
        path = "/".join(["DIR", *Path(path).parts[-2:]])
    return before + mark + path


if __name__ == "__main__":
    main()
