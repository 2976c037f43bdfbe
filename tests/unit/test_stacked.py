"""Trials that train in one pass have the weights of trials that train on their own."""

import pytest
import torch
from conftest import SIZES, make_layout, make_model, make_sentences
from transformers import ModernBertConfig, ModernBertForTokenClassification

from polyheads.encoders.batches import Layout
from polyheads.encoders.gates import ATTENTION, gate_without, number_layers
from polyheads.errors import UserError
from polyheads.training import loop, memory, stacked
from polyheads.training.checkpoints import Checkpoint
from polyheads.training.steps import Batches

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
LAYERS, HEADS = SHAPE = 3, 4
PRUNED = [[], [(0, 1)], [(0, 1), (2, 3), (1, 0)]]
GATES = torch.stack([gate_without(heads, *SHAPE) for heads in PRUNED])
LOSS = ("loss_first", "loss_last")
NAMES = ["k=0", "k=1", "k=3"]
KINDS = ("bert", "xlm-roberta", "modernbert")
RECIPE = {
    "epochs": 4,
    "batch_size": 4,
    "learning_rate": 3e-4,
    "warmup": 0.1,
    "weight_decay": 0.0,
    "clip": 1.0,
    "order": "random",
    "mixing": "interleaved",
    "precision": "float32",
}  # 5 steps an epoch


def build(kind):
    if kind != "modernbert":
        return make_model(kind)
    torch.manual_seed(0)
    special = {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}
    special |= {"cls_token_id": 2, "sep_token_id": 3}
    drops = ("attention_dropout", "mlp_dropout", "embedding_dropout", "classifier_dropout")
    config = ModernBertConfig(
        **SIZES,
        **special,
        **dict.fromkeys(drops, 0.1),
        max_position_embeddings=64,
        local_attention=8,
        global_attn_every_n_layers=2,
        initializer_cutoff_factor=8.0,
        initializer_range=0.2,
    )
    config._attn_implementation = ATTENTION
    return number_layers(ModernBertForTokenClassification(config).eval())


def layout_of(kind) -> Layout:
    """Some sentences are cut into windows."""
    return make_layout("xlm-roberta" if kind == "xlm-roberta" else "bert", max_length=16)


def windows(batch):
    return sum(grid.shape[0] for grid in batch.inputs["packing"].grids)


def batches_of(kind, recipe=RECIPE, device=CPU):
    corpora = [make_sentences(10), make_sentences(9, seed=1)]
    made = Batches(corpora, recipe=recipe, layout=layout_of(kind), seed=3, device=device)
    assert any(windows(batch) > batch.size for batch in map(made.at, range(5)))
    return made


def nowhere():
    return Checkpoint(None, minutes=10, fingerprint="")


def parameters(model):
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def alone(kind, gate, recipe=RECIPE):
    """Weights and record of one training."""
    model = build(kind)
    how = {"recipe": recipe, "gate": gate, "seed": 3, "checkpoint": nowhere(), "name": "alone"}
    fit = loop.train(model, batches_of(kind, recipe), **how)
    return parameters(model), fit


def together(kind, recipe=RECIPE, checkpoint=None, gates=GATES, names=NAMES):
    """(weights, record) of each of the trials of a stack."""
    model = build(kind)
    trained = stacked.train(
        model,
        batches_of(kind, recipe),
        recipe=recipe,
        gates=gates,
        seed=3,
        checkpoint=checkpoint or nowhere(),
        names=names,
    )
    found = []
    for place, fit in enumerate(trained.fits):
        stacked.put(model, trained, place)
        found.append((parameters(model), fit))
    return found


def apart(one, other):
    """The largest difference of a weight.

    A key's bias changes no attention: its gradient is rounding, which AdamW makes as large as any.
    """
    assert one.keys() == other.keys()
    return max((one[n] - other[n]).abs().max().item() for n in one if not n.endswith("key.bias"))


def distance(kind, recipe=RECIPE):
    """The largest difference of a weight after 20 steps, alone and with others."""
    worst = 0.0
    for gate, (weights, fit) in zip(GATES, together(kind, recipe), strict=True):
        own, expected = alone(kind, gate, recipe)
        assert fit["steps"] == 20 and fit == {**expected, **{k: fit[k] for k in LOSS}}
        assert all(fit[key] == pytest.approx(expected[key], abs=1e-4) for key in LOSS)
        worst = max(worst, apart(weights, own))
    return worst


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_those_of_trainings_on_their_own(kind):
    model = build(kind).train()
    drops = [part.p for part in model.modules() if isinstance(part, torch.nn.Dropout)]
    assert max(drops) >= 0.1  # dropout is on
    assert distance(kind) < 1e-5


@pytest.mark.parametrize(
    "change",
    [
        {"weight_decay": 0.1},
        {"order": "sequential", "mixing": "target-first", "warmup": 0.0},
        {"clip": 0.05},
        {"clip": 1e9},
    ],
    ids=str,
)
def test_so_they_are_with_other_options(change):
    assert distance("bert", {**RECIPE, **change}) < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_trials_differ_by_more_than_that(kind):
    found = [weights for weights, _ in together(kind)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert apart(found[one], found[other]) > 1e-3


def permuted_gates(model, batch, gates, precision):
    return LOSSES(model, batch, gates.roll(1, 0), precision)


def other_dropout(model, batch, gates, precision):
    LOSSES(model, batch, gates, precision)  # takes masks
    return LOSSES(model, batch, gates, precision)


def dropout_of_each(model, batch, gates, precision):
    """Another mask for each trial."""

    def mapped(function, randomness):
        def one_by_one(weights, gates):
            rows = [{name: w[i] for name, w in weights.items()} for i in range(len(gates))]
            return torch.stack([function(*pair) for pair in zip(rows, gates, strict=True)])

        return one_by_one

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacked, "vmap", mapped)
        return LOSSES(model, batch, gates, precision)


LOSSES = stacked.losses_of


@pytest.mark.parametrize("wrong", [permuted_gates, other_dropout, dropout_of_each])
def test_wrong_losses_would_be_noticed(wrong, monkeypatch):
    """That the tolerance above tells them apart."""
    monkeypatch.setattr(stacked, "losses_of", wrong)
    with pytest.raises(AssertionError):
        assert distance("bert") < 1e-5


def test_clipping_all_trials_by_one_norm_would_be_noticed(monkeypatch):
    def clip(model, limit):
        torch.nn.utils.clip_grad_norm_(model.parameters(), limit)

    monkeypatch.setattr(stacked, "clip", clip)
    with pytest.raises(AssertionError):
        assert distance("bert") < 1e-5


def test_the_model_is_as_it_was(kind):
    model = build(kind)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    recipe = {**RECIPE, "epochs": 1}
    how = {"gates": GATES, "seed": 3, "checkpoint": nowhere(), "names": NAMES}
    trained = stacked.train(model, batches_of(kind, recipe), recipe=recipe, **how)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name]), name
    assert all(weight.grad is None for weight in model.parameters())
    stacked.put(model, trained, 2)
    assert apart(parameters(model), alone(kind, GATES[2], recipe)[0]) < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_bfloat16_is_where_it_is_without_a_stack(kind):
    """Products have the same types, and what follows; norms are more exact, as they are on CUDA."""
    batch = batches_of(kind).at(0)

    def types(run):
        model, found = build(kind), []
        for name, part in model.named_modules():
            if isinstance(part, torch.nn.Linear | torch.nn.GELU):
                see = lambda _, __, out, name=name: found.append((name, out.dtype))  # noqa: E731
                part.register_forward_hook(see)
        run(model)
        return found

    def plain(model):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            model(**batch.inputs, head_gate=GATES[1])

    def one_pass(model):
        with stacked.copies(model, 3):
            stacked.losses_of(model, batch, GATES, "bfloat16")

    found = types(one_pass)
    assert found == types(plain) and torch.bfloat16 in {out for _, out in found}
    with stacked.copies(model := build(kind), 3):
        half = stacked.losses_of(model, batch, GATES, "bfloat16")
        whole = stacked.losses_of(model, batch, GATES, "float32")
    assert not torch.equal(half, whole) and torch.allclose(half, whole, rtol=0.02)


class Killed(BaseException):
    pass


class DiesAfterSaving(Checkpoint):
    def due(self):
        return True

    def save(self, *args, step, **others):
        super().save(*args, step=step, **others)
        if step in (3, 11):
            raise Killed


@pytest.mark.parametrize("kind", KINDS)
def test_killed_twice_gives_the_numbers_of_an_undisturbed_run(kind, tmp_path, capsys):
    whole = together(kind)
    path = tmp_path / "checkpoint.safetensors"
    for _ in range(2):
        with pytest.raises(Killed):
            together(kind, checkpoint=DiesAfterSaving(path, minutes=0, fingerprint="a"))
    capsys.readouterr()
    again = together(kind, checkpoint=Checkpoint(path, minutes=10, fingerprint="a"))
    assert "k=0 and 2 more: goes on from step 11 of 20" in capsys.readouterr().out
    for (weights, fit), (expected, undisturbed) in zip(again, whole, strict=True):
        assert fit == undisturbed
        assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_loss_that_is_not_a_number_names_its_trial(monkeypatch):
    def losses(model, batch, gates, precision):
        return LOSSES(model, batch, gates, precision) * torch.tensor([1.0, float("nan"), 1.0])

    monkeypatch.setattr(stacked, "losses_of", losses)
    with pytest.raises(UserError, match=r"^k=1: the loss became nan at step 1 of 20; lower"):
        together("bert")


def test_an_encoder_that_vmap_cannot_follow_is_noticed():
    batch, model = batches_of("bert").at(0), build("bert")
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    assert stacked.reason_against(model, batch, SHAPE) is None
    assert all(torch.equal(weight, before[name]) for name, weight in model.named_parameters())
    reads = build("bert")
    reads.classifier.register_forward_hook(lambda _, __, out: out * float(out.max().item() > 0))
    assert "vmap" in stacked.reason_against(reads, batch, SHAPE)
    other = build("bert")
    mapped = torch._C._functorch.is_batchedtensor
    other.classifier.register_forward_hook(lambda _, __, out: out * (1 + mapped(out)))
    assert stacked.reason_against(other, batch, SHAPE).startswith("its losses are [")


def test_memory_is_estimated_from_what_the_backward_pass_keeps():
    """At least what it keeps, and not several times as much."""
    for kind in KINDS:
        model, batches = build(kind).train(), batches_of(kind)
        kept = {}

        def keep(tensor, kept=kept):
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
            return tensor

        with stacked.copies(model, 2), torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
            stacked.losses_of(model, memory.largest_batch(batches), GATES[:2], "float32")
            own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
        needed = sum(s.nbytes() for pointer, s in kept.items() if pointer not in own) / 2
        weights = sum(weight.numel() for weight in model.parameters())
        estimate = memory.bytes_of_trial(model, batches) - 16 * weights
        assert needed < estimate < 3 * needed, (kind, needed, estimate)


def test_the_largest_batch_is_one_of_any_epoch():
    batches = batches_of("bert", {**RECIPE, "batch_size": 1})
    packed = [batches.at(step).inputs["packing"] for step in range(19)]

    def cost(packing):
        return sum(s * (length + length**2) for s, length in (g.shape for g in packing.grids))

    assert cost(memory.largest_batch(batches).inputs["packing"]) == max(map(cost, packed))


def test_how_many_fit(monkeypatch):
    model, batches = build("bert"), batches_of("bert")
    each = memory.bytes_of_trial(model, batches)
    for free, expected in ((0, 1), (each, 1), (2.5 * each, 2), (12 * each, 10)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _, free=free: (int(free), 0))
        assert memory.trials_that_fit(model, batches) == expected


def test_one_trial_is_a_stack_of_one():
    ((weights, _),) = together("bert", gates=GATES[2:], names=["k=3"])
    assert apart(weights, alone("bert", GATES[2])[0]) < 1e-5
