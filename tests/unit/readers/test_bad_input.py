"""What the readers refuse, and how they say it: one line with file and line number."""

import gzip
import json

import damage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import (
    COLUMNS,
    CONLLU,
    GOOD_COLUMNS,
    GOOD_CONLLU,
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

from polyheads.corpora import readers
from polyheads.errors import UserError

HEAD = "id\tutterance\tlabels\tintent\n"


def refuses(tmp_path, content, options, message):
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path, content, options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", TEXTS)
def test_bytes_before_any_format(tmp_path, kind):
    options, text, _ = TEXTS[kind]
    good = read(tmp_path, text, options)[0]

    found, counts = read(tmp_path, "\ufeff" + text, options)
    assert (found, repairs(counts)) == (good, {"byte_order_mark": 1})
    packed = gzip.compress(text.encode())
    assert read(tmp_path, packed, options)[0] == good
    refuses(tmp_path, packed[:-9], options, r"dev\.txt: what gzip has packed is damaged or cut off")
    refuses(tmp_path, packed[:20], options, r"dev\.txt: what gzip has packed is damaged or cut off")
    found, counts = read(tmp_path, text.replace("\n", "\r\n"), options)
    assert (found, repairs(counts)) == (good, {"carriage_return": text.count("\n")})
    wide = options | {"encoding": "utf-16"}
    for codec in ("utf-16", "utf-16-le", "utf-16-be"):
        for mark in ("\ufeff", "") if codec != "utf-16" else ("",):
            content = (mark + text).encode(codec)
            found, counts = read(tmp_path, content, wide)
            assert (found, counts["repairs"]) == (good, {})
            refuses(tmp_path, content, options, r"dev\.txt:1: .*set `encoding: utf-16`")
            refuses(tmp_path, content[:-1], wide, r"dev\.txt:\d+: the file ends in the middle")
            cut = (mark + text.rstrip("\n")).encode(codec)
            refuses(tmp_path, cut, wide, r"dev\.txt:\d+: the file ends in the middle")
    refuses(tmp_path, text.encode("latin-1"), options, r"not UTF-8 .*set `encoding: latin-1`")
    latin = options | {"encoding": "latin-1"}
    assert read(tmp_path, text.encode("latin-1"), latin)[0] == good
    refuses(tmp_path, "\ufeff" + text, latin, r"dev\.txt:1: .*set `encoding: utf-8`")
    refuses(
        tmp_path, text, latin, r"dev\.txt:[1-6]: .*says latin-1, .*UTF-8; set `encoding: utf-8`"
    )
    for codec in ("cp1252", "cp037", "utf-8-sig", "utf-32", "utf-7"):
        coded = text.encode(codec)
        assert read(tmp_path, coded, options | {"encoding": codec})[0] == good
    cyrillic = options | {"encoding": "koi8-r"}
    refuses(tmp_path, text, cyrillic, r"dev\.txt:[1-6]: .*says koi8-r, .*set `encoding: utf-8`")
    refuses(tmp_path, text, wide, r"dev\.txt:1: .*(not|nothing).*UTF-16.*remove `encoding`")

    lines = text.split("\n")
    lines[1] = lines[1][:3] + "\0" + lines[1][3:]
    refuses(tmp_path, "\n".join(lines), options, r"dev\.txt:2: a NUL byte in the line; mend")
    refuses(tmp_path, "\n".join(lines).encode("utf-16"), wide, r"dev\.txt:2: a NUL character")
    whole = r"dev\.txt:\d+: the file ends in the middle .*fetch it again, or .*: add a line end"
    refuses(tmp_path, text.rstrip("\n"), options, whole)
    refuses(tmp_path, text.replace("\n", "\r"), options, r"dev\.txt:1: .*with CR alone")
    assert read(tmp_path, "", options) == ([], readers.new_counts())
    assert read(tmp_path, "", wide) == ([], readers.new_counts())
    with pytest.raises(UserError, match=r"none\.txt: no such file; fetch it first"):
        list(readers.read(tmp_path / "none.txt", options, split="dev", counts={}))
    with pytest.raises(UserError, match=r"can't be opened \(Is a directory\)"):
        list(readers.read(tmp_path, options, split="dev", counts={}))


def test_broken_utf_16_is_refused_with_its_line(tmp_path):
    content = (
        (GOOD_COLUMNS + "x").encode("utf-16-le") + b"\x00\xd8" + "y\tO\n\n".encode("utf-16-le")
    )
    refuses(
        tmp_path, b"\xff\xfe" + content, COLUMNS | {"encoding": "utf-16"}, r"dev\.txt:7: not UTF"
    )


def test_utf_16_is_read_in_blocks(tmp_path):
    text = "".join(f"w{n}\tO\n" + "\n" * (n % 7 == 0) for n in range(40_000)) + "\n"
    wide = read(tmp_path, text.encode("utf-16"), COLUMNS | {"encoding": "utf-16"})
    assert wide == read(tmp_path, text, COLUMNS)


def test_files_of_comments_only(tmp_path):
    layout = {"columns": {"token": 1, "tag": 2, "comment": "#"}}
    sentences, counts = read(tmp_path, "# a\n# b\n", COLUMNS | layout)
    assert (sentences, counts["skipped"]) == ([], {"comments": 2})
    assert read(tmp_path, HEAD, MULTIATIS)[0] == []
    refuses(tmp_path, "# a\n# b\n\n", CONLLU, r"dev\.txt:1: comments without a sentence")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (row("1", "a", "NOUN").replace("\t_\n", "\n") + "\n", r"dev\.txt:1: .*10 .* has 9"),
        (row("1", "a", "NUON") + "\n", r"dev\.txt:1: .*'NUON'.*toy; did you mean 'NOUN'"),
        (row("1", "a", "_") + "\n", r"dev\.txt:1: the tag '_'"),
        (row("1", "", "NOUN") + "\n", r"dev\.txt:1: the form \(column 2\) is empty"),
        (row("1", " ", "NOUN") + "\n", r"dev\.txt:1: the form \(column 2\) is blank \(' '\)"),
        (row("1", "\u200e", "NOUN") + "\n", r"dev\.txt:1: the form .* is blank \('\\u200e'\)"),
        (row("2", "a", "NOUN") + "\n", r"dev\.txt:1: the id .* '2' where word 1 "),
        (row("1", "a", "NOUN") + row("3", "b", "NOUN") + "\n", r"dev\.txt:2: .*'3' where word 2 "),
        (row("x", "a", "NOUN") + "\n", r"dev\.txt:1: the id .* 'x'"),
        (row("1" * 5000, "a", "NOUN") + "\n", r"dev\.txt:1: the id .* '1+…'"),
        (row("1-" + "2" * 5000, "a", "NOUN") + "\n", r"dev\.txt:1: the id .* '1-2+…'"),
        (row("2-3", "a", "_") + "\n", r"dev\.txt:1: the range 2-3"),
        (row("1", "a", "NOUN").replace("\t", " ") + "\n", r"dev\.txt:1: .*10 .* has 1;"),
        (row("1", "a", "NOUN") + "# late\n\n", r"dev\.txt:2: .* has 1;"),
        (
            row("1-2", "ab", "_") + row("1", "a", "NOUN") + "\n",
            r"dev\.txt:1: the range 1-2 has no word 2; mend",
        ),
        (row("1-2", "ab", "_") + "\n", r"dev\.txt:1: the range 1-2 has no word 1"),
        (
            row("1-2", "ab", "_") + row("1", "a", "NOUN") + row("2-3", "bc", "_"),
            r"dev\.txt:3: the range 2-3 begins inside the range 1-2",
        ),
        (
            (row("1", "_", "NOUN") + row("2", "_", "VERB") + "\n") * 9,
            r"dev\.txt: 18 of 18 words are `_`: the file is released without its text",
        ),
        (GOOD_CONLLU + row("1", "a", "NOUN"), r"or it is complete: add an empty line"),
        ("# only a comment\n\n", r"dev\.txt:1: comments without a sentence"),
        (GOOD_CONLLU + row("1", "a", "NOUN"), r"dev\.txt:11: the file ends inside the sentence"),
        (GOOD_CONLLU + "# text = a\n", r"dev\.txt:11: the file ends inside the sentence"),
        (GOOD_CONLLU + "1\ta\t_\tNO", r"dev\.txt:11: the file ends in the middle of this line"),
        (GOOD_CONLLU[:-2], r"dev\.txt:9: the file ends in the middle of this line"),
        (GOOD_CONLLU.encode("latin-1"), r"dev\.txt:2: not UTF-8 \(byte 11 of the line: 0xe1\)"),
    ],
)
def test_conllu_refuses(tmp_path, content, message):
    refuses(tmp_path, content, CONLLU, message)


def test_every_cut_of_a_conllu_file_is_noticed(tmp_path):
    content = GOOD_CONLLU.encode()
    whole = len((GOOD_CONLLU.split("\n\n")[0] + "\n\n").encode())  # after a sentence: no mistake
    for size in range(1, len(content)):
        if size != whole:
            with pytest.raises(UserError, match=r"dev\.txt:\d+"):
                read(tmp_path, content[:size], CONLLU)
    assert len(read(tmp_path, content[:whole], CONLLU)[0]) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tO\nb\n\n", r"dev\.txt:2: 1 columns, expected 2 with one tab between two; mend"),
        ("a O\n\n", r"dev\.txt:1: 1 columns, .*it has 2 with a space.* separator space\?"),
        ("a\tb\tO\n\n", r"dev\.txt:1: 3 columns, expected 2"),
        ("a\tO\n \n\n", r"dev\.txt:2: 1 columns, expected 2"),
        ("a\tO \n\n", r"dev\.txt:1: the tag 'O '"),
        ("a\tb\tO\n\n", r"or set `count` of `columns` in the catalogue entry"),
        ("a\tO\n\t\n\n", r"dev\.txt:2: .* is empty and the tag is none either; make the line"),
        ("_\tO\n" * 3 + "a\tO\n\n", r"dev\.txt: 3 of 4 words are `_`"),
        (b"PK\x03\x04rest", r"dev\.txt: the file is a zip archive; unpack it, or .*`members`"),
        (b"\xfd7zXZ\0rest", r"dev\.txt: the file is packed by xz; unpack it"),
        ("a\tB-PRE\n\n", r"dev\.txt:1: the tag 'B-PRE'.*did you mean 'B-PER'"),
        ("a\t" + "x" * 9999 + "\n\n", r"dev\.txt:1: the tag 'x+…' is not in"),
        ("a\tE-PER\n\n", r"dev\.txt:1: the tag 'E-PER' is not in"),
        ("a\tB-\n\n", r"dev\.txt:1: the tag 'B-' is not in"),
        ("a\tPER\n\n", r"dev\.txt:1: the tag 'PER' is not in"),
        ("a\t\n\n", r"dev\.txt:1: the tag '' is not in"),
        ("a\tI-PER\n\n", r"dev\.txt:1: the tag 'I-PER' continues no span .*orphan_inside: begin"),
        ("a\tB-LOC\nb\tI-PER\n\n", r"dev\.txt:2: the tag 'I-PER' continues no span of 'PER'"),
        ("\tO\n\n", r"dev\.txt:1: the token \(column 1\) is empty.*blank_tokens: keep"),
        ("\u3000\tO\n\n", r"dev\.txt:1: the token \(column 1\) is blank \('\\u3000'\)"),
        ("\x96\x94\tO\n\n", r"dev\.txt:1: the token \(column 1\) is blank \('\\x96\\x94'\)"),
        ("a\tO\n\nb\tO", r"dev\.txt:3: the file ends in the middle of this line"),
        (b"a\tO\n\n\xff\tO\n\n", r"dev\.txt:3: not UTF-8 \(byte 1 of the line: 0xff\)"),
    ],
)
def test_columns_refuses(tmp_path, content, message):
    refuses(tmp_path, content, COLUMNS, message)


def test_the_separator_may_be_a_space_by_mistake(tmp_path):
    options = COLUMNS | {"columns": {"token": 1, "tag": 2, "separator": "space"}}
    refuses(tmp_path, "a\tO\n\n", options, r"expected 2 .* 2 with a tab .*is the separator tab\?")
    refuses(tmp_path, "a  O\n\n", options, r"dev\.txt:1: 3 columns, expected 2 with one space")
    refuses(tmp_path, " O\n\n", options, r"dev\.txt:1: the token \(column 1\) is empty")


def test_a_gzip_file_of_any_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("polyheads.corpora.readers.lines.MOST_UNPACKED", 4000)
    refuses(
        tmp_path, gzip.compress(b"a\tO\n" * 2000), COLUMNS, r"dev\.txt: it unpacks to more than"
    )


def test_byte_order_marks_of_joined_files_are_no_part_of_a_token(tmp_path):
    text = "a\tO\n\n\ufeffAda\tB-PER\n\n\ufeff\n\ufeff\ufeffOslo\tB-LOC\n\n"
    for options, content in (
        (COLUMNS, text.encode()),
        (COLUMNS | {"encoding": "utf-16"}, text.encode("utf-16")),
    ):
        sentences, counts = read(tmp_path, content, options)
        assert [tokens for tokens, _ in sentences] == [["a"], ["Ada"], ["Oslo"]]
        assert repairs(counts) == {"byte_order_mark": 3, "extra_empty_line": 1}
        assert counts["repairs"]["byte_order_mark"]["example"].startswith("dev.txt:3: ")


def test_utf_8_lines_among_others_are_latin_1(tmp_path):
    content = "Ã¤\tO\n".encode("latin-1") + "Öl\tO\n\n".encode("latin-1")
    latin = COLUMNS | {"encoding": "latin-1"}
    assert read(tmp_path, content, latin)[0] == [(["Ã¤", "Öl"], ["O", "O"])]
    assert len(read(tmp_path, GOOD_COLUMNS.replace("ô", "o"), latin)[0]) == 2


def test_a_hashtag_is_no_comment(tmp_path):
    options = COLUMNS | {"columns": {"token": 1, "tag": 2, "comment": "#"}}
    text = "# id 1\na\tO\n\n#polls\tO\nb\tO\n\n"
    message = r"dev\.txt:4: .*comment \('#'\).*token, '#polls'; make `comment`"
    refuses(tmp_path, text, options, message)
    options["columns"]["comment"] = "# "
    sentences, counts = read(tmp_path, text, options)
    assert [tokens for tokens, _ in sentences] == [["a"], ["#polls", "b"]]
    assert counts["skipped"] == {"comments": 1}


def test_a_header_is_no_token(tmp_path):
    options = COLUMNS | {"columns": {"token": 1, "tag": 2, "header": True}}
    sentences, counts = read(tmp_path, "word\ttag\nAda\tB-PER\n\nO\tO\n\n", options)
    assert [tokens for tokens, _ in sentences] == [["Ada"], ["O"]]
    assert (counts["skipped"], counts["repairs"]) == ({"header": 1}, {})
    refuses(tmp_path, "Ada\tB-PER\n\n", options, r"dev\.txt:1: a header .*'B-PER'; remove `header`")
    refuses(tmp_path, "word\ttag\nAda\tB-PER\n\n", COLUMNS, r"dev\.txt:1: the tag 'tag'")
    # Any word is a tag here, but those of a header aren't meant.
    bare = options | {"scheme": "bare", "other_types": "MISC", "types": {"Person": "PER"}}
    assert read(tmp_path, "word\ttag\nAda\tPerson\n\n", bare)[0] == [(["Ada"], ["B-PER"])]
    for tag in ("PER", "Person", "O"):
        refuses(tmp_path, f"Ada\t{tag}\n\n", bare, rf"dev\.txt:1: a header .*'{tag}'")
    kept = bare | {"columns": COLUMNS["columns"], "blank_tokens": "keep"}
    assert read(tmp_path, "\tdate\n\n", kept)[0] == [([""], ["B-MISC"])]


def test_control_characters_inside_tokens_are_counted(tmp_path):
    sentences, counts = read(tmp_path, "don\x92t\tO\na\rb\tO\nc\u200d\tO\n\n", COLUMNS)
    assert sentences[0][0] == ["don\x92t", "a\rb", "c\u200d"]
    assert repairs(counts) == {"control_character": 2}


def test_blank_tokens_are_kept_if_asked(tmp_path):
    text = "\tO\n \tO\n\u200f\u00a0\tO\n\xad\tO\nx\u200f\tO\n\n"
    sentences, counts = read(tmp_path, text, COLUMNS | {"blank_tokens": "keep"})
    assert sentences[0][0] == ["", " ", "\u200f\u00a0", "\xad", "x\u200f"]
    assert repairs(counts) == {"blank_token": 4}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD + "1\ta b\tO O\n", r"dev\.txt:2: 3 columns, expected 4 with one tab"),
        ("1\ta b\tO O\tgo\n", r"dev\.txt:1: the first line should be the header.*not '1'"),
        (HEAD + "1 a b\tO O\tgo\n", r"dev\.txt:2: 3 columns"),
        (HEAD + "1\ta b\tO\tgo\n", r"dev\.txt:2: 2 words but 1 labels"),
        (HEAD + "1\ta b\tO B-dat\tgo\n", r"dev\.txt:2: the tag 'B-dat'.*'B-date'"),
        (HEAD + "1\ta b\tO I-date\tgo\n", r"dev\.txt:2: the tag 'I-date' continues no span"),
        (HEAD + "1\t\t\tgo\n", r"dev\.txt:2: the row has no words"),
        (HEAD + "1\ta \u200e\tO O\tgo\n", r"dev\.txt:2: word 2 is blank \('\\u200e'\)"),
        (HEAD + "1\ta  b\tO O O\tgo\n", r"dev\.txt:2: word 2 is empty"),
    ],
)
def test_multiatis_refuses(tmp_path, content, message):
    refuses(tmp_path, content, MULTIATIS, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{\n", r"dev\.txt:1: broken JSON"),
        ("[" * 100_000 + "\n", r"dev\.txt:1: broken JSON"),
        ("9" * 5000 + "\n", r"dev\.txt:1: broken JSON"),
        ("[]\n", r"dev\.txt:1: the row has no text 'partition'"),
        ('{"partition": "dev"}\n', r"dev\.txt:1: the row has no text 'annot_utt'"),
        (massive_row(7), r"dev\.txt:1: the row has no text 'annot_utt'"),
        (massive_row("a", "validation"), r"dev\.txt:1: unknown partition 'validation'"),
        (massive_row("a [date : b"), r"dev\.txt:1: a bracket of annot_utt has no end"),
        (massive_row("a date : b]"), r"dev\.txt:1: the brackets of annot_utt don't pair"),
        (massive_row("[date : a [city : b]]"), r"dev\.txt:1: the brackets .* don't pair"),
        (massive_row("a [date]"), r"dev\.txt:1: \[date\] in annot_utt should be a label"),
        (massive_row("a [ : b]"), r"dev\.txt:1: \[ : b\] in annot_utt should be a label"),
        (massive_row("a []"), r"dev\.txt:1: \[\] in annot_utt should be"),
        (massive_row("a [dat : b]"), r"dev\.txt:1: the tag 'B-dat'.*'B-date'"),
        (massive_row("  "), r"dev\.txt:1: the row has no words"),
        (massive_row("a \u200e"), r"dev\.txt:1: word 2 is blank"),
        (json.dumps({"partition": "dev", "annot_utt": "\ud800"}) + "\n", r"txt:1: .*surrogate"),
        (massive_row("a")[:-2] + ', "locale": "x"}\n', r"txt:1: the key 'locale' stands twice"),
    ],
)
def test_massive_refuses(tmp_path, content, message):
    refuses(tmp_path, content, MASSIVE, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("do\t\ta\txx\n", r"dev\.txt:1: 4 columns, expected 5 with one tab"),
        (mtod_row("", "a", ["a"]).replace("\t", " "), r"dev\.txt:1: 1 columns"),
        ("do\t\ta\txx\t{\n", r"dev\.txt:1: broken JSON"),
        ("do\t\ta\txx\t{}\n", r"dev\.txt:1: the JSON has no list tokenizations"),
        ("do\t\ta\txx\t[]\n", r"dev\.txt:1: the JSON has no list tokenizations"),
        (mtod_row("", "a", [1]), r"dev\.txt:1: the JSON has no list tokenizations"),
        (mtod_row("", " ", []), r"dev\.txt:1: the utterance has no words"),
        (mtod_row("0-1-date", "a", ["a"]), r"dev\.txt:1: '0-1-date' is no span"),
        (mtod_row("1:0:date", "a", ["a"]), r"dev\.txt:1: '1:0:date' is no span"),
        (mtod_row("0:1:", "a", ["a"]), r"dev\.txt:1: '0:1:' is no span"),
        (mtod_row("0:1:dat", "a", ["a"]), r"dev\.txt:1: the tag 'B-dat'.*'B-date'"),
        (mtod_row("", "a \u200e", ["a", "\u200e"]), r"dev\.txt:1: word 2 is blank"),
        ('d\t\ta\txx\t{"tokenizations": [{"tokens": ["\\ud800"]}]}\n', r"txt:1: .*surrogate"),
    ],
)
def test_mtod_refuses(tmp_path, content, message):
    refuses(tmp_path, content, MTOD, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{\n", r"dev\.txt:1: broken JSON"),
        ("[]\n", r"dev\.txt:1: the row has no list of texts 'tokens'"),
        (jsonl_row(["a"], "O"), r"dev\.txt:1: the row has no list of texts 'tags'"),
        (jsonl_row(["a"], [3]), r"dev\.txt:1: .* 'tags' \(it holds '3': write tags by their names"),
        (jsonl_row(["a"], ["O", "O"]), r"dev\.txt:1: 1 tokens but 2 tags"),
        (jsonl_row(["a"], ["B-PRE"]), r"dev\.txt:1: the tag 'B-PRE'.*'B-PER'"),
        (jsonl_row(["a", ""], ["O", "O"]), r"dev\.txt:1: word 2 is empty"),
        ('{"tokens": ["\\ud800"], "tags": ["O"]}\n', r"dev\.txt:1: .*surrogate"),
        (
            '{"tokens": [], "tokens": [], "tags": []}\n',
            r"dev\.txt:1: the key 'tokens' stands twice",
        ),
    ],
)
def test_jsonl_refuses(tmp_path, content, message):
    refuses(tmp_path, content, JSONL, message)


@pytest.mark.parametrize(
    ("separator", "content", "message"),
    [
        ("csv", 'a,O\n"b,O\n\n', r"dev\.txt:2: not a line of CSV \(unexpected end"),
        ("csv", 'a,O\n"b"c,O\n\n', r"dev\.txt:2: not a line of CSV"),
        ("csv", "a;O\n\n", r"dev\.txt:1: 1 columns, expected 2 with a comma between two"),
        ("csv", "a,b,O\n\n", r"dev\.txt:1: 3 columns, expected 2 with a comma between two"),
        ("whitespace", "a\n\n", r"dev\.txt:1: 1 columns, expected 2 with white space between two"),
        ("whitespace", "a b  O\n\n", r"dev\.txt:1: 3 columns"),
    ],
)
def test_other_separators_refuse(tmp_path, separator, content, message):
    options = COLUMNS | {"columns": {"token": 1, "tag": 2, "separator": separator}}
    refuses(tmp_path, content, options, message)


def test_an_unknown_format(tmp_path):
    refuses(tmp_path, "a\n", COLUMNS | {"format": "column"}, r"'column'; did you mean 'columns'")


fuzzy = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("kind", TEXTS)
@given(data=st.data())
@fuzzy
def test_no_reader_crashes_on_random_bytes(tmp_path, kind, data):
    options = data.draw(damage.readings(kind))
    damage.only_user_errors(tmp_path / "dev.txt", data.draw(damage.random_bytes()), options)


@pytest.mark.parametrize("kind", TEXTS)
@given(data=st.data())
@fuzzy
def test_no_reader_crashes_on_a_damaged_file(tmp_path, kind, data):
    options = data.draw(damage.readings(kind))
    content = data.draw(damage.damaged(TEXTS[kind][1], options))
    damage.only_user_errors(tmp_path / "dev.txt", content, options)


@pytest.mark.parametrize("kind", TEXTS)
@given(data=st.data())
@fuzzy
def test_marks_packing_and_line_ends_change_nothing_that_is_read(tmp_path, kind, data):
    options, text, _ = TEXTS[kind]
    good = read(tmp_path, text, options)[0]
    lines = text.split("\n")
    marked = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    text = "\n".join("\ufeff" * (n in marked) + line for n, line in enumerate(lines[:-1])) + "\n"
    returns = data.draw(st.booleans())
    content = (text.replace("\n", "\r\n") if returns else text).encode()
    content = gzip.compress(content) if data.draw(st.booleans()) else content
    sentences, counts = read(tmp_path, content, options)
    assert sentences == good
    assert repairs(counts).get("byte_order_mark", 0) == len(marked - {len(lines) - 1})
    assert ("carriage_return" in counts["repairs"]) == returns
