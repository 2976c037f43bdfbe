"""Metrics from gold and predicted tag sequences: every word counts, results in percent.

NER and slots: seqeval 1.2.2, strict IOB2 (an entity needs its B-) and seqeval's lenient default
(an I- after O or after another type opens an entity too). Part of speech: token accuracy, macro
F1, and the F1 that the paper's code printed, see `run_tags`. Classification: accuracy and macro F1
of the texts, each of which is a sentence of one word.

A training loads this module by its name and says in its file which code measured it, so that a
change here trains nothing again: see `study.trial_files.scores`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from polyheads.errors import UserError

Tags = Sequence[Sequence[str]]  # one list of tags per sentence
_Span = tuple[int, str, int, int]  # sentence, type, first word, the word behind the last one

_NEVER_JOIN = ("B", "E", "S")
_OUTSIDE = ("O", ".")


def metrics(task: str, gold: Tags, predicted: Tags) -> dict[str, float]:
    """All metrics of a task (`catalogue.tasks.METRICS[task]`), in percent."""
    # Nothing is imported for it from tasks: a word there is no change of these numbers.
    functions = {
        "pos": pos_metrics,
        "ner": span_metrics,
        "sf": span_metrics,
        "classification": label_metrics,
    }
    if task not in functions:
        raise UserError(f"task {task!r} is unknown: use one of {', '.join(functions)}")
    return functions[task](gold, predicted)


def pos_metrics(gold: Tags, predicted: Tags) -> dict[str, float]:
    """What `label_metrics` has of tokens, and F1 over runs; in percent."""
    found = label_metrics(gold, predicted)
    runs = [[run_tags(tags) for tags in side] for side in (gold, predicted)]
    return found | {"f1_runs_as_published": _micro(*runs, strict=False)[2]}


def label_metrics(gold: Tags, predicted: Tags) -> dict[str, float]:
    """Accuracy and macro F1 over the labels that occur in `gold`, in percent."""
    _check_shapes(gold, predicted)
    in_gold: Counter[str] = Counter()
    in_predicted: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        in_gold.update(gold_tags)
        in_predicted.update(predicted_tags)
        correct.update(g for g, p in zip(gold_tags, predicted_tags, strict=True) if g == p)
    f1 = [2 * correct[tag] / (n + in_predicted[tag]) for tag, n in sorted(in_gold.items())]
    return {
        "accuracy": 100 * correct.total() / in_gold.total(),
        "macro_f1": 100 * sum(f1) / len(f1),
    }


def span_metrics(gold: Tags, predicted: Tags) -> dict[str, float]:
    """Strict IOB2 precision, recall and F1 and lenient F1 over entities or slots, in percent.

    Tags are O, B-x or I-x. Without any entity in `gold` and in `predicted` all are 0.
    """
    _check_shapes(gold, predicted)
    for side in (gold, predicted):
        for tag in {tag for tags in side for tag in tags}:
            if tag != "O" and not (tag[:2] in ("B-", "I-") and len(tag) > 2):
                raise UserError(f"tag {tag!r} is not IOB2: entity and slot tags are O, B-x, I-x")
    precision, recall, f1 = _micro(gold, predicted, strict=True)
    return {
        "f1_strict": f1,
        "precision_strict": precision,
        "recall_strict": recall,
        "f1_lenient": _micro(gold, predicted, strict=False)[2],
    }


def run_tags(tags: Sequence[str]) -> list[str]:
    """Spell out as IOB2 what seqeval 0.0.12 read in bare tags; tags of one sentence.

    It took the first letter of a tag as its chunk prefix and the whole tag as its type. With
    bare tags this means: a run of equal tags is one entity; a tag whose first letter reads as a
    prefix that closes or opens by itself (B, E, S: of the UPOS tags SCONJ and SYM, "single")
    never joins its neighbour; one that starts with O or a full stop is no entity at all. I
    (INTJ) joins like any other, and types are compared in full, so CCONJ and SCONJ differ.
    """
    out, previous = [], None
    for tag in tags:
        if tag.startswith(_OUTSIDE):
            out.append("O")
        elif tag == previous and not tag.startswith(_NEVER_JOIN):
            out.append(f"I-{tag}")
        else:
            out.append(f"B-{tag}")
        previous = tag
    return out


def _micro(gold: Tags, predicted: Tags, *, strict: bool) -> tuple[float, float, float]:
    """Micro-averaged precision, recall, F1 in percent; an undefined one is 0."""
    # What seqeval.metrics computes, without its import of scikit-learn (for the class of a
    # warning), which takes as long as a small training. test_metrics.py compares the two.
    read = _strict if strict else _lenient
    there, found = read(gold), read(predicted)
    same = len(there & found)
    precision, recall = _ratio(same, len(found)), _ratio(same, len(there))
    f1 = _ratio(2 * precision * recall, precision + recall)
    return 100 * precision, 100 * recall, 100 * f1


def _ratio(above: float, below: float) -> float:
    return above / below if below else 0.0


def _strict(sentences: Tags) -> set[_Span]:
    """Entities by strict IOB2."""
    from seqeval.scheme import IOB2, Entities

    entities = Entities([list(tags) for tags in sentences], IOB2).entities
    return {entity.to_tuple() for of_sentence in entities for entity in of_sentence}


def _lenient(sentences: Tags) -> set[_Span]:
    """Entities by seqeval's default: an I- that continues nothing opens one, too."""
    found = set()
    for number, tags in enumerate(sentences):
        start, inside = 0, ""
        for place, tag in enumerate([*tags, "O"]):
            kind = tag[2:]
            if inside and tag != f"I-{inside}":
                found.add((number, inside, start, place))
                inside = ""
            if kind and not inside:
                start, inside = place, kind
    return found


def _check_shapes(gold: Tags, predicted: Tags) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold sentences, {len(predicted)} predicted ones")
    for number, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True)):
        if len(gold_tags) != len(predicted_tags):
            raise ValueError(
                f"sentence {number}: {len(gold_tags)} gold tags, {len(predicted_tags)} predicted"
            )
    if not any(len(tags) for tags in gold):
        raise UserError("nothing to score: the evaluated split has no words")
