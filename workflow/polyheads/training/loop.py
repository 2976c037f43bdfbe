"""Fine-tuning: one loop for baselines, rankings and trials.

The paper's hyper-parameters are the defaults of a recipe (3 epochs, 5e-5, batch 16, file
order, linear decay, gradient norm clipped at 1, no weight decay). AdamW, cross-entropy over
the first subwords, mean over the labelled words of a batch.
"""

from __future__ import annotations

import time

import torch
from torch.nn import functional

from polyheads.encoders import rows
from polyheads.encoders.batches import Batch
from polyheads.encoders.forward import autocast, word_logits
from polyheads.study.records import Fit, Recipe
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.steps import Batches, Losses, record

LOG_SECONDS = 10  # a line of progress at most this often: logs are files, not terminals


def train(
    model: torch.nn.Module,
    batches: Batches,
    *,
    recipe: Recipe,
    gate: torch.Tensor | None,
    seed: int,
    checkpoint: Checkpoint,
    name: str,
) -> Fit:
    """Fine-tune ``model`` in place, on the device of its ``batches``.

    gate: (layers, heads) with 0 for pruned heads, or None. seed: of the dropout. Goes on from
    ``checkpoint`` where it holds this training; while it lasts, the model and its checkpoints have
    the embedding rows in use only. UserError when the loss becomes NaN or infinite.
    """
    used = rows.trained(model, batches.tokens, weight_decay=recipe["weight_decay"])
    with rows.only(model, used):
        losses = _steps(model, batches, recipe, gate, seed, checkpoint, name)
    return record(batches, losses)


def _steps(
    model: torch.nn.Module,
    batches: Batches,
    recipe: Recipe,
    gate: torch.Tensor | None,
    seed: int,
    checkpoint: Checkpoint,
    name: str,
) -> list[float]:
    """All steps of a training, or those that are left of it; the losses of all."""
    device, schedule = batches.device, batches.schedule
    steps = schedule.steps
    gate = None if gate is None else gate.to(device)
    model.to(device).train()
    # Heads that are gated off get no gradient: their weights stay as they are.
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=recipe["learning_rate"],
        weight_decay=recipe["weight_decay"],
        fused=True,
    )
    torch.manual_seed(seed)  # dropout
    begin, before = 0, []
    restored = checkpoint.restore(model, optimizer)
    if restored:
        begin, before = restored[0], restored[1]["losses"]
        print(f"{name}: goes on from step {begin} of {steps}", flush=True)
    losses = Losses(name=name, steps=steps, device=device, before=before)
    spoken = started = time.monotonic()
    for step in range(begin, steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        losses.add(learn(model, optimizer, batches.at(step), gate, recipe))
        now = time.monotonic()
        if now - spoken > LOG_SECONDS or step + 1 == steps:
            left = (now - started) / (step + 1 - begin) * (steps - step - 1)
            print(
                f"{name}: step {step + 1}/{steps}, "
                f"epoch {step // schedule.per_epoch + 1}/{schedule.epochs}, "
                f"loss {losses.read()[-1]:.4f}, {left:.0f} s left",
                flush=True,
            )
            spoken = now
        if checkpoint.due() and step + 1 < steps:
            checkpoint.save(model, optimizer, step=step + 1, record={"losses": losses.read()})
    return losses.read()


def learn(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    gate: torch.Tensor | None,
    recipe: Recipe,
) -> torch.Tensor:
    """One step on a batch; its loss, (), which is not looked at here: that would wait for a GPU."""
    with autocast(batch.labels.device, recipe["precision"]):
        logits = word_logits(model, batch, gate)
    loss = functional.cross_entropy(logits, batch.labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), recipe["clip"])
    optimizer.step()
    return loss
