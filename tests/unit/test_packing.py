"""Packed rows and their grids: each token has its cell, and grids are cut where it is cheapest."""

import itertools

import numpy as np
import pytest
import torch

from polyheads.encoders.packing import Grid, Packing, groups

CPU = torch.device("cpu")


def one_grid(lengths, examples=None):
    return Packing.of(lengths, examples or range(len(lengths)), CPU, grid_cost=np.inf)


def test_a_packing_knows_its_cells():
    packing = one_grid([2, 3], [7, 5])
    (grid,) = packing.grids
    assert grid.shape == (2, 3)
    assert packing.scatter.tolist() == [0, 1, 0, 2, 3, 4]
    assert packing.gather.tolist() == [0, 1, 3, 4, 5]
    assert grid.key_mask.tolist() == [[[[True, True, False]]], [[[True, True, True]]]]
    assert packing.example.tolist() == [7, 7, 5, 5, 5]
    assert one_grid([2, 2]).grids[0].key_mask is None


def test_a_packing_knows_its_cells_in_several_grids():
    packing = Packing.of([2, 9, 1, 8, 9], [0, 0, 1, 2, 3], CPU, grid_cost=1)
    assert [grid.shape for grid in packing.grids] == [(1, 1), (1, 2), (1, 8), (2, 9)]
    assert all(grid.key_mask is None for grid in packing.grids)
    rows = [[11], [0, 1], [*range(12, 20)], [*range(2, 11)], [*range(20, 29)]]
    assert packing.scatter.tolist() == list(itertools.chain(*rows))
    assert packing.scatter[packing.gather].tolist() == list(range(29))
    assert packing.example.tolist() == [0] * 11 + [1] + [2] * 8 + [3] * 9
    wider = Packing.of([2, 9, 1, 8, 9], [0, 0, 1, 2, 3], CPU, grid_cost=20)
    assert [grid.shape for grid in wider.grids] == [(2, 2), (3, 9)]
    assert wider.grids[1].key_mask.sum(-1).flatten().tolist() == [9, 8, 9]


@pytest.mark.parametrize("grid_cost", [0, 10, np.inf])
@pytest.mark.parametrize("lengths", [[3], [3, 1, 5, 2], [4, 4, 4], [1, 9, 1, 1, 8]])
def test_packing_round_trip(lengths, grid_cost):
    packing = Packing.of(lengths, range(len(lengths)), CPU, grid_cost=grid_cost)
    row = torch.randn(1, 2, sum(lengths), 4)
    grids = packing.unpack(row)
    for part, grid in zip(grids, packing.grids, strict=True):
        assert part.shape == (grid.shape[0], 2, grid.shape[1], 4)
    back = packing.pack([part.transpose(1, 2) for part in grids])
    assert torch.equal(back, row.transpose(1, 2))


def test_masks_of_sliding_windows():
    (grid,) = one_grid([6, 2]).grids
    assert grid.mask() is grid.mask(6) is grid.key_mask  # none is that wide
    mask = grid.mask(2)  # a token and its two neighbours
    band = [[abs(i - j) < 2 for j in range(6)] for i in range(6)]
    assert mask[0, 0].tolist() == band
    assert mask[1, 0, :2, :2].all() and not mask[1, 0, :2, 2:].any()
    assert mask.any(-1).all()  # padding looks at something, or its softmax would be NaN
    assert grid.mask(2) is mask
    assert Grid(None, (1, 6), CPU).mask(2)[0, 0].tolist() == band


def cost(parts, lengths, grid_cost):
    return sum(len(part) * max(lengths[i] for i in part) ** 2 + grid_cost for part in parts)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("grid_cost", [0, 30, 200, 5000])
def test_groups_cost_least(seed, grid_cost):
    """Compared with every way to cut the windows, sorted by length."""
    lengths = np.random.default_rng(seed).integers(1, 25, 9)
    order = np.argsort(lengths, kind="stable")
    found = groups(lengths, grid_cost=grid_cost)
    assert sorted(np.concatenate(found).tolist()) == list(range(9))
    cheapest = min(
        cost(np.split(order, cuts), lengths, grid_cost)
        for count in range(9)
        for cuts in itertools.combinations(range(1, 9), count)
    )
    assert cost(found, lengths, grid_cost) == cheapest


def test_on_a_gpu_all_windows_share_a_grid():
    assert [part.tolist() for part in groups([1, 500, 2], grid_cost=np.inf)] == [[0, 1, 2]]
    on_gpu = Packing.of([1, 500, 2], range(3), torch.device("meta"))
    assert [grid.shape for grid in on_gpu.grids] == [(3, 500)]
    assert len(Packing.of([1, 500, 2], range(3), CPU).grids) == 2
