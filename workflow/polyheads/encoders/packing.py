"""Packed rows: all sentences of a batch one behind the other, and the grids that attention needs.

Linear layers see a row without padding; only attention looks at one sentence (window) at a time.
It is computed on grids, and a grid costs the square of its longest window for each of its windows.
On a CPU windows of like length therefore share a grid, so that one long sentence makes the others
no more expensive; on a GPU one grid is cheaper than several small ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

# What one more grid costs on a CPU, as cells of attention: its calls take a fifth of a
# millisecond in every layer, forward and backward, and a cell with its 4 to 12 heads 50 ns.
GRID_COST = 3000


@dataclass(frozen=True)
class Grid:
    """Windows of like length, padded: S windows, L tokens in the longest."""

    key_mask: torch.Tensor | None  # (S, 1, 1, L) True where a token is; None: no padding at all
    shape: tuple[int, int]  # (S, L)
    device: torch.device
    bands: dict[int, torch.Tensor] = field(default_factory=dict)  # masks by reach, made once

    def mask(self, sliding_window: int | None = None) -> torch.Tensor | None:
        """True where a token may look, (S, 1, 1 or L, L); None: everywhere.

        sliding_window: tokens look at less than so many to either side (the meaning that the
        AttentionInterface gives the keyword); None: at all.
        """
        longest = self.shape[1]
        if sliding_window is None or sliding_window >= longest:
            return self.key_mask
        if sliding_window not in self.bands:
            place = torch.arange(longest, device=self.device)
            far = (place[:, None] - place).abs()  # (L, L)
            band = (far < sliding_window)[None, None]
            if self.key_mask is not None:
                # Padding looks at itself: a softmax over nothing at all would be NaN.
                band = band & self.key_mask | (far == 0)
            self.bands[sliding_window] = band
        return self.bands[sliding_window]


@dataclass(frozen=True)
class Packing:
    """Where the windows of a packed row of T tokens lie; C cells in all grids together."""

    grids: tuple[Grid, ...]  # each window is in one of them
    scatter: torch.Tensor  # (C,) token of every cell; padding: any token
    gather: torch.Tensor  # (T,) cell of every token
    example: torch.Tensor  # (T,) index of the example (sentence) that a token belongs to

    @classmethod
    def of(
        cls,
        lengths: Sequence[int],
        examples: Sequence[int],
        device: torch.device,
        *,
        grid_cost: float | None = None,
    ) -> Packing:
        """Packing of windows with these lengths; ``examples[i]`` is the sentence of window i.

        grid_cost: see ``groups``; None: what suits the device.
        """
        if grid_cost is None:
            grid_cost = GRID_COST if device.type == "cpu" else np.inf
        sizes = np.asarray(lengths)
        first = np.cumsum(sizes) - sizes  # where each window begins in the row
        grids: list[Grid] = []
        scatter: list[np.ndarray] = []
        gather = np.empty(sizes.sum(), dtype=np.int64)
        cells = 0
        for chosen in groups(sizes, grid_cost=grid_cost):
            longest = int(sizes[chosen].max())
            place = np.arange(longest)
            present = place < sizes[chosen, None]  # (S, L)
            # A window's padding repeats its first token, so that nothing else is looked up.
            token = first[chosen, None] + np.where(present, place, 0)  # (S, L)
            gather[token[present]] = cells + np.flatnonzero(present)
            cells += present.size
            mask = None if present.all() else torch.from_numpy(present)[:, None, None]
            scatter.append(token.reshape(-1))
            key_mask = None if mask is None else mask.to(device)
            grids.append(Grid(key_mask, (len(chosen), longest), device))
        return cls(
            grids=tuple(grids),
            scatter=torch.from_numpy(np.concatenate(scatter)).to(device),
            gather=torch.from_numpy(gather).to(device),
            example=torch.from_numpy(np.repeat(np.asarray(examples), sizes)).to(device),
        )

    def unpack(self, row: torch.Tensor) -> list[torch.Tensor]:
        """(1, H, T, D) -> (S, H, L, D) of every grid."""
        cells = row[0].index_select(1, self.scatter)  # (H, C, D)
        parts = cells.split([math.prod(grid.shape) for grid in self.grids], dim=1)
        return [
            part.unflatten(1, grid.shape).transpose(0, 1)
            for part, grid in zip(parts, self.grids, strict=True)
        ]

    def pack(self, grids: Sequence[torch.Tensor]) -> torch.Tensor:
        """(S, L, H, D) of every grid -> (1, T, H, D)."""
        cells = [grid.flatten(0, 1) for grid in grids]
        whole = cells[0] if len(cells) == 1 else torch.cat(cells)
        return whole.index_select(0, self.gather)[None]


def groups(lengths: Sequence[int] | np.ndarray, *, grid_cost: float) -> list[np.ndarray]:
    """The windows of each grid, so that all grids together cost least; shorter ones first.

    lengths: tokens of each window. A grid of S windows, the longest of L tokens, costs
    S * L ** 2 + grid_cost. Returns indices of windows, ascending in each group.
    """
    sizes = np.asarray(lengths)
    # Some grid holds all windows between its shortest and its longest: they are cut by length.
    kinds, counts = np.unique(sizes, return_counts=True)
    if not np.isfinite(grid_cost):
        return [np.arange(len(sizes))]
    before = np.concatenate([[0], np.cumsum(counts)])  # windows shorter than the i-th length
    best = np.zeros(len(kinds) + 1)  # cost of the windows below the i-th length
    begin = np.zeros(len(kinds), dtype=np.int64)  # where the grid begins that the i-th ends
    for last, longest in enumerate(kinds):
        costs = best[: last + 1] + (before[last + 1] - before[: last + 1]) * float(longest) ** 2
        begin[last] = costs.argmin()
        best[last + 1] = costs.min() + grid_cost
    cuts = [len(kinds)]
    while cuts[-1]:
        cuts.append(int(begin[cuts[-1] - 1]))
    cuts.reverse()
    kind = np.searchsorted(kinds, sizes)
    return [np.flatnonzero((kind >= low) & (kind < high)) for low, high in itertools.pairwise(cuts)]
