"""Subwords a word and a character, and unknown tokens, from encodings and their corpora."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from polyheads.analysis import fertility
from polyheads.catalogue import language_facts
from polyheads.report.tables import fertility as tables

LANGUAGES = language_facts.languages()
UNIGRAM = {
    "model": {"type": "Unigram", "unk_id": 3, "vocab": [["<unk>", 0.0]]},
    "added_tokens": [],
}
BYTES = {
    "model": {"type": "BPE", "unk_token": None, "vocab": {"Ġ": 3}},
    "added_tokens": [{"id": 3, "content": "Ġ"}],
}
WORDPIECE = {
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 3}},
    "added_tokens": [{"id": 3, "content": "[UNK]"}],
}


@pytest.fixture
def encoded(tmp_path):
    """Write an encoding of these sentences, and all that stands beside it; its encoding.json."""

    def write(language, sentences, subwords, *, task="pos", tokenizer=UNIGRAM, split="test"):
        words = sum(len(token.split()) for tokens in sentences for token in tokens)
        counts = {"sentences": len(sentences), "words": words, "subwords": sum(map(len, subwords))}
        empty = {"sentences": 0, "words": 0, "subwords": 0}
        info = {"model": "m", "corpus": "c", "language": language, "task": task}
        info |= {"special": {"unknown": 3}, "splits": {"train": empty, split: counts}}
        directory = tmp_path / "encodings/m/c" / language
        directory.mkdir(parents=True)
        (directory / "encoding.json").write_text(json.dumps(info))
        column = pa.array(subwords, pa.list_(pa.int32()))
        pq.write_table(pa.table({"subwords": column}), directory / f"{split}.parquet")
        data = Dataset.from_dict({"tokens": sentences})
        data.save_to_disk(str(tmp_path / "corpora/c" / language / "data" / split))
        (tmp_path / "models/m").mkdir(parents=True, exist_ok=True)
        (tmp_path / "models/m/tokenizer.json").write_text(json.dumps(tokenizer))
        return directory / "encoding.json"

    return write


def test_words_of_a_corpus_are_counted_in_every_script(encoded, tmp_path):
    paths = [
        encoded("deu_Latn", [["Ein", "Haus"], ["Nein"]], [[5, 6, 3], [7]]),
        encoded("zho_Hans", [["一", "所", "房子"]], [[5, 6, 7, 8]]),
    ]
    german, chinese = fertility.rows(paths, LANGUAGES, results=tmp_path)
    assert (german.words, german.characters, german.subwords, german.unknown) == (3, 11, 4, 1)
    assert german.per_word == pytest.approx(4 / 3) and german.unknown_share == 25.0
    assert (chinese.per_word, chinese.per_character) == (pytest.approx(4 / 3), 1.0)


def test_texts_without_spaces_have_no_words(encoded, tmp_path):
    paths = [
        encoded("deu_Latn", [["Ein Haus", "ja"]], [[5, 6, 7]], task="classification"),
        encoded("tha_Thai", [["บ้าน นี้"]], [[5, 6]], task="classification"),
    ]
    german, thai = fertility.rows(paths, LANGUAGES, results=tmp_path)
    assert (german.per_word, german.per_character) == (1.0, pytest.approx(3 / 9))
    assert thai.per_word is None and thai.characters == 7 and thai.per_character == 2 / 7


@pytest.mark.parametrize(
    ("tokenizer", "unknown"),
    [(UNIGRAM, 1), (WORDPIECE, 1), (BYTES, None)],
    ids=["unigram", "wordpiece", "bytes"],
)
def test_tokenizers_of_bytes_know_everything(encoded, tmp_path, tokenizer, unknown):
    (row,) = fertility.rows(
        [encoded("deu_Latn", [["a", "b"]], [[3, 5]], tokenizer=tokenizer)], {}, results=tmp_path
    )
    assert row.unknown == unknown
    assert row.unknown_share == (None if unknown is None else 50.0)


def test_another_split_stands_in_for_test(encoded, tmp_path):
    (row,) = fertility.rows(
        [encoded("deu_Latn", [["a"]], [[5]], split="dev")], LANGUAGES, results=tmp_path
    )
    assert row.split == "dev"


def test_table_begins_with_what_is_known_worst(encoded, tmp_path):
    paths = [encoded("deu_Latn", [["Haus"]], [[5]]), encoded("nqo_Nkoo", [["ߛߏ"]], [[3, 3, 3]])]
    made = tables.table(fertility.rows(paths, LANGUAGES, results=tmp_path), LANGUAGES)
    assert [record["language"] for record in made.records] == ["nqo_Nkoo", "deu_Latn"]
    assert [cell.text for cell in made.body[0]][2:] == [
        *("N’Ko", "Nkoo", "test", "3.00", "1.50", "100.00"),
    ]
