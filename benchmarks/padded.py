"""Padded batches, as scripts around transformers make them: a row for each sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional

from polyheads.encoders.batches import Layout, Sentence
from polyheads.encoders.gates import gate_without

IGNORED = -100  # the label of tokens that carry no word


def features(sentence: Sentence, layout: Layout) -> dict[str, list[int]]:
    """A sentence as tokenizers and alignment of labels leave it: first subwords are labelled."""
    labels = np.full(len(sentence.subwords), IGNORED)
    labels[sentence.starts] = sentence.labels
    return {
        "input_ids": [*layout.prefix, *sentence.subwords.tolist(), *layout.suffix],
        "labels": [
            *[IGNORED] * len(layout.prefix),
            *labels.tolist(),
            *[IGNORED] * len(layout.suffix),
        ],
    }


def batches(
    sentences: Sequence[Sentence], size: int, layout: Layout, pad: int, device: torch.device
) -> Iterator[dict[str, torch.Tensor]]:
    """Model inputs and labels, (size, longest) each, padded to the longest of a batch."""
    for begin in range(0, len(sentences), size):
        rows = [features(sentence, layout) for sentence in sentences[begin : begin + size]]
        longest = max(len(row["input_ids"]) for row in rows)

        def tensor(lists: list[list[int]], fill: int, to: int = longest) -> torch.Tensor:
            return torch.tensor([row + [fill] * (to - len(row)) for row in lists], device=device)

        yield {
            "input_ids": tensor([row["input_ids"] for row in rows], pad),
            "attention_mask": tensor([[1] * len(row["input_ids"]) for row in rows], 0),
            "labels": tensor([row["labels"] for row in rows], IGNORED),
        }


def score(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    *,
    size: int,
    layout: Layout,
    shape: tuple[int, int],
    device: torch.device,
    frozen: bool,
) -> np.ndarray:
    """(layers, heads) sum over batches of |d loss / d gate|, one gate for all of a batch.

    With ``size`` 1 these are the gradients of examples. frozen: the weights need no gradients;
    run_bertology and what was made of it compute them and throw them away.
    """
    model.to(device).eval().requires_grad_(not frozen)
    total = np.zeros(shape)
    for batch in batches(sentences, size, layout, model.config.pad_token_id, device):
        gate = torch.ones(shape, device=device, requires_grad=True)
        labels = batch.pop("labels")
        logits = model(**batch, head_gate=gate).logits.flatten(0, 1)
        functional.cross_entropy(logits, labels.flatten(), ignore_index=IGNORED).backward()
        assert gate.grad is not None, "the loss depends on the gate"
        total += gate.grad.abs().double().cpu().numpy()
        model.zero_grad()
    return total


@torch.no_grad()
def mask(
    model: torch.nn.Module,
    sentences: Sequence[Sentence],
    lowest: Sequence[Sequence[int]],
    ks: Sequence[int],
    *,
    size: int,
    layout: Layout,
    shape: tuple[int, int],
    device: torch.device,
) -> list[list[np.ndarray]]:
    """Labels of every word without the k lowest heads, for each k, by a pass for each k."""
    model.to(device).eval()
    found = []
    for k in ks:
        gate = gate_without(lowest[:k], *shape).to(device)
        of_k = []
        for batch in batches(sentences, size, layout, model.config.pad_token_id, device):
            labels = batch.pop("labels")
            best = model(**batch, head_gate=gate).logits.argmax(-1)
            of_k += [
                row[wanted != IGNORED].cpu().numpy()
                for row, wanted in zip(best, labels, strict=True)
            ]
        found.append(of_k)
    return found
