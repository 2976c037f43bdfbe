"""Readings with all their options, and files that are random or damaged, for property tests."""

import gzip

from hypothesis import strategies as st
from samples import TEXTS

from polyheads import catalogue
from polyheads.catalogue.tasks import PLAIN
from polyheads.corpora import readers
from polyheads.errors import UserError

# Every option that opens a way of its own through a reader.
OPTIONS = [
    {},
    {"encoding": "latin-1", "blank_tokens": "keep", "orphan_inside": "begin"},
    {"encoding": "utf-16"},
    {"encoding": "utf-7", "view": "surface"},
    {"encoding": "gb18030", "outside": ["O", ""]},
    {"encoding": "cp037", "tags": {"B-date": "B-city"}},
    {"view": "surface", "blank_tokens": "keep"},
    {"scheme": "bioes", "orphan_inside": "begin", "other_types": "PER", "unequal_rows": "drop"},
    {"scheme": "bare", "outside": ["O", "Other"], "segmentation": "characters"},
    {"scheme": "iob1", "sentence_break": {"after": ["."], "at_most": 3}, "tags": {"": "O"}},
]
LAYOUTS = [
    {"count": [2, 3], "comment": "#", "document": "-DOC-"},
    {"separator": "space", "tag": -1, "count": 2, "joined_token": True},
    {"token": -2, "tag": -1, "token_pattern": "(.+)[0-9]?"},
    {"separator": "whitespace", "header": True, "joined_token": True, "count": 2},
    {"separator": "csv", "comment": "#", "count": [2, 4]},
]
OF_TEXTS = [
    {"quoted": True},
    {"header": False, "text": 3, "second": -1, "label": 2},
    {"separator": "csv", "header": False, "text": -2, "second": 1, "label": -1, "id": 2},
    {"text": 3, "count": [3, 5]},
]
PIECES = [
    *(b"\n", b"\n\n", b"\r", b"\0", b"\x85", b"\xc2\x92", b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b"\t", b" ", b"\x1f\x8b", b"PK\x03\x04", b"\\ud800", b'{"tokens": [], "tags": []}'),
    *b', # " [ ] : {} O _ B-PER E-LOC 1 1-2 2.1 0:4:date -DOC-'.split(),
]


@st.composite
def readings(draw, kind):
    """The reading of a sample with some options; those of the other formats do nothing."""
    options = TEXTS[kind][0] | draw(st.sampled_from(OPTIONS))
    if kind == "columns":
        options |= {"columns": options["columns"] | draw(st.sampled_from([{}, *LAYOUTS]))}
    if kind == "texts":
        options |= {"columns": options["columns"] | draw(st.sampled_from([{}, *OF_TEXTS]))}
    if options["task"] == "sf" and "other_types" in options:
        options |= {"other_types": "date"}
    if options["task"] in PLAIN:
        options.pop("other_types", None)
    return options


def random_bytes():
    """Bytes, and what means something to a reader, in any order."""
    pieces = st.binary(max_size=8) | st.sampled_from(PIECES)
    return st.lists(pieces, max_size=40).map(b"".join)


@st.composite
def damaged(draw, text, options):
    """A good file with lines moved and bytes changed, perhaps packed or of another encoding."""
    lines = text.splitlines(keepends=True)
    for _ in range(draw(st.integers(0, 3))):
        at, to = (draw(st.integers(0, len(lines) - 1)) for _ in "ab")
        match draw(st.sampled_from(["twice", "swap", "mark", "without"])):
            case "twice":
                lines.insert(to, lines[at])
            case "swap":
                lines[at], lines[to] = lines[to], lines[at]
            case "mark":
                lines[at] = "\ufeff" + lines[at]
            case "without":
                lines[at] = lines[at].replace(draw(st.sampled_from("\t\n :[]{}")), "", 1)
    own = options.get("encoding", "utf-8")
    encoding = draw(st.sampled_from([own, own, own, own, "utf-8", "utf-16"]))
    content = bytearray("".join(lines).encode(encoding, "replace"))
    if draw(st.sampled_from([False, False, False, True])):
        content = bytearray(gzip.compress(content))
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 6]))):
        at = draw(st.integers(0, len(content)))
        end = draw(st.integers(at, min(at + 4, len(content))))
        content[at:end] = draw(st.binary(max_size=4) | st.sampled_from(PIECES))
    return bytes(content)


def only_user_errors(path, content, options):
    """The sentences of a file are sound, or a UserError of one line: its text, "" for none."""
    path.write_bytes(content)
    known = set(catalogue.tag_names(options))
    try:
        for tokens, tags in readers.read(path, options, split="dev", counts=readers.new_counts()):
            if options["task"] == "classification":
                assert len(tokens) == 2 and len(tags) == 1
            else:
                assert len(tokens) == len(tags) > 0
            assert set(tags) <= known
            "".join(tokens).encode()
            for before, tag in zip(["O", *tags], tags, strict=False):
                assert options["task"] in PLAIN or tag[:2] != "I-" or before[2:] == tag[2:]
    except UserError as error:
        assert "\n" not in str(error) and str(path) in str(error)
        return str(error)
    return ""
