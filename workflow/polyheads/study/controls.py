"""Controls: sweeps that prune other heads than the lowest of a scored ranking."""

from __future__ import annotations

from polyheads.study.rankings import ranking_kind
from polyheads.study.rows import Ranked

HIGHEST, RANDOM = "highest", "random"


def is_control(row: Ranked) -> bool:
    """Whether a sweep prunes the highest heads of a ranking, or those of a random one."""
    return row.role == "main" and row.ranking.startswith(("reversed-", "random-"))


def control_of(row: Ranked) -> tuple[str, str]:
    """Whether it is highest or random, and the kind that is turned round ("" for random ones)."""
    kind = ranking_kind(row.ranking, row.source).removeprefix("reversed-")
    # Random heads from the other end are random heads.
    return (RANDOM, "") if kind.startswith("random-") else (HIGHEST, kind)
