"""Prepared corpora: one language's splits of one corpus, as Arrow data and a description.

A corpus directory holds

* `data/`, a DatasetDict with the columns tokens (list of text; of classification one
  text or two), tags (list of ClassLabel; of classification one label) and
  repeated (bool: a training sentence that is in dev or test, too, a dev sentence that is in test);
* `corpus.json`: label set, licence, sources, checksums, counts and statistics.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from polyheads import catalogue, origins
from polyheads.catalogue.records import Entry
from polyheads.corpora import sources
from polyheads.corpora.readers import Sentence
from polyheads.corpora.records import CorpusInfo
from polyheads.corpora.tally import Tally
from polyheads.errors import UserError
from polyheads.files import writing

if TYPE_CHECKING:
    import datasets

_BATCH = 2000  # sentences written at once


def prepare(
    *,
    entry: Entry,
    language: str,
    splits: Sequence[str],
    directory: str | Path | None,
    out_dir: str | Path,
    check_sizes: bool = True,
    own_copies: str | Path | None = None,
    generate: sources.Generate | None = None,
    code: str = "",
) -> CorpusInfo:
    """Read a language's splits from the files in ``directory`` and write them to ``out_dir``.

    Written are ``out_dir``/data and corpus.json; returned is what corpus.json holds. The files are
    streamed, so that memory doesn't grow with them (but for 8 bytes a sentence, by which repeated
    ones are found). For the format `grammar` there is no directory: the sentences come from
    ``generate(task=, language=, seed=, sizes=)``, by default that of corpora.grammar. UserError for
    a file that cannot be trusted (see readers), an empty split, a full disk, and unless
    ``check_sizes`` is false sentence or word counts that differ from the catalogue's. The files of
    ``directory`` that are copies of files under ``own_copies`` go by the names of these. The same
    input gives the same bytes. code: hash of the code that does this, for corpus.json.
    """
    names = catalogue.tag_names(entry)
    if catalogue.embedded(entry):
        source: sources.Files | sources.Generated = sources.Generated(entry, language, generate)
    else:
        source = sources.Files(
            entry, language, Path(directory or "."), splits, check_sizes, own_copies
        )
    out_dir = Path(out_dir)
    tallies: dict[str, Tally] = {}
    with writing(out_dir / "data") as temporary:
        parts = {}
        # Backwards, so that the training sentences of dev and test are known when train is read.
        for split in [s for s in reversed(catalogue.SPLITS) if s in splits]:
            tally = tallies[split] = Tally(names, dict(tallies), entry["task"])
            parts[split] = _write(
                source.sentences(split), tally, temporary.with_name(f"{temporary.name}.{split}")
            )
            source.check(split, tally)
        _save({split: parts[split] for split in splits}, names, temporary)
    info: CorpusInfo = {
        "corpus": entry["name"],
        "language": language,
        "task": entry["task"],
        "labels": names,
        "licence": catalogue.language(entry, language)["licence"],
        "segmentation": catalogue.reading(entry, language)["segmentation"],
        "source": [source.origin(split) for split in splits],
        "checksums": source.checksums(),
        "counts": {split: {**tallies[split].counts(), **source.read(split)} for split in splits},
        "tag_counts": {split: tallies[split].tag_counts() for split in splits},
        "made_of": origins.of_corpus(entry, code),
    }
    with writing(out_dir / "corpus.json") as temporary:
        text = json.dumps(info, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    return info


def load(path: str | Path) -> datasets.DatasetDict:
    """The splits of a corpus directory, with the columns tokens, tags (ids) and repeated."""
    import datasets

    data = Path(path) / "data"
    if not (data / "dataset_dict.json").is_file():
        raise UserError(f"{data}: no prepared corpus here; run the workflow's prepare step first")
    return datasets.load_from_disk(str(data))


def _write(sentences: Iterable[Sentence], tally: Tally, path: Path) -> Path:
    """Stream a split into an Arrow file: tokens, tag ids, repeated."""
    import pyarrow as pa

    schema = pa.schema(
        [
            ("tokens", pa.list_(pa.string())),
            ("tags", pa.list_(pa.int64())),
            ("repeated", pa.bool_()),
        ]
    )
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        tokens, tags, repeated = [], [], []
        for words, names in sentences:
            repeated.append(tally.add(words, names))
            tokens.append(words)
            tags.append([tally.ids[name] for name in names])
            if len(tokens) == _BATCH:
                writer.write_batch(pa.record_batch([tokens, tags, repeated], schema=schema))
                tokens, tags, repeated = [], [], []
        if tokens:
            writer.write_batch(pa.record_batch([tokens, tags, repeated], schema=schema))
    return path


def _save(parts: Mapping[str, Path], names: list[str], path: Path) -> None:
    """The Arrow files as a DatasetDict in the directory ``path``; they are removed."""
    import datasets
    import pyarrow as pa

    features = datasets.Features(
        tokens=datasets.List(datasets.Value("string")),
        tags=datasets.List(datasets.ClassLabel(names=names)),
        repeated=datasets.Value("bool"),
    )
    datasets.disable_progress_bars()  # they fill log files
    splits = {}
    for split, file in parts.items():
        table = pa.ipc.open_stream(pa.memory_map(str(file))).read_all()
        # A fingerprint of its own would hold the time: the same input gives the same bytes.
        splits[split] = datasets.Dataset(
            datasets.table.InMemoryTable(table.cast(features.arrow_schema)),
            info=datasets.DatasetInfo(features=features),
            split=datasets.NamedSplit(split),
            fingerprint=hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest(),
        )
    datasets.DatasetDict(splits).save_to_disk(str(path))
    for file in parts.values():
        file.unlink()
