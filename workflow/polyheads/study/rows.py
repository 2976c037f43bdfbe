"""What sweeps and rows of numbers about them have in common, for code that takes either."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from polyheads.catalogue.published import Pair


class Ranked(Protocol):
    """Something of a sweep, and of its ranking."""

    @property
    def role(self) -> str: ...
    @property
    def ranking(self) -> str: ...
    @property
    def source(self) -> str: ...


class Row(Ranked, Pair, Protocol):
    """A sweep, or a row of numbers about one."""

    @property
    def experiment(self) -> str: ...
    @property
    def metric(self) -> str: ...


class SweepRow(Row, Protocol):
    """A sweep, or its row of choices."""

    @property
    def corpus(self) -> str: ...
    @property
    def recipe(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def heads(self) -> str: ...
    @property
    def k_max(self) -> int: ...
    @property
    def mixture(self) -> Hashable: ...
    @property
    def seed(self) -> int: ...
