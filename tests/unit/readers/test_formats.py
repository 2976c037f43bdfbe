"""What the readers of text formats read, skip and repair."""

import subprocess
import sys

import pytest
from samples import (
    COLUMNS,
    CONLLU,
    GOOD_CONLLU,
    GOOD_JSONL,
    GOOD_MASSIVE,
    GOOD_MTOD,
    GOOD_MULTIATIS,
    JSONL,
    MASSIVE,
    MTOD,
    MULTIATIS,
    TEXTS,
    jsonl_row,
    massive_row,
    mtod_row,
    read,
    repairs,
    row,
)

from polyheads import catalogue
from polyheads.errors import UserError


def columns(tmp_path, text, layout=None, **options):
    layout = COLUMNS["columns"] | (layout or {})
    return read(tmp_path, text, COLUMNS | {"columns": layout} | options)


def test_importing_the_readers_imports_nothing_heavy():
    code = (
        "import sys; import polyheads.corpora.readers; "
        "print(*{'pyarrow', 'torch', 'datasets', 'numpy'} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert found.stdout.split() == []


@pytest.mark.parametrize("kind", TEXTS)
def test_every_good_file_is_read_without_repairs(tmp_path, kind):
    reading, text, sentences = TEXTS[kind]
    found, counts = read(tmp_path, text, reading)
    assert len(found) == sentences
    assert counts["repairs"] == {}
    assert {tag for _, tags in found for tag in tags} <= set(catalogue.tag_names(reading))


def test_a_language_may_leave_every_option_at_its_default(tmp_path):
    options = {**catalogue.READING, **COLUMNS}
    assert len(read(tmp_path, "Ada\tB-PER\n\n", options)[0]) == 1


def test_conllu_word_view(tmp_path):
    sentences, counts = read(tmp_path, GOOD_CONLLU, CONLLU)
    assert sentences == [
        (["vamos", "nos", "_"], ["VERB", "NOUN", "PUNCT"]),
        (["#"], ["NOUN"]),
    ]
    assert counts == {
        "sentences": 2,
        "words": 4,
        "skipped": {"comments": 2, "ranges": 1, "empty_nodes": 1},
        "repairs": {},
    }


def test_conllu_repairs_are_counted_with_an_example(tmp_path):
    text = "\ufeff" + GOOD_CONLLU.replace("\n", "\r\n") + "\r\n"
    sentences, counts = read(tmp_path, text, CONLLU)
    assert len(sentences) == 2
    assert repairs(counts) == {"byte_order_mark": 1, "carriage_return": 11, "extra_empty_line": 1}
    assert counts["repairs"]["extra_empty_line"]["example"].startswith("dev.txt:11: ")


def test_only_line_feeds_end_a_line(tmp_path):
    sentences, _ = read(tmp_path, row("1", "a\u2028b\x85c", "NOUN") + "\n", CONLLU)
    assert sentences == [(["a\u2028b\x85c"], ["NOUN"])]


def test_columns_by_the_entry(tmp_path):
    layout = {"tag": 3, "separator": "space"}
    text = "Ada NNP B-PER\nLovelace NNP I-PER\n\na\u00a0b x O\n\n"
    sentences, counts = columns(tmp_path, text, layout)
    assert sentences == [(["Ada", "Lovelace"], ["B-PER", "I-PER"]), (["a\u00a0b"], ["O"])]
    assert counts["repairs"] == {}
    swapped = columns(tmp_path, "O\ta b\n\n", {"token": 2, "tag": 1})
    assert swapped[0] == [(["a b"], ["O"])]


def test_columns_repairs(tmp_path):
    sentences, counts = columns(tmp_path, "\na\tO\n\n\nb\tO\n")
    assert [tokens for tokens, _ in sentences] == [["a"], ["b"]]
    assert repairs(counts) == {"extra_empty_line": 2, "no_empty_line_at_end": 1}


def test_columns_from_the_end_and_in_a_range(tmp_path):
    text = "a\tx\ty\tO\nb\tx\tB-PER\n\n"
    for count in ({"count": [3, 4]}, {}):
        found = columns(tmp_path, text, {"tag": -1, **count})[0]
        assert found == [(["a", "b"], ["O", "B-PER"])]
    with pytest.raises(UserError, match=r"dev\.txt:1: 4 columns, expected 2 to 3 with one tab"):
        columns(tmp_path, text, {"tag": -1, "count": [2, 3]})
    with pytest.raises(UserError, match=r"dev\.txt:1: 1 columns, expected at least 2 with"):
        columns(tmp_path, "O\n\n", {"tag": -1})
    assert columns(tmp_path, "a\tO\tz\n\n", {"count": 3})[0] == [(["a"], ["O"])]


def test_comments_before_a_sentence_are_skipped(tmp_path):
    text = "# id: 1\n#\tof\n1\t#\tO\n2\tb\tO\n\n# id: 2\n1\tc\tO\n\n"
    sentences, counts = columns(tmp_path, text, {"token": 2, "tag": 3, "comment": "#"})
    assert [tokens for tokens, _ in sentences] == [["#", "b"], ["c"]]
    assert counts["skipped"] == {"comments": 3}
    with pytest.raises(UserError, match=r"dev\.txt:2: 1 columns, expected 2"):
        columns(tmp_path, "a\tO\n# late\n\n", {"comment": "#"})


def test_white_space_between_columns(tmp_path):
    text = '  Ada \t B-PER \n\nno\u00a0break  O\n \t \n"  O\n\n'
    sentences, counts = columns(tmp_path, text, {"separator": "whitespace"})
    assert sentences == [(["Ada"], ["B-PER"]), (["no\u00a0break"], ["O"]), (['"'], ["O"])]
    assert counts["repairs"] == {}


def test_csv_with_a_header(tmp_path):
    text = 'token,pos,tag\n# an open " quote\nAda,N,B-PER\n",",P,O\n"say ""a""",V,O\n\n\n'
    text += "Oslo,N,B-LOC\n\n"
    layout = {"tag": 3, "separator": "csv", "header": True, "comment": "#"}
    sentences, counts = columns(tmp_path, text, layout)
    assert sentences == [(["Ada", ",", 'say "a"'], ["B-PER", "O", "O"]), (["Oslo"], ["B-LOC"])]
    assert (counts["skipped"], repairs(counts)) == (
        {"header": 1, "comments": 1},
        {"extra_empty_line": 1},
    )


def test_jsonl(tmp_path):
    text = GOOD_JSONL + "\n" + jsonl_row([], [])
    sentences, counts = read(tmp_path, text, JSONL)
    assert sentences == [(["Ada", "Lôvel", "sat"], ["B-PER", "I-PER", "O"]), (["Oslo"], ["B-LOC"])]
    assert repairs(counts) == {"extra_empty_line": 1, "empty_row": 1}
    upos = JSONL | {"task": "pos", "labels": ["NOUN"]}
    assert read(tmp_path, jsonl_row(["a"], ["NOUN"]), upos)[0] == [(["a"], ["NOUN"])]


def test_columns_of_parts_of_speech(tmp_path):
    upos = {"task": "pos", "labels": ["NOUN", "VERB"]}
    assert columns(tmp_path, "a\tNOUN\nb\tVERB\n\n", **upos)[0] == [(["a", "b"], ["NOUN", "VERB"])]


def test_conllu_surface_view(tmp_path):
    def word(identifier, form, tag, head):
        return "\t".join([identifier, form, "_", tag, "_", "_", head, *"___"]) + "\n"

    text = (
        "# text = zum See, da\n"
        + word("1-2", "zum", "_", "_")
        + word("1", "zu", "ADP", "3")
        + word("2", "dem", "DET", "3")
        + word("3", "See", "NOUN", "0")
        + word("3.1", "x", "VERB", "_")
        + word("4-6", "dal", "_", "_")
        + word("4", "d", "DET", "5")
        + word("5", "a", "ADV", "3")
        + word("6", "l", "PART", "5")
        + "\n"
    )
    tags = ["ADP", "DET", "NOUN", "VERB", "ADV", "PART"]
    sentences, counts = read(tmp_path, text, CONLLU | {"labels": tags, "view": "surface"})
    assert sentences == [(["zum", "See", "dal"], ["ADP", "NOUN", "ADV"])]
    assert counts["skipped"] == {"comments": 1, "range_words": 5, "empty_nodes": 1}
    words = read(tmp_path, text, CONLLU | {"labels": tags})[0]
    assert words == [
        (["zu", "dem", "See", "d", "a", "l"], [*tags[:2], "NOUN", "DET", "ADV", "PART"])
    ]


def test_massive_rows_whose_text_differs_are_counted(tmp_path):
    text = massive_row("wake [date : to day]", utt="wake today") + massive_row("a b", utt="a c")
    sentences, counts = read(tmp_path, text, MASSIVE)
    assert [tokens for tokens, _ in sentences] == [["wake", "to", "day"], ["a", "b"]]
    assert repairs(counts) == {"other_text": 1}
    assert counts["repairs"]["other_text"]["example"].startswith("dev.txt:2: ")


def test_document_lines_are_skipped_and_end_nothing(tmp_path):
    text = "-DOC- -DOC- O\nAda N B-PER\n-DOC- O\nL. N I-PER\n\n-DOC- N O\n\nb N O\n\n"
    layout = {"tag": 3, "separator": "space", "document": "-DOC-"}
    sentences, counts = columns(tmp_path, text, layout)
    assert sentences == [(["Ada", "L."], ["B-PER", "I-PER"]), (["b"], ["O"])]
    assert counts["skipped"] == {"documents": 3}
    assert counts["repairs"] == {}


def test_token_patterns_take_the_token_out(tmp_path):
    prefixed = columns(tmp_path, "en:Ada\tB-PER\nen::\tO\n\n", {"token_pattern": "[^:]*:(.*)"})
    assert prefixed[0] == [(["Ada", ":"], ["B-PER", "O"])]
    numbered = columns(tmp_path, "x0\tO\n71\tO\n\n", {"token_pattern": "(.+)[0-9]"})
    assert numbered[0] == [(["x", "7"], ["O", "O"])]
    with pytest.raises(UserError, match=r"dev\.txt:1: the token .*'Ada', does not match .*'\(a\)'"):
        columns(tmp_path, "Ada\tO\n\n", {"token_pattern": "(a)"})
    with pytest.raises(UserError, match=r"dev\.txt:1: the token \(column 1\) is empty"):
        columns(tmp_path, "en:\tO\n\n", {"token_pattern": "[^:]*:(.*)"})


def test_a_joined_token_keeps_its_separators(tmp_path):
    layout = {"separator": "space", "count": 2, "joined_token": True}
    sentences, counts = columns(tmp_path, "1 2 3 O\nb O\n\n", layout)
    assert sentences == [(["1 2 3", "b"], ["O", "O"])]
    assert repairs(counts) == {"separator_in_token": 1}
    inner = columns(tmp_path, "1 a b O\n\n", {**layout, "token": -2, "tag": -1, "count": 3})
    assert inner[0] == [(["a b"], ["O"])]
    with pytest.raises(UserError, match="1 columns, expected 2"):
        columns(tmp_path, "O\n\n", layout)


def test_sentences_break_after_tokens_or_at_a_length(tmp_path):
    text = "a\tO\n.\tO\nb\tB-PER\nc\tI-PER\nd\tI-PER\n"
    sentences, counts = columns(tmp_path, text, sentence_break={"after": ["."], "at_most": 2})
    assert sentences == [
        (["a", "."], ["O", "O"]),
        (["b", "c"], ["B-PER", "I-PER"]),
        (["d"], ["B-PER"]),
    ]
    assert repairs(counts) == {"span_cut": 1}
    text = "a\tO\n.\tO\n\nb\tO\n\n"
    sentences, counts = columns(tmp_path, text, sentence_break={"after": ["."]})
    assert len(sentences) == 2
    assert counts["repairs"] == {}
    with pytest.raises(UserError, match=r"dev\.txt:4: .*'I-PER' continues no span"):
        columns(tmp_path, "a\tB-PER\n.\tI-PER\n\nb\tI-PER\n\n", sentence_break={"after": ["."]})
    cut = columns(tmp_path, "a\tB-PER\n.\tI-PER\n", scheme="bioes", sentence_break={"after": ["."]})
    assert repairs(cut[1]) == {"unended_span": 1}


@pytest.mark.parametrize("kind", ["tab", "space"])
def test_a_very_long_sentence(tmp_path, kind):
    separator = {"tab": "\t", "space": " "}[kind]
    text = "".join(f"w{n}{separator}O\n" for n in range(10_000)) + "\n"
    sentences, _ = columns(tmp_path, text, {"separator": kind})
    assert [len(tokens) for tokens, _ in sentences] == [10_000]
    text = "".join(row(f"{n}", f"w{n}", "NOUN") for n in range(1, 10_001)) + "\n"
    assert len(read(tmp_path, text, CONLLU)[0][0][0]) == 10_000


def test_very_long_utterances(tmp_path):
    words = [f"w{n}" for n in range(10_000)]
    text = " ".join(words)
    rows = f"id\tu\tt\ti\n1\t{text}\t{'O ' * 9_999}B-date\tgo\n"
    assert read(tmp_path, rows, MULTIATIS)[0][0][1][-2:] == ["O", "B-date"]
    assert len(read(tmp_path, massive_row(text), MASSIVE)[0][0][0]) == 10_000
    assert len(read(tmp_path, mtod_row("0:2:date", text, words), MTOD)[0][0][0]) == 10_000


def test_multiatis(tmp_path):
    sentences, counts = read(tmp_path, GOOD_MULTIATIS, MULTIATIS)
    assert sentences == [
        (["from", "öslo", "today"], ["O", "B-city", "B-date"]),
        (["new", "york"], ["B-city", "I-city"]),
    ]
    text = "id\tu\tt\ti\n1\ta  b \tO B-date\tx\n2\ta  b\tO  O\tx\n3\ta b\tO O \tx\n"
    sentences, counts = read(tmp_path, text, MULTIATIS)
    assert [tokens for tokens, _ in sentences] == [["a", "b"]] * 3
    assert repairs(counts) == {"extra_space": 3}


def test_multiatis_with_seven_columns(tmp_path):
    layout = {"columns": {"utterance": 6, "tags": 7}}
    text = "id\te\tea\tm\ti\tu\ta\n1\tx\tO\tx\tgo\teins zwei\tO B-date\n"
    assert read(tmp_path, text, MULTIATIS | layout)[0] == [(["eins", "zwei"], ["O", "B-date"])]


def test_multiatis_drops_unequal_rows_if_asked(tmp_path):
    text = GOOD_MULTIATIS + "3\ta b c\tO O\tgo\n"
    with pytest.raises(UserError, match=r"dev\.txt:4: 3 words but 2 labels.*unequal_rows: drop"):
        read(tmp_path, text, MULTIATIS)
    sentences, counts = read(tmp_path, text, MULTIATIS | {"unequal_rows": "drop"})
    assert len(sentences) == 2
    assert repairs(counts) == {"unequal_row": 1}


def test_massive(tmp_path):
    text = GOOD_MASSIVE + massive_row("in[city:new york]now", "test")
    sentences, _counts = read(tmp_path, text, MASSIVE)
    words = ["wake", "mé", "this", "week", "in", "oslo"]
    assert sentences == [(words, ["O", "O", "B-date", "I-date", "O", "B-city"]), (["stop"], ["O"])]
    sentences, _ = read(tmp_path, text, MASSIVE, split="test")
    assert sentences == [(["in", "new", "york", "now"], ["O", "B-city", "I-city", "O"])]
    assert read(tmp_path, text, MASSIVE, split="train")[0] == []


def test_massive_slots_without_words_and_with_colons(tmp_path):
    text = massive_row("at [date : 5:30 pm] [city : ]")
    sentences, counts = read(tmp_path, text, MASSIVE)
    assert sentences == [(["at", "5:30", "pm"], ["O", "B-date", "I-date"])]
    assert repairs(counts) == {"empty_slot": 1}


def test_massive_in_characters(tmp_path):
    text = massive_row("在[date : 5月 monday2]好,か\u3099 é")
    sentences, _ = read(tmp_path, text, MASSIVE | {"segmentation": "characters"})
    assert sentences == [
        (
            ["在", "5", "月", "monday2", "好", ",", "か\u3099", "é"],
            ["O", "B-date", "I-date", "I-date", "O", "O", "O", "O"],
        )
    ]


def test_mtod(tmp_path):
    sentences, counts = read(tmp_path, GOOD_MTOD, MTOD)
    assert sentences == [
        (["Wake", "mé", "this", "week"], ["O", "O", "B-date", "I-date"]),
        (["Stop"], ["O"]),
    ]
    assert counts["repairs"] == {}


@pytest.mark.parametrize(
    ("spans", "tags", "kinds"),
    [
        ("0:3:city", "B-city O O O", {}),
        ("3:7:city,0:3:date", "B-date B-city I-city O", {}),
        ("2:5:city", "B-city I-city O O", {"span_off_token_edges": 1}),
        ("4:4:city", "O O O O", {"empty_span": 1}),
        ("7:8:city", "O O O O", {"empty_span": 1}),
        ("-2:3:city", "B-city O O O", {"span_outside_text": 1}),
        ("8:99:city", "O O O B-city", {"span_outside_text": 1, "span_off_token_edges": 1}),
        ("88:99:city", "O O O O", {"span_outside_text": 1, "empty_span": 1}),
        ("0:5:city,3:7:date", "B-city I-city B-date O", None),
        ("0:3:city,0:3:date", "B-city O O O", {"overlapping_spans": 1}),
    ],
)
def test_mtod_spans(tmp_path, spans, tags, kinds):
    # tokens at 0-3, 3-5, 5-7 and 8-11 of 12 characters
    text = mtod_row(spans, "NewYork now ", ["new", "yo", "rk", "now"])
    sentences, counts = read(tmp_path, text, MTOD)
    assert sentences == [(["New", "Yo", "rk", "now"], tags.split())]
    assert repairs(counts) == ({"overlapping_spans": 1} if kinds is None else kinds)


def test_mtod_tokens_that_differ_from_the_text(tmp_path):
    # U+0E33 is one character here and two in the token, which is what is kept then
    text = mtod_row("0:2:date", "ท\u0e33 İx", ["ท\u0e4d\u0e32", "i\u0307x"])
    sentences, counts = read(tmp_path, text, MTOD)
    assert sentences == [(["ท\u0e4d\u0e32", "i\u0307x"], ["B-date", "O"])]
    assert counts["repairs"] == {}
    text = mtod_row("0:3:date", "One two", ["one", "three"])
    sentences, counts = read(tmp_path, text, MTOD)
    assert sentences == [(["One", "two"], ["B-date", "O"])]
    assert repairs(counts) == {"tokens_not_in_text": 1}
