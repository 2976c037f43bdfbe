"""Hours of config/paper.yaml: what its plan has to do, by the times that part `sweep` measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks import records
from benchmarks.machine import ROOT
from benchmarks.options import Options
from benchmarks.records import Row
from polyheads import catalogue, strict_yaml
from polyheads.study import configuration, costs, experiments
from polyheads.study.plan import Plan, Training

STUDY = ROOT / "config/paper.yaml"
NOTES = """\
Hours on this device, one training or sweep after the other: sentences times epochs of all
trainings of the plan, over those a second in the sweeps of part `sweep`, which predict as large a
share of sentences as the plan does (13 % of sentences times epochs for mBERT, 16 % for XLM-R).
Sets whose size the catalogue does not know (those that need a licence) count as the mean of the
others. Scoring of heads, jobs' starts and the report are not in it.
"""
SHAPE = {"mbert": "mbert", "xlmr": "xlmr-base"}  # models of the study, shapes of the benchmark


@dataclass
class Work:
    """What a model has to do in a study."""

    trainings: int = 0
    trained: float = 0.0  # sentences times epochs
    predicted: float = 0.0  # sentences of development and test sets


def _trials(row: Row) -> int:
    """How many trials a sweep has: ``a sweep of 13 trials``."""
    return int(row.what.split()[3])


def work(study: Path = STUDY) -> dict[str, Work]:
    """Model -> its work; a language whose size nobody declares counts as the others' mean."""
    loaded = configuration.load(strict_yaml.load(study))
    plan = experiments.make(loaded, catalogue.load(loaded["corpora"]))
    needs = {name: n for mine in costs.needs(plan).values() for name, n in mine.items()}
    corpora = sorted({need.training.corpus for need in needs.values()})
    trained_on = {corpus: costs.sizes(plan, corpus) for corpus in corpora}
    tested_on = {corpus: _declared(plan, corpus) for corpus in corpora}
    known = [number for sizes in trained_on.values() for number in sizes.values()]
    found: dict[str, Work] = {}
    for need in needs.values():
        training = need.training
        of_model = found.setdefault(training.model, Work())
        sizes = trained_on[training.corpus] or {"": round(mean(known))}
        of_model.trainings += 1
        of_model.trained += costs.passes(plan, training, sizes)
        if need.trial:
            of_model.predicted += _predicted(plan, training, tested_on[training.corpus])
    return found


def _declared(plan: Plan, corpus: str) -> dict[tuple[str, str], int]:
    """(language, dev or test) -> sentences, where the catalogue says it."""
    entry = plan.catalogue[corpus]
    found = {}
    for language in entry["languages"]:
        for split in set(catalogue.splits(entry, language)) & {"dev", "test"}:
            number = catalogue.file_of(entry, language, split).get("sentences")
            if number:
                found[language, split] = number
    return found


def _predicted(plan: Plan, training: Training, sizes: dict[tuple[str, str], int]) -> float:
    """Sentences whose labels a trial predicts."""
    sets = [(language, "dev") for language in training.languages]
    sets += [(language, "test") for language in plan.evaluate_on(training)]
    usual = mean(sizes.values()) if sizes else 1000
    return sum(sizes.get(one, usual) for one in sets)


def measure(options: Options) -> list[Row]:
    """Nothing is run: the sweep of each shape was."""
    file = options.out / "sweep.json"
    if not file.is_file():
        raise FileNotFoundError(f"{file}: run part sweep with --shapes mbert xlmr-base first")
    rows = [row for row in records.read(file).rows if row.what.startswith("a sweep")]
    hours: dict[str, float] = {}
    lines = []
    for model, to_do in work().items():
        facts = {
            "trainings": to_do.trainings,
            "sentences x epochs": round(to_do.trained),
            "predicted": round(to_do.predicted),
        }
        for row in rows:
            if row.case.startswith(f"{SHAPE[model]}, "):
                rate = _trials(row) * float(row.facts["trained"]) / row.seconds
                needed = to_do.trained / rate / 3600
                hours[row.variant] = hours.get(row.variant, 0) + needed
                more = {**facts, "sentences/s": round(rate), "hours": round(needed, 1)}
                lines.append(Row(model, "config/paper.yaml", row.variant, (), more))
    total = [
        Row("both", "config/paper.yaml", variant, (), {"hours": round(sum_, 1)})
        for variant, sum_ in hours.items()
    ]
    return lines + total
