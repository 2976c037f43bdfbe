"""Texts to classify, one or two each, for the small encoders of conftest."""

import json
import random

import numpy as np
from conftest import LABELS, SIZES, make_layout
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from tokenizers.processors import TemplateProcessing

from polyheads.encoders.batches import Layout, Sentence

LETTERS = "abcdefgh"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", *LETTERS, *(f"##{c}" for c in LETTERS)]
TEMPLATES = {  # what BERT puts around a pair, and XLM-R
    "bert": "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
    "xlm-roberta": "[CLS] $A [SEP] [SEP] $B [SEP]",
}


def make_tokenizer(kind: str) -> Tokenizer:
    tokenizer = Tokenizer(WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()  # deletes control characters
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair=TEMPLATES[kind],
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return tokenizer


def make_text(chance: random.Random, longest: int = 12) -> str:
    words = range(chance.randint(1, longest))
    return " ".join("".join(chance.choices(LETTERS, k=chance.randint(1, 4))) for _ in words)


def text_layout(kind: str, *, pairs: bool = True, max_length: int = 64) -> Layout:
    """That of make_layout, for texts; its first token belongs to them."""
    words = make_layout(kind)
    between = (1 if kind == "bert" else 2) if pairs else 0
    return Layout(
        (),
        words.suffix,
        position_offset=words.position_offset,
        max_length=max_length,
        first=1,
        between=between,
        second_type=int(kind == "bert" and pairs),
    )


def make_texts(kind: str, count: int, *, seed: int = 0, pairs: bool = True) -> list[Sentence]:
    """Encoded texts of random tokens, as `encoding.encode` leaves them."""
    rng = np.random.default_rng(seed)
    words, layout = make_layout(kind), text_layout(kind, pairs=pairs)
    made = []
    for _ in range(count):
        sizes = rng.integers(1, 9, 2)
        first, second = (rng.integers(5, SIZES["vocab_size"], size) for size in sizes)
        parts = [words.prefix, first]
        parts += [words.suffix * layout.between, second] if pairs else []
        where = 1 + sizes[0] + layout.between if pairs else 0
        subwords = np.concatenate(parts).astype(np.int32)
        label = rng.integers(0, LABELS, 1)
        made.append(Sentence(subwords, np.zeros(1, np.int32), label, int(where)))
    return made


def write_tokenizer(kind: str, directory, types: int = 2):
    """What `around` reads of a model directory."""
    directory.mkdir(parents=True, exist_ok=True)
    make_tokenizer(kind).save(str(directory / "tokenizer.json"))
    (directory / "config.json").write_text(json.dumps({"type_vocab_size": types}))
    return directory
