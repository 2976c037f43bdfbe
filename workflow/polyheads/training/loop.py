"""Fine-tuning: one loop for baselines, rankings and trials.

The paper's hyper-parameters are the defaults of a recipe (3 epochs, 5e-5, batch 16, file
order, linear decay, gradient norm clipped at 1, no weight decay). AdamW, cross-entropy over
the first subwords, mean over the labelled words of a batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch.nn import functional

from polyheads.encoders import dropout, rows
from polyheads.encoders.batches import Batch
from polyheads.encoders.forward import autocast, word_logits
from polyheads.study.records import Fit, Recipe
from polyheads.training.checkpoints import Checkpoint, Record
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
    device = batches.device
    gate = None if gate is None else gate.to(device)
    used = rows.trained(model, batches.tokens, weight_decay=recipe["weight_decay"])
    with rows.only(model, used):
        model.to(device).train()
        how = partial(learn, model, gate=gate, recipe=recipe)
        (losses,) = steps(model, batches, how, recipe, seed, checkpoint, [name])
    return record(batches, losses)


# (optimiser, batch) -> the losses of one step, () or one for each training of a stack
Learn = Callable[[torch.optim.Optimizer, Batch], torch.Tensor]


def steps(
    model: torch.nn.Module,
    batches: Batches,
    learn: Learn,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    names: Sequence[str],
) -> list[list[float]]:
    """All steps of a training, or of several in one pass, or those that are left of them.

    names: of each of them. Returns the losses of all steps, of one training after the other.
    """
    device, schedule = batches.device, batches.schedule
    count, number = len(names), schedule.steps
    name = names[0] if count == 1 else f"{names[0]} and {count - 1} more"
    # Heads that are gated off get no gradient: their weights stay as they are.
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=recipe["learning_rate"],
        weight_decay=recipe["weight_decay"],
        fused=True,
    )
    torch.manual_seed(seed)  # dropout on a GPU
    stream = dropout.install(model, seed=seed) if device.type == "cpu" else None
    begin, before = 0, []
    restored = checkpoint.restore(model, optimizer, stream)
    if restored:
        begin, before = restored[0], restored[1]["losses"]
        print(f"{name}: goes on from step {begin} of {number}", flush=True)
    losses = [
        Losses(name=each, steps=number, device=device, before=before[place::count])
        for place, each in enumerate(names)
    ]
    spoken = started = time.monotonic()
    for step in range(begin, number):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        found = learn(optimizer, batches.at(step))
        for own, loss in zip(losses, found.reshape(count), strict=True):
            own.add(loss)
        now = time.monotonic()
        if now - spoken > LOG_SECONDS or step + 1 == number:
            left = (now - started) / (step + 1 - begin) * (number - step - 1)
            print(
                f"{name}: step {step + 1}/{number}, "
                f"epoch {step // schedule.per_epoch + 1}/{schedule.epochs}, "
                f"{_spoken([own.read()[-1] for own in losses])}, {left:.0f} s left",
                flush=True,
            )
            spoken = now
        if checkpoint.due() and step + 1 < number:
            by_step = zip(*[own.read() for own in losses], strict=True)
            kept: Record = {"losses": [loss for row in by_step for loss in row]}
            checkpoint.save(model, optimizer, step=step + 1, record=kept, stream=stream)
    return [own.read() for own in losses]


def _spoken(losses: Sequence[float]) -> str:
    if len(losses) == 1:
        return f"loss {losses[0]:.4f}"
    return f"losses {min(losses):.4f} to {max(losses):.4f}"


def learn(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    *,
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
