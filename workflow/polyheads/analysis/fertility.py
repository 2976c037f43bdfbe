"""How a tokenizer knows a language: subwords a word and a character, tokens that stand for unknown.

Subwords a word are a tokenizer's fertility (Rust et al. 2021). Scripts that put no spaces between
words have none where text isn't cut into words; subwords a character there are for every script.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from polyheads.catalogue import SPLITS, language_facts
from polyheads.catalogue.language_facts import LanguageFacts
from polyheads.study.paths import RESULTS

UNSPACED = frozenset(("Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt"))
"""Scripts (ISO 15924) that put no spaces between words."""


@dataclass(frozen=True, kw_only=True)
class Fertility:
    """What a tokenizer makes of one language of a corpus."""

    model: str
    corpus: str
    language: str
    split: str  # test, or what there is instead
    sentences: int
    words: int | None  # None: the text isn't cut into words
    characters: int  # code points without spaces
    subwords: int
    unknown: int | None  # subwords that stand for something unknown; None: nothing is

    @property
    def per_word(self) -> float | None:
        """Subwords a word."""
        return self.subwords / self.words if self.words else None

    @property
    def per_character(self) -> float | None:
        """Subwords a character."""
        return self.subwords / self.characters if self.characters else None

    @property
    def unknown_share(self) -> float | None:
        """Subwords that stand for something unknown, in percent of all."""
        if self.unknown is None or not self.subwords:
            return None
        return 100 * self.unknown / self.subwords


def rows(
    encodings: Iterable[str | Path], languages: LanguageFacts, *, results: str | Path = RESULTS
) -> list[Fertility]:
    """One for each encoding.json. results: where the corpora and models of the run are."""
    return [row for path in encodings if (row := _row(Path(path), languages, Path(results)))]


def _row(path: Path, languages: LanguageFacts, results: Path) -> Fertility | None:
    from polyheads.encoders.subwords import read_info

    info = read_info(path.parent)
    full = [split for split, counts in info["splits"].items() if counts["sentences"]]
    split = next((split for split in reversed(SPLITS) if split in full), None)
    if split is None:
        return None
    counts = info["splits"][split]
    corpus = results / "corpora" / info["corpus"] / info["language"]
    script = language_facts.script(info["language"], languages)
    in_words = info["task"] != "classification" or script not in UNSPACED
    unknown = info["special"]["unknown"]
    tokenizer = results / "models" / info["model"]
    return Fertility(
        model=info["model"],
        corpus=info["corpus"],
        language=info["language"],
        split=split,
        sentences=counts["sentences"],
        words=counts["words"] if in_words else None,
        characters=_characters(corpus, split),
        subwords=counts["subwords"],
        unknown=_count(path.with_name(f"{split}.parquet"), unknown)
        if _stands_for_unknown(tokenizer, unknown)
        else None,
    )


@cache
def _characters(corpus: Path, split: str) -> int:
    """Code points without spaces of a prepared corpus's split."""
    from datasets import load_from_disk

    sentences = load_from_disk(str(corpus / "data" / split))["tokens"]
    return sum(len("".join(token.split())) for tokens in sentences for token in tokens)


def _count(path: Path, token: int) -> int:
    """How often a token is among the subwords of an encoded split."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    subwords = pc.list_flatten(pq.read_table(path, columns=["subwords"]).column("subwords"))
    count: int = pc.sum(pc.equal(subwords, token)).as_py() or 0
    return count


@cache
def _stands_for_unknown(model: Path, token: int) -> bool:
    """Whether the token for words without subwords is one for all that is unknown.

    Tokenizers of bytes know everything: theirs is a space, which text has, too.
    """
    content = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))
    own = content["model"].get("unk_token")
    names = {"[UNK]", "<unk>"} | ({own} if own else set())
    if any(item["id"] == token and item["content"] in names for item in content["added_tokens"]):
        return True
    vocabulary = content["model"]["vocab"]
    if isinstance(vocabulary, dict):
        return any(vocabulary.get(name) == token for name in names)
    # Pieces of a Unigram model are a list.
    return bool(content["model"].get("unk_id") == token)
