"""How long real sentences are: numbers of subwords and words, taken from an encoded corpus.

    PYTHONPATH=workflow python -m benchmarks.lengths ENCODING

writes ``lengths.json`` beside this module from a directory under results/encodings. So the
benchmark has real lengths where the corpus is not there. They come in file order, spaced evenly.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from polyheads.encoders import subwords
from polyheads.encoders.batches import Sentence

KEPT = Path(__file__).with_name("lengths.json")
SIZES = {"train": 512, "dev": 256, "test": 256}
LONGEST = (
    254  # subwords: what fits into the 256 tokens of the paper's code, so that all read the same
)
PIECES = 14_000  # different subwords that 12,543 sentences of English have, by XLM-R's tokenizer
LABELS = 17  # tags of UPOS


def of_encoding(directory: Path) -> dict[str, list[list[int]]]:
    """Split -> [subwords, words] of sentences."""
    return {
        split: [[len(s.subwords), len(s.starts)] for s in read(directory, split)] for split in SIZES
    }


def read(directory: Path, split: str) -> list[Sentence]:
    """Sentences of an encoding, spaced evenly, none longer than LONGEST."""
    found = subwords.read_split(directory, split, SIZES[split], subset="spaced")
    return [sentence for sentence in found if len(sentence.subwords) <= LONGEST]


def draw(split: str) -> list[Sentence]:
    """Sentences of the kept lengths; their random subwords are as unevenly frequent as real."""
    rng = np.random.default_rng(sorted(SIZES).index(split))
    shares = 1 / (np.arange(PIECES) + 2.7)  # Zipf's law, as Mandelbrot has it
    shares /= shares.sum()
    found = []
    for count, words in json.loads(KEPT.read_text())["lengths"][split]:
        inside = 1 + rng.choice(count - 1, words - 1, replace=False) if words > 1 else []
        found.append(
            Sentence(
                subwords=rng.choice(PIECES, count, p=shares).astype(np.int32) + 1000,
                starts=np.sort(np.array([0, *inside], dtype=np.int32)),
                labels=rng.integers(LABELS, size=words).astype(np.int16),
            )
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("encoding", type=Path)
    options = parser.parse_args()
    info = subwords.read_info(options.encoding)
    about = {key: info[key] for key in ("model", "corpus", "language")}
    content = {"command": "python -m benchmarks.lengths ENCODING", **about}
    KEPT.write_text(json.dumps({**content, "lengths": of_encoding(options.encoding)}) + "\n")


if __name__ == "__main__":
    main()
