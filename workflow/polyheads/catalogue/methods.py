"""The kinds of rankings that come from a fine-tuned model and a language's dev set.

What each is called, and what its raw scores are. How they are computed is in
``polyheads.importance``, one module for each kind.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """What a reader sees of a kind, and what its scores depend on."""

    about: str  # what the raw score of a head is
    raw: str  # the same for the colour bar of a heat map
    by_layer: bool = True  # False: raw scores of all layers are of one scale and are not divided
    by_batch: bool = False  # True: absolute values or squares are taken per batch: its size matters


KINDS = {
    "gradient": Kind(
        "sum over the sentences of the absolute gradient of the loss with respect to the head's"
        " gate (Michel et al. 2019)",
        "sum over sentences of |∂loss/∂gate|",
    ),
    "gradient-batch": Kind(
        "sum over the batches of the absolute gradient of the loss with respect to the head's gate;"
        " sentences of a batch whose gradients have different signs cancel",
        "sum over batches of |∂loss/∂gate|",
        by_batch=True,
    ),
    "weight-gradient": Kind(
        "sum over the batches of the mean absolute gradient of the head's rows of the key and"
        " value projections",
        "sum over batches of mean |∂loss/∂W|, rows of K and V",
        by_batch=True,
    ),
    "released": Kind(
        "what the code released with Ma et al. (2021) computes: as weight-gradient, but of a"
        " stretch of the projections' input columns, which belong to no head",
        "sum over batches of mean |∂loss/∂W|, columns of K and V",
        by_batch=True,
    ),
    "lrp": Kind(
        "sum over the sentences of the absolute relevance that passes through the head, by"
        " layer-wise relevance propagation with constant attention weights and LayerNorm"
        " denominators (Ali et al. 2022) and the identity rule for activations (Achtibat et al."
        " 2024)",
        "sum over sentences of |relevance|",
    ),
    "attn-lrp": Kind(
        "sum over the sentences of the absolute relevance that passes through the head, by"
        " layer-wise relevance propagation that goes through attention weights, too (AttnLRP,"
        " Achtibat et al. 2024)",
        "sum over sentences of |relevance|",
    ),
    "confidence": Kind(
        "mean over the subwords of the largest attention weight that each gives to a subword"
        " (Voita et al. 2019)",
        "mean of the largest attention weight",
        by_layer=False,
    ),
    "entropy": Kind(
        "mean over the subwords of the entropy of the attention that each pays, below 0, so that"
        " heads that look everywhere are the lowest (Clark et al. 2019)",
        "− mean entropy of attention, nats",
        by_layer=False,
    ),
    "taylor": Kind(
        "less the sum over the sentences of the gradient of the loss with respect to the head's"
        " gate: about how much the loss rises without the head, with its sign (Molchanov et al."
        " 2017)",
        "−sum over sentences of ∂loss/∂gate",
        by_layer=False,
    ),
    "integrated-gradients": Kind(
        "the head's share of how much the loss falls from no head to all, by integrated gradients"
        " along the way on which all gates open together (Sundararajan et al. 2017)",
        "share of the fall of the loss",
        by_layer=False,
    ),
    "fisher": Kind(
        "sum over the batches of the square of the summed gradients of the loss of their sentences"
        " with respect to the head's gate (Kwon et al. 2022)",
        "sum over batches of (∂loss/∂gate)²",
        by_layer=False,
        by_batch=True,
    ),
    "fisher-predicted": Kind(
        "sum over the sentences of the squared gradient with respect to the head's gate of the loss"
        " with labels drawn from the model's own predictions: Fisher information that needs no gold"
        " labels",
        "sum over sentences of (∂loss/∂gate)², labels drawn",
        by_layer=False,
    ),
    "leave-one-out": Kind(
        "how much the mean dev loss of a sentence rises when the head is masked",
        "rise of the dev loss without the head",
        by_layer=False,
    ),
    "shapley": Kind(
        "mean over random orders, followed to half of the heads, of how much the dev accuracy falls"
        " when the head goes after those before it (Held and Yang 2023)",
        "fall of the dev accuracy when the head goes",
        by_layer=False,
    ),
}


def scorer(kind: str) -> str:
    """The module that computes the raw scores of a kind."""
    return f"polyheads.importance.{kind.replace('-', '_')}"
