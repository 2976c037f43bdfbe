"""Tags: every scheme keeps its spans, merging keeps them apart, repairs are counted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import COLUMNS, NER, read, repairs

from polyheads.corpora import readers
from polyheads.corpora.readers.tags import Tagger
from polyheads.errors import UserError

# Encoders of spans (start, end, type) for n tokens, written without a look at the reader.


def as_iob2(spans, n):
    tags = ["O"] * n
    for start, end, kind in spans:
        tags[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return tags


def as_iob1(spans, n):
    """B- only where a span follows one of its own type at once."""
    tags = ["O"] * n
    for start, end, kind in spans:
        tags[start:end] = [f"I-{kind}"] * (end - start)
        if any(stop == start and other == kind for _, stop, other in spans):
            tags[start] = f"B-{kind}"
    return tags


def as_bioes(spans, n):
    tags = ["O"] * n
    for start, end, kind in spans:
        if end - start == 1:
            tags[start] = f"S-{kind}"
        else:
            middle = [f"I-{kind}"] * (end - start - 2)
            tags[start:end] = [f"B-{kind}", *middle, f"E-{kind}"]
    return tags


def as_bare(spans, n):
    tags = ["Other"] * n
    for start, end, kind in spans:
        tags[start:end] = [kind] * (end - start)
    return tags


ENCODERS = {"iob2": as_iob2, "iob1": as_iob1, "bioes": as_bioes, "bare": as_bare}


def spans_of(tags):
    """Spans of sound IOB2."""
    spans = []
    for index, tag in enumerate(tags):
        if tag[0] == "B":
            spans.append((index, index + 1, tag[2:]))
        elif tag[0] == "I":
            start, end, kind = spans[-1]
            assert (end, kind) == (index, tag[2:])
            spans[-1] = (start, index + 1, kind)
        else:
            assert tag == "O"
    return spans


@st.composite
def sentences(draw, kinds=("PER", "LOC", "MISC")):
    """(spans, number of tokens), spans side by side among them."""
    spans, at = [], 0
    for _ in range(draw(st.integers(0, 6))):
        at += draw(st.integers(0, 2))
        end = at + draw(st.integers(1, 3))
        spans.append((at, end, draw(st.sampled_from(kinds))))
        at = end
    return spans, max(at + draw(st.integers(0, 2)), 1)


def convert(tags, **options):
    counts = readers.new_counts()
    tagger = Tagger(COLUMNS | options, Path("dev.txt"), counts)
    return tagger.convert(tags, list(range(1, len(tags) + 1))), repairs(counts)


@pytest.mark.parametrize("scheme", ["iob2", "iob1", "bioes"])
@given(case=sentences())
def test_schemes_keep_the_spans(scheme, case):
    tags, repaired = convert(ENCODERS[scheme](*case), scheme=scheme)
    assert tags == as_iob2(*case)
    assert repaired == {}


@given(case=sentences())
def test_bare_types_keep_the_spans_that_can_be_told_apart(case):
    spans, n = case
    fused = []
    for start, end, kind in spans:
        if fused and fused[-1][1:] == (start, kind):
            start = fused.pop()[0]
        fused.append((start, end, kind))
    tags, repaired = convert(as_bare(spans, n), scheme="bare", outside=["O", "Other"])
    assert spans_of(tags) == fused
    assert repaired == {}


@pytest.mark.parametrize("scheme", ["iob2", "iob1", "bioes"])
@given(case=sentences(("Person", "PER", "DATE", "TIME", "x-y")))
def test_merged_types_keep_number_and_ends_of_the_spans(scheme, case):
    tags, repaired = convert(
        ENCODERS[scheme](*case), scheme=scheme, types={"Person": "PER"}, other_types="MISC"
    )
    become = {"Person": "PER", "PER": "PER"}
    assert spans_of(tags) == [(a, b, become.get(kind, "MISC")) for a, b, kind in case[0]]
    assert repaired == {}


@pytest.mark.parametrize("scheme", ENCODERS)
@given(data=st.data())
def test_any_tags_become_sound_iob2_when_orphans_may_begin(scheme, data):
    known = {"bioes": "BIES"}.get(scheme, "BI")
    every = [f"{p}-{kind}" for p in known for kind in NER] if scheme != "bare" else NER
    raws = data.draw(st.lists(st.sampled_from([*every, "O"]), min_size=1, max_size=12))
    tags, repaired = convert(raws, scheme=scheme, orphan_inside="begin")
    spans_of(tags)
    assert [tag == "O" for tag in tags] == [raw == "O" for raw in raws]
    assert set(repaired) <= {"orphan_inside", "unended_span"}
    if scheme == "iob2":
        pairs = zip(["O", *raws], raws, strict=False)
        orphans = sum(raw[0] == "I" and before[2:] != raw[2:] for before, raw in pairs)
        assert repaired.get("orphan_inside", 0) == orphans


@given(cases=st.lists(sentences(), min_size=1, max_size=3), size=st.integers(1, 4))
def test_cut_sentences_keep_the_tokens_inside_spans(cases, size):
    counts = readers.new_counts()
    tagger = Tagger(COLUMNS, Path("dev.txt"), counts)
    cut = 0
    for spans, n in cases:
        raws = as_iob2(spans, n)
        tags = []
        for start in range(0, n, size):
            goes_on = start + size < n
            piece = tagger.convert(raws[start : start + size], range(n), goes_on=goes_on)
            spans_of(piece)
            tags += piece
        cut += sum(start < at < end for start, end, _ in spans for at in range(0, n, size))
        assert [tag[2:] for tag in tags] == [raw[2:] for raw in raws]
    assert counts["repairs"].get("span_cut", {"count": 0})["count"] == cut


def test_neighbours_do_not_fuse_when_they_become_one_type():
    tags, _ = convert(["B-DAT", "I-DAT", "B-TIM", "B-TIM"], other_types="MISC")
    assert tags == ["B-MISC", "I-MISC", "B-MISC", "B-MISC"]
    tags, repaired = convert(["B-DAT", "I-TIM"], other_types="MISC", orphan_inside="begin")
    assert tags == ["B-MISC", "B-MISC"]
    assert repaired == {"orphan_inside": 1}


def test_an_orphan_counts_as_a_beginning_for_what_follows():
    tags, repaired = convert(["I-PER", "I-PER", "O", "I-LOC"], orphan_inside="begin")
    assert tags == ["B-PER", "I-PER", "O", "B-LOC"]
    assert repaired == {"orphan_inside": 2}


def test_malformed_tags_are_mapped_before_all_else(tmp_path):
    wrong = {"B_PER": "B-PERSON", "OO": "O", "IPER": "I-PERSON"}
    text = "a\tB_PER\nb\tIPER\nc\tOO\n\n"
    found, counts = read(tmp_path, text, COLUMNS | {"tags": wrong, "types": {"PERSON": "PER"}})
    assert found[0][1] == ["B-PER", "I-PER", "O"]
    assert counts["repairs"] == {
        "malformed_tag": {"count": 3, "example": "dev.txt:1: 'B_PER' read as 'B-PERSON'"}
    }
    upos = {"task": "pos", "labels": ["NOUN"], "tags": {"NN": "NOUN"}}
    found, counts = read(tmp_path, "a\tNN\n\n", COLUMNS | upos)
    assert (found[0][1], repairs(counts)) == (["NOUN"], {"malformed_tag": 1})


@pytest.mark.parametrize(
    ("raws", "tags", "kinds"),
    [
        ("B-PER E-PER", "B-PER I-PER", {}),
        ("B-PER O", "B-PER O", {"unended_span": 1}),
        ("B-PER I-PER", "B-PER I-PER", {"unended_span": 1}),
        ("B-PER S-PER", "B-PER B-PER", {"unended_span": 1}),
        ("B-PER B-PER", "B-PER B-PER", {"unended_span": 2}),
        ("S-PER E-PER", "B-PER B-PER", {"orphan_inside": 1}),
        ("B-PER E-LOC", "B-PER B-LOC", {"unended_span": 1, "orphan_inside": 1}),
        ("E-PER E-PER", "B-PER B-PER", {"orphan_inside": 2}),
        ("I-PER E-PER", "B-PER I-PER", {"orphan_inside": 1}),
    ],
)
def test_broken_bioes(raws, tags, kinds):
    found = convert(raws.split(), scheme="bioes", orphan_inside="begin")
    assert found == (tags.split(), kinds)


def test_repairs_name_the_line(tmp_path):
    text = "a\tB-PER\nb\tO\nc\tI-LOC\n\n"
    options = COLUMNS | {"scheme": "bioes", "orphan_inside": "begin"}
    counts = read(tmp_path, text, options)[1]
    examples = {kind: item["example"] for kind, item in counts["repairs"].items()}
    assert examples["orphan_inside"] == "dev.txt:3: 'I-LOC' begins a span"
    assert counts["repairs"]["unended_span"]["count"] == 2
    assert examples["unended_span"] == "dev.txt:1: no E-PER ends the span"


@pytest.mark.parametrize(
    ("raws", "options", "message"),
    [
        ("PER", {"scheme": "bare", "outside": ["Other"]}, None),
        ("O", {"scheme": "bare", "outside": ["Other"]}, "dev.txt:1: the tag 'O' is not in"),
        ("B-PRE", {}, "dev.txt:1: the tag 'B-PRE'.*did you mean 'B-PER'"),
        ("B-Persn", {"types": {"Person": "PER"}}, "did you mean 'B-Person'"),
        ("S-PER", {}, "the tag 'S-PER' .*single tokens, set `scheme: bioes`"),
        ("E-PER", {"scheme": "iob1"}, "the tag 'E-PER' .*set `scheme: bioes`"),
        ("PER", {}, "the tag 'PER' .*without B- and I-, set `scheme: bare`"),
        ("B-PER", {"scheme": "bare"}, "the tag 'B-PER' .*set `scheme: iob2`"),
        ("B-Person", {"scheme": "bare", "types": {"Person": "PER"}}, "set `scheme: iob2`"),
        ("B-", {"other_types": "MISC"}, "dev.txt:1: the tag 'B-' is not in"),
        ("O E-PER", {"scheme": "bioes"}, "dev.txt:2: the tag 'E-PER' continues no span"),
        ("I-PER", {"scheme": "iob1"}, None),
    ],
)
def test_refused_tags(raws, options, message):
    if message is None:
        convert(raws.split(), **options)
        return
    with pytest.raises(UserError, match=message):
        convert(raws.split(), **options)
