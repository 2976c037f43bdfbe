"""Texts to classify, in lines and in Parquet: what is read, counted and refused."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from polyheads import catalogue
from polyheads.corpora import preparing, readers
from polyheads.errors import UserError

ENTRY = {
    "name": "mine",
    "task": "classification",
    "licence": "own",
    "format": "texts",
    "columns": {"text": "text", "label": "topic", "id": "id", "header": True},
    "labels": ["sports", "politics"],
    "files": {"train": {}, "test": {}},
    "languages": {"en": {}, "eng_Latn": {}},
}
PAIRS = {"text": 1, "second": 2, "label": -1}
ROWS = "id\ttopic\ttext\n1\tsports\tA goal.\n2\tpolitics\tA vote \u2013 won.\n"


def reading(language="en", **changes):
    return catalogue.reading(catalogue.load([{**ENTRY, **changes}])["mine"], language)


def read(path, content, **changes):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    counts = readers.new_counts()
    found = list(readers.read(path, reading(**changes), split="train", counts=counts))
    return found, counts


def test_lines_with_a_header(tmp_path):
    found, counts = read(tmp_path / "a.tsv", ROWS)
    assert found == [(["A goal."], ["sports"]), (["A vote \u2013 won."], ["politics"])]
    assert counts == {"sentences": 2, "words": 6, "skipped": {"header": 1}, "repairs": {}}


def test_pairs_by_the_numbers_of_columns(tmp_path):
    found, counts = read(tmp_path / "a.tsv", "a  b\tc\tsports\n\nd\te\tpolitics\n", columns=PAIRS)
    assert found == [(["a  b", "c"], ["sports"]), (["d", "e"], ["politics"])]
    assert counts["words"] == 5
    assert counts["repairs"]["extra_empty_line"]["count"] == 1


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"quoted": True}, '3\tsports\t"He said ""a\tb"", no?"\n'),
        ({"separator": "csv"}, '3,sports,"He said ""a\tb"", no?"\n'),
    ],
)
def test_fields_in_quotes(tmp_path, columns, line):
    separator = "," if "separator" in columns else "\t"
    rows = ROWS.replace("\t", separator)
    found, counts = read(tmp_path / "a", rows + line, columns=ENTRY["columns"] | columns)
    assert found[-1] == (['He said "a\tb", no?'], ["sports"])
    assert counts["repairs"].keys() == {"control_character"}  # the tab


def test_quotes_that_the_entry_says_nothing_of_are_kept_and_counted(tmp_path):
    lines = '3\tsports\t"He said ""no""."\n4\tsports\t"No," he said, "no"\n'
    found, counts = read(tmp_path / "a.tsv", ROWS + lines)
    assert found[2][0] == ['"He said ""no""."'] and found[3][0] == ['"No," he said, "no"']
    repair = counts["repairs"]["quotes_kept"]
    assert repair["count"] == 1
    assert repair["example"].startswith("a.tsv:4: ") and "`quoted: true`" in repair["example"]


def test_labels_by_other_names(tmp_path):
    rows = ROWS.replace("politics", "Sci fi")
    found, _ = read(tmp_path / "a.tsv", rows, types={"Sci fi": "politics"})
    assert found[1][1] == ["politics"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("3\tsport\tx\n", r"a\.tsv:4: the label 'sport' is not .* did you mean 'sports'"),
        ("3\tsports\t \n", r"a\.tsv:4: the text is blank .* `blank_tokens: keep`"),
        ("3\tsports\t\n", r"a\.tsv:4: the text is empty"),
        ("3\tsports\n", r"a\.tsv:4: 2 columns, expected 3 with one tab between two"),
        ("3\tsports\tx\ty\n", r"a\.tsv:4: 4 columns, expected 3"),
        ("2\tsports\tx\n", r"a\.tsv:4: the id '2' is that of a\.tsv:3, too"),
        ("3\tsports\tx", r"a\.tsv:4: the file ends in the middle of this line"),
    ],
)
def test_bad_lines(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path / "a.tsv", ROWS + rows)


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        ("a\t\tsports\n", {"columns": PAIRS}, r":1: the second text is empty"),
        ("a\tsports\n", {"columns": PAIRS}, r":1: 2 columns, expected at least 3"),
        (
            "id\tlabel\ttext\n",
            {},
            r"the first line has the column 'topic' not; .*correct `label` of `columns`",
        ),
        (ROWS.replace("id", "text", 1), {}, "the column 'text' twice"),
        (
            "topic\nsports\n",
            {"columns": {"text": 2, "label": 1, "header": True}},
            r":2: 1 columns, expected 2",
        ),
        (
            ROWS[ROWS.index("1") :],
            {"columns": {"text": 3, "label": 2, "header": True}},
            r":1: a header should stand here, but the line has the label 'sports'",
        ),
        (
            ROWS + '3\tsports\t"open\n',
            {"columns": ENTRY["columns"] | {"quoted": True}},
            r":4: not a line of CSV",
        ),
    ],
)
def test_bad_files(tmp_path, content, changes, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path / "a.tsv", content, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "columns"}, r"format: columns is no format of the task classification"),
        ({"task": "pos"}, r"format: texts is no format of the task pos"),
        ({"columns": {"text": 1}}, r"columns: the key 'label' is missing"),
        ({"columns": {"text": "a", "label": 2}}, r"columns\.text: .*needs `header: true`"),
        ({"columns": PAIRS | {"separator": "space"}}, r"columns\.separator: .*choose tab or csv"),
        ({"columns": PAIRS | {"token": 1}}, r"columns\.token: the format texts does not use it"),
        ({"columns": PAIRS | {"count": 2}}, r"columns\.count: 2 columns are too few .*at least 3"),
        ({"format": "parquet", "columns": PAIRS}, r"columns\.\w+: give the column's name"),
        (
            {"format": "parquet", "columns": ENTRY["columns"]},
            r"columns\.header: the format parquet does not use it",
        ),
        ({"columns": PAIRS | {"text": 0}}, r"columns\.text: "),
    ],
)
def test_bad_entries(changes, message):
    with pytest.raises(UserError, match=r"corpora\[0\].*" + message):
        catalogue.load([{**ENTRY, **changes}])


def test_splits_of_an_entry_are_those_of_languages_that_list_none():
    own = {"en": {"files": {"test": {"sentences": 3}}}, "eng_Latn": {}}
    entry = catalogue.load([{**ENTRY, "languages": own}])["mine"]
    assert catalogue.splits(entry, "en") == ["test"]
    assert catalogue.splits(entry, "eng_Latn") == ["train", "test"]
    names = catalogue.files(entry, "eng_Latn", ["train", "test"])
    assert list(names) == ["train.tsv", "test.tsv"]


def write_parquet(path, columns, names=None):
    table = pa.table(columns)
    if names:
        features = {"label": {"names": names, "_type": "ClassLabel"}}
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        table = table.replace_schema_metadata(metadata)
    pq.write_table(table, path)
    return path.read_bytes()


PARQUET = {
    "format": "parquet",
    "columns": {"text": "premise", "second": "hypothesis", "label": "label"},
}
COLUMNS = {"premise": ["a b", "c"], "hypothesis": ["d", "e"], "label": [1, 0]}


def test_parquet_with_numbered_labels(tmp_path):
    content = write_parquet(tmp_path / "x", COLUMNS | {"more": [1, 2]}, ["sports", "politics"])
    found, counts = read(tmp_path / "a.parquet", content, **PARQUET)
    assert found == [(["a b", "d"], ["politics"]), (["c", "e"], ["sports"])]
    assert counts["words"] == 5


def test_parquet_with_labels_and_identifiers(tmp_path):
    columns = {"label": ["sports"] * 2, "premise": ["a", "b"], "id": [7, 7]}
    names = {"text": "premise", "label": "label"}
    content = write_parquet(tmp_path / "x", columns)
    found, _ = read(tmp_path / "a", content, format="parquet", columns=names)
    assert found == [(["a"], ["sports"]), (["b"], ["sports"])]
    with pytest.raises(UserError, match=r"a:2: the id '7' is that of a:1, too"):
        read(tmp_path / "a", content, format="parquet", columns=names | {"id": "id"})


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        (COLUMNS, None, r"'label' holds numbers, and the file's schema doesn't name"),
        (COLUMNS | {"label": [1, -1]}, ["sports", "politics"], r":2: the tag -1 has no name"),
        (COLUMNS | {"label": [1, None]}, ["sports", "politics"], r":2: .* 'label' \(null\)"),
        (COLUMNS | {"hypothesis": ["d", ""]}, ["sports", "politics"], r":2: the second text is"),
        (COLUMNS | {"premise": [["a"], ["b"]]}, ["sports"], r"'premise' holds list.*, not text"),
        (
            {"premise": ["a"], "label": [0]},
            ["sports"],
            r"no column 'hypothesis' .*, but 'premise', 'label'; correct `second`",
        ),
    ],
)
def test_bad_parquet(tmp_path, columns, names, message):
    content = write_parquet(tmp_path / "x", columns, names)
    with pytest.raises(UserError, match=message):
        read(tmp_path / "a.parquet", content, **PARQUET)


def test_the_entry_of_the_docs():
    text = (Path(__file__).parents[3] / "docs/corpora.md").read_text(encoding="utf-8")
    block = text[text.index("      - {name: mine") :].partition("\n\n")[0]
    entry = catalogue.load(yaml.safe_load(block))["mine"]
    assert catalogue.splits(entry, "sw") == ["train", "dev", "test"]
    assert catalogue.file_of(entry, "sw", "dev")["name"] == "dev.tsv"


def test_prepared_texts(tmp_path):
    """One text in two splits is counted; each row has its label."""
    (tmp_path / "train.tsv").write_text(ROWS)
    (tmp_path / "test.tsv").write_text("id\ttopic\ttext\n9\tsports\tA goal.\n")
    entry = catalogue.load([ENTRY])["mine"]
    info = preparing.prepare(
        entry=entry,
        language="eng_Latn",
        splits=["train", "test"],
        directory=tmp_path,
        out_dir=tmp_path / "out",
    )
    assert info["labels"] == ["sports", "politics"]
    assert info["tag_counts"]["train"] == {"sports": 1, "politics": 1}
    train = info["counts"]["train"]
    assert (train["words"], train["longest"], train["also_in"]) == (6, 4, {"test": 1})
    data = preparing.load(tmp_path / "out")["train"]
    assert list(data["tokens"]) == [["A goal."], ["A vote \u2013 won."]]
    assert list(data["tags"]) == [[0], [1]] and list(data["repeated"]) == [True, False]


def test_a_line_without_a_column_that_the_header_names_is_refused(tmp_path):
    columns = {**ENTRY["columns"], "count": [2, 5]}
    with pytest.raises(UserError, match=r"a\.tsv:2: 2 columns, expected 3 to 5"):
        read(tmp_path / "a.tsv", "id\ttopic\ttext\n1\tsports\n", columns=columns)
