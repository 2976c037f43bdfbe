"""Why sweeps were left out of a comparison, in words (codes: analysis.contrasted.REASONS)."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = {
    "one side": "one side alone has the pair",
    "seed": "one side alone has the seed",
    "missing": "trials are missing",
    "k": "different k were tried",
    "seeds": "other pairs lack the seed",
    "ranking": "different rankings",
    "recipe": "different recipes",
    "protocol": "different protocol",
    "heads": "different heads on at test",
    "metric": "different metric",
}


def reasons(left_out: Mapping[str, int]) -> str:
    """Why sweeps were left out (reason -> sweeps), in words; "" for none."""
    return ", ".join(
        f"{count} {'sweep' if count == 1 else 'sweeps'} ({_WORDS[reason]})"
        for reason, count in left_out.items()
    )
