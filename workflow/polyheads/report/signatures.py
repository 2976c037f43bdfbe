"""What a table or figure is made of, as its caption says it, and as one line to paste into a paper.

The line has the form of sacrebleu's (Post 2018): `name:value` pairs between bars. Tables whose
lines differ are of other data, metrics, recipes or code, so their numbers can't be compared one by
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polyheads.analysis.signatures import LENGTH, Signature
from polyheads.catalogue.tasks import METRICS
from polyheads.report.names import counted
from polyheads.study.displays import LOW_RESOURCE, Display

SCHEMES = {
    **dict.fromkeys(("accuracy", "macro_f1"), "upos"),
    "f1_runs_as_published": "upos-runs",
    **dict.fromkeys(("f1_strict", "precision_strict", "recall_strict"), "iob2-strict"),
    "f1_lenient": "iob2-lenient",
}
"""Metric -> what it counts: single tags, runs of tags, spans."""

BOTH = "k chosen on dev, and best of k ≥ 1 on test"
SELECTIONS = {
    "fresh": "k chosen on dev with other seeds",
    "dev-test": "all k, none is chosen",
    "stopping": "k by each rule, on dev or on test",
    "pruned-heads": "k chosen on dev",
    "corpus-baselines": "no heads pruned",
}
"""Kind of display, or table over the whole study -> how k is selected, where not by BOTH."""

_DEV = {
    "cross-lingual": "the source's dev set",
    "multi-lingual": "the target's dev set",
    "mono-lingual": "the language's dev set",
    LOW_RESOURCE: "the target's dev set",
}
_LABELS = {name: label for names in METRICS.values() for name, label in names.items()}


def facts(signature: Signature, display: Display | None = None) -> str:
    """Metric, corpus, how k is selected, number of trainings; of rankings alone, their number.

    display: that of the table or figure; None for a table over the whole study.
    """
    where = f"on {', '.join(signature.corpora)}" if signature.corpora else ""
    if not signature.metrics:
        of_rankings = (counted(signature.rankings, "ranking"), where)
        return f"{' '.join(filter(None, of_rankings))}; {counted(signature.seeds, 'seed')}."
    labels = ", ".join(_LABELS[metric] for metric in signature.metrics)
    runs = [counted(signature.trainings, "training")]
    if signature.masked:
        runs.append(counted(signature.masked, "evaluation") + " of masked models")
    words = [
        f"{labels[:1].upper()}{labels[1:]} {where}".strip(),
        _selection(signature.name, display),
        f"{' and '.join(runs)}, {counted(signature.seeds, 'seed')}",
    ]
    return f"{'; '.join(words)}."


def line(signature: Signature) -> str:
    """The signature line."""
    corpora = zip(signature.corpora, signature.locks, strict=True)
    parts: Mapping[str, Sequence[str]] = {
        "metric": signature.metrics,
        "scheme": list(dict.fromkeys(SCHEMES[metric] for metric in signature.metrics)),
        "corpus": [f"{name}@{lock}" for name, lock in corpora],
        "recipe": signature.recipes,
        "rankings": [str(signature.rankings)] if signature.rankings else [],
        "runs": [str(n)] if (n := signature.trainings + signature.masked) else [],
        "seeds": [str(signature.seeds)],
        "training": [code[:LENGTH] for code in signature.training_code],
        "analysis": [signature.analysis_code],
    }
    return "|".join(f"{name}:{'+'.join(values)}" for name, values in parts.items() if values)


def _selection(name: str, display: Display | None) -> str:
    kind = display.kind if display else name
    if kind in SELECTIONS:
        return SELECTIONS[kind]
    if not display or not display.setting:
        return BOTH
    dev = _DEV[display.setting]
    if kind == "several-sources" and display.setting == "cross-lingual":
        dev = "the sources' dev sets"
    return BOTH.replace("dev", dev)
