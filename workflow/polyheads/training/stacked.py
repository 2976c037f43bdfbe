"""Several trainings in one pass: trials of a sweep, which differ in their heads only.

The weights of all trials are stacked along a new first axis, and every trial has a gate of its
own. `vmap` maps an unmodified model over both: one call works on n trials, which fills a GPU that
the short sentences of one would leave idle. Batches, order, schedule and dropout are the same for
all (``randomness="same"`` draws one mask for a batch, as a training on its own does); loss,
clipping and optimiser state are each trial's own. So a trial's numbers are those of a training on
its own, up to the rounding of products that are computed together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.func import functional_call, vmap
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from polyheads.encoders import rows
from polyheads.encoders.batches import Batch
from polyheads.encoders.forward import autocast, word_logits
from polyheads.encoders.weights import in_one_line
from polyheads.study.records import Fit, Recipe
from polyheads.training import loop
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.memory import largest_batch
from polyheads.training.steps import Batches, record

TOLERANCE = 1e-3  # of a loss that is computed in float32 in another order


@dataclass(frozen=True)
class Trained:
    """What n trials learned in one pass, in their order."""

    weights: dict[str, torch.Tensor]  # name of a parameter -> (n, ...)
    rows: torch.Tensor | None  # tokens whose embedding rows are in `weights`; None: all of them
    fits: list[Fit]


@contextmanager
def copies(model: torch.nn.Module, count: int) -> Iterator[None]:
    """Inside, every parameter of ``model`` has a first axis of ``count`` copies of its weights.

    The model then holds a stack and can't be called as it is; buffers stay as they are. Afterwards
    it has the weights that it had before.
    """
    own = [(weight, weight.data) for weight in model.parameters()]
    try:
        for weight, data in own:
            weight.data = data.expand(count, *data.shape).clone()
        yield
    finally:
        for weight, data in own:
            weight.data, weight.grad = data, None


def put(model: torch.nn.Module, trained: Trained, place: int) -> None:
    """Give a model the weights of the trial at ``place`` of a stack.

    The model must have the weights that the stack began with, or those of another of its trials.
    """
    with rows.only(model, trained.rows), torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(trained.weights[name][place])


def losses_of(
    model: torch.nn.Module, batch: Batch, gates: torch.Tensor, precision: str
) -> torch.Tensor:
    """The loss of every trial on a batch, (n,).

    model: stacked; gates: (n, layers, heads).
    """
    device = batch.labels.device

    def loss(weights: dict[str, torch.Tensor], gate: torch.Tensor) -> torch.Tensor:
        def call(**inputs: object) -> object:
            return functional_call(model, weights, kwargs=inputs)

        with autocast(device, precision), _WholeLayersCast(device):
            logits = word_logits(call, batch, gate)
        return functional.cross_entropy(logits, batch.labels)

    # The fused kernels of attention draw their dropout inside, another one for every trial (PyTorch
    # refuses them under "same" for that), and take no mask that all trials share.
    with sdpa_kernel(SDPBackend.MATH):
        found: torch.Tensor = vmap(loss, randomness="same")(dict(model.named_parameters()), gates)
    return found


class _WholeLayersCast(TorchFunctionMode):
    """Inside, autocast's type is that of a whole linear layer, as it is without `vmap`.

    `vmap` makes a product and a sum of a layer before autocast sees it. Only the product would be
    in 16 bits then, and its sum with the bias, and all that follows, in 32 again.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.kind = device.type

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is functional.linear and torch.is_autocast_enabled(self.kind):
            dtype = torch.get_autocast_dtype(self.kind)
            args = tuple(None if part is None else part.to(dtype) for part in args)
        return func(*args, **(kwargs or {}))


def clip(model: torch.nn.Module, limit: float) -> None:
    """Scale the gradient of each trial of a stack to a norm of at most ``limit``.

    Each as torch.nn.utils.clip_grad_norm_ does it for one model.
    """
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    norms = [torch.linalg.vector_norm(grad.flatten(1), dim=1) for grad in gradients]
    whole = torch.linalg.vector_norm(torch.stack(norms), dim=0)  # (n,)
    factor = (limit / (whole + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor.view(-1, *[1] * (gradient.dim() - 1)))


def learn(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    *,
    gates: torch.Tensor,
    recipe: Recipe,
) -> torch.Tensor:
    """One step of all trials on a batch; their losses, (n,), which are not looked at here."""
    losses = losses_of(model, batch, gates, recipe["precision"])
    optimizer.zero_grad(set_to_none=True)
    losses.sum().backward()  # the gradient of a sum of losses is each loss's own for its trial
    clip(model, recipe["clip"])
    optimizer.step()
    return losses


def train(
    model: torch.nn.Module,
    batches: Batches,
    *,
    recipe: Recipe,
    gates: torch.Tensor,
    seed: int,
    checkpoint: Checkpoint,
    names: Sequence[str],
) -> Trained:
    """Fine-tune n trials from the weights of ``model``, which stays as it is.

    gates: (n, layers, heads), 0 for pruned heads. seed: of the dropout. names: of the trials, for
    what is said of them. Goes on from ``checkpoint`` where it holds this stack. UserError when a
    loss becomes NaN or infinite; torch.OutOfMemoryError where the stack is too large, on a GPU as
    a rule before the first step.
    """
    gates = gates.to(batches.device)
    used = rows.trained(model, batches.tokens, weight_decay=recipe["weight_decay"])
    with rows.only(model, used):
        model.to(batches.device).train()
        how = partial(learn, model, gates=gates, recipe=recipe)
        with copies(model, len(gates)):
            if batches.device.type == "cuda":
                _try_largest(model, batches, gates, recipe)
            losses = loop.steps(model, batches, how, recipe, seed, checkpoint, names)
            weights = {name: weight.detach() for name, weight in model.named_parameters()}
    return Trained(weights, used, [record(batches, own) for own in losses])


def _try_largest(
    model: torch.nn.Module, batches: Batches, gates: torch.Tensor, recipe: Recipe
) -> None:
    """Take the memory that the largest batch will take, so that too little of it shows now."""
    moments = [torch.empty_like(weight) for weight in model.parameters() for _ in range(2)]
    losses_of(model, largest_batch(batches), gates, recipe["precision"]).sum().backward()
    for weight in model.parameters():
        weight.grad = None
    del moments


def reason_against(model: torch.nn.Module, batch: Batch, shape: tuple[int, int]) -> str | None:
    """Why trainings of a model can't be one pass; None where they can.

    Some encoders do what `vmap` can't follow. Two trials on one batch, without dropout, must have
    the losses that each has on its own. shape: (layers, heads).
    """
    gates = torch.ones(2, *shape, device=batch.labels.device)
    gates[1, 0, 0] = 0
    model.to(gates.device).eval()
    try:
        with torch.no_grad():
            logits = [word_logits(model, batch, gate) for gate in gates]
            alone = torch.stack([functional.cross_entropy(each, batch.labels) for each in logits])
            with copies(model, 2):
                together = losses_of(model, batch, gates, "float32")
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        return in_one_line(error)
    if torch.allclose(alone, together, rtol=TOLERANCE, atol=TOLERANCE):
        return None
    return f"its losses are {together.tolist()} instead of {alone.tolist()}"
