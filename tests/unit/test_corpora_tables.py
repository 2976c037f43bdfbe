"""What the report says about corpora: nothing skipped or repaired goes unmentioned."""

import re
from pathlib import Path
from xml.etree import ElementTree

from polyheads.analysis.labels import label_counts
from polyheads.catalogue import SPLITS
from polyheads.corpora import readers
from polyheads.report.figures import corpus as corpus_figure
from polyheads.report.tables import corpora as corpora_tables
from polyheads.report.tables import inventory

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}}


def split(sentences, **more):
    nothing = {"skipped": {}, "repairs": {}, "duplicates": 0, "also_in": {}}
    return {"sentences": sentences, "words": 9 * sentences, "longest": 9} | nothing | more


def corpus(language="en", task="ner", **more):
    return {
        "corpus": "toy",
        "language": language,
        "task": task,
        "segmentation": "words",
        "licence": "CC0",
        "source": ["https://example.org/train", "https://example.org/test"],
        "counts": {
            "train": split(12543, duplicates=7, also_in={"test": 3}),
            "test": split(
                5,
                skipped={"comments": 9, "documents": 4, "ranges": 0},
                repairs={"orphan_inside": {"count": 3, "example": "test.txt:7"}},
            ),
        },
        "tag_counts": {
            "train": {"O": 50, "B-PER": 4, "I-PER": 9, "B-LOC": 1, "I-LOC": 0},
            "test": {"O": 5, "B-PER": 2, "I-PER": 0, "B-LOC": 0, "I-LOC": 0},
        },
    } | more


def texts(table):
    return [[cell.text for cell in row] for row in table.body]


def widths(table):
    return {sum(cell.colspan for cell in row) for row in table.body}


def test_sizes():
    table = corpora_tables.corpora_table([corpus()], LANGUAGES)
    assert texts(table)[0] == [
        *("toy", "Named entities", "English"),
        *("12,543", "–", "5", "112,887", "–", "45", "9", "–", "9"),
        *("words", "CC0"),
    ]
    assert widths(table) == {sum(c.colspan for c in table.head[0])}
    assert table.records[0]["source"] == "https://example.org/train; https://example.org/test"


def test_everything_skipped_or_repaired_is_listed():
    table = corpora_tables.repairs_table([corpus(), corpus("de", counts={})], LANGUAGES)
    assert texts(table) == [
        ["toy", "English", "test", corpora_tables.KINDS["comments"], "9", ""],
        ["toy", "English", "test", corpora_tables.KINDS["documents"], "4", ""],
        ["toy", "English", "test", corpora_tables.KINDS["orphan_inside"], "3", "test.txt:7"],
    ]
    nothing = corpora_tables.repairs_table([corpus(counts={"dev": split(1)})], LANGUAGES)
    assert nothing.notes == ["Nothing was changed or left out."]


def test_repeated_sentences():
    table = corpora_tables.repeated_table([corpus()], LANGUAGES)
    assert texts(table) == [["toy", "English", "7", "–", "0", "–", "3", "–"]]
    assert table.records[0]["train_in_test"] == 3


def test_labels_that_a_language_lacks():
    german = corpus("de", tag_counts={s: {"O": 3, "B-PER": 1, "B-LOC": 0} for s in SPLITS})
    table = corpora_tables.labels_table([corpus(), german], LANGUAGES)
    assert texts(table) == [["PER", "6", "3"], ["LOC", "1", "absent"]]
    assert table.records[1] == {"label": "LOC", "en": 1, "de": 0}
    pos = corpus(task="pos", tag_counts={"train": {"NOUN": 2, "X": 0}, "test": {"NOUN": 1}})
    assert label_counts(pos) == {"NOUN": 3, "X": 0}


def test_figure_of_labels(tmp_path):
    paths = [tmp_path / name for name in ("a.svg", "b.svg")]
    for path in paths:
        corpus_figure.draw([corpus(), corpus("de")], LANGUAGES, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert ElementTree.parse(paths[0]).getroot().tag.endswith("svg")


def test_every_kind_has_words():
    """What the readers count is spelled in their source as the argument of a counting function."""
    source = "".join(path.read_text() for path in Path(readers.__file__).parent.glob("*.py"))
    kinds = set(re.findall(r'count_(?:repair|skipped)\(\s*counts, "([a-z_]+)"', source))
    assert len(kinds) > 10
    assert kinds <= corpora_tables.KINDS.keys()


def test_texts_are_called_so():
    counts = {"train": {"sports": 3, "health": 0}, "test": {"sports": 1, "health": 2}}
    classified = corpus(task="classification", tag_counts=counts)
    assert label_counts(classified) == {"sports": 4, "health": 2}
    labels = corpora_tables.labels_table([classified], LANGUAGES)
    assert labels.title == "toy: labels (texts, all splits)"
    table = corpora_tables.corpora_table([classified], LANGUAGES)
    assert table.records[0]["segmentation"] == "texts"
    assert "white space" in table.notes[0]
    assert not corpora_tables.corpora_table([corpus()], LANGUAGES).notes


def test_cut_texts_have_columns_where_texts_are_classified():
    counts = dict.fromkeys(
        (
            *("sentences", "words", "subwords", "words_without_subwords", "windowed_sentences"),
            *("truncated_words", "longest_subwords"),
        ),
        1,
    ) | {"subwords_per_word": 1.5}
    of_texts = counts | {"texts_without_subwords": 0, "cut_texts": 7}
    about = {"model": "m", "corpus": "toy", "language": "en"}
    words = {**about, "splits": {"train": counts}}
    texts_too = {**about, "splits": {"test": of_texts}}
    plain = inventory.subwords_table([words], LANGUAGES)
    assert len(plain.notes) == 1 and "test_cut_texts" not in plain.records[0]
    table = inventory.subwords_table([words, texts_too], LANGUAGES)
    assert [row["test_cut_texts"] for row in table.records] == [None, 7]
    assert widths(table) == {sum(c.colspan for c in table.head[0])}
    assert "cut off" in table.notes[1]
