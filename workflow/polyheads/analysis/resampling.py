"""Chance in the choice of test sentences and in trainings: bootstrap, exchanges, Holm.

Systems that are compared stand in one array of counts (sentences, systems, width), so that every
draw of sentences is the same for all of them. Sums are whole numbers in floats that hold them
exactly: neither the number of threads nor the size of a block changes any result.

The run that dev data choose among K + 1 is the luckiest of them, and so is the best on test. A
test that takes it as given claims gains of pure noise; those here make the choice again in every
exchange and every draw.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, wraps

import numpy as np

from polyheads.analysis.counts import Score
from polyheads.analysis.estimates import LEVEL

RESAMPLES = 10_000
SEED = 20210808
CELLS = 2**22  # of (draws, sentences) at once: some 100 MB with what is made of them
NO_DIFFERENCE = 1e-9  # percentage points: rounding, less than any difference of counts


def generator(key: str) -> np.random.Generator:
    """Random numbers that depend on a name only: the same test set gets the same draws."""
    return np.random.default_rng([SEED, zlib.crc32(key.encode())])


def bootstrap(
    counts: np.ndarray, score: Score, *, key: str, resamples: int = RESAMPLES
) -> np.ndarray:
    """Scores on draws of as many sentences with replacement (Efron 1979).

    counts: (sentences, systems, width). Returns (resamples, systems).
    """
    flat = _flat(counts)
    out = []
    for weights in _drawn(key, len(counts), resamples):
        sums = weights.astype(flat.dtype, copy=False) @ flat
        out.append(score(sums.reshape(-1, *counts.shape[1:]).astype(np.float64)))
    return np.concatenate(out)


def exchanged(
    counts: Sequence[np.ndarray], score: Score, *, key: str, resamples: int = RESAMPLES
) -> np.ndarray:
    """Mean gains where chance says which of two systems gave a sentence's labels (Noreen 1989).

    counts: for each seed (sentences, 2, width), the unpruned system first. In a draw the systems of
    a sentence change places or don't, in all seeds alike. Returns (resamples,).
    """
    flats = [_flat(side) for side in counts]
    # An exchanged sentence adds what it has after the exchange less what it had before.
    moved = [_flat(side[:, ::-1]) - still for side, still in zip(counts, flats, strict=True)]
    out = []
    for swapped in _swapped(key, len(counts[0]), resamples):
        rows = len(swapped)
        total = np.zeros(rows)
        for side, still, change in zip(counts, flats, moved, strict=True):
            sums = still.sum(0) + swapped.astype(still.dtype, copy=False) @ change
            total += gains(score(sums.reshape(rows, *side.shape[1:]).astype(np.float64)))
        out.append(total / len(counts))
    return np.concatenate(out)


def gains(scores: np.ndarray) -> np.ndarray:
    """(..., systems) -> (...): the best of the others less the first, which is k = 0.

    With one other system that is its gain; with all k > 0 the maximum is redone wherever scores
    are: on the test set itself as in every draw.
    """
    gained: np.ndarray = scores[..., 1:].max(-1) - scores[..., 0]
    return gained


def interval(draws: np.ndarray) -> tuple[float, float]:
    """The percentile interval of a bootstrapped number, LEVEL percent."""
    low, high = np.percentile(draws, [50 - LEVEL / 2, 50 + LEVEL / 2])
    return float(low), float(high)


def p_value(observed: float, draws: np.ndarray, *, two_sided: bool) -> float:
    """Share of draws under the null hypothesis that are as far out; the test itself is one.

    Two-sided for a system that is compared, one-sided (a gain) for the best of several.
    """
    if two_sided:
        observed, draws = abs(observed), np.abs(draws)
    return float((1 + np.sum(draws >= observed - NO_DIFFERENCE)) / (1 + len(draws)))


def p_of_best(whole: Sequence[np.ndarray], draws: Sequence[np.ndarray]) -> float:
    """One-sided p of the mean gain of the best system on test: White's (2000) reality check.

    whole: for each seed (systems,) scores on the test set, k = 0 first; draws: for each seed
    (resamples, systems) scores on draws of its sentences. Under the null hypothesis no system is
    better than the unpruned one; the maximum is that of the draws' deviations, so that systems may
    resemble each other as much as they like.
    """
    null = [gains(drawn - side) for side, drawn in zip(whole, draws, strict=True)]
    observed = float(np.mean([gains(side) for side in whole]))
    return p_value(observed, np.mean(null, axis=0), two_sided=False)


def over_seeds(
    observed: Sequence[float], draws: Sequence[np.ndarray], *, resamples: int = RESAMPLES
) -> np.ndarray:
    """Draws of the mean gain over seeds that hold the noise of training, (resamples,).

    observed: the gain of each seed; draws: for each seed (resamples,) gains on the same draws of
    sentences. With one seed its draws as they are. Else their mean is moved by the spread of the
    seeds: by s / sqrt(n) times Student's t with n - 1 degrees of freedom, because a bootstrap of a
    few seeds is far too sure of itself. The t is made of one normal number for each seed, so that
    comparisons of the same seeds move together (targets of a source share its trainings) and the
    mean of such draws is a draw of the mean.
    """
    mean: np.ndarray = np.mean(draws, axis=0)
    count = len(observed)
    if count == 1:
        return mean
    random = generator(f"{count} seeds")
    normal = random.standard_normal((resamples, count))
    chi_square = random.chisquare(count - 1, resamples)
    away = np.asarray(observed) - np.mean(observed)
    moved: np.ndarray = mean + normal @ away / np.sqrt(count * chi_square)
    return moved


def p_of_seeds(
    dev: Sequence[np.ndarray],
    test: Sequence[np.ndarray],
    *,
    best: bool,
    resamples: int = RESAMPLES,
) -> float | None:
    """One-sided p of the mean gain over seeds where pruning only relabels runs; None for one seed.

    dev, test: for each seed (systems,) scores, k = 0 first; best: the choice is made on test. Two
    null hypotheses, the larger p counts:

    * any of a seed's runs may have been the unpruned one: test[chosen] - test[j] over all j;
    * all differences to the unpruned run may have the other sign, and the choice is made again.
      This holds, too, where pruned runs resemble each other more than the unpruned one, where the
      first claims noise (docs/statistics.md); with n seeds it is never below 2 ** -n.

    All ways to combine the seeds where they are few enough (then p is exact), else random ones.
    """
    if len(test) < 2:
        return None
    nulls = []
    for way in (_relabelled, _mirrored):
        of_seed = [way(*sides, best=best) for sides in zip(dev, test, strict=True)]
        nulls.append(_p_of_means(of_seed, resamples))
    return max(nulls)


def _relabelled(dev: np.ndarray, test: np.ndarray, *, best: bool) -> np.ndarray:
    """(systems,) gains if run j were the unpruned one; the first is the one observed."""
    if best:
        others = np.where(np.eye(len(test), dtype=bool), -np.inf, test)
        gained: np.ndarray = others.max(1) - test
    else:
        gained = test[np.argmax(dev)] - test
    return gained


def _mirrored(dev: np.ndarray, test: np.ndarray, *, best: bool) -> np.ndarray:
    """(2,) gains as observed, and with all differences to the unpruned run negated."""
    chosen = lambda d, t: t[1:].max() if best else t[np.argmax(d)]  # noqa: E731
    dev, test = dev - dev[0], test - test[0]
    return np.array([chosen(dev, test), chosen(-dev, -test)])


def _p_of_means(of_seed: Sequence[np.ndarray], resamples: int) -> float:
    """The p of the mean of every seed's first gain among the means of one gain of each seed."""
    observed = float(np.mean([gains[0] for gains in of_seed]))
    if np.prod([len(gains) for gains in of_seed], dtype=np.float64) <= resamples:
        grids = np.meshgrid(*of_seed, indexing="ij")
        # The first is the one observed, which p_value counts.
        means = np.mean([grid.ravel() for grid in grids], axis=0)[1:]
    else:
        random = generator(f"{len(of_seed)} seeds exchanged")
        means = np.mean([random.choice(gains, resamples) for gains in of_seed], axis=0)
    return p_value(observed, means, two_sided=False)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's (1979) step-down adjustment of a family of p; None takes no part."""
    order = sorted((p, i) for i, p in enumerate(values) if p is not None)
    out: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, i) in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p))
        out[i] = largest
    return out


Draws = Callable[[str, int, int], Iterable[np.ndarray]]


def _kept(draw: Draws) -> Draws:
    """The same draws without drawing again, of the last test sets that are small.

    Languages of a parallel corpus share theirs, and all rankings do.
    """

    @lru_cache(maxsize=4)
    def blocks(key: str, sentences: int, resamples: int) -> Sequence[np.ndarray]:
        return list(draw(key, sentences, resamples))

    @wraps(draw)
    def kept(key: str, sentences: int, resamples: int) -> Iterable[np.ndarray]:
        small = sentences * resamples <= CELLS
        return blocks(key, sentences, resamples) if small else draw(key, sentences, resamples)

    return kept


@_kept
def _drawn(key: str, sentences: int, resamples: int) -> Iterator[np.ndarray]:
    """Blocks (draws, sentences): how often each sentence is drawn."""
    random = generator(key)
    for rows in _blocks(resamples, sentences):
        drawn = random.integers(0, sentences, (rows, sentences))
        # One bincount for all draws of the block.
        drawn += np.arange(rows)[:, None] * sentences
        weights = np.bincount(drawn.ravel(), minlength=rows * sentences)
        yield weights.reshape(rows, sentences).astype(np.float32)


@_kept
def _swapped(key: str, sentences: int, resamples: int) -> Iterator[np.ndarray]:
    """Blocks (draws, sentences): 1 where the systems of a sentence change places, else 0."""
    random = generator(f"{key} randomised")
    for rows in _blocks(resamples, sentences):
        yield (random.random((rows, sentences), dtype=np.float32) < 0.5).astype(np.float32)


def _blocks(resamples: int, sentences: int) -> Iterator[int]:
    """Numbers of draws that are worked on at once."""
    size = max(1, CELLS // max(1, sentences))
    for begin in range(0, resamples, size):
        yield min(size, resamples - begin)


def _flat(counts: np.ndarray) -> np.ndarray:
    """(sentences, systems x width) in the smallest float that holds every sum exactly."""
    largest = int(np.abs(counts).max(initial=0)) * len(counts)
    kind = np.float32 if 2 * largest < 2**24 else np.float64
    return counts.reshape(len(counts), -1).astype(kind)
