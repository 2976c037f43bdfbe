"""Windows predict every word once; orders of an epoch; packed rows."""

import numpy as np
import pytest
import torch
from conftest import make_layout, make_sentences
from hypothesis import given
from hypothesis import strategies as st

from polyheads.batches import Sentence, epoch_order, pack, windows


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.integers(4, 20))
def test_every_word_is_predicted_exactly_once(pieces, room):
    starts = np.cumsum(pieces) - pieces
    total = sum(pieces)
    found = windows(starts, total, room)
    scored = [w for x in found for w in range(x.score_from, x.score_to)]
    assert scored == list(range(len(pieces)))
    for window in found:
        assert window.first <= window.score_from <= window.score_to <= window.last
        end = starts[window.last] if window.last < len(starts) else total
        size = end - starts[window.first]
        assert size <= room or window.last == window.first + 1  # one word longer than a window


def test_a_short_sentence_is_one_window():
    assert windows(np.array([0, 2]), 4, 4) == [(0, 2, 0, 2)]


def test_windows_share_context():
    found = windows(np.arange(100), 100, 20)
    assert all(b.first < a.last for a, b in zip(found, found[1:], strict=False))


def test_pack_windows_long_sentences_and_shifts_positions(kind, cpu):
    layout = make_layout(kind, max_length=10)
    sentences = make_sentences(5, seed=3)
    batch = pack(sentences, layout, cpu)
    ids, places = batch.inputs["input_ids"][0], batch.inputs["position_ids"][0]
    assert places.min() == layout.position_offset
    assert places.max() < layout.position_offset + layout.max_length
    assert (ids == layout.prefix[0]).sum() == batch.inputs["packing"].shape[0] > len(sentences)
    for example, sentence in enumerate(sentences):
        mine = batch.example == example
        order = np.argsort(batch.word[mine.numpy()])
        tokens = ids[batch.positions[mine]].numpy()[order]
        assert tokens.tolist() == sentence.subwords[sentence.starts].tolist()
        assert batch.labels[mine].numpy()[order].tolist() == sentence.labels.tolist()


def test_a_word_longer_than_a_window_keeps_its_first_subword(cpu):
    sentence = Sentence(np.arange(5, 45), np.array([0, 1, 39]), np.array([1, 2, 3]))
    layout = make_layout("bert", max_length=12)
    batch = pack([sentence], layout, cpu)
    tokens = batch.inputs["input_ids"][0, batch.positions]
    assert sorted(tokens.tolist()) == [5, 6, 44]
    assert batch.inputs["position_ids"].max() < 12


def test_orders_of_an_epoch():
    plan = {
        mixing: epoch_order([4, 2], order="sequential", mixing=mixing, seed=1, epoch=0).tolist()
        for mixing in ("source-first", "target-first", "interleaved")
    }
    assert plan["source-first"] == [0, 1, 2, 3, 4, 5]
    assert plan["target-first"] == [4, 5, 0, 1, 2, 3]
    assert plan["interleaved"] == [0, 4, 1, 2, 5, 3]
    first, again, second = (
        epoch_order([4, 9], order="random", mixing="source-first", seed=1, epoch=e).tolist()
        for e in (0, 0, 1)
    )
    assert first == again != second
    assert sorted(first) == sorted(second) == list(range(13))


@pytest.mark.parametrize("count", [1, 4])
def test_packing_round_trip(count):
    from polyheads.heads import Packing

    lengths = [3, 1, 5, 2][:count]
    packing = Packing.of(lengths, range(count), torch.device("cpu"))
    row = torch.randn(1, 2, sum(lengths), 4)
    grid = packing.unpack(row)
    assert grid.shape == (count, 2, max(lengths), 4)
    back = packing.pack(grid.transpose(1, 2))
    torch.testing.assert_close(back, row.transpose(1, 2))


def test_masks_of_sliding_windows():
    from polyheads.heads import Packing

    packing = Packing.of([6, 2], range(2), torch.device("cpu"))
    assert packing.mask() is packing.mask(6) is packing.key_mask  # none is that wide
    mask = packing.mask(2)  # a token and its two neighbours
    band = [[abs(i - j) < 2 for j in range(6)] for i in range(6)]
    assert mask[0, 0].tolist() == band
    assert mask[1, 0, :2, :2].all() and not mask[1, 0, :2, 2:].any()
    assert mask.any(-1).all()  # padding looks at something, or its softmax would be NaN
    assert packing.mask(2) is mask
    assert Packing.of([6], [0], torch.device("cpu")).mask(2)[0, 0].tolist() == band
