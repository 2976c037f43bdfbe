"""From encoded sentences to packed batches: windows, the order of an epoch, tensors.

A text to classify, or a pair of them, is a sentence of one word: its subwords begin with the
special token whose state carries the label, and a pair's have those between the texts, too. It is
never cut into windows. What is too long loses its end, and a pair that of its longer text first, as
tokenizers of transformers do it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from polyheads.encoders.gates import Inputs
from polyheads.encoders.packing import Packing


class Sentence(NamedTuple):
    """One sentence as the encoding stores it; words are never empty."""

    subwords: np.ndarray  # (n,) token ids without the special tokens of the layout
    starts: np.ndarray  # (words,) position of each word's first subword, increasing from 0
    labels: np.ndarray  # (words,) label ids
    second: int = 0  # where the second text of a pair begins; 0: there is none


class Window(NamedTuple):
    """A stretch of words [first, last) of which [score_from, score_to) are predicted here."""

    first: int
    last: int
    score_from: int
    score_to: int


@dataclass(frozen=True)
class Layout:
    """What a model expects around the subwords of a sentence."""

    prefix: tuple[int, ...]  # special tokens before
    suffix: tuple[int, ...]  # special tokens behind
    position_offset: int  # position of the first token: 0 in BERT, pad_token_id + 1 in XLM-R
    max_length: int  # tokens of a window at the most, special tokens included
    # Of texts to classify, how many special tokens their subwords begin with (0: these are words),
    # how many stand between those of a pair, and the type of the tokens behind them.
    first: int = 0
    between: int = 0
    second_type: int = 0

    @property
    def room(self) -> int:
        """Subwords a window can hold."""
        return self.max_length - len(self.prefix) - len(self.suffix)


@dataclass(frozen=True)
class Batch:
    """A packed batch: T tokens in one row, N labelled words, E sentences."""

    inputs: Inputs  # keywords of the model call
    positions: torch.Tensor  # (N,) the token that carries each word
    labels: torch.Tensor  # (N,) label ids
    example: torch.Tensor  # (N,) sentence of each word, 0..E-1
    word: np.ndarray  # (N,) index of each word in its sentence
    size: int  # E


def windows(starts: np.ndarray, length: int, room: int) -> list[Window]:
    """Cut a sentence of ``length`` subwords into windows of at most ``room`` subwords.

    Cuts fall between words. Neighbours share about a quarter of a window as context, and a
    shared word is predicted where it stands further from the edge; so every word is predicted
    exactly once. A single word longer than a window stands alone in one (and is cut there).
    """
    count = len(starts)
    if length <= room:
        return [Window(0, count, 0, count)]
    ends = np.append(starts[1:], length)
    spans: list[tuple[int, int]] = []
    first = 0
    while True:
        last = int(np.searchsorted(ends, starts[first] + room, side="right"))
        last = max(last, first + 1)
        spans.append((first, last))
        if last == count:
            break
        shared = int(np.searchsorted(starts, ends[last - 1] - room // 4, side="left"))
        first = min(max(shared, first + 1), last)
    cuts = [0] + [(b[0] + a[1]) // 2 for a, b in itertools.pairwise(spans)] + [count]
    return [Window(*span, cuts[i], cuts[i + 1]) for i, span in enumerate(spans)]


def shortened(sentence: Sentence, layout: Layout) -> Sentence:
    """A text, or a pair of texts, without what the layout has no room for."""
    surplus = len(sentence.subwords) - layout.room
    if surplus <= 0:
        return sentence
    if not sentence.second:
        return sentence._replace(subwords=sentence.subwords[: layout.room])
    first = sentence.subwords[: sentence.second - layout.between]
    between = sentence.subwords[len(first) : sentence.second]
    second = sentence.subwords[sentence.second :]
    kept = _shares(
        len(first) - layout.first, len(second), layout.room - layout.first - layout.between
    )
    first = first[: layout.first + kept[0]]
    subwords = np.concatenate([first, between, second[: kept[1]]])
    return sentence._replace(subwords=subwords, second=len(first) + len(between))


def cut_texts(sentences: Sequence[Sentence], layout: Layout) -> int:
    """How many of these sentences are texts to classify that lose their ends."""
    return sum(len(s.subwords) > layout.room for s in sentences) if layout.first else 0


def _shares(first: int, second: int, room: int) -> tuple[int, int]:
    """How many subwords of two texts stay: the longer one is cut until both are of one length.

    The odd one goes to the second text, or to the longer one, as the tokenizers library has it.
    """
    shorter = min(first, second)
    if shorter > room // 2:
        halves = room // 2, room // 2 + room % 2
        return halves if first <= second else halves[::-1]
    return (first, room - first) if first <= second else (room - second, second)


def epoch_order(
    sizes: Sequence[int], *, order: str, mixing: str, seed: int, epoch: int
) -> np.ndarray:
    """Order of one epoch over the concatenated corpora of a mixture.

    sizes: sentences of each corpus, in the order of the mixture (source first).
    order: ``sequential`` (file order, as in the paper) or ``random``.
    mixing: ``source-first``, ``target-first`` (as the released code) or ``interleaved``
    (evenly, each corpus in its own order). Returns (sum of sizes,) indices into the
    concatenation, source first.
    """
    first = np.cumsum([0, *sizes[:-1]])
    parts = [np.arange(size) + begin for begin, size in zip(first, sizes, strict=True)]
    if mixing == "target-first":
        parts.reverse()
    plan = np.concatenate(parts)
    if mixing == "interleaved":
        place = np.concatenate([(np.arange(len(p)) + 0.5) / max(len(p), 1) for p in parts])
        plan = plan[np.argsort(place, kind="stable")]
    if order == "random":
        plan = np.random.default_rng([seed, epoch]).permutation(plan)
    return plan


def pack(sentences: Sequence[Sentence], layout: Layout, device: torch.device) -> Batch:
    """Pack sentences, windowed where they are too long, into one row without padding."""
    ids: list[np.ndarray] = []
    types: list[np.ndarray] = []
    positions: list[np.ndarray] = []
    lengths: list[int] = []
    examples: list[int] = []
    words: list[np.ndarray] = []
    before = len(layout.prefix)
    offset = 0
    for example, whole in enumerate(sentences):
        sentence = shortened(whole, layout) if layout.first else whole
        for window in windows(sentence.starts, len(sentence.subwords), layout.room):
            begin = sentence.starts[window.first]
            end = (
                sentence.starts[window.last]
                if window.last < len(sentence.starts)
                else len(sentence.subwords)
            )
            body = sentence.subwords[begin : min(end, begin + layout.room)]
            row = np.concatenate([layout.prefix, body, layout.suffix]).astype(np.int64)
            scored = np.arange(window.score_from, window.score_to)
            positions.append(sentence.starts[scored] - begin + before + offset)
            ids.append(row)
            if layout.second_type:
                kinds = np.zeros(len(row), np.int64)
                kinds[sentence.second or len(row) :] = layout.second_type
                types.append(kinds)
            words.append(scored)
            lengths.append(len(row))
            examples.append(example)
            offset += len(row)
    per_window = [len(w) for w in words]
    place = np.concatenate([np.arange(n) for n in lengths]) + layout.position_offset
    owner = np.repeat(examples, per_window)
    word = np.concatenate(words)
    labels = np.array(
        [sentences[e].labels[w] for e, w in zip(owner, word, strict=True)], dtype=np.int64
    )
    inputs: Inputs = {
        "input_ids": torch.from_numpy(np.concatenate(ids))[None].to(device),
        "position_ids": torch.from_numpy(place)[None].to(device),
        "packing": Packing.of(lengths, examples, device),
    }
    if layout.second_type:
        inputs["token_type_ids"] = torch.from_numpy(np.concatenate(types))[None].to(device)
    return Batch(
        inputs=inputs,
        positions=torch.from_numpy(np.concatenate(positions).astype(np.int64)).to(device),
        labels=torch.from_numpy(labels).to(device),
        example=torch.from_numpy(owner.astype(np.int64)).to(device),
        word=word,
        size=len(sentences),
    )


def chunks(
    sentences: Sequence[Sentence], *, size: int, layout: Layout, device: torch.device
) -> Iterator[Batch]:
    """Batches of ``size`` sentences in file order."""
    for begin in range(0, len(sentences), size):
        yield pack(sentences[begin : begin + size], layout, device)
