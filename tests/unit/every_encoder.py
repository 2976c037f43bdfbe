"""Every class of transformers with a token classification head: does it work, and if not, why not?

    PYTHONPATH=workflow:tests/unit python tests/unit/every_encoder.py > docs/encoders.md

A small one with random weights is built of each class and installed as a model directory is. With
those that are not refused everything is tried that the workflow does with an encoder.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import re
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
import transformers
from conftest import LABELS, make_sentences
from test_models import write_tokenizer
from test_training import RECIPE, DiesAfterSaving, Killed
from transformers import AutoModelForTokenClassification
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES

from polyheads.catalogue.methods import KINDS, scorer
from polyheads.encoders import models
from polyheads.encoders.batches import Layout, pack
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import gate_without, output_projections
from polyheads.encoders.probing import without_columns
from polyheads.encoders.sharing import logits_of_gates, sharable_layers
from polyheads.encoders.subwords import load_tokenizer, special_tokens
from polyheads.encoders.weights import classifier
from polyheads.errors import UserError
from polyheads.training import stacked
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.loop import train
from polyheads.training.steps import Batches

CPU = torch.device("cpu")
LAYERS, HEADS = SHAPE = 3, 4
CLASSES = dict(MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES)  # model type -> name of the class
# What is set wherever a configuration, or a part of it, has a key of this name.
SIZES = {
    **{"vocab_size": 90, "hidden_size": 32, "dim": 32, "d_model": 32, "n_embd": 32, "emb_dim": 32},
    **{"num_hidden_layers": LAYERS, "num_layers": LAYERS, "n_layers": LAYERS, "n_layer": LAYERS},
    **{"num_attention_heads": HEADS, "num_heads": HEADS, "n_heads": HEADS, "n_head": HEADS},
    **{"num_key_value_heads": HEADS // 2, "head_dim": 8, "d_kv": 8, "v_head_dim": 8},
    **{"intermediate_size": 48, "hidden_dim": 48, "d_ff": 48, "encoder_ffn_dim": 48},
    **{"max_position_embeddings": 130, "n_positions": 130, "max_2d_position_embeddings": 130},
    **{"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3, "embedding_size": 32},
    **{"sliding_window": 16, "local_attention": 32, "attention_window": 8, "rotary_dim": 4},
    # mixtures of experts, low-rank projections, linear attention
    **{"num_experts": 2, "num_local_experts": 2, "n_routed_experts": 2, "num_experts_per_tok": 1},
    **{"moe_intermediate_size": 16, "shared_expert_intermediate_size": 16, "n_group": 1},
    **{"topk_group": 1, "q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 8},
    **{"qk_nope_head_dim": 8, "linear_num_value_heads": 2, "linear_num_key_heads": 2},
    **{"linear_key_head_dim": 8, "linear_value_head_dim": 8},
    # parts that single classes have
    **{"entity_vocab_size": 9, "entity_emb_size": 8, "pronunciation_vocab_size": 9},
    **{"shape_vocab_size": 9, "intra_bottleneck_size": 32, "q_groups": 1, "k_groups": 1},
    **{"v_groups": 1, "post_attention_groups": 1, "intermediate_groups": 1, "output_groups": 1},
    **{"coordinate_size": 4, "shape_size": 8, "languages": ["en_XX"], "depth": 1},
    **{"image_size": 32, "patch_size": 16, "num_hidden_groups": 1, "encoder_layers": LAYERS},
    **{"encoder_attention_heads": HEADS, "max_depth": 2, "xpath_unit_hidden_size": 4},
}
# What single classes want besides or instead.
OWN = {
    "deberta": {"relative_attention": True, "pos_att_type": "c2p|p2c"},
    "deberta-v2": {"relative_attention": True, "pos_att_type": "c2p|p2c"},
    "esm": {"vocab_size": 90, "mask_token_id": 4},
    "esmc": {"num_key_value_heads": HEADS},
    "funnel": {"block_sizes": [1, 1, 1]},
    "gpt_neo": {"attention_types": [[["global", "local", "global"], 1]]},
    "layoutlmv3": {"has_relative_attention_bias": False, "has_spatial_attention_bias": False},
    "lilt": {"hidden_size": 24, "channel_shrink_ratio": 3},
    "ministral": {"head_dim": 8},
    "nemotron": {"num_key_value_heads": 2},
    "xlnet": {"d_head": 8},
    "xmod": {"default_language": "en_XX"},
}


def shrunk(config) -> dict:
    """What to make a small configuration of the class of ``config``, a usual one, with."""
    sizes = {}
    for key in dir(config):
        if key.startswith("_") or isinstance(getattr(type(config), key, None), property):
            continue
        value = getattr(config, key)
        if isinstance(value, transformers.PreTrainedConfig):
            sizes[key] = {"model_type": value.model_type, **shrunk(value)}
        elif key in SIZES and (value is not None or key == "pad_token_id"):
            sizes[key] = SIZES[key]
        elif key == "layer_types" and value is not None:
            sizes[key] = value[:LAYERS]
    return sizes


def make(kind: str, directory: Path) -> None:
    """A model directory with a small model of a class and a tokenizer."""
    usual = CONFIG_MAPPING[kind]
    config = usual(**(shrunk(usual()) | OWN.get(kind, {})))
    with torch.device("meta"):
        size = sum(
            w.numel() for w in AutoModelForTokenClassification.from_config(config).parameters()
        )
    assert size < 6e6, f"{kind} has {size:,} parameters: SIZES lacks a key"
    torch.manual_seed(0)
    model = AutoModelForTokenClassification.from_config(config)
    for weight in model.parameters():
        if weight.dim() == 2:  # with the usual small ones heads hardly matter
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(write_tokenizer(directory))


class Encoder:
    """An installed small encoder and what the workflow does with it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.info = models.read_info(directory)
        special = special_tokens(load_tokenizer(directory))
        self.layout = Layout(
            tuple(special["prefix"]),
            tuple(special["suffix"]),
            position_offset=self.info["position_offset"],
            max_length=min(self.info["max_length"], 100),
        )
        self.sentences = [*make_sentences(3, seed=1), *make_sentences(1, seed=2, longest=60)]
        self.batch = pack(self.sentences, self.layout, CPU)
        longest = max(grid.shape[1] for grid in self.batch.inputs["packing"].grids)
        assert longest > 2 * SIZES["sliding_window"]

    def model(self) -> torch.nn.Module:
        """The task model, with a classifier that makes differences of hidden states visible."""
        model = models.build(self.directory, labels=[str(n) for n in range(LABELS)], seed=1)
        torch.nn.init.normal_(getattr(model, classifier(model)).weight, std=0.5)
        return model.eval()

    @torch.no_grad()
    def logits(self, model: torch.nn.Module, gate: torch.Tensor | None = None) -> torch.Tensor:
        return word_logits(model, self.batch, gate)

    @torch.no_grad()
    def check_packing(self) -> None:
        """Packed sentences (in windows) give the logits of each window on its own, computed by
        the encoder's own attention in a model that never heard of gates."""
        model = self.model()
        found = self.logits(model)
        own = AutoModelForTokenClassification.from_pretrained(self.directory, num_labels=LABELS)
        own.load_state_dict(model.state_dict())
        own.eval()
        ids = self.batch.inputs["input_ids"][0]
        places = self.batch.inputs["position_ids"][0]
        begins = (places == places.min()).nonzero().squeeze(1).tolist()
        alone = [
            own(input_ids=ids[None, begin:end]).logits[0]
            for begin, end in zip(begins, [*begins[1:], len(ids)], strict=True)
        ]
        assert len(begins) == sum(g.shape[0] for g in self.batch.inputs["packing"].grids)
        expected = torch.cat(alone)[self.batch.positions]
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)

    def check_gates(self) -> None:
        """Gate 0 is a head without its columns of the output projection, in every layer."""
        model = self.model()
        pruned = [(0, 1), (1, 0), (2, 0), (2, 1), (2, 2), (2, 3)]
        gated = self.logits(model, gate_without(pruned, *SHAPE))
        projections = output_projections(model, self.batch.inputs)
        with torch.no_grad(), without_columns(projections, pruned, HEADS):
            zeroed = self.logits(model)
        torch.testing.assert_close(gated, zeroed, atol=1e-5, rtol=1e-4)
        assert (gated - self.logits(model)).abs().max() > 1e-3

    @torch.no_grad()
    def check_sharing(self) -> None:
        """Layers that are computed once for many gates give the very logits of whole passes."""
        model = self.model()
        heads = [None, (2, 1), (2, 3), (1, 0), (0, 2)]
        gates = [head and gate_without([head], *SHAPE) for head in heads]
        assert len(sharable_layers(model, self.batch.inputs, heads=HEADS)) == LAYERS
        ((_, passes),) = logits_of_gates(model, [self.batch], gates)
        for number, logits in passes:
            assert torch.equal(logits, self.logits(model, gates[number]))

    def check_stacking(self) -> None:
        """Several trials can train in one pass."""
        reason = stacked.reason_against(self.model(), self.batch, SHAPE)
        assert reason is None, reason
        model = self.model().train()
        with stacked.copies(model, 2):
            gates = torch.stack([gate_without(heads, *SHAPE) for heads in ([], [(1, 2)])])
            stacked.losses_of(model, self.batch, gates, "float32").sum().backward()

    def check_resuming(self, path: Path) -> None:
        """A training that was killed and goes on has the numbers of one that was not."""

        def fit(checkpoint: Checkpoint) -> torch.nn.Module:
            model = self.model()
            recipe = RECIPE | {"epochs": 2, "batch_size": 1, "learning_rate": 1e-4}
            how = {"recipe": recipe, "layout": self.layout, "seed": 3, "device": CPU}
            train(
                model,
                Batches([self.sentences], **how),
                recipe=recipe,
                gate=gate_without([(1, 2)], *SHAPE),
                seed=3,
                checkpoint=checkpoint,
                name="test",
            )
            return model

        whole = fit(Checkpoint(None, minutes=10, fingerprint=""))
        try:
            fit(DiesAfterSaving(path, minutes=0.0, fingerprint="a"))
            raise AssertionError("was not killed")
        except Killed:
            resumed = fit(Checkpoint(path, minutes=10, fingerprint="a"))
        for (name, one), other in zip(
            whole.state_dict().items(), resumed.state_dict().values(), strict=True
        ):
            assert torch.equal(one, other), name

    def scores(self, model: torch.nn.Module, ranking: str) -> np.ndarray:
        how = {"layout": self.layout, "shape": SHAPE, "batch_size": 2, "device": CPU}
        return import_module(scorer(ranking)).score(model, self.sentences, **how)

    def check_rankings(self) -> dict[str, str]:
        """Scores of permuted heads are permuted scores; rankings that are refused, and why.

        The released code's scores don't move with the heads, which is what is wrong with them.
        Shapley values are of orders that are drawn by the places of heads, and refuse nothing.
        """
        model = self.model()
        permuted = copy.deepcopy(model)
        layers = permute_heads(permuted, output_projections(model, self.batch.inputs))
        torch.testing.assert_close(self.logits(permuted), self.logits(model), atol=1e-4, rtol=1e-4)
        refused = {}
        for ranking in [kind for kind in KINDS if kind != "shapley"]:
            try:
                before = self.scores(model, ranking)
            except UserError as error:
                refused[ranking] = str(error)
                continue
            after = self.scores(permuted, ranking)
            expected = before.copy()
            if ranking != "released":
                expected[layers] = before[layers][:, ORDER]
            close = {"rtol": 1e-3, "atol": 1e-4 * np.abs(before).max()}
            np.testing.assert_allclose(after, expected, **close, err_msg=ranking)
            if ranking != "released":
                assert not np.allclose(after, before, **close), ranking
        return refused


# New order of the heads. Pairs stay together, as keys and values that two heads share must.
ORDER = [3, 2, 0, 1]
PROJECTIONS = (
    ("query", "key", "value"),
    ("q_lin", "k_lin", "v_lin"),
    ("q_proj", "k_proj", "v_proj"),
    ("Wqkv",),
)


def permute_heads(model: torch.nn.Module, projections: list[torch.nn.Linear]) -> list[int]:
    """Reorder the heads of the layer in the middle, in place; the layers that this concerns.

    projections: the output projections of a model of which ``model`` is a copy.
    """
    attention = [
        [getattr(part, name) for name in names]
        for part in model.modules()
        for names in PROJECTIONS
        if all(isinstance(getattr(part, name, None), torch.nn.Linear) for name in names)
    ]
    shared = len(set(projections)) == 1
    assert len(attention) == (1 if shared else LAYERS)
    layer = 0 if shared else 1
    linears = attention[layer]
    if len(linears) == 1:
        _reorder(linears[0], ORDER + [4 + h for h in ORDER] + [8 + h for h in ORDER], dim=0)
    else:
        size = linears[0].weight.shape[0] // HEADS
        for linear in linears:
            grouped = linear.weight.shape[0] // size == HEADS // 2
            _reorder(linear, [1, 0] if grouped else ORDER, dim=0)
    own = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
    values = projections[layer].weight
    (out,) = [
        part for part in own if part.weight.shape == values.shape and part.weight.equal(values)
    ]
    _reorder(out, ORDER, dim=1)
    return list(range(LAYERS)) if shared else [layer]


def _reorder(linear: torch.nn.Linear, order: list[int], dim: int) -> None:
    """New order of equal stretches of rows (0) or columns (1) of a linear map."""
    size = linear.weight.shape[dim] // len(order)
    index = torch.tensor([head * size + n for head in order for n in range(size)])
    linear.weight.data = linear.weight.data.index_select(dim, index)
    if dim == 0 and linear.bias is not None:
        linear.bias.data = linear.bias.data[index]


def verdict(kind: str, directory: Path) -> str:
    """The row of a class in the table: tries everything; AssertionError where something fails."""
    try:
        make(kind, directory)
        models.install(source_dir=directory, name="m", source={}, out_dir=directory / "out")
    except UserError as error:
        return f"no: {_reason(error)}"
    except ImportError:
        return "no: needs a library that is not among those of this project"
    with contextlib.redirect_stdout(None):
        encoder = Encoder(directory / "out")
        encoder.check_packing()
        encoder.check_gates()
        encoder.check_sharing()
        encoder.check_stacking()
        encoder.check_resuming(directory / "checkpoint.safetensors")
        refused = encoder.check_rankings()
    return "yes" + (f", but for the rankings {', '.join(refused)}" if refused else "")


def _reason(error: UserError) -> str:
    """Why a class is refused, without names of files, numbers and remarks."""
    text = re.sub(r"^(model m .* cannot be used|.*config\.json): ", "", str(error))
    return re.sub(r" \(.*\)|; .*", "", text)


def row(kind: str, directory: Path) -> str:
    return f"| `{kind}` | {CLASSES[kind]} | {verdict(kind, directory)} |"


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    rows = []
    for kind in sorted(CLASSES):
        with tempfile.TemporaryDirectory() as directory:
            rows.append(row(kind, Path(directory)))
    refused = [line for line in rows if "| no: " in line]
    print(HEAD.format(version=transformers.__version__))
    print(*(line for line in rows if line not in refused), sep="\n")
    print(REFUSED)
    print(*refused, sep="\n")


HEAD = """\
# Encoders

Every class of transformers {version} with a token classification head. The tables come from

    PYTHONPATH=workflow:tests/unit python tests/unit/every_encoder.py > docs/encoders.md

which builds a small one of each class with random weights and installs it as your own model would
be. With those that are not refused it tries that

* sentences packed into one row, longer than every window of attention, give the logits that each
  gives on its own with the encoder's own attention (to 1e-5);
* a gate of 0 is the same as a head whose columns of the output projection are zero;
* layers computed once for many gates give the very logits of whole passes;
* several trials can train in one pass;
* a training that was killed resumes to the very weights of one that was not;
* whatever kind of ranking: where heads change places, their scores do (but for `released`, the
  scores of the paper's code, which belong to no head and stay where they are, and `shapley`, which
  draws orders of places).

A test holds the tables against the installed version of transformers.

## What works

mmBERT is a `modernbert`. Where several query heads share keys and values (EuroBERT), a head is a
query head. Where layers share their weights (ALBERT), each use of a layer has heads of its own.
LayoutLM and MarkupLM get text without its layout. `weight-gradient` and `released` need heads with
rows of their own; `lrp` and `attn-lrp` need layers in which relevance is conserved.

| model type | class | does it work? |
| --- | --- | --- |"""
REFUSED = """
## What is refused

Before anything is trained, in one line that names the model and says why.

| model type | class | does it work? |
| --- | --- | --- |"""


if __name__ == "__main__":
    main()
