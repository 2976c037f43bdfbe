"""Models that classify texts as transformers' sequence classification classes have them.

A trial's head is one linear map of the first token's state. Heads of these classes have a layer
more: BERT's pooler with tanh, a dense layer with tanh (XLM-R, RoBERTa), ReLU (DistilBERT) or GELU
(ELECTRA). For f of these, f(x) - f(-x) is c x, exactly or for small x: so the layer gets the map
and its negative, scaled down, and the last map takes the difference. Logits come out to rounding;
with tanh they shrink by less than a hundred-thousandth, each by itself, so that none overtakes
another. Classes whose head differs otherwise are refused by name, and so is whatever does not give
the trial's labels.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForSequenceClassification

from polyheads.encoders import subwords
from polyheads.encoders.batches import Layout, Sentence, pack
from polyheads.encoders.gates import number_layers
from polyheads.encoders.subwords import read_split
from polyheads.errors import UserError
from polyheads.study import predictions

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from polyheads.training.trials import Trials

SCALE = 2.0**-12  # tanh(x) = x to 2e-5 for logits up to 30
CLOSE = 1e-4  # relative


@torch.no_grad()
def rewritten(model: PreTrainedModel, sentence: Sentence, layout: Layout) -> PreTrainedModel:
    """The sequence classification model with a token classification model's logits.

    Those that it has at the first token.

    sentence: an encoded text, on which that is tried. UserError where no such model is found.
    """
    config = copy.deepcopy(model.config)
    config.problem_type = "single_label_classification"
    if hasattr(config, "classifier_pooling"):  # ModernBERT's, whose other choice is the mean
        config.classifier_pooling = "cls"
    try:
        made: PreTrainedModel = AutoModelForSequenceClassification.from_config(config)
    except ValueError as error:
        raise _refused(model, "transformers has no sequence classification class for it") from error
    torch.nn.Module.to(number_layers(made), model.device).eval()
    made.load_state_dict(model.state_dict(), strict=False)
    given = inputs(sentence, layout, model.device)
    wanted = model.eval()(**given).logits[0, 0]
    _write_head(made, model)
    found = made(**given).logits[0]
    # How many times too large: 2 with tanh, whose difference is 2 x.
    times = round(float(found @ wanted / (wanted @ wanted)))
    if times > 1:
        list(_new_linears(made, model).values())[-1].weight /= times
        found = made(**given).logits[0]
    if not torch.allclose(found, wanted, rtol=CLOSE, atol=CLOSE * float(wanted.abs().max())):
        raise _refused(model, "a linear head can't be written as that of its class")
    return made


def inputs(sentence: Sentence, layout: Layout, device: torch.device) -> dict[str, torch.Tensor]:
    """Keywords of a model call for one text as a user makes them, each (1, tokens)."""
    row = pack([sentence], layout, device).inputs
    found = {"input_ids": row["input_ids"]}
    if "token_type_ids" in row:
        found["token_type_ids"] = row["token_type_ids"]
    return found


def check_tokenizer(runner: Trials, tokenizer: Any, out: Path, language: str, corpus: Path) -> None:
    """UserError unless a tokenizer of transformers makes the trial's tokens and their types.

    Tried on every text of the test set.
    """
    from datasets import load_from_disk

    texts = load_from_disk(str(corpus / "data"))["test"]["tokens"]
    sentences = read_split(runner.setup.encodings[language], "test")
    for number, (text, sentence) in enumerate(zip(texts, sentences, strict=True), 1):
        found = tokenizer(*text, truncation=True)
        wanted = inputs(sentence, runner.layout, torch.device("cpu"))
        if any(found[key] != row[0].tolist() for key, row in wanted.items()):
            raise UserError(
                f"{out}: transformers cuts text {number} of the {language} test set into other "
                "subwords than the trial did, so that its label might be another; models with "
                "this tokenizer can't be exported"
            )


@torch.no_grad()
def check_loaded(runner: Trials, out: Path, language: str, trial: Path, *, texts: int) -> None:
    """UserError unless the directory, as transformers loads it, gives the labels of the trial.

    Tried on the first ``texts`` of the test set.
    """
    model = AutoModelForSequenceClassification.from_pretrained(out).to(runner.device).eval()
    recipe = runner.setup.recipe
    sentences = subwords.read_split(
        runner.setup.encodings[language],
        "test",
        recipe["test_sentences"],
        subset=recipe["subset"],
    )
    kept = predictions.read(trial.with_suffix(".parquet"), language=language)
    for number, sentence in enumerate(sentences[:texts]):
        logits = model(**inputs(sentence, runner.layout, runner.device)).logits[0]
        found = model.config.id2label[int(logits.argmax())]
        if found != kept.labels[kept.predicted[number]]:
            raise UserError(
                f"{out}: as transformers loads it, the model labels text {number + 1} of the"
                f" {language} test set otherwise than the trial did; models of the class"
                f" {type(model).__name__} can't be exported"
            )


def _write_head(made: PreTrainedModel, model: PreTrainedModel) -> None:
    """Give the new layers of ``made`` what makes them the linear head of ``model``."""
    linears = _new_linears(made, model)
    new = made.state_dict().keys() - _of_encoder(model)
    if new == model.state_dict().keys() - _of_encoder(model):  # and so it is loaded already
        return
    others = new - {f"{name}.{kind}" for name in linears for kind in ("weight", "bias")}
    if len(linears) != 2 or others:
        raise _refused(model, f"its head has {', '.join(sorted(others or linears))}")
    head = [part for _, part in _linears(model) if part.out_features == model.config.num_labels][-1]
    inner, last = linears.values()
    labels = head.out_features
    fits = inner.in_features == head.in_features and inner.out_features == last.in_features
    if not fits or 2 * labels > inner.out_features:
        raise _refused(model, f"the inner layer of its head has no room for {labels} labels")
    for linear in (inner, last):
        linear.weight.zero_()
        if linear.bias is not None:
            linear.bias.zero_()
    for sign, rows in ((1, slice(0, labels)), (-1, slice(labels, 2 * labels))):
        inner.weight[rows] = sign * SCALE * head.weight
        if head.bias is not None:
            inner.bias[rows] = sign * SCALE * head.bias
        last.weight[:, rows] = sign / SCALE * torch.eye(labels, device=last.weight.device)


def _new_linears(made: PreTrainedModel, model: PreTrainedModel) -> dict[str, torch.nn.Linear]:
    """The linear maps of ``made`` that the encoder of ``model`` doesn't have, in their order."""
    known = _of_encoder(model)
    return {name: part for name, part in _linears(made) if f"{name}.weight" not in known}


def _of_encoder(model: PreTrainedModel) -> set[str]:
    """The names of the encoder's weights."""
    prefix = f"{model.base_model_prefix}."
    return {name for name in model.state_dict() if name.startswith(prefix)}


def _linears(model: torch.nn.Module) -> list[tuple[str, torch.nn.Linear]]:
    return [(n, part) for n, part in model.named_modules() if isinstance(part, torch.nn.Linear)]


def _refused(model: PreTrainedModel, why: str) -> UserError:
    return UserError(
        f"models of the class {type(model.base_model).__name__} that classify texts can't be "
        f"exported: {why}; leave the experiment out of `exports`"
    )
