"""The Fisher information of the gates, with labels that the model draws itself.

The Fisher information is an expectation over the model's own predictive distribution,

    F_hh  =  mean over sentences of  E over y ~ p(y | x)  of  (d log p(y | x) / d gate_h)^2,

and the empirical one (``fisher``), with gold labels, is something else (Kunstner et al. 2019). Here
every word's label is drawn once from the softmax of its logits, with all heads on, and the score is
the sum over sentences of the squared gradient of their loss with these labels. No gold label is
read, so heads can be ranked on text that has none.

Squares are taken of single sentences. In sums over batches drawn labels would only add noise:
the expected gradient of a sentence is 0, so the expected square of a sum is the sum of squares.
The loss of a sentence is the mean over its words, as in the other rankings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence, chunks
from polyheads.encoders.forward import word_logits
from polyheads.importance.fisher import squared
from polyheads.importance.gradient import gate_gradients
from polyheads.importance.how import How


def score(
    model: torch.nn.Module, sentences: Sequence[Sentence], *, seed: int = 0, **how: Unpack[How]
) -> np.ndarray:
    """(layers, heads) sum over the sentences of squared gradients; ``seed`` draws the labels."""
    return squared(gate_gradients(model, drawn(model, sentences, seed=seed, **how), **how), 1)


@torch.no_grad()
def drawn(
    model: torch.nn.Module, sentences: Sequence[Sentence], *, seed: int, **how: Unpack[How]
) -> list[Sentence]:
    """The sentences with labels drawn from the model's predictions.

    Every sentence has a generator of its own, so that its labels don't depend on ``batch_size``.
    """
    model.to(how["device"]).eval()
    found: list[Sentence] = []
    batches = chunks(sentences, size=how["batch_size"], layout=how["layout"], device=how["device"])
    for batch in batches:
        probabilities = word_logits(model, batch, None).double().softmax(-1)  # (N, labels)
        below = probabilities.cumsum(-1).cpu().numpy()
        owner = batch.example.cpu().numpy()
        for example in range(batch.size):
            sentence = sentences[len(found)]
            mine = owner == example
            share = np.empty((len(sentence.starts), below.shape[1]))
            share[batch.word[mine]] = below[mine]  # (words, labels), whatever window they are in
            chance = np.random.default_rng([seed, len(found)]).random((len(share), 1))
            # The last sum is 1 but for rounding; the last label has all that is left.
            labels = (chance >= share[:, :-1]).sum(1)
            found.append(sentence._replace(labels=labels))
    return found
