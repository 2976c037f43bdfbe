"""Windows predict every word once; orders of an epoch; packed rows."""

import itertools

import numpy as np
import torch
from conftest import make_layout, make_sentences
from hypothesis import given
from hypothesis import strategies as st

from polyheads.encoders.batches import Layout, Sentence, Window, chunks, epoch_order, pack, windows


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
    assert all(b.first < a.last for a, b in itertools.pairwise(found))


def test_windows_share_a_quarter_and_predict_half_of_it_each():
    assert windows(np.arange(45), 45, 20) == [
        Window(0, 20, 0, 17),  # words 15 to 19 are in both
        Window(15, 35, 17, 32),
        Window(30, 45, 32, 45),
    ]
    # Two subwords a word: a cut falls between words, and a quarter, 2 subwords of 9, is one word.
    assert windows(np.arange(0, 16, 2), 16, 9) == [(0, 4, 0, 3), (3, 7, 3, 6), (6, 8, 6, 8)]
    assert windows(np.array([0, 5]), 7, 5) == [(0, 1, 0, 1), (1, 2, 1, 2)]


def test_a_batch_in_full(cpu):
    sentences = [
        Sentence(np.array([11, 12, 13]), np.array([0, 2]), np.array([4, 1])),
        Sentence(np.array([21, 22, 23, 24]), np.array([0, 1, 2, 3]), np.array([0, 1, 2, 3])),
    ]
    layout = Layout((1, 2), (3,), position_offset=2, max_length=6)  # room for three subwords
    batch = pack(sentences, layout, cpu)
    rows = [[1, 2, 11, 12, 13, 3], [1, 2, 21, 22, 23, 3], [1, 2, 24, 3]]
    assert batch.inputs["input_ids"].tolist() == [list(itertools.chain(*rows))]
    places = [2, 3, 4, 5, 6, 7] * 2 + [2, 3, 4, 5]
    assert batch.inputs["position_ids"].tolist() == [places]
    assert batch.inputs["packing"].example.tolist() == [0] * 6 + [1] * 10
    assert batch.positions.tolist() == [2, 4, 8, 9, 10, 14]
    assert batch.labels.tolist() == [4, 1, 0, 1, 2, 3]
    assert batch.example.tolist() == [0, 0, 1, 1, 1, 1]
    assert batch.word.tolist() == [0, 1, 0, 1, 2, 3]
    assert batch.size == 2
    whole = [batch.inputs["input_ids"], batch.inputs["position_ids"], batch.positions]
    assert {part.dtype for part in (*whole, batch.labels, batch.example)} == {torch.int64}


def test_a_window_holds_whole_words(cpu):
    sentence = Sentence(np.arange(11, 17), np.array([0, 2, 4]), np.array([1, 2, 3]))
    batch = pack([sentence], Layout((1,), (2,), position_offset=0, max_length=5), cpu)
    assert batch.inputs["input_ids"].tolist() == [[1, 11, 12, 2, 1, 13, 14, 2, 1, 15, 16, 2]]


def test_chunks_are_in_file_order(cpu):
    sentences, layout = make_sentences(7), make_layout("bert")
    found = list(chunks(sentences, size=3, layout=layout, device=cpu))
    assert [batch.size for batch in found] == [3, 3, 1]
    words = [label for batch in found for label in batch.labels.tolist()]
    assert words == [label for s in sentences for label in s.labels.tolist()]


def test_an_empty_corpus_in_a_mixture():
    order = {"order": "sequential", "seed": 1, "epoch": 0}
    assert epoch_order([2, 0, 1], mixing="interleaved", **order).tolist() == [0, 2, 1]
    assert epoch_order([2, 0, 1], mixing="target-first", **order).tolist() == [2, 0, 1]


def test_pack_windows_long_sentences_and_shifts_positions(kind, cpu):
    layout = make_layout(kind, max_length=10)
    sentences = make_sentences(5, seed=3)
    batch = pack(sentences, layout, cpu)
    ids, places = batch.inputs["input_ids"][0], batch.inputs["position_ids"][0]
    assert places.min() == layout.position_offset
    assert places.max() < layout.position_offset + layout.max_length
    count = sum(grid.shape[0] for grid in batch.inputs["packing"].grids)
    assert (ids == layout.prefix[0]).sum() == count > len(sentences)
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
