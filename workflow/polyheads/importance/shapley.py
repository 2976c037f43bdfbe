"""What heads add to the dev accuracy, on average over the orders in which heads may go.

Held and Yang (2023, Shapley Head Pruning): the heads are the players of a game whose value v is
the accuracy on the dev set with these heads on, and a head has its Shapley value

    phi_h  =  mean over the orders of all heads of  v(the heads that h leaves behind, and h)
                                                    - v(the heads that h leaves behind),

estimated from random orders in which heads go one after the other. A negative value is a head
without which the model is better. As in the paper and its code,

* an order is followed to half of the heads only (of fewer heads the model knows next to nothing),
  so a value is the mean of what a head adds where at most half of the heads have gone before it;
* a head is retired, and asked for no more, once it surely does no harm: when the mean of its
  samples is above HARM by more than the empirical Bernstein bound (Audibert et al. 2009)

    sigma sqrt(2 ln(3/delta) / n)  +  3 R ln(3/delta) / n

  of n samples with deviation sigma and range R = 1, at delta = 0.1. The released code
  has n outside the root, sigma sqrt(2 ln(3/delta)) / n, which is less and no bound. Lines of the
  log show how many heads either has retired. Both have the second term, so neither retires a head
  of value 0 before it has 1021 samples: how long this takes is up to PAIRS.

Unlike theirs, orders come in pairs, one and the same backwards, so that every head is in the first
half of one of them: after n pairs each has n samples, independent of each other, instead of a
random number. Accuracy is the share of right words, whatever the task's own metric is. Dear: a
pair costs as many passes over the dev set as there are heads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Unpack

import numpy as np
import torch

from polyheads.encoders.batches import Sentence
from polyheads.importance.how import How
from polyheads.importance.masked import accuracies, packed

PAIRS = 32  # of orders
DELTA = 0.1  # how often the bound may be wrong
RANGE = 1.0  # of what a head may add, as in the released code; the widest is from -1 to 1
HARM = -0.01  # a head that surely adds more is retired

Heads = Sequence[int]  # numbers of heads, layer * (heads in a layer) + head
Value = Callable[[Sequence[Heads]], np.ndarray]  # sets of heads that are off -> a value each
Bound = Callable[[Sequence[float]], float]


def score(
    model: torch.nn.Module, sentences: Sequence[Sentence], *, seed: int = 0, **how: Unpack[How]
) -> np.ndarray:
    """(layers, heads) estimated Shapley values, shares of words; ``seed`` draws the orders."""
    shape, device = how["shape"], how["device"]
    model.to(device).eval()
    batches = packed(sentences, layout=how["layout"], batch_size=how["batch_size"], device=device)

    def value(sets: Sequence[Heads]) -> np.ndarray:
        gates = [torch.ones(shape) for _ in sets]
        for gate, off in zip(gates, sets, strict=True):
            gate.view(-1)[list(off)] = 0
        return accuracies(model, batches, gates)

    heads = math.prod(shape)
    samples = sample(pairs_of_orders(heads, seed), value, heads, deepest=math.ceil(heads / 2))
    return np.array([np.mean(of_head) for of_head in samples]).reshape(shape)


def pairs_of_orders(heads: int, seed: int) -> Iterator[Heads]:
    """Orders of all heads, every second one that before it backwards."""
    rng = np.random.default_rng(seed)
    for _ in range(PAIRS):
        order = rng.permutation(heads).tolist()
        yield order
        yield order[::-1]


def sample(orders: Iterable[Heads], value: Value, heads: int, deepest: int) -> list[list[float]]:
    """What each head adds in each order that it was asked for in: (heads) lists of samples.

    deepest: how far an order is followed, in heads.
    """
    samples: list[list[float]] = [[] for _ in range(heads)]
    for number, order in enumerate(orders, 1):
        asked = {head for head in range(heads) if not retired(samples[head], bound)}
        for head, added in contributions(order[:deepest], asked, value).items():
            samples[head].append(added)
        if number % 2 == 0:
            _report(number // 2, samples)
    return samples


def contributions(order: Heads, asked: set[int], value: Value) -> dict[int, float]:
    """What is lost when each head that is ``asked`` for goes, those before it being gone."""
    places = [place for place, head in enumerate(order) if head in asked]
    gone = sorted({n for place in places for n in (place, place + 1)})
    values = dict(zip(gone, value([order[:n] for n in gone]), strict=True))
    return {order[place]: float(values[place] - values[place + 1]) for place in places}


def bound(samples: Sequence[float]) -> float:
    """The empirical Bernstein bound: how far their mean may be from the expectation."""
    log, n = math.log(3 / DELTA), len(samples)
    return float(np.std(samples)) * math.sqrt(2 * log / n) + 3 * RANGE * log / n


def released_bound(samples: Sequence[float]) -> float:
    """The same as the released code computes it, with n outside the root."""
    log, n = math.log(3 / DELTA), len(samples)
    return float(np.std(samples)) * math.sqrt(2 * log) / n + 3 * RANGE * log / n


def retired(samples: Sequence[float], bound: Bound) -> bool:
    """Whether a head with these samples is asked for no more."""
    return len(samples) > 1 and float(np.mean(samples)) - bound(samples) > HARM


def _report(pairs: int, samples: Sequence[Sequence[float]]) -> None:
    errors = [np.std(s, ddof=1) / len(s) ** 0.5 for s in samples if len(s) > 1]
    error = f", standard error {np.median(errors):.2g}" if errors else ""
    by_bound, by_released = (
        sum(retired(s, which) for s in samples) for which in (bound, released_bound)
    )
    print(
        f"shapley: {pairs} of {PAIRS} pairs of orders{error}; {by_bound} of {len(samples)} heads"
        f" retired ({by_released} by the released bound)",
        flush=True,
    )
