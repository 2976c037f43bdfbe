"""How much each head matters: one module for each kind of ranking, named after it.

Every module has the function ``score(model, sentences, *, layout, shape, batch_size, device)``,
which gives the raw scores of all heads, (layers, heads), the least important lowest. The model is
put into evaluation mode; arithmetic is float32. ``polyheads.catalogue.methods`` says what the kinds are.

Nothing is imported here: a rule follows the module of its kind alone, so that a change of one
kind makes no other kind's scores again.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from polyheads.catalogue.methods import scorer


def try_out(kind: str, model, sentences: Sequence, **how) -> None:
    """UserError where ``model`` is one whose heads have no scores of this kind.

    A baseline is tried before it is trained, which takes much longer than a few sentences.
    how: layout, shape and device, see ``polyheads.importance``.
    """
    import_module(scorer(kind)).score(model, sentences[:2], batch_size=2, **how)
