"""The directory of a pruned model: weights, tokenizer, pruned_heads.json.

transformers loads it as it is (AutoModelForTokenClassification or, of texts,
AutoModelForSequenceClassification; pipeline); nothing of this project is needed. Before it is
handed out it is held against the trial that it is: every label that the trial kept must come out
again, of the tokenizer every subword.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from polyheads.encoders import subwords
from polyheads.encoders.batches import Layout, pack
from polyheads.encoders.forward import autocast
from polyheads.errors import UserError
from polyheads.exports import classifier, removal
from polyheads.files import writing
from polyheads.provenance import versions
from polyheads.study import predictions
from polyheads.study.records import TrialFile
from polyheads.study.trial_files import read_trial
from polyheads.training.trials import Trials

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MARKED = ("[]", "<>")  # what special tokens begin and end with
SENTENCES = 64  # of each test set that the directory is tried on, as a user would load it


def make(
    runner: Trials,
    *,
    trial: Path,
    about: Mapping[str, object],
    out: Path,
    checkpoint: Path,
    corpora: Mapping[str, Path],
) -> None:
    """Train a trial (path without suffix) once more and write its model to ``out``.

    about: what pruned_heads.json says of the choice; corpora: language -> prepared corpus. Goes on
    from ``checkpoint`` after a kill. UserError, in one line, when any label of the trial's dev and
    test sets comes out differently.
    """
    kept = read_trial(trial.with_suffix(".json"))
    pruned = kept["pruned_heads"]
    masked = kept["trial"]["protocol"] == "mask"  # fine-tuned with all heads
    _try_out(runner, pruned, out, corpora)
    trained = kept["training"]  # None where it is masked
    model, training = runner.fit(
        pruned=[] if masked else pruned,
        checkpoint_path=checkpoint,
        name=str(out),
        trained_with=trained.get("trained_with", 1) if trained else 1,
        place=trained.get("place", 0) if trained else 0,
    )
    _zero_heads(runner, model, pruned)
    _check_labels(runner, model, trial, kept)
    if runner.layout.first:  # texts are classified
        model = classifier.rewritten(model, runner.train_sets[0][0], runner.layout)
    out.mkdir(parents=True, exist_ok=True)
    model.config.architectures = [type(model).__name__]
    model.save_pretrained(out, max_shard_size="1TB")  # one file
    write_tokenizer(runner.setup.model_dir, out, model.config, runner.layout)
    if _precision(runner) == "float32":  # 16 bits give other labels here and there
        for language in runner.setup.evaluate_on:
            if runner.layout.first:
                classifier.check_loaded(runner, out, language, trial, texts=SENTENCES)
            else:
                _check_loaded(runner, out, language, trial)
    content = {
        "pruned_heads": pruned,
        "layers": runner.shape[0],
        "heads_per_layer": runner.shape[1],
        **about,
        "trial": str(trial.with_suffix(".json")),
        "point": kept["trial"],
        "recipe": kept["recipe"],
        "training": training,
        "precision": _precision(runner),
        "max_length": runner.layout.max_length,
        **_how_to_read(runner),
        "versions": versions(),
    }
    with writing(out / "pruned_heads.json") as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    checkpoint.unlink(missing_ok=True)


class HowToCut(TypedDict):
    """What `cut` must know of a tokenizer."""

    word_gap: str
    unknown: int


def _zero_heads(runner: Trials, model: torch.nn.Module, pruned: Sequence[Sequence[int]]) -> None:
    some = pack(runner.train_sets[0][:8], runner.layout, runner.device)
    removal.zero_heads(model.to(runner.device), pruned, some.inputs, heads=runner.shape[1])


def _try_out(
    runner: Trials, pruned: Sequence[Sequence[int]], out: Path, corpora: Mapping[str, Path]
) -> None:
    """Refuse what could not be exported, before anything is trained.

    UserError for heads that can't be removed from the model and for a tokenizer that transformers
    reads otherwise.
    """
    model = runner.fresh_model()
    _zero_heads(runner, model, pruned)
    if runner.layout.first:
        classifier.rewritten(model, runner.train_sets[0][0], runner.layout)
    with TemporaryDirectory() as temporary:
        model.config.save_pretrained(temporary)
        write_tokenizer(runner.setup.model_dir, Path(temporary), model.config, runner.layout)
        tokenizer = AutoTokenizer.from_pretrained(temporary)
    check = classifier.check_tokenizer if runner.layout.first else _check_subwords
    for language in runner.setup.evaluate_on:
        check(runner, tokenizer, out, language, corpora[language])


def _check_labels(runner: Trials, model: PreTrainedModel, trial: Path, kept: TrialFile) -> None:
    """UserError unless the model without any gate gives every label that the trial kept."""
    for row in runner.evaluate(model, [], unmasked=False):
        found = predictions.read(
            trial.with_suffix(".parquet"), language=row.language, split=row.split
        )
        predicted = np.concatenate([np.asarray(labels) for labels in row.predicted])
        if len(predicted) != len(found.predicted):
            differ = "other words than the trial's"
        elif (wrong := int((predicted != found.predicted).sum())) > 0:
            differ = f"another label to {wrong} of {len(predicted)} words"
        else:
            continue
        raise UserError(
            f"{trial}: trained once more, the model gives {differ} ({row.language}"
            f" {row.split}), so it isn't this trial's; {_reason(runner, kept)}"
        )


def _reason(runner: Trials, kept: TrialFile) -> str:
    """What differs between the trial's training and this one, as far as both are known."""
    here = {**versions(), "device": runner.device.type}
    trained = kept["training"]
    device = trained.get("device") if trained else None
    there: dict[str, str | None] = {**kept.get("versions", {}), "device": device}
    other = [
        f"{name} {there[name]} then, {here[name]} now"
        for name in here
        if there.get(name) not in (None, here[name])
    ]
    again = "delete the trials of its sweep and run again, so that both are trained here"
    if other:
        return f"{', '.join(other)}; {again}"
    return f"was it trained on another machine, or with other threads? {again}"


def write_tokenizer(model_dir: Path, out: Path, config: Any, layout: Layout) -> None:
    """tokenizer.json and a tokenizer_config.json that makes transformers read it as it is.

    Classes of particular encoders build parts of the tokenizer anew, from options that a directory
    may lack; the general one takes all from tokenizer.json.
    """
    tokenizer = subwords.load_tokenizer(model_dir)
    special = subwords.special_tokens(tokenizer)
    ids = {
        "unk_token": special["unknown"],
        "pad_token": config.pad_token_id,
        "cls_token": next(iter(special["prefix"]), None),
        "sep_token": next(iter(special["suffix"]), None),
    }
    told = {key: tokenizer.id_to_token(i) for key, i in ids.items() if i is not None}
    names = {key: name for key, name in told.items() if name is not None}
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    # An ordinary token that is declared special would be found inside of words.
    names = {k: name for k, name in names.items() if name in added or name[0] + name[-1] in MARKED}
    for mask in ("[MASK]", "<mask>"):
        if tokenizer.token_to_id(mask) is not None:
            names["mask_token"] = mask
    types = ["token_type_ids"] if layout.second_type else []
    content = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": layout.max_length,
        "model_input_names": ["input_ids", *types, "attention_mask"],
        "clean_up_tokenization_spaces": False,
        **names,
    }
    tokenizer.save(str(out / "tokenizer.json"))
    with writing(out / "tokenizer_config.json") as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _check_subwords(runner: Trials, tokenizer: Any, out: Path, language: str, corpus: Path) -> None:
    from datasets import load_from_disk

    words = list(load_from_disk(str(corpus / "data"))["test"]["tokens"])
    expected = [
        sentence.subwords.tolist()
        for sentence in subwords.read_split(runner.setup.encodings[language], "test")
    ]
    found = cut(tokenizer, words, **_how_to_cut(runner))
    prefix, suffix = list(runner.layout.prefix), list(runner.layout.suffix)
    other = [i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b]
    text = " ".join(words[0])
    plain = tokenizer(text, add_special_tokens=False)["input_ids"]
    if tokenizer(text)["input_ids"] != prefix + plain + suffix:
        other.insert(0, 0)
    if other:
        raise UserError(
            f"{out}: transformers cuts sentence {other[0] + 1} of the {language} test set into"
            " other subwords than the trial did, so that its labels would be others; models with"
            " this tokenizer can't be exported"
        )


def _how_to_read(runner: Trials) -> Mapping[str, object]:
    """What pruned_heads.json says of the tokenizer's use."""
    if runner.layout.first:
        return {"pairs": runner.layout.between > 0}
    return _how_to_cut(runner)


def _how_to_cut(runner: Trials) -> HowToCut:
    """What `cut` must know of a tokenizer; pruned_heads.json says it, too."""
    tokenizer = subwords.load_tokenizer(runner.setup.model_dir)
    unknown = subwords.special_tokens(tokenizer)["unknown"]
    return {"word_gap": subwords.word_gap(tokenizer), "unknown": unknown}


def cut(
    tokenizer: Any, sentences: Sequence[Sequence[str]], *, word_gap: str, unknown: int
) -> list[list[int]]:
    """Ids of pre-tokenised sentences by a tokenizer of transformers, without special tokens.

    word_gap: see subwords.word_gap; unknown: the id of a word without subwords.
    """
    apart = [[*words[:1], *(word_gap + word for word in words[1:])] for words in sentences]
    encoded = tokenizer(apart, is_split_into_words=True, add_special_tokens=False)
    found = []
    for index, words in enumerate(apart):
        of_word: list[list[int]] = [[] for _ in words]
        for piece, word in zip(encoded["input_ids"][index], encoded.word_ids(index), strict=True):
            of_word[word].append(piece)
        found.append([piece for pieces in of_word for piece in pieces or [unknown]])
    return found


@torch.no_grad()
def _check_loaded(runner: Trials, out: Path, language: str, trial: Path) -> None:
    model = AutoModelForTokenClassification.from_pretrained(out).to(runner.device).eval()
    layout, recipe = runner.layout, runner.setup.recipe
    sentences = subwords.read_split(
        runner.setup.encodings[language],
        "test",
        recipe["test_sentences"],
        subset=recipe["subset"],
    )[:SENTENCES]
    kept = predictions.read(trial.with_suffix(".parquet"), language=language)
    ends = np.cumsum(kept.lengths)
    for number, sentence in enumerate(sentences):
        if len(sentence.subwords) > layout.room:
            continue  # trials read it in windows
        ids = [*layout.prefix, *sentence.subwords.tolist(), *layout.suffix]
        logits = model(input_ids=torch.tensor([ids], device=runner.device)).logits[0].cpu()
        found = logits.argmax(-1).numpy()[sentence.starts + len(layout.prefix)]
        expected = kept.predicted[ends[number] - kept.lengths[number] : ends[number]]
        names = [model.config.id2label[i] for i in found]
        if names != [kept.labels[i] for i in expected]:
            raise UserError(
                f"{out}: as transformers loads it, the model labels sentence {number + 1} of the"
                f" {language} test set otherwise than the trial did; models of the class"
                f" {type(model).__name__} can't be exported"
            )


def _precision(runner: Trials) -> str:
    """float32 or bfloat16: what the trial's labels were computed in."""
    with autocast(runner.device, runner.setup.recipe["precision"]):
        half = torch.is_autocast_enabled(runner.device.type)
    return "bfloat16" if half else "float32"
