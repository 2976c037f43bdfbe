"""A small good file for every format, with the reading that goes with it; all text is invented."""

import json

from polyheads.corpora import readers

UPOS = ["NOUN", "VERB", "PUNCT"]
NER = ["PER", "LOC", "MISC"]
SLOTS = ["date", "city"]


def reading(kind, task="ner", labels=NER, **options):
    return {"name": "toy", "language": "xx", "task": task, "labels": labels, "format": kind} | (
        options
    )


def row(identifier, form, tag):
    """A line of CoNLL-U."""
    return "\t".join([identifier, form, "_", tag, *"______"]) + "\n"


def massive_row(annotated, partition="dev", **more):
    fields = {"id": "7", "locale": "xx-XX", "partition": partition, "annot_utt": annotated}
    return json.dumps(fields | more, ensure_ascii=False) + "\n"


def mtod_row(spans, utterance, tokens):
    parts = json.dumps({"tokenizations": [{"tokens": tokens}]}, ensure_ascii=False)
    return f"do/it\t{spans}\t{utterance}\txx_XX\t{parts}\n"


def jsonl_row(tokens, tags):
    return json.dumps({"id": 1, "tokens": tokens, "tags": tags}, ensure_ascii=False) + "\n"


CONLLU = reading("conllu", "pos", UPOS)
COLUMNS = reading("columns", columns={"token": 1, "tag": 2})
MULTIATIS = reading("multiatis", "sf", SLOTS, columns={"utterance": 2, "tags": 3, "count": 4})
MASSIVE = reading("massive", "sf", SLOTS)
MTOD = reading("mtod", "sf", SLOTS)
JSONL = reading("jsonl")
PARQUET = reading("parquet")
CLASSIFIED = reading(
    "texts",
    "classification",
    ["sport", "news"],
    columns={"text": "one", "second": "two", "label": "topic", "id": 1, "header": True},
)

GOOD_CONLLU = (
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
GOOD_COLUMNS = "Ada\tB-PER\nLôvel\tI-PER\nsat\tO\n\nOslo\tB-LOC\n\n"
GOOD_MULTIATIS = (
    "id\tutterance\tslot_labels\tintent\n"
    "1\tfrom öslo today\tO B-city B-date\tgo\n"
    "2\tnew york\tB-city I-city\tgo\n"
)
GOOD_MASSIVE = massive_row("wake mé [date : this week] in [city : oslo]") + massive_row("stop")
GOOD_MTOD = mtod_row("8:17:date", "Wake mé this week ", ["wake", "mé", "this", "week"]) + mtod_row(
    "", "Stop", ["stop"]
)
GOOD_JSONL = jsonl_row(["Ada", "Lôvel", "sat"], ["B-PER", "I-PER", "O"]) + jsonl_row(
    ["Oslo"], ["B-LOC"]
)
GOOD_CLASSIFIED = "id\ttopic\tone\ttwo\n1\tsport\tA goal was séen.\tÖ\n2\tnews\tx y\tA vote.\n"
TEXTS = {
    "conllu": (CONLLU, GOOD_CONLLU, 2),
    "columns": (COLUMNS, GOOD_COLUMNS, 2),
    "multiatis": (MULTIATIS, GOOD_MULTIATIS, 2),
    "massive": (MASSIVE, GOOD_MASSIVE, 2),
    "mtod": (MTOD, GOOD_MTOD, 2),
    "jsonl": (JSONL, GOOD_JSONL, 2),
    "texts": (CLASSIFIED, GOOD_CLASSIFIED, 2),
}


def read(folder, content, options, split="dev"):
    """Sentences and counts of a file `dev.txt` with this content."""
    path = folder / "dev.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    counts = readers.new_counts()
    sentences = list(readers.read(path, options, split=split, counts=counts))
    assert counts["sentences"] == len(sentences)
    assert counts["words"] == sum(readers.words(t, options["task"]) for t, _ in sentences)
    return sentences, counts


def repairs(counts):
    """Kinds and numbers of repairs; every example names a line of the file."""
    assert all(item["example"].startswith("dev.txt:") for item in counts["repairs"].values())
    return {kind: item["count"] for kind, item in counts["repairs"].items()}
