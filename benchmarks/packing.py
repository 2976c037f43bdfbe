"""Time of a training step: packed batches against padded ones, in one run on the same sentences.

    PYTHONPATH=workflow python benchmarks/packing.py MODEL ENCODING [--steps 20]

MODEL and ENCODING are directories under results/models and results/encodings. Padded to the
longest sentence of a batch is what a token classification script does otherwise; padded to 256 is
what the paper's released code does. The variants take turns, so that a slower moment of the machine
hits all of them.
"""

import argparse
import time
from pathlib import Path

import torch
from torch.nn import functional

from polyheads.encoders import models, subwords
from polyheads.encoders.batches import Layout, pack


def padded_logits(model, sentences, layout, length=None):
    """(words, labels) logits from a padded batch of at least ``length`` tokens."""
    rows = [
        [*layout.prefix, *s.subwords[: layout.room].tolist(), *layout.suffix] for s in sentences
    ]
    longest = max(length or 0, max(map(len, rows)))
    pad = model.config.pad_token_id
    ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    logits = model(input_ids=ids, attention_mask=mask).logits
    return torch.cat(
        [logits[i, torch.tensor(s.starts).long() + 1] for i, s in enumerate(sentences)]
    )


def packed_logits(model, sentences, layout):
    batch = pack(sentences, layout, torch.device("cpu"))
    return model(**batch.inputs).logits[0, batch.positions]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("encoding", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=16)
    options = parser.parse_args()
    torch.set_num_threads(1)
    info, about = subwords.read_info(options.encoding), models.read_info(options.model)
    special = info["special"]
    layout = Layout(
        tuple(special["prefix"]), tuple(special["suffix"]), about["position_offset"], 256
    )
    size = options.batch_size
    sentences = subwords.read_split(options.encoding, "train", options.steps * size)
    if any(len(s.subwords) > layout.room for s in sentences):
        raise SystemExit("a sentence is longer than 254 subwords; take fewer --steps")
    model = models.build(options.model, labels=info["labels"], seed=0).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
    variants = {
        "packed": lambda batch: packed_logits(model, batch, layout),
        "padded to the longest": lambda batch: padded_logits(model, batch, layout),
        "padded to 256": lambda batch: padded_logits(model, batch, layout, 256),
    }
    seconds = dict.fromkeys(variants, 0.0)
    for step in range(options.steps):
        batch = sentences[step * size : (step + 1) * size]
        labels = torch.cat([torch.tensor(s.labels).long() for s in batch])
        for name, logits in variants.items():
            started = time.perf_counter()
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(logits(batch), labels).backward()
            optimizer.step()
            if step:  # the first step warms up
                seconds[name] += time.perf_counter() - started
    for name, total in seconds.items():
        ratio = total / seconds["packed"]
        print(f"{name:24} {total / (options.steps - 1):8.3f} s a step {ratio:6.2f} x packed")


if __name__ == "__main__":
    main()
