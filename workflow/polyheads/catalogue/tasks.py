"""The tasks, and what they are measured by; the metrics themselves are in `catalogue.metrics`."""

from __future__ import annotations

_POS = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "f1_runs_as_published": "F1 over runs (as published)",
}


_SPANS = {
    "f1_strict": "F1 (strict)",
    "precision_strict": "precision (strict)",
    "recall_strict": "recall (strict)",
    "f1_lenient": "F1 (lenient)",
}


_TEXTS = {"accuracy": "accuracy", "macro_f1": "macro F1"}


METRICS: dict[str, dict[str, str]] = {
    "pos": _POS,
    "ner": _SPANS,
    "sf": _SPANS,
    "classification": _TEXTS,
}
"""Task -> metric name -> label for people; the first of a task is its default."""


DEFAULT_METRIC: dict[str, str] = {task: next(iter(names)) for task, names in METRICS.items()}


PUBLISHED_METRIC: dict[str, str] = {
    "pos": "f1_runs_as_published",
    "ner": "f1_lenient",
    "sf": "f1_lenient",
}
"""Task -> which metric of ours the published F1 (seqeval 0.0.12) is; others have none published."""


TASK_NAMES = {
    "pos": "Part of speech",
    "ner": "Named entities",
    "sf": "Slot filling",
    "classification": "Sentence classification",
}


LABELLED = {"pos": "words", "ner": "spans", "sf": "spans", "classification": "texts"}
"""Task -> what has a label."""


PLAIN = ("pos", "classification")
"""Tasks whose labels are the tags themselves: no spans, no B- and I-."""
