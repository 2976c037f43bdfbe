"""Words to subwords, once per (model, corpus, language); counts of everything unusual.

The encoding keeps whole sentences without special tokens. Windows are cut when batches are
made, so one encoding serves recipes with different length limits. What is done with texts to
classify stands in `encoders.texts`, what is written in `encoders.encoding`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from polyheads.digests import FileDigest
from polyheads.errors import UserError
from polyheads.origins import OfEncoding
from polyheads.study import mixtures

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from polyheads.encoders.batches import Sentence

SPLITS = ("train", "dev", "test")


class Special(TypedDict):
    """Ids that a model wants around a sentence, and the one of words without subwords."""

    prefix: list[int]
    suffix: list[int]
    unknown: int


class Texts(TypedDict):
    """What is known of encoded texts to classify beside `Special`; see `batches.Layout`."""

    first: int
    between: int
    second_type: int


class SplitCounts(TypedDict):
    """What was encoded of a split, and what of it is unusual."""

    sentences: int
    words: int
    subwords: int
    subwords_per_word: float
    words_without_subwords: int
    windowed_sentences: int
    truncated_words: int
    longest_subwords: int  # of a sentence
    texts_without_subwords: NotRequired[int]  # to classify, both of a pair counted
    cut_texts: NotRequired[int]  # to classify, longer than the model's limit


class EncodingInfo(TypedDict):
    """The content of encoding.json."""

    model: str
    corpus: str
    language: str
    task: str
    labels: list[str]
    special: Special
    texts: NotRequired[Texts]  # where texts are classified
    max_length: int
    splits: dict[str, SplitCounts]
    files: dict[str, FileDigest]
    made_of: OfEncoding


def load_tokenizer(directory: Path) -> Tokenizer:
    """The fast tokenizer of a model directory. UserError if it has no tokenizer.json."""
    from tokenizers import Tokenizer

    path = Path(directory) / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception for every failure
        raise UserError(f"{path}: not a readable fast tokenizer ({error})") from error
    # A saved tokenizer may carry the truncation and padding of its last user.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> Special:
    """What the model wants around a sentence."""
    around = tokenizer.encode("a")
    special = list(map(bool, around.special_tokens_mask))
    before = special.index(False) if False in special else len(special) // 2
    after = max(before, len(special) - special[::-1].index(False) if False in special else 0)
    return {
        "prefix": around.ids[:before],
        "suffix": around.ids[after:],
        "unknown": unknown_id(tokenizer),
    }


def unknown_id(tokenizer: Tokenizer) -> int:
    """The id that stands for a word without subwords."""
    for name in ("[UNK]", "<unk>", getattr(tokenizer.model, "unk_token", None)):
        number = None if name is None else tokenizer.token_to_id(name)
        if number is not None:
            return number
    # Tokenizers of bytes know everything; what is left of such a word is the space before it.
    space = tokenizer.encode(" ", add_special_tokens=False).ids
    if not space:
        raise UserError("the tokenizer has no token for words without subwords, as [UNK] or <unk>")
    return space[0]


def word_gap(tokenizer: Tokenizer) -> str:
    """What must stand before a word that is given apart, so that it is encoded as in a sentence.

    A space, where the tokenizer makes it part of the next word (byte-level ones of RoBERTa,
    ModernBERT, EuroBERT; Gemma's, which mmBERT has); without it every word would be encoded as
    if it stood inside another. Nothing, where the tokenizer splits at spaces and marks words
    itself (WordPiece, Unigram, `add_prefix_space`).
    """

    def ids(text: str | list[str]) -> list[int]:
        given_apart = isinstance(text, list)
        return tokenizer.encode(text, is_pretokenized=given_apart, add_special_tokens=False).ids

    pairs = [("a", "b"), ("the", "of"), ("1", "2"), ("\u4e00", "\u4e8c")]
    apart = [ids([one, other]) == ids(f"{one} {other}") for one, other in pairs]
    with_space = [ids([one, f" {other}"]) == ids(f"{one} {other}") for one, other in pairs]
    return " " if all(with_space) and not all(apart) else ""


def encode_sentences(
    tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], *, unknown: int
) -> tuple[list[np.ndarray], list[np.ndarray], int]:
    """Subword ids and word starts of pre-tokenised sentences, as if words had spaces between.

    A word that the tokenizer deletes (control characters, some marks) becomes ``unknown``, so
    that every word has a first subword to carry its label. Returns (subwords per sentence,
    starts per sentence, number of words without subwords).
    """
    all_ids, all_starts, empty = [], [], 0
    gap = word_gap(tokenizer)
    encoded = tokenizer.encode_batch(
        [[*words[:1], *(gap + word for word in words[1:])] for words in sentences],
        is_pretokenized=True,
        add_special_tokens=False,
    )
    for words, encoding in zip(sentences, encoded, strict=True):
        ids = np.array(encoding.ids, dtype=np.int32)
        owner = np.array(encoding.word_ids, dtype=np.int64)
        missing = np.setdiff1d(np.arange(len(words)), owner)
        if len(missing):
            place = np.searchsorted(owner, missing)
            ids = np.insert(ids, place, unknown).astype(np.int32)
            owner = np.insert(owner, place, missing)
            empty += len(missing)
        starts = np.searchsorted(owner, np.arange(len(words))).astype(np.int32)
        all_ids.append(ids)
        all_starts.append(starts)
    return all_ids, all_starts, empty


def read_info(directory: Path) -> EncodingInfo:
    """``encoding.json`` of an encoding."""
    info: EncodingInfo = json.loads((Path(directory) / "encoding.json").read_text())
    return info


def read_split(
    directory: Path,
    split: str,
    limit: int | None = None,
    *,
    subset: str = "first",
    leave_out_repeated: bool = False,
    percent: int = 100,
) -> list[Sentence]:
    """``limit`` sentences of a split (None: all) as batches.Sentence, in file order.

    subset: the ``first`` ones, or ``spaced`` evenly over the file. leave_out_repeated: none that
    stands in another split too. percent: what is left of that, in tenths: the first of ten random
    disjoint parts of equal size, always the same ones, so that 30 contains 20. UserError if there
    are fewer sentences than parts.
    """
    from polyheads.encoders.batches import Sentence

    table = pq.read_table(Path(directory) / f"{split}.parquet")
    if leave_out_repeated:
        import pyarrow.compute as pc  # here, because few jobs need it and its import takes a while

        table = table.filter(pc.invert(table.column("repeated")))
    if limit is not None and subset == "first":
        table = table.slice(0, limit)
    elif limit is not None and limit < len(table):
        table = table.take(np.arange(limit) * len(table) // limit)
    if percent < 100:
        if len(table) < mixtures.PARTS:
            raise UserError(
                f"{directory}: {len(table)} {split} sentences can't be cut into {mixtures.PARTS} "
                "parts; leave the setting low-resource out, or take more sentences"
            )
        table = table.take(np.flatnonzero(_parts(len(table)) < percent * mixtures.PARTS // 100))
    columns: list[list[Any]] = [
        _rows(table.column(name)) for name in ("subwords", "starts", "labels")
    ]
    if "second" in table.column_names:  # texts to classify
        columns.append(table.column("second").to_pylist())
    return [Sentence(*row) for row in zip(*columns, strict=True)]


def _parts(sentences: int) -> np.ndarray:
    """Which of the ten parts each sentence belongs to: random, the same for everybody."""
    return np.random.default_rng(1).permutation(np.arange(sentences) % mixtures.PARTS)


def _rows(column: pa.ChunkedArray) -> list[np.ndarray]:
    """A list column as one numpy array per row, without a Python object per number."""
    rows: list[np.ndarray] = []
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        values = chunk.values.to_numpy()
        rows += [values[a:b] for a, b in itertools.pairwise(offsets)]
    return rows
