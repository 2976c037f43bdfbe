"""Parquet files as the hub of data sets makes them."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import PARQUET, UPOS, repairs

from polyheads.corpora import readers
from polyheads.errors import UserError

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
TOKENS = [["Ada", "Lövel"], ["sat"], ["Oslo", "x"]]
TAGS = [[1, 2], [0], [3, 0]]
STRINGS = [[NAMES[tag] for tag in tags] for tags in TAGS]


def write(folder, columns, features=None, **options):
    table = pa.table(columns)
    if features is not None:
        about = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": about})
    path = folder / "dev.txt"
    pq.write_table(table, path, **options)
    return path


def classes(names=NAMES):
    return {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}


def read(path, options=PARQUET):
    counts = readers.new_counts()
    return list(readers.read(path, options, split="dev", counts=counts)), counts


@pytest.mark.parametrize("column", ["ner_tags", "tags"])
@pytest.mark.parametrize("kind", [classes(), [{"names": NAMES, "_type": "ClassLabel"}]])
def test_numbers_with_the_names_of_the_schema(tmp_path, column, kind):
    path = write(tmp_path, {"id": ["1", "2", "3"], "tokens": TOKENS, column: TAGS}, {column: kind})
    sentences, counts = read(path)
    assert sentences == list(zip(TOKENS, STRINGS, strict=True))
    assert counts == {"sentences": 3, "words": 5, "skipped": {}, "repairs": {}}


def test_strings_and_other_layouts(tmp_path):
    for kind in (
        pa.list_(pa.string()),
        pa.large_list(pa.large_string()),
        pa.list_(pa.dictionary(pa.int32(), pa.string())),
    ):
        tags = pa.array(STRINGS, type=kind)
        path = write(tmp_path, {"tokens": TOKENS, "tags": tags}, row_group_size=1)
        assert read(path)[0] == list(zip(TOKENS, STRINGS, strict=True))


def test_tags_are_translated_like_those_of_text(tmp_path):
    path = write(tmp_path, {"tokens": [["a", "b"]], "tags": [["I-PERSON", "E-PERSON"]]})
    options = PARQUET | {"scheme": "bioes", "types": {"PERSON": "PER"}, "orphan_inside": "begin"}
    sentences, counts = read(path, options)
    assert sentences == [(["a", "b"], ["B-PER", "I-PER"])]
    assert counts["repairs"] == {
        "orphan_inside": {"count": 1, "example": "dev.txt:1: 'I-PERSON' begins a span"}
    }


def test_ranges_without_a_word_class_are_skipped(tmp_path):
    columns = {"tokens": [["ab", "a", "b"], ["cd"]], "upos": [[2, 0, 1], [2]]}
    path = write(tmp_path, columns, {"upos": classes(["NOUN", "VERB", "_"])})
    sentences, counts = read(path, PARQUET | {"task": "pos", "labels": UPOS})
    assert sentences == [(["a", "b"], ["NOUN", "VERB"])]
    assert counts["skipped"] == {"ranges": 2}
    assert repairs(counts) == {"empty_row": 1}


def test_many_rows(tmp_path):
    path = write(tmp_path, {"tokens": TOKENS * 3000, "tags": STRINGS * 3000}, row_group_size=700)
    assert len(read(path)[0]) == 9000


@pytest.mark.parametrize(
    ("columns", "features", "message"),
    [
        ({"tokens": TOKENS}, None, r"no columns `tokens` and `ner_tags` or `tags`, but 'tokens'"),
        ({"words": TOKENS, "tags": STRINGS}, None, r"but 'words', 'tags'"),
        ({"tokens": ["a"], "tags": [["O"]]}, None, r"'tokens' holds string, not lists of strings"),
        ({"tokens": [[1]], "tags": [["O"]]}, None, r"'tokens' holds list<.*int64>, not lists"),
        ({"tokens": [["a"]], "tags": [[0.5]]}, None, r"'tags' holds list<.*double>, not lists"),
        ({"tokens": TOKENS, "tags": TAGS}, None, r"'tags' holds numbers.*doesn't name"),
        ({"tokens": TOKENS, "tags": TAGS}, {"tags": {"feature": {}}}, r"holds numbers"),
        (
            {"tokens": TOKENS, "tags": TAGS},
            {"tags": classes(NAMES[:3])},
            r"txt:3: the tag 3 has no",
        ),
        ({"tokens": [["a"]], "tags": [[-1]]}, {"tags": classes()}, r"txt:1: the tag -1 has no"),
        ({"tokens": [["a"], ["b"]], "tags": [["O"], ["O", "O"]]}, None, r"txt:2: 1 tokens but 2"),
        ({"tokens": [["a"], None], "tags": [["O"], ["O"]]}, None, r"txt:2: the row lacks a token"),
        ({"tokens": [["a", None]], "tags": [["O", "O"]]}, None, r"txt:1: the row lacks a token"),
        ({"tokens": [["a"]], "tags": [["B-PRE"]]}, None, r"txt:1: the tag 'B-PRE'.*'B-PER'"),
        ({"tokens": [["a", ""]], "tags": [["O", "O"]]}, None, r"txt:1: word 2 is empty"),
        ({"tokens": [["\u200e"]], "tags": [["O"]]}, None, r"txt:1: word 1 is blank"),
    ],
)
def test_refused_tables(tmp_path, columns, features, message):
    path = write(tmp_path, columns, features)
    with pytest.raises(UserError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a\tO\n\n", b"PAR1" + b"x" * 99 + b"PAR1"])
def test_other_files(tmp_path, content):
    (tmp_path / "dev.txt").write_bytes(content)
    with pytest.raises(
        UserError, match=r"dev\.txt: not a readable Parquet file \(.*fetch"
    ) as caught:
        read(tmp_path / "dev.txt")
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "none.parquet")


def test_every_cut_is_noticed(tmp_path):
    path = write(tmp_path, {"tokens": TOKENS, "tags": STRINGS})
    content = path.read_bytes()
    for size in range(0, len(content), 7):
        path.write_bytes(content[:size])
        with pytest.raises(UserError, match="not a readable Parquet file"):
            read(path)


@given(changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=4))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_end_in_user_errors(tmp_path, changes):
    path = write(tmp_path, {"tokens": TOKENS, "tags": TAGS}, {"tags": classes()})
    content = bytearray(path.read_bytes())
    for at, byte in changes:
        content[at % len(content)] = byte
    path.write_bytes(content)
    try:
        read(path)
    except UserError as error:
        assert "\n" not in str(error)
