"""Gradients of gates whose absolute value is taken per batch.

So do the scripts that are mostly used for head importance (run_bertology of transformers,
TextPruner): one gate for all, the loss is the mean over the labelled words of a batch, and the
score of a head is the sum over batches of |d loss / d gate|. Sentences whose gradients have
different signs cancel, so the order depends on the size of the batches and on the order of the
sentences; with one sentence in a batch it is the ``gradient`` ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence
from polyheads.importance.gradient import gate_gradients, summed
from polyheads.importance.how import How


def score(model: torch.nn.Module, sentences: Sequence[Sentence], **how: Unpack[How]) -> np.ndarray:
    """(layers, heads) raw scores: sum over the batches of the absolute gradients.

    A batch's loss is the mean over its words, so a sentence enters with its share of the words.
    """
    gradients = gate_gradients(model, sentences, **how)
    words = np.array([len(sentence.starts) for sentence in sentences], dtype=np.float64)
    begins = np.arange(0, len(sentences), how["batch_size"])
    weighted = gradients * words[:, None, None]
    sums = np.add.reduceat(weighted, begins) / np.add.reduceat(words, begins)[:, None, None]
    return summed(sums)
