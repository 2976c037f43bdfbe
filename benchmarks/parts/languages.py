"""h) A study of two hundred languages: its plan, statistics, tables, figures and report."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.machine import ROOT
from benchmarks.options import Options
from benchmarks.records import Row
from benchmarks.turns import wall

SOURCE, SENTENCES, LABELS = "eng", 204, ("ADJ", "ADV", "NOUN", "PRON", "SYM", "VERB", "X")
RANKINGS, RANDOM = ("gradient", "fisher", "confidence", "reversed-gradient"), 4
SHAPE = (12, 12)  # layers, heads of each
NOTES = """\
One label a sentence, 204 sentences in each of 200 languages, k = 0..12 by four rankings and four
random ones from one source. Labels are made up: the share that is right depends on the language
and on k. `snakemake -n` is a new process with nothing done yet; the other stages are what the
workflow's jobs call, one after the other in one process. Size: of the report's page.
"""


def measure(options: Options) -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        return _measured(Path(directory), options)


def _measured(directory: Path, options: Options) -> list[Row]:
    before = Path.cwd()
    configuration = directory / "languages.yaml"
    configuration.write_text(yaml.safe_dump(study(options.largest_k), allow_unicode=True))
    sizes: dict[str, float] = {}
    stages: dict[str, Callable[[], None]] = {"snakemake -n": lambda: _plan(directory)}
    os.chdir(directory)  # a study's paths are relative
    try:
        made = MadeUp(configuration)
        made.trials()
        stages |= {name: getattr(made, name) for name in STAGES}
        rows = []
        for name, run in stages.items():
            times = wall(run, "cpu")
            if name == "pages":
                sizes["page MB"] = round(Path("results/report.html").stat().st_size / 1e6, 2)
            rows.append(Row(f"{len(codes())} languages", name, "ours", times, {**sizes}))
        return rows
    finally:
        os.chdir(before)


STAGES = ("select", "statistics", "analyse", "tables", "figures", "pages")


def codes() -> list[str]:
    """The languages that the library has facts about, by their ISO 639-3 codes."""
    from polyheads.catalogue import language_facts

    return sorted({known["language"] for known in language_facts.table().values()})


def study(largest_k: int) -> dict[str, Any]:
    """The configuration of the study."""
    files = {"files": {split: {} for split in ("train", "dev", "test")}}
    scratch = {
        "class": "bert",
        "corpora": ["many"],
        "languages": [SOURCE],
        "layers": 12,
        "heads": 12,
    }
    scratch["hidden"] = 768
    return {
        "study": {"name": "languages", "title": "Two hundred languages"},
        "corpora": [
            {
                "name": "many",
                "task": "pos",
                "licence": "made up",
                "format": "columns",
                "columns": {"token": 1, "tag": 2},
                "url": "https://example.org/{language}/{split}.tsv",
                "languages": {code: dict(files) for code in codes()},
            }
        ],
        "models": [{"name": "encoder", "scratch": scratch}],
        "recipes": [{"name": "recipe", "epochs": 1}],
        "experiments": [
            {
                "name": "many",
                "corpus": "many",
                "models": ["encoder"],
                "recipe": "recipe",
                "sources": [SOURCE],
                "targets": [code for code in codes() if code != SOURCE],
                "settings": ["cross-lingual"],
                "rankings": list(RANKINGS),
                "random_rankings": RANDOM,
                "k": list(range(largest_k + 1)),
            }
        ],
    }


def _plan(directory: Path) -> None:
    command = ["-m", "snakemake", "-n", "--quiet", "rules", "--snakefile", ROOT / "Snakefile"]
    profile = ["--profile", ROOT / "profiles/default"]
    where = ["--directory", directory / "planned", "--configfile", directory / "languages.yaml"]
    done = subprocess.run(
        [sys.executable, *command, *profile, *where], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"snakemake -n failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


class MadeUp:
    """The study with made-up trials, in the working directory, stage by stage."""

    def __init__(self, configuration: Path) -> None:
        from polyheads import catalogue
        from polyheads.catalogue import language_facts
        from polyheads.study import configuration as configurations
        from polyheads.study import contents, experiments, paths

        config = configurations.load(yaml.safe_load(configuration.read_text()))
        self.configuration = configuration
        self.plan = experiments.make(config, catalogue.load(config["corpora"]))
        self.languages = language_facts.languages()
        self.scored = paths.scored_rankings(self.plan)
        self.contents = contents.make(self.plan, self.scored, self.languages)
        self.out = Path("results/studies/languages")
        for part in ("tables", "figures", "analysis"):
            (self.out / part).mkdir(parents=True)

    def trials(self) -> None:
        """Trials, rankings, encodings and corpora: what the stages read."""
        from polyheads.training import prediction

        truth = np.random.default_rng(0)
        gold = truth.integers(0, len(LABELS), (SENTENCES, 1))
        tested = codes()
        share = dict(zip(tested, truth.uniform(0.3, 0.9, len(tested)), strict=True))
        for number, path in enumerate(self.plan.trial_paths):
            drawn = np.random.default_rng(number)
            k = int(Path(path).name.removeprefix("k-"))
            rows, scores = [], []
            for split, language in [("dev", SOURCE), *(("test", code) for code in tested)]:
                right = drawn.random((SENTENCES, 1)) < share[language] - 0.005 * k
                other = (gold + drawn.integers(1, len(LABELS), gold.shape)) % len(LABELS)
                predicted = np.where(right, gold, other)
                rows.append(prediction.Predictions(language, split, "pruned", gold, predicted))
                value = 100 * float(right.mean())
                metrics = {"accuracy": value, "macro_f1": value, "f1_runs_as_published": value}
                place = {"language": language, "split": split, "heads": "pruned"}
                scores.append({**place, "metrics": metrics})
            _write_trial(Path(path), scores, k)
            prediction.save(Path(f"{path}.parquet"), rows, LABELS)
        for path in self.scored:
            _write_ranking(Path(path), *self.plan.rankings[path])
        for code in tested:
            _write_language(code, share[code])
        tokenizer = {"model": {"unk_id": 3, "vocab": []}, "added_tokens": []}
        _write(Path("results/models/encoder/tokenizer.json"), tokenizer)

    def select(self) -> None:
        """Scores of all trials and choices of k."""
        from polyheads.analysis import choices
        from polyheads.study import contents, displays

        contents.write(contents.as_json(self.contents), self.out / "contents.json")
        paths = [f"{path}.json" for path in self.plan.trial_paths]
        scores = choices.load_scores(paths, self.contents.sweeps)
        sweeps = displays.with_metrics(self.contents.displays, self.contents.sweeps)
        choices.write_scores(scores, self.out / "scores.csv")
        choices.write(choices.with_heads(choices.choose(scores, sweeps)), self.out / "choices.csv")

    def statistics(self) -> None:
        """Everything that is resampled."""
        from polyheads.analysis import choices, differences, estimates, inference, null_baselines

        inferred = inference.infer(
            self.contents,
            choices.read(self.out / "choices.csv"),
            choices.read_scores(self.out / "scores.csv"),
            delta=0.5,
        )
        if inferred.problems:
            raise RuntimeError(f"made-up trials have problems: {inferred.problems}")
        estimates.write(inferred.estimates, self.out / "statistics.csv")
        null_baselines.write(inferred.null_baselines, self.out / "null-baselines.csv")
        differences.write(inferred.differences, self.out / "differences.csv")

    def analyse(self) -> None:
        """The records behind all tables and figures."""
        from polyheads.analysis import products
        from polyheads.study import paths

        data = products.read_data(
            contents_file=self.out / "contents.json",
            choices_file=self.out / "choices.csv",
            scores_file=self.out / "scores.csv",
            estimates_file=self.out / "statistics.csv",
            null_baselines_file=self.out / "null-baselines.csv",
            differences_file=self.out / "differences.csv",
            ranking_files=[f"{path}/ranking.json" for path in self.scored],
            encoding_files=paths.encoding_infos(self.plan),
            pretraining={"encoder": "cc100"},
            languages=self.languages,
        )
        products.write(data, self.out / "analysis")

    def tables(self) -> None:
        """All tables as pages, CSV and LaTeX."""
        from polyheads.report import captions, pages
        from polyheads.report.table import empty
        from polyheads.report.tables import made
        from polyheads.study import displays

        directory = self.out / "tables"
        tables = {}
        for display in self.contents.displays:
            for table in made.of_display(display, self.out / "analysis", self.languages):
                tables[table.name] = table
                pages.write_table(table, directory, captions.caption_of(display.kind))
        whole = made.of_study(self.out / "analysis", self.languages)
        for name in (*self.contents.comparisons, *displays.WHOLE):
            table = tables[name] = whole.get(name) or empty(name, "missing")
            pages.write_table(made.alone(table), directory, "start")
        pages.write_tables({**whole, **tables}, self.out / "tables.json")

    def figures(self) -> None:
        """All figures."""
        from polyheads.analysis import rankings
        from polyheads.files import read_table
        from polyheads.report.figures import corpus, draw
        from polyheads.study import displays

        for display in self.contents.displays:
            if display.kind in displays.FIGURES:
                path = str(self.out / "figures" / f"{display.name}.svg")
                draw.of_display(display, self.out / "analysis", self.languages, path)
        for path, image in zip(self.scored, self._heat_maps(), strict=True):
            ranking, scores = rankings.read(f"{path}/ranking.json"), f"{path}/scores.csv"
            draw.of_scores(ranking, read_table(scores), self.languages, 12, image)
        corpus.draw(self._corpora(), self.languages, self._labels())

    def pages(self) -> None:
        """The report and its pages."""
        from polyheads.report import build, findings, pages
        from polyheads.report.sections import Pieces
        from polyheads.study import displays, paths

        tables = pages.read_tables(self.out / "tables.json")
        titles = {name: table.title for name, table in tables.items()}
        figures = {
            display.name: str(self.out / "figures" / f"{display.name}.svg")
            for display in self.contents.displays
            if display.kind in displays.FIGURES
        }
        pieces = Pieces(self.contents, tables, figures, self.languages)
        versions = self.out / "versions.csv"
        versions.write_text("package,version,trials\n")
        given = build.Given(
            study=self.plan.config["study"],
            findings=findings.sentences(
                findings.read(self.out / "analysis"), self.languages, titles
            ),
            heat_maps=self._heat_maps(),
            language_maps=[],
            corpora=paths.corpus_infos(self.plan),
            labels={"many": self._labels()},
            encodings=paths.encoding_infos(self.plan),
            benchmarks={},
            versions=versions,
            configuration=self.configuration,
        )
        names = ("start", "corpora", "runtimes")
        out = {name: str(self.out / f"{name}.html") for name in names}
        build.build(pieces, given, {"report": "results/report.html", **out})

    def _heat_maps(self) -> list[str]:
        from polyheads.study import paths

        return [paths.heat_map(path, str(self.out / "figures")) for path in self.scored]

    def _labels(self) -> str:
        return str(self.out / "figures/labels.many.svg")

    def _corpora(self) -> list[Any]:
        from polyheads.study import paths

        return [json.loads(Path(path).read_text()) for path in paths.corpus_infos(self.plan)]


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _write_trial(path: Path, scores: list[dict[str, Any]], k: int) -> None:
    from polyheads.provenance import module_hash

    about = {"trial": {"task": "pos"}, "metrics_code": module_hash("polyheads.catalogue.metrics")}
    heads = [[head // SHAPE[1], head % SHAPE[1]] for head in range(k)]
    _write(path.with_name(f"{path.name}.json"), {**about, "pruned_heads": heads, "scores": scores})


def _write_ranking(path: Path, training: Any, name: str) -> None:
    from polyheads.study import rankings

    drawn, parts = random.Random(name), rankings.parse(name)
    heads = [(layer, head) for layer in range(SHAPE[0]) for head in range(SHAPE[1])]
    order = drawn.sample(heads, len(heads))
    place = {
        "model": training.model,
        "corpus": training.corpus,
        "recipe": training.recipe,
        "seed": training.seed,
    }
    what = {"kind": parts.kind, "reversed": parts.reversed, "language": parts.language}
    orders = {"order": order, "order_unnormalised": order, "normalisation": "l2", "task": "pos"}
    _write(path / "ranking.json", {"ranking": name, **place, **what, **orders})
    lines = ["layer,head,raw,normalised,rank,rank_unnormalised"]
    for rank, (layer, head) in enumerate(order):
        value = (rank + 1) / len(order)
        lines.append(f"{layer},{head},{value},{value},{rank},{rank}")
    (path / "scores.csv").write_text("\n".join(lines) + "\n")


def _write_language(code: str, share: float) -> None:
    """A prepared corpus of a language and its encoding, as far as analysis and report read them."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Dataset

    corpus = Path("results/corpora/many") / code
    splits = ("train", "dev", "test")
    count = {"sentences": SENTENCES, "words": SENTENCES, "longest": 1, "duplicates": 0}
    count |= {"also_in": {}, "skipped": {}, "repairs": {}}
    tags = dict.fromkeys(LABELS, 30)
    about = {"corpus": "many", "language": code, "task": "pos", "labels": list(LABELS)}
    more = {"licence": "made up", "segmentation": "words", "source": ["made up"], "checksums": {}}
    counts = {"counts": dict.fromkeys(splits, count), "tag_counts": dict.fromkeys(splits, tags)}
    _write(corpus / "corpus.json", {**about, **more, **counts})
    data = Dataset.from_dict({"tokens": [["word"]] * SENTENCES})
    data.save_to_disk(str(corpus / "data/test"))
    subwords = int(SENTENCES * (1 + 2 * (1 - share)))
    encoding = Path("results/encodings/encoder/many") / code
    made = {"sentences": SENTENCES, "words": SENTENCES, "subwords": subwords}
    made |= {"subwords_per_word": round(subwords / SENTENCES, 3), "words_without_subwords": 0}
    made |= {"windowed_sentences": 0, "truncated_words": 0, "longest_subwords": 9}
    special = {"prefix": [0], "suffix": [2], "unknown": 3}
    info = {"model": "encoder", **about, "special": special, "splits": dict.fromkeys(splits, made)}
    _write(encoding / "encoding.json", info)
    ids = pa.table({"subwords": pa.array([[5, 6, 3]] * SENTENCES, pa.list_(pa.int32()))})
    pq.write_table(ids, encoding / "test.parquet")
