"""Cheap dropout: how often, how independent, whose gradient, where; attention with it.

Bounds of chance: seeds are fixed, and five standard deviations of a fair stream are allowed, so a
test fails for what it says and not by luck. Errors of a part in a thousand would show.
"""

import copy
import itertools

import numpy as np
import pytest
import torch
from conftest import LABELS, make_layout, make_model, make_sentences
from torch.nn import functional
from transformers import AutoConfig, AutoModelForTokenClassification

from polyheads.encoders import dropout
from polyheads.encoders.batches import pack
from polyheads.encoders.dropout import Stream
from polyheads.encoders.gates import ATTENTION, attend, number_layers
from polyheads.encoders.packing import Packing

CPU = torch.device("cpu")
MANY = 4_000_000
P = 0.1


def dropped(seed=1, p=P, count=MANY):
    return (Stream(seed).mask((count,), p) == 0).numpy()


def correlation(one, other):
    return abs(np.corrcoef(one, other)[0, 1]) * np.sqrt(len(one))


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.0001, 0.999])
def test_probability_and_scale(p):
    mask = Stream(3).mask((MANY,), p)
    share = (mask == 0).double().mean().item()
    assert abs(share - p) < 2**-17 + 5 * (p * (1 - p) / MANY) ** 0.5
    kept = mask[mask != 0].unique()
    assert len(kept) == 1 and kept.item() == pytest.approx(1 / (1 - p), rel=2**-17 / (1 - p))
    # The mean of what is dropped out stays, not only nearly: the scale is that of the true share.
    assert round(p * 65536) == pytest.approx(65536 * (1 - 1 / kept.item()), abs=1e-2)


def test_the_ends_of_the_probability():
    assert (Stream(0).mask((5, 7), 0.0) == 1).all()
    assert (Stream(0).mask((5, 7), 1.0) == 0).all()
    for p in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            Stream(0).mask((2,), p)


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 3, 5), (0, 4), ()])
def test_masks_of_any_shape(shape):
    mask = Stream(0).mask(shape, 0.5)
    assert mask.shape == shape and mask.dtype == torch.float32 and mask.is_contiguous()


def test_neighbours_are_independent():
    """Elements next to each other and further off, within a word of four and beyond."""
    gone = dropped()
    for distance in (1, 2, 3, 4, 5, 8, 16, 32, 384, 1024):
        assert correlation(gone[:-distance], gone[distance:]) < 5, distance


def test_the_four_lanes_of_a_word_are_alike_and_independent():
    """Chi-square of the 16 patterns of a word, 15 degrees of freedom: 48 has p = 3e-5."""
    words = dropped().reshape(-1, 4)
    share = words.mean(0)
    assert np.abs(share - P).max() < 5 * (P * (1 - P) / len(words)) ** 0.5
    found = np.bincount(words @ [1, 2, 4, 8], minlength=16)
    expected = [
        len(words) * np.prod([P if on else 1 - P for on in pattern])
        for pattern in itertools.product((0, 1), repeat=4)
    ]
    expected = np.array(expected).reshape(2, 2, 2, 2).transpose(3, 2, 1, 0).ravel()
    assert ((found - expected) ** 2 / expected).sum() < 48


def test_gaps_are_geometric():
    """Chi-square of 40 lengths of runs without a drop and the longer ones: 86 has p = 3e-5."""
    gaps = np.diff(np.flatnonzero(dropped())) - 1
    lengths = np.arange(40)
    expected = len(gaps) * np.append(P * (1 - P) ** lengths, (1 - P) ** 40)
    found = np.bincount(np.minimum(gaps, 40), minlength=41)
    assert ((found - expected) ** 2 / expected).sum() < 86


def test_calls_and_seeds_are_independent():
    stream = Stream(1)
    calls = [(stream.mask((MANY // 4,), P) == 0).numpy() for _ in range(3)]
    seeds = [dropped(seed=seed, count=MANY // 4) for seed in (2, 3, 42, 43, 2**31)]
    for one, other in itertools.combinations(calls + seeds, 2):
        assert correlation(one, other) < 5


def test_calls_of_odd_sizes_do_not_repeat_bits():
    stream = Stream(1)
    rows = torch.stack([stream.mask((7,), 0.5) for _ in range(20_000)]) == 0
    table = np.corrcoef(torch.cat([rows[:-1], rows[1:]], 1).numpy().T) - np.eye(14)
    assert np.abs(table).max() < 5 / 20_000**0.5


def test_a_restored_stream_goes_on():
    stream = Stream(5)
    stream.mask((1001,), P)
    state = stream.state()
    assert state.dtype == torch.int64 and state.shape == (4,)
    kept = state.clone()
    first = [stream.mask((333, 3), P) for _ in range(3)]
    assert torch.equal(state, kept), "a copy, not a view"
    other = Stream(6)
    other.restore(state)
    assert all(torch.equal(mask, other.mask((333, 3), P)) for mask in first)
    assert torch.equal(stream.state(), other.state())


def test_the_same_seed_gives_the_same_masks_with_any_number_of_threads():
    shape = (500_001,)  # large enough for PyTorch to share the work out
    threads = torch.get_num_threads()
    try:
        masks = [torch.set_num_threads(count) or Stream(7).mask(shape, P) for count in (1, 2, 3)]
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(masks[0], masks[1]) and torch.equal(masks[0], masks[2])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_gradients_go_through_the_same_mask(dtype):
    hidden = torch.randn(50, 40, dtype=dtype, requires_grad=True)
    after = torch.randn(50, 40, dtype=dtype)
    out = dropout.drop(hidden, 0.3, Stream(9))
    mask = Stream(9).mask((50, 40), 0.3)
    assert out.dtype == dtype
    torch.testing.assert_close(out, (hidden.double() * mask).to(dtype))
    out.backward(after)
    assert hidden.grad.dtype == dtype
    torch.testing.assert_close(hidden.grad, (after.double() * mask).to(dtype))


# --- models ---------------------------------------------------------------------------------

SIZES = {
    **{"vocab_size": 90, "hidden_size": 24, "dim": 24, "num_hidden_layers": 2, "n_layers": 2},
    **{"num_attention_heads": 4, "n_heads": 4, "intermediate_size": 48, "hidden_dim": 48},
    **{"embedding_size": 24, "max_position_embeddings": 66, "pad_token_id": 1},
    "num_labels": LABELS,
}
CHANCES = {  # keys of configurations that hold a probability
    **{"hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.2, "classifier_dropout": 0.2},
    **{"dropout": 0.2, "attention_dropout": 0.2, "seq_classif_dropout": 0.2, "mlp_dropout": 0.2},
    **{"embedding_dropout": 0.2, "classifier_dropout_prob": 0.2},
}
CLASSES = ["bert", "xlm-roberta", "modernbert", "distilbert", "electra", "albert"]


def encoder(kind, p=0.2, **options):
    usual = AutoConfig.for_model(kind)
    known = {key: value for key, value in (SIZES | options).items() if hasattr(usual, key)}
    known |= {key: p for key in CHANCES if hasattr(usual, key)}
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **known | {"num_labels": LABELS})
    model = AutoModelForTokenClassification.from_config(config, attn_implementation=ATTENTION)
    for weight in model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.2)
    return number_layers(model)


@pytest.mark.parametrize("kind", CLASSES)
def test_no_dropout_of_an_encoder_is_left_to_pytorch(kind, monkeypatch):
    """Everything random in training comes from the stream, and as often as PyTorch's would."""
    sentences, layout = make_sentences(5), make_layout("bert")
    inputs = pack(sentences, layout, CPU).inputs
    model = encoder(kind).train()
    calls = []

    def counted(hidden, *_, p=0.5, training=True, **__):
        calls.append(hidden.shape)
        return hidden

    with monkeypatch.context() as patch:
        patch.setattr(functional, "dropout", counted)
        model(**inputs)
    hidden_ones = len(calls)
    assert hidden_ones >= 2
    stream = dropout.install(model, seed=1)
    for name in ("dropout", "dropout_", "native_dropout"):
        if hasattr(torch, name):
            monkeypatch.setattr(torch, name, None)
    monkeypatch.setattr(functional, "dropout", None)
    monkeypatch.setattr(functional, "scaled_dot_product_attention", None)
    asked = []
    mask = Stream.mask
    monkeypatch.setattr(
        Stream, "mask", lambda self, shape, p: asked.append((len(shape), p)) or mask(self, shape, p)
    )
    before = torch.get_rng_state()
    start = stream.state()
    first, second = model(**inputs).logits, model(**inputs).logits
    assert torch.equal(before, torch.get_rng_state()), "PyTorch drew something"
    assert {p for _, p in asked} == {0.2}
    assert sum(size == 3 for size, _ in asked) == 2 * hidden_ones
    assert sum(size == 4 for size, _ in asked) >= 2 * 2  # attention in each of two layers
    assert (first - second).abs().max() > 1e-2
    stream.restore(start)
    assert torch.equal(model(**inputs).logits, first)


@pytest.mark.parametrize("kind", CLASSES)
def test_no_dropout_in_evaluation_and_none_where_its_probability_is_0(kind):
    inputs = pack(make_sentences(5), make_layout("bert"), CPU).inputs
    plain = encoder(kind).eval()
    expected = plain(**inputs).logits
    for model in (encoder(kind).eval(), encoder(kind, p=0.0).train()):
        stream = dropout.install(model, seed=1)
        start = stream.state()
        assert torch.equal(model(**inputs).logits, expected)
        assert torch.equal(stream.state(), start)


def test_the_last_stream_counts_and_a_copy_has_its_own():
    inputs = pack(make_sentences(5), make_layout("bert"), CPU).inputs
    model = encoder("bert").train()
    first = dropout.install(model, seed=1)
    second = dropout.install(model, seed=2)
    begin = second.state()
    alone = encoder("bert").train()
    dropout.install(alone, seed=2)
    assert torch.equal(model(**inputs).logits, alone(**inputs).logits)
    assert torch.equal(first.state(), Stream(1).state())
    second.restore(begin)
    twin = copy.deepcopy(model)
    out = model(**inputs).logits
    assert not torch.equal(second.state(), begin)
    assert torch.equal(twin(**inputs).logits, out)  # from where the stream was when it was copied


# --- attention ------------------------------------------------------------------------------


class Fixed(Stream):
    """Remembers the masks that it gave."""

    def __init__(self, seed):
        super().__init__(seed)
        self.given = []

    def mask(self, shape, p):
        self.given.append(super().mask(shape, p))
        return self.given[-1]


def parts(lengths, heads=3, size=8, dtype=torch.float32):
    torch.manual_seed(0)
    shape = (1, heads, sum(lengths), size)
    return [torch.randn(shape, dtype=dtype).requires_grad_() for _ in range(3)]


def textbook(query, key, value, lengths, masks, *, window=None, scaling=None, gate=None):
    """Attention of one sentence and one head after the other; masks by (sentence, head)."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    sentences = []
    begin = 0
    for number, length in enumerate(lengths):
        mine = slice(begin, begin + length)
        begin += length
        heads = []
        for head in range(query.shape[1]):
            logits = query[0, head, mine] @ key[0, head, mine].T * scale
            if window is not None:
                place = torch.arange(length)
                logits[(place[:, None] - place).abs() >= window] = -torch.inf
            weights = logits.exp() / logits.exp().sum(-1, keepdim=True)
            out = weights * masks[number, head] @ value[0, head, mine]
            heads.append(out if gate is None else out * gate[number, head])
        sentences.append(torch.stack(heads, 1))  # (L, H, D)
    return torch.cat(sentences)[None]


def masks_of(stream, packing, lengths):
    """(sentence, head) -> what its weights were multiplied by."""
    place = [None] * len(lengths)
    begins = dict(zip(np.cumsum([0, *lengths[:-1]]).tolist(), range(len(lengths)), strict=True))
    cells = packing.scatter.split([int(np.prod(grid.shape)) for grid in packing.grids])
    for number, (grid, mine) in enumerate(zip(packing.grids, cells, strict=True)):
        for row, token in enumerate(mine.view(grid.shape)[:, 0].tolist()):
            place[begins[token]] = (number, row)
    return {
        (sentence, head): stream.given[number][row, head][: lengths[sentence], : lengths[sentence]]
        for sentence, (number, row) in enumerate(place)
        for head in range(stream.given[0].shape[1])
    }


@pytest.mark.parametrize("grid_cost", [0, 30, np.inf])
@pytest.mark.parametrize(
    "lengths", [[5], [1, 1], [4, 4, 4], [3, 12, 1, 7, 12, 6, 2]], ids=lambda x: f"{len(x)}"
)
@pytest.mark.parametrize("window", [None, 3])
def test_attention_with_a_given_mask_is_the_textbooks(lengths, grid_cost, window):
    packing = Packing.of(lengths, range(len(lengths)), CPU, grid_cost=grid_cost)
    stream = Fixed(4)
    gate = torch.rand(len(lengths), 1, 3)
    how = {"scaling": 0.4, "sliding_window": window, "head_gate": gate}
    mine, theirs = parts(lengths), parts(lengths, dtype=torch.float32)
    out, _ = attend(0, *mine, None, dropout=0.3, packing=packing, stream=stream, **how)
    expected = textbook(
        *[part.double() for part in theirs],
        lengths,
        masks_of(stream, packing, lengths),
        window=window,
        scaling=0.4,
        gate=gate[:, 0],
    ).float()
    torch.testing.assert_close(out, expected, atol=1e-6, rtol=1e-5)
    after = torch.randn(out.shape)
    for one, other in zip(
        torch.autograd.grad(out, mine, after),
        torch.autograd.grad(expected, theirs, after),
        strict=True,
    ):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


class Nothing(Stream):
    """Drops nothing, whatever the probability."""

    def mask(self, shape, p):
        return torch.ones(shape)


@pytest.mark.parametrize("window", [None, 4])
@pytest.mark.parametrize("packed", [True, False])
def test_without_a_drop_it_is_the_fused_kernel(packed, window):
    """Values and gradients, of packed rows in grids and of padded batches."""
    lengths = [3, 12, 1, 7, 12, 6, 2]
    if packed:
        where = {"packing": Packing.of(lengths, range(7), CPU, grid_cost=30)}
        assert len(where["packing"].grids) > 2
        mask, mine, theirs = None, parts(lengths), parts(lengths)
    else:
        where = {}
        mask = (torch.arange(12) < torch.tensor(lengths)[:, None])[:, None, None]
        torch.manual_seed(0)
        mine = [torch.randn(7, 3, 12, 8).requires_grad_() for _ in range(3)]
        theirs = [part.detach().clone().requires_grad_() for part in mine]
    how = {"sliding_window": window if packed else None} | where
    own, _ = attend(0, *mine, mask, dropout=0.3, stream=Nothing(0), **how)
    fused, _ = attend(0, *theirs, mask, dropout=0.0, **how)
    torch.testing.assert_close(own, fused, atol=1e-6, rtol=1e-6)
    after = torch.randn(own.shape)
    for one, other in zip(
        torch.autograd.grad(own, mine, after),
        torch.autograd.grad(fused, theirs, after),
        strict=True,
    ):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", CLASSES)
def test_grids_change_nothing(kind, monkeypatch):
    """Losses and gradients of whole models with one grid and with many."""
    sentences, layout = make_sentences(9, longest=20), make_layout("bert")
    found = []
    for grid_cost in (0, np.inf):
        monkeypatch.setattr("polyheads.encoders.packing.GRID_COST", grid_cost)
        batch = pack(sentences, layout, CPU)
        model = encoder(kind, local_attention=8, p=0.0).train()
        loss = functional.cross_entropy(
            model(**batch.inputs).logits[0, batch.positions], batch.labels
        )
        loss.backward()
        found.append((loss, [w.grad for w in model.parameters()], batch))
    (one, mine, first), (other, theirs, second) = found
    assert len(first.inputs["packing"].grids) > 4 and len(second.inputs["packing"].grids) == 1
    torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_bfloat16_is_right_within_its_rounding():
    """Against float32 with the same masks; the softmax is in float32, so rows of weights sum to 1.

    A softmax in bfloat16 over 300 tokens would be off by more than a percent.
    """
    lengths = [300, 7]
    packing = Packing.of(lengths, range(2), CPU, grid_cost=0)
    exact, _ = attend(0, *parts(lengths), None, dropout=0.1, packing=packing, stream=Stream(3))
    with torch.autocast("cpu", torch.bfloat16):
        low = [part.bfloat16() for part in parts(lengths)]
        out, _ = attend(0, *low, None, dropout=0.1, packing=packing, stream=Stream(3))
        assert out.dtype == torch.bfloat16
        torch.testing.assert_close(out.float(), exact, atol=0.02, rtol=0.02)
        ones = [low[0], low[1], torch.ones_like(low[2])]
        sums, _ = attend(0, *ones, None, dropout=0.1, packing=packing, stream=Nothing(3))
    assert (sums.float() - 1).abs().max() <= 2**-7


def test_a_model_under_bfloat16_learns_the_same(kind):
    layout, sentences = make_layout(kind), make_sentences(6)
    batch = pack(sentences, layout, CPU)
    gradients = []
    for low in (False, True):
        model = make_model(kind).train()
        dropout.install(model, seed=2)
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            logits = model(**batch.inputs).logits[0, batch.positions].float()
        functional.cross_entropy(logits, batch.labels).backward()
        gradients.append(torch.cat([w.grad.flatten() for w in model.parameters()]))
    assert gradients[1].dtype == torch.float32
    assert functional.cosine_similarity(*gradients, dim=0) > 0.99


# --- stacked weights ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "modernbert"])
def test_stacked_trainings_share_their_dropout(kind, monkeypatch):
    """vmap over three stacked models: losses and gradients of separate runs, same stream."""
    monkeypatch.setattr("polyheads.encoders.packing.GRID_COST", 50)
    batch = pack(make_sentences(6, longest=20), make_layout("bert"), CPU)
    assert len(batch.inputs["packing"].grids) > 1
    several = [encoder(kind) for _ in range(3)]
    for number, model in enumerate(several):
        model.train()
        torch.manual_seed(number)
        for weight in model.parameters():
            weight.data += 0.02 * torch.randn(weight.shape)
    gate = torch.rand(3, 2, 4)

    def loss_of(model, head_gate, weights=None):
        keywords = {**batch.inputs, "head_gate": head_gate}
        if weights is None:
            logits = model(**keywords).logits
        else:
            logits = torch.func.functional_call(model, weights, (), keywords).logits
        return functional.cross_entropy(logits[0, batch.positions], batch.labels)

    expected = []
    for number, model in enumerate(several):
        dropout.install(model, seed=8)
        loss = loss_of(model, gate[number])
        loss.backward()
        expected.append(loss.detach())
    stacked, _ = torch.func.stack_module_state(several)
    base = encoder(kind).train()
    stream = dropout.install(base, seed=8)
    losses = torch.vmap(lambda weights, mine: loss_of(base, mine, weights), randomness="error")(
        stacked, gate
    )
    losses.sum().backward()
    torch.testing.assert_close(losses.detach(), torch.stack(expected), atol=1e-6, rtol=1e-6)
    for name, weight in stacked.items():
        apart = torch.stack([dict(model.named_parameters())[name].grad for model in several])
        torch.testing.assert_close(weight.grad, apart, atol=1e-6, rtol=1e-4, msg=name)
    assert not torch.equal(stream.state(), Stream(8).state())
