"""A report in spite of failed jobs: the plan without what is not there.

A failed job leaves no files, but what depends on it may have older ones, made of inputs that are
to be made again. The run names those in a list; a file made after the list is current again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from polyheads import stages
from polyheads.files import writing
from polyheads.plan import RESULTS, Plan


def listing(study: str) -> Path:
    """The list of files that the last failed run of a study did not make."""
    return Path(RESULTS, "logs", "unfinished", f"{study}.txt")


def write(study: str, files: Iterable[str]) -> None:
    """Keep the list, one path a line."""
    with writing(listing(study)) as part:
        part.write_text("".join(f"{file}\n" for file in sorted(files)), encoding="utf-8")


def narrow(plan: Plan) -> None:
    """Take the trials, rankings and corpora out of a plan that are not there; sweeps stay, so that
    their cells are marked as missing.
    """
    path = listing(plan.config["study"]["name"])
    named, since = set(), 0
    if path.is_file():
        named, since = set(path.read_text(encoding="utf-8").split("\n")), path.stat().st_mtime_ns

    def there(*files: str) -> bool:
        found = [Path(file) for file in files]
        return all(p.is_file() for p in found) and not any(
            str(p) in named and p.stat().st_mtime_ns <= since for p in found
        )

    for trials in (plan.trials, plan.chosen):
        for trial in [t for t in trials if not there(f"{t}.json", f"{t}.parquet")]:
            del trials[trial]
    for ranking in [r for r in plan.rankings if not there(f"{r}/ranking.json", f"{r}/scores.csv")]:
        del plan.rankings[ranking]
    for info, key in zip(stages.corpus_infos(plan), sorted(plan.needed), strict=True):
        if not there(info):
            del plan.needed[key]
