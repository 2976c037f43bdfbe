"""Fine-tuning: one loop for baselines, rankings and trials.

The paper's hyper-parameters are the defaults of a recipe (3 epochs, 5e-5, batch 16, file
order, linear decay, gradient norm clipped at 1, no weight decay). AdamW, cross-entropy over
the first subwords, mean over the labelled words of a batch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import torch
from torch.nn import functional

from polyheads.encoders import dropout
from polyheads.encoders.batches import Layout, Sentence, epoch_order, pack
from polyheads.encoders.forward import autocast, word_logits
from polyheads.encoders.schedule import linear_schedule
from polyheads.errors import UserError
from polyheads.study.records import Fit, Recipe
from polyheads.training.checkpoints import Checkpoint

LOG_SECONDS = 10  # a line of progress at most this often: logs are files, not terminals


def train(
    model: torch.nn.Module,
    corpora: Sequence[Sequence[Sentence]],
    *,
    recipe: Recipe,
    layout: Layout,
    gate: torch.Tensor | None,
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint,
    name: str,
) -> Fit:
    """Fine-tune ``model`` in place on the concatenated ``corpora`` of a mixture.

    gate: (layers, heads) with 0 for pruned heads, or None. Goes on from ``checkpoint`` where
    it holds this training. UserError when the loss becomes NaN or infinite.
    """
    sentences = [sentence for corpus in corpora for sentence in corpus]
    sizes = [len(corpus) for corpus in corpora]
    size, epochs = recipe["batch_size"], recipe["epochs"]
    per_epoch = math.ceil(len(sentences) / size)
    steps = per_epoch * epochs
    rising = int(steps * recipe["warmup"])
    gate = None if gate is None else gate.to(device)
    model.to(device).train()
    # Heads that are gated off get no gradient: their weights stay as they are.
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=recipe["learning_rate"],
        weight_decay=recipe["weight_decay"],
        fused=True,
    )
    torch.manual_seed(seed)  # dropout on a GPU
    stream = dropout.install(model, seed=seed) if device.type == "cpu" else None
    losses: list[float] = []
    begin = 0
    restored = checkpoint.restore(model, optimizer, stream)
    if restored:
        begin, record = restored
        losses = record["losses"]
        print(f"{name}: goes on from step {begin} of {steps}", flush=True)
    order = None
    spoken = started = time.monotonic()
    for step in range(begin, steps):
        epoch, inside = divmod(step, per_epoch)
        if order is None or inside == 0:
            order = epoch_order(
                sizes, order=recipe["order"], mixing=recipe["mixing"], seed=seed, epoch=epoch
            )
        chosen = [sentences[i] for i in order[inside * size : (inside + 1) * size]]
        batch = pack(chosen, layout, device)
        factor = linear_schedule(step, steps=steps, rising=rising)
        for group in optimizer.param_groups:
            group["lr"] = recipe["learning_rate"] * factor
        with autocast(device, recipe["precision"]):
            logits = word_logits(model, batch, gate)
        loss = functional.cross_entropy(logits, batch.labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise UserError(
                f"{name}: the loss became {losses[-1]} at step {step + 1} of {steps}; lower "
                "learning_rate in the recipe, or set its precision to float32"
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe["clip"])
        optimizer.step()
        now = time.monotonic()
        if now - spoken > LOG_SECONDS or step + 1 == steps:
            left = (now - started) / (step + 1 - begin) * (steps - step - 1)
            print(
                f"{name}: step {step + 1}/{steps}, epoch {epoch + 1}/{epochs}, "
                f"loss {losses[-1]:.4f}, {left:.0f} s left",
                flush=True,
            )
            spoken = now
        if checkpoint.due() and step + 1 < steps:
            checkpoint.save(
                model, optimizer, step=step + 1, record={"losses": losses}, stream=stream
            )
    tenth = max(1, len(losses) // 10)
    return {
        "sentences": len(sentences),
        "words": int(sum(len(s.starts) for s in sentences)),
        "steps": steps,
        "epochs": epochs,
        "loss_first": round(sum(losses[:tenth]) / tenth, 6),
        "loss_last": round(sum(losses[-tenth:]) / tenth, 6),
    }
