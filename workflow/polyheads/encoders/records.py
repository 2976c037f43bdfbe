"""What is known of an installed encoder: the content of model.json."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from polyheads.digests import FileDigest
from polyheads.origins import OfEncoder

# `class` is no name in Python.
About = TypedDict(
    "About",
    {
        "model": str,  # its name in the study
        "class": str,
        "layers": int,
        "heads": int,  # in each layer
        "hidden": int,
        "parameters": int,
        "vocabulary": int,
        "position_offset": int,
        "max_length": int,  # tokens, special ones included
        "source": dict[str, str],
        "missing_heads": NotRequired[list[list[int]]],  # [layer, head] that were pruned before
    },
)
"""What can be said of any encoder, before it is kept."""


class ModelInfo(About):
    """The content of model.json."""

    pretraining: NotRequired[dict[str, object]]  # of an encoder that is made here
    files: dict[str, FileDigest]
    made_of: OfEncoder | None
