"""The model card of an export: README.md with data, licences, scores and their intervals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyheads.analysis import counts, drawn_gains, resampling
from polyheads.analysis.estimates import LEVEL
from polyheads.catalogue.tasks import METRICS, TASK_NAMES
from polyheads.files import writing
from polyheads.report.names import Languages, language_name
from polyheads.study import predictions


def write(
    out: Path,
    *,
    record: Mapping[str, Any],
    config: Mapping[str, Any],
    encoder: Mapping[str, Any],
    corpora: Mapping[str, Mapping[str, Any]],
    scores: Sequence[Mapping[str, Any]],
    languages: Languages,
    command: str,
) -> None:
    """Write the card of the model in ``out``'s directory.

    record and config: its pruned_heads.json and config.json; encoder: model.json; corpora:
    language -> corpus.json; scores: see `compare`; command: what made the model.
    """
    parts = [
        _front(record, encoder, corpora),
        _what(record, config, encoder, languages),
        _use(record, config),
        _scores(record, scores, languages),
        _heads(record),
        _data(record, encoder, corpora, languages),
        _made(record, command),
    ]
    with writing(out) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def compare(
    trials: Sequence[Path], *, metric: str, corpus: str, task: str, languages: Sequence[str]
) -> list[dict[str, Any]]:
    """For every test language the scores of two trials, and the gain, each (value, low, high).

    trials: the unpruned one and the pruned one, paths without suffix. The draws of sentences are
    those of the study's statistics: for a sweep of one seed the gain's interval is the same there.
    """
    found = []
    for language in languages:
        read = [predictions.read(t.with_suffix(".parquet"), language=language) for t in trials]
        counts.check_same(*read, paths=[t.with_suffix(".parquet") for t in trials])
        both = np.stack([counts.count(each, metric) for each in read], axis=1)
        score = counts.SCORES[metric]
        whole = score(both.sum(0).astype(np.float64))
        key = drawn_gains.test_set(corpus, language, task, read[0])
        draws = resampling.bootstrap(both, score, key=key)
        found.append(
            {
                "language": language,
                "sentences": len(both),
                "unpruned": (float(whole[0]), *resampling.interval(draws[:, 0])),
                "pruned": (float(whole[1]), *resampling.interval(draws[:, 1])),
                "gain": (
                    float(resampling.gains(whole)),
                    *resampling.interval(resampling.gains(draws)),
                ),
            }
        )
    return found


def _front(
    record: Mapping[str, Any], encoder: Mapping[str, Any], corpora: Mapping[str, Mapping[str, Any]]
) -> str:
    """The block of metadata that the hub reads."""
    trained = record["trained_on"]
    licences = list(dict.fromkeys(corpora[code]["licence"] for code in trained))
    of_texts = record["task"] == "classification"
    pipeline = "text-classification" if of_texts else "token-classification"
    lines = ["---", "library_name: transformers", f"pipeline_tag: {pipeline}"]
    lines += ["language:", *(f"- {json.dumps(code)}" for code in trained)]
    lines += ["license: other", f"license_name: {json.dumps('; '.join(licences))}"]
    if "hub" in encoder["source"]:
        lines += [f"base_model: {encoder['source']['hub']}"]
    return "\n".join([*lines, "tags:", "- pruned-attention-heads", "---"])


def _what(
    record: Mapping[str, Any],
    config: Mapping[str, Any],
    encoder: Mapping[str, Any],
    languages: Languages,
) -> str:
    point, gone = record["point"], len(record["pruned_heads"])
    total = record["layers"] * record["heads_per_layer"]
    trained = _names(record["trained_on"], languages)
    if record["chosen"] is None:
        why = f"k = {record['k']} is what the configuration asks for"
    else:
        dev = _names(record["chosen"]["dev"], languages)
        ks = ", ".join(map(str, record["chosen"]["ks"]))
        metric = METRICS[record["task"]][record["metric"]]
        why = (
            f"among k = {ks} the {metric} on development data ({dev}) is highest at k ="
            f" {record['k']}"
        )
    fine_tuned = "after" if point["protocol"] == "mask" else "before"
    heads = f"{gone} of its {total} attention heads were taken away {fine_tuned} fine-tuning"
    if not gone:
        heads = f"None of its {total} attention heads was taken away"
    return (
        f"# {point['model']}, {TASK_NAMES[record['task']].lower()}, {gone} of {total} heads"
        f" pruned\n\n{config['architectures'][0]} ({encoder['layers']} layers of"
        f" {encoder['heads']} heads, hidden size {encoder['hidden']}), fine-tuned on"
        f" {point['corpus']} ({trained}). {heads}: {why}.\n\n"
        "The weights of pruned heads are zero. The model has its full shape: it is no smaller and"
        " no faster than the whole one."
    )


def _use(record: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    names = ", ".join(config["id2label"][str(i)] for i in range(len(config["id2label"])))
    if record["task"] == "classification":
        return _use_of_texts(record, names)
    apart = ""
    if record["word_gap"]:  # this tokenizer takes the space before a word as a part of it
        apart = '\nwords = [*words[:1], *(" " + word for word in words[1:])]'
    return f"""## Use

```python
from transformers import pipeline

tagger = pipeline("token-classification", model="this/directory", ignore_labels=[])
words = ["One", "word", "after", "the", "other"]{apart}
pieces = {{p["index"]: p["entity"] for p in tagger([words], is_split_into_words=True)[0]}}
labels = {{}}  # of every word, by its place
for index, word in enumerate(tagger.tokenizer(words, is_split_into_words=True).word_ids()):
    if word is not None and index in pieces:
        labels.setdefault(word, pieces[index])
```

The model was trained on words as its corpus cuts them. The label of a word is that of its first
subword; those of other subwords mean nothing, so aggregation by mean or maximum gives other
results. It reads {record["max_length"]} subwords at the most, special tokens included; the pipeline
cuts off the rest of a longer sentence without saying so.

Labels: {names}."""


def _use_of_texts(record: Mapping[str, Any], names: str) -> str:
    text = '{"text": "One text.", "text_pair": "Another one."}' if record["pairs"] else '"A text."'
    return f"""## Use

```python
from transformers import pipeline

classifier = pipeline("text-classification", model="this/directory")
label = classifier([{text}], truncation=True)[0]["label"]
```

It reads {record["max_length"]} subwords at the most, special tokens included. With
`truncation=True` the rest is cut off, as in the trial; without it a longer text is an error or gets
another label. The head is a linear map of the first token's state, written as that of its class.

Labels: {names}."""


def _scores(
    record: Mapping[str, Any], scores: Sequence[Mapping[str, Any]], languages: Languages
) -> str:
    task = record["task"]
    lines = [
        f"## Scores\n\nOn the test sets, {METRICS[task][record['metric']]} in percent with"
        f" {LEVEL} % intervals over draws of test sentences. One training: the noise of training"
        " is in none of the intervals.\n",
        "| test set | sentences | all heads | without the pruned heads | gain |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in scores:
        name = language_name(row["language"], languages)
        cells = [_interval(row[key]) for key in ("unpruned", "pruned")]
        gain = _interval(row["gain"], signed=True) if record["pruned_heads"] else "–"
        lines.append(f"| {name} | {row['sentences']} | {' | '.join(cells)} | {gain} |")
    note = "All heads: the same training with no head pruned."
    if record["precision"] != "float32":
        note += f" Scores are of {record['precision']} arithmetic; in float32 single labels differ."
    return "\n".join([*lines, "", note])


def _interval(numbers: Sequence[float], *, signed: bool = False) -> str:
    value, low, high = (f"{n:+.2f}" if signed else f"{n:.2f}" for n in numbers)
    return f"{value} [{low}, {high}]"


def _heads(record: Mapping[str, Any]) -> str:
    by_layer: dict[int, list[int]] = {}
    for layer, head in sorted(map(tuple, record["pruned_heads"])):
        by_layer.setdefault(layer, []).append(head)
    lines = [f"* layer {layer}: {', '.join(map(str, heads))}" for layer, heads in by_layer.items()]
    where = (
        ""
        if not lines
        else (
            f"Layers and heads are counted from 0; lowest first in the order {record['ranking']} in"
            " `pruned_heads.json`. Zero are their rows of the query, key and value projections and"
            " their columns of the output projection."
        )
    )
    return "\n".join(
        ["## Pruned heads", "", *(lines or ["None."]), *(["", where] if where else [])]
    )


def _data(
    record: Mapping[str, Any],
    encoder: Mapping[str, Any],
    corpora: Mapping[str, Any],
    languages: Languages,
) -> str:
    lines = ["## Data and licences", ""]
    for code, info in corpora.items():
        used = "trained on" if code in record["trained_on"] else "tested on only"
        sources = "; ".join(dict.fromkeys(info["source"]))
        lines.append(
            f"* {info['corpus']}, {language_name(code, languages)} ({used}): licence"
            f" {info['licence']}. {sources}"
        )
    source = encoder["source"]
    if "hub" in source:
        of = (
            f"{source['hub']} at {source['revision']} on the Hugging Face hub; its licence is there"
        )
    elif "path" in source:
        of = f"a directory `{source['path']}` of the author's; its licence isn't known here"
    else:
        of = f"made here from nothing; its text: {source['scratch']}"
    lines.append(f"* Encoder {encoder['model']}: {of}.")
    sentences = record["training"]["sentences"]
    lines += ["", f"Fine-tuned on {sentences} sentences, seed {record['point']['seed']}."]
    return "\n".join(lines)


def _made(record: Mapping[str, Any], command: str) -> str:
    with_ = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    recipe = ", ".join(f"{key} {value}" for key, value in record["recipe"].items())
    training = record["training"]
    together = training.get("trained_with", 1) - 1  # other trials in the same pass
    beside = f", in one pass with {together} more of its kind" if together else ""
    return (
        f"## How it was made\n\n    {command}\n\n"
        f"Polyheads, study {record['study']}, trial `{record['trial']}`, trained once more: all"
        " labels that the trial kept came out again. With"
        f" {with_}, on {training['device']}{beside}. Recipe: {recipe}."
    )


def _names(codes: Sequence[str], languages: Languages) -> str:
    return ", ".join(language_name(code, languages) for code in codes)
