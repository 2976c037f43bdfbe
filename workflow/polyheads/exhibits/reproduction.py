"""How near a study's scores are to the published ones: the degree of reproduction, CV*."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import gamma, sqrt
from statistics import fmean, median, stdev
from typing import Any

CV = "cv_"
"""What the columns of CV* begin with, in the CSV of a table."""

_PLACE = ("model", "source", "target")


def cv_star(scores: Sequence[float]) -> float | None:
    """CV*, the coefficient of variation of few scores, in percent (Belz, Popović and Mille 2022,
    Quantified Reproducibility Assessment of NLP Results, ACL).

    n scores of one thing, measured again and again; s is their standard deviation (n - 1 below the
    line), unbiased once it is divided by c4 = sqrt(2 / (n - 1)) Γ(n / 2) / Γ((n - 1) / 2):
    CV* = (1 + 1 / (4 n)) 100 (s / c4) / mean. None for fewer than two or a mean of 0: it is for
    scores on a scale that begins at 0, not for gains.
    """
    n = len(scores)
    if n < 2 or fmean(scores) <= 0:
        return None
    c4 = sqrt(2 / (n - 1)) * gamma(n / 2) / gamma((n - 1) / 2)
    return (1 + 1 / (4 * n)) * 100 * (stdev(scores) / c4) / fmean(scores)


def of_both(published: float | None, ours: float | None) -> float | None:
    """CV* of the published score and ours (n = 2; several seeds are one score, their mean)."""
    return None if published is None or ours is None else cv_star([published, ours])


def add(records: Sequence[dict[str, Any]]) -> None:
    """Put CV* into the records of a result table (of published and own scores, the latter means
    over seeds): the same in the row of each seed."""
    of: dict[tuple, list[dict[str, Any]]] = {}
    for record in records:
        of.setdefault(tuple(record[name] for name in _PLACE), []).append(record)
    for seeds in of.values():
        for column, ours in (("unpruned", "unpruned"), ("test_oracle", "test_oracle_test")):
            own = [row[ours] for row in seeds if row[ours] is not None]
            cv = of_both(seeds[0][f"published_{column}"], fmean(own) if own else None)
            for record in seeds:
                record[f"{CV}{column}"] = cv


def note(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The median of a table, for its notes; [] where it has no published score of what was run."""
    found = _values(records)
    if not found:
        return []
    return [
        f"Degree of reproduction: CV* of the published score and ours has a median of"
        f" {median(found):.2f} over {len(found)} scores, unpruned and pruned (0: the same score"
        " twice; each is in the CSV)."
    ]


def sentences(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """For the start page: the median of every table that has published scores of what was run."""
    found = [(table["title"], _values(table["records"])) for table in tables]
    told = [f"{title}: {median(cv):.2f} over {len(cv)} scores" for title, cv in found if cv]
    if not told:
        return []
    return [
        "Degree of reproduction (CV*, Belz et al. 2022, of the published score and ours, unpruned"
        f" and pruned; 0: the same score twice), median of each table: {'; '.join(told)}."
    ]


def _values(records: Iterable[Mapping[str, Any]]) -> list[float]:
    """CV* of every score of a table; rows of several seeds have the same."""
    found = {
        (*(record[name] for name in _PLACE), column): value
        for record in records
        for column, value in record.items()
        if column.startswith(CV) and value is not None
    }
    return list(found.values())
