"""Small encoders made from nothing: a tokenizer is trained and BERT or XLM-R pre-trained on text.

The real classes of transformers, only smaller, so that everything after this stage treats them like
any other model. Pre-training is masked language modelling as in BERT (Devlin et al. 2019): of the
chosen tokens 80% become the mask, 10% a random token, 10% stay; the choice is new in every step.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import torch
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from torch.nn import functional

from polyheads import origins
from polyheads.encoders.models import describe
from polyheads.encoders.records import ModelInfo
from polyheads.encoders.schedule import linear_schedule
from polyheads.errors import UserError
from polyheads.files import writing
from polyheads.origins import OfEncoder
from polyheads.study.records import Scratch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Special tokens in the order of their ids, as in the published models of the class.
SPECIAL = {
    "bert": {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"},
    "xlm-r": {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>", "mask": "<mask>"},
}
LOG_SECONDS = 10


def build(
    *,
    name: str,
    spec: Scratch,
    sentences: Sequence[Sequence[str]],
    out_dir: Path,
    threads: int,
    log: TextIO,
    text: str,
    made_of: OfEncoder | None = None,
) -> None:
    """Train tokenizer and encoder on ``sentences`` (lists of words) and keep them in ``out_dir``.

    spec: class (bert, xlm-r), vocabulary, layers, heads, hidden, intermediate, positions, steps,
    batch_size, learning_rate, warmup, seed, mask_probability. text: what the sentences are, for
    ``model.json``. made_of: see origins.of_encoder. Equal arguments give equal files. UserError
    for an unknown class, a text or a vocabulary that is too small, and a loss that is no longer
    finite.
    """
    if spec["class"] not in SPECIAL:
        raise UserError(f"model {name}: unknown class {spec['class']!r}; known: bert, xlm-r")
    if not any(sentences):
        raise UserError(f"model {name}: there is no text to pre-train on")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    tokenizer = train_tokenizer(sentences, kind=spec["class"], vocabulary=spec["vocabulary"])
    model = _new_model(tokenizer, spec)
    about = describe(model, name=name, source={"scratch": text})
    limit = about["max_length"]
    encoded = tokenizer.encode_batch([list(words) for words in sentences], is_pretokenized=True)
    special = SPECIAL[spec["class"]]
    rows = [_cut(encoding.ids, limit) for encoding in encoded]
    ids = {role: _id(tokenizer, token) for role, token in special.items()}
    losses = _pretrain(model, rows, special=ids, spec=spec, name=name, log=log)

    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out_dir)
    _save_tokenizer(tokenizer, out_dir, special=special, limit=limit)
    tenth = max(1, len(losses) // 10)
    info: ModelInfo = {
        **about,
        "pretraining": {
            **spec,
            "text_sentences": len(rows),
            "text_tokens": sum(map(len, rows)),
            "loss_first": round(sum(losses[:tenth]) / tenth, 6),
            "loss_last": round(sum(losses[-tenth:]) / tenth, 6),
        },
        "files": origins.files_of_encoder(out_dir),
        "made_of": made_of,
    }
    with writing(out_dir / "model.json") as temporary:
        temporary.write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n")


def train_tokenizer(sentences: Sequence[Sequence[str]], *, kind: str, vocabulary: int) -> Tokenizer:
    """A WordPiece (bert) or Unigram (xlm-r) tokenizer of at most ``vocabulary`` pieces.

    Both take their pieces from byte-pair encoding, whose trainer is deterministic (that of
    WordPiece is not) and copes with a small lexicon (that of Unigram does not). A Unigram piece
    scores its log-frequency in the text. Text is kept as it is (case, accents, characters of
    words).
    """
    special = list(SPECIAL[kind].values())
    learner = Tokenizer(models.BPE())
    _set_up(learner, kind)
    # Without marks for pieces inside a word: with them the trainer's order of characters, and so
    # its choice among equally frequent pairs, changes from call to call.
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special, show_progress=False
    )
    # Words go in one by one: whatever stands in a line would be one "word" to a Metaspace.
    learner.train_from_iterator((word for words in sentences for word in words), trainer)
    if learner.get_vocab_size() > vocabulary:
        raise UserError(
            f"the text has more characters ({learner.get_vocab_size()}) than the vocabulary of "
            f"{vocabulary} has room for; raise `vocabulary`"
        )
    if kind == "bert":
        tokenizer = Tokenizer(
            models.WordPiece(
                _word_pieces(learner, sentences, special=special, size=vocabulary),
                unk_token="[UNK]",
                max_input_chars_per_word=100,
            )
        )
        tokenizer.decoder = decoders.WordPiece()
    else:
        tokenizer = Tokenizer(
            models.Unigram(
                _scores(learner, sentences, special=special),
                unk_id=special.index(SPECIAL[kind]["unk"]),
            )
        )
        tokenizer.decoder = decoders.Metaspace()
    _set_up(tokenizer, kind)
    tokenizer.add_special_tokens([_added(token) for token in special])
    cls, sep = SPECIAL[kind]["cls"], SPECIAL[kind]["sep"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}",
        pair=f"{cls} $A {sep} $B {sep}" if kind == "bert" else f"{cls} $A {sep} {sep} $B {sep}",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (cls, sep)],
    )
    return tokenizer


def _id(tokenizer: Tokenizer, token: str) -> int:
    """The id of one of the special tokens."""
    number = tokenizer.token_to_id(token)
    assert number is not None, "it was trained with all of them"
    return number


def _added(token: str) -> AddedToken:
    # A masked word follows a space, which belongs to the mask.
    return AddedToken(token, lstrip=token == "<mask>", normalized=False, special=True)


def _set_up(tokenizer: Tokenizer, kind: str) -> None:
    """How text becomes words, the same when pieces are learned and when they are used."""
    if kind == "bert":
        # Chinese words stay whole: corpora give their words apart.
        tokenizer.normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
        )
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    else:
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
        )


def _uses(learner: Tokenizer, sentences: Sequence[Sequence[str]]) -> Counter[tuple[str, bool]]:
    """(piece, whether it goes on a word) -> how often the text has it."""
    words = Counter(word for sentence in sentences for word in sentence)
    uses: Counter[tuple[str, bool]] = Counter()
    for word, count in words.items():
        found = learner.encode(word)
        before = None  # the normaliser may make several words of one
        for piece, part in zip(found.tokens, found.word_ids, strict=True):
            uses[piece, part == before] += count
            before = part
    return uses


def _word_pieces(
    learner: Tokenizer, sentences: Sequence[Sequence[str]], *, special: Sequence[str], size: int
) -> dict[str, int]:
    """Piece -> id: special tokens, single characters in both forms, then pieces by frequency."""
    uses = _uses(learner, sentences)
    found = sorted(uses, key=lambda use: (-uses[use], use))
    characters = sorted(piece for piece in learner.get_vocab() if len(piece) == 1)
    pieces = [*special, *characters, *(f"##{piece}" for piece in characters)]
    pieces += [f"##{piece}" if inside else piece for piece, inside in found if len(piece) > 1]
    least = len(special) + 2 * len(characters)
    return {piece: number for number, piece in enumerate(pieces[: max(size, least)])}


def _scores(
    learner: Tokenizer, sentences: Sequence[Sequence[str]], *, special: Sequence[str]
) -> list[tuple[str, float]]:
    """(piece, log-frequency) in the order of the ids; pieces without use count half."""
    uses: Counter[str] = Counter()
    for (piece, _), count in _uses(learner, sentences).items():
        uses[piece] += count
    total = sum(uses.values())
    ordered = sorted(learner.get_vocab().items(), key=lambda item: item[1])
    return [
        (piece, 0.0 if piece in special else math.log(max(uses[piece], 0.5) / total))
        for piece, _ in ordered
    ]


def _new_model(tokenizer: Tokenizer, spec: Scratch) -> PreTrainedModel:
    from transformers import BertConfig, BertForMaskedLM, XLMRobertaConfig, XLMRobertaForMaskedLM

    special = SPECIAL[spec["class"]]
    options = {
        "vocab_size": tokenizer.get_vocab_size(),
        "num_hidden_layers": spec["layers"],
        "num_attention_heads": spec["heads"],
        "hidden_size": spec["hidden"],
        "intermediate_size": spec["intermediate"],
        "max_position_embeddings": spec["positions"],
        "pad_token_id": tokenizer.token_to_id(special["pad"]),
        # Encoders this small underfit: dropout would only cost time, also in fine-tuning.
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        # The usual 0.02 is made for 768 dimensions; with 64, attention would take off much later.
        "initializer_range": spec["hidden"] ** -0.5,
    }
    torch.manual_seed(spec["seed"])
    model: PreTrainedModel
    if spec["class"] == "bert":
        model = BertForMaskedLM(BertConfig(**options))
    else:
        options |= {
            "type_vocab_size": 1,
            "layer_norm_eps": 1e-5,
            "bos_token_id": tokenizer.token_to_id(special["cls"]),
            "eos_token_id": tokenizer.token_to_id(special["sep"]),
        }
        model = XLMRobertaForMaskedLM(XLMRobertaConfig(**options))
    # All text is of one type. A random vector added to every token delays learning, by how much
    # depends on the seed.
    types = model.base_model.get_parameter("embeddings.token_type_embeddings.weight")
    torch.nn.init.zeros_(types)
    return model


def _cut(ids: Sequence[int], limit: int) -> list[int]:
    """At most ``limit`` tokens; the last one, the end of the sentence, is kept."""
    return list(ids) if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]


def _pretrain(
    model: PreTrainedModel,
    rows: Sequence[Sequence[int]],
    *,
    special: dict[str, int],
    spec: Scratch,
    name: str,
    log: TextIO,
) -> list[float]:
    """Masked language modelling in place; the loss of every step."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=spec["learning_rate"], weight_decay=0.01, fused=True
    )
    generator = torch.Generator().manual_seed(spec["seed"])
    model.train()
    steps, rising = spec["steps"], max(1, round(spec["steps"] * spec["warmup"]))
    losses: list[float] = []
    batches = _endless_batches(rows, size=spec["batch_size"], generator=generator)
    started = spoken = time.monotonic()
    for step in range(steps):
        ids = _padded([rows[i] for i in next(batches)], special["pad"])  # (batch, tokens)
        inputs, chosen = mask(
            ids,
            probability=spec["mask_probability"],
            special=special,
            vocabulary=model.config.vocab_size,
            generator=generator,
        )
        factor = linear_schedule(step, steps=steps, rising=rising)
        for group in optimizer.param_groups:
            group["lr"] = spec["learning_rate"] * factor
        hidden = model.base_model(inputs, attention_mask=(ids != special["pad"]).long())[0]
        head = model.get_submodule("cls" if spec["class"] == "bert" else "lm_head")
        logits = head(hidden[chosen])  # (chosen, vocabulary): the others would be thrown away
        loss = functional.cross_entropy(logits, ids[chosen])
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise UserError(
                f"model {name}: the pre-training loss became {losses[-1]} at step {step + 1} of "
                f"{steps}; lower its learning_rate ({spec['learning_rate']})"
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        now = time.monotonic()
        if now - spoken > LOG_SECONDS or step + 1 == steps:
            left = (now - started) / (step + 1) * (steps - step - 1)
            print(
                f"{name}: pre-training step {step + 1}/{steps}, loss {losses[-1]:.3f}, "
                f"{left:.0f} s left",
                file=log,
                flush=True,
            )
            spoken = now
    return losses


def mask(
    ids: torch.Tensor,
    *,
    probability: float,
    special: dict[str, int],
    vocabulary: int,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Masked inputs (batch, tokens) and which tokens are to be predicted, at least one."""
    free = ~torch.isin(ids, torch.tensor([special[role] for role in ("pad", "cls", "sep")]))
    chance = torch.rand(ids.shape, generator=generator).masked_fill(~free, 2.0)
    chosen = chance < probability
    if not chosen.any():
        chosen.view(-1)[chance.argmin()] = True
    kind = torch.rand(ids.shape, generator=generator)
    others = torch.randint(len(special), vocabulary, ids.shape, generator=generator)
    inputs = ids.masked_fill(chosen & (kind < 0.8), special["mask"])
    return torch.where(chosen & (kind >= 0.9), others, inputs), chosen


def _endless_batches(
    rows: Sequence[Sequence[int]], *, size: int, generator: torch.Generator
) -> Iterator[list[int]]:
    """Batches of row numbers, epoch after epoch; rows of similar length together (less padding)."""
    size = min(size, len(rows))
    lengths = torch.tensor([len(row) for row in rows])
    while True:
        order = torch.randperm(len(rows), generator=generator)
        batches: list[list[int]] = []
        for pool in order.split(size * 16):
            pool = pool[lengths[pool].argsort(stable=True)]
            batches += [part.tolist() for part in pool.split(size)]
        for number in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[number]


def _padded(rows: Sequence[Sequence[int]], pad: int) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])


def _save_tokenizer(
    tokenizer: Tokenizer, out_dir: Path, *, special: dict[str, str], limit: int
) -> None:
    with writing(out_dir / "tokenizer.json") as temporary:
        tokenizer.save(str(temporary))
    config = {
        # This class takes tokenizer.json as it is; those of BERT and XLM-R would set it up anew.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": limit,
        "clean_up_tokenization_spaces": False,
        **{f"{role}_token": token for role, token in special.items()},
    }
    if "<s>" in special.values():
        config |= {"bos_token": special["cls"], "eos_token": special["sep"]}
    with writing(out_dir / "tokenizer_config.json") as temporary:
        temporary.write_text(json.dumps(config, indent=1) + "\n")
