"""Pages of what there is to choose from, made of the catalogue itself."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from polyheads import catalogue
from polyheads.catalogue import language_facts, methods, tasks
from polyheads.catalogue.records import Entry, File, Language

SCHEMA = "../repository/workflow/polyheads/resources/schemas/config.schema.yaml"


def corpora() -> str:
    """Every built-in corpus: task, licence, labels, and of each language its splits and source."""
    entries = catalogue.load()
    parts = [
        "# Built-in corpora",
        "A study names a corpus by the words in this type: `ud-2.7`."
        " [Corpora](../corpora.md) says how to add a language or a corpus of your own. This page is"
        " generated from the catalogue. Numbers are sentences, – where the catalogue has none.",
    ]
    for task, title in tasks.TASK_NAMES.items():
        of_task = [entry for entry in entries.values() if entry["task"] == task]
        parts += [f"## {title}", *(part for entry in of_task for part in _corpus(entry))]
    return "\n\n".join(parts) + "\n"


def _corpus(entry: Entry) -> list[str]:
    names = language_facts.languages([entry])
    labels = ", ".join(f"`{label}`" for label in entry["labels"])
    licence = f" Licence: {_text(entry['licence'])}." if "licence" in entry else ""
    parts = [f"### {entry['name']}", f"{_text(entry.get('title', entry['name']))}.{licence}"]
    parts += [_text(note) for note in entry.get("notes", [])]
    parts.append(f"{len(entry['labels'])} labels: {labels}.")
    rows = [
        (f"`{code}`", names[code]["name"], *_sizes(entry, code), _source(entry, code, item))
        for code, item in entry["languages"].items()
    ]
    parts.append(_table(("code", "language", *catalogue.SPLITS, "source"), "llrrrl", rows))
    return parts


def _sizes(entry: Entry, code: str) -> list[str]:
    """Sentences of train, dev and test; empty for a split that the language lacks."""
    if catalogue.embedded(entry):
        return [f"{entry['sizes'][split]:,}" for split in catalogue.SPLITS]
    own = catalogue.splits(entry, code)
    carved = entry["languages"][code].get("carve", {})
    sizes = []
    for split in catalogue.SPLITS:
        if split not in own:
            sizes.append("")
        elif split in carved:
            sizes.append(f"part of {carved[split]['from']}")
        else:
            number = catalogue.file_of(entry, code, split).get("sentences")
            sizes.append("–" if number is None else f"{number:,}")
    return sizes


def _source(entry: Entry, code: str, item: Language) -> str:
    """Where the files come from, and a licence that is not the corpus's."""
    if catalogue.embedded(entry):
        return "made by a grammar of this project"
    if item["access"] == "own-copy":
        where = "your own copy"
    else:
        files = catalogue.files(entry, code, catalogue.splits(entry, code)).values()
        where = ", ".join(dict.fromkeys(map(_host, files)))
    licence = item["licence"]
    return where if licence == entry.get("licence") else f"{where}; {_text(licence)}"


def _host(file: File) -> str:
    if "hub" in file:
        return f"Hugging Face, `{file['hub']['dataset']}`"
    address = file["url"] if "url" in file else file["archive"]["url"]
    return urlsplit(address).netloc


def rankings() -> str:
    """Every kind of ranking that scores heads: what the score is, and its definition."""
    kinds = methods.KINDS
    words = {True: "yes", False: "no"}
    rows = [
        (f"[`{name}`](#{name})", kind.about, words[not kind.by_layer], words[kind.by_batch])
        for name, kind in kinds.items()
    ]
    parts = [
        "# Rankings",
        "What `rankings` of an experiment may name. A trial prunes the k *lowest* heads of its"
        " ranking. Each of these kinds scores heads by a fine-tuned model and a development set."
        " There are also random rankings (`random-42`), and any ranking can be reversed"
        f" (`reversed-gradient`); the [schema]({SCHEMA}) says how languages and several sources"
        " are spelled. This page is generated from the library.",
        _table(("kind", "score of a head", "one scale", "by batch"), "llll", rows),
        "*One scale*: raw scores of all layers are compared as they are; otherwise each layer's"
        " scores are divided by their norm first. *By batch*: the ranking depends on how sentences"
        " are batched (`ranking_batch_size`).",
    ]
    for name in kinds:
        module = importlib.import_module(methods.scorer(name))
        parts += [f"## {name}", inspect.getdoc(module) or ""]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], sides: str, rows: Iterable[Sequence[str]]) -> str:
    rules = ["---:" if side == "r" else "---" for side in sides]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows))


def _text(words: str) -> str:
    """Words of the catalogue as Markdown: addresses become links, the rest is no markup."""
    plain = words.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    return " ".join(
        f"<{word}>" if word.startswith("https://") else word for word in plain.split(" ")
    )
