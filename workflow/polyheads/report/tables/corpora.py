"""Tables of the corpora of a study: sizes, labels, repairs, repeated sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyheads.analysis.labels import label_counts
from polyheads.catalogue import SPLITS
from polyheads.catalogue.tasks import LABELLED, TASK_NAMES
from polyheads.report.cells import cell
from polyheads.report.names import Languages, language_name
from polyheads.report.table import Cell, Table
from polyheads.report.tables.inventory import count, first

# What the readers skip and repair, in words.
KINDS = {
    "ranges": "multi-word ranges of CoNLL-U skipped",
    "empty_nodes": "empty nodes of CoNLL-U skipped",
    "range_words": "words of multi-word ranges, for which the range stands",
    "comments": "comment lines skipped",
    "header": "header lines skipped",
    "documents": "lines that begin a document skipped",
    "byte_order_mark": "byte order mark removed",
    "carriage_return": "carriage returns removed",
    "extra_empty_line": "extra empty lines ignored",
    "no_empty_line_at_end": "no empty line after the last sentence",
    "separator_in_token": "tokens that contain the separator",
    "malformed_tag": "malformed tags corrected",
    "orphan_inside": "I- tags that continued nothing begin a span",
    "unended_span": "spans of BIOES without an end",
    "control_character": "tokens or texts with control characters in them, kept",
    "blank_token": "tokens or texts that are blank or control characters, kept",
    "empty_row": "rows without tokens dropped",
    "quotes_kept": "texts that stand in quotes with doubled quotes inside, kept as they are",
    "span_cut": "spans cut by the end of a sentence",
    "extra_space": "rows split at any white space",
    "unequal_row": "rows with unequal numbers of words and tags dropped",
    "empty_slot": "slots without words dropped",
    "other_text": "rows whose utterance is not the text of their slots",
    "empty_span": "spans without characters dropped",
    "span_off_token_edges": "spans that end inside a token widened",
    "span_outside_text": "spans cut to the utterance",
    "overlapping_spans": "overlapping spans, the first holds",
    "tokens_not_in_text": "rows whose words are taken from the utterance",
}


def corpora_table(corpora: Sequence[Mapping[str, Any]], languages: Languages) -> Table:
    """Sentences and words per split of every corpus.json, longest sentence, licence, source."""
    groups = (("Sentences", "sentences"), ("Words", "words"), ("Longest sentence", "longest"))
    head = _head(("Corpus", "Task", "Language"), groups)
    head[0].append(cell("Tokens", th="col", rowspan=2, kind="name first"))
    head[0].append(cell("Licence", th="col", rowspan=2, kind="name"))
    body, lines = [], []
    for corpus in corpora:
        cells, line = _named(corpus, languages, "corpus", "task", "language")
        for _, key in groups:
            for split in SPLITS:
                value = corpus["counts"].get(split, {}).get(key)
                line[f"{split}_{key}"] = value
                cells.append(cell(count(value), kind=first(split)))
        tokens = "texts" if corpus["task"] == "classification" else corpus["segmentation"]
        cells.append(cell(tokens, kind="name first"))
        cells.append(cell(corpus["licence"], kind="name"))
        line |= {"segmentation": tokens, "licence": corpus["licence"]}
        body.append(cells)
        lines.append(line | {"source": "; ".join(corpus["source"])})
    notes = []
    if any(corpus["task"] == "classification" for corpus in corpora):
        notes.append(
            "A sentence of classification is a text or a pair of texts; its words are what white"
            " space separates."
        )
    return Table(
        name="corpora",
        title="Corpora: sentences and words",
        notes=notes,
        head=head,
        body=body,
        records=lines,
    )


def repairs_table(corpora: Sequence[Mapping[str, Any]], languages: Languages) -> Table:
    """Everything that the readers skipped or repaired, by kind, with the first example."""
    names = ("Corpus", "Language", "Split", "What", "Count", "First")
    head = [[cell(n, th="col", kind="" if n == "Count" else "name") for n in names]]
    body, lines = [], []
    for corpus in corpora:
        for split, counts in corpus["counts"].items():
            skipped = counts["skipped"].items()
            found = [(kind, n, "") for kind, n in skipped if n]
            found += [(k, r["count"], r["example"]) for k, r in counts["repairs"].items()]
            for kind, number, example in found:
                cells, line = _named(corpus, languages, "corpus", "language")
                cells += [cell(split, kind="name"), cell(KINDS.get(kind, kind), kind="name")]
                cells += [cell(count(number)), cell(example, kind="name")]
                body.append(cells)
                shown = {"split": split, "kind": kind, "count": number, "example": example}
                lines.append(line | shown)
    notes = [f"Nothing {'else ' if body else ''}was changed or left out."]
    return Table(
        name="repairs",
        title="Lines skipped and repaired",
        notes=notes,
        head=head,
        body=body,
        records=lines,
    )


def repeated_table(corpora: Sequence[Mapping[str, Any]], languages: Languages) -> Table:
    """Sentences that stand several times in a split or in two."""
    pairs = (("train", "dev"), ("train", "test"), ("dev", "test"))
    head = _head(("Corpus", "Language"), (("Repeated within", "duplicates"),))
    head[0].append(cell("In another split too", th="colgroup", colspan=3, kind="first"))
    head[1] += [cell(f"{a} in {b}", th="col", kind=first(b)) for a, b in pairs]
    body, lines = [], []
    for corpus in corpora:
        cells, line = _named(corpus, languages, "corpus", "language")
        counts = corpus["counts"]
        for split in SPLITS:
            line[f"duplicates_{split}"] = counts.get(split, {}).get("duplicates")
            cells.append(cell(count(line[f"duplicates_{split}"]), kind=first(split)))
        for number, (one, other) in enumerate(pairs):
            value = counts.get(one, {}).get("also_in", {}).get(other)
            line[f"{one}_in_{other}"] = value
            cells.append(cell(count(value), kind="" if number else "first"))
        body.append(cells)
        lines.append(line)
    notes = [
        "Sentences with the same words. Training sentences that also occur in dev or test are used,"
        " as in the paper, unless the recipe sets `leave_out_repeated`."
    ]
    return Table(
        name="repeated",
        title="Repeated sentences",
        notes=notes,
        head=head,
        body=body,
        records=lines,
    )


def labels_table(corpora: Sequence[Mapping[str, Any]], languages: Languages) -> Table:
    """One corpus: how often every label stands in each language, all splits together.

    corpora: corpus.json of the corpus's languages. What is counted is up to the task.
    """
    name, task = corpora[0]["corpus"], corpora[0]["task"]
    head = [[cell("Label", th="col", kind="name")]]
    head[0] += [cell(language_name(c["language"], languages), th="col") for c in corpora]
    counts = [label_counts(corpus) for corpus in corpora]
    body, lines = [], []
    for label in counts[0]:
        values = [of_language[label] for of_language in counts]
        cells = [cell(f"{value:,}" if value else "absent") for value in values]
        body.append([cell(label, th="row"), *cells])
        codes = [corpus["language"] for corpus in corpora]
        lines.append({"label": label} | dict(zip(codes, values, strict=True)))
    title = f"{name}: labels ({LABELLED[task]}, all splits)"
    return Table(name=f"labels-{name}", title=title, head=head, body=body, records=lines)


def _head(names: Sequence[str], groups: Sequence[tuple[str, str]]) -> list[list[Cell]]:
    """Two lines: names, and groups of train, dev and test."""
    return [
        [
            *(cell(n, th="col", rowspan=2, kind="name") for n in names),
            *(cell(name, th="colgroup", colspan=3, kind="first") for name, _ in groups),
        ],
        [cell(split, th="col", kind=first(split)) for _ in groups for split in SPLITS],
    ]


def _named(
    corpus: Mapping[str, Any], languages: Languages, *keys: str
) -> tuple[list[Cell], dict[str, Any]]:
    """The first cells of a row, and the same as a record."""
    words = {
        "corpus": lambda: cell(corpus["corpus"], th="row"),
        "task": lambda: cell(TASK_NAMES[corpus["task"]], kind="name"),
        "language": lambda: cell(language_name(corpus["language"], languages), kind="name"),
    }
    return [words[key]() for key in keys], {key: corpus[key] for key in keys}
