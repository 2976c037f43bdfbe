"""How the learning rate of a training changes, in pre-training and fine-tuning alike."""

from __future__ import annotations


def linear_schedule(step: int, *, steps: int, rising: int) -> float:
    """What the learning rate of a step, counted from 0, is multiplied by.

    It rises in equal parts over the first ``rising`` steps and reaches 1 with the last of them;
    from there on it falls, to one part before 0 in the last step. transformers'
    get_linear_schedule_with_warmup is one part lower while it rises: its first step, with a rate
    of 0, would learn nothing.
    """
    if step < rising:
        return (step + 1) / rising
    return (steps - step) / max(1, steps - rising)
