"""The readers: what they read, skip, repair and refuse."""

import pytest

from polyheads import readers
from polyheads.errors import UserError

CONLLU = {"name": "toy-ud", "task": "pos", "format": "conllu", "labels": ["NOUN", "VERB", "PUNCT"]}
COLUMNS = {
    "name": "toy-tsv",
    "task": "ner",
    "format": "columns",
    "labels": ["PER"],
    "columns": {"token": 1, "tag": 3, "separator": "space"},
}


def row(identifier, form, tag):
    return "\t".join([identifier, form, "_", tag, *"______"]) + "\n"


GOOD = (
    "# sent_id = 1\n# text = vámonos _\n"
    + row("1-2", "vámonos", "_")
    + row("1", "vamos", "VERB")
    + row("2", "nos", "NOUN")
    + row("2.1", "omitted", "VERB")
    + row("3", "_", "PUNCT")
    + "\n"
    + row("1", "#", "NOUN")
    + "\n"
)


def conllu(tmp_path, content):
    path = tmp_path / "dev.conllu"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return readers.read(path=path, entry=CONLLU)


def columns(tmp_path, text, **layout):
    path = tmp_path / "dev.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    entry = {**COLUMNS, "columns": {**COLUMNS["columns"], **layout}}
    return readers.read(path=path, entry=entry)


def test_conllu_word_view(tmp_path):
    sentences, counts = conllu(tmp_path, GOOD)
    assert sentences == [
        (["vamos", "nos", "_"], ["VERB", "NOUN", "PUNCT"]),
        (["#"], ["NOUN"]),
    ]
    assert counts == {
        "sentences": 2,
        "words": 4,
        "skipped_ranges": 1,
        "skipped_empty_nodes": 1,
        "repairs": {},
    }


def test_conllu_repairs_are_counted_with_an_example(tmp_path):
    text = "\ufeff" + GOOD.replace("\n", "\r\n") + "\r\n"
    sentences, counts = conllu(tmp_path, text)
    assert len(sentences) == 2
    assert counts["repairs"] == {
        "byte_order_mark": {"count": 1, "example": "dev.conllu:1"},
        "carriage_return": {"count": 11, "example": "dev.conllu:1"},
        "extra_empty_line": {"count": 1, "example": "dev.conllu:11"},
    }


def test_only_line_feeds_end_a_line(tmp_path):
    sentences, _ = conllu(tmp_path, row("1", "a\u2028b\x85c", "NOUN") + "\n")
    assert sentences == [(["a\u2028b\x85c"], ["NOUN"])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (row("1", "a", "NOUN").replace("\t_\n", "\n") + "\n", r"dev\.conllu:1: .*10 .* has 9"),
        (row("1", "a", "NUON") + "\n", r"dev\.conllu:1: .*'NUON'.*toy-ud; did you mean 'NOUN'"),
        (row("1", "a", "_") + "\n", r"dev\.conllu:1: the tag '_'"),
        (row("1", "", "NOUN") + "\n", r"dev\.conllu:1: the form \(column 2\) is empty"),
        (row("1", " ", "NOUN") + "\n", r"dev\.conllu:1: the form \(column 2\) is empty"),
        (row("2", "a", "NOUN") + "\n", r"dev\.conllu:1: the id .* '2' where word 1 "),
        (row("1", "a", "NOUN") + row("3", "b", "NOUN") + "\n", r"conllu:2: .*'3' where word 2 "),
        (row("x", "a", "NOUN") + "\n", r"dev\.conllu:1: the id .* 'x'"),
        (row("2-3", "a", "_") + "\n", r"dev\.conllu:1: the range 2-3"),
        (row("1", "a", "NOUN") + "# late\n\n", r"dev\.conllu:2: .* has 1;"),
        ("# only a comment\n\n", r"dev\.conllu:1: comments without a sentence"),
        (GOOD + row("1", "a", "NOUN"), r"dev\.conllu:11: the file ends inside the sentence"),
        (GOOD + "# text = a\n", r"dev\.conllu:11: the file ends inside the sentence"),
        (GOOD + "1\ta\t_\tNO", r"dev\.conllu:11: the file ends in the middle of this line"),
        (GOOD[:-1].rstrip("\n"), r"dev\.conllu:9: the file ends in the middle of this line"),
        (GOOD.encode("latin-1"), r"dev\.conllu:2: not UTF-8 \(byte 11 of the line: 0xe1\)"),
        (GOOD.encode("utf-16"), r"dev\.conllu:1: not UTF-8"),
    ],
)
def test_conllu_refuses(tmp_path, content, message):
    with pytest.raises(UserError, match=message) as caught:
        conllu(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_every_cut_of_a_conllu_file_is_noticed(tmp_path):
    content = GOOD.encode()
    whole = len((GOOD.split("\n\n")[0] + "\n\n").encode())  # a cut after a sentence is no mistake
    for size in range(1, len(content)):
        if size != whole:
            with pytest.raises(UserError, match=r"dev\.conllu:\d+"):
                conllu(tmp_path, content[:size])
    assert len(conllu(tmp_path, content[:whole])[0]) == 1


def test_columns_by_the_entry(tmp_path):
    text = "Ada NNP B-PER\nLovelace NNP I-PER\n\n\u00a0 x O\n\n"
    sentences, counts = columns(tmp_path, text)
    assert sentences == [(["Ada", "Lovelace"], ["B-PER", "I-PER"]), (["\u00a0"], ["O"])]
    assert (counts["sentences"], counts["words"], counts["repairs"]) == (2, 3, {})
    tabs, _ = columns(tmp_path, "O\t \n\n", token=2, tag=1, separator="tab")
    assert tabs == [([" "], ["O"])]


def test_columns_repairs(tmp_path):
    sentences, counts = columns(tmp_path, "\na x O\n\n\nb x O\n")
    assert [tokens for tokens, _ in sentences] == [["a"], ["b"]]
    assert counts["repairs"] == {
        "extra_empty_line": {"count": 2, "example": "dev.tsv:1"},
        "no_empty_line_at_end": {"count": 1, "example": "dev.tsv:5"},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a x O\nb O\n\n", r"dev\.tsv:2: 2 columns, expected 3 with one space"),
        ("a  x O\n\n", r"dev\.tsv:1: 4 columns, expected 3"),
        ("a x B-PRE\n\n", r"dev\.tsv:1: the tag 'B-PRE'.*did you mean 'B-PER'"),
        (" x O\n\n", r"dev\.tsv:1: the token \(column 1\) is empty"),
        ("a x O\n\nb x", r"dev\.tsv:3: the file ends in the middle of this line"),
        (b"a x O\n\n\xff x O\n\n", r"dev\.tsv:3: not UTF-8 \(byte 1 of the line: 0xff\)"),
    ],
)
def test_columns_refuses(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        columns(tmp_path, text)


def test_count_of_columns_may_be_larger(tmp_path):
    assert columns(tmp_path, "a x O z\n\n", count=4)[0] == [(["a"], ["O"])]


def test_empty_and_missing_files(tmp_path):
    assert conllu(tmp_path, "")[0] == []
    with pytest.raises(UserError, match=r"none\.conllu: no such file"):
        readers.read(path=tmp_path / "none.conllu", entry=CONLLU)
