"""Texts to classify to subwords, with what the encoder wants around one text or between two.

The tokenizer reads a text as it is written, not word by word, and the special tokens and their
types are its own. The first token, whose state carries the label, belongs to the subwords (see
`batches`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from polyheads.encoders.subwords import Special, SplitCounts, Texts, unknown_id
from polyheads.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer


@dataclass(frozen=True)
class Around:
    """The special tokens around a text or a pair of texts."""

    prefix: tuple[int, ...]
    between: tuple[int, ...]  # none of a single text
    suffix: tuple[int, ...]
    second_type: int  # the type of the tokens of the second text and behind it; 0: there are none

    def texts(self) -> Texts:
        """What a layout must know beside `special`."""
        return {
            "first": len(self.prefix),
            "between": len(self.between),
            "second_type": self.second_type,
        }

    def special(self, tokenizer: Tokenizer) -> Special:
        """What stands around the subwords: the first tokens are part of them."""
        return {"prefix": [], "suffix": [*self.suffix], "unknown": unknown_id(tokenizer)}


@dataclass(frozen=True)
class Encoded:
    """Encoded texts or pairs."""

    subwords: list[np.ndarray]  # each (n,) token ids without those of the suffix
    second: np.ndarray  # (texts,) where the second text of a pair begins, else 0
    empty: int  # texts without subwords, both of a pair counted


def around(tokenizer: Tokenizer, model_dir: Path, *, pairs: bool) -> Around:
    """What the tokenizer of a model directory puts around one text, or two.

    Types of tokens are those that the model has vectors for. UserError for a tokenizer that puts
    nothing before a text, whose state could carry a label, and for one whose types of tokens are
    not 0 up to the second text and one other behind it.
    """
    example = tokenizer.encode("a", "b") if pairs else tokenizer.encode("a")
    of_text = _of_text(example)
    bounds = [np.flatnonzero(of_text == text) for text in ((0, 1) if pairs else (0,))]
    if not all(map(len, bounds)):
        raise UserError(f"{model_dir}/tokenizer.json: it has no subwords for the letters a and b")
    begin, end, behind = bounds[0][0], bounds[0][-1] + 1, bounds[-1][-1] + 1
    second = bounds[1][0] if pairs else end
    if begin == 0:
        raise UserError(
            f"{model_dir}/tokenizer.json: no special token before a text, and classification reads "
            "the first one's state; models with this tokenizer can't classify texts"
        )
    kinds = set(example.type_ids[second:] if pairs else ())
    if any(example.type_ids[:second]) or len(kinds) > 1:
        raise UserError(
            f"{model_dir}/tokenizer.json: the types of the tokens of two texts are "
            f"{example.type_ids}; only 0 up to the second text and one other type behind it are "
            "supported"
        )
    kind = max(kinds, default=0)
    known = json.loads((model_dir / "config.json").read_text()).get("type_vocab_size") or 0
    ids = example.ids
    return Around(
        prefix=tuple(ids[:begin]),
        between=tuple(ids[end:second]),
        suffix=tuple(ids[behind:]),
        second_type=kind if kind < known else 0,
    )


def encode(tokenizer: Tokenizer, texts: Sequence[Sequence[str]], around: Around) -> Encoded:
    """Subword ids of texts, one or two each, as the tokenizer makes them of the text as written."""
    given = [text[0] if len(text) == 1 else tuple(text) for text in texts]
    subwords, second, empty = [], [], 0
    for encoding in tokenizer.encode_batch(given):
        of_text = _of_text(encoding)
        lengths = [int((of_text == number).sum()) for number in (0, 1)]
        behind = len(around.prefix) + lengths[0] + len(around.between)
        ids = np.array(encoding.ids, dtype=np.int32)
        subwords.append(ids[: len(ids) - len(around.suffix)])
        second.append(behind if around.between else 0)
        empty += lengths[0] == 0
        empty += bool(around.between) and lengths[1] == 0
        special = ids[of_text < 0].tolist()
        if special != [*around.prefix, *around.between, *around.suffix]:
            raise UserError(
                f"the tokenizer puts other special tokens around {encoding.tokens} than around "
                "other texts; remove the text"
            )
    return Encoded(subwords, np.array(second, np.int32), empty)


def counts(
    encoded: Encoded, texts: Sequence[Sequence[str]], around: Around, *, room: int
) -> SplitCounts:
    """Counts of a split; words are what white space parts, and subwords those of the texts."""
    own = len(around.prefix) + len(around.between)
    subwords = sum(map(len, encoded.subwords)) - own * len(texts)
    words = sum(len(part.split()) for text in texts for part in text)
    return {
        "sentences": len(texts),
        "words": words,
        "subwords": subwords,
        "subwords_per_word": round(subwords / max(words, 1), 3),
        "words_without_subwords": 0,
        "windowed_sentences": 0,
        "truncated_words": 0,
        "longest_subwords": max((len(ids) - own for ids in encoded.subwords), default=0),
        "texts_without_subwords": encoded.empty,
        "cut_texts": sum(len(ids) > room for ids in encoded.subwords),
    }


def _of_text(encoding: Encoding) -> np.ndarray:
    """(tokens,) 0 or 1 where a token is of the first or second text, -1 where it is special."""
    numbers = encoding.sequence_ids
    return np.array([-1 if number is None else number for number in numbers])
