"""Preparing a corpus of the largest size: streamed, against reading it whole, in one run.

    PYTHONPATH=workflow python benchmarks/prepare.py [--sentences 300000]

The corpus is made here: as many sentences of 12 tokens as the largest of the study has (MK-PUCIT,
some 290,000 in the paper's segmentation), one token and one tag a line. Reading it whole into lists
and handing them to `Dataset.from_dict` is what a script does otherwise. Each way runs in a process
of its own, so that the peak of its memory is its own.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polyheads import catalogue
from polyheads.corpora import preparing, readers

ENTRY = {
    "name": "large",
    "task": "ner",
    "licence": "none",
    "format": "columns",
    "columns": {"token": 1, "tag": 2},
    "labels": ["PER", "LOC", "ORG"],
    "languages": {"ur": {"files": {"train": {}, "dev": {}, "test": {}}}},
}
SIZES = {"dev": 1000, "test": 1000}


def make(directory: Path, sentences: int) -> None:
    rng = random.Random(1)
    words = ["".join(rng.choices("ابپتجدرسشعفقکلمنوہی", k=rng.randint(2, 9))) for _ in range(40000)]
    for split, size in {"train": sentences, **SIZES}.items():
        with (directory / f"{split}.tsv").open("w", encoding="utf-8") as file:
            for _ in range(size):
                tokens = rng.choices(words, k=12)
                start, kind = rng.randrange(10), rng.choice(ENTRY["labels"])
                for number, token in enumerate(tokens):
                    tag = {start: f"B-{kind}", start + 1: f"I-{kind}"}.get(number, "O")
                    file.write(f"{token}\t{tag}\n")
                file.write("\n")


def streamed(entry: dict, directory: Path, out: Path) -> None:
    splits = list(catalogue.SPLITS)
    preparing.prepare(entry=entry, language="ur", splits=splits, directory=directory, out_dir=out)


def whole(entry: dict, directory: Path, out: Path) -> None:
    import datasets

    datasets.disable_progress_bars()
    names = catalogue.tag_names(entry)
    ids = {name: number for number, name in enumerate(names)}
    features = datasets.Features(
        tokens=datasets.List(datasets.Value("string")),
        tags=datasets.List(datasets.ClassLabel(names=names)),
    )
    reading = catalogue.reading(entry, "ur")
    splits = {}
    for split in catalogue.SPLITS:
        path, counts = directory / f"{split}.tsv", readers.new_counts()
        sentences = list(readers.read(path, reading, split=split, counts=counts))
        columns = {
            "tokens": [tokens for tokens, _ in sentences],
            "tags": [[ids[tag] for tag in tags] for _, tags in sentences],
        }
        splits[split] = datasets.Dataset.from_dict(columns, features=features)
    datasets.DatasetDict(splits).save_to_disk(str(out))


WAYS = {"streamed": streamed, "whole": whole}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=int, default=300_000)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    entry = catalogue.load([ENTRY])["large"]
    if options.way:
        begin = time.process_time()
        WAYS[options.way](entry, options.directory, options.directory / options.way)
        seconds = time.process_time() - begin
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB; Linux has kB
        rate = (options.sentences + sum(SIZES.values())) / seconds * 60
        print(f"{options.way:10s}{seconds:8.1f} s{rate:12,.0f} sentences a minute{memory:8.0f} MB")
        return
    with tempfile.TemporaryDirectory() as directory:
        make(Path(directory), options.sentences)
        for way in WAYS:
            command = [sys.executable, __file__, "--way", way, "--directory", directory]
            subprocess.run([*command, "--sentences", str(options.sentences)], check=True)


if __name__ == "__main__":
    main()
