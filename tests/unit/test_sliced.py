"""Checkpoints that transformers 4 pruned: filled up with zeros, which stay, and ranked nowhere."""

import json

import numpy as np
import pytest
import torch
from conftest import LABELS, SIZES, make_layout, make_sentences
from safetensors.torch import load_file, save_file
from test_models import encoder, write_tokenizer

from polyheads.encoders import models, sliced
from polyheads.encoders.batches import pack
from polyheads.encoders.gates import ATTENTION, gate_without, number_layers
from polyheads.errors import UserError
from polyheads.files import read_table
from polyheads.importance import orders
from polyheads.importance.gradient import score
from polyheads.report.figures import heat_map
from polyheads.study import experiments
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.loop import train
from polyheads.training.steps import Batches

HEADS, SIZE = SIZES["num_attention_heads"], 6
CUT = {"0": [1, 3], "2": [0]}
MISSING = [[0, 1], [0, 3], [2, 0]]


def rows_left(layer, cut):
    return [r for r in range(HEADS * SIZE) if r // SIZE not in cut.get(str(layer), [])]


def slice_weights(directory, cut, *, prefix=""):
    """What prune_heads and save_pretrained of transformers 4 leave of a whole checkpoint."""
    tensors = load_file(directory / "model.safetensors")
    for name in list(tensors):
        for layer in cut:
            left = torch.tensor(rows_left(layer, cut), dtype=torch.long)
            if f"layer.{layer}.attention.self." in name:
                tensors[name] = tensors[name][left].contiguous()
            elif f"layer.{layer}.attention.output.dense.weight" in name:
                tensors[name] = tensors[name][:, left].contiguous()
        tensors[prefix + name] = tensors.pop(name)
    save_file(tensors, directory / "model.safetensors", {"format": "pt"})
    note(directory, pruned_heads=cut)


def note(directory, **changed):
    config = json.loads((directory / "config.json").read_text()) | changed
    (directory / "config.json").write_text(json.dumps(config))


def checkpoint(directory, *, kind="Bert", cut=CUT, prefix=""):
    """A sliced checkpoint, and the whole model that it was cut from."""
    write_tokenizer(directory)
    model = encoder(kind, max_position_embeddings=66).eval()
    model.save_pretrained(directory)
    slice_weights(directory, cut, prefix=prefix)
    return model


def install(source, out):
    models.install(source_dir=source, name="mine", source={}, out_dir=out)
    return models.read_info(out)


@pytest.mark.parametrize(("kind", "prefix"), [("Bert", ""), ("Bert", "bert."), ("XLMRoberta", "")])
def test_missing_heads_are_filled_with_zeros(kind, prefix, tmp_path):
    whole = checkpoint(tmp_path / "source", kind=kind, prefix=prefix)
    info = install(tmp_path / "source", tmp_path / "out")
    assert info["missing_heads"] == MISSING and (info["layers"], info["heads"]) == (3, HEADS)
    assert "pruned_heads" not in (tmp_path / "out/config.json").read_text()
    assert not list(tmp_path.glob(".*"))
    model = models.build(tmp_path / "out", labels=["A", "B"], seed=1)
    model = number_layers(model.base_model.eval())
    number_layers(whole).set_attn_implementation(ATTENTION)
    row = pack(make_sentences(3), make_layout(kind.lower()), torch.device("cpu")).inputs
    with torch.no_grad():
        gated = whole(**row, head_gate=gate_without(MISSING, 3, HEADS))[0]
        assert torch.allclose(model(**row)[0], gated, atol=1e-5)
        assert not torch.allclose(whole(**row)[0], gated, atol=1e-2)


def test_a_layer_without_any_head(tmp_path):
    checkpoint(tmp_path / "source", cut={"1": [0, 1, 2, 3]})
    assert len(install(tmp_path / "source", tmp_path / "out")["missing_heads"]) == 4


def test_whole_checkpoints_are_left_alone(tmp_path):
    checkpoint(tmp_path / "source", cut={})  # as many of transformers 4 say: pruned_heads: {}
    assert "missing_heads" not in install(tmp_path / "source", tmp_path / "out")
    with sliced.whole(tmp_path / "source", tmp_path / "out") as directory:
        assert directory == tmp_path / "source"


def test_heads_that_are_zero_are_missing(tmp_path):
    """As in an export, whose weights are whole."""
    model = checkpoint(tmp_path / "source", cut={})
    for layer, head in MISSING:
        dense = model.encoder.layer[layer].attention.output.dense
        torch.nn.init.zeros_(dense.weight[:, head * SIZE : (head + 1) * SIZE])
    model.save_pretrained(tmp_path / "source")
    assert install(tmp_path / "source", tmp_path / "out")["missing_heads"] == MISSING


def test_a_model_without_any_head_is_refused(tmp_path):
    checkpoint(tmp_path / "source", cut={str(layer): list(range(HEADS)) for layer in range(3)})
    with pytest.raises(UserError, match=r"model mine .* all of its heads are pruned already"):
        install(tmp_path / "source", tmp_path / "out")


def test_missing_heads_never_learn_and_have_no_score(tmp_path):
    checkpoint(tmp_path / "source")
    install(tmp_path / "source", tmp_path / "out")
    names = [str(i) for i in range(LABELS)]
    model = models.build(tmp_path / "out", labels=names, seed=1)
    recipe = {
        **{"epochs": 1, "batch_size": 4, "learning_rate": 1e-2, "warmup": 0.0, "clip": 1.0},
        **{"weight_decay": 0.1, "order": "random", "mixing": "source-first"},
        **{"precision": "float32"},
    }
    layout, sentences = make_layout("bert"), make_sentences(12)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    train(
        model,
        Batches([sentences], recipe=recipe, layout=layout, seed=3, device=torch.device("cpu")),
        recipe=recipe,
        gate=None,
        seed=3,
        checkpoint=Checkpoint(None, minutes=10, fingerprint=""),
        name="test",
    )
    for layer, head in MISSING:
        rows = slice(head * SIZE, (head + 1) * SIZE)
        attention = model.bert.encoder.layer[layer].attention
        for name in ("query", "key", "value"):
            assert not getattr(attention.self, name).weight[rows].any()
            assert not getattr(attention.self, name).bias[rows].any()
        assert not attention.output.dense.weight[:, rows].any()
    name = "bert.encoder.layer.1.attention.self.query.weight"
    assert not torch.equal(before[name], model.state_dict()[name])
    how = {"layout": layout, "shape": (3, HEADS), "batch_size": 4, "device": torch.device("cpu")}
    raw = score(model, sentences, **how)
    assert [head for head in np.ndindex(3, HEADS) if raw[head] == 0] == [*map(tuple, MISSING)]


def test_missing_heads_are_in_no_order(tmp_path):
    raw = np.arange(12, dtype=float).reshape(3, 4)[::-1] + 1
    with_gaps = orders.without(raw.tolist(), MISSING)
    for how in ("l2", "sum", "none"):
        normalised = orders.normalise(with_gaps, how)
        assert np.nanmin(normalised) == 0 and np.nanmax(normalised) == 1
        found = orders.order(normalised)
        assert len(found) == 9 and not [head for head in found if head in MISSING]
    # What the model lacks has no part in the scale of the others.
    divided = with_gaps / np.sqrt(np.nansum(with_gaps**2, axis=1, keepdims=True))
    least, most = np.nanmin(divided), np.nanmax(divided)
    expected = (divided - least) / (most - least)
    assert np.allclose(orders.normalise(with_gaps, "l2"), expected, equal_nan=True)
    assert not np.allclose(orders.normalise(np.nan_to_num(with_gaps))[1], expected[1])
    for method in ("merged", "summed"):
        both = orders.together([with_gaps, with_gaps], method)
        assert len(orders.order(both)) == 9
    rank = orders.order(with_gaps)
    path = tmp_path / "scores.csv"
    orders.write_scores(path, raw=with_gaps, normalised=with_gaps, order=rank, order_raw=rank)
    assert len(path.read_text().splitlines()) == 1 + 9
    image = tmp_path / "heads.svg"
    how = {"title": "", "raw": "", "by_layer": True, "mark": 9}
    heat_map.score_heat_map(read_table(path), out=image, **how)
    assert image.stat().st_size > 1000


def test_k_counts_the_heads_that_are_left(tmp_path):
    checkpoint(tmp_path / "source")
    assert experiments._heads_of({"name": "m", "path": str(tmp_path / "source")}, None) == 9


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ({"0": [1], "2": [0]}, r"layer\.0\.attention.* not that of layer 0 .* without 1 heads"),
        ({"0": [1, 2, 3], "2": [0]}, "without 3 heads"),
        ({"0": [1, 3], "1": [0], "2": [0]}, "says that layer 1 lacks heads .* are whole"),
        ({"0": [1, 3]}, r"layer\.2\.attention.* without 0 heads"),
        ({"0": [1, 3], "2": [4]}, "must list heads by their layer"),
        ({"0": [1, 1], "2": [0]}, "must list heads by their layer"),
        ({"7": [1]}, "must list heads by their layer"),
        ([1, 3], "must list heads by their layer"),
        ({"0": "all"}, "must list heads by their layer"),
    ],
)
def test_weights_that_are_not_cut_as_the_configuration_says(cut, message, tmp_path):
    checkpoint(tmp_path / "source")
    note(tmp_path / "source", pruned_heads=cut)
    with pytest.raises(UserError, match=message) as caught:
        install(tmp_path / "source", tmp_path / "out")
    assert "\n" not in str(caught.value) and str(tmp_path / "source") in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_truncated_weights(tmp_path):
    checkpoint(tmp_path / "source")
    weights = tmp_path / "source/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"model\.safetensors: cannot be read"):
        install(tmp_path / "source", tmp_path / "out")
