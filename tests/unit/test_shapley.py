"""Shapley values: exact ones of a model with four heads, bounds by hand, and who is asked when."""

from itertools import combinations, permutations
from math import factorial

import numpy as np
import pytest
import torch
from conftest import SIZES, make_layout, make_sentences
from transformers import BertConfig, BertForTokenClassification

from polyheads.encoders.gates import ATTENTION, number_layers
from polyheads.importance import shapley
from polyheads.importance.masked import accuracies, packed

SHAPE = 2, 2
CPU = torch.device("cpu")
SENTENCES = make_sentences(30, seed=2)
HOW = {"layout": make_layout("bert"), "batch_size": 8, "device": CPU}


@pytest.fixture
def model():
    """Two layers of two heads, with weights that are large enough for heads to matter."""
    torch.manual_seed(1)
    sizes = SIZES | {"num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(**sizes, max_position_embeddings=64)
    config._attn_implementation = ATTENTION
    made = BertForTokenClassification(config)
    for part in made.modules():
        if isinstance(part, torch.nn.Linear):
            torch.nn.init.normal_(part.weight, std=0.2)
    return number_layers(made.eval())


def gate(off):
    """(2, 2) ones with zeros for heads by number."""
    made = torch.ones(4)
    made[list(off)] = 0
    return made.view(SHAPE)


def by_hand(model, off):
    """Accuracy with heads off, sentence by sentence, without any packing."""
    layout, right, words = HOW["layout"], 0, 0
    for sentence in SENTENCES:
        ids = [*layout.prefix, *sentence.subwords.tolist(), *layout.suffix]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids]), head_gate=gate(off)).logits[0]
        found = logits[torch.tensor(sentence.starts).long() + 1].argmax(-1).numpy()
        right += (found == sentence.labels).sum()
        words += len(sentence.labels)
    return right / words


@pytest.fixture
def values(model):
    """Set of heads that are on -> accuracy, for all sixteen."""
    everyone = frozenset(range(4))
    return {
        frozenset(on): by_hand(model, everyone - set(on))
        for size in range(5)
        for on in combinations(range(4), size)
    }


def exact(values):
    """The definition: over all sets S without a head, |S|! (3 - |S|)! / 4! of what it adds."""
    found = np.zeros(4)
    for head in range(4):
        for on, value in values.items():
            if head not in on:
                weight = factorial(len(on)) * factorial(3 - len(on)) / factorial(4)
                found[head] += weight * (values[on | {head}] - value)
    return found


def value_of(values):
    return lambda sets: np.array([values[frozenset(range(4)) - set(off)] for off in sets])


def test_accuracies_of_all_sets_of_heads(model, values):
    batches = packed(SENTENCES, **HOW)
    sets = [frozenset(range(4)) - on for on in values]
    found = accuracies(model, batches, [gate(off) for off in sets])
    np.testing.assert_allclose(found, list(values.values()))
    assert len(set(values.values())) > 8


def test_all_orders_to_their_end_give_the_exact_values(values):
    samples = shapley.sample(permutations(range(4)), value_of(values), 4, deepest=4)
    found = np.mean(samples, axis=1)
    np.testing.assert_allclose(found, exact(values))
    # What all heads add together, and no two of them the same
    everyone, nobody = values[frozenset(range(4))], values[frozenset()]
    assert found.sum() == pytest.approx(everyone - nobody)
    assert len({round(value, 6) for value in found}) == 4


def test_drawn_orders_come_near(values, monkeypatch):
    monkeypatch.setattr(shapley, "PAIRS", 600)
    orders = shapley.pairs_of_orders(4, seed=5)
    samples = shapley.sample(orders, value_of(values), 4, deepest=4)
    found = np.array([np.mean(of_head) for of_head in samples])
    errors = np.array([np.std(of_head) for of_head in samples]) / 600**0.5
    assert (np.abs(found - exact(values)) < 4 * errors).all()


def test_orders_are_followed_to_half_of_the_heads(model, values, monkeypatch):
    """A value is what a head adds as the first or second to go, each as often in the long run."""
    pairs = 400
    monkeypatch.setattr(shapley, "PAIRS", pairs)
    monkeypatch.setattr(
        shapley, "accuracies", lambda _, __, gates: np.array([of(g) for g in gates])
    )
    on = lambda gate: frozenset(gate.flatten().nonzero().flatten().tolist())  # noqa: E731
    seen = []

    def of(gate):
        seen.append(on(gate))
        return values[seen[-1]]

    found = shapley.score(model, SENTENCES, seed=1, shape=SHAPE, **HOW)
    assert min(map(len, seen)) == 2
    everyone = frozenset(range(4))
    for head, score in enumerate(found.flat):
        first = values[everyone] - values[everyone - {head}]
        second = [
            values[everyone - {other}] - values[everyone - {other, head}]
            for other in everyone - {head}
        ]
        samples = [first, first, first, *second]  # three orders begin with it
        error = np.std(samples) / pairs**0.5
        assert score == pytest.approx(np.mean(samples), abs=4 * error)


def test_permuted_heads_permute_their_values(values):
    """Where the orders that are drawn are permuted with them."""
    new = [2, 0, 3, 1]  # the head that stands at each place
    moved = {frozenset(new.index(head) for head in on): value for on, value in values.items()}
    orders = list(shapley.pairs_of_orders(4, seed=3))
    there = [[new.index(head) for head in order] for order in orders]
    before = shapley.sample(orders, value_of(values), 4, deepest=2)
    after = shapley.sample(there, value_of(moved), 4, deepest=2)
    assert [before[head] for head in new] == after


def test_a_score_is_of_its_seed(model, monkeypatch):
    monkeypatch.setattr(shapley, "PAIRS", 3)
    one, again, other = (
        shapley.score(model, SENTENCES, seed=seed, shape=SHAPE, **HOW) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any() and one.shape == SHAPE


@pytest.mark.parametrize("heads", [4, 5, 144])
def test_every_head_is_in_the_first_half_of_one_of_a_pair(heads):
    orders = list(shapley.pairs_of_orders(heads, seed=0))
    assert len(orders) == 2 * shapley.PAIRS and orders[0] != orders[2]
    half = -(-heads // 2)
    for one, other in zip(orders[::2], orders[1::2], strict=True):
        assert sorted(one) == list(range(heads))
        assert sorted({*one[:half], *other[:half]}) == list(range(heads))


def test_bounds_by_hand():
    """Two samples 0.25 from their mean: sigma 0.25; ln(3 / 0.1) = 3.401197."""
    samples = [0.0, 0.5] * 50
    # 0.25 sqrt(2 x 3.401197 / 100) + 3 x 3.401197 / 100
    assert shapley.bound(samples) == pytest.approx(0.0652035 + 0.1020359, abs=1e-6)
    # 0.25 sqrt(2 x 3.401197) / 100 + the same
    assert shapley.released_bound(samples) == pytest.approx(0.0065203 + 0.1020359, abs=1e-6)


def test_heads_are_retired_when_they_surely_do_no_harm():
    for which in (shapley.bound, shapley.released_bound):
        assert not shapley.retired([], which) and not shapley.retired([0.9], which)
        assert not shapley.retired([0.0] * 1020, which)
        assert shapley.retired([0.0] * 1021, which)
        assert not shapley.retired([-0.2] * 5000, which)  # a harmful one is asked for again
    few = [0.0, 0.5] * 22
    assert not shapley.retired(few, shapley.bound)  # 0.25 - 0.098 - 0.232 < -0.01
    assert shapley.retired(few, shapley.released_bound)  # 0.25 - 0.015 - 0.232 > -0.01


def test_retired_heads_are_not_asked_for_and_go_all_the_same():
    asked = []

    def value(sets):
        asked.append([list(off) for off in sets])
        return np.array([1.0 - len(off) ** 2 for off in sets])

    found = shapley.contributions([3, 1, 0, 2], {3, 2}, value)
    assert asked == [[[], [3], [3, 1, 0], [3, 1, 0, 2]]]
    assert found == {3: 1.0, 2: 7.0}
    assert shapley.contributions([3, 1], set(), lambda sets: np.array([len(sets)])[1:]) == {}


def test_progress(capsys, values, monkeypatch):
    monkeypatch.setattr(shapley, "PAIRS", 2)
    shapley.sample(shapley.pairs_of_orders(4, 0), value_of(values), 4, deepest=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "shapley: 1 of 2 pairs of orders; 0 of 4 heads retired (0 by the released bound)"
    )
    assert lines[1].startswith("shapley: 2 of 2 pairs of orders, standard error 0.")
    assert len(lines) == 2
