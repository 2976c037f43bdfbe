"""The catalogue of corpora: what exists, where its files are, which labels it uses.

An entry is a plain dict (`resources/corpora/NAME.yaml` or an item of the config list `corpora`),
described by schemas/corpus.schema.yaml. `load` fills in what an entry may leave out, so that every
file has a name and where it comes from: a `url`, the `members` of an `archive`, a data set on the
`hub`, or none of these. A language may be read otherwise than the others (`reading`). This module
is read whenever the workflow is planned: it imports YAML and jsonschema and nothing else of weight.
"""

from polyheads.catalogue.entries import (
    READING,
    SPLITS,
    TEXT_COLUMNS,
    embedded,
    file_of,
    file_split,
    files,
    language,
    local,
    missing,
    narrowed,
    own_copy,
    reading,
    splits,
    tag_names,
    text_width,
)
from polyheads.catalogue.loading import load

__all__ = [
    "READING",
    "SPLITS",
    "TEXT_COLUMNS",
    "embedded",
    "file_of",
    "file_split",
    "files",
    "language",
    "load",
    "local",
    "missing",
    "narrowed",
    "own_copy",
    "reading",
    "splits",
    "tag_names",
    "text_width",
]
