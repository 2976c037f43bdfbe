"""Words to subwords: nothing is lost in silence."""

import json

import numpy as np
import pytest
import transformers
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from tokenizers.models import WordPiece
from tokenizers.processors import TemplateProcessing

from polyheads.encoders import encoding, subwords
from polyheads.errors import UserError

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "##a", "##b", "."]


@pytest.fixture
def model_dir(tmp_path):
    directory = tmp_path / "model"
    directory.mkdir()
    tokenizer = Tokenizer(WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()  # deletes control characters
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(3)
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "model.json").write_text(json.dumps({"model": "m", "max_length": 8}))
    return directory


def write_corpus(directory, **splits):
    features = Features(
        {
            "tokens": Sequence(Value("string")),
            "tags": Sequence(ClassLabel(names=["X", "Y"])),
            "repeated": Value("bool"),
        }
    )
    data = {
        name: Dataset.from_dict(
            {
                "tokens": rows,
                "tags": [[i % 2 for i, _ in enumerate(r)] for r in rows],
                "repeated": [rows.index(r) != i for i, r in enumerate(rows)],
            },
            features,
        )
        for name, rows in splits.items()
    }
    DatasetDict(data).save_to_disk(directory / "data")
    info = {"corpus": "c", "language": "xx", "task": "pos", "labels": ["X", "Y"]}
    (directory / "corpus.json").write_text(json.dumps(info))
    return directory


def test_words_without_subwords_become_unknown(model_dir):
    tokenizer = subwords.load_tokenizer(model_dir)
    sentences = [["\u200f", "ab", "\u200e"], ["a.b", "c"], ["\x01"]]
    ids, starts, empty = subwords.encode_sentences(tokenizer, sentences, unknown=1)
    assert [i.tolist() for i in ids] == [[1, 4, 7, 1], [4, 8, 5, 1], [1]]
    assert [s.tolist() for s in starts] == [[0, 1, 3], [0, 3], [0]]
    assert empty == 3


def test_encode_counts_and_keeps_everything(model_dir, tmp_path):
    long = ["abab", "b", "ab", "a"]  # 8 subwords: more than the 6 that fit
    corpus = write_corpus(
        tmp_path / "c", train=[["a"], long], dev=[["\x01", "ababab" * 2]], test=[["a", "b"]]
    )
    encoding.encode(model_dir=model_dir, corpus_dir=corpus, out_dir=tmp_path / "e")
    info = subwords.read_info(tmp_path / "e")
    assert info["special"] == {"prefix": [2], "suffix": [3], "unknown": 1}
    assert info["splits"]["train"]["windowed_sentences"] == 1
    assert info["splits"]["train"]["longest_subwords"] == 8
    assert info["splits"]["dev"]["words_without_subwords"] == 1
    assert info["splits"]["dev"]["truncated_words"] == 1
    read = subwords.read_split(tmp_path / "e", "train")
    assert len(read) == 2 and read[1].starts.tolist() == [0, 4, 5, 7]
    assert len(read[1].subwords) == 8  # the tokenizer's own truncation is switched off
    assert read[1].labels.tolist() == [0, 1, 0, 1]
    assert len(subwords.read_split(tmp_path / "e", "train", 1)) == 1
    assert len(subwords.read_split(tmp_path / "e", "train", 9, subset="spaced")) == 2
    np.testing.assert_array_equal(subwords.read_split(tmp_path / "e", "test")[0].subwords, [4, 5])


def test_repeated_sentences_can_be_left_out(model_dir, tmp_path):
    corpus = write_corpus(tmp_path / "c", train=[["a"], ["a"], ["b"], ["a", "b"]])
    encoding.encode(model_dir=model_dir, corpus_dir=corpus, out_dir=tmp_path / "e")
    read = subwords.read_split(tmp_path / "e", "train", 2, leave_out_repeated=True)
    assert [s.subwords.tolist() for s in read] == [[4], [5]]
    assert len(subwords.read_split(tmp_path / "e", "train")) == 4
    read = subwords.read_split(tmp_path / "e", "train", 2, subset="spaced")
    assert [s.subwords.tolist() for s in read] == [[4], [5]]  # the first and the third


def test_tenths_of_a_training_set_are_cumulative(model_dir, tmp_path):
    sentences = [["a"] * (number + 1) for number in range(25)]
    corpus = write_corpus(tmp_path / "c", train=sentences, dev=[["a"]])
    encoding.encode(model_dir=model_dir, corpus_dir=corpus, out_dir=tmp_path / "e")
    read = {
        percent: [
            len(s.starts) for s in subwords.read_split(tmp_path / "e", "train", percent=percent)
        ]
        for percent in range(10, 101, 10)
    }
    assert [len(part) for part in read.values()] == [3, 6, 9, 12, 15, 17, 19, 21, 23, 25]
    for percent in range(10, 100, 10):
        assert set(read[percent]) < set(read[percent + 10])
        assert read[percent] == sorted(read[percent])  # in file order
    with pytest.raises(UserError, match=r"1 dev sentences can't be cut into 10 parts"):
        subwords.read_split(tmp_path / "e", "dev", percent=10)


def test_a_language_with_a_test_set_only(model_dir, tmp_path):
    corpus = write_corpus(tmp_path / "c", test=[["a", "b"]])
    encoding.encode(model_dir=model_dir, corpus_dir=corpus, out_dir=tmp_path / "e")
    assert list(subwords.read_info(tmp_path / "e")["splits"]) == ["test"]
    assert subwords.read_split(tmp_path / "e", "train") == []


def test_a_tokenizer_that_cannot_be_read(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(UserError, match=r"tokenizer\.json: not a readable fast tokenizer"):
        subwords.load_tokenizer(tmp_path)


TEXT = [
    "the house of the old man is 12 miles from here , he said .",
    "Das alte Haus steht 1990 leer ; der Mann sagt es .",
    "一 座 老 房子 在 这里 。",
]


def byte_level(directory, split=None):
    """The parts of a byte-level tokenizer.json, learned on TEXT; split: Llama 3's way to cut."""
    tokenizer = Tokenizer(models.BPE())
    parts = [pre_tokenizers.Split(Regex(split), "isolated")] if split else []
    parts += [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not split)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if not split else ["<|begin|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.save(str(directory / "learned.json"))
    return tokenizer, json.loads((directory / "learned.json").read_text())["model"]


def roberta(directory, **options):
    _, learned = byte_level(directory)
    merges = [tuple(pair) for pair in learned["merges"]]
    return transformers.RobertaTokenizer(vocab=learned["vocab"], merges=merges, **options)


def modernbert(directory):
    tokenizer, _ = byte_level(directory)
    tokenizer.normalizer = normalizers.NFC()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def eurobert(directory):
    tokenizer, _ = byte_level(
        directory, r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"
    )
    begin = tokenizer.token_to_id("<|begin|>")
    tokenizer.post_processor = TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", begin)]
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def gemma(directory):
    characters = sorted({"▁", *"".join(TEXT)} - {" "})
    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *characters]
    merges = [("▁", "t"), ("h", "e"), ("▁t", "he"), ("▁", "h"), ("▁", "o"), ("▁o", "f"), ("t", "e")]
    merges += [("▁", "1"), ("▁1", "2")]
    pieces += [one + other for one, other in merges]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    return transformers.GemmaTokenizer(vocab=vocabulary, merges=merges)


def bert(_):
    pieces = sorted({*"".join(TEXT).lower().split(), *"".join(TEXT).lower()} - {" "})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces, *(f"##{p}" for p in pieces)]
    return transformers.BertTokenizer(vocab={p: n for n, p in enumerate(dict.fromkeys(pieces))})


def xlm_roberta(_):
    pieces = sorted({"▁", "▁the", "▁of", "he", *"".join(TEXT)} - {" "})
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    scores = [(p, 0.0) for p in special] + [(p, -2.0) for p in pieces] + [("<mask>", 0.0)]
    return transformers.XLMRobertaTokenizer(vocab=scores)


@pytest.mark.parametrize(
    ("make", "gap"),
    [
        (roberta, " "),
        (lambda directory: roberta(directory, add_prefix_space=True), ""),
        (modernbert, " "),
        (eurobert, " "),
        (gemma, " "),
        (bert, ""),
        (xlm_roberta, ""),
    ],
)
def test_words_are_encoded_as_in_the_running_sentence(make, gap, tmp_path):
    made = make(tmp_path)
    made.save_pretrained(tmp_path)
    tokenizer = subwords.load_tokenizer(tmp_path)
    assert subwords.word_gap(tokenizer) == gap
    sentences = [text.split() for text in TEXT]
    unknown = subwords.special_tokens(tokenizer)["unknown"]
    ids, starts, empty = subwords.encode_sentences(tokenizer, sentences, unknown=unknown)
    assert not empty
    for text, words, found, at in zip(TEXT, sentences, ids, starts, strict=True):
        running = made(text, add_special_tokens=False)
        assert found.tolist() == running.input_ids
        # a word begins at the subword that holds its first letter, or the space before it
        places = [running.char_to_token(len(" ".join(words[:n])) + bool(n)) for n in range(len(at))]
        assert all(start <= place for start, place in zip(at, places, strict=True))
        assert at[0] == 0 and (np.diff(at) > 0).all()


def test_a_tokenizer_that_begins_sentences_but_ends_none_and_knows_every_byte(tmp_path):
    eurobert(tmp_path).save_pretrained(tmp_path)
    tokenizer = subwords.load_tokenizer(tmp_path)
    special = subwords.special_tokens(tokenizer)
    assert (special["prefix"], special["suffix"]) == ([tokenizer.token_to_id("<|begin|>")], [])
    assert special["unknown"] == tokenizer.token_to_id("Ġ")
