"""The peer: transformers' Trainer with its defaults, on the same sentences in the same order.

Its defaults are a fused AdamW, gradients clipped to a norm of 1, a linear schedule, batches padded
to their longest sentence by DataCollatorForTokenClassification. What differs from them: the
sentences come in file order, as here; nothing is evaluated or saved meanwhile; no bar of progress.
No head is pruned, since transformers 5 has no `prune_heads`; that changes next to nothing of the
time. Trainer needs `accelerate` (benchmarks/requirements.txt).
"""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch

from benchmarks import padded
from polyheads.encoders import subwords
from polyheads.encoders.batches import Sentence
from polyheads.training.trials import Trials

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, Trainer


def fit(
    runner: Trials, *, bf16: bool = False, padded_to: int | None = None, predict: bool = False
) -> Trainer:
    """Load the encoder and fine-tune it on what ``runner`` trains on; give the Trainer.

    bf16: the option of that name. padded_to: every batch to so many tokens, as the paper's
    released code does. predict: then the logits of dev and test, as a trial has labels of both.
    """
    from transformers import (
        AutoModelForTokenClassification,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
    )

    recipe, where = runner.setup.recipe, runner.setup
    model = AutoModelForTokenClassification.from_pretrained(
        where.model_dir, num_labels=len(runner.labels)
    )
    collator = DataCollatorForTokenClassification(
        _tokenizer(model.config.pad_token_id),
        padding="max_length" if padded_to else True,
        max_length=padded_to,
    )
    with TemporaryDirectory() as directory, redirect_stdout(io.StringIO()):
        arguments: dict[str, Any] = {
            "num_train_epochs": recipe["epochs"],
            "per_device_train_batch_size": recipe["batch_size"],
            "learning_rate": recipe["learning_rate"],
            "seed": where.seed,
        }
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                directory,
                **arguments,
                bf16=bf16,
                use_cpu=where.device == "cpu",
                train_sampling_strategy="sequential",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=_dataset(runner, runner.train_sets[0]),
            data_collator=collator,
        )
        # Our trainings ask for it; the Trainer's default is without, which is faster on a GPU.
        torch.use_deterministic_algorithms(False)
        trainer.train()
        if predict:
            for split in ("dev", "test"):
                with redirect_stderr(io.StringIO()):
                    trainer.predict(_dataset(runner, sentences(runner, split)))
        torch.use_deterministic_algorithms(True, warn_only=True)
    return trainer


def sentences(runner: Trials, split: str) -> list[Sentence]:
    """What a trial of ``runner`` predicts of a split."""
    limit = runner.setup.recipe[f"{split}_sentences"]  # type: ignore[literal-required]
    return subwords.read_split(runner.setup.encodings["en"], split, limit)


def _dataset(runner: Trials, found: list[Sentence]) -> list[dict[str, list[int]]]:
    return [padded.features(sentence, runner.layout) for sentence in found]


def _tokenizer(pad: int) -> PreTrainedTokenizerFast:
    """A tokenizer that does what the collator needs of one: it pads."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"[PAD]": pad, "[UNK]": pad + 1}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    return PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="[PAD]")
